"""Which word n-grams of a text stand in any of many others: the test of contamination that GPT-3's authors made.

N-grams are looked up by a 64-bit hash in a sorted array, so that time and memory grow with the number of words. Words are
``features.units`` (single characters in scripts written without spaces).

A text shorter than ``n`` words is one n-gram, as long as it is; a row shorter than that is looked for whole inside the
text. Texts and rows under ``SHORTEST`` words must be equal, word by word: "where is my card" is nobody's property.

Source: Brown et al. 2020 (arXiv 2005.14165, appendix C), n = 13.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from workbench.learn.features import units

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Words under which only the whole text counts.
SHORTEST = 5
_FACTOR = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class Overlap:
    """``share`` of the text's n-grams of ``size`` words are found; ``words``, the longest run of them, stands in row
    ``row``. With ``whole`` it is the row that stands whole in the text, of whose words it is ``share``."""

    share: float
    size: int
    row: int
    words: str
    whole: bool = False


class NgramIndex:
    """The n-grams of ``rows``, of ``n`` words and of every shorter length down to ``SHORTEST`` (1 for whole rows)."""

    def __init__(self, rows: Sequence[str], n: int) -> None:
        import numpy

        self._n = n
        self._rows = [units(row) for row in rows]
        words = _Words(self._rows)
        #: By length: (hashes, ascending; the first row that has each).
        self._grams: dict[int, tuple[Array, Array]] = {}
        #: Whole rows shorter than ``n``, by length.
        self._whole: dict[int, tuple[Array, Array]] = {}
        for size in range(1, n + 1):
            at, hashes = words.grams(size)
            if size >= min(SHORTEST, n):
                self._grams[size] = _first(hashes, words.text[at])
            if size < n:
                equal = numpy.flatnonzero(words.lengths[words.text[at]] == size)
                self._whole[size] = _first(hashes[equal], words.text[at][equal])

    def look_up(self, texts: Sequence[str]) -> list[Overlap | None]:
        """What each text shares with the rows, None where nothing; of several rows the one it shares most with."""
        import numpy

        cut = [units(text) for text in texts]
        words = _Words(cut)
        sizes = numpy.minimum(words.lengths, self._n)
        found: list[Overlap | None] = [None] * len(cut)
        for size in range(1, self._n + 1):
            at, hashes = words.grams(size)
            text = words.text[at]
            own = sizes[text] == size
            known = self._grams[size] if size in self._grams else self._whole[size]
            self._note(found, cut, size, text[own], at[own] - words.starts[text[own]], _find(known, hashes[own]))
            if SHORTEST <= size < self._n and len(self._whole[size][0]):
                # A row this short has no n-gram of the text's size.
                rest = ~own
                rows = _find(self._whole[size], hashes[rest])
                for one, row in zip(text[rest][rows >= 0].tolist(), rows[rows >= 0].tolist(), strict=True):
                    share, best = size / len(cut[one]), found[one]
                    shared = self._rows[row]
                    if (best is None or share > best.share) and _inside(shared, cut[one]):
                        found[one] = Overlap(share, size, row, " ".join(shared), whole=True)
        return found

    def _note(
        self, found: list[Overlap | None], cut: list[list[str]], size: int, text: Array, place: Array, rows: Array
    ) -> None:
        """Put the overlaps of the texts whose n-grams have ``size`` words: n-gram ``place`` of ``text`` is in
        ``rows``."""
        import numpy

        there = numpy.flatnonzero(rows >= 0)
        cuts = numpy.flatnonzero(numpy.diff(text[there])) + 1
        for part in numpy.split(there, cuts) if len(there) else ():
            one = int(text[part[0]])
            share = len(part) / (len(cut[one]) - size + 1)
            best = found[one]
            if best is not None and best.share >= share:
                continue
            row = int(numpy.bincount(rows[part]).argmax())
            start, grams = _longest(place[part][rows[part] == row].tolist())
            # N-grams of one row may stand there apart, and two words might have one hash.
            runs = (cut[one][start : start + many + size - 1] for many in (grams, 1))
            shared = next((run for run in runs if _inside(run, self._rows[row])), None)
            if shared:
                found[one] = Overlap(share, size, row, " ".join(shared))


class _Words:
    """Texts, cut into words, as one array of hashes."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        import numpy

        self.lengths = numpy.fromiter(map(len, texts), numpy.int64, len(texts))
        self.starts = numpy.cumsum(self.lengths) - self.lengths
        self.text = numpy.repeat(numpy.arange(len(texts)), self.lengths)
        count = len(self.text)
        self._flat = numpy.fromiter((_word(word) for text in texts for word in text), numpy.uint64, count)
        self._left = self.lengths[self.text] - (numpy.arange(count) - self.starts[self.text])  # words to the end
        self._at = numpy.arange(count)
        self._hashes = numpy.zeros(count, numpy.uint64)

    def grams(self, size: int) -> tuple[Array, Array]:
        """``(place of the first word, hash)`` of all n-grams of ``size`` words; to be asked for from 1 upwards."""
        import numpy

        fits = self._left[self._at] >= size
        self._at = self._at[fits]
        older = self._hashes[fits]
        mixed = (older ^ (older >> numpy.uint64(31))) * numpy.uint64(_FACTOR)
        self._hashes = mixed + self._flat[self._at + size - 1]
        return self._at, self._hashes


def _longest(places: list[int]) -> tuple[int, int]:
    """``(first, length)`` of the longest run of successive numbers, the first of equals."""
    best, run = (places[0], 1), 1
    for before, place in pairwise(places):
        run = run + 1 if place == before + 1 else 1
        if run > best[1]:
            best = (place - run + 1, run)
    return best


def _word(word: str) -> int:
    return hash(word) & 0xFFFFFFFFFFFFFFFF


def _first(hashes: Array, rows: Array) -> tuple[Array, Array]:
    import numpy

    distinct, at = numpy.unique(hashes, return_index=True)
    return distinct, rows[at]


def _find(known: tuple[Array, Array], hashes: Array) -> Array:
    """The row of each hash, -1 where there is none."""
    import numpy

    distinct, rows = known
    if not len(distinct):
        return numpy.full(len(hashes), -1)
    at = numpy.minimum(numpy.searchsorted(distinct, hashes), len(distinct) - 1)
    return numpy.where(distinct[at] == hashes, rows[at], -1)


def _inside(words: Sequence[str], row: Sequence[str]) -> bool:
    return f" {' '.join(words)} " in f" {' '.join(row)} "
