"""What was sent lately, and what became of it."""

from __future__ import annotations

from collections import deque


class Record:
    """Turns taken and their outcomes, of the last while: enough to say how many requests were let in, and when.

    Times are in seconds of one clock. What has not been refused yet counts as let in, because refusals come back sooner
    than answers.
    """

    MOST = 20_000  # outcomes

    def __init__(self) -> None:
        self._outcomes: deque[tuple[float, float, bool]] = deque(maxlen=self.MOST)  # known at, sent at, answered
        self._turns: deque[float] = deque(maxlen=self.MOST)
        self._refused: deque[float] = deque(maxlen=self.MOST)  # when they were sent
        self._answered = 0

    def turn(self, now: float) -> None:
        """A request is sent."""
        self._turns.append(now)

    def outcome(self, now: float, sent: float, *, answered: bool, horizon: float) -> None:
        """What became of a request; what was known before ``horizon`` is forgotten."""
        outcomes = self._outcomes
        if len(outcomes) == outcomes.maxlen:
            self._answered -= outcomes.popleft()[2]
        outcomes.append((now, sent, answered))
        self._answered += answered
        if not answered:
            self._refused.append(sent)
        while outcomes[0][0] < horizon:
            self._answered -= outcomes.popleft()[2]

    @property
    def since(self) -> float:
        """When the oldest outcome became known."""
        return self._outcomes[0][0]

    @property
    def share(self) -> float:
        """Refusals per outcome; 0 without any."""
        return 1 - self._answered / len(self._outcomes) if self._outcomes else 0.0

    def sent(self, start: float, end: float) -> int:
        """Requests sent after ``start`` and up to ``end``; looks at the newest first."""
        count = 0
        for time in reversed(self._turns):
            if time <= start:
                break
            count += time <= end
        return count

    def let_in(self, start: float, end: float) -> int:
        """Requests sent after ``start`` and up to ``end``, and not refused so far."""
        return max(0, self.sent(start, end) - sum(start < sent <= end for sent in self._refused))
