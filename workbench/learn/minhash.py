"""MinHash signatures cut into bands, and the chains in which texts with an equal band find one another.

A signature has ``BANDS * ROWS`` values, each the least of a hash over the set of a text's units (Broder 1997); texts
with an equal band of ``ROWS`` values are candidates (Indyk and Motwani 1998). At Jaccard .64 the bands miss a pair with
probability .00006, at .5 with .014. What is kept of a signature is one byte per value (its "print", good enough to
estimate agreement) and one 32-bit key per band; two links per band and text make the chains. That is
``WIDTH + 8 * BANDS`` = 352 bytes a text.

Nothing is quadratic: a text meets at most ``STEPS`` older ones in the chain of a band, and of the texts that came with
it at most the ``BUCKET_BEFORE`` before it and the first ``BUCKET_FIRST``: ``MOST_COMPARED`` agreements in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

BANDS = 32
ROWS = 3
WIDTH = BANDS * ROWS
BUCKET_FIRST = 4
BUCKET_BEFORE = 12
#: Links of a band's chain that are followed; a text that has enough candidates already follows ``FEW``.
STEPS = 16
FEW = 4
#: Pairs with less agreement than this share are let go: words .78 means a Jaccard of about .64, and the estimate from
#: 96 values has a standard error of .05.
SIGNATURE_FLOOR = 0.45
#: Agreements computed for one text, at most, for each ``Chains`` it is held against and within its own block.
MOST_COMPARED = BANDS * (STEPS + BUCKET_BEFORE + BUCKET_FIRST)
#: Pairs compared at a time: both sides fit into a processor's cache.
_CHUNK = 1 << 14


def sign(lines: Sequence[str], seed: int) -> tuple[Array, Array]:
    """``(keys, prints)`` of texts given as one character per unit: ``(BANDS, n)`` uint32 and ``(n, WIDTH)`` uint8.

    Those of an empty text mean nothing.
    """
    import numpy

    count = len(lines)
    keys = numpy.zeros((BANDS, count), numpy.uint32)
    prints = numpy.zeros((count, WIDTH), numpy.uint8)
    lengths = numpy.fromiter(map(len, lines), numpy.int64, count)
    filled = numpy.flatnonzero(lengths)
    if not len(filled):
        return keys, prints
    codes = numpy.frombuffer("".join(lines).encode("utf-32-le", "surrogatepass"), numpy.uint32)
    starts = numpy.concatenate([[0], numpy.cumsum(lengths[filled])[:-1]])
    present = numpy.zeros(int(codes.max()) + 1, bool)
    present[codes] = True
    distinct = numpy.flatnonzero(present)
    place = numpy.empty(len(present), numpy.int32)
    place[distinct] = numpy.arange(len(distinct), dtype=numpy.int32)
    indices = place[codes]
    salts = numpy.random.default_rng(seed).integers(1 << 62, size=WIDTH)
    wide = distinct.astype(numpy.uint64)
    for band in range(BANDS):
        key = numpy.zeros(len(filled), numpy.uint64)
        for row in range(band * ROWS, band * ROWS + ROWS):
            least = numpy.minimum.reduceat(_mix(wide, int(salts[row]))[indices], starts)
            prints[filled, row] = least.astype(numpy.uint8)
            key = key * numpy.uint64(0x9E3779B97F4A7C15) + least.astype(numpy.uint64) + numpy.uint64(1)
            key ^= key >> numpy.uint64(29)
        keys[band, filled] = (key * numpy.uint64(0x9E3779B97F4A7C15) >> numpy.uint64(32)).astype(numpy.uint32)
    return keys, prints


def _mix(codes: Array, salt: int) -> Array:
    """The upper half of a 64-bit finaliser (Steele et al., SplitMix, 2014) over ``codes`` and ``salt``."""
    import numpy

    mixed = codes + numpy.uint64(salt)
    mixed ^= mixed >> numpy.uint64(30)
    mixed *= numpy.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> numpy.uint64(27)
    mixed *= numpy.uint64(0x94D049BB133111EB)
    return (mixed >> numpy.uint64(32)).astype(numpy.uint32)


def likely(a: Array, b: Array, left: Array, right: Array) -> tuple[Array, Array, Array]:
    """``(left, right, agreement)`` of the pairs ``(a[left], b[right])`` that agree in ``SIGNATURE_FLOOR`` of their
    values, int64."""
    import numpy

    kept: list[tuple[Array, Array, Array]] = []
    a, b = a.view(numpy.uint64), b.view(numpy.uint64)  # eight values at a time
    for start in range(0, len(left), _CHUNK):
        one, other = left[start : start + _CHUNK], right[start : start + _CHUNK]
        same = (a.take(one, 0).view(numpy.uint8) == b.take(other, 0).view(numpy.uint8)).view(numpy.uint64)
        # Eight counts in one number, a byte each; the product adds them up in its highest byte.
        counts = same.sum(axis=1, dtype=numpy.uint64) * numpy.uint64(0x0101010101010101)
        agree = (counts >> numpy.uint64(56)).astype(numpy.int64)
        good = agree >= SIGNATURE_FLOOR * WIDTH
        kept.append((one[good].astype(numpy.int64), other[good].astype(numpy.int64), agree[good]))
    if not kept:
        nothing = numpy.empty(0, numpy.int64)
        return nothing, nothing, nothing
    return tuple(numpy.concatenate(part) for part in zip(*kept, strict=True))  # type: ignore[return-value]


def neighbours(keys: Array, full: Array) -> tuple[Array, Array]:
    """``(left, right)`` within one block, left before right, of equal ``keys`` ``(n,)`` of one band.

    A text that is ``full`` is paired in small buckets only: a large bucket is a phrase that many texts share, and would
    bring more of the same.
    """
    import numpy

    count = len(keys)
    by_key = numpy.argsort(keys, kind="stable")
    fresh = numpy.ones(count, bool)
    fresh[1:] = keys[by_key[1:]] != keys[by_key[:-1]]
    start = numpy.maximum.accumulate(numpy.where(fresh, numpy.arange(count), 0))
    place = numpy.arange(count) - start  # how many of the same bucket stand before
    wanted = ~full[by_key] | (place <= BUCKET_BEFORE)
    lefts, rights = [], []
    here = numpy.flatnonzero(wanted & (place >= 1))
    for back in range(1, BUCKET_BEFORE + 1):
        here = here[place[here] >= back]
        lefts.append(by_key[here - back])
        rights.append(by_key[here])
    far = numpy.flatnonzero(wanted & (place > BUCKET_BEFORE))
    for first in range(BUCKET_FIRST):
        here = far[place[far] - first > BUCKET_BEFORE]
        lefts.append(by_key[start[here] + first])
        rights.append(by_key[here])
    return numpy.concatenate(lefts), numpy.concatenate(rights)


class Chains:
    """Up to ``room`` texts by their bands: the newest text of each slot, and for each text the one before it there.

    A slot may hold several keys; the prints tell them apart. Texts are numbered from 0 in the order they were put in.
    """

    def __init__(self, room: int) -> None:
        import numpy

        self.room = room
        self.count = 0
        slots = 1 << max(10, (room - 1).bit_length())
        self._mask = numpy.uint32(slots - 1)
        self._newest = numpy.zeros((BANDS, slots), numpy.int32)  # number + 1; 0 where there is none
        self._before = numpy.zeros((BANDS, room), numpy.int32)
        self.prints = numpy.zeros((room, WIDTH), numpy.uint8)

    def put(self, keys: Array, prints: Array, linked: Array) -> None:
        """Put ``n`` texts in (``count + n <= room``); only those that are ``linked`` (bool, ``(n,)``) can be met."""
        import numpy

        start, stop = self.count, self.count + len(prints)
        self.prints[start:stop] = prints
        here = numpy.flatnonzero(linked)
        for band in range(BANDS):
            slots = keys[band, here] & self._mask
            order = numpy.argsort(slots, kind="stable")
            sorted_slots, numbers = slots[order], (start + here[order] + 1).astype(numpy.int32)
            fresh = numpy.ones(len(order), bool)
            fresh[1:] = sorted_slots[1:] != sorted_slots[:-1]
            before = numpy.zeros(len(order), numpy.int32)
            before[1:] = numbers[:-1]
            before[fresh] = self._newest[band, sorted_slots[fresh]]
            self._before[band, numbers - 1] = before
            last = numpy.flatnonzero(numpy.append(fresh[1:], True)) if len(order) else order
            self._newest[band, sorted_slots[last]] = numbers[last]
        self.count = stop

    def meet(self, band: int, keys: Array, full: Array) -> tuple[Array, Array]:
        """``(number, right)``: the texts in the chains of ``keys`` ``(n,)``, the newest first, ``STEPS`` at most."""
        import numpy

        at = self._newest[band, keys & self._mask]
        right = numpy.flatnonzero(at)
        at = at[right]
        lefts, rights = [], []
        for step in range(STEPS):
            lefts.append(at - 1)
            rights.append(right)
            at = self._before[band, at - 1]
            going = at > 0 if step + 1 != FEW else (at > 0) & ~full[right]
            at, right = at[going], right[going]
            if not len(at):
                break
        return numpy.concatenate(lefts), numpy.concatenate(rights)
