"""What Review stands on: three panes over one view, which follow the cursor's sample."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Any

from workbench.errors import StoreError, WorkbenchError
from workbench.store import acts, blind, explaining, samples, views
from workbench.store.explaining import Explanation
from workbench.store.samples import Sample
from workbench.text import clean
from workbench.tui import highlights
from workbench.tui.listing import Listing, start_fill
from workbench.tui.messages import Failed, Filled, Found
from workbench.tui.screens.review_panes import Panes
from workbench.tui.widgets.lines import Lines, number

#: Seconds without a key until the place is written down.
REST = 5.0
PLACE = "review"
#: Seconds that the first paint waits for the rows of the view where one stopped.
AT_START = 0.15
#: Views that one can go back to, how long their kept ids and marks may be, and marks that outlive the screen.
STEPS_BACK, KEPT, MARKS = 20, 50_000, 5_000


@dataclass(frozen=True, slots=True)
class Before:
    """A view that was left: its line, the cursor's sample and where it stood, and the ids as they were, if they are few."""

    text: str
    sample: int | None
    line: int | None
    listing: Listing | None = None
    marks: frozenset[int] = frozenset()


def _known(value: object) -> list[tuple[str, int | None, int | None]]:
    """Views to go back to, as they were written down."""
    found = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, list) and len(one) == 3 and isinstance(one[0], str):
            sample, line = (number if isinstance(number, int) else None for number in one[1:])
            found.append((one[0], sample, line))
    return found


