"""What all coefficients of agreement are made from: the pairs of opinions about one item, and how far apart they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.learn import agreement_distances as squares

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

LEVELS = ("nominal", "ordinal", "interval", "ratio")
#: Different values up to which there is a table of all their differences (128 MB).
TABLED = 4096
#: Groups of the jackknife, and cells of the table by group and value up to which there is an interval.
GROUPS = 100
_CELLS = 20_000_000


@dataclass
class Observed:
    """Opinions in order of items. ``item``, ``rater``, ``code`` ``(m,)``; ``known`` ``(k,)`` the values of the codes, in
    order; ``first`` and ``second`` ``(p,)`` are places of two opinions about one item, the smaller rater first; ``weight``
    ``(p,)`` is ``1 / (m_u - 1)``; ``per_unit`` counts the opinions of each item; ``totals`` ``(k,)`` how many pairable
    opinions (of items with two or more) have each value."""

    item: Array
    rater: Array
    code: Array
    known: Array
    raters: int
    per_unit: Array
    first: Array
    second: Array
    level: str
    distance: Array | None

    @cached_property
    def equal(self) -> Array:
        found: Array = self.code[self.first] == self.code[self.second]
        return found

    @cached_property
    def weight(self) -> Array:
        import numpy

        each: Array = 1 / numpy.maximum(self.per_unit - 1, 1)
        return each[self.item[self.first]]

    @cached_property
    def pairable(self) -> Array:
        return self.per_unit[self.item] > 1

    @cached_property
    def totals(self) -> Array:
        import numpy

        return numpy.bincount(self.code[self.pairable], minlength=len(self.known))

    @property
    def units(self) -> int:
        return int((self.per_unit > 1).sum())

    @property
    def all_units(self) -> int:
        return int((self.per_unit > 0).sum())

    @cached_property
    def modal(self) -> int:
        """The commonest number of opinions about an item, of two or more; 0 when there is none."""
        import numpy

        sizes = numpy.bincount(self.per_unit)[2:]
        return int(sizes.argmax()) + 2 if sizes.any() else 0

    @property
    def modal_units(self) -> int:
        return int((self.per_unit == self.modal).sum()) if self.modal else 0

    def disagreement(self) -> tuple[Array, Array, Array]:
        """``A``, ``E`` and ``n`` of all items, then of all without each group of the jackknife, ``(1 + groups,)``."""
        import numpy

        units = numpy.flatnonzero(self.per_unit > 1)
        groups = min(GROUPS, len(units))
        if groups * len(self.known) > _CELLS:
            groups = 0
        group_of = numpy.zeros(len(self.per_unit), numpy.int64)
        if groups > 1:
            # Mixed, seeded: neighbours in the order of samples often come from one job.
            group_of[units] = numpy.random.default_rng(0).permutation(len(units)) % groups
        else:
            groups = 1
        k = len(self.known)
        of_pair = group_of[self.item[self.first]]
        of_opinion, code = group_of[self.item[self.pairable]], self.code[self.pairable]
        parts = numpy.bincount(of_opinion * k + code, minlength=groups * k).reshape(groups, k).astype(numpy.float64)
        counts = _without(parts)
        left, right = self.code[self.first], self.code[self.second]
        if self.level == "ordinal" and self.distance is None:
            tables = numpy.bincount(
                (of_pair * k + left) * k + right, weights=2 * self.weight, minlength=groups * k * k
            ).reshape(groups, k, k) if groups * k * k <= _CELLS else numpy.bincount(
                left * k + right, weights=2 * self.weight, minlength=k * k
            ).reshape(1, k, k)  # fmt: skip
            if len(tables) != groups:
                counts = counts[:1]
            disagreed, expected = squares.ordinal(_without(tables)[: len(counts)], counts)
            return disagreed, expected, counts.sum(axis=1)
        apart = squares.between(self.level, self.known, left, right, self.distance)
        sums = numpy.bincount(of_pair, weights=2 * self.weight * apart, minlength=groups)
        return _without(sums), squares.among(self.level, self.known, counts, self.distance), counts.sum(axis=1)


def _without(parts: Array) -> Array:
    """The sum of all parts, then the sum without each of them."""
    import numpy

    whole = parts.sum(axis=0, keepdims=True)
    return whole if len(parts) < 2 else numpy.concatenate([whole, whole - parts])


def observe(items: Array, raters: Array, values: Array, level: str, distance: Array | None) -> Observed:
    """Put opinions in order and find all pairs; raises ``ValueError`` (see ``agreement.agreement``)."""
    import numpy

    item, rater = numpy.asarray(items, numpy.int64), numpy.asarray(raters, numpy.int64)
    value = numpy.asarray(values)
    if level not in LEVELS:
        raise ValueError(f"level {level!r}: there are {', '.join(LEVELS)}")
    if not len(item) == len(rater) == len(value):
        raise ValueError("items, raters and values should be equally many")
    known, code = _codes(value)
    if level == "ratio" and len(known) and known[0] < 0:
        raise ValueError("ratios cannot be negative")
    if len(known) > TABLED and (distance is not None or level in ("ordinal", "ratio")):
        raise ValueError(f"{len(known):,} different values are too many for the {level} level (at most {TABLED:,})")
    count = int(rater.max()) + 1 if len(rater) else 0
    key = item * count + rater
    if len(key) and not (numpy.diff(key) > 0).all():
        order = numpy.argsort(key, kind="stable")
        item, rater, code, key = item[order], rater[order], code[order], key[order]
        if (numpy.diff(key) == 0).any():
            raise ValueError("an annotator has two opinions about one item")
    per_unit = numpy.bincount(item)
    first, second = [], []
    for lag in range(1, int(per_unit.max()) if len(item) else 1):
        here = numpy.flatnonzero(item[lag:] == item[:-lag])
        first.append(here)
        second.append(here + lag)
    empty = numpy.zeros(0, numpy.int64)
    return Observed(
        item, rater, code, known, count, per_unit,
        numpy.concatenate(first) if first else empty, numpy.concatenate(second) if second else empty, level, distance,
    )  # fmt: skip


def _codes(value: Array) -> tuple[Array, Array]:
    """The different values in order, and which of them each is. Small whole numbers need no sorting."""
    import numpy

    if value.dtype.kind in "iu" and len(value) and value.min() >= 0 and value.max() < 65_536:
        known = numpy.flatnonzero(numpy.bincount(value))
        place = numpy.zeros(int(value.max()) + 1, numpy.int64)
        place[known] = numpy.arange(len(known))
        return known.astype(numpy.float64), place[value]
    number = value.astype(numpy.float64)
    if not numpy.isfinite(number).all():
        raise ValueError("values should be finite numbers; leave out what is missing")
    return numpy.unique(number, return_inverse=True)
