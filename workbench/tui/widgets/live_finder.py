"""A list to find something in whose lines are still being counted, and whose lines other keys may act on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from textual.containers import Vertical

from workbench.errors import WorkbenchError
from workbench.tui.widgets.lines import cut
from workbench.tui.widgets.prompts import WIDTH, Finder, Option, Text


class LiveFinder(Finder):
    """``feed(finder)`` calls ``renew`` as more becomes known; it ends with the dialog. ``keys`` are further keys that take
    the line under the cursor: which one it was is ``how`` afterwards ("" for enter). ``hint`` names them."""

    def __init__(
        self, title: str, options: Sequence[Option], *, feed: Callable[[LiveFinder], Awaitable[None]] | None = None,
        keys: Mapping[str, str] | None = None, hint: str = "", start: str = "",
    ) -> None:  # fmt: skip
        super().__init__(title, options, start=start)
        self.feed, self.hint, self.how = feed, hint, ""
        for key, how in (keys or {}).items():
            self._bindings.bind(key, f"take('{how}')", show=False, priority=True)  # before the text field's own

    def on_mount(self) -> None:
        super().on_mount()
        if self.hint:
            below = Text()
            below.title = [(cut(self.hint, WIDTH - 4), "pane--muted")]
            self.query_one(Vertical).mount(below)
        if self.feed is not None:
            self.run_worker(self._fed(self.feed), exclusive=True)

    async def _fed(self, feed: Callable[[LiveFinder], Awaitable[None]]) -> None:
        try:
            await feed(self)
        except WorkbenchError as error:
            self.app.fail(error)  # type: ignore[attr-defined]

    def renew(self, options: Sequence[Option]) -> None:
        """The same lines with other words; nothing moves."""
        words = {option.value: option for option in options}
        self.options = [words.get(option.value, option) for option in self.options]
        self.found = [words.get(option.value, option) for option in self.found]
        self._list()

    def action_take(self, how: str) -> None:
        if self.found:
            self.how = how
            self.dismiss(self.found[self.cursor].value)
