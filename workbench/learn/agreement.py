"""Agreement of several annotators, with samples that not everybody labelled: percent, Cohen, Fleiss, Krippendorff.

Sources: Cohen 1960, *A coefficient of agreement for nominal scales* (kappa) and 1968, *Weighted kappa*; Fleiss 1971,
*Measuring nominal scale agreement among many raters*; Krippendorff 2011, *Computing Krippendorff's
alpha-reliability*; Cicchetti, Feinstein 1990, *High agreement but low kappa II* (agreement on one label). The interval of
alpha is a delete-a-group jackknife over items (Kott 2001, *The delete-a-group jackknife*; with fewer than 100 items each
is a group, the jackknife of Efron, Tibshirani 1993, chapter 11).

Opinions are three arrays ``(m,)``: which item, which rater, which value. All sums are over the pairs of opinions about
one item, so the cost is that of the pairs: ``O(sum of m_u^2)`` with ``m_u`` opinions about item u.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from workbench.learn import agreement_distances as squares
from workbench.learn.agreement_pairs import Observed, observe

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

Level = Literal["nominal", "ordinal", "interval", "ratio"]

#: 97.5 % quantile of Student's t for few degrees of freedom, then of the normal distribution.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient, its 95 % interval where there is one, and a sentence where it is undefined (``value`` None)."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two raters (numbers), how many items both spoke of, the share on which they agree, and Cohen's kappa; on ordered
    levels also weighted by distance and by squared distance (of ranks; on interval and ratio levels, of values)."""

    a: int
    b: int
    items: int
    percent: float | None
    kappa: Coefficient
    linear: Coefficient | None = None
    quadratic: Coefficient | None = None


@dataclass(frozen=True, slots=True)
class OneLabel:
    """Agreement on one value: ``share`` of the opinions paired with it that say it too (specific agreement), and alpha of
    this value against all others. ``opinions``: how many pairable opinions say it."""

    value: float
    opinions: int
    share: float | None
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of all raters. ``items``: with two opinions or more (of ``all_items``); ``opinions``: about those;
    ``pairs``: of opinions about one item; ``percent``: the share of pairs that are equal. ``fleiss`` is about the
    ``fleiss_items`` items with exactly ``fleiss_raters`` opinions (the commonest number of two or more)."""

    items: int
    all_items: int
    opinions: int
    pairs: int
    percent: float | None
    fleiss: Coefficient
    fleiss_items: int
    fleiss_raters: int
    krippendorff: Coefficient
    cohen: tuple[Pair, ...]
    labels: tuple[OneLabel, ...]
    level: str


def agreement(
    items: Array, raters: Array, values: Array, *, level: Level = "nominal", distance: Array | None = None
) -> Agreement:
    """All coefficients of some opinions.

    ``items`` and ``raters`` are whole numbers from 0; ``values`` numbers: codes in nominal data, codes in their order in
    ordinal data, the numbers themselves on interval and ratio levels. ``distance`` ``(k, k)``: squared differences of the
    codes 0 to k-1 instead of the level's (of sets: ``sets.masi``); it concerns alpha alone. Raises ``ValueError`` for
    another level, arrays of different lengths, values that are no numbers, two opinions of one rater about one item,
    negative ratios, and ordinal or ratio data of more than 4,096 different values.
    """
    seen = observe(items, raters, values, level, distance)
    labels = tuple(
        OneLabel(float(value), int(n), share, alpha)
        for value, n, share, alpha in zip(seen.known, seen.totals, *_each_label(seen), strict=True)
        if n
    )
    return Agreement(
        items=seen.units,
        all_items=seen.all_units,
        opinions=int(seen.totals.sum()),
        pairs=len(seen.first),
        percent=float(seen.equal.mean()) if len(seen.first) else None,
        fleiss=_fleiss(seen),
        fleiss_items=seen.modal_units,
        fleiss_raters=seen.modal,
        krippendorff=_krippendorff(seen),
        cohen=tuple(_cohen(seen, level)),
        labels=labels if len(labels) <= 1000 else (),
        level=level,
    )


def _nothing(seen: Observed) -> str:
    """Why nothing can be said, or an empty text."""
    import numpy

    if not len(seen.item):
        return "Nobody has said anything yet."
    if not len(seen.first) and len(numpy.unique(seen.rater)) < 2:
        return "Only one annotator has spoken; agreement needs two."
    if not len(seen.first):
        return "No two annotators have spoken about the same sample."
    return ""


def _one_value(seen: Observed) -> str:
    return (
        "Everybody gave the same label to everything that several people labelled; what agreement by chance would be "
        "cannot be told."
    )


def _fleiss(seen: Observed) -> Coefficient:
    """``(P - Pe) / (1 - Pe)``; ``P`` the share of equal pairs, ``Pe`` the sum of the labels' squared shares."""
    import numpy

    if reason := _nothing(seen):
        return Coefficient(None, reason=reason)
    chosen = seen.per_unit[seen.item] == seen.modal
    shares = numpy.bincount(seen.code[chosen], minlength=len(seen.known)) / chosen.sum()
    by_chance = float((shares**2).sum())
    of_pairs = seen.per_unit[seen.item[seen.first]] == seen.modal
    agree = float(seen.equal[of_pairs].mean())
    if by_chance >= 1.0:
        return Coefficient(None, reason=_one_value(seen))
    return Coefficient((agree - by_chance) / (1 - by_chance))


