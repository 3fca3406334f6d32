"""What a generate job did so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class Tally:
    """``answers`` and ``samples`` count what is committed; ``cost`` is in dollars, None once a price was unknown."""

    requests: int = 0
    answers: int = 0
    cached: int = 0
    retried: int = 0
    limited: int = 0
    failed: int = 0
    samples: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    reasons: dict[str, int] = field(default_factory=dict)

    @classmethod
    def resumed(cls, totals: Mapping[str, Any]) -> Self:
        """Where a job that was cut off stood (``ledger.totals``)."""
        return cls(**totals)

    def fail(self, reason: str) -> None:
        self.failed += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def asked(self, input_tokens: int, output_tokens: int, cost: float | None) -> None:
        """Count one new answer's price."""
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.cost = None if self.cost is None or cost is None else self.cost + cost
