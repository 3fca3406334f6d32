"""How fast to send: what an endpoint's rate limit is, learnt from its refusals."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from workbench.models.limits.record import Record


class Pace:
    """How fast all workers together may send: one pacer per endpoint, shared, part of its ``Gate``.

    ``take()`` before every request, those asked again included, until it gives a turn; after the request either
    ``ok(latency)`` (any answer that is not a 429: errors too) or ``limited(retry_after, latency)``, with the seconds since
    the turn. Who waits in which order is the gate's affair. The refused request is the caller's to ask again, after
    ``Backoff.wait``, as often as it takes.

    It starts unpaced (or at ``ceiling`` requests a second), but for the first ``START`` seconds, so that an endpoint
    that refuses at once is not asked by everybody first. A stray 429 changes nothing: the refused request waits, the
    others go on. What does change the rate, each judged by requests sent after the last change:

    - *Everything is refused* (``RUN`` refusals, and hardly anything sent among them let in): the limit is reached.
      Only probes are sent, further and further apart, one of them when Retry-After has passed, until one is let in.
      If that is late, the limit is a window: go on with what was let in during the second before the limit was met.
      If it is soon, and nothing is known of the rate yet, the limit is a bucket that refills: see *search*.
    - *Search*: the rate doubles with every ``DOUBLE`` seconds (or every two times that a refusal takes to come back)
      until the bucket is empty again. What was let in between the two moments at which it was empty, divided by
      the time between them, is the rate at which it refills, whatever its size (unless it was full in between, then
      that is too low): a packet train, as in Keshav 1991, "A control-theoretic approach to flow control". A second,
      slower round from there says whether it was full. If that round gets nothing in at all, it is a window after all.
    - *Many are refused* (significantly more than ``MANY``, or than ``SOME`` after three trims): down to what is let in.
      If the share stays as it was, refusals do not depend on the rate: it goes back up, and for ``STUBBORN`` seconds only
      what exceeds that share counts.
    - *One is refused* while paced: down to ``BELOW`` of what was let in, measured as above since the bucket was last
      empty, or over the last second for a window; to no less than ``TRIM`` at once, and three times running at most.
      If nothing gets in after that, a window is full: probes.
    - *None*: up by ``GROWTH`` a second after ``CALM`` seconds for each ``SURE`` requests with which the rate was measured,
      later by more; at once, by 1 / their number a second, if they were fewer. A pace that made nobody wait for 2 s is
      lifted.

    Multiplicative decrease and gradual recovery as in Chiu & Jain 1989, with the measured throughput as the target.
    """

    START, START_RATE = 0.03, 2000.0  # seconds; requests a second
    RUN = 8
    MANY = 0.1
    SOME = 0.01
    LOOKS_LIKE_A_LIMIT = 0.15
    ENOUGH = 20  # answers before a share says anything
    STUBBORN = 20.0
    FIRST = 16.0  # requests a second, from which a rate about which nothing is known doubles
    DOUBLE = 0.025  # seconds
    FEW = 10  # requests that measure nothing
    DRY = 3  # refusals that end the search
    WINDOW = 1.0  # seconds over which throughput and shares are measured; twice the latency if that is more
    PROBE, SLOWEST_PROBE = 0.05, 5.0  # seconds between probes: at first, at most
    GLANCE = 0.01  # seconds
    BELOW, TRIM = 0.985, 0.95  # of what is measured; of the rate
    PAUSE = 0.25  # seconds between trims
    SLACK = 3  # turns left out after a refusal, so that the bucket is not quite empty when they go on
    CALM, LONGEST_CALM = 4.0, 30.0  # seconds without a refusal, per ``SURE`` requests; at most
    GROWTH, MOST_GROWTH = 0.01, 0.1  # a second
    SURE = 100  # requests
    SLOWEST = 0.2  # requests a second
    CATCH_UP = 0.02  # seconds of unused turns that may be made good: sleeping is not exact

    def __init__(self, ceiling: float | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.ceiling = math.inf if ceiling is None else ceiling
        self.rate = self.ceiling  # requests a second
        self.refused = 0  # 429s in all
        self._clock = clock
        self._record = Record()
        self._began: float | None = None  # when the first turn was taken
        self._next = -math.inf  # when the next turn is due
        self._latency = 0.0  # seconds, of answers
        self._back = 0.0  # seconds that refusals take: the slowest, fading
        self._changed = -math.inf
        self._since = [0, 0]  # refused, answered: of the requests sent after the last change
        self._sent = 0  # after it
        self._run: list[float] = []  # when the refused requests of the present run were sent
        self._trims = 0
        self._high = 0.0  # rate before the first of them
        self._search = self._unknown = self._refills = self._windows = False
        self._opened = -math.inf  # when a probe was last let in
        self._known = 0  # requests with which the rate was measured
        self._first: float | None = None  # rate that the search has found once
        self._empty = -math.inf  # when the bucket was last known to be empty
        self._last_refusal = self._last_wait = self._grown = -math.inf
        self._before: tuple[float, float] | None = None  # rate and share that made the last cut
        self._stray = 0.0  # share of refusals that do not depend on the rate
        self._stray_until = -math.inf
        self._probe: float | None = None  # seconds between probes, while everything is refused
        self._asked: float | None = None  # when the last probe was sent, while it may still be refused
        self._limit = 0.0  # when the first of the requests was sent that showed it
        self._hold = -math.inf  # no turns until then
        self._patience = 0.0  # when Retry-After will have passed

    @property
    def probing(self) -> bool:
        """Whether only probes are sent, because everything is refused."""
        return self._probe is not None

    @property
    def met(self) -> bool:
        """Whether a limit has been met, so that turns are given at a rate, or to probes only."""
        return self._probe is not None or self.rate < math.inf

    def take(self) -> float:
        """0, and a turn is taken; or the seconds until one may be due."""
        now = self._clock()
        if now < self._hold:
            return self._hold - now
        if self._probe is not None and self._asked is not None and now > self._asked + 4 * self._back + self.GLANCE:
            self._open(now)  # long not refused is let in; its answer may take much longer
        if self._search:
            self._hurry(now)
        if self._probe is not None:
            gap = self._probe
            due = self._next if self._patience <= now else min(self._next, self._patience)
        elif self.rate < math.inf:
            gap = 1 / self.rate
            due = self._next = max(self._next, now - self.CATCH_UP)
        elif self._began is None or now < self._began + self.START:
            if self._began is None:
                self._began = self._next = now
            gap = 1 / self.START_RATE
            due = self._next = max(self._next, now - 2 * gap)
        else:
            return self._taken(now)
        if due > now:
            self._last_wait = now
            return due - now
        self._next = (now if self._probe is not None else due) + gap
        self._asked = now
        return self._taken(now)

    def ok(self, latency: float) -> None:
        """A request that took ``latency`` seconds was let in."""
        now = self._clock()
        self._latency += 0.1 * (latency - self._latency) if self._latency else latency
        self._note(now, now - latency, answered=True)
        if now - latency <= self._changed:
            return
        self._since[1] += 1
        if self._run and now - latency >= self._run[0]:
            self._run.clear()
        if self._probe is not None:
            self._open(now)
        elif self.rate < self.ceiling:
            self._grow(now)

    def limited(self, retry_after: float | None = None, latency: float | None = None) -> None:
        """A request got a 429 ``latency`` seconds after its turn (default: as long as answers take on average)."""
        now = self._clock()
        latency = self._latency if latency is None else latency
        sent = now - latency
        self._back = max(latency, 0.9 * self._back)
        self.refused += 1
        self._last_refusal = now
        self._note(now, sent, answered=False)
        if sent <= self._changed:
            return
        self._since[0] += 1
        self._run.append(sent)
        # What is still under way counts as let in: refusals come back sooner than answers.
        refused, sent_since = self._since[0], max(self._sent, 1)
        if self._probe is not None:
            self._asked = None
            self._probe = min(self._probe * 1.5, self.SLOWEST_PROBE)
        elif self._search:
            if len(self._run) >= self.DRY:
                self._found(now, retry_after)
        elif self._trims and len(self._run) >= self.DRY and sent_since - refused <= 1:
            self._close(now, retry_after, self._changed)  # nothing at all since the last was refused: a window is full
        elif len(self._run) >= (most := self._most_strays(now)) and self._all_refused(most):
            self._close(now, retry_after, self._run[0])
        elif len(self._run) >= most and not self._noise(now):
            # Perhaps everything: wait for the rest of a wave that was sent together before the next is sent.
            self._hold = now + self.GLANCE if len(self._run) == most else self._hold
        elif self._since[1] >= self._enough() and _exceeds(refused, sent_since, self._bearable(now)):
            self._cut(now, refused / sent_since)
        elif (
            self.rate < self.ceiling
            and self._trims < 3
            and _exceeds(refused, sent_since, self._noise(now), 3)
            and (refused >= self.DRY or now > self._changed + self.PAUSE)
        ):
            self._trim(now, sent)

    def _taken(self, now: float) -> float:
        self._record.turn(now)
        self._sent += 1
        return 0.0

    def _window(self) -> float:
        """Seconds over which is measured: slow endpoints are asked seldom, and answer late."""
        return max(self.WINDOW, min(2 * self._latency, 60.0))

    def _most_strays(self, now: float) -> int:
        """Refusals in a run that cannot be chance."""
        return round(self.RUN * (1 + 5 * self._noise(now)))

    def _all_refused(self, most: int) -> bool:
        """Whether nearly all sent since the last ``most`` refusals began was refused."""
        first, last = self._run[-most], self._run[-1]
        refused = sum(sent >= first for sent in self._run)
        return refused >= 0.7 * (1 + self._record.sent(first, last))

    def _noise(self, now: float) -> float:
        """Share of refusals that is known not to depend on the rate."""
        return self._stray if now < self._stray_until else 0.0

    def _enough(self) -> int:
        """Answers after which a share of refusals says something: more of them, the smaller the share."""
        return 3 * self.ENOUGH if self._trims >= 3 else self.ENOUGH

    def _bearable(self, now: float) -> float:
        """Share of refusals above which the rate is cut."""
        return self._noise(now) + (self.SOME if self._trims >= 3 else self.MANY)

    def _change(self, now: float, rate: float, *, pause: float = 0.0) -> None:
        self.rate = min(self.ceiling, max(rate, self.SLOWEST))
        self._changed = self._grown = self._last_wait = now
        self._next = now + pause
        self._since = [0, 0]
        self._sent = 0
        self._run.clear()

    def _close(self, now: float, retry_after: float | None, limit: float) -> None:
        """Everything is refused since ``limit``: probes only."""
        self._unknown = self.rate == math.inf and not self._windows
        self._limit = self._empty = limit
        self._change(now, self.rate, pause=self.PROBE)
        self._asked = None
        self._probe, self._patience = self.PROBE, now + (retry_after or self.WINDOW)

    def _open(self, now: float) -> None:
        """A probe was let in: go on at what was let in before everything was refused, or search if that says little."""
        self._probe = None
        self._before = None
        past = now - self._limit
        early = now < self._patience - self.PROBE or past < self.WINDOW / 2
        self._refills = early and not self._windows
        self._search = self._refills and self._unknown
        opened, self._opened = self._opened, now
        self._trims = 0
        if self._search:
            self._change(now, max(self.FIRST, 1 / past))
            return
        span = self._window()
        self._known = self._record.let_in(max(self._limit - span, opened), self._limit)
        rate = self._known / span
        if -math.inf < opened < self._limit - span:  # perhaps parts of two windows: then by the time between openings
            rate = min(rate, self._record.let_in(opened, self._limit) / (self._last_refusal - opened))
        self._change(now, min(self.rate, self.BELOW * rate))

    def _hurry(self, now: float) -> None:
        """Search: the rate doubles, and the wait for the next turn shrinks with it."""
        past, self._grown = now - self._grown, now
        double = max(self.DOUBLE, 2 * self._back)
        if self._first is not None:
            double = max(4 * double, 4 / self._first)
        factor = 2.0 ** min(past / double, 8.0)
        self.rate = min(self.ceiling, self.rate * factor)
        self._next = now + (self._next - now) / factor if self._next > now else self._next

    def _found(self, now: float, retry_after: float | None) -> None:
        """The search has emptied the bucket: what it let in since it was empty, by the time. Then once more, to be sure."""
        start, end = self._empty, self._run[0]
        let_in = self._record.let_in(start, end)
        rate = let_in / max(end - start, self.GLANCE)
        first, self._first = self._first, rate
        if first is None:
            self._limit = start
        elif let_in <= 1:
            # A bucket would have refilled meanwhile: it is a window, which opened soon by chance.
            self._search, self._first, self._windows, self.rate = False, None, True, self.ceiling
            self._close(now, retry_after, start)
            return
        elif rate <= 1.25 * first or let_in < self.FEW:
            self._search, self._first = False, None
            # No more than at first: the bucket was never full, so that both together say it best.
            full = rate * (1 - 1 / max(let_in, 1)) > first
            start = start if full and let_in >= self.FEW else self._limit
            self._known = self._record.let_in(start, end)
            rate = self.BELOW * self._known / max(end - start, self.GLANCE)
            self._known = min(
                self._known, self.ENOUGH
            )  # too low if it was full, or is none: go up until one is refused
        else:
            self._limit = start
        self._empty = end
        self._change(now, min(self.rate, rate), pause=self.SLACK / max(rate, self.SLOWEST))

    def _trim(self, now: float, sent: float) -> None:
        """One was refused while paced: the bucket is empty, or the window is full."""
        start = max(self._empty, sent - 30.0) if self._refills else sent - self._window()
        let_in = self._record.let_in(start, sent)
        measured = self.BELOW * let_in / max(sent - start, self.GLANCE)
        self._known = let_in
        self._empty = sent
        self._high = self.rate if self._trims == 0 else self._high
        self._trims += 1
        self._change(
            now,
            min(0.99 * self.rate, max(measured, self.TRIM * self.rate)),
            pause=self.SLACK / self.rate,
        )

    def _cut(self, now: float, share: float) -> None:
        """Many are refused: send what is let in, unless the last cut has shown that this does not help."""
        if self._before is not None and share > 0.7 * self._before[1]:
            self._stray, self._stray_until = share, now + self.STUBBORN
            self._trims = 0
            self._known = self.ENOUGH  # what was measured meanwhile was measured too low
            # So many strays may well have looked like a limit.
            self._change(now, math.inf if share > self.LOOKS_LIKE_A_LIMIT else max(self._before[0], self._high))
            self._before = None
            return
        self._before = (self.rate, share)
        known = now - self._back  # what was sent later may still be refused
        began = max(self._changed, self._record.since)
        window = self._window()
        span = min(window, max(known - began, window / 10))
        self._known = self._record.let_in(known - span, known)
        self._change(now, min(self.rate, self.BELOW * self._known / span))

    def _grow(self, now: float) -> None:
        """Raise the rate for the time since it was last raised."""
        past, self._grown = now - self._grown, now
        if now - self._last_wait > 2:
            self.rate = self.ceiling
        elif not self._search and self._record.share <= self.SOME + self._noise(now):
            self._trims = 0
            calm = now - self._changed - min(self.CALM * self._known / self.SURE, self.LONGEST_CALM)
            if calm > 0 or self._known < self.SURE:
                growth = max(self.GROWTH * (1 + max(0.0, calm)), 1 / max(self._known, 1))
                self.rate = min(self.ceiling, self.rate * (1 + min(growth, self.MOST_GROWTH) * past))

    def _note(self, now: float, sent: float, *, answered: bool) -> None:
        since = self._limit if self._probe is not None else self._run[0] if self._run else now
        self._record.outcome(now, sent, answered=answered, horizon=since - self._window())


def _exceeds(count: int, of: int, share: float, deviations: float = 2) -> bool:
    """Whether ``count`` of ``of`` is significantly more than ``share``: by so many standard deviations (Poisson)."""
    return count > share * of + deviations * math.sqrt(share * of)
