"""What is shown without a project: the recent ones, and how to make one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from workbench.errors import WorkbenchError
from workbench.project import find
from workbench.tui import settings
from workbench.tui.screens.touring import begin_tour
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.lines import Run, safe
from workbench.tui.widgets.prompts import Text
from workbench.tui.widgets.status import Status

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

HINTS = (
    ("workbench demo DIR", "the whole loop on a sample project"),
    ("workbench new DIR --labels a,b,c", "a project of your own"),
    ("workbench open DIR", "one that you have"),
)


class StartScreen(Screen[None]):
    """Recent projects with digits; enter opens the first, t begins the tour."""

    DEFAULT_CSS = """
    StartScreen Text { height: 1fr; background: $background; padding: 0;
        & > .pane--title { background: $background; }
        & > .pane--value { background: $background; }
        & > .pane--muted { background: $background; }
        & > .pane--key { background: $background; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(digit), f"open({digit})", show=False) for digit in range(1, settings.RECENT + 1)),
        Binding("enter", "open(1)", show=False),
        Binding("t", "tour", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.recent: list[Path] = settings.recent_projects()

    def compose(self) -> ComposeResult:
        text = Text()
        text.title = []
        lines: list[list[Run]] = [
            [("  workbench", "pane--title")],
            [],
        ]
        lines.append([("  Make a data set with a language model: generate, review, curate, evaluate.", "pane--value")])
        lines.append([])
        lines += [[("  t ", "pane--key"), ("Tour: the keys of Review in two minutes", "pane--value")], []]
        if self.recent:
            lines.append([("  Recent projects", "pane--muted")])
            for digit, folder in enumerate(self.recent, 1):
                lines.append(
                    [
                        (f"  {digit} ", "pane--key"),
                        (f"{safe(folder.name)}  ", "pane--value"),
                        (safe(folder), "pane--muted"),
                    ]
                )
            lines.append([])
        lines.append([("  On the command line", "pane--muted")])
        for command, what in HINTS:
            lines.append([(f"    {command:<36}", "pane--value"), (what, "pane--muted")])
        text.lines = lines
        yield text
        yield Status()
        yield Footer(("app.quit",))

    def action_tour(self) -> None:
        begin_tour(cast("WorkbenchApp[None]", self.app))

    def action_open(self, digit: int) -> None:
        if digit > len(self.recent):
            return
        app = cast("WorkbenchApp[None]", self.app)
        try:
            app.open(find(self.recent[digit - 1]))
        except WorkbenchError as error:
            app.fail(error)
            return
        app.switch_mode("review")
