"""What a person can take over with one key: a repair that waits, else what a model suggests. Never counted as done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.store.acts import UNSET, Change
from workbench.store.connection import Store
from workbench.store.repairs import OPEN
from workbench.task_kinds import LabelShape

#: Where labels are sets, a label that a model suggests with less is not part of the proposal.
LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be taken: another label, other contents (None: as they are), how sure its source is."""

    label: Any
    fields: dict[str, Any] | None
    score: float
    source: str

    @property
    def change(self) -> Change:
        """Taking it accepts the sample."""
        return Change(
            label=UNSET if self.label is None else self.label,
            fields=UNSET if self.fields is None else self.fields,
            status="accepted",
        )


def proposed(
    suggestions: Sequence[tuple[Any, float, str]],
    repairs: Iterable[tuple[str, Any, dict[str, Any] | None, float]],
    shape: LabelShape,
    known: frozenset[str],
) -> Proposal | None:
    """The proposal of one sample: the last open repair (technique, label, fields, confidence), else the suggestions (label,
    score, source; best first) in the shape of the task's labels. What is no label of the task (any more) is no proposal.
    """
    for technique, label, fields, confidence in reversed(list(repairs)):
        if fields is not None or (label is not None and _fits(label, shape, known)):
            return Proposal(
                label if label is None or _fits(label, shape, known) else None, fields, confidence, technique
            )
    found = [one for one in suggestions if _fits(one[0], "one" if shape == "many" else shape, known)]
    if not found:
        return None
    label, score, source = found[0]
    if shape != "many":
        return Proposal(label, None, score, source)
    names = list(dict.fromkeys([label, *(name for name, other, said in found if other >= LIKELY and said == source)]))
    return Proposal(names, None, min(other for name, other, said in found if name in names and said == source), source)


def _fits(label: Any, shape: LabelShape, known: frozenset[str]) -> bool:
    if shape == "one":
        return isinstance(label, str) and label in known
    if shape == "many":
        return isinstance(label, list) and all(isinstance(name, str) and name in known for name in label)
    if shape == "number":
        return isinstance(label, (int, float)) and not isinstance(label, bool)
    return shape == "object" and isinstance(label, dict)


def many(
    store: Store, ids: Sequence[int], shape: LabelShape, known: Iterable[str], *, least: float = 0.0
) -> dict[int, Proposal]:
    """The proposals of many samples whose score is at least ``least``, in short reads; for a thread.

    Open repairs of samples that a person has labelled, accepted or rejected are no proposals, nor are suggestions for
    samples that nothing would change about: accepted ones that have the label.
    """
    names, found = frozenset(known), dict[int, Proposal]()
    for start in range(0, len(ids), 500):
        chunk = list(ids[start : start + 500])
        marks = ",".join("?" * len(chunk))
        suggestions: dict[int, list[tuple[Any, float, str]]] = {}
        for sample_id, label, score, source in store.read(
            f"SELECT sample_id, label, score, source FROM suggestion WHERE sample_id IN ({marks}) "
            "ORDER BY sample_id, rank, score DESC",
            chunk,
        ):
            suggestions.setdefault(sample_id, []).append((json.loads(label), score, source))
        repairs: dict[int, list[tuple[str, Any, dict[str, Any] | None, float]]] = {}
        for sample_id, technique, label, fields, confidence in store.read(
            "SELECT sample_id, technique, repair.label, repair.fields, confidence FROM repair JOIN sample "
            f"ON sample.id = sample_id WHERE sample_id IN ({marks}) AND active AND {OPEN} ORDER BY sample_id, place",
            chunk,
        ):
            values = [None if text is None else json.loads(text) for text in (label, fields)]
            repairs.setdefault(sample_id, []).append((technique, values[0], values[1], confidence))
        now: Mapping[int, tuple[Any, str]] = {
            row[0]: (None if row[1] is None else json.loads(row[1]), row[2])
            for row in store.read(f"SELECT id, label, status FROM sample WHERE id IN ({marks})", chunk)
        }
        for sample_id, (label, status) in now.items():
            one = proposed(suggestions.get(sample_id, ()), repairs.get(sample_id, ()), shape, names)
            if one is None or one.score < least:
                continue
            if status == "accepted" and one.fields is None and one.label == label:
                continue
            found[sample_id] = one
    return found
