"""The texts behind the diversity metrics, counted once, and the seeds beside them as a reference line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.evaluate.base import Material, Sample
from workbench.evaluate.ngrams import Encoded, NGrams, encode, ngram_counts
from workbench.text import TOKENIZER

NO_SAMPLES = "There are no samples to measure: generate or import some, or choose another view."


@dataclass(frozen=True)
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

    def part(self, size: int, seed: int) -> Corpus:
        """``size`` texts drawn without replacement, in their order."""
        import numpy as np

        chosen = np.sort(np.random.default_rng(seed).choice(len(self.texts), size, replace=False))
        smaller = Corpus([self.texts[position] for position in chosen])
        # Already tokenised: the draw takes over the numbers instead of cutting its texts again.
        smaller.__dict__["encoded"] = self.encoded.part(chosen)
        return smaller


def data_set(material: Material) -> Corpus:
    """The data set's texts."""
    return material.shared("corpus:samples", lambda: _corpus(material.samples))


def seeds(material: Material) -> Corpus:
    """The seeds' texts."""
    return material.shared("corpus:seeds", lambda: _corpus(material.seeds))


def with_seeds(
    material: Material, measure: Callable[[Corpus], float | None]
) -> tuple[float | None, dict[str, Any], str]:
    """``measure`` of the data set, details with the same of the seeds, and a sentence that compares both fairly.

    Most diversity statistics move with the number of texts alone, so the details' ``same_size`` holds both values at
    the size of the smaller side (one seeded draw from the larger one). The sentence is empty without seeds.
    """
    data, real = data_set(material), seeds(material)
    value = measure(data)
    details: dict[str, Any] = {"tokenizer": TOKENIZER, "count": len(data.texts), "seed_count": len(real.texts)}
    details["seeds"] = measure(real) if real.texts else None
    size = min(len(data.texts), len(real.texts))
    if value is None or details["seeds"] is None:
        return value, details, ""
    small, small_seeds = _same_size(material, size)
    same = {"count": size, "samples": measure(small), "seeds": measure(small_seeds)}
    details["same_size"] = same
    if same["samples"] is None or same["seeds"] is None:
        return value, details, ""
    text = f"At {size:,} texts each: {_short(same['samples'])}, seeds {_short(same['seeds'])}."
    return value, details, text


def _same_size(material: Material, size: int) -> tuple[Corpus, Corpus]:
    def draw() -> tuple[Corpus, Corpus]:
        data, real = data_set(material), seeds(material)
        return (
            data if len(data.texts) == size else data.part(size, material.seed),
            real if len(real.texts) == size else real.part(size, material.seed),
        )

    return material.shared("corpus:same size", draw)


def _corpus(samples: Sequence[Sample]) -> Corpus:
    return Corpus([sample.text for sample in samples])


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
