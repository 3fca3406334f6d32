"""Drops samples with words from a list: rude, strong, hateful."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require
from workbench.curate.rules.pieces import pieces
from workbench.errors import WorkbenchError
from workbench.text import clean

if TYPE_CHECKING:
    from workbench.curate.rules.toxic_words import Toxic, WordList

#: Bytes and entries that a file of words may have.
LARGEST, MOST = 1_000_000, 50_000


@FILTERS.register("toxicity")
@dataclass(frozen=True, slots=True)
class Toxicity:
    """A list of words (``curate.rules.toxic_words``: short, English) with severities 1 (rude), 2 (strong) and 3 (slurs,
    threats); what is more severe than ``allowed`` is dropped.

    A baseline, and no judge: it cannot tell an insult from a quotation, a complaint about abuse or a study of it; it does not
    see insults in harmless words, irony, or other languages than its list's; it knows only whole words, with some disguises
    folded (0 for o, letters repeated, asterisks). ``file`` names a UTF-8 file in the project's folder with a word or phrase
    a line, optionally with a tab and its severity (2 where there is none); 0 takes a word off the list.
    """

    name: ClassVar[str] = "toxicity"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Drops a sample with swear words, slurs or threats from a word list (a baseline, not a judge)."
    )
    paper: ClassVar[str] = (
        "Raffel et al. 2020, C4 (arXiv 1910.10683), and what its word list took away: Dodge et al. 2021 (arXiv 2104.08758)"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("allowed", "above")
    pointwise: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    allowed: float = parameter(1.0, "highest severity that stays: 0 nothing on the list, 1 rude words, 2 strong words")
    file: str = parameter("", "a file of further words in the project's folder")

    def __post_init__(self) -> None:
        require(self.name, 0 <= self.allowed <= 3, "allowed should be from 0 to 3")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the highest severity found (0 to 3). Raises ``WorkbenchError`` for a
        file that is not there, is outside the project or cannot be read."""
        from workbench.curate.rules.toxic_words import WordList, builtin

        words = WordList(read_words(self.file, context.folder)) if self.file else builtin()
        for done, item in enumerate(items, 1):
            yield self._verdict(item, context, words)
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))

    def _verdict(self, item: Item, context: Context, words: WordList) -> Verdict:
        from workbench.curate.rules.toxic_words import SEVERITIES

        found: list[Toxic] = [one for piece in pieces(item, context.task) for one in words.find(piece.text)]
        worst = max(found, key=lambda one: one.severity, default=None)
        if worst is None or worst.severity == 0:
            return Verdict(True, "no word of the list", 0.0)
        called = SEVERITIES[worst.severity]
        others = len({one.word for one in found if one.severity}) - 1
        more = f" and {others:,} more" if others else ""
        reason = f'{called}: "{quote(partly(worst.word))}"{more}'
        return Verdict(worst.severity <= self.allowed, reason, float(worst.severity), rule=called)


def partly(word: str) -> str:
    """A word as it may stand on a screen: its first letter and its last, dots between ("s..t"); phrases word by word."""
    return " ".join(one if len(one) < 4 else one[0] + "." * (len(one) - 2) + one[-1] for one in word.split())


def read_words(name: str, folder: Path | None) -> dict[str, int]:
    """Severity by word or phrase, from a file in ``folder``. Raises ``WorkbenchError`` as ``Toxicity.judge`` says."""
    if folder is None:
        raise WorkbenchError(
            f"toxicity: {quote(name)} should be a file in a project's folder, and there is no project here."
        )
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise WorkbenchError(f"toxicity: {quote(name)} is outside the project's folder; put a copy of it inside.")
    try:
        if path.stat().st_size > LARGEST:
            raise WorkbenchError(
                f"toxicity: {quote(name)} is larger than {LARGEST:,} bytes: a list of words is smaller."
            )
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise WorkbenchError(f"toxicity: {quote(name)} is not UTF-8 text.") from error
    except OSError as error:
        why = clean(error.strerror or type(error).__name__)
        raise WorkbenchError(f"toxicity: {quote(name)} in the project's folder cannot be read ({why}).") from error
    found: dict[str, int] = {}
    for number, line in enumerate(lines[:MOST], 1):
        entry, _, severity = line.partition("\t")
        if not entry.strip() or entry.startswith("#"):
            continue
        if severity.strip() not in ("", "0", "1", "2", "3"):
            raise WorkbenchError(
                f"toxicity: {quote(name)} line {number}: the severity should be 0 to 3, not {quote(severity.strip())}."
            )
        found[entry.strip()] = int(severity.strip() or 2)
    return found
