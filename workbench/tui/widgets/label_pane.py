"""The labels with their keys, and the keys of the other decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from workbench.project import LabelOutline
from workbench.store.samples import Explanation, Sample
from workbench.tui import actions
from workbench.tui.widgets.lines import Run, cut, number, safe, wrap
from workbench.tui.widgets.pane import Pane
from workbench.tui.widgets.sample_pane import share

DIGITS = 9
#: The other decisions, two to a line.
OTHERS = ("accept", "reject", "flag", "skip", "edit", "note", "undo", "redo", "mark", "find_label")


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

    def __init__(self, labels: Sequence[LabelOutline], keymap: actions.Keymap) -> None:
        super().__init__()
        self.labels = [label.name for label in labels]
        self.descriptions = {label.name: label.description for label in labels}
        self.keymap = keymap
        self.counts: dict[str, int] = {}
        self.order = list(self.labels)  # as shown: digit n is order[n - 1]
        self.sample: Sample | None = None
        self.explanation: Explanation | None = None

    def show_sample(self, sample: Sample | None, explanation: Explanation | None) -> None:
        """The labels for another sample."""
        self.sample, self.explanation = sample, explanation
        self.lay_out()

    def lay_out(self) -> None:
        width, height = self.outer_size.width, self.outer_size.height
        if width <= 0:
            return
        current = self.sample.label if self.sample and isinstance(self.sample.label, str) else None
        suggested: dict[str, float] = {}
        for name, score, _ in self.explanation.suggestions if self.explanation else ():
            suggested[name] = max(score, suggested.get(name, 0.0))
        self.order = with_digits(self.labels, suggested, current)
        others = self._others(width)
        room = max(1, height - 1 - len(others))
        listed = self.order[: room if len(self.order) <= room else room - 1]
        lines = [self._line(at, name, current, suggested, width) for at, name in enumerate(listed)]
        if len(listed) < len(self.order):
            key = next(iter(actions.keys("review.find_label", self.keymap)), "")
            lines.append(
                [
                    (f" … {number(len(self.order) - len(listed))} more: ", "pane--muted"),
                    (actions.shown(key), "pane--key"),
                ]
            )
        spare = room - len(lines)
        description = self.descriptions.get(current or "", "")
        if description and spare > 1:
            shown = wrap(safe(description), max(8, width - 2))[: spare - 1]
            lines += [[], *([(f" {line}", "pane--muted")] for line in shown)]
        lines += [[] for _ in range(max(0, room - len(lines)))]
        self.show([(cut(" Label", width), "pane--title")], [*lines, *others])

    def _line(self, at: int, name: str, current: str | None, suggested: Mapping[str, float], width: int) -> list[Run]:
        key = next(iter(actions.keys(f"review.label_{at + 1}", self.keymap)), "") if at < DIGITS else ""
        score = share(suggested[name]) if name in suggested else ""
        right = f" {score:>3}{number(self.counts.get(name, 0)):>8} "
        if width < 30:
            right = f" {score:>3} "
        label = cut(safe(name), max(4, width - 4 - len(right)))
        here = name == current
        return [
            (f" {actions.shown(key) if key else ' ':<1} ", "pane--key"),
            (f"{label}{'<' if here else ' '}", "pane--here" if here else "pane--value"),
            (right, "pane--muted"),
        ]

    def _others(self, width: int) -> list[list[Run]]:
        """The other decisions: two to a line, fewer where the pane is low."""
        wanted = OTHERS if self.outer_size.height >= 16 else OTHERS[: 8 if self.outer_size.height >= 11 else 4]
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
                line += [(f" {shown}", "pane--key"), (cut(f" {title}", half - 1 - len(shown)), "pane--value")]
            lines.append(line)
        return [[], *lines] if self.outer_size.height >= 12 else lines

    def on_resize(self) -> None:
        self._drawn = []
        self.lay_out()
