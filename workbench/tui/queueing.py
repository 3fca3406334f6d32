"""What a queue needs beside its list, without widgets: the strategies to choose from, a new order, and leases."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.store import choosing, leases, views
from workbench.store.connection import Store
from workbench.store.leases import Sitting
from workbench.store.views import View

#: Samples that are leased ahead, and how many of them may be used up before more are taken; rows that are looked at.
AHEAD, LOW, LOOK = 12, 5, 400


#: A word of a view's line; what is between quotes stays together.
_WORD = re.compile(r'(?:[^\s"]|"[^"]*"|")+')


def base(text: str) -> str:
    """A view's line without its order."""
    return " ".join(word for word in _WORD.findall(text) if not word.startswith("sort:"))


def line(text: str, name: str) -> str:
    """The view's line in the order of a strategy, best first."""
    return f"{base(text)} sort:-{name}".strip()


def is_strategy(name: str) -> bool:
    """Whether a score is that of a selection strategy (loads the registry: not before the first paint)."""
    from workbench.curate.labels.selecting import STRATEGIES

    return name in STRATEGIES.names()


def choices(store: Store, label_shape: str) -> list[tuple[str, str, str]]:
    """(name, what it does, how many samples have the score and since when) of the strategies that this task can use."""
    from workbench.curate.labels.selecting import ALWAYS, STRATEGIES, unfit

    fitting = [name for name in STRATEGIES if unfit(STRATEGIES.get(name), label_shape) is None]
    known = choosing.overview(store, fitting)
    found = []
    for name in sorted(fitting, key=lambda one: (one not in ALWAYS, one)):
        n, at = known[name]
        many = f"{n:,}{'+' if n == choosing.COUNTED else ''}"
        when = f"{many} at {at[11:16]}" if n and at else many if n else "not yet computed"
        found.append((name, STRATEGIES.get(name).summary, when))
    return found


def reordered(store: Store, view: View, water: int, rest: array[int]) -> array[int]:
    """``rest`` in the order that ``view`` has now; what no longer meets it follows in the order it had: nothing is lost."""
    marks = bytearray(water + 1)
    for one in rest:
        marks[one] = 1
    found = array(rest.typecode)
    for chunk in views.chunks(store, view, water):
        for one in chunk:
            if marks[one]:
                marks[one] = 0
                found.append(one)
        if len(found) == len(rest):
            break
    found.extend(one for one in rest if marks[one])
    return found


@dataclass
class Desk:
    """This person's leases in a queue. ``take`` runs in the writing thread; everything else is quick.

    ``mine`` are leased samples, ``passed`` those ahead that are with others, or have enough opinions.
    """

    sitting: Sitting | None = None
    mine: set[int] = field(default_factory=set)
    passed: set[int] = field(default_factory=set)

    def left(self, ahead: Sequence[int]) -> int:
        """How many of the next rows are leased."""
        return sum(1 for one in ahead if one in self.mine)

    def take(
        self, store: Store, annotator_id: int, candidates: Sequence[int], overlap: int
    ) -> tuple[set[int], set[int]]:
        """Lease the next samples: (leased, passed over)."""
        if self.sitting is None:
            self.sitting = leases.sit(store, annotator_id)
        taken = leases.take(store, self.sitting, candidates, AHEAD, overlap=overlap)
        last = candidates.index(taken[-1]) if taken else len(candidates) - 1
        held = set(taken)
        leases.renew(store, self.sitting)
        return held, {one for one in candidates[: last + 1] if one not in held}

    def close(self, store: Store) -> None:
        """Give everything back."""
        if self.sitting is not None:
            leases.release(store, self.sitting)
            self.sitting.close()
            self.sitting = None
        self.mine, self.passed = set(), set()
