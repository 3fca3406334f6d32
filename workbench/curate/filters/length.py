"""Drops samples that are too short or too long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, quote, require
from workbench.curate.rules.counting import count_units
from workbench.curate.rules.pieces import only_text, part_of, pieces
from workbench.errors import WorkbenchError
from workbench.task import Task


class Bounds(NamedTuple):
    """Fewest and most words, fewest and most characters (spaces at the ends aside)."""

    min_words: int
    max_words: int
    min_characters: int
    max_characters: int


#: Bounds by what is counted: wide on purpose, because thresholds made for web pages drop nearly all good short samples. A
#: response may be one word ("positive"); a dialogue or all fields of a sample together may be as long as several texts.
BOUNDS = {
    "text": Bounds(2, 1_000, 3, 10_000),
    "instruction": Bounds(2, 2_000, 3, 20_000),
    "response": Bounds(1, 10_000, 1, 100_000),
    "several": Bounds(2, 20_000, 3, 200_000),
    "material": Bounds(1, 20_000, 1, 200_000),
    "json": Bounds(0, 20_000, 1, 200_000),
}


@FILTERS.register("length")
@dataclass(frozen=True, slots=True)
class Length:
    """Bounds on words (``learn.features.units``: one per character in scripts without spaces) and on characters.

    ``field`` names one field; without it all text of a sample is counted together. A bound that is ``none`` is the usual
    one (``BOUNDS``) of what is counted: a text or several of them, an instruction, a response, a dialogue, JSON. A field
    that is missing or empty and need not be there keeps the sample.
    """

    name: ClassVar[str] = "length"
    version: ClassVar[int] = 2
    summary: ClassVar[str] = "Drops a sample with too few or too many words or characters."
    paper: ClassVar[str] = "Rae et al. 2021, Gopher (arXiv 2112.11446), with bounds for short texts"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    pointwise: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    min_words: int | None = parameter(None, "fewest words (none: by kind of field, 2 for a text)")
    max_words: int | None = parameter(None, "most words (none: by kind of field, 1,000 for a text)")
    min_characters: int | None = parameter(None, "fewest characters, spaces at the ends aside (none: 3 for a text)")
    max_characters: int | None = parameter(None, "most characters (none: 10,000 for a text)")
    field: str = parameter("", "the field to count; empty for all text")

    def __post_init__(self) -> None:
        for noun, low, high in (
            ("words", self.min_words, self.max_words),
            ("characters", self.min_characters, self.max_characters),
        ):
            holds = (low is None or low >= 0) and (high is None or high >= (low or 0))
            require(self.name, holds, f"min_{noun} should be from 0 to max_{noun}")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the number of words, or of characters where those decided. Raises
        ``WorkbenchError`` when ``field`` is none of the task's."""
        task = context.task
        if self.field and task is not None and self.field not in task.fields:
            raise WorkbenchError(
                f"length: the task has no field {quote(self.field)}; it has {', '.join(map(quote, task.fields))}."
            )
        bounds = self._bounds(task)
        optional = bool(self.field) and task is not None and not task.fields[self.field].required
        for done, item in enumerate(items, 1):
            text = self._text(item, task)
            if optional and not text.strip():
                yield Verdict(True, f"{quote(self.field)} is empty, as it may be", 0.0)
            else:
                yield _verdict(text, bounds)
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))

    def _bounds(self, task: Task | None) -> Bounds:
        usual = BOUNDS[_counted(self.field, task)]
        words = _pair(self.min_words, self.max_words, usual.min_words, usual.max_words)
        return Bounds(
            *words, *_pair(self.min_characters, self.max_characters, usual.min_characters, usual.max_characters)
        )

    def _text(self, item: Item, task: Task | None) -> str:
        if not self.field or only_text(task) == self.field:
            return item.text
        return "\n".join([piece.text for piece in pieces(item, task) if piece.field == self.field])


def _pair(low: int | None, high: int | None, usual_low: int, usual_high: int) -> tuple[int, int]:
    """Both bounds; a usual one that the given one leaves no room for moves out of its way."""
    if low is None:
        low = usual_low if high is None else min(usual_low, high)
    if high is None:
        high = usual_high if low < usual_high else 10 * low
    return low, high


def _counted(field: str, task: Task | None) -> str:
    if task is None:
        return "text"
    if not field:
        if len(task.fields) > 1:
            return "several" if task.kind != "text_pair" else "text"
        field = task.text_field
    kind = task.fields[field].kind
    if kind == "messages":
        return "several"
    part = part_of(task, field)
    return "json" if kind in ("json", "number") or part == "json" else part


def _verdict(text: str, bounds: Bounds) -> Verdict:
    characters = len(text.strip())
    # A text of ten million characters is not cut into words to learn that it is too long.
    if characters > bounds.max_characters:
        return _drop("too_long", characters, "character", f"at most {bounds.max_characters:,}")
    if characters < bounds.min_characters:
        return _drop("too_short", characters, "character", f"at least {bounds.min_characters:,}")
    count = count_units(text, bounds.max_words)
    if count < bounds.min_words:
        return _drop("too_short", count, "word", f"at least {bounds.min_words:,}")
    if count > bounds.max_words:
        return _drop("too_long", count, "word", f"at most {bounds.max_words:,}")
    return Verdict(True, _count(count, "word"), float(count))


def _drop(rule: str, count: int, noun: str, bound: str) -> Verdict:
    return Verdict(False, f"{_count(count, noun)}, {bound} wanted", float(count), rule=rule)


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
