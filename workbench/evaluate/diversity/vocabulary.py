"""Vocabulary: how many different tokens the texts use."""

from __future__ import annotations

from itertools import islice

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import Corpus, data_set, direct
from workbench.evaluate.estimates import Estimate, jackknife

#: Characters of a word that is listed; what is longer (a text without a space) would be shown as one.
LONGEST = 60


@METRICS.register("diversity.vocabulary")
def vocabulary(material: Material) -> list[Metric]:
    """Number of different tokens in the data set; it grows with the number of texts.

    Interval: exact delete-one jackknife over texts (without text i it is smaller by the tokens that stand in no other
    text). Details: ``tokens`` in all, ``once`` (tokens that occur once), ``tokens_per_text`` (mean), ``words`` (the
    twenty most frequent with their counts), and the seeds' value as reference (``seeds``, ``same_size``).
    """
    found = direct(
        "diversity.vocabulary",
        material,
        different_tokens,
        unit="tokens",
        direction="higher",
        note="Different tokens; grows with the number of texts.",
        more=lambda: _describe(data_set(material)),
    )
    return [found]


def different_tokens(corpus: Corpus) -> Estimate:
    """How many different tokens the texts hold."""
    counts = corpus.counts[0]
    return jackknife(float(counts.unique), counts.unique - counts.single, (0.0, float("inf")))


def _describe(corpus: Corpus) -> dict[str, object]:
    import numpy as np

    encoded = corpus.encoded
    times = np.bincount(encoded.ids, minlength=len(encoded.vocabulary))
    common = (
        place for place in np.argsort(-times, kind="stable").tolist() if len(encoded.vocabulary[place]) <= LONGEST
    )
    return {
        "tokens": len(encoded.ids),
        "once": int((times == 1).sum()),
        "tokens_per_text": float(encoded.lengths.mean()),
        "words": [[encoded.vocabulary[position], int(times[position])] for position in islice(common, 20)],
    }
