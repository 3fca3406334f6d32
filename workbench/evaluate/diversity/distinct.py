"""Distinct-n: the share of n-grams that are different from all others."""

from __future__ import annotations

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import NO_SAMPLES, Corpus, with_seeds


@METRICS.register("diversity.distinct_1")
@METRICS.register("diversity.distinct_2")
@METRICS.register("diversity.distinct_3")
def distinct(material: Material) -> list[Metric]:
    """``distinct-n = unique n-grams / all n-grams`` over the data set, n = 1, 2, 3 (Li et al., NAACL 2016).

    It falls as a set grows, whatever its quality: compare at the same size (details ``same_size``).
    """
    return [_distinct(material, n) for n in (1, 2, 3)]


def _distinct(material: Material, n: int) -> Metric:
    name = f"diversity.distinct_{n}"
    if not material.samples:
        return Metric(name, None, note=NO_SAMPLES, unit="share", direction="higher")

    def share(corpus: Corpus) -> float | None:
        counts = corpus.counts[n - 1]
        return counts.unique / counts.total if counts.total else None

    value, details, comparison = with_seeds(material, share)
    if value is None:
        note = f"No text has {n} tokens: longer texts are needed."
    else:
        note = f"Unique {n}-grams among all; falls as a set grows. {comparison}".rstrip()
    return Metric(name, value, note=note, unit="share", direction="higher", details=details)
