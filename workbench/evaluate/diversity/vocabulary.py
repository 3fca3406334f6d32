"""Vocabulary: how many different tokens the texts use."""

from __future__ import annotations

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import NO_SAMPLES, Corpus, data_set, with_seeds


@METRICS.register("diversity.vocabulary")
def vocabulary(material: Material) -> list[Metric]:
    """Number of different tokens in the data set.

    Details: ``tokens`` in all, ``once`` (tokens that occur once), ``tokens_per_text`` (mean), ``common`` (the twenty
    most frequent with their counts), and the seeds' value as reference (``seeds``, ``same_size``).
    """
    if not material.samples:
        return [Metric("diversity.vocabulary", None, note=NO_SAMPLES, unit="tokens", direction="higher")]
    value, details, comparison = with_seeds(material, _size)
    details |= _describe(data_set(material))
    note = f"{details['tokens']:,} tokens, {details['tokens_per_text']:.1f} a text. {comparison}".rstrip()
    return [Metric("diversity.vocabulary", value, note=note, unit="tokens", direction="higher", details=details)]


def _size(corpus: Corpus) -> float:
    return float(corpus.counts[0].unique)


def _describe(corpus: Corpus) -> dict[str, object]:
    import numpy as np

    encoded = corpus.encoded
    times = np.bincount(encoded.ids, minlength=len(encoded.vocabulary))
    common = np.argsort(-times, kind="stable")[:20]
    return {
        "tokens": len(encoded.ids),
        "once": int((times == 1).sum()),
        "tokens_per_text": float(encoded.lengths.mean()),
        "common": [[encoded.vocabulary[position], int(times[position])] for position in common],
    }
