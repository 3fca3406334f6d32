"""Chooses complex, good and different samples: DEITA's score-first, diversity-aware selection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate import judging
from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, require, short
from workbench.learn.selection import Near
from workbench.models.base import Request
from workbench.task import Task

#: The largest selection: the work is (samples looked at) x (samples chosen).
MOST_CHOSEN = 20_000
COMPLEXITY = judging.Scale(1, 6, "trivial", "very complex")
QUALITY = judging.Scale(1, 6, "useless", "excellent")


@FILTERS.register("deita")
@dataclass(frozen=True, slots=True)
class DEITA:
    """A model grades complexity c and quality q, 1 to 6 each; samples are sorted by the product ``c q``, highest first.

    Going down that list, a sample is chosen unless the cosine of its embedding with one already chosen is over
    ``threshold``, until ``size`` are chosen; all others are dropped. Among equal products the earlier sample comes first.
    The paper's scorers are two models fine-tuned for it (their score is the expectation over six tokens); here any judge
    gives the grade. Of an instruction complexity is about the instruction, quality about the response to it.

    Embeddings are the project's (``curate.embeddings``), else TF-IDF rows of words and characters, whose cosines are
    lower: then fewer samples count as alike, and every reason says so. No more than ``MOST_CHOSEN`` can be chosen, so that
    the comparisons stay linear in the number of samples. A sample that has not got both grades is kept beside the
    selection, under the rule ``unscored``.
    """

    name: ClassVar[str] = "deita"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Keeps so many samples: the most complex and best by a judge's grades, none like another."
    paper: ClassVar[str] = "Liu et al. 2024, What Makes Good Data for Alignment? (DEITA, arXiv 2312.15685)"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    asks: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    size: int = parameter(6000, f"samples to choose at the most (1 to {MOST_CHOSEN:,})")
    threshold: float = parameter(0.9, "cosine over which two samples are too much alike (0 to 1)")

    def __post_init__(self) -> None:
        require(self.name, 1 <= self.size <= MOST_CHOSEN, f"size should be from 1 to {MOST_CHOSEN:,}")
        require(self.name, 0.0 < self.threshold <= 1.0, "threshold should be over 0 and at most 1")

    def requests(self, items: Sequence[Item], context: Context) -> int:
        """How many requests ``judge`` makes."""
        return 2 * len(items)

    def pair(self, item: Item, task: Task | None) -> tuple[Request, Request]:
        """What is asked about one sample: its complexity, its quality."""
        parts, about = judging.parts_of(item), judging.about(task)
        given = {name: text for name, text in parts.items() if name not in ("output", "answer")} or parts
        answered = given != parts
        complexity = f"{about}Grade how complex this {'instruction' if answered else 'sample'} is: how much thought, "
        complexity += "knowledge or how many conditions it takes to deal with it well. Its length alone does not count."
        quality = f"{about}Grade the quality of this {'response to the instruction' if answered else 'sample'}: whether it is "
        quality += "right, relevant, clear, in keeping with the task, and complete."
        return judging.graded(complexity, given, COMPLEXITY), judging.graded(quality, parts, QUALITY)

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is ``c q``, both grades are scores of their own.

        Raises ``WorkbenchError`` where there is no model to ask.
        """
        asked = (request for item in items for request in self.pair(item, context.task))
        grades: list[tuple[float, float] | None] = []
        for done, group in enumerate(judging.answers(context.asking(self.name), asked, 2), 1):
            c, q = judging.score_of(group[0], COMPLEXITY), judging.score_of(group[1], QUALITY)
            grades.append(None if c is None or q is None else (c, q))
            context.step(done, 2 * len(items))
        products = [0.0 if pair is None else pair[0] * pair[1] for pair in grades]
        order = sorted(
            (place for place, pair in enumerate(grades) if pair is not None),
            key=lambda place: (-products[place], place),
        )
        chosen, seen, kind = self._choose(items, order, context)
        rank = {place: number for number, place in enumerate(order, 1)}
        picked = set(chosen)
        for place, pair in enumerate(grades):
            if pair is None:
                yield Verdict(True, "kept: the judge did not give both grades", rule=judging.UNSCORED)
                continue
            said = f"complexity {short(pair[0])} x quality {short(pair[1])} = {short(products[place])}"
            said += f", number {rank[place]:,} of {len(order):,}"
            scores = {"deita.complexity": pair[0], "deita.quality": pair[1]}
            near = seen.get(place)
            if near is None:
                why = f"{said}; {len(chosen):,} better ones are chosen"
                yield Verdict(False, why, products[place], rule="beyond the size", scores=scores)
                continue
            other = None if near.row is None else items[near.row].id
            if other is not None:
                said += f"; {short(near.cosine)} like chosen sample {other} by {kind}"
            keep = place in picked
            rule = "" if keep else "alike"
            yield Verdict(keep, said, products[place], other=other, rule=rule, scores=scores)

    def _choose(
        self, items: Sequence[Item], order: Sequence[int], context: Context
    ) -> tuple[list[int], dict[int, Near], str]:
        from workbench.learn.selection import greedy_diverse

        if not order:
            return [], {}, ""
        texts = [items[place].text for place in order]
        kind = "TF-IDF (no embeddings)" if context.embed is None else "embeddings"
        rows = context.rows(texts) if context.embed is None else context.embed(texts)

        def progress(done: int, total: int) -> None:
            context.step(total + done, 2 * total)

        chosen, seen = greedy_diverse(
            rows, range(len(order)), threshold=self.threshold, size=self.size, progress=progress
        )
        found = {
            order[row]: Near(near.cosine, None if near.row is None else order[near.row]) for row, near in seen.items()
        }
        return [order[row] for row in chosen], found, kind
