"""Working out what the choices of a comparison come to, and keeping it for the screen, which only shows it."""

from __future__ import annotations

from typing import Any

from workbench.store import duels
from workbench.store.connection import Store, now


def keep(store: Store, comparison_id: int) -> dict[str, Any]:
    """The standings of a comparison as it is now (``evaluate.open.standings``), kept with it; ``at`` says when."""
    from workbench.evaluate.open.standings import standings

    comparison = duels.get(store, comparison_id)
    found = standings(comparison, duels.contents(store, comparison_id), duels.choices(store, comparison_id))
    counts = duels.counts(store, comparison_id)
    result = {**found, "counts": {"people": counts.people, "models": counts.models}, "at": now()}
    duels.keep_standings(store, comparison_id, result)
    return result


def refresh(store: Store) -> int:
    """Work out anew the standings of comparisons that were judged since; returns how many."""
    done = 0
    for one in duels.listed(store):
        counts = duels.counts(store, one.id)
        judged = {"people": counts.people, "models": counts.models}
        kept = one.details.get("standings")
        # A choice taken back and made anew leaves the counts as they were, but not the newest choice.
        if (kept is None and (counts.people or counts.models)) or (
            kept is not None and (kept["counts"] != judged or duels.changed_at(store, one.id) > kept["at"])
        ):
            keep(store, one.id)
            done += 1
    return done
