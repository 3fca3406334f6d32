"""Of very many texts those that heavy metrics look at, which hold all of them in memory at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.evaluate.base import Material, Metric, Sample

#: Texts, and characters of them, that are all looked at; of more, a seeded draw is.
MOST_TEXTS, MOST_CHARACTERS = 150_000, 30_000_000
#: Texts that are looked at however long they are.
FEWEST = 1_000


def is_heavy(name: str) -> bool:
    """Whether a metric counts or projects every token of the data set, or trains one of our learners on it. Compression
    streams, and depends on the order in which texts stand; a training command gets all; what draws by itself, or only counts
    labels, reads all samples."""
    if name in ("diversity.compression_ratio", "benchmark.external"):
        return False
    return name.startswith(("diversity.", "benchmark.")) or name in ("fidelity.mauve", "fidelity.unigram_shift")


def drawn(material: Material) -> Material:
    """The material itself, or with the samples drawn from it where they are more than ``MOST_TEXTS`` or longer than
    ``MOST_CHARACTERS`` together: as many as fit, in their order, each equally likely, the same ones every time."""
    return material.shared("drawn", lambda: _drawn(material))


def _drawn(material: Material) -> Material:
    size = fitting([len(sample.text) for sample in material.samples])
    if size == len(material.samples):
        return material
    import numpy

    places = numpy.sort(numpy.random.default_rng(material.seed).choice(len(material.samples), size, replace=False))
    some: list[Sample] = [material.samples[place] for place in places.tolist()]
    return replace(material, samples=some)


def fitting(lengths: Sequence[int]) -> int:
    """How many texts of such lengths, in characters, are looked at: by their mean, so that long and short ones have the same
    chance to be drawn."""
    count, together = len(lengths), sum(lengths)
    most = min(count, MOST_TEXTS)
    if together <= MOST_CHARACTERS:
        return most
    return min(most, max(FEWEST, MOST_CHARACTERS * count // together))


def told(metric: Metric, looked_at: int, of: int) -> Metric:
    """The metric with the draw in its note and in its details (``looked_at``: so many ``texts`` ``of`` how many)."""
    details: Mapping[str, Any] = {**metric.details, "looked_at": {"texts": looked_at, "of": of}}
    note = f"{metric.note} Of {of:,} texts {looked_at:,} were drawn for it.".lstrip()
    return replace(metric, note=note, details=details)
