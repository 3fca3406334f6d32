"""MAUVE: does the data set cover what real rows cover, no less and no more?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import text_map
from workbench.evaluate.fidelity.reference import Sides, around, halves, lacking, sides, unknown

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

NAME = "fidelity.mauve"
#: Samples of a side at most, and at least; under ``ROUGH`` the interval is rough.
MOST, FEWEST, ROUGH = 5_000, 20, 300
#: One bucket for so many samples of a side (the papers' rule), two at least.
PER_BUCKET = 10
#: Draws for the interval and for what chance alone would show.
DRAWS = 300
#: Samples of buckets in which they are this many times as frequent as real rows are listed.
UNLIKE, LISTED = 3.0, 1000


@METRICS.register(NAME)
def mauve(material: Material) -> list[Metric]:
    """Area under the divergence frontier of samples and real rows, 0 to 1; 1 where both are spread the same way.

    Both sides, equally many (at most 5,000, drawn), are put into k-means buckets together, a tenth as many as there are
    samples of a side; histograms are smoothed by Krichevsky-Trofimov, ``c = 5`` (Pillutla et al., NeurIPS 2021; JMLR 24,
    2023). Features are rows of the project's embedding model, else of ``evaluate.text_map``: values on other features,
    among them published ones on GPT-2's, do not compare. The interval is a bootstrap over the histograms' counts.

    Details: ``same_source`` is what two random draws of both sides mixed give (``mean``, ``low`` its 5 % end), ``p`` how
    often those are as low as the value; ``seeds`` the value of two halves of the real rows, ``same_size`` the samples'
    and that value at the halves' size. ``behind["unlike_real"]``: samples in buckets where real rows are rare.
    """
    import numpy

    found = sides(material, MOST)
    if (why := lacking(found, FEWEST)) is not None:
        return [unknown(NAME, why, "area", "higher")]
    from workbench.learn.mauve import frontier_area, quantise, smoothed

    rows, features = _features(material, found)
    size = found.size
    buckets = max(2, round(size / PER_BUCKET))
    member = quantise(rows, buckets, material.seed)
    mine, theirs = member[:size], member[size:]

    def counted(places: Array) -> Array:
        return numpy.bincount(places, minlength=buckets)

    def area(first: Array, second: Array) -> Array:
        return frontier_area(smoothed(first), smoothed(second))

    p, q = counted(mine), counted(theirs)
    value = min(1.0, float(area(p, q)[0]))
    random = numpy.random.default_rng(material.seed)
    # From smoothed shares: a bucket that one side happens to miss may be met by another draw of it.
    again = area(random.multinomial(size, smoothed(p), DRAWS), random.multinomial(size, smoothed(q), DRAWS))
    low, high = around(value, again)
    mixed = random.multivariate_hypergeometric(p + q, size, DRAWS, method="marginals")
    chance = area(mixed, p + q - mixed)
    one, other = halves(size, material.seed)
    half = counted(theirs[other])
    details: dict[str, Any] = {
        **found.details,
        "features": features,
        "buckets": buckets,
        "same_source": {"mean": float(chance.mean()), "low": float(numpy.quantile(chance, 0.05))},
        "p": (1 + int((chance <= value).sum())) / (1 + DRAWS),
        "seeds": float(area(counted(theirs[one]), half)[0]),
        "behind": {"unlike_real": _unlike(found, mine, p, q)},
    }
    details["same_size"] = {
        "count": len(one),
        "samples": float(area(counted(mine[one]), half)[0]),
        "seeds": details["seeds"],
    }
    note = (
        f"1 is the same; {size:,} samples and {size:,} {found.which} in {buckets:,} buckets of {features}. "
        f"Two draws of one source would give {details['same_source']['mean']:.2f} "
        f"({details['same_source']['low']:.2f} or more, 19 times of 20)."
    )
    return [Metric(NAME, value, low, high, note, "area", "higher", details, rough=size < ROUGH)]


def _features(material: Material, found: Sides) -> tuple[Array, str]:
    """Rows of the samples and then of the real rows, and what they are."""
    import numpy

    shared = text_map(material)
    mine, theirs = found.corpora(material)
    return numpy.concatenate([shared.rows(mine)[found.chosen], shared.rows(theirs)[found.chosen_real]]), shared.name


def _unlike(found: Sides, mine: Array, p: Array, q: Array) -> list[int]:
    """Ids of samples in buckets that hold few real rows, from those where real rows are rarest."""
    import numpy

    ratio = (p + 0.5) / (q + 0.5)
    order = numpy.argsort(-ratio[mine], kind="stable")[:LISTED]
    return [found.samples[place].id for place in order.tolist() if ratio[mine[place]] >= UNLIKE]
