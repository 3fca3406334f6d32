"""Review's lists: search, the view's line, saved views, order, jump, refresh."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from workbench.errors import UsageError
from workbench.store import curation, views
from workbench.text import clean
from workbench.tui.screens.review_base import Reviewing
from workbench.tui.widgets.lines import number

HELP = (
    "label:a,b  status:pending  origin:synthetic  split:test  dropped:yes",
    'score.uncertainty>0.5  "some words"  near:418  edited:yes  -label:a',
    "sort:uncertainty  sort:-id    (nothing: all samples; a number: that sample)",
)


class Views(Reviewing):
    """What is listed, and finding things in it."""

    hit_words = ""

    @property
    def searching(self) -> bool:
        return self.hits is not None

    def action_view(self) -> None:
        self.begin_asking(self._view())

    async def _view(self) -> None:
        from workbench.tui.widgets.prompts import AskLine

        old = self.listing.view.text if self.listing else ""
        text = await self.ask(AskLine("View", old, check=self._count, help_lines=HELP))
        if text is None:
            return
        if text.strip().isdigit():
            self._jump(int(text))
        else:
            self.open_view(views.parse(text), self.list.current)

    async def _count(self, text: str) -> str:
        """How many samples a line lists; raises ``UsageError`` with what is wrong."""
        if text.strip().isdigit():
            return f"Go to sample {text.strip()}."
        view = views.parse(text)
        total = await self.read(lambda store: views.count(store, view))
        return f"{number(total)} sample{'' if total == 1 else 's'}"

    def action_jump(self) -> None:
        self.begin_asking(self._ask_jump())

    async def _ask_jump(self) -> None:
        from workbench.tui.widgets.prompts import AskLine

        text = await self.ask(AskLine("Go to sample number"))
        if text is not None and text.strip():
            if not text.strip().isdigit():
                raise UsageError(f"{clean(text)} is not a sample's number.")
            self._jump(int(text))

    def _jump(self, sample_id: int) -> None:
        before = self.list.current
        absent = self.listing is not None and self.listing.finished and self.listing.index(sample_id) is None
        if absent or not self.go_to(sample_id):
            self.say(f"Sample {number(sample_id)} is not in this view.")
        elif self.list.current != before:
            self.list.refresh()
            self.show_current()

    def action_search(self) -> None:
        self.begin_asking(self._search())

    async def _search(self) -> None:
        from workbench.tui.widgets.prompts import AskLine

        words = await self.ask(AskLine("Search in this view", self.hit_words, check=self._count_hits))
        if not words or self.listing is None:
            return
        view = self._found(words)
        self.say("Searching…")
        self.hits = await self.read(lambda store: views.ids(store, view))
        self.hit_words = words
        if not self.hits:
            self.end_search()
            self.say(f"No sample of this view holds {clean(words)!r}.")
            return
        self._hit(1, here=True)

    def _found(self, words: str) -> views.View:
        """The view, narrowed to some words that stand together."""
        quoted = words.replace('"', " ")
        return views.parse(f'{self.listing.view.text if self.listing else ""} "{quoted}"')

    async def _count_hits(self, words: str) -> str:
        if not words.strip():
            return "Whole words, as they stand in the text."
        view = self._found(words)
        total = await self.read(lambda store: views.count(store, view))
        return f"{number(total)} sample{'' if total == 1 else 's'} of this view"

    def action_end_search(self) -> None:
        if self.searching:
            self.end_search()
            self.say("Search ended; n is the note's key again.")

    def action_next_hit(self) -> None:
        self._hit(1)

    def action_previous_hit(self) -> None:
        self._hit(-1)

    def _hit(self, step: int, *, here: bool = False) -> None:
        if not self.hits or self.listing is None or self.list.current is None:
            self.say("There is no search to go on with; / starts one.")
            return
        hits, current = self.hits, self.list.current
        if self.listing.by_id and not self.listing.view.descending:
            at = bisect_left(hits, current) if step < 0 or here else bisect_right(hits, current)
            at = at - 1 if step < 0 else at
        else:
            at = self._beside(current, step, here)
        wrapped = not 0 <= at < len(hits)
        at %= len(hits)
        if self.go_to(hits[at]):
            self.list.refresh()
            self.show_current()
        note = " (from the start again)" if wrapped and step > 0 else " (from the end again)" if wrapped else ""
        self.say(
            f"Hit {number(at + 1)} of {number(len(hits))} for {clean(self.hit_words)!r}{note}: n next, N before, esc ends"
        )

    def _beside(self, current: int, step: int, here: bool) -> int:
        """The hit next to the cursor in a view that is not in the order of numbers."""
        assert self.hits is not None
        assert self.listing is not None
        wanted = set(self.hits)
        rows = self.listing.rows
        at = self.list.cursor if here else self.list.cursor + step
        while 0 <= at < len(rows):
            if rows[at] in wanted:
                return self.hits.index(rows[at])
            at += step
        return len(self.hits) if step > 0 else -1

    def action_refresh(self) -> None:
        if self.listing is not None:
            new = self.arrived
            self.open_view(self.listing.view, self.list.current)
            self.say(f"Read again{f': {number(new)} new' if new else ''}.")

    def action_sort(self) -> None:
        self.begin_asking(self._sort())

    async def _sort(self) -> None:
        from workbench.tui.widgets.prompts import Finder, Option

        options = [Option("sort:id", "by number"), Option("sort:-id", "newest first")]
        for name in await self.read(curation.score_names):
            options += [
                Option(f"sort:{name}", f"{name}, lowest first"),
                Option(f"sort:-{name}", f"{name}, highest first"),
            ]
        chosen = await self.ask(Finder("Order", options))
        if chosen is not None and self.listing is not None:
            words = [word for word in self.listing.view.text.split(" ") if not word.startswith("sort:")]
            self.open_view(views.parse(" ".join([*words, chosen]).strip()))

    def action_save_view(self) -> None:
        self.begin_asking(self._save_view())

    async def _save_view(self) -> None:
        from workbench.tui.widgets.prompts import AskLine

        if self.listing is None:
            return
        text = self.listing.view.text
        name = await self.ask(AskLine("Name for this view", help_lines=(text,)))
        if name and name.strip():
            kept = name.strip()
            await self.write(lambda store: views.save(store, kept, text))
            self.say(f"Saved as {clean(kept)}: w opens it.")

    def action_open_view(self) -> None:
        self.begin_asking(self._open_view())

    async def _open_view(self) -> None:
        from workbench.tui.widgets.prompts import Finder, Option

        saved = views.saved(self.store)
        if not saved:
            self.say("There is no saved view yet; W keeps the one you see.")
            return
        chosen = await self.ask(Finder("Saved views", [Option(name, name, text) for name, text in saved.items()]))
        if chosen is not None:
            self.open_view(views.parse(saved[chosen]))
