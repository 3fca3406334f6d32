"""Self-Instruct's novelty rule over many texts: which of them have a ROUGE-L over a maximum with an earlier kept one.

Exact, without comparing all with all. ``F = 2 LCS / (a + b) > t`` (a and b tokens) needs at least ``t (a + b) / 2``
common tokens, hence at least the share ``t / (2 - t)`` of either text. So

- with o the least number of common tokens, the two share k of their ``a - o + k`` rarest tokens (prefix filter: Chaudhuri
  et al. 2006; Bayardo et al. 2007), the i-th time that a token stands in a text counting as a token of its own. For short
  texts k is 2, and they are looked up by pairs of tokens, of which few are common; for others it is 1;
- their lengths are no further apart than that;
- the bitmaps of their tokens, 128 bits each, leave room for so many common ones: at most ``(a + b - popcount(A ^ B)) /
  2`` (bitmap filter: Sandes et al. 2020).

What passes all three gets its longest common subsequence from rapidfuzz and the decision from the floating-point formula
of the package ``rouge_score``. Only kept texts are held against, so that thousands of copies cost no more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.learn.features import Progress
from workbench.learn.similarity import TokenMap
from workbench.text import tokens

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Texts taken at a time.
BLOCK = 512
_REPEATS = 1 << 12
#: Texts with at most so many rarest tokens (a - o + 2) are looked up by pairs of them.
_PAIRED = 12
_WORDS = 2
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Novelty:
    """Whether a text was new. ``twin`` is the index of the most similar kept text, the earliest of equals, and ``score``
    its ROUGE-L; a text that is new has ``twin`` None and ``score`` 0."""

    novel: bool
    twin: int | None
    score: float


def rouge_novelty(
    texts: Sequence[str],
    maximum: float = 0.7,
    *,
    known: Sequence[str] = (),
    tokenise: Callable[[str], Sequence[str]] = tokens,
    progress: Progress | None = None,
) -> list[Novelty]:
    """Self-Instruct's rule in order: a text is novel when its ROUGE-L with every earlier *kept* text is <= ``maximum``.

    ``known`` are texts that are kept from the start; a ``twin`` among them is given as ``-1 - index``. ``maximum`` is
    over 0. Returns one ``Novelty`` per text.
    """
    import numpy

    mapping = TokenMap()
    codes = [mapping.encode(tokenise(text)) for part in (known, texts) for text in part]
    sets = _Sets(codes, maximum)
    base, total = len(known), len(codes)
    kept = numpy.zeros(total, bool)
    kept[:base] = True
    verdicts: list[Novelty] = []
    for start in range(base, total, BLOCK):
        stop = min(total, start + BLOCK)
        pool = numpy.flatnonzero(kept[:start])
        left, right = _concatenate(
            [
                sets.pairs(pool[at : at + sets.width(stop - start)], start, stop)
                for at in range(0, len(pool), sets.width(stop - start))
            ]
            + [sets.pairs(numpy.arange(start, stop), start, stop)]
        )
        scores = _rouge(codes, left, right)
        over = scores > maximum
        near: dict[int, list[tuple[int, float]]] = {}
        order = numpy.lexsort((left[over], right[over]))
        for a, b, score in zip(*(part[over][order].tolist() for part in (left, right, scores)), strict=True):
            near.setdefault(b, []).append((a, score))
        for place in range(start, stop):
            twin, best = None, 0.0
            for other, score in near.get(place, ()):
                if score > best and kept[other]:
                    twin, best = other, score
            kept[place] = twin is None
            verdicts.append(Novelty(twin is None, None if twin is None else _outside(twin, base), best))
        if progress is not None:
            progress(stop - base, total - base)
    return verdicts


def _outside(place: int, base: int) -> int:
    return place - base if place >= base else -1 - place


def _concatenate(parts: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    import numpy

    return numpy.concatenate([part[0] for part in parts]), numpy.concatenate([part[1] for part in parts])


class _Sets:
    """Texts (one character per token) as sets of (token, how often before): their rarest tokens and bitmaps."""

    def __init__(self, codes: Sequence[str], maximum: float) -> None:
        import numpy

        self._maximum = maximum
        count = len(codes)
        self._lengths = lengths = numpy.fromiter(map(len, codes), numpy.int64, count)
        flat = numpy.frombuffer("".join(codes).encode("utf-32-le", "surrogatepass"), numpy.uint32).astype(numpy.int64)
        text = numpy.repeat(numpy.arange(count), lengths)
        order = numpy.lexsort((flat, text))
        flat = flat[order]
        fresh = numpy.ones(len(flat), bool)
        fresh[1:] = (flat[1:] != flat[:-1]) | (text[1:] != text[:-1])
        place = numpy.arange(len(flat))
        repeat = place - numpy.maximum.accumulate(numpy.where(fresh, place, 0))
        # Beyond 4,095 repeats in one text two tokens may fall together, which lets more pairs pass, never fewer.
        _, element = numpy.unique(flat * _REPEATS + numpy.minimum(repeat, _REPEATS - 1), return_inverse=True)
        self._bits = self._bitmaps(element, text, count)
        often = numpy.bincount(element) if len(element) else numpy.empty(0, numpy.int64)
        element = element[numpy.lexsort((element, often[element], text))]
        rank = place - numpy.repeat(numpy.cumsum(lengths) - lengths, lengths)
        prefix = lengths - numpy.ceil(lengths * (maximum / (2 - maximum)) - _SLACK).astype(numpy.int64) + 1
        #: Texts that have two common tokens with any other that is over the maximum, both among few.
        self._paired = (lengths - prefix + 1 >= 2) & (prefix + 1 <= _PAIRED)
        chosen = rank < prefix[text]
        self._single = _incidence(text[chosen], element[chosen], count)
        chosen = (rank < prefix[text] + 1) & self._paired[text]
        table = numpy.full((count, _PAIRED), -1)
        table[text[chosen], rank[chosen]] = element[chosen]
        texts, keys = [], []
        for one in range(_PAIRED):
            for other in range(one + 1, _PAIRED):
                both = numpy.flatnonzero(table[:, other] >= 0)
                texts.append(both)
                keys.append(table[both, one] * len(often) + table[both, other])
        self._double = _incidence(numpy.concatenate(texts), numpy.concatenate(keys), count)

    @staticmethod
    def _bitmaps(element: Array, text: Array, count: int) -> Array:
        import numpy

        bits = numpy.zeros((count, _WORDS), numpy.uint64)
        mixed = (element.astype(numpy.uint64) + numpy.uint64(1)) * numpy.uint64(0x9E3779B97F4A7C15)
        mixed >>= numpy.uint64(57)  # seven bits: which of 128
        one = numpy.uint64(1) << (mixed & numpy.uint64(63))
        numpy.bitwise_or.at(bits, (text, (mixed >> numpy.uint64(6)).astype(numpy.int64)), one)
        return bits

    def width(self, rows: int) -> int:
        """Texts of the pool to be held against ``rows`` texts at a time, so that the pairs fit into some 100 MB."""
        return max(1, (1 << 23) // max(1, rows))

    def pairs(self, pool: Array, start: int, stop: int) -> tuple[Array, Array]:
        """``(left, right)`` of what may be over the maximum: left of ``pool``, right from ``start`` to before ``stop``,
        left before right."""
        import numpy

        rows = numpy.arange(start, stop)
        rows_few, rows_many = rows[self._paired[start:stop]], rows[~self._paired[start:stop]]
        pool_few, pool_many = pool[self._paired[pool]], pool[~self._paired[pool]]
        left, right = _concatenate(
            [
                _meet(self._double, pool_few, rows_few),
                _meet(self._single, pool_many, rows_few),
                _meet(self._single, pool, rows_many),
            ]
        )
        before = left < right
        left, right = left[before], right[before]
        a, b = self._lengths[left], self._lengths[right]
        needed = self._maximum * (a + b) - _SLACK
        good = 2 * numpy.minimum(a, b) > needed
        left, right, needed, both = left[good], right[good], needed[good], (a + b)[good]
        apart = numpy.bitwise_count(self._bits[left] ^ self._bits[right]).sum(axis=1, dtype=numpy.int64)
        # Each bit that differs is a token of one side only, unless both sides hide others behind the same bit.
        good = both - apart > needed
        return left[good], right[good]


def _incidence(text: Array, element: Array, count: int) -> csr_matrix:
    """Texts by elements, a 1 where one has the other; elements that stand in one text only are left out."""
    import numpy
    from scipy.sparse import csr_matrix

    _, column, often = numpy.unique(element, return_inverse=True, return_counts=True)
    shared = often[column] > 1
    ones = numpy.ones(int(shared.sum()), numpy.int32)
    return csr_matrix((ones, (text[shared], column[shared])), shape=(count, len(often)))


def _meet(matrix: csr_matrix, pool: Array, rows: Array) -> tuple[Array, Array]:
    """``(left of pool, right of rows)`` that have an element in common."""
    import numpy

    if not len(pool) or not len(rows):
        return numpy.empty(0, numpy.int64), numpy.empty(0, numpy.int64)
    found = (matrix[rows] @ matrix[pool].T).tocoo()
    return pool[found.col], rows[found.row]


def _rouge(codes: Sequence[str], left: Array, right: Array) -> Array:
    """ROUGE-L F-measures of the pairs, by the formula of ``rouge_score`` in its order of operations, float64."""
    import numpy
    from rapidfuzz import process
    from rapidfuzz.distance import LCSseq

    if not len(left):
        return numpy.zeros(0)
    one, other = [codes[place] for place in left.tolist()], [codes[place] for place in right.tolist()]
    common = process.cpdist(one, other, scorer=LCSseq.similarity, dtype=numpy.int32, workers=2).astype(numpy.float64)
    m = numpy.fromiter(map(len, one), numpy.float64, len(one))
    n = numpy.fromiter(map(len, other), numpy.float64, len(other))
    precision, recall = common / m, common / n
    scores: Array = numpy.zeros(len(one))
    some = common > 0
    scores[some] = 2 * precision[some] * recall[some] / (precision[some] + recall[some])
    return scores