class Reviewing(Panes):
    """Three panes over one view; the cursor's sample is what everything else follows."""

    def __init__(self) -> None:
        super().__init__()
        self.listing: Listing | None = None
        self.generation = 0
        self.arrived = 0
        self.counted_to = 0  # the highest sample id when ``arrived`` was counted
        self.counting = False
        self._reached = 0  # rows that the list had when it was last drawn
        self.seen = False
        self.shown_at = monotonic()
        self.touched_at = monotonic()
        self.saved_place: dict[str, Any] | None = None
        self.wanted: int | None = None  # a sample to go to as soon as the thread has reached it
        self.wanted_line: int | None = None
        self.wants_end = False
        self.hits: Listing | None = None  # what a search finds, in the view's order
        self.hit_words = ""
        self.before: list[Before] = []  # views that were left, the newest last

    def end_search(self) -> None:
        if self.hits is not None:
            self.hits.stop()
        self.hits, self.hit_words = None, ""
        self.show_words()

    def show_words(self) -> None:
        """Underline what the view and a search in it look for."""
        wanted = highlights.NOTHING if self.listing is None else highlights.of(self.listing.view, self.hit_words)
        self.list.highlight(wanted)
        self.pane.highlights = wanted

    def on_mount(self) -> None:
        self.labels.counts = samples.label_counts(self.store)
        self.restore_layout()
        self._restore()
        self.set_interval(1.0, self._rest)

    def _restore(self) -> None:
        """The view, the sample and all else as this person left it; else the view of the settings."""
        place = acts.stopped_at(self.store, self.annotator_id, PLACE)
        self.saved_place = place if isinstance(place, dict) else None
        kept: dict[str, Any] = self.saved_place or {}
        text, sample_id = str(kept.get("view", self.project.outline.review_view)), kept.get("sample")
        try:
            view = views.parse(text)
        except WorkbenchError as error:
            self.fail(error)
            view, sample_id = views.parse(""), None
        line = kept.get("line")
        self.open_view(
            view, sample_id if isinstance(sample_id, int) else None, line=line if isinstance(line, int) else None,
            patience=AT_START, remember=False,
        )  # fmt: skip
        marks = kept.get("marks")
        self.list.marked.update(one for one in marks if isinstance(one, int)) if isinstance(marks, list) else None
        self.before = [Before(text, sample, line) for text, sample, line in _known(kept.get("before"))]
        words = kept.get("search")
        if isinstance(words, str) and words.strip() and sample_id is not None:
            self.start_hits(words, go=False)
        self.draw_titles()

    def start_hits(self, words: str, *, go: bool = True) -> None:
        """Look for words in the view, in a thread; ``go`` moves the cursor to the first hit. (See ``Views``.)"""

    def open_view(
        self, view: views.View, sample_id: int | None = None, *, line: int | None = None, patience: float | None = None,
        remember: bool = True, listing: Listing | None = None,
    ) -> None:  # fmt: skip
        """List another view; the cursor goes to ``sample_id`` (on a line of the list), or to where it would be.

        Its first page is there at once if it is found within ``patience``; the rest comes from a thread. ``listing``: the
        view as it was read before. The view that is left can be gone back to, if it is another one and to ``remember``.
        """
        if self.listing is not None:
            self.listing.stop()
            if remember and self.listing.view.text != view.text:
                self._remember()
        self.end_search()
        self._show_listing(Listing(self.store, view, patience) if listing is None else listing, sample_id, line)

    def _remember(self) -> None:
        """Put the view that is left on the way back."""
        if self.listing is not None:
            kept = self.listing if self.listing.finished and len(self.listing.ids) <= KEPT else None
            line = self.list.cursor - self.list.top
            marks = frozenset(self.list.marked) if len(self.list.marked) <= KEPT else frozenset()
            self.before.append(Before(self.listing.view.text, self.list.current, line, kept, marks))
            del self.before[:-STEPS_BACK]

    def _show_listing(self, listing: Listing, sample_id: int | None, line: int | None) -> None:
        self.listing = listing
        self.generation += 1
        self.wanted, self.wants_end, self.arrived = None, False, 0
        self.counted_to = listing.water
        self.list.marked.clear()
        self.list.empty = self._nothing()
        self.list.mine = self.mine
        self.list.open(self.store, listing)
        self.show_words()
        if sample_id is not None and not self.go_to(sample_id, line=line):
            self.list.move_to(listing.place(sample_id), line=line or 0)
        if not listing.finished:
            generation = self.generation
            start_fill(
                listing, self.store,
                lambda finished: post(self, Filled(generation, len(listing.ids), finished)),
                lambda error: post(self, Failed(error)),
            )  # fmt: skip
        self.show_current()

    def stop_reading(self) -> bool:
        """Give up reading the view (escape); what was found stays. False when it was not being read."""
        listing = self.listing
        if listing is None or not listing.searching or listing.total is not None:
            return False
        listing.stop()
        self.wanted, self.wants_end = None, False
        self.list.refresh()
        self.draw_titles()
        self.pane.show_position(self.list.position())
        self.say(f"Stopped at {listing.share:.0%}: these are not all. R reads the view again.")
        return True

    def action_back(self) -> None:
        """The view before this one, as it was left."""
        if not self.before:
            self.say("There is no view before this one.")
            return
        last = self.before.pop()
        view = views.parse(last.text) if last.listing is None else last.listing.view
        self.open_view(view, last.sample, line=last.line, remember=False, listing=last.listing)
        if last.listing is not None:
            self.list.reread()
        self.list.marked.update(last.marks)
        self.list.refresh()
        self.draw_titles()

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

    def go_to(self, sample_id: int, *, line: int | None = None) -> bool:
        """The cursor to a sample, now or when the thread reaches it; False when it is not in the view."""
        if self.listing is None:
            return False
        if not self.listing.around(self.store, sample_id):
            if not self.listing.searching:
                return False
            self.wanted, self.wanted_line = sample_id, line
            return True
        index = self.listing.index(sample_id)
        if index is None:
            return False
        inside = self.list.top <= index < self.list.top + self.list.height
        self.list.move_to(index, line=line if line is not None else None if inside else self.list.height // 2)
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
                if not self.go_to(self.wanted, line=self.wanted_line):
                    self.list.move_to(self.listing.place(self.wanted), line=0)
                self.wanted = None
            self.wants_end = False
            if self.list.current != current:
                self.show_current()
            self.list.refresh()
        elif self.listing.stopped:
            return
        elif self.pane.sample is None and len(self.list):
            self.list.refresh()
            self.show_current()
        elif len(self.list) - self.list.top < self.list.height or self._reached < self.list.top + self.list.height:
            self.list.draw_searched()
        self._reached = len(self.list)
        self.draw_titles()
        self.pane.show_position(self.list.position())

    def on_failed(self, message: Failed) -> None:
        self.fail(message.error)

    def draw_titles(self) -> None:
        """The view and where one is in it."""
        if self.listing is None:
            return
        view = clean(self.listing.view.text) or "all samples"
        marked = f"  {number(len(self.list.marked))} marked" if self.list.marked else ""
        new = f"  {number(self.arrived)} new: R" if self.arrived else ""
        hits = "" if self.hits is None else f"  {self.hits.known()} hits"
        self.list.draw_title(f"{view}{hits}{marked}{new}{self.notes()}")

    def notes(self) -> str:
        """What else the list's title says; each with two spaces before it."""
        return ""

    @property
    def mine(self) -> int | None:
        """Who reads blind here: sees what others said only after deciding; None where everybody sees everything."""
        return self.annotator_id if self.project.outline.review.blind else None

    def _seen_by_me(self, sample_id: int) -> tuple[Sample, Explanation]:
        mine = self.mine
        if mine is not None and self.labels.shape == "many":
            sample = samples.get_own(self.store, sample_id, mine)
        else:
            sample = samples.get(self.store, sample_id, mine=mine)
        alone = mine is not None and blind.undecided(self.store, mine, sample_id)
        found = explaining.explain(self.store, sample, annotator_id=self.annotator_id, alone=alone)
        return sample, found if mine is None else explaining.unseen(self.store, found, mine)

    def show_current(self, *also: Lines) -> None:
        """The panes follow the cursor, in one frame with other widgets that have changed."""
        sample_id = self.list.current
        sample = explanation = None
        if sample_id is not None:
            try:
                sample, explanation = self._seen_by_me(sample_id)
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

    def changed(self) -> None:
        """Somebody committed."""
        self.list.reread()
        self.labels.counts = samples.label_counts(self.store)
        if self.listing is not None:
            self._count_new(self.listing)
        sample = self.pane.sample
        if sample is not None:
            try:
                new, explanation = self._seen_by_me(sample.id)
            except StoreError:  # purged: the list says so
                new, explanation = (
                    sample,
                    explaining.explain(self.store, sample, annotator_id=self.annotator_id, alone=True),
                )
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
        place: dict[str, Any] = {
            "view": self.listing.view.text, "sample": self.list.current, "line": self.list.cursor - self.list.top,
        }  # fmt: skip
        if self.wanted is not None:  # the thread has not found the sample where one stopped
            place["sample"] = self.wanted
        if 0 < len(self.list.marked) <= MARKS:
            place["marks"] = sorted(self.list.marked)
        if self.hits is not None:
            place["search"] = self.hit_words
        if self.before:
            place["before"] = [[one.text, one.sample, one.line] for one in self.before]
        if place != self.saved_place:
            acts.stop_at(self.store, self.annotator_id, PLACE, place)
            self.saved_place = place


def post(screen: Reviewing, message: Filled | Found | Failed) -> None:
    """Tell the screen from a thread, if it is still there."""
    if screen.is_running:
        screen.post_message(message)
