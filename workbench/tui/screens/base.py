"""What the four modes share: the frame around them, messages, and work in threads.

A mode is a subclass of ``ModeScreen`` with

- ``MODE``, its name in ``actions.MODES``, and ``HINTS``, ids of the five actions that the footer names;
- ``body()``, which yields the widgets between header and status line;
- ``action_NAME`` for each action ``MODE.NAME`` of ``table/MODE.py`` (they may be coroutines: keys typed meanwhile wait);
- ``changed()``, called at most four times a second after somebody committed, and ``entered()``, on every switch to it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.screen import Screen

from workbench.errors import WorkbenchError
from workbench.project import Project
from workbench.store.connection import Store
from workbench.tui import actions
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.header import Header
from workbench.tui.widgets.status import Status

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp
    from workbench.tui.widgets.prompts import Dialog

R = TypeVar("R")


class ModeScreen(Screen[None]):
    """One of the four modes."""

    MODE: ClassVar[str] = ""
    HINTS: ClassVar[tuple[str, ...]] = ()
    #: All keys of the mode come before any focused widget's: only for a mode without text fields of its own.
    PRIORITY: ClassVar[bool] = False
    AUTO_FOCUS: ClassVar[str | None] = None
    BINDINGS: ClassVar[list[object]] = []  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self._css_update_count = self.app._css_update_count  # made after the theme was set: no sheet is read twice
        self.bind_keys()

    def bind_keys(self) -> None:
        """The mode's keys as the keymap in force has them."""
        self._bindings = actions.bindings(self.MODE, self.workbench.keymap, priority=True if self.PRIORITY else None)

    @property
    def workbench(self) -> WorkbenchApp[None]:
        return cast("WorkbenchApp[None]", self.app)

    @property
    def project(self) -> Project:
        return self.workbench.open_project

    @property
    def store(self) -> Store:
        """The screen's own door to the database: for short indexed reads only."""
        return self.workbench.store

    @property
    def annotator_id(self) -> int:
        return self.workbench.annotator_id

    def compose(self) -> ComposeResult:
        yield Header(self.MODE)
        yield from self.body()
        yield Status()
        yield Footer(self.HINTS)

    def body(self) -> ComposeResult:
        raise NotImplementedError

    def changed(self) -> None:
        """Somebody committed: read again what is shown (short reads; use ``read`` for long ones)."""

    def entered(self) -> None:
        """The mode is on the screen (first time and every time after)."""

    def on_screen_resume(self) -> None:
        self.workbench.refresh_frame()
        self.entered()

    def say(self, sentence: str) -> None:
        """One sentence at the bottom line, for some seconds or until the next one."""
        self.workbench.say(sentence)

    def fail(self, error: Exception) -> None:
        """An error's sentence at the bottom line; the details key shows it in full."""
        self.workbench.fail(error)

    async def read(self, work: Callable[[Store], R]) -> R:
        """``work(store)`` in the reading thread, with that thread's own store: for reads of more than a few ms."""
        return await self.workbench.in_reader(work)

    async def write(self, work: Callable[[Store], R]) -> R:
        """``work(store)`` in the writing thread, with its durable store; returns when it is committed."""
        return await self.workbench.in_writer(work)

    def begin(self, work: Coroutine[Any, Any, None], *, name: str = "") -> None:
        """Do something that waits for a person (a dialog) or takes long, while keys go on working."""

        async def run() -> None:
            try:
                await work
            except WorkbenchError as error:
                self.fail(error)

        self.run_worker(run(), name=name)

    def begin_asking(self, work: Coroutine[Any, Any, None], *, name: str = "") -> None:
        """``begin`` something that opens a dialog: keys typed until it is there are for the dialog."""
        self.workbench.hold_keys()

        async def run() -> None:
            try:
                await work
            finally:
                self.workbench.release_keys()

        self.begin(run(), name=name)

    async def ask(self, dialog: Dialog[R]) -> R | None:
        """Show a dialog and give its answer; only inside ``begin``."""
        return await self.app.push_screen_wait(dialog)
