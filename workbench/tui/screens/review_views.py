"""Review's lists: search in a view, going to a number, reading a view again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator

from workbench.errors import UsageError
from workbench.store import views
from workbench.text import clean
from workbench.tui import counting
from workbench.tui.listing import Listing, start_fill
from workbench.tui.messages import Failed, Found
from workbench.tui.screens.review_base import post
from workbench.tui.screens.review_lists import Lists
from workbench.tui.widgets.lines import number


class Views(Lists):
    """Finding things in what is listed."""

    last_words = ""
    hit_step: tuple[int, bool] | None = None  # a step to a hit that the search has not reached yet

    @property
    def searching(self) -> bool:
        return self.hits is not None

    def action_jump(self) -> None:
        self.begin_asking(self._ask_jump())

    async def _ask_jump(self) -> None:
        from workbench.tui.widgets.prompts import AskLine

        text = await self.ask(AskLine("Go to sample number"))
        if text is not None and text.strip():
            if not text.strip().isdigit():
                raise UsageError(f"{clean(text)} is not a sample's number.")
            self.jump(int(text))

    def action_search(self) -> None:
        self.begin_asking(self._search())

    async def _search(self) -> None:
        from workbench.tui.widgets.prompts import AskLine

        words = await self.ask(
            AskLine("Search in this view", self.last_words, check=self._read_words, told=self._count_hits)
        )
        if words and words.strip() and self.listing is not None:
            self.last_words = words
            self.start_hits(words)

    def start_hits(self, words: str, *, go: bool = True) -> None:
        """Look for words that stand together in the view, in a thread; ``go`` moves the cursor to the first hit from here on."""
        self.end_search()
        hits = self.hits = Listing(self.store, self._found(words))
        self.hit_words, self.hit_step = words, (1, True) if go else None
        self.show_words()
        if not hits.finished:
            start_fill(
                hits, self.store, lambda finished: post(self, Found(words)), lambda error: post(self, Failed(error))
            )
        self._follow_hits()

    def on_found(self, message: Found) -> None:
        if self.hits is not None and message.words == self.hit_words:
            self._follow_hits()

    def _follow_hits(self) -> None:
        """Go to the hit that is waited for as soon as it is known."""
        if self.hit_step is not None:
            self._hit(*self.hit_step)
        self.draw_titles()

    def _found(self, words: str) -> views.View:
        """The view, narrowed to some words that stand together."""
        return views.parse(f"{self.listing.view.text if self.listing else ''} {views.quoted(words)}")

    async def _read_words(self, words: str) -> str:
        return "Counting…" if words.strip() else "Whole words, as they stand in the text."

    async def _count_hits(self, words: str) -> AsyncIterator[str]:
        if words.strip():
            async for count in counting.counted(self.store, self._found(words)):
                yield count.told(" of this view")

    def action_end_search(self) -> None:
        """Escape: gives up what is being read, else ends the search."""
        if self.hits is not None and self.hits.searching:
            self.hits.stop()
            self.hit_step = None
            self.draw_titles()
            self.say(f"Search stopped at {self.hits.share:.0%}: n and N go through what was found; esc ends it.")
        elif not self.stop_reading() and self.searching:
            self.end_search()
            self.draw_titles()
            self.say("Search ended; n is the note's key again.")

    def action_next_hit(self) -> None:
        self._hit(1)

    def action_previous_hit(self) -> None:
        self._hit(-1)

    def _hit(self, step: int, here: bool = False) -> None:
        """To the next hit or the one before; waits for one that the search has not reached."""
        hits, self.hit_step = self.hits, None
        if hits is None or self.listing is None:
            self.say("There is no search to go on with; / starts one.")
            return
        found, current = hits.ids, self.list.current
        rising = self.listing.by_id and not self.listing.view.descending
        if current is None:
            at = 0
        elif rising:
            at = bisect_left(found, current) if step < 0 or here else bisect_right(found, current)
            at = at - 1 if step < 0 else at
        else:
            at = self._beside(current, step, here) if found and not hits.searching else -1
        wrapped = not 0 <= at < len(found)
        if wrapped and hits.searching:  # more may come, and the end is not known
            self.hit_step = (step, here)
            self.say(f"Searching {hits.share:.0%}: {number(len(found))} found so far (esc stops)")
            return
        if not found:
            words = self.hit_words
            self.end_search()
            self.draw_titles()
            self.say(f"No sample of this view holds {clean(words)!r}.")
            return
        at %= len(found)
        if self.go_to(found[at]):
            self.list.refresh()
            self.show_current()
        note = " (from the start again)" if wrapped and step > 0 else " (from the end again)" if wrapped else ""
        self.say(
            f"Hit {number(at + 1)} of {hits.known()} for {clean(self.hit_words)!r}{note}: n next, N before, esc ends"
        )

    def _beside(self, current: int, step: int, here: bool) -> int:
        """The hit next to the cursor in a view that is not in the order of numbers."""
        assert self.hits is not None
        assert self.listing is not None
        wanted = set(self.hits.ids)
        rows = self.listing.rows
        at = self.list.cursor if here else self.list.cursor + step
        while 0 <= at < len(rows):
            if rows[at] in wanted:
                return self.hits.ids.index(rows[at])
            at += step
        return len(self.hits.ids) if step > 0 else -1

    def action_refresh(self) -> None:
        if self.listing is not None:
            new, line = self.arrived, self.list.cursor - self.list.top
            self.open_view(self.listing.view, self.list.current, line=line)
            self.say(f"Read again{f': {number(new)} new' if new else ''}.")
