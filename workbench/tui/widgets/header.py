"""The top line, the same in every mode: project, modes, counts, cost so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from rich.cells import cell_len

from workbench.tui import actions
from workbench.tui.widgets.lines import Lines, Run, dollars, number, safe, short

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp


class Header(Lines):
    """One line; what does not fit is left out from the least needed on (cost, accepted, names of modes)."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"header--project", "header--mode", "header--here", "header--count"}
    DEFAULT_CSS = """
    Header {
        height: 1; background: $panel; color: $text-muted;
        & > .header--project { text-style: bold; color: $foreground; background: $panel; }
        & > .header--mode { color: $text-muted; background: $panel; }
        & > .header--here { text-style: bold; color: $accent; background: $panel; }
        & > .header--count { color: $foreground; background: $panel; }
    }
    """

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def runs(self, y: int) -> Sequence[Run]:
        app = cast("WorkbenchApp[None]", self.app)
        width = self.outer_size.width
        counts = self._counts(app)
        project = short(safe(app.project.outline.name if app.project else "workbench"), max(10, width // 4))
        for long_names, shown in self._choices(counts):
            modes = self._modes(app, long_names)
            used = cell_len(project) + 3 + sum(cell_len(text) for text, _ in modes)
            right = "  ".join(shown)
            if used + 2 + len(right) <= width - 1:
                break
        gap = max(0, width - used - len(right) - 1)
        return [(f" {project}", "header--project"), ("  ", "header--mode"), *modes,
                (" " * gap, "header--mode"), (right, "header--count"), (" ", "header--mode")]  # fmt: skip

    def _choices(self, counts: list[str]) -> list[tuple[bool, list[str]]]:
        """Whether the modes have names, and the counts: everything first, then less and less."""
        if not counts:
            return [(True, []), (False, [])]
        samples, accepted, *cost = counts
        both = [f"{accepted.split(' ')[0]} of {samples.split(' ')[0]} accepted"]
        wide = [(True, counts), (True, [*both, *cost]), (True, both)]
        return [*wide, (False, counts), (False, [*both, *cost]), (False, both), (False, [samples]), (False, [])]

    def _modes(self, app: WorkbenchApp[None], long_names: bool) -> list[Run]:
        runs: list[Run] = []
        for mode, title in actions.MODES.items():
            here = mode == self.mode
            key = next(iter(actions.keys(f"app.{mode}", app.keymap)), "")
            name = title if long_names or here else ""
            text = " ".join(part for part in (actions.shown(key) if key else "", name) if part)
            runs += [(f"[{text}]" if here else f" {text} ", "header--here" if here else "header--mode")]
        return runs

    def _counts(self, app: WorkbenchApp[None]) -> list[str]:
        overview = app.overview
        if overview is None or not overview.counts:
            return []
        counts = overview.counts
        parts = [f"{number(counts['synthetic'])} samples", f"{number(counts['accepted'])} accepted"]
        if overview.cost:
            parts.append(dollars(overview.cost) + ("+" if overview.unpriced else ""))
        return parts
