"""Snapshots beside each other or beside the data set as it is now, and the data set made as a snapshot has it.

Both sides are read in order of their samples, some thousand at a time: a comparison of a million samples holds only its
counts and some examples. Putting a snapshot back holds what it changes, one entry per sample that differs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import StoreError
from workbench.store import acts, policies, renames, snapshots
from workbench.store.acts import Act, Change
from workbench.store.connection import Store, powers
from workbench.store.encoding import encode
from workbench.store.samples import DATA_SET, text_of
from workbench.store.snapshots import Snapshot

#: Samples that one read brings, and examples that a comparison keeps of each kind of difference.
READ, EXAMPLES = 2_000, 10
#: Different labels that are counted one by one; what comes beyond them is counted together.
LABELS = 1_000
OTHERS = "(others)"
#: How a comparison names the samples that are not there any more.
PURGED = "purged"

#: (sample's number, fields as JSON, label as JSON or None)
Frozen = tuple[int, str, str | None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Example:
    """One sample that differs: its contents on both sides (None where it is not there)."""

    id: int
    before: str | None
    after: str | None
    label_before: Any
    label_after: Any


@dataclass(slots=True)
class Group:
    """The samples that differ in one way: how many, by their status now, and the first few."""

    count: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class Comparison:
    """``before`` against ``after``. A sample may be both in ``text`` and in ``label``. ``labels``: name to how many there
    were and are; of several labels each counts, a number counts as it is written."""

    before: int = 0
    after: int = 0
    same: int = 0
    added: Group = field(default_factory=Group)
    removed: Group = field(default_factory=Group)
    text: Group = field(default_factory=Group)
    label: Group = field(default_factory=Group)
    labels: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def groups(self) -> dict[str, Group]:
        return {"added": self.added, "removed": self.removed, "text": self.text, "label": self.label}


@dataclass(slots=True)
class Restoring:
    """What putting a snapshot back would do. ``purged``: its samples that are not there any more; ``elsewhere``: those that
    are no generated samples (their label and fields are put back, but the data set never holds them)."""

    snapshot: Snapshot
    same: int = 0
    labels: int = 0
    fields: int = 0
    accepted: int = 0
    rejected: int = 0
    purged: int = 0
    elsewhere: int = 0
    changes: dict[int, Change] = field(default_factory=dict)


def find(store: Store, name: str) -> Snapshot:
    """A snapshot by its name or number; raises ``StoreError`` when there is none, or it was never finished."""
    row = store.one("SELECT id FROM snapshot WHERE name = ?", (name,))
    number = name.removeprefix("#")
    if row is None and number.isdecimal() and len(number) < 18:
        row = store.one("SELECT id FROM snapshot WHERE id = ?", (int(number),))
    if row is None:
        raise StoreError(f"There is no snapshot {name!r}; `workbench snapshot list` shows them.")
    found = snapshots.get(store, row[0])
    if found.sha256 is None:
        raise StoreError(f"Snapshot {name!r} was cut off before it was whole; make another one.")
    return found


def compare(store: Store, before: int, after: int | None = None, progress: Progress | None = None) -> Comparison:
    """A snapshot against another one, or (None) against the data set as it is now. ``progress`` counts samples passed."""
    found = Comparison()
    pairs, named = _Pairs(store, found), _NamesNow(store)
    ends = [snapshots.get(store, one).total for one in (before, after) if one is not None]
    total = sum(ends) if after is not None else 2 * ends[0]
    for old, new in merged(_frozen(store, before), _present(store) if after is None else _frozen(store, after)):
        pairs.take(named.of(old), named.of(new) if after is not None else new)
        done = found.before + found.after
        if progress is not None and done % 10_000 < 2:
            progress(done, max(done, total))
    pairs.look_up()
    found.labels = dict(sorted(found.labels.items(), key=lambda one: (-max(one[1]), one[0])))
    return found


def merged(left: Iterator[Frozen], right: Iterator[Frozen]) -> Iterator[tuple[Frozen | None, Frozen | None]]:
    """The samples of two sides in order of their numbers, those of the same number beside each other."""
    old, new = next(left, None), next(right, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old[0] < new[0]):
            yield old, None
            old = next(left, None)
        elif old is None or new[0] < old[0]:
            yield None, new
            new = next(right, None)
        else:
            yield old, new
            old, new = next(left, None), next(right, None)


def _frozen(store: Store, snapshot_id: int) -> Iterator[Frozen]:
    after = -1
    while chunk := store.read(
        "SELECT sample_id, fields, label FROM snapshot_sample INDEXED BY snapshot_sample_order "
        "WHERE snapshot_id = ? AND sample_id > ? ORDER BY sample_id LIMIT ?",
        (snapshot_id, after, READ),
    ):
        yield from chunk
        after = chunk[-1][0]


def _present(store: Store) -> Iterator[Frozen]:
    after = -1
    while chunk := store.read(
        f"SELECT id, ifnull(fields, original_fields), label FROM sample WHERE id > ? AND {DATA_SET} ORDER BY id LIMIT ?",
        (after, READ),
    ):
        yield from chunk
        after = chunk[-1][0]


class _Pairs:
    """Counts pairs of one sample; the statuses of those that differ are looked up a thousand at a time."""

    def __init__(self, store: Store, found: Comparison) -> None:
        self._store, self._found = store, found
        self._waiting: dict[int, list[Group]] = {}

    def take(self, old: Frozen | None, new: Frozen | None) -> None:
        found = self._found
        found.before += old is not None
        found.after += new is not None
        if old is None or new is None:
            one = old or new
            assert one is not None
            self._differs(found.added if old is None else found.removed, old, new)
        else:
            text, label = not alike(old[1], new[1]), not alike(old[2], new[2])
            found.same += not (text or label)
            if text:
                self._differs(found.text, old, new)
            if label:
                self._differs(found.label, old, new)
        for side, one in enumerate((old, new)):
            if one is not None:
                self._count(one[2], side)
        if len(self._waiting) >= READ:
            self.look_up()

    def _differs(self, group: Group, old: Frozen | None, new: Frozen | None) -> None:
        one = old or new
        assert one is not None
        group.count += 1
        self._waiting.setdefault(one[0], []).append(group)
        if len(group.examples) < EXAMPLES:
            group.examples.append(
                Example(one[0], _text(old), _text(new), _label(old and old[2]), _label(new and new[2]))
            )

    def _count(self, label: str | None, side: int) -> None:
        for name in _names(label):
            known = name if name in self._found.labels or len(self._found.labels) < LABELS else OTHERS
            now = self._found.labels.get(known, (0, 0))
            self._found.labels[known] = (now[0] + (side == 0), now[1] + (side == 1))

    def look_up(self) -> None:
        ids = list(self._waiting)
        known: dict[int, str] = {}
        for chunk in powers(ids, 512):
            marks = ",".join("?" * len(chunk))
            known.update(self._store.read(f"SELECT id, status FROM sample WHERE id IN ({marks})", list(chunk)))
        for sample_id, groups in self._waiting.items():
            status = known.get(sample_id, PURGED)
            for group in groups:
                group.by_status[status] = group.by_status.get(status, 0) + 1
        self._waiting.clear()


def alike(one: str | None, other: str | None) -> bool:
    """Whether two JSON texts say the same; None is null."""
    return one == other or _label(one) == _label(other)


def _label(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _text(one: Frozen | None) -> str | None:
    return None if one is None else text_of(json.loads(one[1]))


def _names(label: str | None) -> Sequence[str]:
    value = _label(label)
    if isinstance(value, list):
        return [one for one in value if isinstance(one, str)] or ["(none of them)"]
    if isinstance(value, dict):
        return ["(object)"]
    return [value if isinstance(value, str) else "(no label)" if value is None else f"{value}"]


def restoring(store: Store, snapshot: Snapshot, progress: Progress | None = None) -> Restoring:
    """What would make the data set equal to ``snapshot`` again; nothing is changed."""
    plan = Restoring(snapshot)
    alike_changes: dict[str, Change] = {}
    named = _NamesNow(store)
    for sample_id, was, now in _beside_samples(store, snapshot.id):
        frozen = named.of(was)
        if now is None:
            plan.purged += 1
            continue
        fields, label, inside, generated = now
        parts: dict[str, Any] = {}
        if frozen is None:
            parts["status"] = "rejected"
            plan.rejected += 1
        else:
            if not alike(frozen[2], label):
                parts["label"] = _label(frozen[2])
                plan.labels += 1
            if not alike(frozen[1], fields):
                parts["fields"] = json.loads(frozen[1])
                plan.fields += 1
            if generated and not inside:
                parts["status"] = "accepted"
                plan.accepted += 1
            plan.elsewhere += not generated
            plan.same += not parts
        if parts:
            made = _ruled(store, parts)
            # A million samples that go out are one change, not a million.
            plan.changes[sample_id] = made if "fields" in parts else alike_changes.setdefault(made.to_json(), made)
        if progress is not None and sample_id % 10_000 == 0:
            progress(min(sample_id, snapshot.total), snapshot.total)
    return plan


class _NamesNow:
    """What a snapshot froze, in the names that labels and fields have now: a renamed label is no difference.

    What a label or a set of fields' names becomes is remembered: changes are not read again for each of a million samples.
    """

    def __init__(self, store: Store) -> None:
        self._connection = store.connection
        changes = [one.change for one in renames.changes(store.connection)]
        self._labels = {name for one in changes if one.what == "label" for name in (*one.names, *one.into)}
        self._split = any(one.what == "label" and one.how == "split" for one in changes)
        self._fields = any(one.what == "field" for one in changes)
        self._known: dict[str, str] = {}
        self._alike: dict[tuple[str, ...], bool] = {}

    def of(self, frozen: Frozen | None) -> Frozen | None:
        if frozen is None or not (self._labels or self._fields):
            return frozen
        sample_id, fields, label = frozen
        return sample_id, self._contents(fields) if self._fields else fields, self._label(sample_id, label)

    def _contents(self, fields: str) -> str:
        contents = json.loads(fields)
        names = tuple(contents)
        if self._alike.get(names):
            return fields
        now = renames.fields_now(self._connection, contents, whole=True)
        if len(self._alike) < LABELS:
            self._alike[names] = tuple(now) == names
        return encode(now)

    def _label(self, sample_id: int, label: str | None) -> str | None:
        if label is None or not self._labels:
            return label
        if (now := self._known.get(label)) is None:
            value = json.loads(label)
            said = [value] if isinstance(value, str) else value if isinstance(value, list) else []
            met = any(isinstance(one, str) and one in self._labels for one in said)
            if met and self._split:  # which of the new names it is depends on the sample
                return encode(renames.label_now(self._connection, value, sample_id))
            now = encode(renames.label_now(self._connection, value)) if met else label
            if len(self._known) < LABELS:
                self._known[label] = now
        return now


def _ruled(store: Store, parts: dict[str, Any]) -> Change:
    """Where labels and statuses need agreement, one person's word stands only as a ruling."""
    said = [name for name in ("label", "status") if name in parts]
    if said and policies.in_force(store.connection).name == "agreement":
        return Change(**parts, ruling=",".join(said))
    return Change(**parts)


