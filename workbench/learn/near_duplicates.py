"""Near duplicates among many short texts: MinHash finds candidates, and every drop is verified against the text it
repeats.

Similarity of two texts, 0 to 1, is the highest of

- *words*: ``2 * shared / (m + n)`` over the two multisets of ``features.units`` (Dice; order does not matter), which
  is the normalised Indel similarity of the sorted units;
- *letters*: ``max(0, 2 r - 1)``, r the normalised Indel similarity of the normalised texts. Two unrelated English
  sentences share half of their letters in order, hence the scale: one typing error in each of two words still counts
  as near;
- *inside*: ``(1 + share) / 2`` when the shorter text (at least 4 units) stands whole inside the longer one, of which
  it is ``share``: "Sure! ... Let me know." wrapped around a text.

Candidates come from ``learn.minhash``: at most ``minhash.MOST_COMPARED`` texts are met by one, and those ``CANDIDATES``
whose signatures agree most are verified. So where thousands of texts share a template, a copy can be missed; a text is
never dropped unverified.

Rule of keeping: texts are visited in order; one is dropped when it is near a text that was *kept* before it, and names
the nearest of those that it met. Groups therefore never chain: a text that is near only to dropped texts is kept.

Texts pass in blocks, and only what is kept is remembered: its signature (352 bytes), its units (4 bytes each) and a
reference to the text itself. ``NearIndex`` is the same thing left open: it can begin with texts that are kept already,
so that new ones are judged as they arrive.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.learn import minhash
from workbench.learn.features import Progress, units
from workbench.learn.similarity import TokenMap
from workbench.text import normalise, tokens

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

THRESHOLD = 0.78
#: At most so many candidates are verified for a text, those with the best agreement.
CANDIDATES = 24
#: Texts taken at a time.
BLOCK = 1 << 14
_MINIMUM_INSIDE = 4
#: ``features.units`` of a normalised ASCII text, in a third of the time.
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_SLACK = 1e-9
#: Left and right of a pair as one number: right above, left below.
_LEFT = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Match:
    """``index`` repeats ``twin`` (a kept text) with ``similarity``, at least the threshold."""

    index: int
    twin: int
    similarity: float


@dataclass(frozen=True, slots=True)
class _Block:
    """The distinct texts of a block: normalised, one character per unit, hashes, band keys and prints. ``place`` says for
    every text of the block which distinct one it is, ``first`` where a distinct one came first."""

    plain: list[str]
    lines: list[str]
    hashes: Array
    keys: Array
    prints: Array
    place: list[int]
    first: list[int]


class NearIndex:
    """Kept texts that new ones are held against. Every text handed to ``keep`` or ``judge`` has a number, from 0.

    ``expected`` is how many texts will be kept, if that is known: memory is then taken once. ``compared`` counts the
    pairs of signatures that were compared so far, ``verified`` those whose texts were.
    """

    def __init__(self, threshold: float = THRESHOLD, *, seed: int = 0, expected: int = 0) -> None:
        import numpy

        self.threshold = threshold
        self.compared = self.verified = 0
        self._seed = seed
        self._next = 0
        self._room = max(BLOCK, expected)
        self._map = TokenMap()
        self._texts: list[str] = []
        self._numbers = array("q")
        self._codes = array("I")
        self._ends = array("q", [0])
        self._chains: list[minhash.Chains] = []
        #: Hashes of all texts seen, ascending, and the kept text that each is or repeats.
        self._hashes = numpy.empty(0, numpy.int64)
        self._owners = numpy.empty(0, numpy.int32)

    def __len__(self) -> int:
        return len(self._texts)

    def keep(self, texts: Sequence[str], progress: Progress | None = None) -> None:
        """Take all ``texts`` as kept, unjudged; of equal ones the first stands for all."""
        for start in range(0, len(texts), BLOCK):
            part = texts[start : start + BLOCK]
            block = self._read(part)
            seen = self._owner(block) >= 0
            self._remember(part, block, dict.fromkeys(seen.nonzero()[0].tolist(), (-1, 0.0)))
            self._next += len(part)
            if progress is not None:
                progress(min(len(texts), start + BLOCK), len(texts))

    def judge(self, texts: Sequence[str], progress: Progress | None = None) -> list[Match]:
        """The ``texts`` that repeat a kept one or one before them, by number; the others are kept from now on."""
        found: list[Match] = []
        for start in range(0, len(texts), BLOCK):
            part = texts[start : start + BLOCK]
            block = self._read(part)
            base = len(self._texts)
            dropped = self._choose(block, within=True)
            for offset, place in enumerate(block.place):
                if place in dropped:
                    twin, score = dropped[place]
                    number = self._numbers[twin] if twin < base else self._next + block.first[twin - base]
                    found.append(Match(self._next + offset, number, score))
                elif offset != block.first[place]:
                    found.append(Match(self._next + offset, self._next + block.first[place], 1.0))
            self._remember(part, block, dropped)
            self._next += len(part)
            if progress is not None:
                progress(min(len(texts), start + BLOCK), len(texts))
        return found

    def match(self, texts: Sequence[str], progress: Progress | None = None) -> list[Match | None]:
        """For each text its nearest kept one, or None; nothing is kept. ``Match.index`` is the place in ``texts``."""
        found: list[Match | None] = []
        for start in range(0, len(texts), BLOCK):
            block = self._read(texts[start : start + BLOCK])
            dropped = self._choose(block, within=False)
            for offset, place in enumerate(block.place):
                twin, score = dropped.get(place, (-1, 0.0))
                found.append(Match(start + offset, self._numbers[twin], score) if twin >= 0 else None)
            if progress is not None:
                progress(min(len(texts), start + BLOCK), len(texts))
        return found

    def _read(self, texts: Sequence[str]) -> _Block:
        import numpy

        seen: dict[str, int] = {}
        lines: list[str] = []
        place: list[int] = []
        first: list[int] = []
        for offset, original in enumerate(texts):
            text = normalise(original)
            position = seen.setdefault(text, len(lines))
            place.append(position)
            if position == len(lines):
                lines.append(encoded(text, self._map))
                first.append(offset)
        hashes = numpy.fromiter(map(hash, seen), numpy.int64, len(seen))
        keys, prints = minhash.sign(lines, self._seed)
        return _Block(list(seen), lines, hashes, keys, prints, place, first)

    def _owner(self, block: _Block) -> Array:
        """For each distinct text the kept one that an equal text is or repeats, or -1."""
        import numpy

        if not len(self._hashes):
            return numpy.full(len(block.lines), -1)
        at = numpy.minimum(numpy.searchsorted(self._hashes, block.hashes), len(self._hashes) - 1)
        return numpy.where(self._hashes[at] == block.hashes, self._owners[at], -1)

    def _remember(self, texts: Sequence[str], block: _Block, dropped: dict[int, tuple[int, float]]) -> None:
        """Put the texts of ``block`` that are not ``dropped`` in; of the others only whom they repeat (-1: nobody)."""
        import numpy

        base = len(self._texts)
        kept = [place for place in range(len(block.lines)) if place not in dropped]
        number = {place: base + order for order, place in enumerate(kept)}
        for place in kept:
            self._texts.append(texts[block.first[place]])
            self._numbers.append(self._next + block.first[place])
            self._codes.frombytes(block.lines[place].encode("utf-32-le", "surrogatepass"))
            self._ends.append(len(self._codes))
        start = 0
        while start < len(kept):
            if not self._chains or self._chains[-1].count == self._chains[-1].room:
                self._chains.append(minhash.Chains(self._room << len(self._chains)))
            chains = self._chains[-1]
            part = kept[start : start + chains.room - chains.count]
            linked = numpy.array([bool(block.lines[place]) for place in part])
            chains.put(block.keys[:, part], block.prints[part], linked)
            start += len(part)
        owners = numpy.array(
            [self._twin(place, dropped, number, base) for place in range(len(block.lines))], numpy.int32
        )
        fresh = numpy.flatnonzero((owners >= 0) & (self._owner(block) < 0))
        order = fresh[numpy.argsort(block.hashes[fresh], kind="stable")]
        at = numpy.searchsorted(self._hashes, block.hashes[order])
        self._hashes = numpy.insert(self._hashes, at, block.hashes[order])
        self._owners = numpy.insert(self._owners, at, owners[order])

    @staticmethod
    def _twin(place: int, dropped: dict[int, tuple[int, float]], number: dict[int, int], base: int) -> int:
        twin = dropped[place][0] if place in dropped else base + place
        return twin if twin < base else number[twin - base]

    def _choose(self, block: _Block, *, within: bool) -> dict[int, tuple[int, float]]:
        """The distinct texts to drop: (their nearest kept text, similarity). A twin from ``len(self)`` on is the
        distinct text of this block with that number more."""
        base = len(self._texts)
        right, left = self._pairs(block, within)
        self.verified += len(left)
        scores = self._verify(block, left, right)
        dropped: dict[int, tuple[int, float]] = {}
        good = scores >= self.threshold - _SLACK
        for a, b, score in zip(left[good].tolist(), right[good].tolist(), scores[good].tolist(), strict=True):
            if (a < base or a - base not in dropped) and (b not in dropped or score > dropped[b][1]):
                dropped[b] = (a, score)
        return dropped

    def _pairs(self, block: _Block, within: bool) -> tuple[Array, Array]:
        """``(right, left)`` of the candidates, ascending; left counts the kept texts and then those of the block."""
        import numpy

        base, size = len(self._texts), len(block.lines)
        filled = numpy.array([bool(line) for line in block.lines], bool)
        owner = self._owner(block)
        equal = numpy.flatnonzero(owner >= 0)
        pairs = numpy.stack([(equal << 32) | owner[equal], numpy.full(len(equal), minhash.WIDTH + 1)])
        full = ~filled | (owner >= 0)
        open_ = numpy.flatnonzero(~full)
        for band in range(minhash.BANDS):
            found = [pairs]
            offset = 0
            for chains in self._chains:
                number, right = chains.meet(band, block.keys[band, open_], full[open_])
                found.append(self._likely(chains.prints, block.prints, number, open_[right], offset))
                offset += chains.count
            if within:
                left, right = minhash.neighbours(block.keys[band, open_], full[open_])
                found.append(self._likely(block.prints, block.prints, open_[left], open_[right], base))
            pairs = _best(numpy.concatenate(found, axis=1))
            full = numpy.bincount(pairs[0] >> 32, minlength=size) >= CANDIDATES
        return pairs[0] >> 32, pairs[0] & _LEFT

    def _likely(self, a: Array, b: Array, left: Array, right: Array, offset: int) -> Array:
        """Candidates as rows of (pair, agreement), ``(2, m)`` int64."""
        import numpy

        self.compared += len(left)
        left, right, agree = minhash.likely(a, b, left, right)
        return numpy.stack([(right << 32) | (left + offset), agree])

    def _verify(self, block: _Block, left: Array, right: Array) -> Array:
        """Similarities of the pairs, float64; 0 where under the threshold."""
        import numpy

        base = len(self._texts)
        wanted, at = numpy.unique(left, return_inverse=True)
        plain, lines = [], []
        for number in wanted.tolist():
            if number < base:
                plain.append(normalise(self._texts[number]))
                codes = self._codes[self._ends[number] : self._ends[number + 1]]
                lines.append(codes.tobytes().decode("utf-32-le", "surrogatepass"))
            else:
                plain.append(block.plain[number - base])
                lines.append(block.lines[number - base])
        return _similarities(plain, lines, at, block.plain, block.lines, right, self.threshold)


def near_duplicates(
    texts: Sequence[str],
    threshold: float = THRESHOLD,
    *,
    order: Sequence[int] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Match]:
    """The texts that repeat an earlier one, in ascending ``index``.

    ``order`` is the order in which texts are visited, the first of its kind being kept (default: as given); it must
    hold every index once. ``seed`` fixes the hash functions. ``progress`` counts texts. Texts without letters or
    digits are compared by their marks, empty ones equal each other only.
    """
    index = NearIndex(threshold, seed=seed, expected=len(texts))
    if order is None:
        return index.judge(texts, progress)
    found = index.judge([texts[place] for place in order], progress)
    return sorted(
        (Match(order[match.index], order[match.twin], match.similarity) for match in found),
        key=lambda match: match.index,
    )


def similarity(a: str, b: str) -> float:
    """How near two texts are, by the rule of this module (1 for texts that are equal after ``text.normalise``)."""
    import numpy

    at = numpy.zeros(1, numpy.int64)
    return float(similarities([a], [b], at, at)[0])


def similarities(a: Sequence[str], b: Sequence[str], left: Array, right: Array) -> Array:
    """``similarity`` of the pairs ``(a[left], b[right])``, places (n,): ``(n,)`` float64."""
    mapping = TokenMap()
    one, other = [normalise(text) for text in a], [normalise(text) for text in b]
    lines = [encoded(text, mapping) for text in one], [encoded(text, mapping) for text in other]
    found = _similarities(one, lines[0], left, other, lines[1], right, 0.0)
    found[[one[i] == other[j] for i, j in zip(left.tolist(), right.tolist(), strict=True)]] = 1.0
    return found


def encoded(text: str, mapping: TokenMap) -> str:
    """One character per unit of a normalised text; per mark, where it has no unit."""
    found = _ASCII_WORD.findall(text) if text.isascii() else units(text)
    return mapping.encode(found or tokens(text))


def _best(pairs: Array) -> Array:
    """Rows of (pair, agreement) without repeats, ascending, for each text the ``CANDIDATES`` that agree most."""
    import numpy

    pairs = pairs[:, numpy.unique(pairs[0], return_index=True)[1]]
    right = pairs[0] >> 32
    if not len(right) or numpy.bincount(right).max() <= CANDIDATES:
        return pairs
    order = numpy.lexsort((pairs[0], -pairs[1], right))
    right = right[order]
    fresh = numpy.ones(len(right), bool)
    fresh[1:] = right[1:] != right[:-1]
    place = numpy.arange(len(right)) - numpy.maximum.accumulate(numpy.where(fresh, numpy.arange(len(right)), 0))
    return pairs[:, numpy.sort(order[place < CANDIDATES])]


def _similarities(
    plain_a: Sequence[str],
    lines_a: Sequence[str],
    left: Array,
    plain_b: Sequence[str],
    lines_b: Sequence[str],
    right: Array,
    threshold: float,
) -> Array:
    """Similarities of the pairs ``(a[left], b[right])``, float64; anything under ``threshold`` may be 0."""
    import numpy
    from rapidfuzz import process
    from rapidfuzz.distance import Indel

    a, b = left.tolist(), right.tolist()
    if not a:
        return numpy.zeros(0)
    settings: dict[str, Any] = {"scorer": Indel.normalized_similarity, "dtype": numpy.float64, "workers": 2}
    bags_a = ["".join(sorted(line)) for line in lines_a]
    bags_b = {place: "".join(sorted(lines_b[place])) for place in set(b)}
    # A text inside another has words 2 s / (1 + s), s its share, and counts from s = 2 threshold - 1.
    least = max(0.0, (2 * threshold - 1) / threshold - _SLACK) if threshold else 0.0
    words = process.cpdist(
        [bags_a[place] for place in a], [bags_b[place] for place in b], score_cutoff=least, **settings
    )
    letters = process.cpdist(
        [plain_a[place] for place in a],
        [plain_b[place] for place in b],
        score_cutoff=max(0.0, (1 + threshold) / 2 - _SLACK),
        **settings,
    )
    scores: Array = numpy.maximum(words, 2 * letters - 1)
    m = numpy.fromiter((len(lines_a[place]) for place in a), numpy.int64, len(a))
    n = numpy.fromiter((len(lines_b[place]) for place in b), numpy.int64, len(b))
    short, long = numpy.minimum(m, n), numpy.maximum(m, n)
    whole = (short >= _MINIMUM_INSIDE) & (words * (m + n) >= 2 * short - 1e-6) & (scores < 1.0)
    for place in numpy.flatnonzero(whole).tolist():
        one, other = lines_a[a[place]], lines_b[b[place]]
        if one in other or other in one:
            scores[place] = max(scores[place], (1 + int(short[place]) / int(long[place])) / 2)
    return scores
