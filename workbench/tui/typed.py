"""Keys in the order in which they were typed, however many arrive at once: a slow line sends them in bundles.

Two places would mix them up. A dialog takes a moment to appear, and keys meant for it would act on what is behind: they are
held until it is there. A text field's editing keys (backspace, arrows) are bindings that the app runs later than the field
takes letters: ours run them at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Event, Key
from textual.widgets import Input, TextArea

if TYPE_CHECKING:
    from textual.app import App
    from textual.timer import Timer
    from textual.widget import Widget

    Base = App[None]
else:
    Base = object

#: Seconds after which held keys go where they can: a dialog that never came must not swallow them.
PATIENCE = 2.0


class TypedAhead(Base):
    """The part of the app that holds keys for a dialog that is on its way."""

    _held: list[Key] | None = None
    _patience: Timer | None = None

    def hold_keys(self) -> None:
        """A dialog is about to open: the next keys are for it."""
        if self._held is None:
            self._held = []
        if self._patience is not None:
            self._patience.stop()
        self._patience = self.set_timer(PATIENCE, self.release_keys)

    def release_keys(self) -> None:
        """The dialog is there (or will not come): give it what was typed meanwhile."""
        self.call_next(self._replay)

    async def _replay(self) -> None:
        held, self._held = self._held or [], None
        if self._patience is not None:
            self._patience.stop()
            self._patience = None
        # Nothing else is taken from the app's queue while this runs, so later keys stay behind these.
        for place, key in enumerate(held):
            if self._held is not None:  # one of them opened another dialog: the rest is for that one
                self._held.extend(held[place:])
                return
            await super().on_event(key)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded and self._held is not None:
            self._held.append(event)
            return
        await super().on_event(event)


async def _own_binding(widget: Widget, event: Key) -> bool:
    """Run what the widget itself binds to a key, now; whether there was anything. Scrolling, which a line inherits, is left
    to whoever is around it."""
    for binding in widget._bindings.key_to_bindings.get(event.key, ()):
        if binding.action.startswith(("scroll_", "page_")):
            continue
        event.stop()
        event.prevent_default()
        await widget.app.run_action(binding.action, widget)
        return True
    return False


class Line(Input):
    """A line of text that keeps the order of keys."""

    async def _on_key(self, event: Key) -> None:
        if not await _own_binding(self, event):
            await super()._on_key(event)


class Area(TextArea):
    """Several lines of text that keep the order of keys."""

    async def _on_key(self, event: Key) -> None:
        if not await _own_binding(self, event):
            await super()._on_key(event)
