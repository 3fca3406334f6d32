"""The texts behind the diversity metrics, counted once, and the seeds beside them as a reference line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.evaluate.base import SIZE_DEPENDENT, UNEQUAL, Direction, Material, Metric, Sample
from workbench.evaluate.estimates import CHECKED_FROM, Estimate
from workbench.evaluate.ngrams import Encoded, NGrams, encode, ngram_counts
from workbench.evaluate.text_map import Scale, TextMap, embedded_map, projected_map
from workbench.text import TOKENIZER

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NO_SAMPLES = "There are no samples to measure: generate or import some, or choose another view."
#: Keys of what is shared in a material.
SAMPLES, SEEDS, REAL, SCALE, MAP = "corpus:samples", "corpus:seeds", "corpus:real", "corpus:scale", "corpus:map"


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts with what is counted about them; each part is computed when it is first asked for, then kept."""

    texts: Sequence[str]

    @cached_property
    def encoded(self) -> Encoded:
        return encode(self.texts)

    @cached_property
    def counts(self) -> list[NGrams]:
        """Orders 1 to 4, at positions 0 to 3."""
        return ngram_counts(self.encoded)

    @cached_property
    def incidence(self) -> csr_matrix:
        """How often each text holds each token: shape (N, tokens), int64, without zeros."""
        import numpy as np
        from scipy.sparse import csr_matrix as sparse

        ids, lengths = self.encoded.ids, self.encoded.lengths
        ends = np.concatenate(([0], np.cumsum(lengths)))
        shape = (len(lengths), max(1, len(self.encoded.vocabulary)))
        found = sparse((np.ones(len(ids), np.int64), ids, ends), shape=shape)
        found.sum_duplicates()
        return found

    def part(self, size: int, seed: int) -> Corpus:
        """``size`` texts drawn without replacement, in their order."""
        import numpy as np

        return self.at(np.sort(np.random.default_rng(seed).choice(len(self.texts), size, replace=False)))

    def at(self, chosen: Any) -> Corpus:
        """The texts at the positions ``chosen``, integers of shape (n,), in that order."""
        smaller = Corpus([self.texts[position] for position in chosen])
        if "encoded" in self.__dict__:  # the draw takes over the numbers instead of cutting its texts again
            smaller.__dict__["encoded"] = self.encoded.part(chosen)
        return smaller


#: What a technique computes about texts; None when these texts do not allow it.
Measure = Callable[[Corpus], Estimate | None]


def data_set(material: Material) -> Corpus:
    """The data set's texts."""
    return material.shared(SAMPLES, lambda: _corpus(material.samples))


def seeds(material: Material) -> Corpus:
    """The seeds' texts."""
    return material.shared(SEEDS, lambda: _corpus(material.seeds))


def real(material: Material) -> Corpus:
    """The real training rows' texts."""
    return material.shared(REAL, lambda: _corpus(material.real))


def corpora(material: Material) -> list[Corpus]:
    """Data set, seeds and real rows, those that hold texts."""
    return [corpus for corpus in (data_set(material), seeds(material), real(material)) if corpus.texts]


def scale(material: Material) -> Scale:
    """Word weights from the data set, the seeds and the real rows together."""
    return material.shared(SCALE, lambda: Scale(corpora(material)))


def text_map(material: Material) -> TextMap:
    """Rows by the project's embedding model where it has one, else a random projection of ``scale``'s."""

    def make() -> TextMap:
        if material.embed is not None:
            return embedded_map(material.embed)
        return projected_map(scale(material))

    return material.shared(MAP, make)


def with_seeds(material: Material, measure: Measure) -> tuple[Estimate | None, dict[str, Any], str]:
    """``measure`` of the data set, details with the same of the seeds, and a sentence that compares both fairly.

    Details: ``count``, ``seed_count``, ``seeds`` with the ends of its interval ``seeds_low`` and ``seeds_high``. Most
    diversity statistics move with the number of texts alone, so ``same_size`` holds both values at the size of the
    smaller side (one seeded draw from the larger one). The sentence is empty without seeds.
    """
    data, reference = data_set(material), seeds(material)
    found = measure(data)
    line = measure(reference) if reference.texts else None
    low, high = line.ends() if line is not None else (None, None)
    details: dict[str, Any] = {"tokenizer": TOKENIZER, "count": len(data.texts), "seed_count": len(reference.texts)}
    details |= {"seeds": line.value if line is not None else None, "seeds_low": low, "seeds_high": high}
    if found is None or line is None:
        return found, details, ""
    size = min(len(data.texts), len(reference.texts))
    small, small_seeds = (
        (found if corpus is data else line) if len(corpus.texts) == size else measure(drawn)
        for corpus, drawn in zip((data, reference), _same_size(material, size), strict=True)
    )
    same = [estimate.value if estimate is not None else None for estimate in (small, small_seeds)]
    details["same_size"] = {"count": size, "samples": same[0], "seeds": same[1]}
    if same[0] is None or same[1] is None:
        return found, details, ""
    return found, details, f"At {size:,} texts each: {_short(same[0])}, seeds {_short(same[1])}."


def direct(
    name: str,
    material: Material,
    measure: Measure,
    *,
    unit: str,
    direction: Direction,
    note: str,
    lacking: str = NO_SAMPLES,
    more: Callable[[], dict[str, Any]] | None = None,
) -> Metric:
    """The metric of one statistic of texts: value, 95 % interval, the seeds' line, and ``note`` with the comparison.

    ``lacking`` is the note where ``measure`` gives None, or where there are no samples; ``more`` adds details, and is
    asked for only where there is a value. Rough below ``CHECKED_FROM`` texts, and where nothing varies between texts: an
    error of 0 only says that these few texts show none.
    """
    if not material.samples:
        return Metric(name, None, note=NO_SAMPLES, unit=unit, direction=direction)
    found, details, comparison = with_seeds(material, measure)
    if found is None:
        return Metric(name, None, note=lacking, unit=unit, direction=direction, details=details)
    low, high = found.ends()
    details |= more() if more is not None else {}
    if name in SIZE_DEPENDENT and max(sizes := (details["count"], details["seed_count"])) > UNEQUAL * min(sizes):
        details["seeds_other_size"] = True  # the seeds' value is no reference for this one; ``same_size`` is
    rough = low is not None and (len(material.samples) < CHECKED_FROM or not found.error or found.few)
    return Metric(
        name, found.value, low, high, f"{note} {comparison}".rstrip(), unit, direction, details=details, rough=rough
    )


def _same_size(material: Material, size: int) -> tuple[Corpus, Corpus]:
    def draw() -> tuple[Corpus, Corpus]:
        data, reference = data_set(material), seeds(material)
        return (
            data if len(data.texts) == size else data.part(size, material.seed),
            reference if len(reference.texts) == size else reference.part(size, material.seed),
        )

    return material.shared("corpus:same size", draw)


def _corpus(samples: Sequence[Sample]) -> Corpus:
    return Corpus([sample.text for sample in samples])


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
