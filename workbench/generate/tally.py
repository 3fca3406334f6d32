"""What a generate job did so far, and how fast it goes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from workbench.models.limits import Usage

#: Reasons of failures that are told apart.
REASONS = 200
#: Seconds over which a rate is measured.
WINDOW = 5.0


@dataclass
class Tally:
    """``answers`` and ``samples`` count what is committed; ``cost`` is in dollars, None once a price was unknown.

    ``repaired``: requests whose answer could not be read, so that a second one was asked for; ``again``: requests that had
    failed before; ``preparing``: what was used before the first wave, which no request of a wave shows.
    """

    requests: int = 0
    answers: int = 0
    cached: int = 0
    retried: int = 0
    limited: int = 0
    repaired: int = 0
    again: int = 0
    failed: int = 0
    samples: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    reasons: dict[str, int] = field(default_factory=dict)
    preparing: Usage = field(default_factory=Usage)

    @classmethod
    def resumed(cls, totals: Mapping[str, Any], told: Mapping[str, Any] | None = None) -> Self:
        """Where a job that was cut off stood: ``ledger.totals``, and what it last ``told`` of its preparation."""
        tally = cls(**totals)
        if told and (used := told.get("preparing")):
            tally.prepared(Usage(**used))
        return tally

    def counts(self) -> dict[str, Any]:
        """The counts that a job's result has, by their names there."""
        return {
            "requests": self.requests,
            "answers": self.answers,
            "cached": self.cached,
            "retried": self.retried,
            "limited": self.limited,
            "failed": self.failed,
            "reasons": dict(self.reasons),
            "samples": self.samples,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost": self.cost,
            "repaired": self.repaired,
            "again": self.again,
            "preparing": asdict(self.preparing),
        }

    def prepared(self, used: Usage) -> None:
        """Count answers to what is asked before the first wave."""
        self.preparing += used
        self.requests += used.requests
        self.answers += used.requests
        self.asked(used.input_tokens, used.output_tokens, used.cost)

    def fail(self, reason: str) -> None:
        self.failed += 1
        if reason not in self.reasons and len(self.reasons) >= REASONS:
            reason = "other"
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def asked(self, input_tokens: int, output_tokens: int, cost: float | None) -> None:
        """Count one new answer's price."""
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.cost = None if self.cost is None or cost is None else self.cost + cost


class Rate:
    """Events a second over the last ``WINDOW`` seconds, from their number so far as it was now and then."""

    def __init__(self, count: int = 0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), count)])

    def now(self, count: int) -> float:
        """The rate, with ``count`` events so far; looked at more often than every tenth of a second it does not grow."""
        now, seen = self._clock(), self._seen
        while len(seen) > 1 and seen[1][0] <= now - WINDOW:
            seen.popleft()
        past = now - seen[0][0]
        rate = (count - seen[0][1]) / past if past > 0 else 0.0
        if now - seen[-1][0] >= 0.1:
            seen.append((now, count))
        return rate
