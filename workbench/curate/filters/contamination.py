"""Drops samples that repeat real test rows, or rows of benchmark files that the user names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short

_STEP = 4_000


@FILTERS.register("contamination")
@dataclass(frozen=True, slots=True)
class Contamination:
    """Overlap with the test, of words and as a whole.

    Words: the share of the sample's n-grams (``n`` words, 13 as for GPT-3) that stand in any test row. A sample of
    fewer than ``n`` words is one n-gram, so that it counts when it stands whole in a row; a row of fewer words counts
    when it stands whole in the sample, for the share of the sample's words that it is. Under 5 words, sample and row
    must be equal. As a whole: ``near`` is the similarity of ``learn.near_duplicates``, with the same verification.

    Test rows are those imported as test, and every text in ``files`` (see ``curate.benchmark_files``).
    """

    name: ClassVar[str] = "contamination"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample that shares a run of words with a test row or nearly repeats one."
    paper: ClassVar[str] = "Brown et al. 2020, Language Models are Few-Shot Learners (arXiv 2005.14165), appendix C"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("share", "above")
    pointwise: ClassVar[bool] = True

    n: int = parameter(13, "words in an n-gram; fewer where sample or row are shorter")
    share: float = parameter(0.001, "smallest share of the sample's n-grams in the test (over 0; .001: one will do)")
    near: float | None = parameter(0.9, "similarity with a test row from which a sample is dropped, or none")
    files: tuple[str, ...] = parameter((), "benchmark files besides the test rows, from the project's folder")

    def __post_init__(self) -> None:
        require(self.name, 3 <= self.n <= 50, "n should be from 3 to 50")
        require(self.name, 0.0 < self.share <= 1.0, "share should be over 0 and at most 1")
        require(self.name, self.near is None or 0.5 <= self.near <= 1.0, "near should be from 0.5 to 1, or none")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order. ``value`` is the share of n-grams found (or, where only that decided, the
        similarity), ``other`` the test row; None for a file, whose line the reason names.

        Raises ``WorkbenchError`` for a file that cannot be read.
        """
        from workbench.curate.benchmark_files import benchmark_texts
        from workbench.learn.near_duplicates import NearIndex
        from workbench.learn.overlap import NgramIndex

        rows = [(item.text, f"test row {item.id}", item.id) for item in context.benchmarks()]
        others: list[int | None] = [row[2] for row in rows]
        texts, where = [row[0] for row in rows], [row[1] for row in rows]
        fields = context.task.fields if context.task is not None else None
        for name in self.files:
            for found in benchmark_texts(name, context.folder, fields):
                texts.append(found.text)
                where.append(found.where)
                others.append(None)
        grams = NgramIndex(texts, self.n)
        near = None
        if self.near is not None:
            near = NearIndex(self.near, seed=context.seed, expected=len(texts))
            near.keep(texts)
        nothing = "nothing of it is in the test" if texts else "there is no test row to compare with"
        for start in range(0, len(items), _STEP):
            part = [item.text for item in items[start : start + _STEP]]
            matches = near.match(part) if near else [None] * len(part)
            for overlap, match in zip(grams.look_up(part), matches, strict=True):
                if overlap and overlap.share >= self.share:
                    what = f"{short(overlap.share)} of its {overlap.size}-grams in {where[overlap.row]}"
                    if overlap.whole:
                        what = f"{where[overlap.row]} stands whole in it, {short(overlap.share)} of its words"
                    reason = f'{what}: "{quote(overlap.words)}"'
                    yield Verdict(False, reason, overlap.share, others[overlap.row], rule="words")
                elif match is not None:
                    reason = f'{short(match.similarity)} like {where[match.twin]}: "{quote(texts[match.twin])}"'
                    yield Verdict(False, reason, match.similarity, others[match.twin], rule="near")
                else:
                    yield Verdict(True, nothing, overlap.share if overlap else 0.0)
            context.step(start + len(part), len(items))
