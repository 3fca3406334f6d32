"""Review: working beside others: agreement, adjudication, audits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult

from workbench.errors import UsageError
from workbench.store import samples, views
from workbench.store.acts import UNSET, Change
from workbench.store.connection import Store
from workbench.text import clean
from workbench.tui.screens.review_bulk import Bulk
from workbench.tui.widgets.lines import Lines, Run, number
from workbench.tui.widgets.under_panes import UnderPanes

if TYPE_CHECKING:
    from workbench.curate.labels.auditing import State
    from workbench.store.audits import Audit
    from workbench.store.disputes import Said
    from workbench.store.explaining import Explanation
    from workbench.store.samples import Sample

# What only these keys need is imported in their methods: Review is painted without it.

SAMPLES_OF_A_CELL = 500
#: The view of disagreements, most first, and that of an audit (``store.audits.VIEW``).
DISPUTED = "disagreed:yes sort:-disagreement"
AUDITED = "score.audit>=1 sort:audit"


class People(Bulk):
    """Working beside others: agreement, adjudication, audits.

    Two views are more than lists: in ``DISPUTED`` each decision is a ruling and the digits stand for what people
    said; in ``AUDITED`` a line says what the audit has found so far.
    """

    # The label pane's digits are not those of this view where samples have several labels, numbers or objects.
    DEFAULT_CSS: ClassVar[str] = """
    People.-settling LabelPane, People.-settling #label-rule { display: none; }
    """

    settling = auditing = False
    said: Sequence[Said] = ()  # what people said of the sample that is shown, while disagreements are settled
    found: dict[str, Any] | None = None  # agreement, as last counted
    audit: Audit | None = None  # the newest one: its frozen order need not be read at each decision
    untold = 0  # changes since the audit's line was read

    def __init__(self) -> None:
        super().__init__()
        self.under = UnderPanes(id="under")

    def body(self) -> ComposeResult:
        yield from super().body()
        yield self.under

    @property
    def mine(self) -> int | None:
        """Whose eyes read blind; None while disagreements are settled: who settles sees what was said."""
        return None if self.settling else super().mine

    def open_view(self, view: views.View, sample_id: int | None = None, **options: Any) -> None:
        self.settling = view.text.startswith("disagreed:yes")
        self.auditing = view.text == AUDITED
        self.set_class(self.settling and self.shape != "one", "-settling")
        self.under.show([])
        super().open_view(view, sample_id, **options)
        if self.auditing:
            self.begin(self._tell_audit())

    def _seen_by_me(self, sample_id: int) -> tuple[Sample, Explanation]:
        sample, explanation = super()._seen_by_me(sample_id)
        if not self.settling:
            return sample, explanation
        from workbench.store import disputes
        from workbench.tui import together

        self.said = disputes.of(self.store, sample_id)
        suggestions = together.as_suggestions(self.said) if self.shape == "one" else []
        return sample, replace(explanation, suggestions=[*suggestions, *explanation.suggestions])

    def show_current(self, *also: Lines) -> None:
        self.said = []
        super().show_current(*also)
        self._show_said()

    def _show_said(self) -> None:
        if self.settling:
            from workbench.tui import together

            self.under.show(together.opinion_rows(self.said, self.labels.order if self.shape == "one" else None))

    def changed(self) -> None:
        super().changed()
        self._show_said()
        if self.auditing:
            self.begin(self._tell_audit())

    # Disagreements

    def action_settle(self) -> None:
        self.begin(self._settle_disputes())

    async def _settle_disputes(self) -> None:
        from workbench.tui import together

        found = await self.read(together.disputed)
        if not found:
            self.say("People disagree about nothing that is not settled.")
            return
        await self.write(lambda store: together.rank(store, found))
        self.open_view(views.parse(DISPUTED))
        self.say(f"{number(len(found))} to settle: each decision settles one, by the usual keys; b goes back.")

    async def _digit(self, digit: int) -> None:
        """Where samples have one label, digits are what they always are; else they stand for what people said."""
        if not self.settling or self.shape == "one":
            await super()._digit(digit)
            return
        from workbench.tui import together

        labels = together.choices(self.said)
        if 1 <= digit <= len(labels):
            await self._act(Change(label=json.loads(labels[digit - 1]), status="accepted"), "adjudicate")
        else:
            self.say("The digits stand for what people said here; e corrects, a accepts as it stands.")

    async def _act(self, change: Change, kind: str, *, sample_id: int | None = None, advance: bool = True) -> None:
        change, kind = self.worded(change, kind)
        await super()._act(change, kind, sample_id=sample_id, advance=advance)
        if self.auditing:
            self.begin(self._tell_audit())

    def worded(self, change: Change, kind: str) -> tuple[Change, str]:
        """Where disagreements are settled, each decision is a ruling: sets of labels put together one by one, too."""
        if self.settling and _decides(change):
            return self._ruled(change, self.pane.sample.label if self.pane.sample is not None else UNSET), "adjudicate"
        return change, kind

    def bulk_change(
        self, store: Store, ids: Sequence[int], change: Change | Mapping[int, Change]
    ) -> Change | Mapping[int, Change]:
        """Where disagreements are settled, what is said of many samples settles each of them."""
        if not self.settling or (isinstance(change, Change) and not _decides(change)):
            return change
        each = dict.fromkeys(ids, change) if isinstance(change, Change) else change
        return {one.id: self._ruled(each[one.id], one.label) for one in samples.many(store, list(each))}

    def _ruled(self, change: Change, shown: Any) -> Change:
        """The same decision as a ruling; accepting as it stands settles the label that is shown."""
        if change.status == "rejected":
            return replace(change, ruling="status")
        if change.label is UNSET and self.shape != "none":
            change = replace(change, label=shown)
        return replace(change, ruling="label" if change.status is UNSET else "label,status")

    # Audits

    def action_audit(self) -> None:
        self.begin_asking(self._audit())

    async def _audit(self) -> None:
        from workbench.curate.labels import auditing
        from workbench.store import audits
        from workbench.tui import together
        from workbench.tui.widgets.prompts import AskLine, Choice, Option, Reading

        current = await self.read(audits.newest)
        if current is not None and current.closed_at is None:
            now = await self.read(lambda store: auditing.state(store, current))
            chosen = await self.ask(
                Choice(
                    auditing.sentence(now),
                    [Option("on", "Go on", "with what is still to be looked at"), Option("all", "Details", "of each label"),
                     Option("close", "Close", "what was found is kept; another can begin")],
                )
            )  # fmt: skip
            if chosen == "on":
                await self._go_on()
            elif chosen == "all":
                await self.ask(Reading("Audit", [(line, "pane--value") for line in auditing.lines(now)]))
            elif chosen == "close":
                last = await self.write(lambda store: auditing.close(store, current))
                self.under.show(_audit_rows(last))
                self.say(f"Audit {current.id} is closed: {auditing.sentence(last)}.")
            return
        here = self.listing.view.text if self.listing is not None else ""
        words = [word for word in here.split(" ") if not word.startswith(("sort:", "score.audit", "disagreed:"))]
        view = await self.ask(AskLine("Audit which view?", " ".join(words) or "set:yes", check=self._count_audited))
        if view is None:
            return
        goal = await self.ask(
            AskLine(
                "Until when?", "0.03", check=_check_target,
                help_lines=("0.03: until the accuracy is known to ±0.03; you may stop at any moment.",
                            "200: exactly 200 samples. 'by label' after either: labels take turns."),
            )
        )  # fmt: skip
        if goal is None:
            return
        half_width, size, by_label = together.target(goal)
        me = self.annotator_id
        self.say("Drawing the random order…")
        await self.write(
            lambda store: audits.begin(store, me, view.strip(), half_width=half_width, size=size, by_label=by_label)
        )
        await self._go_on()

    async def _count_audited(self, text: str) -> str:
        view = views.parse(text)
        return f"{number(await self.read(lambda store: views.count(store, view)))} samples"

    async def _go_on(self) -> None:
        """The audit's list, with the cursor on the first sample that nobody has looked at."""
        from workbench.store import audits

        def first(store: Store) -> list[int]:
            current = audits.newest(store)
            return [] if current is None else audits.waiting(store, current, 1)

        waiting = await self.read(first)
        self.open_view(views.parse(AUDITED), waiting[0] if waiting else None)
        self.say("Decide on each as it stands: a when the label is right; another label or x when it is wrong.")

    async def _tell_audit(self) -> None:
        """Show how the audit stands; wishes that come while it is being read become one."""
        from workbench.curate.labels import auditing
        from workbench.store import audits

        def state(store: Store) -> State | None:
            if self.audit is None or not audits.is_newest(store, self.audit):
                self.audit = audits.newest(store)
            return None if self.audit is None else auditing.state(store, self.audit)

        self.untold += 1
        if self.untold > 1:
            return
        try:
            while self.untold:
                self.untold = 1
                now = await self.read(state)
                if self.auditing and now is not None:
                    self.under.show(_audit_rows(now))
                self.untold -= 1
        finally:
            self.untold = 0

    # People

    def action_people(self) -> None:
        self.begin_asking(self._people())

    async def _people(self) -> None:
        from workbench.store import people
        from workbench.tui import together
        from workbench.tui.widgets.prompts import Finder

        progress = await self.read(people.progress)
        found = None
        if progress:
            self.say("Counting who agrees with whom…")
            found = self.found = await together.agreement(self.project.folder)
            self.workbench.quiet()
        if not progress:
            self.say("Nobody has said anything about these samples yet.")
            return
        chosen = await self.ask(
            Finder(
                "People: enter opens what one said, or a pair", together.options(progress, found),
                start=f"by:{progress[0].name}",
            )
        )  # fmt: skip
        if chosen is None or not chosen or chosen.startswith("model:"):
            return
        if chosen.startswith("by:"):
            self.open_view(views.parse(f"by:{views.quoted(chosen[3:])}"))
            return
        assert found is not None
        a, b = (int(part) for part in chosen.removeprefix("pair:").split(","))
        await self._confusion(found, a, b)

    async def _confusion(self, found: dict[str, Any], a: int, b: int) -> None:
        from workbench.store import disputes
        from workbench.tui import together
        from workbench.tui.widgets.prompts import Finder

        one, two = (found["annotators"][place]["name"] for place in (a, b))
        title = f"{clean(one, limit=24)} / {clean(two, limit=24)}: enter opens the samples"
        chosen = await self.ask(Finder(title, together.cells(found, a, b)))
        if chosen is None:
            return
        left, right = json.loads(chosen)
        ids = await self.read(lambda store: disputes.cell(store, one, two, left, right, SAMPLES_OF_A_CELL))
        if not ids:
            raise UsageError("Somebody has changed these opinions meanwhile; p counts anew.")
        self.open_view(views.parse(f"id:{','.join(map(str, ids))}"))
        if len(ids) == SAMPLES_OF_A_CELL:
            self.say(f"The first {number(SAMPLES_OF_A_CELL)} of them.")


def _audit_rows(now: State) -> list[list[Run]]:
    from workbench.curate.labels import auditing

    which = "at any moment" if now.interval == "sequence" else "at the planned end"
    return [[(f" {auditing.sentence(now)}", "under--value"), (f"  (95 % {which})", "under--muted")]]


async def _check_target(text: str) -> str:
    from workbench.tui import together

    half_width, size, by_label = together.target(text)
    each = " for each label" if by_label else ""
    return f"±{half_width:g}{each}" if half_width is not None else f"{number(size or 0)} samples{each}"


def _decides(change: Change) -> bool:
    return change.label is not UNSET or change.status in ("accepted", "rejected")
