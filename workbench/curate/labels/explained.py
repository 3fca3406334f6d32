"""Why a sample stands where it stands in a queue: one line, from what is stored. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.curate.labels.selecting import STRATEGIES, Evidence
from workbench.store import choosing
from workbench.store.connection import Store


@dataclass(frozen=True, slots=True)
class Why:
    """``sentence`` says why; ``score`` is None where the strategy has not scored the sample (yet)."""

    strategy: str
    sentence: str
    score: float | None


def why(store: Store, name: str, sample_id: int, *, mine: int | None = None) -> Why:
    """Why ``sample_id`` is where it is in the order of strategy ``name``; for a person who reads blind (``mine``) without
    the label that others gave it. Raises ``UsageError`` for an unknown strategy."""
    strategy = STRATEGIES.get(name)()
    found = choosing.stored(store, sample_id, name, mine=mine)
    if found.score is None:
        return Why(name, f"{name} says nothing about this sample: it comes after those with a score", None)
    evidence = Evidence(
        found.score, found.label, found.original, found.suggestions, found.accepted, found.cluster, found.clusters
    )
    return Why(name, strategy.why(evidence), found.score)
