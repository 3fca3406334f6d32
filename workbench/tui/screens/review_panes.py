"""Review's three panes: how they share the room, on terminals of every size."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.widget import Widget

from workbench.store import acts
from workbench.store.connection import Store
from workbench.tui.screens.base import ModeScreen
from workbench.tui.summaries import Summaries
from workbench.tui.widgets.label_pane import LabelPane
from workbench.tui.widgets.lines import cells, safe
from workbench.tui.widgets.pane import Rule
from workbench.tui.widgets.sample_list import SampleList
from workbench.tui.widgets.sample_pane import SamplePane

#: Below this width the list lies above the sample.
WIDE = 100
#: The list's part of the room in hundredths: at first, at least, and what a key adds. Narrower terminals than ``LABELLED`` show
#: no labels, lower ones than ``LISTED`` no list (the sample and its labels stay).
SHARE, LEAST, STEP = 56, 20, 6
LABELLED, LISTED = 70, 14
LAYOUT = "layout"


class Panes(ModeScreen):
    """The list, the sample, the labels."""

    MODE = "review"
    HINTS = ("review.accept", "review.reject", "review.edit", "review.undo", "review.view")
    PRIORITY = True
    DEFAULT_CSS: ClassVar[str] = """
    Panes #panes { height: 1fr; }
    Panes.-narrow #panes > SampleList { dock: top; width: 100%; height: 35%; min-height: 5; }
    Panes.-narrow #list-rule { display: none; }
    Panes.-slim LabelPane, Panes.-slim #label-rule { display: none; }
    Panes.-low #panes > SampleList { display: none; }
    Panes.-roomy #panes > SampleList { width: 2fr; }
    Panes.-roomy #panes > SamplePane { width: 3fr; }
    """

    _told_hidden = ""

    def __init__(self) -> None:
        super().__init__()
        self.share = SHARE  # of the list, in parts of a hundred
        outline = self.project.outline
        self.shape = outline.label_shape
        widest = max((cells(safe(label.name)) for label in outline.labels), default=20)
        room = {"none": 0, "number": 5, "object": 20, "many": 20}.get(self.shape, widest)
        self.list = SampleList(room, Summaries(outline))
        self.pane = SamplePane(outline, self.workbench.keymap)
        self.labels = LabelPane(outline, self.workbench.keymap)
        # Samples of several parts need the room more than the list does.
        several = len(outline.fields) > 1 or self.shape == "object"
        self.roomy = several or any(field.kind != "text" for field in outline.fields)

    def bind_keys(self) -> None:
        super().bind_keys()
        if self.project.outline.label_shape not in ("many", "number") and "review.accept" not in self.workbench.keymap:
            # Elsewhere a label key goes on by itself, and a second enter after a dialog must not decide on a sample.
            self._bindings.key_to_bindings.pop("enter", None)

    def body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            yield self.list
            yield Rule(id="list-rule")
            yield self.pane
            yield Rule(id="label-rule")
            yield self.labels

    def restore_layout(self) -> None:
        """The panes as this person has left them."""
        layout = acts.stopped_at(self.store, self.annotator_id, LAYOUT)
        share = layout.get("list") if isinstance(layout, dict) else None
        self.share = max(LEAST, min(share, 100 - LEAST)) if isinstance(share, int) else SHARE
        self._fit(self.app.size.width)

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size.width)

    def _fit(self, width: int) -> None:
        """Lay the panes out for the terminal: what has no room is left out, the sample's text last."""
        narrow, asked = width < WIDE, self.share != SHARE
        self.set_class(narrow, "-narrow")
        self.set_class(self.roomy and not narrow, "-roomy")
        self.set_class(width < LABELLED, "-slim")
        self.set_class(self.app.size.height < LISTED, "-low")
        self.list.styles.width = f"{7 * self.share / (100 - self.share):.2f}fr" if asked and not narrow else None
        self.pane.styles.width = "7fr" if asked and not narrow else None
        self.list.styles.height = f"{35 * self.share / SHARE:.0f}%" if asked and narrow else None

        hidden = "" if not self.list.listing else _hidden(width, self.app.size.height, self.shape != "none")
        if hidden and hidden != self._told_hidden:
            self.say(hidden)
        self._told_hidden = hidden

    def action_wider(self) -> None:
        self._give(STEP)

    def action_narrower(self) -> None:
        self._give(-STEP)

    def _give(self, step: int) -> None:
        """More or less of the room to the list; remembered for this person."""
        share = max(LEAST, min(self.share + step, 100 - LEAST))
        if share == self.share:
            self.say("The list is as wide as it gets." if step > 0 else "The list is as narrow as it gets.")
            return
        self.share = share
        self._fit(self.app.size.width)
        me = self.annotator_id
        self.begin(self._keep_layout(lambda store: acts.stop_at(store, me, LAYOUT, {"list": share})))

    async def _keep_layout(self, work: Callable[[Store], None]) -> None:
        await self.write(work)

    def paint(self, *widgets: Widget) -> None:
        """Draw at once instead of at the next tick of the frame timer: a key's frame does not wait."""
        if self.is_current and self.is_running and not self._layout_required:
            self._dirty_widgets.update(widget for widget in widgets if widget.is_mounted)
            self._on_timer_update()


def _hidden(width: int, height: int, labels: bool) -> str:
    """What a terminal of this size has no room for, and what to do, in a sentence."""
    gone = ["list"] if height < LISTED else []
    gone += ["labels"] if width < LABELLED and labels else []
    if not gone:
        return ""
    return f"No room for {' and '.join(gone)}" + (": l finds a label." if "labels" in gone else ": make it higher.")
