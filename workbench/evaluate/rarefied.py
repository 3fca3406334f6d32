"""Data sets of unequal size compared fairly: on one scale, drawn down to one size."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from workbench.errors import UsageError
from workbench.evaluate.base import Material, Metric, evaluate
from workbench.evaluate.corpus import MAP, SAMPLES, SCALE, corpora, data_set, scale, text_map
from workbench.evaluate.estimates import CHECKED_FROM
from workbench.evaluate.text_map import Scale, embedded_map, projected_map

#: Disjoint draws that a value at a smaller size is the mean of.
DRAWS = 5


def common_scale(materials: Sequence[Material]) -> None:
    """Gives all ``materials`` one set of word weights and one map of texts: how rare words are is counted over all
    their different texts together.

    Otherwise each has its own, and Vendi score, APS, nearest distance and clusters of two sets are on two scales. Call it
    before the first metric: a material that has a scale already raises ``UsageError``.
    """
    if not materials:
        return
    held = [corpus for material in materials for corpus in corpora(material)]
    # Each text once: one that stands in several data sets must not make its words common.
    known: set[str] = set()
    distinct = []
    for corpus in held:
        first = {text: place for place, text in reversed(list(enumerate(corpus.texts))) if text not in known}
        known |= first.keys()
        fresh = sorted(first.values())
        distinct.append(corpus if len(fresh) == len(corpus.texts) else corpus.at(fresh))
    weights = Scale(distinct, held)
    embed = next((material.embed for material in materials if material.embed is not None), None)
    rows = embedded_map(embed) if embed is not None else projected_map(weights)
    for material in materials:
        if material.shared(SCALE, lambda: weights) is not weights or material.shared(MAP, lambda: rows) is not rows:
            raise UsageError("The data sets were measured already, each on its own scale: begin with fresh ones.")


def at_size(material: Material, names: Iterable[str], size: int) -> dict[str, Metric]:
    """The metrics called ``names`` of the material drawn down to ``size`` texts.

    Each value is the mean over up to ``DRAWS`` disjoint seeded draws, its interval that of the mean:
    ``error^2 = sum of the draws' error^2 / draws^2``, an error being the half width of a draw's interval, each side for itself.
    Details: ``size``, ``draws``, ``drawn_from``, ``values``. Draws are kept in ``material``: a second call with the same
    size cuts nothing again. Without seeds' lines. Raises ``UsageError`` when there are fewer than ``size`` samples.
    """
    drawn = _drawn(material, size)
    found = [evaluate(part, names) for part in drawn]
    return {name: _mean([result[name] for result in found], size, len(material.samples)) for name in found[0]}


def _drawn(material: Material, size: int) -> list[Material]:
    count = len(material.samples)
    if not 0 < size <= count:
        raise UsageError(f"{size:,} of {count:,} samples cannot be drawn: choose a size from 1 to {count:,}.")

    def draw() -> list[Material]:
        import numpy as np

        shuffled = np.random.default_rng([material.seed, size]).permutation(count)
        return [_part(material, np.sort(shuffled[i * size : (i + 1) * size])) for i in range(min(DRAWS, count // size))]

    return material.shared(("rarefied", size), draw)


def _part(material: Material, places: Any) -> Material:
    from workbench.evaluate.diversity.cluster_coverage import clusters

    part = replace(
        material,
        samples=[material.samples[place] for place in places.tolist()],
        seeds=(),
        progress=lambda done, total, name: None,
    )
    whole = data_set(material)
    rows = text_map(material)
    part.shared(SAMPLES, lambda: whole if len(places) == len(whole.texts) else whole.at(places))
    part.shared(SCALE, lambda: scale(material))
    part.shared(MAP, lambda: rows)
    part.shared("diversity:clusters", lambda: clusters(material, rows))
    return part


def _mean(draws: Sequence[Metric], size: int, count: int) -> Metric:
    first = draws[0]
    values = [draw.value for draw in draws if draw.value is not None]
    if len(values) < len(draws):
        return next(draw for draw in draws if draw.value is None)
    details = {"size": size, "draws": len(draws), "drawn_from": count, "values": values}
    value = sum(values) / len(values)
    found = replace(first, value=value, low=None, high=None, details=details)
    ends = [(draw.low, draw.high) for draw in draws]
    below = [value - low for value, (low, _) in zip(values, ends, strict=True) if low is not None]
    above = [high - value for value, (_, high) in zip(values, ends, strict=True) if high is not None]
    if len(below) < len(draws) or len(above) < len(draws):
        return found
    low, high = (math.sqrt(sum(width**2 for width in widths)) / len(draws) for widths in (below, above))
    return replace(found, low=value - low, high=value + high, rough=size < CHECKED_FROM or first.rough)
