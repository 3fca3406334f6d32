"""Distinct-n: the share of n-grams that are different from all others."""

from __future__ import annotations

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import Corpus, direct
from workbench.evaluate.estimates import Estimate, jackknife


@METRICS.register("diversity.distinct_1")
@METRICS.register("diversity.distinct_2")
@METRICS.register("diversity.distinct_3")
def distinct(material: Material) -> list[Metric]:
    """``distinct-n = unique n-grams / all n-grams`` over the data set, n = 1, 2, 3 (Li et al., NAACL 2016).

    It falls as a set grows, whatever its quality: compare at the same size (details ``same_size``). Interval: exact
    delete-one jackknife over texts.
    """
    return [_distinct(material, n) for n in (1, 2, 3)]


def _distinct(material: Material, n: int) -> Metric:
    return direct(
        f"diversity.distinct_{n}",
        material,
        lambda corpus: share(corpus, n),
        unit="share",
        direction="higher",
        note=f"Unique {n}-grams among all; falls as a set grows.",
        lacking="No text holds a token." if n == 1 else f"No text has {n} tokens: longer texts are needed.",
    )


def share(corpus: Corpus, n: int) -> Estimate | None:
    """Unique n-grams over all n-grams; None when no text has n tokens."""
    import numpy as np

    counts = corpus.counts[n - 1]
    if not counts.total:
        return None
    left = counts.total - counts.possible
    without = np.divide(counts.unique - counts.single, left, out=np.full(len(left), np.nan), where=left > 0)
    return jackknife(counts.unique / counts.total, without, (0.0, 1.0))
