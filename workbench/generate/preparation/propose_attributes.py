"""The model proposes attributes of the texts and values for each."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.generate.parts import PREPARE, Ask, Setting
from workbench.models.base import Request
from workbench.task_kinds import KINDS
from workbench.text import clean

#: Questions under way at once.
AT_ONCE = 8
_ITEM = re.compile(r"^\s*(?:[-*•]|\(?\d+[.):])?\s*(.+?)\s*$")


@PREPARE.register("propose_attributes")
async def propose_attributes(setting: Setting, ask: Ask, options: Mapping[str, Any]) -> dict[str, Any]:
    """``{"attributes": {name: [values] or {label: [values]}}}``, by three kinds of question (Yu et al. 2023, section 3.1):
    which attributes matter, whether each depends on the class (where samples have one label each), and which values it
    takes.

    Given ``proposals`` (edited by a person) are checked and used as they are; nothing is asked then.
    """
    if options.get("proposals"):
        return {"attributes": _checked(options["proposals"], setting)}
    task = setting.config.task
    system = f"You plan a varied data set: {KINDS[task.kind].title.lower()}.\n{task.description}".strip()
    by_label = task.label_shape == "one"
    answer = await ask(_request(system, _question(setting, int(options["attributes"]))))
    found: dict[str, Any] = {}
    for line in _lines(answer.text, options["attributes"]):
        found[line.rstrip("* ").strip()] = {} if by_label and line.rstrip().endswith("*") else []
    found.pop("", None)
    if not found:
        raise WorkbenchError(
            f"The model proposed no attributes (it answered {clean(answer.text, limit=80)!r}); "
            "set generate.parameters.attrprompt.proposals in project.yaml yourself."
        )

    async def fill(name: str, label: str | None) -> None:
        about = f' for texts whose label is "{label}"' if label else ""
        answer = await ask(
            _request(
                system,
                f'Give {options["values"]} different values of the attribute "{name}"{about}. '
                "One per line, a few words each. No explanations.",
            )
        )
        lines = _lines(answer.text, options["values"])
        if label is None:
            found[name] = lines
        else:
            found[name][label] = lines

    places = [
        (name, label)
        for name, values in found.items()
        for label in (task.label_names if isinstance(values, dict) else [None])
    ]
    for start in range(0, len(places), AT_ONCE):
        group = [fill(name, label) for name, label in places[start : start + AT_ONCE]]
        for problem in await asyncio.gather(*group, return_exceptions=True):
            if isinstance(problem, BaseException):
                raise problem
    return {"attributes": _checked(found, setting)}


def _question(setting: Setting, count: int) -> str:
    task = setting.config.task
    if task.label_shape != "one":
        about = KINDS[task.kind].summary
        return (
            f"Every example is {about}.\nName {count} attributes in which realistic examples of this kind differ from each "
            "other (for example length, style, topic or difficulty). One per line. No explanations."
        )
    return (
        f"The labels are: {'; '.join(task.label_names)}.\nName {count} attributes in which realistic texts of this kind differ "
        "from each other, apart from the label (for example length, style, or the subtopic within a label). One per line. "
        "Put an asterisk after an attribute whose values depend on the label. No explanations."
    )


def _request(system: str, user: str) -> Request:
    messages = ({"role": "system", "content": system}, {"role": "user", "content": user})
    return Request(messages=messages, parameters={"temperature": 0.7, "max_tokens": 600})


def _lines(text: str, most: int) -> list[str]:
    """The items of a list that a model wrote: one per line, bullets and numbers taken off, repeats left out."""
    items: dict[str, None] = {}
    for line in text.splitlines():
        match = _ITEM.match(line)
        if match and (item := clean(match[1].replace("**", ""), limit=200)):
            items.setdefault(item)
    return list(items)[:most]


def _checked(attributes: Mapping[str, Any], setting: Setting) -> dict[str, Any]:
    labels = setting.config.task.label_names
    checked: dict[str, Any] = {}
    for name, values in attributes.items():
        if isinstance(values, Mapping):
            for label in values:
                if label not in labels:
                    raise UsageError(
                        f"Attribute {name!r} has values for {label!r}, which is not a label of this project."
                    )
            lists = {str(label): [str(value) for value in inner] for label, inner in values.items()}
            empty = [label for label in labels if not lists.get(label)]
            if empty:
                raise WorkbenchError(
                    f"Attribute {name!r} has no values for label {empty[0]!r}; add some under "
                    "generate.parameters.attrprompt.proposals in project.yaml."
                )
            checked[str(name)] = lists
        elif isinstance(values, (list, tuple)) and values:
            checked[str(name)] = [str(value) for value in values]
        else:
            raise UsageError(f"Attribute {name!r} needs a list of values, or a mapping of label to list.")
    return checked
