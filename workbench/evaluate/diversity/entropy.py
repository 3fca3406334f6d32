"""Entropy: how evenly the texts use their words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import Corpus, data_set, direct
from workbench.evaluate.estimates import Estimate, jackknife

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.floating[Any]] | NDArray[np.signedinteger[Any]]


@METRICS.register("diversity.entropy")
def entropy(material: Material) -> list[Metric]:
    """Shannon entropy of the tokens in bits, ``H = - sum p log2 p``, with Miller and Madow's correction
    ``+ (different tokens - 1) / (2 tokens ln 2)`` (Miller, *Note on the bias of information estimates*, 1955).

    Without it a small set seems poorer than it is; with it some of that stays (rare words are many), so it still grows a
    little with the number of texts. Interval: exact delete-one jackknife over texts. Details: ``plug_in``, the entropy
    without correction.
    """
    found = direct(
        "diversity.entropy",
        material,
        corrected,
        unit="bits",
        direction="higher",
        note="Bits of surprise in a token (Miller-Madow); more is more varied, and grows a little with the set.",
        lacking="No text holds a token.",
        more=lambda: {"plug_in": plug_in(data_set(material))},
    )
    return [found]


def plug_in(corpus: Corpus) -> float:
    """``- sum p log2 p`` over the tokens, without correction."""
    import numpy as np

    counts = np.bincount(corpus.encoded.ids)
    total = counts.sum()
    return float(math.log2(total) - _c_log_c(counts).sum() / total / math.log(2))


def corrected(corpus: Corpus) -> Estimate | None:
    """Entropy in bits with its error; None without tokens."""
    import numpy as np

    if not len(corpus.encoded.ids):
        return None
    unigrams, incidence = corpus.counts[0], corpus.incidence
    counts = np.bincount(corpus.encoded.ids)
    # sum c ln c without text i: each of its tokens goes from c to c - k.
    had = counts[incidence.indices]
    change = _c_log_c(had) - _c_log_c(had - incidence.data)
    owner = np.repeat(np.arange(len(corpus.texts)), np.diff(incidence.indptr))
    lost = np.bincount(owner, weights=change, minlength=len(corpus.texts))
    all_of_it = float(_c_log_c(counts).sum())
    without = _bits(all_of_it - lost, unigrams.total - unigrams.possible, unigrams.unique - unigrams.single)
    value = _bits(np.array([all_of_it]), np.array([unigrams.total]), np.array([unigrams.unique]))
    return jackknife(float(value[0]), without, (0.0, math.inf))


def _bits(weighted: Numbers, total: Numbers, unique: Numbers) -> NDArray[np.float64]:
    import numpy as np

    size = np.where(total > 0, total, np.nan)
    nats = np.log(size) - weighted / size + (unique - 1) / (2 * size)
    return np.asarray(nats / math.log(2), np.float64)


def _c_log_c(counts: Numbers) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(counts * np.log(np.maximum(1, counts)), np.float64)
