"""Limits: how fast to ask (``Pace``), how long to wait to ask again (``Backoff``), what to spend (``Budget``)."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


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


class Pace:
    """How fast all workers together may send: one pacer per endpoint, shared, for one event loop.

    ``await turn()`` before every request, those asked again included; after it either ``ok(latency)`` (any answer that
    is not a 429: errors too) or ``limited(retry_after, latency)``, with the seconds since ``turn`` returned. Turns are
    given in the order in which they were asked for. The refused request is the caller's to ask again, after
    ``Backoff.wait``, as often as it takes.

    It starts unpaced (or at ``ceiling`` requests a second). A stray 429 changes nothing: the refused request waits, the
    others go on. What does change the rate, each judged by requests sent after the last change:

    - *Everything is refused* (``RUN`` refusals, and hardly anything sent among them let in): the limit is reached.
      Only probes are sent, further and further apart, one of them when Retry-After has passed. The first answer opens
      again, at what was let in during the second before the limit. If the pace was unlimited until then and the
      answer came long before Retry-After, the limit refills steadily and that second says little: the rate then
      doubles every quarter of a second until it is too much.
    - *Many are refused* (significantly more than ``MANY``): down to what is let in. If the share stays as it was,
      refusals do not depend on the rate: it goes back up, and such shares are ignored for ``STUBBORN`` seconds.
    - *Some are refused* (more than ``SOME`` of the last second's) while paced: 2 % down, at most three times running.
    - *Fewer*: 2 % up each second; without any refusal for ``CALM`` seconds, 10 %. A pace that made nobody wait for 2 s
      is lifted.

    Multiplicative decrease and gradual recovery as in Chiu & Jain 1989, with the measured throughput as the target.
    """

    RUN = 8
    MANY = 0.1
    SOME = 0.01
    ENOUGH = 20  # answers before a share says anything
    STUBBORN = 10.0
    FIRST = 16.0  # requests a second, from which a rate about which nothing is known doubles
    WINDOW = 1.0  # seconds over which throughput and shares are measured; twice the latency if that is more
    PROBE, SLOWEST_PROBE = 0.1, 5.0  # seconds between probes: at first, at most
    GLANCE = 0.01  # seconds
    CALM = 3.0  # seconds without a refusal
    SLOWEST = 0.2  # requests a second
    CATCH_UP = 0.02  # seconds of unused turns that may be made good: sleeping is not exact

    def __init__(self, ceiling: float | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.ceiling = math.inf if ceiling is None else ceiling
        self.rate = self.ceiling  # requests a second
        self.refused = 0  # 429s in all
        self._clock = clock
        self._lock = asyncio.Lock()
        self._next = -math.inf  # when the next turn is due
        self._recent: deque[tuple[float, float, bool]] = deque(maxlen=20_000)  # known at, sent at, answered
        self._answered = 0  # of the recent ones
        self._latency = 0.0
        self._changed = -math.inf
        self._since = [0, 0]  # refused, answered: of the requests sent after the last change
        self._sent = 0  # after it
        self._turns: deque[float] = deque(maxlen=4096)  # when they were taken
        self._run: list[float] = []  # when the refused requests of the present run were sent
        self._trims = 0
        self._fast = self._unknown = False
        self._last_refusal = self._last_wait = self._grown = -math.inf
        self._before: tuple[float, float] | None = None  # rate and share that made the last cut
        self._stubborn = -math.inf  # until when shares say nothing
        self._probe: float | None = None  # seconds between probes, while everything is refused
        self._limit = 0.0  # when the first of the requests was sent that showed it
        self._hold = -math.inf  # no turns until then
        self._patience = 0.0  # when Retry-After will have passed

    @property
    def probing(self) -> bool:
        """Whether only probes are sent, because everything is refused."""
        return self._probe is not None

    async def turn(self) -> None:
        """Wait until one more request may be sent."""
        if not self._lock.locked() and self._take() <= 0:
            return
        async with self._lock:
            while (wait := self._take()) > 0:
                # Short sleeps, so that a rate that has risen meanwhile is noticed.
                await asyncio.sleep(min(wait, 0.05))

    def ok(self, latency: float) -> None:
        """A request that took ``latency`` seconds was let in."""
        now = self._clock()
        self._latency += 0.1 * (latency - self._latency) if self._latency else latency
        self._note(now, now - latency, True)
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
        sent = now - (self._latency if latency is None else latency)
        self.refused += 1
        self._last_refusal = now
        self._note(now, sent, False)
        if sent <= self._changed:
            return
        self._since[0] += 1
        self._run.append(sent)
        # What is still under way counts as let in: refusals come back sooner than answers.
        refused, sent_since = self._since[0], max(self._sent, 1)
        if self._probe is not None:
            self._probe = min(self._probe * 1.5, self.SLOWEST_PROBE)
        elif len(self._run) >= self.RUN and self._all_refused():
            self._unknown = self.rate == math.inf
            self._limit = self._run[0]
            self._change(now, self.rate)
            self._probe, self._patience = self.PROBE, now + (retry_after or self.WINDOW)
            self._next = now + self.PROBE
        elif len(self._run) >= self.RUN:
            # Perhaps everything: wait for the rest of a wave that was sent together before the next is sent.
            self._hold = now + self.GLANCE if len(self._run) == self.RUN else self._hold
        elif now < self._stubborn:
            return
        elif refused > self.MANY * sent_since + 2 * math.sqrt(self.MANY * sent_since) and self._since[1] >= self.ENOUGH:
            self._cut(now, refused / sent_since)
        elif (
            self.rate < self.ceiling
            and not self._fast
            and 1 - self._answered / len(self._recent) > self.SOME
            and self._trims < 3
            and now - self._changed > 0.5
        ):
            self._trims += 1
            self._change(now, 0.98 * self.rate)

    def _take(self) -> float:
        """0 and the turn is taken, or the seconds until it is due."""
        now = self._clock()
        if now < self._hold:
            return self._hold - now
        if self._probe is not None:
            gap = self._probe
            due = self._next if self._patience <= now else min(self._next, self._patience)
        elif self.rate == math.inf:
            return self._taken(now)
        else:
            gap = 1 / self.rate
            due = self._next = max(self._next, now - self.CATCH_UP)
        if due > now:
            self._last_wait = now
            return due - now
        self._next = (now if self._probe is not None else due) + gap
        return self._taken(now)

    def _taken(self, now: float) -> float:
        self._turns.append(now)
        self._sent += 1
        return 0.0

    def _window(self) -> float:
        """Seconds over which is measured: slow endpoints are asked seldom, and answer late."""
        return max(self.WINDOW, min(2 * self._latency, 60.0))

    def _all_refused(self) -> bool:
        """Whether nearly all sent since the last refusals began was refused; what is under way counts as let in."""
        first, last = self._run[-self.RUN], self._run[-1]
        refused = sum(sent >= first for sent in self._run)
        return refused >= 0.7 * sum(first <= sent <= last for sent in self._turns)

    def _change(self, now: float, rate: float) -> None:
        self.rate = min(self.ceiling, max(rate, self.SLOWEST))
        self._changed = self._grown = self._last_wait = self._next = now
        self._since = [0, 0]
        self._sent = 0
        self._run.clear()

    def _open(self, now: float) -> None:
        """The first answer to a probe: go on at what was let in before everything was refused."""
        self._probe = None
        self._before = None
        rate = 0.97 * self._let_in(self._limit, self._window() / 4 if self._fast else self._window())
        self._fast = self._unknown and now < self._patience - 2 * self.PROBE
        self._change(now, min(self.rate, max(rate, self.FIRST) if self._fast else rate))

    def _cut(self, now: float, share: float) -> None:
        """Many are refused: send what is let in, unless the last cut has shown that this does not help."""
        if self._before is not None and share > 0.7 * self._before[1]:
            self._stubborn = now + self.STUBBORN
            self._change(now, self._before[0])
            self._before = None
            return
        self._before = None if self._fast else (self.rate, share)
        known = now - self._latency  # what was sent later is not answered yet
        began = max(self._changed, self._recent[0][1])
        window = self._window()
        span = window / 4 if self._fast else min(window, max(known - began, window / 10))
        self._fast = False
        self._change(now, min(self.rate, 0.97 * self._let_in(known, span)))

    def _let_in(self, until: float, span: float) -> float:
        """Requests a second that were sent in the ``span`` seconds before ``until`` and answered."""
        return sum(answered and until - span <= sent <= until for _, sent, answered in self._recent) / span

    def _grow(self, now: float) -> None:
        """Raise the rate for the time since it was last raised."""
        past, self._grown = now - self._grown, now
        if now - self._last_wait > 2:
            self.rate = self.ceiling
        elif self._fast:
            self.rate = min(self.ceiling, self.rate * 16.0**past)
        elif now < self._stubborn or 1 - self._answered / len(self._recent) <= self.SOME:
            self._trims = 0
            calm = now - self._last_refusal > self.CALM or now < self._stubborn
            self.rate = min(self.ceiling, self.rate * (1 + (0.1 if calm else 0.02) * past))

    def _note(self, now: float, sent: float, answered: bool) -> None:
        recent = self._recent
        if len(recent) == recent.maxlen:
            self._answered -= recent.popleft()[2]
        recent.append((now, sent, answered))
        self._answered += answered
        since = self._limit if self._probe is not None else self._run[0] if self._run else now
        horizon = since - self._window()
        while recent[0][0] < horizon:
            self._answered -= recent.popleft()[2]


@dataclass(frozen=True)
class Prices:
    """Dollars per million tokens, as the project says them; None is unknown, never taken for nothing."""

    input: float | None = None
    output: float | None = None

    def cost(self, input_tokens: int, output_tokens: int) -> float | None:
        """Dollars for so many tokens, or None when a price is unknown."""
        if self.input is None or self.output is None:
            return None
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


#: What the embedded model costs.
FREE = Prices(0.0, 0.0)


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


@dataclass(frozen=True)
class Budget:
    """The most that a job may use; ``tokens`` counts input and output together, ``money`` is dollars, None no limit."""

    requests: int | None = None
    tokens: int | None = None
    money: float | None = None

    def refuses(self, used: Usage, more: Usage = Usage(requests=1)) -> str | None:
        """Why ``more`` must not be sent after ``used`` (requests in flight included), as a sentence; None if it may.

        ``more`` is an estimate: give the longest answer that was asked for, to be sure never to exceed the budget.
        """
        total = used + more
        if self.requests is not None and total.requests > self.requests:
            return f"The budget of {self.requests:,} requests is used up: raise it to go on."
        tokens = total.input_tokens + total.output_tokens
        if self.tokens is not None and tokens > self.tokens:
            return f"The budget of {self.tokens:,} tokens is used up: raise it to go on."
        if self.money is not None and total.cost is None:
            return (
                "There is a budget in dollars but the model's prices are unknown: set model.price, or limit requests."
            )
        if self.money is not None and total.cost is not None and total.cost > self.money:
            places = 2 if self.money >= 0.1 else 6
            return (
                f"The budget of ${self.money:,.{places}f} is used up (${used.cost or 0:,.4f} spent): raise it to go on."
            )
        return None
