"""Agreement of a project's people and models: which opinions are compared, on which level, and what comes of it.

By the shape of the task's labels: one of them is nominal; a number on a scale is interval; sets are compared by MASI
distance (Passonneau 2006) and, label by label, as put in or not; objects and spans as wholes (equal or not) and field by
field; where samples have no labels, people agree about the status.
"""

from __future__ import annotations

import json
import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from workbench.learn.agreement import Agreement, Level, agreement
from workbench.learn.agreement_distances import masi
from workbench.learn.crowd import Votes, dawid_skene
from workbench.store import disputes, people, views
from workbench.store.connection import Store
from workbench.store.encoding import encode

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Different values up to which who confuses what is counted, and different sets that are compared by their distance.
CONFUSED = 200
_SETS = 2000
#: Labels, fields or cells that are reported by themselves.
_LISTED = 100


@dataclass(frozen=True, slots=True)
class Person:
    """One annotator, person or model. ``accuracy`` is the share of their opinions that are right if Dawid and Skene's model
    holds (None where it cannot tell: fewer than two annotators); ``sure``: whether it was fitted to its end."""

    name: str
    model: bool
    opinions: int
    accuracy: float | None
    sure: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Agreement as it is shown: ``annotators`` in the order that pairs mean; ``confusions`` (a, b, label of a, label of b, n)
    for the commonest differences of each pair."""

    shape: str
    level: str
    annotators: list[Person]
    people: Agreement
    everybody: Agreement | None
    parts: dict[str, Agreement]
    confusions: list[tuple[str, str, str, str, int]]
    note: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def level_of(shape: str) -> Level:
    return "interval" if shape == "number" else "nominal"


@dataclass(frozen=True, slots=True)
class _Table:
    """Opinions as numbers: ``sample``, ``who`` and ``text`` ``(m,)`` int64; ``values`` what each different text says."""

    sample: Array
    who: Array
    text: Array
    values: list[Any]

    def where(self, mask: Array) -> _Table:
        return _Table(self.sample[mask], self.who[mask], self.text[mask], self.values)

    @property
    def items(self) -> Array:
        import numpy

        return numpy.unique(self.sample, return_inverse=True)[1]


def report(store: Store, *, view: str = "", level: Level | None = None, models: bool = True) -> Report:
    """Agreement about the samples of a view (all: everything that people spoke of). Loads numpy: not for the screen's process.

    ``models`` adds the first suggestion of each model, and the labels as generated, beside the people.
    """
    import numpy

    outline = store.project.outline
    shape = outline.label_shape
    part: Literal["label", "status"] = "status" if shape == "none" else "label"
    table, order, humans = _read(store, part, models)
    if view:
        wanted = numpy.sort(numpy.frombuffer(views.ids(store, views.parse(view)), numpy.int64))
        table = table.where(numpy.isin(table.sample, wanted))
    said = numpy.bincount(table.who, minlength=len(order))
    present = [place for place in range(len(order)) if said[place]]
    humans = sum(place < humans for place in present)
    table = replace(table, who=numpy.searchsorted(present, table.who) if present else table.who)
    order = [order[place] for place in present]
    chosen: Level = level or level_of(shape)
    known = [label.name for label in outline.labels]
    of_people = table.where(table.who < humans)
    return Report(
        shape,
        chosen,
        _reliability(table, order, humans),
        _measured(of_people, shape, chosen, known),
        _measured(table, shape, chosen, known) if len(order) > humans else None,
        _parts(of_people, shape),
        _confusions(table, order),
        "" if len(table.sample) else "Nobody has said anything about these samples yet.",
    )


def _read(store: Store, part: Literal["label", "status"], models: bool) -> tuple[_Table, list[str], int]:
    """All opinions, the annotators' names (people first), and how many of them are people."""
    import numpy

    names = disputes.names(store)
    who_of: dict[int | str, int] = {}
    samples, whos, texts = array("q"), array("q"), array("q")
    codes: dict[str, int] = {}
    order = sorted(names, key=lambda number: names[number])
    who_of.update((number, place) for place, number in enumerate(order))
    for sample, number, text in people.opinions_of(store, part):
        samples.append(sample)
        whos.append(who_of[number])
        texts.append(codes.setdefault(text, len(codes)))
    listed = [names[number] for number in order]
    if models and part == "label":
        for sample, name, text in people.model_opinions(store):
            if name not in who_of:
                who_of[name] = len(listed)
                listed.append(name)
            samples.append(sample)
            whos.append(who_of[name])
            texts.append(codes.setdefault(text, len(codes)))
    values = [json.loads(text) if part == "label" else text for text in codes]
    columns = [numpy.array(column, numpy.int64) for column in (samples, whos, texts)]
    return _Table(columns[0], columns[1], columns[2], values), listed, len(order)


