"""Label shift: are the labels as frequent as in real rows?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.evaluate.base import METRICS, Material, Metric, Sample, needs
from workbench.evaluate.downstream import labelled
from workbench.evaluate.fidelity.reference import NO_REAL, around, halves, real_rows, unknown
from workbench.learn.intervals import wilson

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

NAME = "fidelity.label_shift"
DRAWS = 1000
#: The test's p-value and the interval need as many of each label as this, expected on either side.
EXPECTED = 5


@METRICS.register(NAME)
@needs("labels")
def label_shift(material: Material) -> list[Metric]:
    """Total variation distance of the label shares: ``1/2 sum_c |p_c - q_c|``, 0 (the same) to 1 (no label in common).

    p are the resolved labels of the samples, q those of the real rows; both among the project's labels. It is the share
    of samples that would have to change their label. The interval is a bootstrap of both sides' counts, laid around the
    value. Details: ``per_label`` shares with Wilson intervals, ``g`` and ``p`` of the G-test of independence (Sokal &
    Rohlf, *Biometry*, 1995, 17.1), ``same_source`` the mean distance of two draws of both sides mixed, ``seeds`` that of
    two halves of the real rows.
    """
    import numpy

    rows, which = real_rows(material)
    samples, real = labelled(material.samples, material.labels), labelled(rows, material.labels)
    if not real:
        return [unknown(NAME, NO_REAL, "share", "lower")]
    if not samples:
        note = "No sample of the data set has one of the project's labels: label some, or generate."
        return [unknown(NAME, note, "share", "lower")]
    used = {sample.label for sample in (*samples, *real)}
    names = [*material.labels, *sorted(str(name) for name in used.difference(material.labels))]
    mine, theirs = _codes(samples, names), _codes(real, names)
    k, m, n = len(names), len(mine), len(theirs)
    p, q = numpy.bincount(mine, minlength=k), numpy.bincount(theirs, minlength=k)
    value = float(distance(p, q))
    random = numpy.random.default_rng(material.seed)
    low, high = around(value, distance(random.multinomial(m, p / m, DRAWS), random.multinomial(n, q / n, DRAWS)))
    mixed = random.multivariate_hypergeometric(p + q, m, DRAWS, method="marginals")
    chance = distance(mixed, p + q - mixed)
    one, other = halves(n, material.seed)
    reference = (
        float(distance(numpy.bincount(theirs[one], minlength=k), numpy.bincount(theirs[other], minlength=k)))
        if len(one)
        else None
    )
    statistic, probability, least = independence(p, q)
    details: dict[str, Any] = {
        "real": which,
        "count": m,
        "real_count": n,
        "per_label": {
            name: {
                "count": int(p[place]),
                "share": float(p[place] / m),
                "interval": list(wilson(int(p[place]), m)),
                "real_count": int(q[place]),
                "real_share": float(q[place] / n),
                "real_interval": list(wilson(int(q[place]), n)),
            }
            for place, name in enumerate(names)
        },
        "g": statistic,
        "p": probability,
        "same_source": {"mean": float(chance.mean()), "high": float(numpy.quantile(chance, 0.95))},
        "seeds": reference,
    }
    change = p / m - q / n
    more, less = names[int(change.argmax())], names[int(change.argmin())]
    most = f" Most over: {more} ({change.max():+.1%}); most under: {less} ({change.min():+.1%})." if value > 0 else ""
    note = (
        f"{m:,} samples against {n:,} {which}; two draws of one source would be "
        f"{details['same_source']['mean']:.3f} apart.{most}"
    )
    return [Metric(NAME, value, low, high, note, "share", "lower", details, rough=least < EXPECTED)]


def distance(p: Array, q: Array) -> Array:
    """Total variation distance of counts ``(..., k)``: half the sum of the shares' differences."""
    import numpy

    p, q = numpy.asarray(p, numpy.float64), numpy.asarray(q, numpy.float64)
    apart = p / p.sum(axis=-1, keepdims=True) - q / q.sum(axis=-1, keepdims=True)
    found: Array = numpy.abs(apart).sum(axis=-1) / 2
    return found


def independence(p: Array, q: Array) -> tuple[float, float, float]:
    """(G, p-value, smallest expected count) of the table of two rows of counts; labels that neither side uses are left
    out. One label alone tells nothing: p is 1."""
    import numpy
    from scipy.stats import chi2_contingency

    table = numpy.stack([p, q])[:, (p + q) > 0]
    if table.shape[1] < 2:
        return 0.0, 1.0, float(table.min())
    found = chi2_contingency(table, correction=False, lambda_="log-likelihood")
    return float(found.statistic), float(found.pvalue), float(found.expected_freq.min())


def _codes(samples: Sequence[Sample], names: Sequence[str]) -> Array:
    import numpy

    place = {name: code for code, name in enumerate(names)}
    return numpy.fromiter((place[str(sample.label)] for sample in samples), numpy.int64, len(samples))
