"""Self-BLEU: how well each text is predicted by all the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import Corpus, data_set, with_seeds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.evaluate.ngrams import NGrams

#: Added to an n-gram precision of zero matches: "method 1" of Chen & Cherry (WMT 2014), nltk's ``method1``.
EPSILON = 0.1
SMOOTHING = "method1, epsilon 0.1"


@METRICS.register("diversity.self_bleu")
def self_bleu(material: Material) -> list[Metric]:
    """Mean over texts of BLEU-4 against all other texts of the data set (Zhu et al., *Texygen*, SIGIR 2018).

    Exact in one pass: the clipped count of an n-gram in a text is the smaller of its own count and the largest count
    in any other text, for which the two largest counts suffice. Zero matches of an order are smoothed by method 1; the
    closest length decides the brevity penalty; a text that shares no token scores 0. Equals nltk's ``sentence_bleu``.
    Details: the ``most_repeated`` samples (ids and their BLEU) and the seeds' value.
    """
    if len(material.samples) < 2:
        note = "Self-BLEU compares texts with each other: at least two samples are needed."
        return [Metric("diversity.self_bleu", None, note=note, unit="BLEU-4", direction="lower")]
    value, details, comparison = with_seeds(material, _mean)
    scores = self_bleu_scores(data_set(material))
    worst = (-scores).argsort(kind="stable")[:20]
    details |= {
        "smoothing": SMOOTHING,
        "most_repeated": [[material.samples[position].id, float(scores[position])] for position in worst],
    }
    note = f"Mean BLEU-4 of each text against all others; lower is more varied. {comparison}".rstrip()
    return [Metric("diversity.self_bleu", value, note=note, unit="BLEU-4", direction="lower", details=details)]


def self_bleu_scores(corpus: Corpus) -> NDArray[np.float64]:
    """BLEU-4 of each text against all others, shape (N,), from 0 to 1. N must be at least 2."""
    import numpy as np

    lengths = corpus.encoded.lengths
    logarithms = sum(np.log(_precision(order)) for order in corpus.counts[:4]) / 4
    scores: NDArray[np.float64] = np.exp(_log_brevity(lengths) + logarithms)
    scores[corpus.counts[0].clipped == 0] = 0.0
    return scores


def _precision(order: NGrams) -> NDArray[np.float64]:
    import numpy as np

    matches = np.where(order.clipped > 0, order.clipped, EPSILON)
    shares: NDArray[np.float64] = matches / np.maximum(1, order.possible)
    return shares


def _log_brevity(lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """``min(0, 1 - r/c)``, r the length among the other texts that is closest to c, the shorter one when two are."""
    import numpy as np

    sizes, position, times = np.unique(lengths, return_inverse=True, return_counts=True)
    far = np.iinfo(np.int64).max // 2
    below = np.concatenate(([-far], sizes[:-1]))
    above = np.concatenate((sizes[1:], [far]))
    nearest = np.where(sizes - below <= above - sizes, below, above)
    closest = np.where(times > 1, sizes, nearest)
    penalty: NDArray[np.float64] = np.minimum(0.0, 1 - closest / np.maximum(1, sizes))
    return penalty[position]


def _mean(corpus: Corpus) -> float | None:
    return float(self_bleu_scores(corpus).mean()) if len(corpus.texts) > 1 else None
