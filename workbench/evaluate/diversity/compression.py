"""Compression ratio: how much shorter gzip makes the texts."""

from __future__ import annotations

import gzip

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import NO_SAMPLES, Corpus, with_seeds

LEVEL = 6


@METRICS.register("diversity.compression_ratio")
def compression_ratio(material: Material) -> list[Metric]:
    """Bytes of the texts (UTF-8, one a line, in order) divided by their bytes after gzip, level 6.

    gzip sees 32 KiB back, so it measures repetition among neighbours in the data set's order (Shaib et al., arXiv
    2403.00553).
    """
    if not any(sample.text for sample in material.samples):
        return [Metric("diversity.compression_ratio", None, note=NO_SAMPLES, unit="ratio", direction="lower")]
    value, details, comparison = with_seeds(material, _ratio)
    note = f"Size of the texts over their gzip size; lower is more varied. {comparison}".rstrip()
    return [Metric("diversity.compression_ratio", value, note=note, unit="ratio", direction="lower", details=details)]


def _ratio(corpus: Corpus) -> float:
    # A lone surrogate cannot be written as UTF-8; it must not stop the measurement.
    raw = "\n".join(corpus.texts).encode("utf-8", "surrogatepass")
    return len(raw) / len(gzip.compress(raw, LEVEL, mtime=0))
