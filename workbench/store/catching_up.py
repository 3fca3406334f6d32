"""What a project may have to be brought up to date with when somebody opens it to work in it."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.store import acts, policies, reshape
from workbench.store.connection import Store


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """``acts``: bulk acts that had been cut off and are complete now; ``resolved``: samples looked at again because the
    policy of ``project.yaml`` is another one; ``changes``: changes of labels or fields that had been cut off."""

    acts: int
    resolved: int
    changes: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """What to tell the person; nothing where nothing was done."""
        found = []
        if self.acts:
            found.append(f"Completed {self.acts:,} bulk act{'s' if self.acts > 1 else ''} that had been cut off.")
        if self.resolved:
            found.append(f"Read {self.resolved:,} samples anew by the policy of project.yaml.")
        found += [f"Completed a change of the task that had been cut off: {change}." for change in self.changes]
        return found


def catch_up(store: Store) -> CaughtUp:
    """Complete what was cut off, and follow the settings; safe when several processes do it at once."""
    changes = tuple(one.change.sentence() for one in reshape.finish(store, wait=False))
    return CaughtUp(len(acts.finish_acts(store)), policies.keep_up(store), changes)
