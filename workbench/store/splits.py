"""The one place that says who may read which split.

Only ``train`` samples may become demonstrations, conditions, training data or thresholds. ``validation`` may steer
generation, thresholds and review by its errors. ``test`` is for evaluation alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from workbench.store.connection import Store
from workbench.store.samples import DATA_SET, contents
from workbench.text import normalise

#: (sample id, text, label or None)
Texts = list[tuple[int, str, str | None]]


def _texts(store: Store, where: str) -> Texts:
    return [(sample_id, text, label) for sample_id, text, label, _, _ in contents(store, where)]


def seeds(store: Store) -> Texts:
    """Real examples given by the user, of the training split, less those that a person rejected."""
    return _texts(store, "origin = 'seed' AND split = 'train' AND status != 'rejected'")


def training(store: Store) -> Texts:
    """Seeds and other real samples of the training split: what train-on-real and reference classifiers learn from."""
    return _texts(store, "origin IN ('seed', 'real') AND split = 'train' AND status != 'rejected'")


def unlabelled(store: Store) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """(id, text, fields) of the unlabelled samples, less those that a person rejected: what is annotated, or searched."""
    for sample_id, text, _, _, fields in contents(
        store, "origin = 'unlabelled' AND split = 'train' AND status != 'rejected'"
    ):
        yield sample_id, text, fields


def validation(store: Store) -> Texts:
    """Real samples whose errors may steer generation, thresholds and review."""
    return _texts(store, "origin IN ('seed', 'real') AND split = 'validation'")


def test_to_keep_away(store: Store) -> Texts:
    """Real test samples for the one filter that drops what overlaps with them: nothing is learnt from them, and what is
    dropped says so. Nothing else may call this."""
    return test_for_evaluation(store)


def test_for_evaluation(store: Store) -> Texts:
    """Real samples for evaluation; nothing else may call this."""
    return _texts(store, "origin IN ('seed', 'real') AND split = 'test'")


def fingerprint(text: str) -> bytes:
    """What tells whether two texts are the same but for case and spacing, and gives neither away."""
    return hashlib.blake2b(normalise(text).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def elsewhere(store: Store, split: str) -> dict[bytes, tuple[int, str]]:
    """Fingerprints of the real texts of the other splits, with their sample and split: a text must not stand in two.

    Asked before an import, so that no test text becomes a seed and is shown to a model.
    """
    found: dict[bytes, tuple[int, str]] = {}
    for other in ("train", "validation", "test"):
        if other != split:
            for sample_id, text, _ in _texts(store, f"origin IN ('seed', 'real') AND split = '{other}'"):
                found.setdefault(fingerprint(text), (sample_id, other))
    return found


class Generated(NamedTuple):
    """A synthetic sample without its fields: a million of them fit into memory. ``label`` is the resolved one."""

    id: int
    text: str
    label: str | None
    original_label: str | None
    status: str
    in_data_set: bool
    has_neighbours: bool


#: Samples read at a time.
CHUNK = 5_000


def _generated(store: Store, columns: str, where: str, after: int = 0) -> Iterator[tuple[Any, ...]]:
    """Rows of synthetic samples (their id first) above ``after`` that meet ``where``, SQL of this package, in order of id, in
    short reads."""
    while chunk := store.read(
        f"SELECT id, {columns} FROM sample WHERE id > ? AND origin = 'synthetic' AND ({where}) ORDER BY id LIMIT ?",
        (after, CHUNK),
    ):
        yield from chunk
        after = chunk[-1][0]


def generated(store: Store, where: str = "1") -> Iterator[Generated]:
    """Synthetic samples that meet ``where`` (SQL of this package), in order of id, in short reads."""
    columns = (
        f"text, label_key, original_label, status, {DATA_SET}, "
        "EXISTS (SELECT 1 FROM neighbour WHERE sample_id = sample.id)"
    )
    labels: dict[str | None, str | None] = {None: None}  # few different ones: a string each, not one per sample
    originals: dict[str | None, str | None] = {None: None}
    for sample_id, text, label, original, status, inside, near in _generated(store, columns, where):
        if original not in originals:
            first = json.loads(original)
            originals[original] = labels.setdefault(first, first) if isinstance(first, str) else None
        shared = labels.setdefault(label, label)
        yield Generated(sample_id, text, shared, originals[original], status, bool(inside), bool(near))


def judged(store: Store, after: int = 0) -> Iterator[tuple[int, str, str | None, str]]:
    """(id, text, label, fields as JSON) of the synthetic samples above ``after`` that filters judge, those that a person
    accepted first.

    Not judged is what a person rejected, and what its own recipe did not keep unless a person accepted it: a twin of
    such a sample is the only one of the two in the data set.
    """
    labels: dict[str | None, str | None] = {}
    seen: set[int] = set()  # somebody may take an acceptance back between the two reads
    for where in (
        "status = 'accepted'",
        "status NOT IN ('accepted', 'rejected') AND NOT EXISTS "
        "(SELECT 1 FROM verdict WHERE sample_id = sample.id AND active AND verdict.filter GLOB 'recipe.*')",
    ):
        for sample_id, text, label, fields in _generated(
            store, "text, label_key, ifnull(fields, original_fields)", where, after
        ):
            if sample_id in seen:
                continue
            if where == "status = 'accepted'":
                seen.add(sample_id)
            yield sample_id, text, labels.setdefault(label, label), fields
