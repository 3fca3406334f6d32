"""N-gram diversity: unique over all n-grams, summed over the orders 1 to 4."""

from __future__ import annotations

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import Corpus, direct
from workbench.evaluate.estimates import Estimate, jackknife

ORDERS = 4


@METRICS.register("diversity.ngram_diversity")
def ngram_diversity(material: Material) -> list[Metric]:
    """``NGD = sum over n = 1..4 of unique n-grams / all n-grams``, from 0 to 4 (Padmakumar & He, ICLR 2024; Shaib et al.,
    arXiv 2403.00553).

    An order that no text is long enough for adds nothing. n-grams never cross texts here: the ``diversity`` package joins
    all texts first and so counts pairs of words that nobody wrote. Falls as a set grows. Interval: exact delete-one
    jackknife over texts.
    """
    found = direct(
        "diversity.ngram_diversity",
        material,
        ngrams_used,
        unit="sum of 4 shares",
        direction="higher",
        note="Unique n-grams among all, summed over n = 1 to 4 (0 to 4); falls as a set grows.",
        lacking="No text holds a token.",
    )
    return [found]


def ngrams_used(corpus: Corpus) -> Estimate | None:
    """The sum of the shares; None without tokens."""
    import numpy as np

    used = [counts for counts in corpus.counts[:ORDERS] if counts.total]
    if not used:
        return None
    without = np.zeros(len(corpus.texts))
    for counts in used:
        left = counts.total - counts.possible
        without += np.divide(counts.unique - counts.single, left, out=np.zeros(len(left)), where=left > 0)
    return jackknife(sum(counts.unique / counts.total for counts in used), without, (0.0, float(ORDERS)))
