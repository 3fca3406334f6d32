"""What a job may use, and what it used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """What was used, or is about to be: ``cost`` in dollars, None when unknown (and then every sum with it)."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            None if self.cost is None or other.cost is None else self.cost + other.cost,
        )

    def __sub__(self, other: Usage) -> Usage:
        """What is left of a reservation when one of its parts has landed."""
        return Usage(
            self.requests - other.requests,
            self.input_tokens - other.input_tokens,
            self.output_tokens - other.output_tokens,
            None if self.cost is None or other.cost is None else self.cost - other.cost,
        )

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


#: One request about which nothing else is known.
ONE = Usage(requests=1)


@dataclass(frozen=True)
class Budget:
    """The most that a job may use; ``tokens`` counts input and output together, ``money`` is dollars, None no limit."""

    requests: int | None = None
    tokens: int | None = None
    money: float | None = None

    def refuses(self, used: Usage, more: Usage = ONE) -> str | None:
        """Why ``more`` must not be sent after ``used``, as a sentence that says what to do; None if it may.

        The rule is used + more <= budget, for each of the three. To be sure never to exceed it, ``used`` must hold all
        that is under way at its upper estimate, and ``more`` the longest answer that the request allows.
        """
        total = used + more
        if self.requests is not None and total.requests > self.requests:
            return f"The budget of {self.requests:,} requests is used up: raise it to go on."
        if self.tokens is not None and total.tokens > self.tokens:
            return (
                f"The budget of {self.tokens:,} tokens is used up ({used.tokens:,} used, the next request may take "
                f"{more.tokens:,}): raise it to go on."
            )
        if self.money is not None and total.cost is None:
            return (
                "There is a budget in dollars but the model's prices are unknown: set model.price, or limit requests."
            )
        if self.money is not None and total.cost is not None and total.cost > self.money:
            return (
                f"The budget of {_dollars(self.money)} is used up (${used.cost or 0:,.4f} spent, the next request may "
                f"cost ${more.cost or 0:,.4f}): raise it to go on."
            )
        return None


def _dollars(money: float) -> str:
    return f"${money:,.{2 if money >= 0.1 else 6}f}"
