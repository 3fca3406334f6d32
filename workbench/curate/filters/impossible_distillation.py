"""Keeps pairs that mean the same in other words, and of pairs that repeat one another only one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from workbench.curate import judging
from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, quote, require, short
from workbench.errors import WorkbenchError
from workbench.models.base import Request

#: Pairs with the nearest sources and the nearest targets with which a pair is compared: so many of each.
NEIGHBOURS = 4
#: Cosine (TF-IDF of words) from which two sides are near enough to ask whether one entails the other.
NEAR = 0.5
SCALE = judging.Scale(0, 1, "certainly not", "certainly")
QUESTION = (
    "How probable is it that the premise entails the hypothesis: that somebody who accepts the premise as true must accept "
    "the hypothesis as true too, without anything being added? What the premise leaves open or denies is not entailed."
)

Pair = tuple[str, str]
Sides = tuple[int, int, int]  # side (0 source, 1 target), the premise's pair, the hypothesis's pair


@FILTERS.register("impossible_distillation")
@dataclass(frozen=True, slots=True)
class ImpossibleDistillation:
    """The filters of Impossible Distillation over pairs (x, y), in this order; ``rule`` names the one that dropped a pair.

    - *meaning*: ``p(x => y) >= entailment`` and, for ``goal=paraphrase``, ``p(y => x) >= entailment`` (0.75 in appendix
      A.2 and C.1). p is what the judge says; the authors use an NLI model.
    - *too alike*, paraphrases: ROUGE-L of x and y over ``alike`` (0.75). The paper's second measure of form, the edit
      distance of constituency trees, needs a parser and is left out.
    - *length*: for ``goal=summary`` ``|y| < compression |x|`` (0.8, C.1), for paraphrases ``shortest |x| <= |y| <=
      longest |x|`` (0.8 and 1.5 in github.com/jaehunjung1/impossible-distillation, ``pipeline/filter.py``), in characters.
    - *repeats*: two pairs are duplicates when ``p(x1 => x2)`` or ``p(y1 => y2)`` is over ``duplicate``; of each connected
      group (algorithm 1) the pair with the highest ``p(x => y) + p(y => x)`` stays (for summaries that is
      ``p(x => y)`` alone), the earlier among equals.

    The paper compares all pairs of one context; here a pair is compared with the pairs whose source or target is among the
    ``NEIGHBOURS`` nearest of its own by TF-IDF, at least ``NEAR``, which keeps the number of requests linear. What costs
    nothing is looked at first. A pair whose meaning was not judged is kept, under the rule ``unscored``, and so is a sample
    without both fields; neither takes part in groups.
    """

    name: ClassVar[str] = "impossible_distillation"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Drops pairs whose sides do not entail each other, are too alike in form, or repeat other pairs."
    )
    paper: ClassVar[str] = (
        "Jung et al. 2024, Impossible Distillation (arXiv 2305.16635), section 3.2, appendices A and C"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    asks: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    goal: Literal["paraphrase", "summary"] = parameter("paraphrase", "what the second side is of the first")
    source: str = parameter("first", "field of the first side (x)")
    target: str = parameter("second", "field of the second side (y)")
    entailment: float = parameter(0.75, "drop under this probability that one side entails the other (0 to 1)")
    alike: float = parameter(0.75, "paraphrases: drop over this ROUGE-L of both sides (0 to 1)")
    compression: float = parameter(0.8, "summaries: drop unless y is shorter than this times x")
    shortest: float = parameter(0.8, "paraphrases: drop when y is shorter than this times x")
    longest: float = parameter(1.5, "paraphrases: drop when y is longer than this times x")
    duplicate: float = parameter(0.5, "pairs repeat each other over this probability of entailment (0 to 1)")

    def __post_init__(self) -> None:
        for name in ("entailment", "alike", "duplicate"):
            require(self.name, 0.0 <= getattr(self, name) <= 1.0, f"{name} should be from 0 to 1")
        require(self.name, 0.0 < self.shortest <= self.longest, "shortest should be over 0 and at most longest")
        require(self.name, self.compression > 0.0, "compression should be over 0")
        require(self.name, self.source != self.target, "source and target should be two fields")

    def requests(self, items: Sequence[Item], context: Context) -> int:
        """How many requests ``judge`` makes at the most: how many pairs pass the earlier filters is known afterwards."""
        pairs = [pair for pair in map(self._pair, items) if pair is not None and self._form(pair) is None]
        return len(pairs) * (len(self._ways) + 2 * 2 * NEIGHBOURS)

    @property
    def _ways(self) -> tuple[int, ...]:
        """The directions of entailment that are asked about: 0 x => y, 1 y => x."""
        return (0,) if self.goal == "summary" else (0, 1)

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the number that decided (the lower of both probabilities for a
        pair that stays), ``other`` the pair that stays for the group.

        Raises ``WorkbenchError`` when no sample has both fields, and where there is no model to ask.
        """
        pairs = [self._pair(item) for item in items]
        if items and not any(pairs):
            raise WorkbenchError(
                f"{self.name} needs samples with the fields {self.source} and {self.target}, and none here has them; name "
                "others with source=FIELD,target=FIELD or take it out of the chain."
            )
        verdicts: dict[int, Verdict] = {}
        for place, pair in enumerate(pairs):
            if pair is None:
                verdicts[place] = Verdict(True, "has no such pair", rule=judging.UNSCORED)
            elif (found := self._form(pair)) is not None:
                verdicts[place] = found
        both = {place: pair for place, pair in enumerate(pairs) if pair is not None and place not in verdicts}
        meant = self._meaning(both, verdicts, context)
        self._repeats(both, meant, verdicts, items, context)
        for place in range(len(items)):
            found = verdicts.get(place)
            yield found if found is not None else Verdict(True, _said(meant[place]), min(meant[place]))

    def _form(self, pair: Pair) -> Verdict | None:
        """What can be seen without asking."""
        from workbench.learn.similarity import rouge_l
        from workbench.text import tokens

        x, y = pair
        ratio = len(y) / len(x)
        said = f"{len(y):,} characters for {len(x):,}"
        if self.goal == "summary":
            if ratio >= self.compression:
                why = f"{said}: not under {short(self.compression)} of the source"
                return Verdict(False, why, ratio, rule="length")
            return None
        if not self.shortest <= ratio <= self.longest:
            why = f"{said}: not {short(self.shortest)} to {short(self.longest)} times the source"
            return Verdict(False, why, ratio, rule="length")
        score = rouge_l(tokens(x), tokens(y))
        if score > self.alike:
            return Verdict(False, f"both sides are worded alike: ROUGE-L {short(score)}", score, rule="too alike")
        return None

    def _meaning(
        self, pairs: Mapping[int, Pair], verdicts: dict[int, Verdict], context: Context
    ) -> dict[int, list[float]]:
        """The probabilities of entailment of the pairs that pass; verdicts for the others."""
        asked = (_entails(pair[way], pair[1 - way]) for pair in pairs.values() for way in self._ways)
        groups = judging.answers(context.asking(self.name), asked, len(self._ways))
        meant: dict[int, list[float]] = {}
        for done, (place, group) in enumerate(zip(pairs, groups, strict=True), 1):
            found = [judging.score_of(answer, SCALE) for answer in group]
            scores = [score for score in found if score is not None]
            if scores and min(scores) < self.entailment:
                verdicts[place] = Verdict(False, _said(found) + judging.reason_of(group), min(scores), rule="meaning")
            elif len(scores) < len(found):
                verdicts[place] = Verdict(True, judging.no_score(group), rule=judging.UNSCORED)
            else:
                meant[place] = scores
            context.step(done, 2 * len(pairs))
        return meant

    def _repeats(
        self,
        pairs: Mapping[int, Pair],
        meant: Mapping[int, list[float]],
        verdicts: dict[int, Verdict],
        items: Sequence[Item],
        context: Context,
    ) -> None:
        """Drop all but one of each group of pairs that repeat each other."""
        wanted = _near_sides(pairs, list(meant), context)
        asked = (_entails(pairs[premise][side], pairs[hypothesis][side]) for side, premise, hypothesis in wanted)
        groups = judging.answers(context.asking(self.name), asked, 1)
        edges: dict[int, dict[int, tuple[float, int]]] = {}  # of both ends: how probable, and on which side
        for done, ((side, premise, hypothesis), (answer,)) in enumerate(zip(wanted, groups, strict=True), 1):
            score = judging.score_of(answer, SCALE)
            if score is not None and score > self.duplicate:
                for one, other in ((premise, hypothesis), (hypothesis, premise)):
                    near = edges.setdefault(one, {})
                    near[other] = max(near.get(other, (0.0, side)), (score, side))
            context.step(len(wanted) + done, 2 * len(wanted))
        for group in _components(edges):
            best = min(group, key=lambda place: (-sum(meant[place]), place))
            for place in group:
                if place != best:
                    twin = max(edges[place], key=lambda other: (edges[place][other][0], -other))
                    score, side = edges[place][twin]
                    why = f"repeats pair {items[twin].id} ({short(score)}): {quote(pairs[twin][side])}"
                    if twin != best:
                        why += f"; of {len(group)} such pairs {items[best].id} stays"
                    verdicts[place] = Verdict(False, why, score, items[best].id, "repeats")

    def _pair(self, item: Item) -> Pair | None:
        x, y = item.fields.get(self.source), item.fields.get(self.target)
        if not isinstance(x, str) or not isinstance(y, str) or not x.strip() or not y.strip():
            return None
        return x.strip(), y.strip()


