"""Compression ratio: how much shorter gzip makes the texts."""

from __future__ import annotations

import gzip
import itertools
import math
from collections.abc import Sequence

from workbench.evaluate.base import METRICS, Material, Metric
from workbench.evaluate.corpus import NO_SAMPLES, Corpus, direct
from workbench.evaluate.estimates import GROUPS, Estimate, jackknife

LEVEL = 6
#: Pieces at least this long are compressed for themselves: gzip's window has filled, and they cost one more pass.
PIECE = 16_384
#: Where the interval may lie.
POSITIVE = (0.0, math.inf)


@METRICS.register("diversity.compression_ratio")
def compression_ratio(material: Material) -> list[Metric]:
    """Bytes of the texts (UTF-8, one a line, in order) divided by their bytes after gzip, level 6.

    gzip sees 32 KiB back, so it measures repetition among neighbours in the data set's order (Shaib et al., arXiv
    2403.00553). Interval: delete-a-group jackknife over 20 runs of texts that follow each other; of large sets each run
    is compressed for itself instead (jackknife of the ratio of sums), which costs one pass.
    """
    found = direct(
        "diversity.compression_ratio",
        material,
        _ratio,
        unit="ratio",
        direction="lower",
        note="Size of the texts over their gzip size; lower is more varied.",
        lacking=NO_SAMPLES if not material.samples else "No text holds a character.",
    )
    return [found]


def _ratio(corpus: Corpus) -> Estimate | None:
    import numpy as np

    raw = _bytes(corpus.texts)
    if not any(corpus.texts):
        return None
    value = len(raw) / len(gzip.compress(raw, LEVEL, mtime=0))
    size = len(corpus.texts)
    ends = np.linspace(0, size, min(GROUPS, size) + 1).astype(int).tolist()
    runs = [slice(start, end) for start, end in itertools.pairwise(ends)]
    if len(raw) >= GROUPS * PIECE and size >= GROUPS:
        pieces = [_bytes(corpus.texts[run]) for run in runs]
        long = np.array([len(piece) for piece in pieces])
        short = np.array([len(gzip.compress(piece, LEVEL, mtime=0)) for piece in pieces])
        return jackknife(value, (long.sum() - long) / (short.sum() - short), POSITIVE)
    without = []
    for run in runs:
        rest = _bytes([*corpus.texts[: run.start], *corpus.texts[run.stop :]])
        without.append(len(rest) / len(gzip.compress(rest, LEVEL, mtime=0)))
    return jackknife(value, without, POSITIVE)


def _bytes(texts: Sequence[str]) -> bytes:
    # A lone surrogate cannot be written as UTF-8; it must not stop the measurement.
    return "\n".join(texts).encode("utf-8", "surrogatepass")
