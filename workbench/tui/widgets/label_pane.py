"""The labels with their keys, by the shape of the task's labels, and the keys of the other decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from workbench.project import Outline
from workbench.store.explaining import Explanation
from workbench.store.samples import Sample
from workbench.tui import actions, blind
from workbench.tui.codes import codes, step_codes
from workbench.tui.scales import Steps
from workbench.tui.widgets.label_shapes import (
    chosen,
    decision_lines,
    object_lines,
    pair_lines,
    scale_lines,
    set_lines,
)
from workbench.tui.widgets.lines import Run, cells, cut, number, safe, wrap
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.sample_pane import share

DIGITS = 9
#: The other decisions, two to a line.
OTHERS = ("accept", "reject", "flag", "skip", "take", "reason", "edit", "note", "tag", "undo", "mark", "find_label")
#: Where there are no labels: accept, reject and flag are shown above, large.
WITHOUT_LABELS = ("skip", "reason", "edit", "note", "tag", "undo", "redo", "mark")
TITLES = {"many": " Labels", "number": " Number", "object": " Object", "none": " Decision"}
HINTS = {"code": " Type a code: ", "reason": " Reject, because"}


def with_digits(labels: Sequence[str], suggested: Mapping[str, float], current: str | None) -> list[str]:
    """Labels in the order of their digits: as in the settings up to nine, else the best suggestions first.

    With more than nine, digits that suggestions leave free go to the current label and then to the first ones.
    """
    if len(labels) <= DIGITS:
        return list(labels)
    known = set(labels)
    best = sorted((name for name in suggested if name in known), key=lambda name: -suggested[name])[:DIGITS]
    rest = [*([current] if current in known else []), *labels]
    return list(dict.fromkeys([*best, *(name for name in rest if name is not None)]))


class LabelPane(Pane):
    """Digit, label, suggestion's score and count; the description of the current label; the other keys."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pane--title", "pane--key", "pane--value", "pane--muted", "pane--here",
    }  # fmt: skip
    DEFAULT_CSS = """
    LabelPane {
        width: 28; height: 1fr; background: $background;
        & > .pane--title { color: $text-muted; background: $panel; }
        & > .pane--key { color: $accent; background: $background; }
        & > .pane--value { color: $foreground; background: $background; }
        & > .pane--muted { color: $text-muted; background: $background; }
        & > .pane--here { color: $accent; background: $background; text-style: bold; }
    }
    """

    def __init__(self, outline: Outline, keymap: actions.Keymap) -> None:
        super().__init__()
        self.shape = outline.label_shape
        self.labels = [label.name for label in outline.labels]
        self.descriptions = {label.name: label.description for label in outline.labels}
        self.steps = Steps(*outline.scale) if outline.scale else None
        self.keymap = keymap
        self.kind, self.reasons = outline.kind, outline.reasons
        self.codes, self.no_codes = self._codes()
        self.hint = self.typed = self.pace = self.person = ""
        self.counts: dict[str, int] = {}
        self.order = list(self.labels)  # as shown: digit n is order[n - 1]
        self.sample: Sample | None = None
        self.explanation: Explanation | None = None
        self.suggested: dict[str, float] = {}  # the best score of each suggested label

    def _codes(self) -> tuple[dict[str, str], str]:
        """The labels' codes, where there are more of them than digits; else a sentence that says why there are none."""
        if self.steps is not None:
            values = self.steps.values
            named = dict(zip(map(_step_name, values), step_codes(len(values)), strict=False))
            if self.steps.digits:
                return {}, "The digits reach every step of this scale."
            return named, "This scale has too many steps for codes: l asks for a number."
        if self.shape not in ("one", "many"):
            return {}, "There are no labels to choose from here."
        return (codes(self.labels) if len(self.labels) > DIGITS else {}), "The digits reach every label here."

    def coded(self, name: str) -> str | float:
        """The label that a code's name stands for: on a scale a number."""
        if self.steps is None:
            return name
        return next(value for value in self.steps.values if _step_name(value) == name)

    @property
    def undecided(self) -> bool:
        """Whether a pair is shown that the person has not compared yet: then nothing tells which answer is which."""
        known = self.explanation
        return self.kind == blind.KIND and self.shape == "none" and known is not None and not known.spoken

    def show_sample(self, sample: Sample | None, explanation: Explanation | None) -> None:
        """The labels for another sample, or the same one as it is now."""
        same = sample is not None and self.sample is not None and sample.id == self.sample.id
        self.sample, self.explanation = sample, explanation
        self.suggested = {}
        for name, score, _ in explanation.suggestions if explanation else ():
            if isinstance(name, str):
                self.suggested[name] = max(score, self.suggested.get(name, 0.0))
        for repair in explanation.repairs if explanation else ():
            if isinstance(repair.label, str) and not repair.applied:  # a proposal has a digit, as suggestions have
                self.suggested[repair.label] = max(repair.confidence, self.suggested.get(repair.label, 0.0))
        if not (same and self.shape == "many"):  # digits that put in and take out stay where they are
            self._put_in_order()
        self.lay_out()

    def _put_in_order(self) -> None:
        label = self.sample.label if self.sample else None
        if self.shape == "many":
            first = with_digits(self.labels, self.suggested, None)[:DIGITS] if self.suggested else []
            known = set(self.labels)
            if len(self.labels) > DIGITS:
                here = [name for name in chosen(label) if name in known]
                self.order = list(dict.fromkeys([*here, *first, *self.labels]))
        elif self.shape == "one":
            self.order = with_digits(self.labels, self.suggested, label if isinstance(label, str) else None)

    def _key(self, name: str) -> str:
        key = next(iter(actions.keys(f"review.{name}", self.keymap)), "")
        return actions.shown(key) if key else ""

    def lay_out(self) -> None:
        width, height = self.outer_size.width, self.outer_size.height
        if width <= 0:
            return
        others = self._others(width) if not self.hint else []
        room = max(1, height - 1 - len(others))
        lines = (self._hinted(width, room) if self.hint else self._shaped(width, room))[:room]
        lines += [[] for _ in range(max(0, room - len(lines)))]
        title = HINTS[self.hint] + self.typed if self.hint else TITLES.get(self.shape, " Label")
        pace = "" if self.hint or cells(title) + len(self.pace) + 2 > width else f"{self.pace} "
        self.show([(cut(title, width - len(pace)), "pane--title"), (pace, "pane--title")], [*lines, *others])

    def _hinted(self, width: int, room: int) -> list[list[Run]]:
        """What the keys are for a moment."""
        if self.hint == "reason":
            named = [*enumerate(self.reasons, 1), (0, "no reason")]
            return [[(f" {at} ", "pane--key"), (cut(safe(reason), width - 4), "pane--value")] for at, reason in named]
        begun = sorted((code, name) for name, code in self.codes.items() if code.startswith(self.typed))
        here = chosen(self.sample.label) if self.sample else []
        lines: list[list[Run]] = []
        for code, name in begun[: room if len(begun) <= room else room - 1]:
            style = "pane--here" if name in here else "pane--value"
            lines.append([(f" {code:<2} ", "pane--key"), (_fitted(safe(name), max(4, width - 4)), style)])
        if len(lines) < len(begun):
            lines.append([(cut(f" … {number(len(begun) - len(lines))} more: type on", width), "pane--muted")])
        return lines

    def _shaped(self, width: int, room: int) -> list[list[Run]]:
        label = self.sample.label if self.sample else None
        if self.shape == "many":
            return set_lines(self.order, label, self.suggested, width, room, self._key, self.codes)
        if self.steps is not None:
            return scale_lines(self.steps, label, width, room, self._key, list(self.codes.values()))
        if self.shape == "object":
            texts = [value for value in self.sample.fields.values() if isinstance(value, str)] if self.sample else []
            return object_lines(self.sample, texts, width, room)
        if self.shape == "none":
            guidelines = next(iter(actions.keys("app.guidelines", self.keymap)), "")
            status = self.sample.status if self.sample else ""
            if self.kind == blind.KIND and self.sample is not None:
                order = blind.left_right(self.sample, self.person)
                came = blind.as_it_came(self.sample, self.person)
                return pair_lines(order, came, self.undecided, status, width, room, self._key)
            return decision_lines(status, width, room, self._key, actions.shown(guidelines) if guidelines else "")
        return self._names(label if isinstance(label, str) else None, width, room)

    def _names(self, current: str | None, width: int, room: int) -> list[list[Run]]:
        """Every label with its digit; the description of the current one."""
        suggested = self.suggested
        if self.codes:
            return self._coded_names(current, width, room)
        listed = self.order[: room if len(self.order) <= room else room - 1]
        lines = [self._line(at, name, current, suggested, width) for at, name in enumerate(listed)]
        if len(listed) < len(self.order):
            lines.append(
                [
                    (f" … {number(len(self.order) - len(listed))} more: ", "pane--muted"),
                    (self._key("find_label"), "pane--key"),
                ]
            )
        spare = room - len(lines)
        description = self.descriptions.get(current or "", "")
        if description and spare > 1:
            shown = wrap(safe(description), max(8, width - 2))[: spare - 1]
            lines += [[], *([(f" {line}", "pane--muted")] for line in shown)]
        return lines

    def _coded_names(self, current: str | None, width: int, room: int) -> list[list[Run]]:
        """The digits' labels; below them every label with its code, each always in the same line."""
        top = min(DIGITS, max(1, room - 1))
        lines = [self._line(at, name, current, self.suggested, width) for at, name in enumerate(self.order[:top])]
        below = self.labels[: max(0, room - top - 1)]
        lines += [self._line(DIGITS, name, current, {}, width, self.codes.get(name, "")) for name in below]
        hidden = len(set(self.labels) - set(below) - set(self.order[:top]))
        if len(lines) < room:
            keyed = [(f" {self._key('code')}", "pane--key"), (" codes ", "pane--muted"),
                     (f" {self._key('find_label')}", "pane--key"), (" finds ", "pane--muted")]  # fmt: skip
            lines.append([*keyed, (f" … {number(hidden)} more" if hidden else "", "pane--muted")])
        return lines

    def _line(
        self, at: int, name: str, current: str | None, suggested: Mapping[str, float], width: int, code: str = ""
    ) -> list[Run]:
        key = self._key(f"label_{at + 1}") if at < DIGITS else code
        score = share(suggested[name]) if name in suggested else ""
        right = f" {score:>3}{number(self.counts.get(name, 0)):>8} "
        if width < 30:
            right = f" {score:>3} "
        key = f" {key:<2} " if self.codes else f" {key or ' ':<1} "
        label = _fitted(safe(name), max(4, width - 1 - len(key) - len(right)))
        here = name == current
        return [
            (key, "pane--muted" if code else "pane--key"),
            (f"{label}{'<' if here else ' '}", "pane--here" if here else "pane--value"),
            (right, "pane--muted"),
        ]

    def _others(self, width: int) -> list[list[Run]]:
        """The other decisions: two to a line, fewer where the pane is low."""
        every: tuple[str, ...] = WITHOUT_LABELS if self.shape == "none" else OTHERS
        low, least = (19, 16) if self.codes else (16, 11)  # all nine digits before the other keys, which ? has, too
        wanted = every if self.outer_size.height >= low else every[: 8 if self.outer_size.height >= least else 4]
        half = max(10, (width - 1) // 2)
        lines: list[list[Run]] = []
        for start in range(0, len(wanted), 2):
            line: list[Run] = []
            for name in wanted[start : start + 2]:
                key = next(iter(actions.keys(f"review.{name}", self.keymap)), None)
                if key is None:
                    continue
                shown = actions.shown(key)
                title = actions.ACTIONS[f"review.{name}"].title.lower()
                if name == "find_label" and self.shape == "object":
                    title = "mark text"
                line += [(f" {shown}", "pane--key"), (cut(f" {title}", half - 1 - len(shown)), "pane--value")]
            lines.append(line)
        return [[], *lines] if self.outer_size.height >= 12 else lines

    def on_resize(self) -> None:
        self._drawn = []
        self.lay_out()


def _fitted(name: str, width: int) -> str:
    """A label's name in ``width`` cells: where it is too long, its beginning and its end, which tell more than the middle."""
    if cells(name) <= width or width < 12 or not name.isascii():
        return cut(name, width)
    tail = width // 3
    return f"{name[: width - tail - 1]}…{name[-tail:]}"


def _step_name(value: float) -> str:
    return f"{value:g}"
