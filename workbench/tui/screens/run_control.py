"""What a person can do with a run while it goes on, and after: pause, slow, speed up, more budget, cancel, go on, failures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from workbench.errors import UsageError
from workbench.jobs import words
from workbench.jobs.words import STOPPED, UNDER_WAY
from workbench.pipeline import control, start
from workbench.store import jobs
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.tui.screens.job_screen import JobScreen, pick
from workbench.tui.widgets import job_view
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.prompts import AskLine
from workbench.tui.widgets.run_view import Live

#: Requests at once where a job does not say.
AT_ONCE = 64


class RunControl(JobScreen):
    """The keys of a run. ``live`` is what was read last, ``showing`` the run in the pane (None: the preview)."""

    #: Footers: before a run, while one is under way, and for one that has ended.
    HINTS: ClassVar[tuple[str, ...]] = (
        "generate.start", "generate.settings", "generate.more", "generate.preview", "generate.runs",
    )  # fmt: skip
    RUNNING: ClassVar[tuple[str, ...]] = (
        "generate.pause", "generate.slower", "generate.faster", "generate.failures", "generate.cancel",
    )  # fmt: skip
    ENDED: ClassVar[tuple[str, ...]] = (
        "generate.start", "generate.resume", "generate.failures", "generate.samples", "generate.runs",
    )  # fmt: skip

    live: Live
    showing: int | None

    def show_run(self, job_id: int | None) -> None:
        """Put a run (None: the preview) into the pane."""
        raise NotImplementedError

    def picked_run(self) -> int | None:
        """The run under the cursor while that is in the history, else the one in the pane, else the newest."""
        raise NotImplementedError

    def hint(self) -> None:
        """The footer's five keys for what is in the pane."""
        job = next((job for job in self.live.history if job.id == self.showing), None)
        wanted = self.HINTS if job is None else self.RUNNING if job.state in UNDER_WAY else self.ENDED
        self.query_one(Footer).show(wanted)

    def under_way(self) -> Job | None:
        """The run that is shown, else the newest that goes on; when none does, that is said."""
        job = pick(self.live.history, self.picked_run(), UNDER_WAY)
        if job is None:
            self.say("No run is under way.")
        return job

    async def action_pause(self) -> None:
        job = self.under_way()
        if job is None:
            return
        if words.paused(job):
            await self._go_on(job)
            return
        await self.write(lambda store: control.pause(store, job.id))
        self.say(f"Job {job.id} asks nothing more for now; requests under way are waited for. Space goes on.")
        self.changed()

    async def _go_on(self, job: Job) -> None:
        done = await self.write(lambda store: control.resume(store, job.id))
        again = " no answered request is asked again." if done == "started" else ""
        self.say(f"Job {job.id} goes on{';' if again else '.'}{again}")
        if done == "started":
            self.show_run(job.id)
        else:
            self.changed()

    async def action_slower(self) -> None:
        await self._speed(0.5)

    async def action_faster(self) -> None:
        await self._speed(2.0)

    async def _speed(self, factor: float) -> None:
        """Read and written together in the writing thread: keys pressed quickly add up."""
        job = self.under_way()
        if job is None:
            return
        job_id = job.id

        def change(store: Store) -> tuple[int, int]:
            now = int(jobs.get(store, job_id).limits.get("concurrency") or AT_ONCE)
            wanted = min(control.MOST_AT_ONCE, max(1, math.floor(now * factor)))
            if wanted != now:
                control.change(store, job_id, {"concurrency": wanted})
            return now, wanted

        before, after = await self.write(change)
        limit = "; fewer is not possible" if before == 1 else "; more is not possible"
        self.say(f"Job {job_id}: {after:,} at once{'' if before != after else limit}.")
        self.changed()

    def action_budget(self) -> None:
        job = pick(self.live.history, self.picked_run(), (*UNDER_WAY, *STOPPED))
        if job is None:
            self.say("No run is under way, and none has stopped early.")
            return
        self.begin_asking(self._budget(job))

    async def _budget(self, job: Job) -> None:
        async def check(text: str) -> str:
            if not text.strip():
                return ""
            name, total = raised(job, text)
            left = total - used(job)[name]
            return f"Then it stops before {words.limit(name, total)} in all: {words.limit(name, left)} from here."

        question = AskLine(
            f"More budget for job {job.id}: how much more?",
            check=check,
            help_lines=[spent(job), "2.50 means dollars; or write 1000 requests, or 50000 tokens."],
        )
        text = await self.ask(question)
        if not text or not text.strip():
            return
        name, total = raised(job, text)
        await self.write(lambda store: control.change(store, job.id, {name: total}))
        goes_on = " R goes on with it." if job.state in STOPPED else ""
        self.say(f"Job {job.id} stops before {words.limit(name, total)} now.{goes_on}")
        self.changed()

    async def action_cancel(self) -> None:
        job = self.under_way()
        if job is None:
            return
        await self.write(lambda store: start.cancel(store, job.id))
        self.say(f"Job {job.id} stops after the requests under way; R goes on with it later.")
        self.changed()

    async def action_resume(self) -> None:
        history, picked = self.live.history, self.picked_run()
        shown = next((job for job in history if job.id == picked), None)
        if shown is not None and (words.paused(shown) or shown.state == "waiting"):
            await self._go_on(shown)
            return
        job = pick(history, picked, STOPPED)
        if job is None:
            self.say("No run is paused, and none was cancelled or interrupted.")
            return
        await self._go_on(job)

    def action_failures(self) -> None:
        shown = self.picked_run()
        if shown is None:
            self.say("There is no run yet; r starts one.")
            return
        self.begin_asking(self._failures(shown))

    async def _failures(self, job_id: int) -> None:
        from workbench.tui.screens.failures import FailuresScreen

        started = await self.app.push_screen_wait(FailuresScreen(job_id))
        if started is not None:
            self.say(f"Started job {started}, which asks them again.")
            self.show_run(started)

    def action_samples(self) -> None:
        shown = self.picked_run()
        if shown is None:
            self.say("There is no run yet; r starts one.")
            return
        self.begin(self.open_in_review(f"job:{shown}"))


