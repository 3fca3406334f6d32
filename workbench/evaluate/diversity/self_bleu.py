"""Self-BLEU: how well each text is predicted by all the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import Corpus, data_set, direct
from workbench.evaluate.estimates import Estimate, jackknife

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.evaluate.ngrams import Shared

    Integers = NDArray[np.signedinteger[Any]]
    Floats = NDArray[np.float64]

#: Added to an n-gram precision of zero matches: "method 1" of Chen & Cherry (WMT 2014), nltk's ``method1``.
EPSILON = 0.1
SMOOTHING = "method1, epsilon 0.1"
#: Samples that a screen opens behind the number.
SHOWN = 200


@METRICS.register("diversity.self_bleu")
def self_bleu(material: Material) -> list[Metric]:
    """Mean over texts of BLEU-4 against all other texts of the data set (Zhu et al., *Texygen*, SIGIR 2018).

    Exact in one pass: the clipped count of an n-gram in a text is the smaller of its own count and the largest count
    in any other text, for which the two largest counts suffice. Zero matches of an order are smoothed by method 1; the
    closest length decides the brevity penalty; a text that shares no token scores 0. Equals nltk's ``sentence_bleu``.
    Grows with the number of texts. Interval: delete-one jackknife over texts, exact but for the brevity penalty, which
    keeps its closest length. Details: the ``most_repeated`` samples (ids and their BLEU) and the seeds' value.
    """
    found = direct(
        "diversity.self_bleu",
        material,
        mean_self_bleu,
        unit="BLEU-4",
        direction="lower",
        note="Mean BLEU-4 of each text against all others; lower is more varied. Grows with the set.",
        lacking="Self-BLEU compares texts with each other: at least two samples are needed.",
        more=lambda: _most_repeated(material),
    )
    return [found]


def _most_repeated(material: Material) -> dict[str, Any]:
    scores = self_bleu_scores(data_set(material))
    worst = (-scores).argsort(kind="stable")[:SHOWN].tolist()
    ids = [material.samples[position].id for position in worst]
    shown = [[number, float(scores[position])] for number, position in zip(ids[:20], worst[:20], strict=True)]
    return {"smoothing": SMOOTHING, "most_repeated": shown, "behind": {"most_repeated": ids}}


def self_bleu_scores(corpus: Corpus) -> Floats:
    """BLEU-4 of each text against all others, shape (N,), from 0 to 1. N must be at least 2."""
    return _scores(corpus, *_matches(corpus))


def mean_self_bleu(corpus: Corpus) -> Estimate | None:
    """Their mean with its error; None for fewer than two texts."""
    import numpy as np

    size = len(corpus.texts)
    if size < 2:
        return None
    clipped, possible = _matches(corpus)
    scores = _scores(corpus, clipped, possible)
    rivals = [_rivals(order.shared) for order in corpus.counts[:4]]
    # Each pair counts twice: either may go, and the other one loses.
    stays = np.concatenate([side for pair in rivals for side in (pair.one, pair.other)])
    goes = np.concatenate([side for pair in rivals for side in (pair.other, pair.one)])
    loss = np.concatenate([pair.loss for pair in rivals for _ in range(2)])
    order = np.repeat(np.arange(4), [2 * len(pair.loss) for pair in rivals])
    pairs, place = np.unique(stays * size + goes, return_inverse=True)
    lost = np.bincount(place * 4 + order, weights=loss, minlength=4 * len(pairs)).reshape(-1, 4).T
    stays, goes = pairs // size, pairs % size
    fall = scores[stays] - _scores(corpus, clipped[:, stays] - lost, possible[:, stays], stays)
    without = (scores.sum() - scores - np.bincount(goes, weights=fall, minlength=size)) / (size - 1)
    return jackknife(float(scores.mean()), without, (0.0, 1.0))


class Rivals(NamedTuple):
    """For some n-grams the two texts that each would match the fewer of them, by ``loss``, if the other one went."""

    one: Integers
    other: Integers
    loss: Integers


def _rivals(shared: Shared) -> Rivals:
    """With m1 >= m2 >= m3 the largest counts of an n-gram: only its two first holders need each other, for m2 - m3."""
    import numpy as np

    lone = shared.first[shared.holders == 2]
    # Of three and more holders, those n-grams that a text holds twice at least: else m2 = m3.
    wide = np.flatnonzero(shared.holders > 2)
    wide = wide[np.maximum.reduceat(shared.times, shared.first)[wide] > 1] if len(wide) else wide
    taken = np.isin(shared.gram, wide) if len(wide) else np.zeros(len(shared.gram), bool)
    gram, text, times = shared.gram[taken], shared.text[taken].astype(np.int64), shared.times[taken]
    order = np.lexsort((-times, gram))
    text, times = text[order], times[order]
    first = np.flatnonzero(np.diff(gram[order], prepend=-1))
    loss = times[first + 1] - times[first + 2]
    first, loss = first[loss > 0], loss[loss > 0]
    return Rivals(
        np.concatenate([shared.text[lone].astype(np.int64), text[first]]),
        np.concatenate([shared.text[lone + 1].astype(np.int64), text[first + 1]]),
        np.concatenate([np.minimum(shared.times[lone], shared.times[lone + 1]), loss]),
    )


def _matches(corpus: Corpus) -> tuple[Floats, Floats]:
    """Matched and possible n-grams of each text, shape (4, N)."""
    import numpy as np

    orders = corpus.counts[:4]
    return np.array([order.clipped for order in orders], float), np.array([order.possible for order in orders], float)


def _scores(corpus: Corpus, clipped: Floats, possible: Floats, texts: Integers | slice = slice(None)) -> Floats:
    import numpy as np

    precision = np.where(clipped > 0, clipped, EPSILON) / np.maximum(1, possible)
    scores: Floats = np.exp(_log_brevity(corpus.encoded.lengths)[texts] + np.log(precision).sum(axis=0) / 4)
    scores[clipped[0] <= 0] = 0.0
    return scores


def _log_brevity(lengths: Integers) -> Floats:
    """``min(0, 1 - r/c)``, r the length among the other texts that is closest to c, the shorter one when two are."""
    import numpy as np

    sizes, position, times = np.unique(lengths, return_inverse=True, return_counts=True)
    far = np.iinfo(np.int64).max // 2
    below = np.concatenate(([-far], sizes[:-1]))
    above = np.concatenate((sizes[1:], [far]))
    nearest = np.where(sizes - below <= above - sizes, below, above)
    closest = np.where(times > 1, sizes, nearest)
    penalty: Floats = np.minimum(0.0, 1 - closest / np.maximum(1, sizes))
    return penalty[position]
