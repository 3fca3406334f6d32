"""What Review stands on: three panes over one view, which follow the cursor's sample."""

from __future__ import annotations

from array import array
from time import monotonic
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.widget import Widget

from workbench.errors import StoreError, WorkbenchError
from workbench.store import acts, explaining, samples, views
from workbench.text import clean
from workbench.tui.listing import Listing, start_fill
from workbench.tui.messages import Failed, Filled
from workbench.tui.screens.base import ModeScreen
from workbench.tui.summaries import Summaries
from workbench.tui.widgets.label_pane import LabelPane
from workbench.tui.widgets.lines import Lines, cells, number, safe
from workbench.tui.widgets.pane import Rule
from workbench.tui.widgets.sample_list import SampleList
from workbench.tui.widgets.sample_pane import SamplePane

#: Below this width the list lies above the sample.
WIDE = 100
#: Seconds without a key until the place is written down.
REST = 5.0
PLACE = "review"


class Reviewing(ModeScreen):
    """Three panes over one view; the cursor's sample is what everything else follows."""

    MODE = "review"
    HINTS = ("review.accept", "review.reject", "review.edit", "review.undo", "review.view")
    PRIORITY = True
    DEFAULT_CSS: ClassVar[str] = """
    Reviewing #panes { height: 1fr; }
    Reviewing.-narrow #panes > SampleList { dock: top; width: 100%; height: 35%; min-height: 5; }
    Reviewing.-narrow #list-rule { display: none; }
    Reviewing.-roomy #panes > SampleList { width: 2fr; }
    Reviewing.-roomy #panes > SamplePane { width: 3fr; }
    """

    def __init__(self) -> None:
        super().__init__()
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
        if self.shape not in ("many", "number") and "review.accept" not in self.workbench.keymap:
            # Elsewhere a label key goes on by itself, and a second enter after a dialog must not decide on a sample.
            self._bindings.key_to_bindings.pop("enter", None)
        self.listing: Listing | None = None
        self.generation = 0
        self.arrived = 0
        self.counted_to = 0  # the highest sample id when ``arrived`` was counted
        self.counting = False
        self.seen = False
        self.shown_at = monotonic()
        self.touched_at = monotonic()
        self.saved_place: dict[str, Any] | None = None
        self.wanted: int | None = None  # a sample to go to as soon as the thread has reached it
        self.wants_end = False
        self.hits: array[int] | None = None  # what a search found, in the view's order

    def end_search(self) -> None:
        self.hits = None

    def body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            yield self.list
            yield Rule(id="list-rule")
            yield self.pane
            yield Rule(id="label-rule")
            yield self.labels

    def on_mount(self) -> None:
        self._fit(self.app.size.width)
        self.labels.counts = samples.label_counts(self.store)
        self._restore()
        self.set_interval(1.0, self._rest)

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size.width)

    def _fit(self, width: int) -> None:
        self.set_class(width < WIDE, "-narrow")
        self.set_class(self.roomy and width >= WIDE, "-roomy")

    def _restore(self) -> None:
        """The view and the sample where this person stopped; else the view of the settings."""
        place = acts.stopped_at(self.store, self.annotator_id, PLACE)
        self.saved_place = place if isinstance(place, dict) else None
        text, sample_id = self.project.outline.review_view, None
        if self.saved_place:
            text, sample_id = str(self.saved_place.get("view", text)), self.saved_place.get("sample")
        try:
            view = views.parse(text)
        except WorkbenchError as error:
            self.fail(error)
            view, sample_id = views.parse(""), None
        self.open_view(view, sample_id if isinstance(sample_id, int) else None)

    def open_view(self, view: views.View, sample_id: int | None = None) -> None:
        """List another view (its first page at once, the rest from a thread); the cursor goes to ``sample_id``, or to
        where it would be."""
        if self.listing is not None:
            self.listing.stop()
        self.end_search()
        self.listing = Listing(self.store, view)
        self.generation += 1
        self.wanted, self.wants_end, self.arrived = None, False, 0
        self.counted_to = self.listing.water
        self.list.marked.clear()
        self.list.empty = self._nothing()
        self.list.open(self.store, self.listing)
        if sample_id is not None and not self.go_to(sample_id):
            self.list.move_to(self.listing.place(sample_id), line=0)
        if not self.listing.finished:
            generation, listing = self.generation, self.listing
            start_fill(
                listing, self.store,
                lambda finished: _post(self, Filled(generation, len(listing.ids), finished)),
                lambda error: _post(self, Failed(error)),
            )  # fmt: skip
        self.show_current()

    def _nothing(self) -> list[str]:
        """What an empty list says: what to do next, and with which key."""
        counts = samples.counts(self.store)
        if not counts["total"]:
            return ["This project has no samples yet.", "", "F2 generates some; on the command line:",
                    "workbench import PROJECT FILE --as seed"]  # fmt: skip
        if not counts["synthetic"]:
            return ["Nothing is generated yet: F2.", "", f"There are {number(counts['total'])} imported samples:",
                    ": then enter lists them all."]  # fmt: skip
        return [
            "No sample is in this view.",
            "",
            ": changes the view, R reads it again,",
            "w opens a saved one, F2 generates more.",
        ]

    def go_to(self, sample_id: int) -> bool:
        """The cursor to a sample, now or when the thread reaches it; False when it is not in the view."""
        if self.listing is None:
            return False
        if not self.listing.around(self.store, sample_id):
            if self.listing.finished:
                return False
            self.wanted = sample_id
            return True
        index = self.listing.index(sample_id)
        if index is None:
            return False
        inside = self.list.top <= index < self.list.top + self.list.height
        self.list.move_to(index, line=None if inside else self.list.height // 2)
        return True

    def on_filled(self, message: Filled) -> None:
        """The thread has more ids: the cursor keeps its sample."""
        if self.listing is None or message.generation != self.generation:
            return
        if message.finished:
            current = self.list.current
            if self.listing.island is not None:
                self.listing.land()
                self.list.keep(current)
            if self.wants_end:
                self.list.move_to(len(self.list) - 1)
            if self.wanted is not None:
                if not self.go_to(self.wanted):
                    self.list.move_to(self.listing.place(self.wanted), line=0)
                self.wanted = None
            self.wants_end = False
            if self.list.current != current:
                self.show_current()
            self.list.refresh()
        self.draw_titles()

    def on_failed(self, message: Failed) -> None:
        self.fail(message.error)

    def draw_titles(self) -> None:
        """The view and where one is in it."""
        if self.listing is None:
            return
        view = clean(self.listing.view.text) or "all samples"
        marked = f"  {number(len(self.list.marked))} marked" if self.list.marked else ""
        new = f"  {number(self.arrived)} new: R" if self.arrived else ""
        self.list.draw_title(f"{view}{marked}{new}")

    def show_current(self, *also: Lines) -> None:
        """The panes follow the cursor, in one frame with other widgets that have changed."""
        sample_id = self.list.current
        sample = explanation = None
        if sample_id is not None:
            try:
                sample = samples.get(self.store, sample_id)
                explanation = explaining.explain(self.store, sample, annotator_id=self.annotator_id)
            except StoreError as error:
                self.fail(error)
        if sample is None or self.pane.sample is None or sample.id != self.pane.sample.id:
            self.shown_at = monotonic()
        self.touched_at = monotonic()
        self.pane.show_sample(sample, explanation, self.list.position())
        self.labels.show_sample(sample, explanation)
        self.draw_titles()
        for widget in also:
            widget.refresh_if_changed()
        self.paint(self.list, self.pane, self.labels, *also)

    def paint(self, *widgets: Widget) -> None:
        """Draw at once instead of at the next tick of the frame timer: a key's frame does not wait."""
        if self.is_current and self.is_running and not self._layout_required:
            self._dirty_widgets.update(widget for widget in widgets if widget.is_mounted)
            self._on_timer_update()

    def changed(self) -> None:
        """Somebody committed."""
        self.list.reread()
        self.labels.counts = samples.label_counts(self.store)
        if self.listing is not None:
            self._count_new(self.listing)
        sample = self.pane.sample
        if sample is not None:
            try:
                new = samples.get(self.store, sample.id)
            except StoreError:  # purged: the list says so
                new = sample
            explanation = explaining.explain(self.store, new, annotator_id=self.annotator_id)
            self.pane.show_sample(new, explanation, self.list.position())
            self.labels.show_sample(new, explanation)
        self.draw_titles()

    def _count_new(self, listing: Listing) -> None:
        """Count what has been added to the view, in the reading thread, one count at a time."""
        high = views.high_water(self.store)
        if high > self.counted_to and not self.counting:
            self.counting = True
            self.begin(self._read_new(listing, high))

    async def _read_new(self, listing: Listing, high: int) -> None:
        try:
            new = await self.read(listing.arrived)
        finally:
            self.counting = False
        if listing is not self.listing:
            return
        self.counted_to, self.arrived = high, new
        if new and not len(self.list):
            self.open_view(listing.view)
        self.draw_titles()

    def entered(self) -> None:
        self.list.focus()
        if self.listing is not None and self.seen:
            self.changed()
        self.seen = True

    def _rest(self) -> None:
        if monotonic() - self.touched_at >= REST:
            self.leaving()

    def leaving(self) -> None:
        """Write down where this person stopped, if that has changed."""
        if self.listing is None:
            return
        place = {"view": self.listing.view.text, "sample": self.list.current}
        if place != self.saved_place:
            acts.stop_at(self.store, self.annotator_id, PLACE, place)
            self.saved_place = place


def _post(screen: Reviewing, message: Filled | Failed) -> None:
    if screen.is_running:
        screen.post_message(message)