def used(job: Job) -> Mapping[str, float]:
    """What a job has used, by the name of the limit; every attempt that an endpoint let in counts as a request."""
    result: Mapping[str, Any] = job.result or {}

    def count(name: str) -> float:
        return float(result.get(name) or 0)

    sent = count("requests") - count("cached") + count("retried") + count("repaired")
    return {"budget": count("cost"), "requests": sent, "tokens": count("input_tokens") + count("output_tokens")}


def spent(job: Job) -> str:
    """``Used so far: $2.31 of $2.50, 430 requests, 61.2k tokens.``"""
    so_far, limits = used(job), words.limits(job)
    cost = (job.result or {}).get("cost", 0.0)
    parts = ["dollars unknown" if cost is None else words.limit("budget", so_far["budget"]) if cost else "$0"]
    parts += [f"{so_far['requests']:,.0f} requests", f"{job_view.tokens(so_far['tokens'])} tokens"]
    for place, name in enumerate(("budget", "requests", "tokens")):
        if name in limits:
            parts[place] += f" of {words.limit(name, limits[name])}"
    return f"Used so far: {', '.join(parts)}."


def raised(job: Job, text: str) -> tuple[str, float]:
    """(name of the limit, its new value) for so much more as ``text`` says; raises ``UsageError``."""
    number, _, unit = text.replace(",", "").replace("$", "").strip().partition(" ")
    name = {"": "budget", "dollars": "budget", "requests": "requests", "tokens": "tokens"}.get(unit.strip().lower())
    try:
        more = float(number)
    except ValueError:
        name = None
        more = 0.0
    if name is None:
        raise UsageError("Write so many dollars more, such as 2.50, or 1000 requests, or 50000 tokens.")
    if not 0 < more < 1e12:
        raise UsageError("It should be more than 0.")
    total = max(float(job.limits.get(name) or 0), used(job)[name]) + more
    return name, round(total, 6) if name == "budget" else int(total)
