"""What a job used and what is under way, held against its budgets before each request."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from workbench.errors import WorkbenchError
from workbench.models.base import Request
from workbench.models.limits import Budget, Prices, Usage

#: Parameters that bound an answer's tokens; which of them an endpoint heeds is its own affair.
LENGTHS = ("max_tokens", "max_completion_tokens")
#: Tokens of the longest answer, where a request does not say.
LONGEST_ANSWER = 1_000
#: Bytes (UTF-8) for a token: fewer than usual, so that the estimate is an upper one. Bytes, because a letter of a script
#: that models know less well is a token or more.
BYTES = 2.5


class UsedUp(WorkbenchError):
    """The next request might exceed a budget."""


class Purse:
    """``spent`` is what was used; what is under way counts at its upper estimate until it has landed.

    ``prices`` are those of the dearest lane. For one event loop.
    """

    def __init__(self, spent: Usage, prices: Prices) -> None:
        self.spent = spent
        self._prices = prices
        self._budget: Budget | None = None
        self._reserved = Usage()
        self._unshown = Usage()  # paid for, by answers that no request in the ledger shows yet
        self._out = 0
        self._landed: asyncio.Future[None] | None = None
        self._schema: tuple[Mapping[str, Any] | None, int] = (None, 0)  # the same object for all requests of a plan

    @property
    def tight(self) -> bool:
        """Whether requests wait for others to land, because all of them together might exceed a budget."""
        return self._landed is not None

    def hear(self, limits: Mapping[str, Any]) -> None:
        """Budgets as people want them now: ``budget`` in dollars, ``requests``, ``tokens``."""
        money, requests, tokens = (limits.get(name) for name in ("budget", "requests", "tokens"))
        self._budget = None
        if not (money is None and requests is None and tokens is None):
            self._budget = Budget(
                requests=None if requests is None else int(requests),
                tokens=None if tokens is None else int(tokens),
                money=None if money is None else float(money),
            )
        self._wake()

    def worst(self, request: Request) -> Usage:
        """An upper estimate of one request: a token per two and a half bytes, the longest answer allowed."""
        size = sum(_bytes(message["content"]) for message in request.shown)
        if request.schema is not None:
            if request.schema is not self._schema[0]:
                self._schema = (request.schema, _bytes(str(request.schema)))
            size += self._schema[1]
        inward = math.ceil(size / BYTES)
        given = request.parameters
        said = [value for name in LENGTHS if isinstance(value := given.get(name), (int, float)) and value > 0]
        outward = math.ceil(max(said, default=LONGEST_ANSWER))
        return Usage(1, inward, outward, self._prices.cost(inward, outward))

    def take(self, worst: Usage) -> bool:
        """Reserve what a request may use, unless that might exceed a budget.

        Raises ``UsedUp`` when it might even if all that is under way cost nothing.
        """
        if self._budget is not None and self._budget.refuses(self.spent + self._reserved, worst) is not None:
            refusal = self._budget.refuses(self.spent, worst)
            if refusal is not None:
                raise UsedUp(refusal)
            return False
        self._reserved = self._reserved + worst
        self._out += 1
        return True

    async def wait(self, worst: Usage, pause: Callable[[Awaitable[Any]], Awaitable[None]]) -> None:
        """``take`` as soon as enough has landed for less than was feared."""
        while not self.take(worst):
            if self._landed is None:
                self._landed = asyncio.get_running_loop().create_future()
            # Shielded: several wait for the same landing, and one of them may be cancelled.
            await pause(asyncio.shield(self._landed))

    def land(self, worst: Usage, used: Usage | None = None) -> None:
        """A request that had reserved ``worst`` has used ``used``, or was not sent."""
        self._out -= 1
        self._reserved = self._reserved - worst if self._out else Usage()
        if used is not None:
            self.spent = self.spent + used
        self._wake()

    def paid(self, used: Usage) -> None:
        """An answer is kept under its key, and its request is not written down before it is repaired."""
        self.spent = self.spent + used
        self._unshown = self._unshown + used

    def found(self, used: Usage) -> None:
        """Such an answer is about to be repaired: it counts now, if an earlier process of the job paid for it."""
        if self._unshown.requests:
            self._unshown = self._unshown - used
        else:
            self.spent = self.spent + used

    def _wake(self) -> None:
        landed, self._landed = self._landed, None
        if landed is not None and not landed.done():
            landed.set_result(None)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
