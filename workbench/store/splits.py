"""The one place that says who may read which split.

Only ``train`` samples may become demonstrations, conditions, training data or thresholds. ``validation`` may steer
generation, thresholds and review by its errors. ``test`` is for evaluation alone.

Which split counts is looked up when samples are handed out, not when somebody chose them: a list of ids, a view or a
snapshot that names test rows gets none of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
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
    """Rows of synthetic training samples (their id first) above ``after`` that meet ``where``, SQL of this package, in order
    of id, in short reads."""
    while chunk := store.read(
        f"SELECT id, {columns} FROM sample WHERE id > ? AND origin = 'synthetic' AND split = 'train' AND ({where}) "
        "ORDER BY id LIMIT ?",
        (after, CHUNK),
    ):
        yield from chunk
        after = chunk[-1][0]


def generated(store: Store, where: str = "1") -> Iterator[Generated]:
    """Synthetic training samples that meet ``where`` (SQL of this package), in order of id, in short reads."""
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


class Trainable(NamedTuple):
    """A training sample of any origin, for what is trained on it. ``label`` is the resolved one."""

    id: int
    text: str
    label: str | None
    original_label: str | None
    origin: str
    status: str
    in_data_set: bool


def trainable(store: Store, ids: Sequence[int]) -> Iterator[Trainable]:
    """Of these samples those of the training split, each once, in the order of ``ids``; the others are left out."""
    labels: dict[str | None, str | None] = {None: None}
    for start in range(0, len(ids), CHUNK):
        some = list(dict.fromkeys(ids[start : start + CHUNK]))
        found = {
            row[0]: row
            for row in store.read(
                f"SELECT id, text, label_key, original_label, origin, status, {DATA_SET} FROM sample "
                f"WHERE split = 'train' AND id IN ({','.join('?' * len(some))})",
                some,
            )
        }
        for sample_id in some:
            if sample_id in found:
                _, text, label, original, origin, status, inside = found[sample_id]
                first = None if original is None else json.loads(original)
                key = first if isinstance(first, str) else None
                yield Trainable(
                    sample_id,
                    text,
                    labels.setdefault(label, label),
                    labels.setdefault(key, key),
                    origin,
                    status,
                    bool(inside),
                )


def trainable_fields(store: Store, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Fields of those of these samples that belong to the training split, by id."""
    return _fields(store, ids, "split = 'train'")


def labels_for_evaluation(store: Store, ids: Sequence[int]) -> dict[int, Any]:
    """Resolved labels of these samples by id, any JSON value, whichever split; nothing but evaluation may call this."""
    return _json(store, ids, "label", "1")


def _fields(store: Store, ids: Sequence[int], where: str) -> dict[int, dict[str, Any]]:
    return _json(store, ids, "ifnull(fields, original_fields)", where)


def _json(store: Store, ids: Sequence[int], column: str, where: str) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for start in range(0, len(ids), CHUNK):
        some = list(ids[start : start + CHUNK])
        for sample_id, value in store.read(
            f"SELECT id, {column} FROM sample WHERE {where} AND id IN ({','.join('?' * len(some))})", some
        ):
            found[sample_id] = None if value is None else json.loads(value)
    return found


def fields_for_evaluation(store: Store, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Fields of these samples by id, whichever split they belong to; nothing but evaluation may call this."""
    return _fields(store, ids, "1")


def frozen(store: Store, snapshot_id: int) -> Iterator[tuple[int, dict[str, Any], Any]]:
    """(sample id, fields, label) of a snapshot as it was frozen, in order, less what does not belong to the training split
    today: neither samples of other splits nor ones whose split was changed since."""
    position = -1
    while found := store.read(
        "SELECT position, sample_id, snapshot_sample.fields, snapshot_sample.label, split FROM snapshot_sample "
        "JOIN sample ON sample.id = sample_id WHERE snapshot_id = ? AND position > ? ORDER BY position LIMIT ?",
        (snapshot_id, position, CHUNK),
    ):
        for position, sample_id, fields, label, split in found:  # noqa: B007 - the last is where the next read starts
            if split == "train":
                yield sample_id, json.loads(fields), None if label is None else json.loads(label)


def withheld(store: Store, ids: Sequence[int]) -> dict[str, int]:
    """How many of these samples belong to which other split, and are not handed out by ``trainable``."""
    found: dict[str, int] = {}
    for start in range(0, len(ids), CHUNK):
        some = list(ids[start : start + CHUNK])
        for split, n in store.read(
            f"SELECT split, count(*) FROM sample WHERE split != 'train' AND id IN ({','.join('?' * len(some))}) GROUP BY 1",
            some,
        ):
            found[split] = found.get(split, 0) + n
    return found
