"""What is said at the bottom line, and kept for the details key."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.text import clean
from workbench.tui.widgets.status import MESSAGE_SECONDS

if TYPE_CHECKING:
    from textual.app import App

    Base = App[None]
else:
    Base = object


@dataclass(frozen=True, slots=True)
class Notice:
    """``sentence`` is one clean line; ``details`` what the details key shows (several lines, clean)."""

    sentence: str
    details: str = ""
    error: bool = False
    at: float = field(default_factory=monotonic)


class Notices(Base):
    """The part of the app that speaks."""

    notice: Notice | None = None  # the last one, for the details key
    message: Notice | None = None  # the one at the bottom line

    def say(self, sentence: str, details: str = "") -> None:
        """One sentence at the bottom line, for some seconds."""
        self._show(Notice(clean(sentence), clean(details, multiline=True)))

    def fail(self, error: BaseException) -> None:
        """An error's sentence at the bottom line, until the next message."""
        trace = "".join(traceback.format_exception(error))
        known = isinstance(error, WorkbenchError)
        sentence = str(error) if known else f"Something went wrong in the workbench ({type(error).__name__}: {error})."
        self._show(Notice(clean(sentence), clean(sentence if known else trace, multiline=True), error=True))

    def quiet(self) -> None:
        """Take the message away (the next act succeeded)."""
        if self.message is not None:
            self.message = None
            self._draw()

    def expire_message(self) -> None:
        if self.message and not self.message.error and monotonic() - self.message.at >= MESSAGE_SECONDS:
            self.quiet()

    def _show(self, notice: Notice) -> None:
        self.notice = self.message = notice
        self._draw()

    def _draw(self) -> None:
        if self.is_running and self._screen_stacks:
            for screen in self.screen_stack:
                for widget in screen.query("Status"):
                    widget.refresh()
