"""Review's lists: the view's line, saved views, order, clusters, nearest neighbours, a range of a score."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from workbench.errors import UsageError
from workbench.store import cluster_labels, clusters, curation, cuts, views
from workbench.store.cluster_labels import Held
from workbench.store.clusters import Cluster
from workbench.store.connection import Store
from workbench.text import clean
from workbench.tui import counting
from workbench.tui.screens.review_base import Reviewing
from workbench.tui.widgets.lines import number, short
from workbench.tui.widgets.prompts import Option

HELP = (
    "label:a,b  status:pending  origin:synthetic  split:test  dropped:yes",
    'score.uncertainty>0.5  "some words"  near:418  cluster:3  tag:a  -label:a',
    "by:anna  disagreed:yes  opinions<2  group:418  reason:a  edited:yes",
    "sort:uncertainty  sort:-id    (nothing: all samples; a number: that sample)",
)
#: Scores that are no amounts: a cluster's number, a place in an audit.
PLACES = ("cluster", "audit")


class Lists(Reviewing):
    """Choosing what is listed."""

    def action_view(self) -> None:
        self.begin_asking(self._view())

    async def _view(self) -> None:
        from workbench.tui.widgets.prompts import AskLine

        old = self.listing.view.text if self.listing else ""
        text = await self.ask(AskLine("View", old, check=self._read_line, told=self._count, help_lines=HELP))
        if text is None:
            return
        if text.strip().isdigit():
            self.jump(int(text))
            return
        self.open_view(views.parse(text), self.list.current)
        missing = await self.read(lambda store: views.unknown(store, text))
        if missing:
            self.say(missing[0] + ".")

    def jump(self, sample_id: int) -> None:
        """Go to a sample of the view, or say that it is not in it."""
        before = self.list.current
        absent = self.listing is not None and self.listing.finished and self.listing.index(sample_id) is None
        if absent or not self.go_to(sample_id):
            self.say(f"Sample {number(sample_id)} is not in this view.")
        elif self.list.current != before:
            self.list.refresh()
            self.show_current()

    async def _read_line(self, text: str) -> str:
        """Raises ``UsageError`` with what is wrong in a line."""
        if text.strip().isdigit():
            return f"Go to sample {text.strip()}."
        views.parse(text)
        return "Counting…"

    async def _count(self, text: str) -> AsyncIterator[str]:
        """How many samples a line lists, as they are counted."""
        if text.strip().isdigit():
            yield f"Go to sample {text.strip()}."
            return
        async for count in counting.counted(self.store, views.parse(text)):
            yield count.told()

    def action_sort(self) -> None:
        self.begin_asking(self._sort())

    async def _sort(self) -> None:
        from workbench.tui.widgets.prompts import Finder

        shape = self.project.outline.label_shape
        options = await self.read(lambda store: orders(store, shape))
        order = "" if self.listing is None else next(reversed(_orders_of(self.listing.view.text)), "sort:id")
        chosen = await self.ask(Finder("Order", options, start=order))
        if chosen is not None and self.listing is not None:
            words = [word for word in views.words(self.listing.view.text) if not word.startswith("sort:")]
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
        from workbench.tui.widgets.live_finder import LiveFinder
        from workbench.tui.widgets.prompts import AskLine, Confirm

        start = ""
        while True:
            saved = views.saved(self.store)
            if not saved:
                self.say("There is no saved view yet; W keeps the one you see.")
                return

            async def feed(finder: LiveFinder, saved: dict[str, str] = saved) -> None:
                for name, text in saved.items():
                    async for count in counting.counted(self.store, views.parse(text)):
                        finder.renew([Option(name, name, text, str(count))])

            dialog = LiveFinder(
                "Saved views", [Option(name, name, text, "…") for name, text in saved.items()], feed=feed, start=start,
                keys={"ctrl+r": "rename", "ctrl+x": "delete"}, hint="enter opens   ctrl+r renames   ctrl+x takes away",
            )  # fmt: skip
            chosen = await self.ask(dialog)
            if chosen is None:
                return
            start = chosen
            if dialog.how == "rename":
                name = await self.ask(AskLine(f"New name for {clean(start)}", start))
                if name and name.strip() and name.strip() != start:
                    old, new = start, name.strip()
                    await self.write(lambda store, old=old, new=new: views.rename(store, old, new))  # type: ignore[misc]
                    start = new
            elif dialog.how == "delete":
                lines = (saved[start], "", "Its samples stay as they are.")
                if await self.ask(Confirm(f"Take away the saved view {clean(start)}?", lines)):
                    await self.write(lambda store, old=start: views.forget(store, old))  # type: ignore[misc]
            else:
                self.open_view(views.parse(saved[start]))
                return

    def action_clusters(self) -> None:
        self.begin_asking(self._clusters())

    async def _clusters(self) -> None:
        from workbench.tui.widgets.live_finder import LiveFinder

        known = await self.read(clusters.all)
        if not known:
            self.say("There are no clusters yet: a learn job makes them, after some decisions or with workbench learn.")
            return
        here = await self.read(lambda store, one=self.list.current: clusters.of(store, one) if one else None)  # type: ignore[misc]

        def steps(store: Store) -> Iterator[list[Option]]:
            for held, share in cluster_labels.held(store):
                yield cluster_lines(known, held, share)

        async def feed(finder: LiveFinder) -> None:
            async for options in counting.follow(self.store, steps):
                finder.renew(options)

        chosen = await self.ask(
            LiveFinder(
                f"{number(len(known))} clusters, largest first", cluster_lines(known, {}, 0.0), feed=feed,
                start=str(here.id) if here else "", hint="o pending, + accepted, and the label that most of them have",
            )
        )  # fmt: skip
        if chosen is not None:
            self.open_view(views.parse(f"cluster:{chosen}"))

    def action_near(self) -> None:
        sample_id = self.list.current
        if sample_id is None:
            return
        view = views.parse(f"near:{sample_id}")
        if not views.first(self.store, view, 1):
            self.say(f"No neighbours of sample {number(sample_id)} are stored yet: a learn job finds them.")
            return
        self.open_view(view)
        self.say(f"The nearest to sample {number(sample_id)}; b goes back.")

    def action_range(self) -> None:
        self.begin_asking(self._range())

    async def _range(self) -> None:
        from workbench.tui.widgets.prompts import Finder
        from workbench.tui.widgets.range_picker import RangePicker

        names = [name for name in await self.read(curation.score_names) if name not in PLACES]
        if not names:
            self.say("No sample has a score yet: filters and learn jobs give them.")
            return
        name = (
            names[0]
            if len(names) == 1
            else await self.ask(Finder("A range of which score?", [Option(n, n) for n in names]))
        )
        if name is None:
            return
        steps = await self.read(lambda store: cuts.steps(store, name))
        if steps is None or self.listing is None:
            raise UsageError(f"The score {name} has no numbers to draw.")
        compared = tuple(f"score.{name}{sign}" for sign in "<>=")
        words = [word for word in views.words(self.listing.view.text) if not word.startswith(compared)]

        async def told(terms: str) -> AsyncIterator[str]:
            async for count in counting.counted(self.store, views.parse(" ".join([*words, terms]).strip())):
                yield count.told(" of this view")

        terms = await self.ask(RangePicker(name, steps, told=told))
        if terms is not None:
            self.open_view(views.parse(" ".join([*words, terms]).strip()), self.list.current)


def _orders_of(text: str) -> list[str]:
    return [word for word in views.words(text) if word.startswith("sort:")]


def orders(store: Store, shape: str) -> list[Option]:
    """What a view can be ordered by: number, what selection strategies choose (each with what it does), any other score."""
    from workbench.tui import queueing

    made = [Option("sort:id", "by number"), Option("sort:-id", "newest first")]
    strategies = queueing.choices(store, shape)
    made += [Option(f"sort:-{name}", f"{name} first", summary, when) for name, summary, when in strategies]
    named = {name for name, _, _ in strategies}
    for name in curation.score_names(store):
        made.append(Option(f"sort:{name}", f"{name}, lowest first"))
        if name not in named:
            made.append(Option(f"sort:-{name}", f"{name}, highest first"))
    return made


def cluster_lines(known: list[Cluster], held: dict[int, Held], share: float) -> list[Option]:
    """A line for each cluster, with what is known of it after a ``share`` of the samples."""
    digits = max((len(f"{one.size:,}") for one in known), default=1)
    return [Option(str(one.id), one.title, "", _held(one, held.get(one.id), share, digits)) for one in known]


def _held(cluster: Cluster, held: Held | None, share: float, digits: int) -> str:
    """``1,204   12 +  1,180 o   91% refund``; while it is counted, the size that the learn job found."""
    if share < 1.0:
        return f"{cluster.size:>{digits},}  counting {share:>4.0%}"
    if held is None:
        return f"{0:>{digits},}"
    purity = held.purity
    told = "" if purity is None else f"  {purity[1]:>4.0%} {short(clean(purity[0]), 16):<16}"
    accepted, pending = held.statuses.get("accepted", 0), held.statuses.get("pending", 0)
    return f"{held.size:>{digits},}  {accepted:>{digits},} +  {pending:>{digits},} o{told}"
