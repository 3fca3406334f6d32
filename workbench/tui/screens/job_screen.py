"""What Generate, Curate and Evaluate share: panes, sizes, and reading again without ever reading twice at once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from textual import events
from textual.widgets import Static

from workbench.errors import WorkbenchError
from workbench.jobs import words
from workbench.store import views
from workbench.store.jobs import Job
from workbench.text import clean
from workbench.tui.screens.base import ModeScreen

#: States in which a job may be cancelled.
UNDER_WAY = words.UNDER_WAY


def title(text: str = "", *, name: str | None = None) -> Static:
    """A pane's title."""
    return Static(text, id=name, classes="pane-title", markup=False)


class JobScreen(ModeScreen):
    """A mode whose work is done by jobs. Subclasses read in ``look`` and draw in ``draw``."""

    DEFAULT_CSS: ClassVar[str] = """
    JobScreen {
        .pane-title {
            height: 1; padding: 0 1; color: $text-muted; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis;
        }
        .ruled { border-top: solid $frame; height: 2; }
        .said { height: 2; padding: 0 1; color: $text-muted; }
        .said.wrong { color: $text-error; }
        .pane { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]
        self._looking = self._again = self._starting = False

    def entered(self) -> None:
        self.changed()

    def changed(self) -> None:
        """Read again what is shown; a change during the reading makes one more reading, not a queue of them."""
        if self._looking:
            self._again = True
            return
        self._looking = True
        self.run_worker(self._look(), group="look")

    async def _look(self) -> None:
        try:
            while True:
                self._again = False
                await self.look()
                self.draw()
                if not self._again:
                    return
        except WorkbenchError as error:
            self.fail(error)
        finally:
            self._looking = False

    async def look(self) -> None:
        """Read what is shown, in the reading thread."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw what was read."""
        raise NotImplementedError

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self.draw)

    def once(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin something that starts a job, unless it has been begun already: a key held down starts one job."""
        if self._starting:
            return
        self._starting = True

        async def run() -> None:
            try:
                await work()
            finally:
                self._starting = False

        self.begin(run())

    async def open_in_review(self, text: str) -> None:
        """Go to Review with a view; raises ``UsageError`` when it does not parse. Only inside ``begin``."""
        chosen = views.parse(text)
        await self.workbench.switch_mode("review")
        screen = self.workbench.screen_stack[0]
        open_view = getattr(screen, "open_view", None)
        if open_view is not None:
            open_view(chosen)

    def note(self, text: str, *, wrong: bool = False) -> None:
        """The two lines below a form: help, or what is wrong."""
        for said in self.query(".said").results(Static):
            said.set_class(wrong, "wrong")
            said.update(clean(text))

    def write_title(self, name: str, text: str) -> None:
        self.query_one(f"#{name}", Static).update(clean(text))


def pick(history: list[Job], shown: int | None, states: tuple[str, ...]) -> Job | None:
    """The job that is shown, if it is in one of ``states``, else the newest one that is."""
    found = [job for job in history if job.state in states]
    return next((job for job in found if job.id == shown), found[0] if found else None)