def _measured(table: _Table, shape: str, level: Level, known: Sequence[str]) -> Agreement:
    import numpy

    if level in ("interval", "ratio"):
        numbers = numpy.array([_number(value) for value in table.values], numpy.float64)[table.text]
        kept = table.where(~numpy.isnan(numbers))
        return agreement(kept.items, kept.who, numbers[~numpy.isnan(numbers)], level=level)
    keys = [_key(value, shape) for value in table.values]
    # On the ordinal level labels are in the order of the settings.
    places = {key: place for place, key in enumerate(dict.fromkeys([*map(encode, known), *keys]))}
    codes = numpy.array([places[key] for key in keys], numpy.int64)[table.text]
    distance = None
    if shape == "many" and level == "nominal" and len(places) <= _SETS:
        distance = masi([one if isinstance(one := json.loads(key), list) else [str(one)] for key in places])
    return agreement(table.items, table.who, codes, level=level, distance=distance)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _key(value: Any, shape: str) -> str:
    if shape == "many" and isinstance(value, list):
        return encode(sorted({str(one) for one in value}))
    return encode(value)


def _parts(table: _Table, shape: str) -> dict[str, Agreement]:
    """Sets: each label as put in or not. Objects: each field as equal or not."""
    import numpy

    times = numpy.bincount(table.text, minlength=len(table.values))
    wanted: Counter[str] = Counter()
    if shape == "many":
        for value, n in zip(table.values, times, strict=True):
            wanted.update({name: int(n) for name in _strings(value)})
        return {
            name: _measured(
                replace(table, values=[name in _strings(value) for value in table.values]), "one", "nominal", ()
            )
            for name, _ in wanted.most_common(_LISTED)
        }
    if shape == "object":
        objects = numpy.array([isinstance(value, dict) for value in table.values], bool)
        kept = table.where(objects[table.text])
        for value, n in zip(table.values, times, strict=True):
            wanted.update({name: int(n) for name in value} if isinstance(value, dict) else {})
        return {
            name: _measured(
                replace(kept, values=[value.get(name) if isinstance(value, dict) else None for value in table.values]),
                "object", "nominal", (),
            )
            for name, _ in wanted.most_common(_LISTED)
        }  # fmt: skip
    return {}


def _strings(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _reliability(table: _Table, order: Sequence[str], humans: int) -> list[Person]:
    """How often each is right, by Dawid and Skene's model of who errs how."""
    import numpy

    number = numpy.bincount(table.who, minlength=len(order))
    unknown = [Person(who, place >= humans, int(number[place]), None, False) for place, who in enumerate(order)]
    used, text = numpy.unique(table.text, return_inverse=True)
    if len(order) < 2 or not 2 <= len(used) <= CONFUSED:
        return unknown
    items = table.items
    if int(numpy.bincount(items).max()) < 2:
        return unknown
    votes = Votes(items, table.who, text, int(items.max()) + 1, len(order), len(used))
    fitted = dawid_skene(votes, smoothing=0.01)
    right = numpy.bincount(votes.source, weights=fitted.posterior[votes.item, votes.label], minlength=len(order))
    return [
        replace(one, accuracy=float(right[place]) / one.opinions, sure=fitted.converged)
        for place, one in enumerate(unknown)
    ]


def _confusions(table: _Table, order: Sequence[str]) -> list[tuple[str, str, str, str, int]]:
    """What each pair of annotators said of the same samples (labels as JSON texts), commonest differences first."""
    import numpy

    keys = [encode(value) for value in table.values]
    found: list[tuple[str, str, str, str, int]] = []
    columns = [table.where(table.who == place) for place in range(len(order))]
    for a, one in enumerate(columns):
        for b, two in enumerate(columns[a + 1 :], a + 1):
            _, left, right = numpy.intersect1d(one.sample, two.sample, assume_unique=True, return_indices=True)
            cells, times = numpy.unique(one.text[left] * len(keys) + two.text[right], return_counts=True)
            listed = [
                (keys[cell // len(keys)], keys[cell % len(keys)], n)
                for cell, n in zip(cells.tolist(), times.tolist(), strict=True)
            ]
            listed.sort(key=lambda cell: (cell[0] == cell[1], -cell[2], cell[:2]))
            found += [(order[a], order[b], *cell) for cell in listed[:_LISTED]]
    return found
