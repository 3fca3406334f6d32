"""How many requests may be under way at once: as many as people wish, fewer while the endpoint cannot bear it."""

from __future__ import annotations

import math


class Width:
    """Requests under way at once, between 1 and ``wished``, which may be changed at any time.

    It starts at ``wished``. Times and latencies are in seconds. A change is judged only by requests sent after it, so
    that one cause is answered once.

    - *Timeout*: half, at most once per latency (one multiplicative decrease per round trip: Jacobson 1988, "Congestion
      avoidance and control").
    - *Sustained 429s* (more than ``MANY`` of what came back since the last change, and at least ``FEW``, over at least
      ``SPAN`` seconds or a latency): times ``MILD``, down to half of what is wished. The rate of sending is the pace's
      affair; this helps where not the rate but the number at once is limited.
    - *Back*: after every round (``width`` answers) that went without either, while at least half the width was used and
      the round's mean latency was at most ``FLAT`` times the long-run mean: up by the square root of the width. Both
      numbers are those of the "gradient2" limit in Netflix's concurrency-limits (2018): a latency that rises with the
      width says that requests only queue there. The long-run mean moves by ``SLOWLY`` of the difference per round upwards
      and by half of it downwards. Above ``NEAR`` of the width that met a timeout last, up by one a round only
      (congestion avoidance, as in Jacobson 1988).
    """

    MANY, FEW, SPAN = 0.1, 10, 1.0
    MILD = 0.9
    FLAT, NEAR = 1.5, 0.75
    SLOWLY = 0.01

    def __init__(self, wished: int) -> None:
        self.wished = wished
        self._width = math.inf  # while the endpoint bears what is wished
        self._met = math.inf  # width at the last timeout
        self._long: float | None = None  # mean latency
        self._changed = -math.inf
        self._refused = self._came = 0  # of the requests sent after the last change
        self._answers, self._seconds, self._most = 0, 0.0, 0  # of this round: answers, their latencies, flying at most
        self._hurt = False  # in this round

    @property
    def now(self) -> int:
        """The most requests that may be under way."""
        return max(1, min(self.wished, math.floor(min(self._width, self.wished))))

    def ok(self, now: float, latency: float, flying: int) -> None:
        """An answer, or an error other than a timeout or 429; ``flying`` were under way with it."""
        self._came += now - latency > self._changed
        self._answers += 1
        self._seconds += latency
        self._most = max(self._most, flying)
        if self._answers >= self.now:
            self._round()

    def limited(self, now: float, latency: float) -> None:
        """A 429."""
        if now - latency <= self._changed:
            return
        if self._changed == -math.inf:
            self._changed = now - latency
        self._came += 1
        self._refused += 1
        long_enough = now - self._changed >= max(self.SPAN, self._long or 0.0)
        if self._refused >= self.FEW and self._refused > self.MANY * self._came and long_enough:
            self._shrink(now, max(self.MILD * self.now, min(self.wished / 2, self.now)))

    def timed_out(self, now: float, latency: float) -> None:
        """No answer in time."""
        if now - latency > self._changed:
            self._met = self.now
            self._shrink(now, self.now / 2)

    def _shrink(self, now: float, width: float) -> None:
        self._width = max(1.0, width)
        self._changed = now
        self._refused = self._came = 0
        self._hurt = True

    def _round(self) -> None:
        mean = self._seconds / self._answers
        if self._long is None:
            self._long = mean
        flat = mean <= self.FLAT * self._long
        self._long += (self.SLOWLY if mean > self._long else 0.5) * (mean - self._long)
        if flat and not self._hurt and self._width < self.wished and 2 * self._most >= self.now:
            self._width += math.sqrt(self._width) if self._width < self.NEAR * self._met else 1
            if self._width >= self.wished:
                self._width = math.inf
        self._answers, self._seconds, self._most, self._hurt = 0, 0.0, 0, False