def _krippendorff(seen: Observed) -> Coefficient:
    """``1 - (n - 1) A / E``: ``A`` sums the squared differences of pairs, each over ``m_u - 1``, ``E`` those of all pairs of
    pairable values."""
    import numpy

    if reason := _nothing(seen):
        return Coefficient(None, reason=reason)
    disagreed, expected, n = seen.disagreement()
    if expected[0] <= 0:
        return Coefficient(None, reason=_one_value(seen))
    value = 1 - (n[0] - 1) * disagreed[0] / expected[0]
    groups = len(n) - 1
    if groups < 2 or disagreed[0] == 0 or (expected[1:] <= 0).any():
        return Coefficient(
            float(value)
        )  # without any disagreement all groups are alike: an interval would claim too much
    left_out = 1 - (n[1:] - 1) * disagreed[1:] / expected[1:]
    spread = math.sqrt((groups - 1) / groups * float(numpy.square(left_out - left_out.mean()).sum()))
    half = (_T[groups - 2] if groups - 2 < len(_T) else 1.96 + 2.5 / (groups - 1)) * spread
    return Coefficient(float(value), max(-1.0, float(value - half)), min(1.0, float(value + half)))


def _each_label(seen: Observed) -> tuple[list[float | None], list[float | None]]:
    """Specific agreement and alpha against the rest, value by value."""
    import numpy

    k = len(seen.known)
    left, right = seen.code[seen.first], seen.code[seen.second]
    said = numpy.bincount(left, minlength=k) + numpy.bincount(right, minlength=k)
    same = numpy.bincount(left[seen.equal], minlength=k)
    # An agreeing pair stands for two cells of the coincidence matrix, each over m_u - 1.
    both = 2 * numpy.bincount(left[seen.equal], weights=seen.weight[seen.equal], minlength=k)
    n, totals = int(seen.totals.sum()), seen.totals
    shares = [2 * float(a) / float(b) if b else None for a, b in zip(same, said, strict=True)]
    alphas = [
        1 - (n - 1) * float(one - diagonal) / float(one * (n - one)) if 0 < one < n else None
        for one, diagonal in zip(totals, both, strict=True)
    ]
    return shares, alphas


def _cohen(seen: Observed, level: Level) -> list[Pair]:
    """Each pair of raters who spoke of common items; ``1 - sum(w O) / sum(w E)`` with weights that grow with distance."""
    import numpy

    if not len(seen.first):
        return []
    r, k = seen.raters, len(seen.known)
    one, two = seen.rater[seen.first], seen.rater[seen.second]
    pair = one * r + two
    left, right = seen.code[seen.first], seen.code[seen.second]
    present, where, sizes = numpy.unique(pair, return_inverse=True, return_counts=True)
    agree = numpy.bincount(where, weights=seen.equal, minlength=len(present))
    rows = numpy.bincount(where * k + left, minlength=len(present) * k).reshape(-1, k)
    columns = numpy.bincount(where * k + right, minlength=len(present) * k).reshape(-1, k)
    found = []
    weighted: dict[str, tuple[Array, Array]] = {}
    if level != "nominal":
        at = seen.known if level in ("interval", "ratio") else squares.ranks(seen.known)
        for name, power in (("linear", 1), ("quadratic", 2)):
            apart = numpy.bincount(where, weights=numpy.abs(at[left] - at[right]) ** power, minlength=len(present))
            weighted[name] = apart, squares.expected(rows, columns, at, power)
    for place, code in enumerate(present):
        a, b, n = int(code) // r, int(code) % r, int(sizes[place])
        share = float(agree[place]) / n
        chance = float((rows[place] * columns[place]).sum()) / (n * n)
        more = {
            name: _kappa(float(apart[place]) / n, float(chances[place]) / (n * n))
            for name, (apart, chances) in weighted.items()
        }
        found.append(Pair(a, b, n, share, _kappa(1 - share, 1 - chance), **more))
    return found


def _kappa(apart: float, by_chance: float) -> Coefficient:
    if by_chance <= 0:
        return Coefficient(
            None,
            reason="Both gave one and the same label throughout; what agreement by chance would be cannot be told.",
        )
    return Coefficient(1 - apart / by_chance)
