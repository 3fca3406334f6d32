"""Self-repetition: long n-grams that come back in other texts."""

from __future__ import annotations

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import NO_SAMPLES, Corpus, with_seeds

ORDER = 4


@METRICS.register("diversity.self_repetition")
def self_repetition(material: Material) -> list[Metric]:
    """Mean over texts of ``log(1 + sum over the text's different 4-grams g of (df(g) - 1))``, natural logarithm.

    df(g) is the number of texts that hold g (Salkar et al., AACL 2022; Shaib et al., arXiv 2403.00553). 0 means that
    no 4-gram is in two texts.
    """
    if not material.samples:
        return [Metric("diversity.self_repetition", None, note=NO_SAMPLES, unit="nats", direction="lower")]
    value, details, comparison = with_seeds(material, _mean)
    note = f"Log of how often a text's 4-grams stand in other texts; lower is more varied. {comparison}".rstrip()
    return [Metric("diversity.self_repetition", value, note=note, unit="nats", direction="lower", details=details)]


def _mean(corpus: Corpus) -> float:
    import numpy as np

    return float(np.log1p(corpus.counts[ORDER - 1].repeats).mean())
