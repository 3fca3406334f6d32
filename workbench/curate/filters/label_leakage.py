"""Drops samples whose text gives its label away by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from workbench.curate.base import FILTERS, Context, Item, Verdict, parameter, quote, require
from workbench.errors import WorkbenchError
from workbench.learn.features import units

_STEP = 1_000
_AROUND = 15
#: camelCase and ABBRWord come apart; digits too.
_PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: What introduces a label: a one-word name after it is a label wherever it stands.
_SAYS = r"(?:label|class|category|intent|topic|sentiment|rating|type|tag)"
#: Names that are everyday words: a text that has one need not be about its label.
EVERYDAY = frozenset(
    re.findall(
        r"\w+",
        """about abbreviation all answer any bad business card change description entity general good help human info
        information life location maybe name neutral news no none null number object one other others people person
        place question request science statement text thing time true false unknown world yes you""",
    )
)


@FILTERS.register("label_leakage")
@dataclass(frozen=True, slots=True)
class LabelLeakage:
    """The name of a sample's label stands in its text, so that a classifier learns the name instead of the matter.

    A name is cut into words (``change_pin``, ``ChangePin``, ``change-pin``: change pin). They count when they stand side
    by side in that order (``words=adjacent``), or anywhere (``words=all``); simple English endings are let go (changed
    pins). The name as it is written, when it has a mark in it (``change_pin``), always counts. A name that is one
    everyday word (other, question, no) counts only after "label:", "category is" and the like, unless ``everyday``.
    """

    name: ClassVar[str] = "label_leakage"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample whose text names its label."
    paper: ClassVar[str] = "Gururangan et al. 2018, Annotation Artifacts in NLI Data (arXiv 1803.02324)"
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    pointwise: ClassVar[bool] = True

    words: Literal["adjacent", "all"] = parameter("adjacent", "how the words of a name must stand in the text")
    ignore: tuple[str, ...] = parameter((), "labels that may be named")
    everyday: bool = parameter(False, "count a name of one everyday word (other, question) wherever it stands")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is 1 where the text names the label, else 0.

        Raises ``WorkbenchError`` when no item has a label, or when ``ignore`` names none of the project's labels.
        """
        if items and all(item.label is None for item in items):
            raise WorkbenchError(
                "label_leakage is about samples that have one label each, and none here has; take it out of the chain."
            )
        unknown = [one for one in self.ignore if context.labels and one not in context.labels]
        require(self.name, not unknown, f"ignore has {', '.join(map(quote, unknown))}, which is no label here")
        names: dict[str, _Name] = {}
        fine, unlabelled = Verdict(True, "does not name its label", 0.0), Verdict(True, "has no label yet")
        ignored = Verdict(True, "its label may be named")
        for done, item in enumerate(items, 1):
            if item.label is None:
                yield unlabelled
            elif item.label in self.ignore:
                yield ignored
            else:
                label = names.get(item.label) or names.setdefault(item.label, _Name(item.label))
                found = label.find(item.text, adjacent=self.words == "adjacent", everyday=self.everyday)
                yield fine if found is None else Verdict(False, f'names its label: "{quote(found)}"', 1.0)
            if done % _STEP == 0 or done == len(items):
                context.step(done, len(items))


@dataclass(slots=True)
class _Name:
    """A label's name, ready to be looked for."""

    label: str
    stems: list[str] = field(init=False)
    written: re.Pattern[str] | None = field(init=False)
    said: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        self.stems = [stem(word) for word in units(_PARTS.sub(" ", self.label).replace("_", " "))]
        marked = re.search(r"\w[^\w\s]\w|_", self.label)
        self.written = re.compile(rf"(?<!\w){re.escape(self.label)}(?!\w)", re.IGNORECASE) if marked else None
        self.said = re.compile(
            rf"\b{_SAYS}\b\W{{0,3}}(?:is\b|was\b|=)?\W{{0,3}}{re.escape(self.label)}(?!\w)", re.IGNORECASE
        )

    def find(self, text: str, *, adjacent: bool, everyday: bool) -> str | None:
        """The place in ``text`` that names the label, with some of what stands around it."""
        for pattern in (self.written, self.said):
            match = pattern.search(text) if pattern else None
            if match:
                return _around(text, match.start(), match.end())
        if not self.stems or (len(self.stems) == 1 and not everyday and self.label.casefold() in EVERYDAY):
            return None
        words = units(text)
        stems = [stem(word) for word in words]
        count = len(self.stems)
        if not set(self.stems) <= set(stems):
            return None
        for place in range(len(stems) - count + 1):
            if stems[place : place + count] == self.stems:
                return _place(text, words[place : place + count])
        if adjacent:
            return None
        return " ... ".join(word for word, one in zip(words, stems, strict=True) if one in self.stems)


def stem(word: str) -> str:
    """``word`` (case-folded) without a simple English ending: pins, pin; changed, changing, change; cancelled, cancel."""
    word = word.replace("\u2019", "'").removesuffix("'s")
    if len(word) <= 3:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "zes", "ches", "shes", "sses")):
        word = word[:-2]
    else:
        for ending in ("ing", "ed", "s"):
            if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
                word = word[: -len(ending)]
                break
    word = word[:-1] if len(word) > 4 and word.endswith("e") else word
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou" else word


def _place(text: str, words: Sequence[str]) -> str:
    """Where ``words`` stand in ``text``; the words alone when folding case has changed them."""
    match = re.search(r"[\W_]*".join(map(re.escape, words)), text, re.IGNORECASE)
    return _around(text, match.start(), match.end()) if match else " ".join(words)


def _around(text: str, start: int, end: int) -> str:
    before, after = max(0, start - _AROUND), min(len(text), end + _AROUND)
    return ("\u2026" if before else "") + text[before:after] + ("\u2026" if after < len(text) else "")
