"""An answer that gives a label to an example of the user's, with or without the reasons for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.generate.answers import find_object, unfinished
from workbench.generate.parts import PARSERS, Content, Parser, Refusal, Setting
from workbench.models.base import Answer
from workbench.text import clean

_LAST = re.compile(r"(?:label|answer|class|category)\b[^\n:]{0,40}:[ \t]*([^\n]{1,200})", re.IGNORECASE)


def asked_schema(setting: Setting, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """An object with the label, after its rationale where the options ask for one: reasons before the verdict."""
    names = (["rationale"] if options.get("rationale") else []) + ["label"]
    kinds = {"rationale": {"type": "string"}, "label": {"type": "string", "enum": list(setting.label_names)}}
    return {
        "type": "object",
        "properties": {name: kinds[name] for name in names},
        "required": names,
        "additionalProperties": False,
    }


def annotation(
    answer: Answer, setting: Setting, conditions: Mapping[str, Any], options: Mapping[str, Any]
) -> Sequence[Content] | Refusal:
    """The example's own contents with the answered label; a rationale is kept beside the conditions.

    Where a rationale is asked for, an answer without one may be repaired; so may one whose label is none of the task's.
    """
    if (refusal := unfinished(answer)) is not None:
        return refusal
    wanted = bool(options.get("rationale"))
    found = find_object(answer.text, ("label",))
    given = found.get("label") if isinstance(found, dict) else _plain(answer.text, setting)
    label = _named(given, setting)
    if label is None:
        said = clean(str(given), limit=60) if given is not None else clean(answer.text, limit=60)
        return Refusal(f"the answer names no label of the task ({said!r})", repairable=True)
    rationale = found.get("rationale") if isinstance(found, dict) else _before_label(answer.text)
    if wanted and not (isinstance(rationale, str) and rationale.strip()):
        return Refusal("the answer gives no rationale", repairable=True)
    extra = {"rationale": rationale.strip()} if wanted and isinstance(rationale, str) else {}
    return [Content(setting.input_by_id[conditions["unlabelled"]].fields, label, extra)]


def _plain(text: str, setting: Setting) -> str | None:
    """The label of an answer in plain words: the whole answer, or what follows the last "label:"."""
    if _named(text, setting) is not None:
        return text
    said = _LAST.findall(text)
    return said[-1] if said else None


def _before_label(text: str) -> str | None:
    ends = [found.start() for found in _LAST.finditer(text)]
    return text[: ends[-1]] if ends else None


def _named(said: Any, setting: Setting) -> str | None:
    """The task's label that is meant: case, quotes, and underscores for spaces aside."""
    if not isinstance(said, str):
        return None

    def plain(name: str) -> str:
        return " ".join(name.strip(" \t\r\n\"'`*.").replace("_", " ").casefold().split())

    return next((name for name in setting.label_names if plain(name) == plain(said)), None)


def as_it_is(
    answer: Answer, setting: Setting, conditions: Mapping[str, Any], options: Mapping[str, Any]
) -> Sequence[Content]:
    """The retrieved example with the label that it was retrieved for: nothing was asked."""
    return [Content(setting.input_by_id[conditions["unlabelled"]].fields)]


PARSERS.register("annotation")(Parser(annotation, asked_schema))
PARSERS.register("retrieved")(Parser(as_it_is))
