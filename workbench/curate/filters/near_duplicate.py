"""Drops samples that are nearly the same as one that is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short
from workbench.curate.representative import kept_as, visiting


@FILTERS.register("near_duplicate")
@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """``learn.near_duplicates``: MinHash candidates, each drop verified against the kept sample that it names.

    Who stays: what a person has decided on always; then ``first``, ``last``, the ``longest`` (characters) or the one
    with the best ``score`` (highest "confidence"), of equals the first. Groups never chain: a sample is dropped for a
    sample that is kept, not for one that is dropped itself.
    """

    name: ClassVar[str] = "near_duplicate"
    version: ClassVar[int] = 2
    summary: ClassVar[str] = (
        "Drops a sample that nearly repeats a kept one: reworded little, reordered, mistyped or wrapped."
    )
    paper: ClassVar[str] = "Broder 1997, On the resemblance and containment of documents"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("threshold", "above")

    threshold: float = parameter(0.78, "similarity from which two texts count as the same (0 to 1)")
    keep: Literal["first", "last", "longest", "score"] = parameter(
        "first", "which sample of a group stays (score: highest confidence)"
    )
    seeds: bool = parameter(False, "also drop samples that nearly repeat a seed")

    def __post_init__(self) -> None:
        require(self.name, 0.5 <= self.threshold <= 1.0, "threshold should be from 0.5 to 1")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the similarity and ``other`` the sample (or seed) that stays."""
        return self.judge_new(items, (), context)

    def judge_new(self, new: Sequence[Item], old: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per new item, in order, against the ``old`` ones, which stay whatever ``keep`` says, and each
        other."""
        from workbench.learn.near_duplicates import NearIndex

        seeds = context.seeds if self.seeds else ()
        settled = [place for place, item in enumerate(new) if item.settled]
        order = visiting(new, self.keep, (place for place, item in enumerate(new) if not item.settled))
        total = len(seeds) + len(old) + len(new)
        index = NearIndex(self.threshold, seed=context.seed, expected=total)
        done = 0

        def progress(at: int, _total: int) -> None:
            context.step(done + at, total)

        for known in (seeds, old, [new[place] for place in settled]):
            index.keep([item.text for item in known], progress)
            done += len(known)
        matches = index.judge([new[place].text for place in order], progress)
        found = {order[match.index - done]: match for match in matches}
        del index, matches  # hundreds of megabytes for a million texts, and verdicts are drawn one by one
        fine = Verdict(True, "no kept sample is near")
        for place, item in enumerate(new):
            match = found.get(place)
            if match is None:
                yield fine if not item.settled else Verdict(True, "a person has decided on it")
                continue
            before = match.twin - len(seeds)
            if before < 0:
                twin, which = seeds[match.twin], "seed"
            elif before < len(old):
                twin, which = old[before], "sample"
            elif match.twin < done:
                twin, which = new[settled[before - len(old)]], "sample"
            else:
                twin, which = new[order[match.twin - done]], "sample"
            why = f" ({kept_as(twin, self.keep, before=before < len(old))})" if which == "sample" else ""
            reason = f"{short(match.similarity)} like {which} {twin.id}{why}: {quote(twin.text)}"
            yield Verdict(False, reason, match.similarity, twin.id)
