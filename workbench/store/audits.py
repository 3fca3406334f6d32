"""Audits: samples of a view in random order, frozen with the labels that they had, and what people said of them since.

The first ``MOST`` of the order are frozen: nobody looks at more by hand. Where each stands in the order of the newest audit
is its score ``audit``, so that lists and commands can follow it.
"""

from __future__ import annotations

import json
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.errors import StoreError, UsageError
from workbench.store import renames, views
from workbench.store.connection import CHUNK, Store, new_uuid, now, powers
from workbench.store.encoding import encode

MOST = 20_000
#: The score that orders an audit's samples, and the view that lists them.
SCORE = "audit"
VIEW = "score.audit>=1 sort:audit"
#: So many in a row that nobody looked at: the audit has not come further yet, whoever decided later ones for other reasons.
GAP = 20

Finding = Literal["right", "wrong", "undecided"]


@dataclass(frozen=True, slots=True)
class Goal:
    """What an audit is to reach. ``half_width``: it may stop when the interval is as narrow, so a confidence sequence is shown;
    ``size``: it ends after so many, so Wilson's interval is shown; ``by_label``: of each label (labels take turns)."""

    half_width: float | None = 0.03
    size: int | None = None
    by_label: bool = False
    populations: dict[str, int] | None = None  # samples of each label, by label


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit as stored. ``frozen``: (sample id, its label then) in the order in which they are looked at; ``population``: the
    samples of the view then; ``result`` what was found when it was closed."""

    id: int
    annotator: str
    view: str
    population: int
    seed: int
    goal: Goal
    frozen: tuple[tuple[int, Any], ...]
    after_annotation: int
    created_at: str
    closed_at: str | None
    result: dict[str, Any] | None


def begin(
    store: Store,
    annotator_id: int,
    view: str,
    *,
    half_width: float | None = 0.03,
    size: int | None = None,
    by_label: bool = False,
    seed: int | None = None,
) -> Audit:
    """Freeze a random order of the view's samples with the labels that they have now. Reads the whole view: off the keys' path.

    Only annotations made from now on count. Raises ``UsageError`` while another audit is open, for an empty view, a target that
    is none, and ``by_label`` where samples do not have one label each.
    """
    if (current := newest(store)) is not None and current.closed_at is None:
        raise UsageError(f"Audit {current.id} is under way; close it first.")
    if size is None and not (half_width and 0 < half_width < 0.5):
        raise UsageError("The half width should lie between 0 and 0.5, such as 0.03.")
    if size is not None and size < 1:
        raise UsageError("An audit looks at one sample or more.")
    found = views.parse(view)
    ids = views.ids(store, found)
    if not len(ids):
        raise UsageError(f"View {view!r} holds no sample to audit.")
    chosen = random.randrange(2**31) if seed is None else seed
    order, populations = _order(store, ids, chosen, by_label)
    goal = Goal(None if size is not None else half_width, size, by_label, populations)
    labels = dict(_labels(store, order))
    frozen = [[one, labels[one]] for one in order if one in labels]
    blob = zlib.compress(encode(frozen).encode(), 6)
    with store.write() as connection:
        cursor = connection.execute(
            "INSERT INTO audit (uuid, annotator_id, view, population, seed, frozen, goal, after_annotation, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, (SELECT ifnull(max(id), 0) FROM annotation), ?)",
            (new_uuid(), annotator_id, view, len(ids), chosen, blob, encode(_as_json(goal)), now()),
        )
        number = int(cursor.lastrowid or 0)
        connection.execute("DELETE FROM score WHERE name = ?", (SCORE,))
    places = [(sample, float(place)) for place, (sample, _) in enumerate(frozen, 1)]
    for start in range(0, len(places), CHUNK):
        with store.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO score (sample_id, name, value, version, job_id) VALUES (?, ?, ?, 1, NULL)",
                [(sample, SCORE, place) for sample, place in places[start : start + CHUNK]],
            )
    return get(store, number)


def _order(store: Store, ids: Sequence[int], seed: int, by_label: bool) -> tuple[list[int], dict[str, int] | None]:
    """The first ``MOST`` ids in random order; with ``by_label`` labels take turns, each in random order."""
    chance = random.Random(seed)
    if not by_label:
        return [ids[place] for place in chance.sample(range(len(ids)), min(MOST, len(ids)))], None
    groups: dict[str, list[int]] = {}
    for sample, label in _labels(store, ids):
        if not isinstance(label, str):
            raise UsageError("An audit by label needs samples that have one label each.")
        groups.setdefault(label, []).append(sample)
    populations = dict(sorted(Counter({label: len(group) for label, group in groups.items()}).items()))
    queues = [iter(chance.sample(groups[label], min(MOST, len(groups[label])))) for label in populations]
    order: list[int] = []
    while queues and len(order) < MOST:
        still = []
        for queue in queues:
            for sample in queue:
                order.append(sample)
                still.append(queue)
                break
        queues = still
    return order[:MOST], populations


def _labels(store: Store, ids: Sequence[int]) -> Iterator[tuple[int, Any]]:
    for chunk in powers(ids, 2048):
        marks = ",".join("?" * len(chunk))
        for sample, label in store.read(f"SELECT id, label FROM sample WHERE id IN ({marks})", list(chunk)):
            yield sample, None if label is None else json.loads(label)


def _as_json(goal: Goal) -> dict[str, Any]:
    return {
        "half_width": goal.half_width,
        "size": goal.size,
        "by_label": goal.by_label,
        "populations": goal.populations,
    }


_COLUMNS = (
    "audit.id, name, view, population, seed, goal, frozen, after_annotation, audit.created_at, closed_at, result FROM audit "
    "JOIN annotator ON annotator.id = annotator_id"
)


def _audit(row: tuple[Any, ...]) -> Audit:
    frozen = tuple((int(sample), label) for sample, label in json.loads(zlib.decompress(row[6])))
    result = None if row[10] is None else json.loads(row[10])
    goal = Goal(**json.loads(row[5]))
    return Audit(row[0], row[1], row[2], row[3], row[4], goal, frozen, row[7], row[8], row[9], result)


def get(store: Store, audit_id: int) -> Audit:
    """One audit; raises ``StoreError`` when there is none with that number."""
    row = store.one(f"SELECT {_COLUMNS} WHERE audit.id = ?", (audit_id,))
    if row is None:
        raise StoreError(f"there is no audit {audit_id}.")
    return _audit(row)


def newest(store: Store) -> Audit | None:
    """The audit begun last, or None."""
    row = store.one(f"SELECT {_COLUMNS} ORDER BY audit.id DESC LIMIT 1")
    return None if row is None else _audit(row)


def is_newest(store: Store, audit: Audit) -> bool:
    """Whether this still is the audit begun last, as open or closed as it was."""
    row = store.one("SELECT id, closed_at FROM audit ORDER BY id DESC LIMIT 1")
    return row == (audit.id, audit.closed_at)


def all_of(store: Store) -> list[Audit]:
    """All audits, newest first."""
    return [_audit(row) for row in store.read(f"SELECT {_COLUMNS} ORDER BY audit.id DESC")]


def findings(store: Store, audit: Audit) -> list[Finding | None]:
    """What people found of each sample in the order, as far as the audit has come; None: nobody has looked at it.

    Right: accepted since the audit began with the label that it had then. Wrong: another label, or rejected. Undecided:
    flagged, or anything else that does not say. The newest word since then counts, whoever's it is; a ruling goes first. The
    audit has come to the last sample with a finding before ``GAP`` in a row without.
    """
    result: list[Finding | None] = []
    reached = 0
    for start in range(0, len(audit.frozen), 500):
        chunk = audit.frozen[start : start + 500]
        said = _said(store, [sample for sample, _ in chunk], audit)
        for sample, label in chunk:
            # A label that has been renamed since is the same label.
            finding = (
                _finding(said[sample], renames.label_now(store.connection, label, sample)) if sample in said else None
            )
            result.append(finding)
            if finding is not None:
                reached = len(result)
            elif len(result) - reached >= GAP:
                return result[:reached]
    return result[:reached]


_Said = tuple[
    str | None, bool, Any, Any
]  # status since then, whether a label was said since, that label, the label now
_Word = tuple[int, str, int, str | None]  # whether it is a ruling, when, in which annotation, what


def _said(store: Store, ids: Sequence[int], audit: Audit) -> dict[int, _Said]:
    marks = ",".join("?" * len(ids))
    nothing: _Word = (0, "", 0, None)
    words: dict[int, tuple[_Word, _Word, str | None]] = {}
    for sample, label, label_seq, status, status_seq, ruling, label_at, status_at, label_now in store.read(
        "SELECT sample_id, opinion.label, label_seq, opinion.status, status_seq, ruling, "
        "(SELECT created_at FROM annotation WHERE id = opinion.label_seq), "
        "(SELECT created_at FROM annotation WHERE id = opinion.status_seq), sample.label FROM opinion "
        f"JOIN sample ON sample.id = sample_id WHERE sample_id IN ({marks}) AND (label_seq > ? OR status_seq > ?)",
        [*ids, audit.after_annotation, audit.after_annotation],
    ):
        one, two, _ = words.get(sample, (nothing, nothing, None))
        ruled = 1 if ruling else 0
        if label is not None and label_seq > audit.after_annotation and label_at >= audit.created_at:
            one = max(one, (ruled, label_at, label_seq, label))
        if status is not None and status_seq > audit.after_annotation and status_at >= audit.created_at:
            two = max(two, (ruled, status_at, status_seq, status))
        words[sample] = one, two, label_now
    return {
        sample: (status[3], label[2] > 0, _value(label[3]), _value(label_now))
        for sample, (label, status, label_now) in words.items()
        if label[2] or status[2]
    }


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _finding(said: _Said, frozen: Any) -> Finding | None:
    status, labelled, label, label_now = said
    if status == "rejected":
        return "wrong"
    if status == "pending" and not labelled:
        return None
    if labelled and not same(label, frozen):
        return "wrong"
    if status == "accepted":
        return "right" if labelled or same(label_now, frozen) else "wrong"
    return "undecided"


def same(one: Any, other: Any) -> bool:
    """Whether two labels are the same; the order of a set of labels does not matter."""
    if isinstance(one, list) and isinstance(other, list) and all(isinstance(part, str) for part in [*one, *other]):
        return set(one) == set(other)
    return bool(one == other)


def waiting(store: Store, audit: Audit, most: int | None = None) -> list[int]:
    """The samples that are still to be looked at, in order; those that were passed over come first."""
    done = findings(store, audit)
    left = [sample for at, (sample, _) in enumerate(audit.frozen) if at >= len(done) or done[at] is None]
    return left[:most]


def close(store: Store, audit_id: int, result: dict[str, Any]) -> None:
    """End an audit and keep what was found; what people say later does not change it. Raises ``StoreError`` if it is closed."""
    with store.write() as connection:
        changed = connection.execute(
            "UPDATE audit SET closed_at = ?, result = ? WHERE id = ? AND closed_at IS NULL",
            (now(), encode(result), audit_id),
        )
        if changed.rowcount < 1:
            raise StoreError(f"audit {audit_id} is closed already.")
