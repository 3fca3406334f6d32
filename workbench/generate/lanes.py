"""Lanes: the endpoints of one run, which of them is asked next, and which are left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.models.base import Model, Transient
from workbench.models.limits import Gate, Prices

#: Failures of different requests, without an answer among them, after which a lane is set aside while others go on.
ALIKE = 8
#: So many are enough where no connection came about at all.
UNREACHED = 3
#: Seconds until a lane that was set aside is tried again by a single request: at first, and at most.
AGAIN, AGAIN_MOST = 5.0, 120.0
#: Answers of a lane after which their mean length is what the next is expected to have.
KNOWN = 8
#: Prices that nobody said.
UNKNOWN = Prices()

State = Literal["well", "aside", "out"]


@dataclass(eq=False)
class Lane:
    """One endpoint of a run. ``wish`` is the most requests that its settings want under way there; None for no opinion.

    ``state``: *well*; *aside*, for a reason that may pass: it is tried again now and then; *out*, for one that a person
    must mend (key, quota, no such model).
    """

    model: Model
    prices: Prices = UNKNOWN
    gate: Gate = field(default_factory=lambda: Gate(concurrency=64))
    wish: int | None = None

    def __post_init__(self) -> None:
        self.host = str(getattr(self.model, "host", "") or self.model.name)
        self.state: State = "well"
        self.reason = ""
        self.sentence = ""
        self.answers = self.refused = self.limited = 0
        self.failing: set[int] = set()
        self.trial = False  # a single request is under way to see whether it is back
        self.again, self.wait = 0.0, AGAIN
        self._tokens = 0

    @property
    def in_process(self) -> bool:
        return "chat" not in self.model.capabilities

    def expects(self, inward: int, outward: int) -> int:
        """Tokens that a request is likely to take, in and out, from the most that it may take."""
        # ``inward`` is an upper estimate of its own: a token per 2.5 letters, where 4 are usual.
        return round(inward / 1.6) + (self._tokens // self.answers if self.answers >= KNOWN else outward)

    def answered(self, output_tokens: int) -> None:
        self.answers += 1
        self._tokens += output_tokens
        if self.failing:
            self.failing.clear()


@dataclass(slots=True)
class Pulse:
    """How those who can stand in for one another are doing: answers so far, the requests that failed since the latest of
    them, and when that came."""

    answers: int = 0
    failing: set[int] = field(default_factory=set)
    last: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """Something has changed for the better: failures before it say nothing any more."""
        self.failing.clear()
        self.last = time.monotonic()


class Lanes:
    """The lanes of one run. ``tell`` writes a line into the job's log. With ``apart`` the run tells its models' answers
    apart: only lanes of the same model stand in for one another. For one event loop."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        *,
        tell: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
        apart: bool = False,
    ) -> None:
        if not lanes:
            raise ValueError("a run needs a lane")
        self.all = list(lanes)
        self.tell = tell
        self.dearest = _dearest(self.all)
        self._apart = apart
        self._pulses: dict[str, Pulse] = {}
        self._clock = clock
        self._width = sum(lane.gate.concurrency for lane in self.all)

    def __iter__(self) -> Iterator[Lane]:
        return iter(self.all)

    def say(self, level: str, message: str) -> None:
        """A line for the job's log, wherever that is written just now."""
        self.tell(level, message)

    def of(self, model: str | None) -> list[Lane]:
        """The lanes that may answer for ``model``: all of them where the run does not tell models apart, or None is told."""
        if model is None or not self._apart:
            return self.all
        return [lane for lane in self.all if lane.model.name == model]

    def peers(self, lane: Lane) -> list[Lane]:
        """The lanes that can stand in for this one, and itself."""
        return self.of(lane.model.name)

    def pulse(self, model: str | None) -> Pulse:
        """How those who may answer for ``model`` are doing."""
        return self._pulses.setdefault(model if self._apart and model is not None else "", Pulse())

    @property
    def flying(self) -> int:
        return sum(lane.gate.flying for lane in self.all)

    @property
    def waiting(self) -> str:
        """What requests wait for, in words for people; empty when nothing holds them up."""
        whys = dict.fromkeys(lane.gate.waiting for lane in self.all if lane.state != "out")
        return ", ".join(why for why in whys if why)

    def others(self, lane: Lane) -> bool:
        """Whether some lane that can stand in for this one is well."""
        return any(one.state == "well" and one is not lane for one in self.peers(lane))

    def usable(self, lane: Lane) -> bool:
        """Whether a request whose turn has come may still be sent there."""
        return lane.state == "well" or lane.trial

    def choose(self, last: Lane | None = None, refused: Collection[str] = (), model: str | None = None) -> Lane | None:
        """The lane with least to do among those that are well and may answer for ``model``, not the ``last`` one if there
        is another; now and then one that was set aside. None where all models that are left are among the ``refused``."""
        lanes = self.of(model)
        if len(self.all) == 1 and lanes:
            return self.all[0]
        for lane in lanes:
            due = lane.state == "aside" and not lane.trial and self._clock() >= lane.again
            if due and lane.model.name not in refused:
                lane.trial = True
                return lane
        fit = [lane for lane in lanes if lane.state == "well" and lane.model.name not in refused]
        return min(fit, key=lambda lane: (lane is last, lane.gate.load), default=None)

    def share(self, width: int) -> None:
        """Let ``width`` requests be under way on all lanes that are well together, by their wishes."""
        self._width = width
        well = [lane for lane in self.all if lane.state == "well"]
        weights = [lane.wish or width for lane in well]
        for lane, weight in zip(well, weights, strict=True):
            part = round(width * weight / sum(weights)) if len(well) > 1 else width
            lane.gate.concurrency = max(1, part if lane.wish is None else min(part, lane.wish))

    def blame(self, lane: Lane, ordinal: int, error: Transient) -> bool:
        """Whether a request's failure is its lane's and the others can take it: the lane is set aside, or is already.

        As long as another lane is well, a lane on which different requests fail, one after the other and none is
        answered, is not worth waiting for. The last one that is well gets more patience: that is the run's own.
        """
        lane.failing.add(ordinal)
        if lane.state != "well":
            self._later(lane)
            return True
        if not self.others(lane):
            return False
        if len(lane.failing) < (UNREACHED if error.reason == "connection" else ALIKE):
            return False
        lane.state, lane.reason, lane.sentence = "aside", error.reason, str(error)
        lane.wait = AGAIN
        self._later(lane)
        self.say("warning", f"{lane.host} is left alone for now ({error.reason}): {error}")
        self.share(self._width)
        return True

    def _later(self, lane: Lane) -> None:
        lane.again = self._clock() + lane.wait
        if lane.trial:
            lane.trial = False
            lane.wait = min(2 * lane.wait, AGAIN_MOST)

    def waits(self, lane: Lane) -> None:
        """A request did not come to its turn there: if it was a trial, the lane is tried once more later."""
        if lane.trial:
            self._later(lane)

    def back(self, lane: Lane) -> None:
        """A lane that was set aside has answered."""
        if lane.state == "aside":
            lane.trial = False
            lane.state, lane.reason, lane.sentence = "well", "", ""
            lane.failing.clear()
            self.say("info", f"{lane.host} answers again.")
            self.share(self._width)

    def exclude(self, lane: Lane, reason: str, sentence: str) -> bool:
        """A lane refuses everything, for a reason that does not pass. Returns whether others are left; if those were all set
        aside, they are asked again."""
        if lane.state != "out":
            lane.state, lane.reason, lane.sentence, lane.trial = "out", reason, sentence, False
            if len(self.all) > 1:
                self.say("warning", f"{lane.host} is not asked any more ({reason}): {sentence}")
            if not self.others(lane):
                for one in self.peers(lane):
                    if one.state == "aside":
                        self.back(one)
            self.share(self._width)
        return self.others(lane)

    def sentence(self, error: str, model: str | None = None) -> str:
        """Why no lane is left for ``model``: what the first one said that failed for good, as the lanes are listed, else
        ``error``."""
        return next((lane.sentence for lane in self.of(model) if lane.sentence), error)

    def state(self) -> list[dict[str, Any]]:
        """Each lane as people see it while the job runs."""
        return [
            {
                "host": lane.host,
                "model": lane.model.name,
                "width": lane.gate.width,
                "flying": lane.gate.flying,
                "answers": lane.answers,
                "limited": lane.limited,
                "refused": lane.refused,
                "waiting": lane.gate.waiting,
                "state": lane.state,
                "reason": lane.reason,
            }
            for lane in self.all
        ]


def _dearest(lanes: Sequence[Lane]) -> Prices:
    """Prices that no lane exceeds; unknown when one of them is."""
    inward = [lane.prices.input for lane in lanes]
    outward = [lane.prices.output for lane in lanes]
    if None in inward or None in outward:
        return UNKNOWN
    return Prices(max(one or 0.0 for one in inward), max(one or 0.0 for one in outward))
