"""Drops samples that are too short or too long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, require


@FILTERS.register("length")
@dataclass(frozen=True, slots=True)
class Length:
    """Bounds on words (``learn.features.units``: one per character in scripts without spaces) and on characters.

    The defaults are wide on purpose: thresholds made for web pages drop nearly all good short samples.
    """

    name: ClassVar[str] = "length"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample with too few or too many words or characters."
    paper: ClassVar[str] = "Rae et al. 2021, Gopher (arXiv 2112.11446), with bounds for short texts"

    min_words: int = parameter(2, "fewest words")
    max_words: int = parameter(1000, "most words")
    min_characters: int = parameter(3, "fewest characters, spaces at the ends aside")
    max_characters: int = parameter(10_000, "most characters")

    def __post_init__(self) -> None:
        require(self.name, 0 <= self.min_words <= self.max_words, "min_words should be from 0 to max_words")
        holds = 0 <= self.min_characters <= self.max_characters
        require(self.name, holds, "min_characters should be from 0 to max_characters")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the number of words, or of characters where those decided."""
        from workbench.learn.features import units

        for done, item in enumerate(items, 1):
            characters = len(item.text.strip())
            # A text of ten million characters is not cut into words to learn that it is too long.
            if characters > self.max_characters:
                yield _drop(characters, "character", f"at most {self.max_characters:,}")
            elif characters < self.min_characters:
                yield _drop(characters, "character", f"at least {self.min_characters:,}")
            elif (count := len(units(item.text))) < self.min_words:
                yield _drop(count, "word", f"at least {self.min_words:,}")
            elif count > self.max_words:
                yield _drop(count, "word", f"at most {self.max_words:,}")
            else:
                yield Verdict(True, _count(count, "word"), float(count))
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))


def _drop(count: int, noun: str, bound: str) -> Verdict:
    return Verdict(False, f"{_count(count, noun)}, {bound} wanted", float(count))


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
