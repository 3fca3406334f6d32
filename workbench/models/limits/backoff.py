"""How long to wait before a request is asked again."""

from __future__ import annotations

import random


class Backoff:
    """Waits before a request is asked again: exponential with full jitter, seeded.

    Wait n (from 0) is uniform in [0, min(``cap``, ``base`` * 2^n)] seconds (Brooker 2015, "Exponential backoff and
    jitter"). An endpoint's Retry-After is a lower bound and gets at most ``base`` of jitter on top; one above
    ``longest`` is cut to it, because a job that sleeps for hours looks dead.
    """

    def __init__(self, *, base: float = 0.25, cap: float = 30.0, longest: float = 600.0, seed: int = 0) -> None:
        self.base = base
        self.cap = cap
        self.longest = longest
        self._random = random.Random(seed)

    def wait(self, attempt: int, retry_after: float | None = None) -> float:
        """Seconds before attempt number ``attempt`` + 1, where ``attempt`` counts from 0."""
        if retry_after is not None:
            return min(retry_after, self.longest) + self._random.uniform(0, self.base / 5)
        return self._random.uniform(0, min(self.cap, self.base * 2.0 ** min(attempt, 60)))
