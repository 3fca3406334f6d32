"""What people and real rows say already: the newest audit and the labels as they came, as evaluation wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.curate.labels import auditing
from workbench.evaluate.base import Audited, Stratum
from workbench.store import audits, samples
from workbench.store.connection import Store


def audited(store: Store) -> Audited | None:
    """The newest audit of which something was looked at; None without one. A closed one is as it was when it was closed."""
    for audit in audits.all_of(store):
        state = auditing.state(store, audit)
        if not state.whole.count.looked:
            continue
        strata = [
            Stratum(group.label, count.population, count.right, count.wrong, count.undecided)
            for group in state.labels or (state.whole,)
            for count in (group.count,)
        ]
        found = audits.findings(store, audit)[: state.whole.count.looked]
        looked = [sample for (sample, _), finding in zip(audit.frozen, found, strict=False) if finding is not None]
        wrong = [sample for (sample, _), finding in zip(audit.frozen, found, strict=False) if finding == "wrong"]
        return Audited(audit.id, audit.view, strata, looked, wrong, always=state.interval == "sequence")
    return None


def labels_of(store: Store) -> Callable[[Sequence[int]], Mapping[int, Any]]:
    """Reads the labels with which samples came, any JSON value, by their ids."""
    return lambda ids: samples.labels_that_came(store, ids)
