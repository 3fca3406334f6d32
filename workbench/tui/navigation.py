"""Going from mode to mode, and the dialogs that every mode has."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from textual.screen import ModalScreen, Screen

from workbench.project import Project
from workbench.tui import actions
from workbench.tui.notices import Notice

if TYPE_CHECKING:
    from textual.app import App

    Base = App[None]
else:
    Base = object


class Navigation(Base):
    """The part of the app that goes somewhere. Dialogs' modules are imported when first shown."""

    project: Project | None
    notice: Notice | None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Under a dialog only the dialog acts."""
        if isinstance(self.screen, ModalScreen) and f"app.{action}" in actions.ACTIONS:
            return False
        if self.project is None and action in actions.MODES:
            return False
        return super().check_action(action, parameters)

    def _switch(self, mode: str) -> None:
        if self.project is not None:
            self.switch_mode(mode)

    def action_generate(self) -> None:
        self._switch("generate")

    def action_review(self) -> None:
        self._switch("review")

    def action_curate(self) -> None:
        self._switch("curate")

    def action_evaluate(self) -> None:
        self._switch("evaluate")

    def _beside(self, step: int) -> None:
        names = list(actions.MODES)
        if self.current_mode in names:
            self._switch(names[(names.index(self.current_mode) + step) % len(names)])

    def action_previous_mode(self) -> None:
        self._beside(-1)

    def action_next_mode(self) -> None:
        self._beside(1)

    def action_help(self) -> None:
        self._dialog("help", "HelpScreen", self.current_mode)

    def action_palette(self) -> None:
        self._dialog("help", "PaletteScreen", self.current_mode)

    def action_theme(self) -> None:
        self._dialog("help", "ThemeScreen")

    def action_keys(self) -> None:
        self._dialog("help", "KeymapScreen")

    def action_guidelines(self) -> None:
        if self.project is not None:
            self._dialog("reading", "GuidelinesScreen", self.project)

    def action_details(self) -> None:
        self._dialog("reading", "DetailsScreen", self.notice or Notice("No message so far."))

    def action_jobs(self) -> None:
        if self.project is not None:
            self._dialog("jobs", "JobsScreen")

    def _dialog(self, module: str, name: str, *arguments: object) -> None:
        """Dialogs' modules are imported when first shown."""
        self.hold_keys()  # type: ignore[attr-defined]
        made = getattr(importlib.import_module(f"workbench.tui.screens.{module}"), name)(*arguments)
        self.push_screen(cast("Screen[object]", made))
