"""The part of the app that sends: only the cells that differ go to the terminal (``workbench.tui.driver``).

Textual sends every changed region whole and names the colours of every segment. Here is all that the driver knows of
Textual's inside, which has no public hook for it: ``App._display`` is given a ``LayoutUpdate`` (``strips``, ``region``) or a
``ChopsUpdate`` (``spans``, ``chops``, ``chop_ends``) and writes what their ``render_segments`` returns, then the cursor's
place. A test says so of the version in use. ``WORKBENCH_TERMINAL=plain`` leaves it to Textual.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

from workbench.tui.driver import capabilities
from workbench.tui.driver.terminal import Terminal

if TYPE_CHECKING:
    from rich.console import Console
    from textual.app import App
    from textual.screen import Screen

    Base = App[Any]
else:
    Base = object


def pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip, int]]:
    """(column, row, strip, width) of an update, as Textual's own ``render_segments`` would send them."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip, strip.cell_length
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, x1, x2 in update.spans:
            for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if chop is not None and x <= x2 and end > x1:
                    strip = chop.crop(0, min(end, x2) - x) if end > x2 else chop
                    yield x, y, strip, strip.cell_length


class Sent(CompositorUpdate):
    """An update that is worked out when it is sent."""

    def __init__(self, terminal: Terminal, update: CompositorUpdate) -> None:
        self.terminal, self.update = terminal, update

    def render_segments(self, console: Console) -> str:
        return self.terminal.update(pieces(self.update), console._color_system or ColorSystem.TRUECOLOR)


class Thrifty(Base):
    """The part of the app that sends."""

    terminal: Terminal | None = None
    terminal_mode: str | None = None
    _sent_size: Size | None = None

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, (LayoutUpdate, ChopsUpdate)) and not (self.is_headless or self.is_inline):
            if self.terminal_mode is None:
                self._begin()
            if self.terminal is not None:
                if self._sent_size != screen.outer_size:  # it may have met a window of the new
                    self.terminal.forget()
                    self._sent_size = screen.outer_size
                renderable = Sent(self.terminal, renderable)
        super()._display(screen, renderable)

    def _begin(self) -> None:
        self.terminal_mode = capabilities.mode()
        self.app_resume_signal.subscribe(self, lambda _: self.redraw())  # another program had the terminal
        if self.terminal_mode != "plain":
            erases = self.terminal_mode == "cells" and capabilities.erases(os.environ.get("TERM", ""))
            self.terminal = Terminal(erases=erases)

    def redraw(self) -> None:
        """Send everything again: the window has another size, or something else has written on it."""
        if self.terminal is not None:
            self.terminal.forget()
        if self.is_running and self.screen_stack:
            self.screen.refresh(layout=True)
