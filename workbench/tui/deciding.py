"""Keys as decisions, without a screen: which change a key makes of a sample, by the shape of the task's labels.

Nothing here imports Textual: ``workbench label --plain`` speaks the same keys on any terminal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import UsageError
from workbench.project import Outline
from workbench.store.acts import Change
from workbench.store.samples import Sample
from workbench.tui import blind
from workbench.tui.scales import Steps
from workbench.tui.writing import toggled

DIGITS = 9
STATUSES = {"accept": "accepted", "reject": "rejected", "flag": "flagged"}


@dataclass(frozen=True, slots=True)
class Decision:
    """A change, the act's kind, and whether the work goes on to the next sample."""

    change: Change
    kind: str
    advance: bool = True


def in_order(outline: Outline, suggested: Mapping[str, float], label: Any) -> list[str]:
    """The labels by their digits: as in the settings up to nine; with more, the best suggestions and what the label is now
    come first, as in the screen."""
    labels = [one.name for one in outline.labels]
    if len(labels) <= DIGITS:
        return labels
    known = set(labels)
    best = sorted((name for name in suggested if name in known), key=lambda name: -suggested[name])[:DIGITS]
    now = [label] if isinstance(label, str) else label if isinstance(label, list) else []
    here = [name for name in now if isinstance(name, str) and name in known]
    first = [*best, *here] if outline.label_shape == "one" else [*here, *best]
    return list(dict.fromkeys([*first, *labels]))


def digit(outline: Outline, sample: Sample, order: Sequence[str], pressed: int, person: str) -> Decision:
    """What a digit says of a sample; raises ``UsageError`` where it says nothing."""
    shape = outline.label_shape
    if outline.kind == blind.KIND and shape == "none" and blind.is_pair(sample):
        return prefer(sample, pressed, person)
    if shape == "none":
        raise UsageError("This task has no labels: accept, reject or flag.")
    if shape == "object":
        raise UsageError("The label is an object read out of the text: edit corrects it.")
    if shape == "number":
        return Decision(Change(label=step(outline, pressed), status="accepted"), "label")
    if shape == "many" and pressed == 0:
        return Decision(Change(label=[]), "label", advance=False)
    if not 1 <= pressed <= len(order):
        raise UsageError(f"There is no label {pressed}." if pressed else "Every sample has one label here.")
    return named(outline, sample, order[pressed - 1])


def named(outline: Outline, sample: Sample, name: str) -> Decision:
    """What a label's name says: it is the label; of several it is put in or taken out."""
    if outline.label_shape == "many":
        known = [one.name for one in outline.labels]
        return Decision(Change(label=toggled(sample.label, name, known)), "label", advance=False)
    return Decision(Change(label=name, status="accepted"), "label")


def step(outline: Outline, pressed: int) -> float:
    """The step of the scale that a digit stands for."""
    assert outline.scale is not None
    steps = Steps(*outline.scale)
    value = steps.digits.get(pressed)
    if value is None:
        raise UsageError(f"{pressed} is no step of the scale from {steps.low:g} to {steps.high:g}: type the number.")
    return value


def prefer(sample: Sample, pressed: int, person: str) -> Decision:
    """Of two answers in blind order: 1 the first is better, 2 the second, 0 neither."""
    if pressed == 0:
        return Decision(Change(status="rejected", reason=blind.TIE), "reject")
    if pressed not in (1, 2):
        raise UsageError("1 the first answer is better, 2 the second, 0 neither.")
    fields = blind.preferring(sample, person, pressed - 1)
    if fields is None:
        return Decision(Change(status="accepted"), "accept")
    return Decision(Change(fields=dict(fields), status="accepted"), "label")


def status(name: str) -> Decision:
    """accept, reject or flag."""
    return Decision(Change(status=STATUSES[name]), name)


def like(names: Sequence[str], text: str) -> list[str]:
    """The labels that ``text`` may mean: the one of that name, else those in which all its words stand, those that begin so
    first."""
    wanted = text.casefold().strip()
    if exact := [name for name in names if name.casefold() == wanted]:
        return exact
    words = wanted.replace("_", " ").split()
    found = [name for name in names if words and all(word in name.casefold().replace("_", " ") for word in words)]
    begin = [name for name in found if name.casefold().startswith(wanted)]
    return begin if len(begin) == 1 else found
