"""Drops samples that are far from every seed and from every label's centre."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require, short
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import numpy

    from workbench.learn.scope import Nearness

    Array = numpy.ndarray[Any, Any]

#: Seeds that samples are compared with; of more, this many are drawn. Time is samples times seeds.
SEEDS = 2_000
#: Fewer seeds than this say too little about how far the scope reaches.
FEWEST = 5


@FILTERS.register("out_of_scope")
@dataclass(frozen=True, slots=True)
class OutOfScope:
    """Similarity is the cosine of TF-IDF rows (or of embeddings): to the most similar seed (``by=seeds``), to the most
    similar label's centre (``by=centres``), or the larger of the two (``by=both``).

    The threshold is calibrated on the seeds, unless given: each seed's similarity to the others and to the centres
    without it is computed, and a sample is dropped when it is less similar than the lowest ``quantile`` of them: about
    that share of real texts would be dropped by mistake. Of more than ``SEEDS`` seeds that many are drawn. Chung et al.
    let people remove what is out of scope; this proposes it.
    """

    name: ClassVar[str] = "out_of_scope"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops samples that are far from all seeds and from the centre of every label."
    paper: ClassVar[str] = "After Chung et al. 2023, Increasing Diversity While Maintaining Accuracy (arXiv 2306.04140)"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("threshold", "below")

    by: Literal["both", "seeds", "centres"] = parameter("both", "compare with seeds, with labels' centres, or either")
    threshold: float | None = parameter(None, "drop under this similarity (0 to 1); none calibrates it on the seeds")
    quantile: float = parameter(0.01, "share of the seeds that the calibrated threshold would drop")
    features: Literal["words", "embeddings"] = parameter("words", "TF-IDF rows, or embeddings if the project has them")

    def __post_init__(self) -> None:
        require(self.name, self.threshold is None or 0.0 <= self.threshold <= 1.0, "threshold should be from 0 to 1")
        require(self.name, 0.0 <= self.quantile < 1.0, "quantile should be at least 0 and under 1")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the similarity and ``other`` the nearest seed.

        Raises ``WorkbenchError`` without seeds (or too few to calibrate on), without labelled ones for ``by=centres``,
        or without embeddings where they are asked for.
        """
        import numpy

        from workbench.learn.scope import nearness

        if not items:
            return
        seeds = self._seeds(context)
        rows = self._rows([one.text for one in (*items, *seeds)], context)
        names = sorted({seed.label for seed in seeds if seed.label is not None})
        column = {name: place for place, name in enumerate(names)}
        labels = [-1 if seed.label is None else column[seed.label] for seed in seeds]
        known = rows[len(items) :]
        limit = self.threshold
        if limit is None:
            limit = float(numpy.quantile(self._similarity(nearness(known, known, labels, itself=True)), self.quantile))
        found = nearness(rows[: len(items)], known, labels, progress=context.step)
        similarity = self._similarity(found)
        for index in range(len(items)):
            value = float(similarity[index])
            seed = seeds[int(found.which[index])]
            words = [f"seed {seed.id} {short(float(found.nearest[index]))}: {quote(seed.text)}"]
            if self.by != "seeds" and found.label[index] >= 0:
                label = quote(names[int(found.label[index])])
                words.append(f"centre of {label} {short(float(found.centre[index]))}")
            if self.by == "centres":
                words.reverse()
            reason = f"similarity {short(value)} (limit {short(limit)}); nearest " + "; ".join(words)
            yield Verdict(value >= limit, reason, value, seed.id)

    def _seeds(self, context: Context) -> list[Item]:
        import numpy

        seeds = list(context.seeds)
        if self.by == "centres":
            seeds = [seed for seed in seeds if seed.label is not None]
        wanted = FEWEST if self.threshold is None else 1
        if len(seeds) < wanted:
            raise WorkbenchError(
                f"out_of_scope compares samples with seeds and needs at least {wanted}"
                f"{' with labels' if self.by == 'centres' else ''}, there are {len(seeds)}; import seeds or real texts, "
                "or take it out of the chain."
            )
        if len(seeds) > SEEDS:
            drawn = numpy.random.default_rng(context.seed).choice(len(seeds), SEEDS, replace=False)
            seeds = [seeds[place] for place in sorted(drawn.tolist())]
        return seeds

    def _rows(self, texts: list[str], context: Context) -> Any:
        if self.features == "words":
            return context.rows(texts)
        if context.embed is None:
            raise WorkbenchError(
                "out_of_scope with features=embeddings needs embeddings, and this project has none; use features=words."
            )
        return context.embed(texts)

    def _similarity(self, found: Nearness) -> Array:
        import numpy

        if self.by == "seeds":
            return found.nearest
        return found.centre if self.by == "centres" else numpy.maximum(found.nearest, found.centre)