_Now = tuple[str, str | None, bool, bool]


def _beside_samples(store: Store, snapshot_id: int) -> Iterator[tuple[int, Frozen | None, _Now | None]]:
    """Every sample of the snapshot or of the data set: (number, as frozen or None, (fields, label, in the data set,
    generated) or None when it is not there any more)."""
    waiting: list[tuple[Frozen | None, Frozen | None]] = []

    def ready() -> Iterator[tuple[int, Frozen | None, _Now | None]]:
        missing = [old[0] for old, new in waiting if old is not None and new is None]
        outside: dict[int, _Now] = {}
        for chunk in powers(missing, 512):
            for row in store.read(
                "SELECT id, ifnull(fields, original_fields), label, origin = 'synthetic' FROM sample "
                f"WHERE id IN ({','.join('?' * len(chunk))})",
                list(chunk),
            ):
                outside[row[0]] = (row[1], row[2], False, bool(row[3]))
        for old, new in waiting:
            if new is not None:
                yield new[0], old, (new[1], new[2], True, True)
            elif old is not None:
                yield old[0], old, outside.get(old[0])
        waiting.clear()

    for pair in merged(_frozen(store, snapshot_id), _present(store)):
        waiting.append(pair)
        if len(waiting) >= READ:
            yield from ready()
    yield from ready()


def restore(store: Store, annotator_id: int, plan: Restoring, progress: Progress | None = None) -> Act | None:
    """Do what ``restoring`` found as one undoable act; None when there is nothing to do."""
    if not plan.changes:
        return None
    return acts.apply_each(store, annotator_id, plan.changes, kind="restore", progress=progress)
