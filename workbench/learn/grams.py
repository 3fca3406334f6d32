"""Texts cut into counted grams: words, and runs of 2 to 4 characters inside words, each known by a hash of 32 bits.

A hash needs no dictionary: what two processes count on different days fits together, and a kept count does not spell out
the words it came from. The highest bit says which kind a gram is (0 word, 1 characters), so that 31 bits tell grams apart:
of 100,000 different ones about two pairs share a number. Words are ``text.tokens``; characters are those of
scikit-learn's ``char_wb`` (lower case, each word between two spaces). Counting runs on arrays, not on strings: on
banking77 it takes a third of the time of scikit-learn's two vectorisers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from workbench.text import TOKENIZER, tokens

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Says how texts are cut and hashed: counts made under another scheme do not mix with these.
SCHEME = f"{TOKENIZER} char_wb-2-4 hash-32-1"
#: Characters of a text that are counted: what comes after them changes no row, and one text has bounded counts.
LONGEST = 200_000
#: The bit that tells runs of characters from words.
CHARACTERS = 0x80000000
#: Higher counts are kept as this one (its logarithm, 11.1, is what counts).
MOST = 0xFFFF
#: Characters that are counted at a time: some 100 bytes of working memory for each.
_BLOCK = 1 << 19
#: Hashed words that are remembered while counting.
_REMEMBERED = 1 << 18
_ODD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
_MIX = 0xFF51AFD7ED558CCD


@dataclass(frozen=True, slots=True)
class Grams:
    """Counted grams of ``n`` texts: text ``i`` has ``hashes[indptr[i]:indptr[i + 1]]`` (uint32, rising) so many times as
    ``counts`` (uint16, at least 1) says; ``indptr`` is ``(n + 1,)`` int64."""

    hashes: Array
    counts: Array
    indptr: Array

    def __len__(self) -> int:
        return len(self.indptr) - 1


class _Codes(dict[str, int]):
    def __missing__(self, word: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()
        code = self[word] = int.from_bytes(digest, "little") & ~CHARACTERS
        return code


def count_grams(texts: Sequence[str]) -> Grams:
    """The words and character runs of each text, counted. The same text gives the same numbers in every process."""
    import numpy

    codes = _Codes()
    parts = [_count(part, codes) for part in _blocks(texts)]
    sizes = [numpy.zeros(1, numpy.int64), *(sizes for _, _, sizes in parts)]
    return Grams(
        numpy.concatenate([hashes for hashes, _, _ in parts] or [numpy.zeros(0, numpy.uint32)]),
        numpy.concatenate([counts for _, counts, _ in parts] or [numpy.zeros(0, numpy.uint16)]),
        numpy.cumsum(numpy.concatenate(sizes)),
    )


def _blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts, cut to ``LONGEST``, in runs of about ``_BLOCK`` characters."""
    block: list[str] = []
    size = 0
    for text in texts:
        cut = text[:LONGEST]
        if block and size + len(cut) > _BLOCK:
            yield block
            block, size = [], 0
        block.append(cut)
        size += len(cut) + 8
    if block:
        yield block


def _count(texts: list[str], codes: _Codes) -> tuple[Array, Array, Array]:
    """(hashes, counts, number of grams per text)."""
    import numpy

    # One number holds the text (upper half) and the gram (lower half): one sort counts all texts at once.
    both = numpy.concatenate([_words(texts, codes), *_characters(texts)])
    both.sort()
    first = numpy.flatnonzero(numpy.concatenate([[True], both[1:] != both[:-1]])) if len(both) else both.astype(int)
    counts = numpy.minimum(numpy.diff(first, append=len(both)), MOST).astype(numpy.uint16)
    distinct = both[first]
    sizes = numpy.bincount((distinct >> 32).astype(numpy.int64), minlength=len(texts))
    return distinct.astype(numpy.uint32), counts, sizes


def _words(texts: list[str], codes: _Codes) -> Array:
    import numpy

    found = [tokens(text) for text in texts]
    sizes = [len(words) for words in found]
    hashes = numpy.fromiter(map(codes.__getitem__, chain.from_iterable(found)), numpy.uint64, sum(sizes))
    return hashes | (numpy.repeat(numpy.arange(len(texts), dtype=numpy.uint64), sizes) << numpy.uint64(32))


def _characters(texts: list[str]) -> Iterator[Array]:
    """One array per length of run. A run may begin or end with the space around a word, never have one within."""
    import numpy

    padded = [f" {' '.join(text.lower().split())} " for text in texts]
    points = numpy.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), numpy.uint32)
    owner = numpy.repeat(numpy.arange(len(texts), dtype=numpy.uint64), [len(text) for text in padded])
    owner = (owner << numpy.uint64(32)) | numpy.uint64(CHARACTERS)
    space = points == ord(" ")
    wide = points.astype(numpy.uint64)
    total = wide * numpy.uint64(_ODD[0])
    inside = ~(space[:-1] & space[1:])  # only where two texts meet, or in an empty one
    for extra in range(1, 4):
        if len(wide) <= extra:
            return
        total = total[:-1] + wide[extra:] * numpy.uint64(_ODD[extra])
        if extra > 1:
            inside = inside[:-1] & ~space[extra - 1 : -1] if extra > 2 else ~space[1:-1]
        mixed = total[inside]
        mixed ^= mixed >> numpy.uint64(29)
        mixed *= numpy.uint64(_MIX)
        mixed >>= numpy.uint64(33)
        mixed |= owner[: len(inside)][inside]
        yield mixed
