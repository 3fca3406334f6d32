"""Drops samples whose text is the same as a kept one's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter
from workbench.curate.representative import kept_as, visiting
from workbench.text import normalise

if TYPE_CHECKING:
    import numpy

_STEP = 10_000


@FILTERS.register("exact_duplicate")
@dataclass(frozen=True, slots=True)
class ExactDuplicate:
    """Same text: equal after NFKC, case folding and folding of white space (``text.normalise``), told by a hash of 128
    bits.

    Who stays: what a person has decided on always; then the ``first``, the ``last`` or the one with the best ``score``
    (highest "confidence"), of equals the first.
    """

    name: ClassVar[str] = "exact_duplicate"
    version: ClassVar[int] = 2
    summary: ClassVar[str] = "Drops a sample whose text equals another's, case and spacing aside."
    paper: ClassVar[str] = (
        "Lee et al. 2022, Deduplicating Training Data Makes Language Models Better (arXiv 2107.06499)"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"

    keep: Literal["first", "last", "score"] = parameter(
        "first", "which of the equal samples stays (score: highest confidence)"
    )
    per_label: bool = parameter(False, "count texts as equal only when their labels are equal too")
    seeds: bool = parameter(False, "also drop samples that equal a seed")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``other`` is the sample (or seed) that stays."""
        return self.judge_new(items, (), context)

    def judge_new(self, new: Sequence[Item], old: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per new item, in order, against the ``old`` ones, which stay whatever ``keep`` says, and each
        other."""
        import numpy

        seeds = context.seeds if self.seeds else ()
        known = len(seeds) + len(old)
        total = known + len(new)
        preference = numpy.arange(total)
        ranked = [place for place, item in enumerate(new) if item.settled]
        ranked += visiting(new, self.keep, (place for place, item in enumerate(new) if not item.settled))
        preference[known + numpy.array(ranked, numpy.int64)] = numpy.arange(known, total)
        stays = self._representatives([seeds, old, new], preference, context)[known:]
        fine = Verdict(True, "no kept sample has this text")
        for place, item in enumerate(new):
            other = int(stays[place])
            if other == known + place or item.settled:
                yield fine if not item.settled else Verdict(True, "a person has decided on it")
            elif other < len(seeds):
                yield Verdict(False, f"same text as seed {seeds[other].id}", 1.0, seeds[other].id)
            else:
                before = other < known
                twin = old[other - len(seeds)] if before else new[other - known]
                why = kept_as(twin, self.keep, before=before)
                yield Verdict(False, f"same text as sample {twin.id} ({why})", 1.0, twin.id)

    def _representatives(
        self, parts: Sequence[Sequence[Item]], preference: numpy.ndarray[Any, Any], context: Context
    ) -> numpy.ndarray[Any, Any]:
        """For each item of all ``parts`` the place of the equal one that is preferred most (least ``preference``)."""
        import numpy

        total = len(preference)
        hashes = bytearray()
        for part in parts:
            for item in part:
                hashes += self._key(item)
                if len(hashes) % (16 * _STEP) == 0:
                    context.step(len(hashes) // 16, total)
        keys = numpy.frombuffer(hashes, numpy.uint64).reshape(total, 2)
        order = numpy.lexsort((preference, keys[:, 1], keys[:, 0]))
        fresh = numpy.ones(total, bool)
        fresh[1:] = (keys[order[1:]] != keys[order[:-1]]).any(axis=1)
        stays = numpy.empty(total, numpy.int64)
        stays[order] = order[numpy.maximum.accumulate(numpy.where(fresh, numpy.arange(total), 0))]
        context.step(total, total)
        return stays

    def _key(self, item: Item) -> bytes:
        text = normalise(item.text)
        if self.per_label:
            text += f"\0{item.label is not None}\0{item.label}"
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
