"""Drops texts that do not look like text: the rules of Gopher, C4 and FineWeb, with limits by what a text is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote
from workbench.curate.rules.measures import broken, measure
from workbench.curate.rules.pieces import pieces
from workbench.curate.rules.profiles import PROFILES, profile_of


@FILTERS.register("heuristics")
@dataclass(frozen=True, slots=True)
class Heuristics:
    """Counts words, lines and signs of each text field against the limits of a profile (``curate.rules.profiles``, where
    each limit stands beside the paper's).

    ``auto`` takes ``dialogue`` for turns, ``instruction`` and ``response`` for the fields of that purpose, and else
    ``short`` for a text of fewer than 50 words, ``long`` for others. ``web`` is what the papers ask of web pages, verbatim:
    it drops nearly all good short texts. ``Verdict.rule`` is the first rule broken; the reason names the others too. JSON
    fields are data and not judged. Rules about English words apply where the task's language is English.
    """

    name: ClassVar[str] = "heuristics"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Drops a sample with texts that do not look like text: too few words, mostly signs, lists, filler."
    )
    paper: ClassVar[str] = (
        "Rae et al. 2021, Gopher (arXiv 2112.11446); Raffel et al. 2020, C4 (arXiv 1910.10683); "
        "Penedo et al. 2024, FineWeb (arXiv 2406.17557)"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("allowed", "above")
    pointwise: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    profile: Literal["auto", "short", "long", "instruction", "response", "dialogue", "web"] = parameter(
        "auto", "the limits to use; auto: by what each text is"
    )
    allowed: float = parameter(0.0, "rules that a sample may break")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the number of rules that the sample breaks."""
        task = context.task
        english = task is None or task.language.casefold().startswith("en")
        for done, item in enumerate(items, 1):
            yield self._verdict(item, context, english)
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))

    def _verdict(self, item: Item, context: Context, english: bool) -> Verdict:
        rules: list[str] = []
        first, profile = "", ""
        texts = pieces(item, context.task)
        for piece in texts:
            if piece.part == "json" or (not piece.text and _may_be_empty(piece.field, context)):
                continue
            measured = measure(piece.text, PROFILES["web"].max_words)
            profile = profile_of(piece, measured.total) if self.profile == "auto" else self.profile
            verbatim = profile == "web"
            for fault in broken(measured, PROFILES[profile], english=english, verbatim=verbatim):
                where = f"{quote(piece.place)}: " if len(texts) > 1 else ""
                first = first or f"{where}{fault.reason} ({profile})"
                if fault.rule not in rules:
                    rules.append(fault.rule)
        if not rules:
            return Verdict(True, f"breaks no rule ({profile})" if profile else "has no text to judge", 0.0)
        also = f"; also {', '.join(rules[1:])}" if len(rules) > 1 else ""
        return Verdict(len(rules) <= self.allowed, first + also, float(len(rules)), rule=rules[0])


def _may_be_empty(field: str, context: Context) -> bool:
    return context.task is not None and field in context.task.fields and not context.task.fields[field].required
