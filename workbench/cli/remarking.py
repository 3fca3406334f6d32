"""What ``label`` says of each sample differently: the proposal of its own, a tag beside those that it has."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.errors import UsageError, WorkbenchError
from workbench.store import proposals, remarks
from workbench.store.acts import Change
from workbench.store.connection import Store


def taken(store: Store, ids: Sequence[int], least: float) -> dict[int, Change]:
    """Taking what is proposed for each sample with at least this score; raises ``WorkbenchError`` where that is nothing."""
    task = store.project.config.task
    found = proposals.many(store, ids, task.label_shape, task.label_names, least=least)
    if not found:
        raise WorkbenchError(
            f"Nothing is proposed for these samples with a score of at least {least:g} that they do not have already."
        )
    return {sample_id: one.change for sample_id, one in found.items()}


def tagged(store: Store, annotator_id: int, ids: Sequence[int], tag: str) -> dict[int, Change]:
    """Putting a tag on each sample that does not have it; ``-TAG`` takes it off. Raises ``UsageError``, ``WorkbenchError``."""
    off, name = tag.startswith("-"), "-".join(tag.removeprefix("-").split())
    if not name or len(name) > remarks.LONGEST_TAG:
        raise UsageError(f"A tag has 1 to {remarks.LONGEST_TAG} characters.")
    found: dict[int, Change] = {}
    for sample_id in ids:
        tags = remarks.of(store, sample_id, annotator_id).tags
        if (name in tags) == off:
            found[sample_id] = Change(tags=remarks.toggled(tags, name))
    if not found:
        raise WorkbenchError(f"None of these samples has the tag {name}." if off else f"They all have the tag {name}.")
    return found
