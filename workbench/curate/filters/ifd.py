"""Keeps the instructions whose response is hardest to guess without being misaligned: instruction-following difficulty."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate import judging
from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, require, short
from workbench.errors import WorkbenchError
from workbench.models.base import Answer, Request

#: What stands before the response, with the instruction and alone: the same end, so that both cut tokens alike.
WITH = "### Instruction:\n{question}\n\n### Response:\n"
ALONE = "### Response:\n"
#: One token is written and thrown away.
_SHORT = {"max_tokens": 1}


@FILTERS.register("ifd")
@dataclass(frozen=True, slots=True)
class InstructionFollowingDifficulty:
    """``IFD(Q, A) = s(A | Q) / s(A)``, s the mean loss ``-(1/T) sum log p(a_t | ...)`` of the response's tokens.

    Near 1 the instruction hardly helps to guess the response (hard), near 0 it nearly gives it away (easy); over 1 it
    misleads, and the sample is dropped. Of the others the ``share`` with the highest IFD stays (rounded down, at least
    one; among equals the earlier). As in the released code (github.com/tianyi-lab/Cherry_LLM,
    ``cherry_seletion/data_by_IFD.py``) a sample counts as misaligned over 1, not at 1.

    Needs a base model behind an endpoint that gives a prompt's own log-probabilities (raw completions with ``echo``:
    vLLM does, llama.cpp's server does not). Two requests per sample. A sample without a question or a response, or
    without an answer, is kept, under the rule ``unscored``, and does not count in the share.
    """

    name: ClassVar[str] = "ifd"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Keeps the share of samples whose response the instruction helps least to predict."
    paper: ClassVar[str] = (
        "Li et al. 2023, From Quantity to Quality (arXiv 2308.12032), instruction-following difficulty"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    asks: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    share: float = parameter(0.1, "share to keep, highest difficulty first (over 0, at most 1)")
    question: tuple[str, ...] = parameter(("instruction", "input"), "fields of the instruction, with + between them")
    response: str = parameter("output", "field of the response")

    def __post_init__(self) -> None:
        require(self.name, 0.0 < self.share <= 1.0, "share should be over 0 and at most 1")
        require(self.name, bool(self.question) and bool(self.response), "question and response should name fields")

    def requests(self, items: Sequence[Item], context: Context) -> int:
        """How many requests ``judge`` makes."""
        return 2 * sum(self._pair(item) is not None for item in items)

    def pair(self, question: str, response: str) -> tuple[Request, Request]:
        """The requests for ``s(A | Q)`` and ``s(A)``."""
        given = WITH.format(question=question)
        return (
            Request((), parameters=_SHORT, prompt=given + response, scored=len(given)),
            Request((), parameters=_SHORT, prompt=ALONE + response, scored=len(ALONE)),
        )

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the IFD, both losses are scores of their own.

        Raises ``WorkbenchError`` when no sample has such fields, and where there is no model to ask.
        """
        pairs = [self._pair(item) for item in items]
        if items and not any(pairs):
            raise WorkbenchError(
                f"{self.name} needs samples with the fields {' and '.join((*self.question, self.response))}, and none here has "
                "them; name others with question=FIELD,response=FIELD or take it out of the chain."
            )
        asked = (request for pair in pairs if pair is not None for request in self.pair(*pair))
        groups = judging.answers(context.asking(self.name), asked, 2)
        losses: list[tuple[float, float] | None] = []
        for done, pair in enumerate(pairs, 1):
            losses.append(None if pair is None else _losses(*next(groups)))
            context.step(done, len(items))
        yield from self._verdicts(losses, pairs)

    def _verdicts(
        self, losses: Sequence[tuple[float, float] | None], pairs: Sequence[tuple[str, str] | None]
    ) -> Iterator[Verdict]:
        ratios = [None if pair is None else pair[0] / pair[1] for pair in losses]
        order = sorted(
            (place for place, ratio in enumerate(ratios) if ratio is not None and ratio <= 1),
            key=lambda place: (-(ratios[place] or 0.0), place),
        )
        rank = {place: number for number, place in enumerate(order, 1)}
        keeps = max(1, math.floor(len(order) * self.share + 1e-9))
        for place, (ratio, pair) in enumerate(zip(ratios, losses, strict=True)):
            if ratio is None or pair is None:
                why = "has no such fields" if pairs[place] is None else "kept: the model gave no log-probabilities"
                yield Verdict(True, why, rule=judging.UNSCORED)
                continue
            said = f"IFD {short(ratio)}: loss {short(pair[0])} with the instruction, {short(pair[1])} without"
            scores = {"ifd.given": pair[0], "ifd.alone": pair[1]}
            if ratio > 1:
                yield Verdict(False, f"{said}; the instruction misleads", ratio, rule="misaligned", scores=scores)
            else:
                said += f"; number {rank[place]:,} of {len(order):,}"
                rule = "" if rank[place] <= keeps else "easy"
                yield Verdict(rank[place] <= keeps, said, ratio, rule=rule, scores=scores)

    def _pair(self, item: Item) -> tuple[str, str] | None:
        found = [item.fields.get(name) for name in self.question]
        question = "\n".join(text.strip() for text in found if isinstance(text, str) and text.strip())
        response = item.fields.get(self.response)
        if not question or not isinstance(response, str) or not response.strip():
            return None
        return judging.cut(question), judging.cut(response.strip())


def _losses(given: Answer | None, alone: Answer | None) -> tuple[float, float] | None:
    """Mean losses; None without log-probabilities, or where the response alone is certain (there is no ratio then)."""
    if given is None or alone is None or not given.logprobs or not alone.logprobs:
        return None
    pair = (-sum(given.logprobs) / len(given.logprobs), -sum(alone.logprobs) / len(alone.logprobs))
    return pair if pair[1] > 0 else None
