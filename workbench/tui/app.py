"""The app: opens the project, switches modes, watches the database. What a mode does is in ``screens/``."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, cast

from textual.app import App, ReturnType
from textual.css.query import NoMatches
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen

from workbench.errors import WorkbenchError
from workbench.project import Project
from workbench.store import acts
from workbench.store.catching_up import catch_up
from workbench.store.connection import Store
from workbench.tui import actions, themes, watch
from workbench.tui.background import KEPT, Background
from workbench.tui.navigation import Navigation
from workbench.tui.notices import Notices
from workbench.tui.screens.base import ModeScreen
from workbench.tui.settings import load_keymap, remember_project
from workbench.tui.thrift import Thrifty
from workbench.tui.typed import TypedAhead
from workbench.tui.watch import Overview, Watch
from workbench.tui.widgets.header import Header
from workbench.tui.widgets.lines import Lines
from workbench.tui.widgets.status import Status


class WorkbenchApp(TypedAhead, Navigation, Notices, Background, Thrifty, App[ReturnType]):
    """The screen of one project, or the start screen when ``project`` is None.

    ``open_store(project, durable=...)`` opens the database; raises what it raises (``StoreError``) before the screen
    starts. ``mode`` is what is shown first.
    """

    ENABLE_COMMAND_PALETTE = False
    TITLE = "workbench"
    #: Whether a project that is opened counts as a recent one.
    REMEMBERED: ClassVar[bool] = True

    def __init__(
        self,
        project: Project | None,
        annotator: str | None = None,
        *,
        mode: str = "review",
        open_store: Callable[..., Store] = Store,
    ) -> None:
        self.project = project
        keymap, mistake = load_keymap()
        self.keymap = dict(keymap)  # widgets keep it, so that a change shows in all of them
        self.DEFAULT_MODE = mode if project else "start"  # type: ignore[misc]
        super().__init__()
        self.animation_level = "none"
        self._bindings = actions.bindings("app", self.keymap)
        for name in (*actions.MODES, "start"):
            self.add_mode(name, partial(_make_screen, name))
        self.watcher: Watch | None = None
        self._drawn_size: Size | None = None
        if project is not None:
            self.open(project, annotator, open_store)
        themes.install(self)
        if mistake is not None:
            self.fail(mistake)

    def open(self, project: Project, annotator: str | None = None, open_store: Callable[..., Store] = Store) -> None:
        """Open a project's database; raises ``WorkbenchError``."""
        _ = project.outline
        self.project = project
        self.store = open_store(project, durable=False)
        self.store.keep(KEPT)
        self.start_background(partial(open_store, project))
        self.watcher = Watch(self.store)
        self.watcher.look()
        self.annotator = annotator or acts.system_user()
        self.annotator_id = acts.annotator(self.store, self.annotator)
        if self.REMEMBERED:
            remember_project(project)

    @property
    def open_project(self) -> Project:
        assert self.project is not None
        return self.project

    @property
    def overview(self) -> Overview | None:
        """Counts, cost and jobs as last read; None on the start screen."""
        return self.watcher.overview if self.watcher else None

    def on_mount(self) -> None:
        self.leave_on_hangup()
        self.set_interval(watch.PERIOD, self._look)
        self.call_after_refresh(self._after_first_paint)

    async def _after_first_paint(self) -> None:
        """What need not be there before somebody can read: cut-off acts completed, cost, dead jobs marked."""
        if self.watcher is None:
            return
        gc.freeze()  # what is there now stays: no collection need look at it again and hold up a key
        gc.set_threshold(20_000, 20, 50)
        done = (await self.in_writer(catch_up)).sentences()
        if done:
            self.say(" ".join(done))
        self.refresh_cost()

    def _look(self) -> None:
        self.expire_message()
        if self.watcher is None:
            return
        try:
            new = self.watcher.look()
        except WorkbenchError as error:
            self.fail(error)
            return
        if new:
            self.refresh_frame()
            self.refresh_cost()
            screen = self.screen_stack[0] if self.screen_stack else None
            changed = getattr(screen, "changed", None)
            if changed is not None:
                changed()

    def take_keymap(self, keymap: Mapping[str, tuple[str, ...]]) -> None:
        """Use other keys from now on, in every mode."""
        self.keymap.clear()
        self.keymap.update(keymap)
        self._bindings = actions.bindings("app", self.keymap)
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, ModeScreen):
                    screen.bind_keys()
                    screen.refresh(layout=True)

    def recount(self) -> None:
        """The header's counts as they are now, for a frame that is about to be drawn."""
        if self.watcher is not None:
            self.watcher.count()

    def refresh_frame(self) -> None:
        """Draw header and status line anew, if they say something else now."""
        for widget in self.screen_stack[0].query(Lines) if self.screen_stack else ():
            if isinstance(widget, (Header, Status)):
                widget.refresh_if_changed()

    async def run_action(self, *args: object, **kwargs: object) -> bool:
        """Every action's error is one sentence at the bottom line."""
        try:
            return bool(await super().run_action(*args, **kwargs))  # type: ignore[arg-type]
        except WorkbenchError as error:
            self.fail(error)
            return True

    def on_resize(self, event: Resize) -> None:
        if self._drawn_size not in (None, event.size):
            self.redraw()
        self._drawn_size = event.size

    def action_redraw(self) -> None:
        self.redraw()

    async def action_quit(self) -> None:
        leaving = getattr(self.screen_stack[0] if self.screen_stack else None, "leaving", None)
        if leaving is not None:
            leaving()
        self.exit()

    async def on_unmount(self) -> None:
        self.stop_background()

    def _handle_exception(self, error: Exception) -> None:
        """Work that comes back while the screen is being taken down finds its widgets and threads gone: no mistake."""
        cause = getattr(error, "error", error)  # of a worker
        if not self.is_running and isinstance(cause, (NoMatches, RuntimeError)):
            return
        super()._handle_exception(error)


def _make_screen(mode: str) -> Screen[object]:
    module = importlib.import_module(f"workbench.tui.screens.{mode}")
    return cast("Screen[object]", getattr(module, f"{mode.title()}Screen")())


def run(project: Project | None, annotator: str | None = None, *, mode: str = "review") -> None:
    """Show the screen until the person leaves; raises ``WorkbenchError`` when the project cannot be opened."""
    WorkbenchApp[None](project, annotator, mode=mode).run(mouse=False)