def _entails(premise: str, hypothesis: str) -> Request:
    return judging.graded(QUESTION, {"premise": premise, "hypothesis": hypothesis}, SCALE)


def _said(found: Sequence[float | None]) -> str:
    arrows = ("first => second", "second => first")
    given = [f"{arrow} {'?' if score is None else short(score)}" for arrow, score in zip(arrows, found, strict=False)]
    return f"entailment {', '.join(given)}"


def _near_sides(pairs: Mapping[int, Pair], places: Sequence[int], context: Context) -> list[Sides]:
    """What is to be asked about pairs that may repeat each other, both ways, in an order that depends on nothing else."""
    from workbench.learn.neighbours import nearest_neighbours

    wanted: set[Sides] = set()
    for side in (0, 1):
        texts = [pairs[place][side] for place in places]
        for row, near in enumerate(nearest_neighbours(texts, NEIGHBOURS, progress=lambda *_: context.step(1, 2))):
            for other, cosine in near:
                if cosine >= NEAR:
                    wanted |= {(side, places[row], places[other]), (side, places[other], places[row])}
    return sorted(wanted, key=lambda one: (one[1], one[2], one[0]))


def _components(edges: Mapping[int, Mapping[int, object]]) -> list[list[int]]:
    """Connected groups, each in order."""
    seen: set[int] = set()
    groups: list[list[int]] = []
    for start in sorted(edges):
        if start in seen:
            continue
        seen.add(start)
        group = [start]
        for place in group:  # grows while it is gone through
            fresh = edges[place].keys() - seen
            seen |= fresh
            group += fresh
        groups.append(sorted(group))
    return groups
