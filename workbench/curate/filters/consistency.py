"""Drops samples whose label neither a classifier nor the most similar samples confirm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short
from workbench.curate.shared import labelled, labels_of, out_of_fold_probabilities


@dataclass(frozen=True, slots=True)
class _Opinion:
    """``share`` (0 to 1) of a sample's witnesses that give it its label; None where there is no witness."""

    share: float | None
    words: str
    other: int | None = None


@FILTERS.register("consistency")
@dataclass(frozen=True, slots=True)
class Consistency:
    """Compares the label that the model gave with what the other samples say.

    ``by=classifier``: the share of ``runs`` differently drawn cross-validations in which the most probable label, out of
    fold, is the given one (a classifier's agreement, as in ReGen's filter, here without its having seen the sample).
    ``by=neighbours``: the share of the ``neighbours`` nearest samples with the same label, each counted by its similarity
    (``learn.neighbours``, cosine of word TF-IDF); ``other`` is the nearest that has another label. ``by=both``: the
    larger of the two, so that only what both speak against is dropped. Labelled seeds take part unless ``seeds=false``.
    """

    name: ClassVar[str] = "consistency"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops samples whose label a classifier, or the nearest samples, do not agree with."
    paper: ClassVar[str] = (
        "Yu et al. 2023, ReGen (arXiv 2305.10703), self-consistency guided filtering; "
        "Wilson 1972, Asymptotic properties of nearest neighbor rules using edited data"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics / consistency"
    cut: ClassVar[Cut | None] = Cut("threshold", "below")

    by: Literal["classifier", "neighbours", "both"] = parameter(
        "both", "who is asked; both must speak against a sample"
    )
    threshold: float = parameter(0.2, "drop under this share of agreement (0 to 1)")
    runs: int = parameter(3, "differently drawn cross-validations")
    folds: int = parameter(5, "parts of each cross-validation")
    neighbours: int = parameter(10, "nearest samples that are asked")
    seeds: bool = parameter(True, "labelled seeds are asked too")

    def __post_init__(self) -> None:
        require(self.name, 0.0 < self.threshold <= 1.0, "threshold should be over 0 and at most 1")
        require(self.name, 1 <= self.runs <= 20, "runs should be from 1 to 20")
        require(self.name, 2 <= self.folds <= 20, "folds should be from 2 to 20")
        require(self.name, 1 <= self.neighbours <= 100, "neighbours should be from 1 to 100")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the share, the scores ``consistency.classifier`` and
        ``consistency.neighbours`` each one's.

        Raises ``WorkbenchError`` with no label at all, or (asking a classifier) with fewer than two.
        """
        chosen = labelled(items, self.name)
        if not chosen:
            return
        asked: dict[str, list[_Opinion]] = {}
        if self.by != "neighbours":
            asked["classifier"] = self._classifier(chosen, context)
        if self.by != "classifier":
            asked["neighbours"] = self._neighbours(chosen, context)
        row = 0
        for item in items:
            if item.label is None:
                yield Verdict(True, "has no label yet")
                continue
            yield self._verdict(item.label, {who: opinions[row] for who, opinions in asked.items()})
            row += 1
        context.step(len(items), len(items))

    def _verdict(self, label: str, opinions: dict[str, _Opinion]) -> Verdict:
        reason = f"labelled {quote(label)}: " + "; ".join(opinion.words for opinion in opinions.values())
        shares = {who: opinion.share for who, opinion in opinions.items() if opinion.share is not None}
        other = next((opinion.other for opinion in opinions.values() if opinion.other is not None), None)
        if not shares:
            return Verdict(True, reason, other=other)
        value = max(shares.values())
        # One witness alone does not drop a sample where two were wanted.
        keep = value >= self.threshold or len(shares) < len(opinions)
        scores = {f"consistency.{who}": share for who, share in shares.items()}
        return Verdict(keep, reason, value, other, scores=scores)

    def _classifier(self, chosen: Sequence[Item], context: Context) -> list[_Opinion]:
        labels = labels_of(chosen)
        said: list[Counter[str]] = [Counter() for _ in chosen]
        for run in range(self.runs):
            found = out_of_fold_probabilities(
                chosen, context, folds=self.folds, seeds=self.seeds, run=run, step=self._step(run, context)
            )
            best = found.probabilities.argmax(axis=1).tolist()
            for row, (column, judged) in enumerate(zip(best, found.judged.tolist(), strict=True)):
                if judged:
                    said[row][found.classes[column]] += 1
        opinions = []
        for label, counts in zip(labels, said, strict=True):
            total = counts.total()
            if not total:
                opinions.append(_Opinion(None, "nothing else has that label for a classifier to learn"))
                continue
            words = f"classifier agrees in {counts[label]} of {total} runs"
            winner = counts.most_common(1)[0][0]
            if winner != label:
                words += f" and says {quote(winner)}"
            opinions.append(_Opinion(counts[label] / total, words))
        return opinions

    def _step(self, run: int, context: Context) -> Callable[[int, int], None]:
        return lambda done, total: context.step(run * total + done, self.runs * total)

    def _neighbours(self, chosen: Sequence[Item], context: Context) -> list[_Opinion]:
        from workbench.learn.neighbours import nearest_neighbours

        known = [seed for seed in context.seeds if seed.label is not None] if self.seeds else []
        everyone = [*chosen, *known]
        found = nearest_neighbours(
            [one.text for one in everyone], self.neighbours, queries=range(len(chosen)), progress=context.step
        )
        opinions = []
        for item, near in zip(chosen, found, strict=True):
            weight = sum(similarity for _, similarity in near)
            if weight <= 0.0:
                opinions.append(_Opinion(None, "no sample is near"))
                continue
            same = [(index, similarity) for index, similarity in near if everyone[index].label == item.label]
            share = sum(similarity for _, similarity in same) / weight
            words = f"{len(same)} of {len(near)} neighbours agree, {short(share)} by similarity"
            against = next((pair for pair in near if everyone[pair[0]].label != item.label), None)
            if against is None:
                opinions.append(_Opinion(share, words))
                continue
            other = everyone[against[0]]
            kind = "seed" if against[0] >= len(chosen) else "sample"
            words += f", {kind} {other.id} ({short(against[1])}) is labelled {quote(other.label or '')}"
            opinions.append(_Opinion(share, words, other.id))
        return opinions
