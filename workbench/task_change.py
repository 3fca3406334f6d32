"""Changes of a task's labels and fields, and what each makes of a label or of a sample's fields. Nothing is stored here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, Literal

What = Literal["label", "field"]
How = Literal["add", "rename", "merge", "split", "remove", "describe", "move"]
#: What happened to a name, for sentences.
PAST = {"add": "added", "rename": "renamed", "merge": "merged", "split": "split", "remove": "removed"}


@dataclass(frozen=True, slots=True)
class TaskChange:
    """One change. ``names`` are what there is, ``into`` what there will be instead.

    Labels: ``description`` of what is new; ``words`` decide a split (new label to words or phrases, the first label whose
    word stands in the text); ``position`` (from 1) is where ``move`` puts a label. Fields: ``kind`` and ``default`` of a
    new field; ``joiner`` between merged texts; ``separator`` at which a text is split, its first occurrences.
    """

    what: What
    how: How
    names: tuple[str, ...] = ()
    into: tuple[str, ...] = ()
    description: str | None = None
    position: int = 0
    words: dict[str, list[str]] = field(default_factory=dict)
    kind: str = "text"
    default: Any = None
    joiner: str = "\n"
    separator: str = "\n"

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> TaskChange:
        return _read(text)

    @property
    def retired(self) -> tuple[str, ...]:
        """Names that are no longer there after it."""
        gone = self.names if self.how in ("rename", "merge", "split", "remove") else ()
        return tuple(name for name in gone if name not in self.into)

    @property
    def touches(self) -> bool:
        """Whether it changes samples, and not the settings alone."""
        if self.how in ("describe", "move"):
            return False
        if self.how == "add":
            return self.what == "field" and self.default is not None
        return self.how != "remove" or self.what == "field"

    @property
    def rest(self) -> str:
        """The label that a split gives where no word decides: the first without words, else the first."""
        return next((name for name in self.into if not self.words.get(name)), self.into[0])

    @property
    def rest_is_meant(self) -> bool:
        """Whether words divide a split whole: what they do not hit is meant to be of the label without words."""
        return any(self.words.values()) and not self.words.get(self.rest)

    def sentence(self) -> str:
        """What it does, in words: for history, lists and refusals."""
        one, new = ", ".join(self.names), ", ".join(self.into)
        said = {
            "add": f"{self.what} {new} added",
            "rename": f"{self.what} {one} renamed to {new}",
            "merge": f"{self.what}s {one} merged into {new}",
            "split": f"{self.what} {one} split into {new}",
            "remove": f"{self.what} {one} removed",
            "describe": f"{self.what} {one} described",
            "move": f"{self.what} {one} moved to place {self.position}",
        }
        return said[self.how]


@lru_cache(maxsize=256)
def _read(text: str) -> TaskChange:
    value = json.loads(text)
    return TaskChange(**{**value, "names": tuple(value["names"]), "into": tuple(value["into"])})


def decide(change: TaskChange, text: str, *, many: bool) -> tuple[list[str], bool]:
    """Which of a split's labels a sample with this text gets, and whether that is left to a person.

    Of several labels (``many``) every one whose words stand in the text.
    """
    found = [name for name in change.into if any(_stands(word, text) for word in change.words.get(name, ()))]
    if found:
        return (found if many else found[:1]), False
    return [change.rest], not change.rest_is_meant


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word.strip())}(?!\w)", text, re.IGNORECASE) is not None


def _names(change: TaskChange, name: str, chosen: Sequence[str]) -> list[str]:
    if name not in change.names:
        return [name]
    return list(chosen) if change.how == "split" else [change.into[0]]


def label_after(change: TaskChange, label: Any, chosen: Sequence[str] = ()) -> Any:
    """A label (one name, several, or anything else, which stays) after the change; ``chosen``: what a split decided."""
    if change.what != "label" or change.how not in ("rename", "merge", "split"):
        return label
    if isinstance(label, str):
        return _names(change, label, chosen or (change.rest,))[0]
    if isinstance(label, (list, tuple)):
        found = [new for one in label for new in _each(change, one, chosen)]
        return [one for at, one in enumerate(found) if one not in found[:at]]
    return label


def _each(change: TaskChange, one: Any, chosen: Sequence[str]) -> list[Any]:
    return _names(change, one, chosen or (change.rest,)) if isinstance(one, str) else [one]


def soft_after(change: TaskChange, soft: Mapping[str, float], chosen: Sequence[str] = ()) -> dict[str, float]:
    """Probabilities by label: those of labels that become one are added up."""
    found: dict[str, float] = {}
    for name, share in soft.items():
        new = label_after(change, name, chosen)
        found[new] = found.get(new, 0.0) + share
    return found


def label_before(change: TaskChange, label: Any) -> Any:
    """A label that was given after the change in the names of before it; of several merged ones, the first."""
    return label_after(backward(change), label)


def backward(change: TaskChange) -> TaskChange:
    """The change the other way round, as far as names go."""
    if change.how not in ("rename", "merge", "split"):
        return TaskChange(change.what, "describe")
    new = tuple(name for name in change.into if name not in change.names)
    return TaskChange(change.what, "merge", new, change.names[:1])


def fields_after(change: TaskChange, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A sample's fields after the change; fields that are not there are left out."""
    if change.what != "field":
        return dict(fields)
    if change.how == "add":
        missing = {} if change.default is None else {name: change.default for name in change.into if name not in fields}
        return {**fields, **missing}
    if change.how == "remove":
        return {name: value for name, value in fields.items() if name not in change.names}
    if change.how == "rename":
        return {(change.into[0] if name in change.names else name): value for name, value in fields.items()}
    found: dict[str, Any] = {}
    joined = change.joiner.join(str(fields[name]) for name in change.names if fields.get(name))
    for name, value in fields.items():
        if name not in change.names:
            found.setdefault(name, value)
        elif change.how == "merge":
            found[change.into[0]] = joined
        elif change.how == "split":
            parts = str(value or "").split(change.separator, len(change.into) - 1)
            found |= dict(zip(change.into, [*map(str.strip, parts), *[""] * len(change.into)], strict=False))
        else:
            found[name] = value
    return found


def fields_before(change: TaskChange, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that were written after the change in the names of before it, as nearly as can be."""
    if change.what != "field":
        return dict(fields)
    if change.how == "rename":
        turned = TaskChange("field", "rename", change.into, change.names)
    elif change.how == "split":
        turned = TaskChange("field", "merge", change.into, change.names, joiner=change.separator)
    elif change.how == "merge":
        turned = TaskChange("field", "rename", change.into, change.names[:1])
    elif change.how == "add":
        turned = TaskChange("field", "remove", change.into)
    else:
        return dict(fields)
    return fields_after(turned, fields)
