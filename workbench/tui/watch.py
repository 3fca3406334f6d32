"""What the header and the job line show, read a few times a second when somebody has committed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from workbench.store import jobs, samples
from workbench.store.connection import Store
from workbench.store.jobs import Job

#: Seconds between two looks at ``PRAGMA data_version``.
PERIOD = 0.25


@dataclass(slots=True)
class Overview:
    """Counts from the tally, dollars so far (None: not yet read) and the jobs under way."""

    counts: dict[str, int] = field(default_factory=dict)
    cost: float | None = None
    unpriced: bool = False
    jobs: list[Job] = field(default_factory=list)


class Watch:
    """Looks whether another connection has committed; ``look`` is quick enough for the screen's thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.overview = Overview()
        self._version = -1

    def look(self) -> bool:
        """True when something was committed since the last look; then ``overview`` is new (but for the cost)."""
        version = self.store.data_version()
        if version == self._version:
            return False
        self._version = version
        self.read()
        return True

    def read(self) -> None:
        """Read counts and jobs anew."""
        self.count()
        self.overview.jobs = jobs.active(self.store)

    def count(self) -> None:
        """Read the counts anew; ``look`` tells of the commits all the same."""
        self.overview.counts = samples.counts(self.store)


def cost(store: Store) -> tuple[float, bool]:
    """Dollars spent, and whether some answers had no known price. Reads every answer: for a thread."""
    from workbench.store import ledger  # not needed for the first paint

    return ledger.spent(store)


def seconds_since(at: str | None) -> float | None:
    """Seconds since a stored time; None when there is none."""
    if at is None:
        return None
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())
