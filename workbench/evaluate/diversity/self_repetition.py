"""Self-repetition: long n-grams that come back in other texts."""

from __future__ import annotations

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import Corpus, direct
from workbench.evaluate.estimates import Estimate, jackknife

ORDER = 4
#: Texts with a repeated 4-gram that an interval needs.
ENOUGH = 20


@METRICS.register("diversity.self_repetition")
def self_repetition(material: Material) -> list[Metric]:
    """Mean over texts of ``log(1 + sum over the text's different 4-grams g of (df(g) - 1))``, natural logarithm.

    df(g) is the number of texts that hold g (Salkar et al., AACL 2022; Shaib et al., arXiv 2403.00553). 0 means that
    no 4-gram is in two texts. Grows with the number of texts. Interval: delete-one jackknife over texts, in which what
    a text takes from the others is exact for 4-grams of two texts, and to first order for those of more.
    """
    found = direct(
        "diversity.self_repetition",
        material,
        mean_repetition,
        unit="nats",
        direction="lower",
        note="Log of how often a text's 4-grams stand in other texts; lower is more varied. Grows with the set.",
    )
    return [found]


def mean_repetition(corpus: Corpus) -> Estimate:
    """The mean in nats; ``few`` where hardly any text repeats a 4-gram."""
    import numpy as np

    counts, size = corpus.counts[ORDER - 1], len(corpus.texts)
    logs = np.log1p(counts.repeats)
    shared = counts.shared
    # What the others lose when text i goes: its share of each common 4-gram, times the slope of their logarithm.
    slope = 1 / (1 + counts.repeats)
    many = shared.holders[shared.gram] > 2
    gram, text = shared.gram[many], shared.text[many]
    slopes = np.bincount(gram, weights=slope[text], minlength=len(shared.holders))
    lost = np.bincount(text, weights=slopes[gram] - slope[text], minlength=size).astype(float)
    # 4-grams of two texts only: copies and near copies, whose logarithm falls too far for its slope.
    first = shared.first[shared.holders == 2]
    left, right = shared.text[first].astype(np.int64), shared.text[first + 1].astype(np.int64)
    pairs, times = np.unique(left * size + right, return_counts=True)
    for stays, goes in ((pairs // size, pairs % size), (pairs % size, pairs // size)):
        fall = logs[stays] - np.log1p(counts.repeats[stays] - times)
        lost += np.bincount(goes, weights=fall, minlength=size)
    without = (logs.sum() - logs - lost) / max(1, size - 1)
    found = jackknife(float(logs.mean()), without, (0.0, float("inf")))
    return found._replace(few=int((counts.repeats > 0).sum()) < ENOUGH)
