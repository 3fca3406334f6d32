"""Background jobs, newest first: what each did; pause, cancel, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from workbench.jobs import words
from workbench.jobs.words import STOPPED, UNDER_WAY
from workbench.pipeline import control, start
from workbench.store import jobs
from workbench.store.jobs import Job
from workbench.tui import actions
from workbench.tui.widgets.lines import dollars, number, safe
from workbench.tui.widgets.prompts import Confirm, Finder, Option, Reading

if TYPE_CHECKING:
    from workbench.store.connection import Store
    from workbench.tui.app import WorkbenchApp

#: Jobs that are listed: those that people started, then those that serve them.
MAIN, OTHERS = 40, 20


def listed(store: Store) -> list[Job]:
    """The newest jobs, runs first."""
    found = jobs.newest(store, 200)
    main = [job for job in found if job.kind in words.MAIN][:MAIN]
    return main + [job for job in found if job.kind not in words.MAIN][:OTHERS]


def option(job: Job, title: int = 0) -> Option:
    """A job as a line: number, kind, state, how far, what it cost; ``title`` is the width of the first part."""
    cost = (job.result or {}).get("cost")
    parts = [words.state(job).ljust(11), words.amount(job).rjust(11), (dollars(cost) if cost else "").rjust(7)]
    parts.append(safe(job.error or words.waiting(job) or (job.note if job.state in UNDER_WAY else "")))
    return Option(
        str(job.id), name(job).ljust(title), "  ".join(parts).rstrip(), job.created_at[5:16].replace("T", " ")
    )


def name(job: Job) -> str:
    recipe = f" {safe(job.parameters['recipe'], limit=30)}" if "recipe" in job.parameters else ""
    return f"{job.id:>4} {job.kind}{recipe}"


class JobsScreen(Finder):
    """Enter shows a job; one under way can be paused or cancelled there, one that stopped early resumed."""

    def __init__(self) -> None:
        from textual._context import active_app

        app = cast("WorkbenchApp[None]", active_app.get())
        found = listed(app.store)
        width = max((len(name(job)) for job in found), default=0)
        super().__init__("Jobs: enter shows one", [option(job, width) for job in found])

    def dismiss(self, result: object = None) -> object:  # type: ignore[override]
        app = cast("WorkbenchApp[None]", self.app)
        closed = super().dismiss(None)
        if isinstance(result, str):
            app.push_screen(JobScreen(app, int(result)))
        return closed


class JobScreen(Reading):
    """One job's parameters, counts and log."""

    def __init__(self, app: WorkbenchApp[None], job_id: int) -> None:
        self.job = jobs.get(app.store, job_id)
        super().__init__(f"Job {job_id} {self.job.kind}", paragraphs(self.job, jobs.events(app.store, job_id)[-200:]))
        self._bindings = self._bindings.copy()
        for key, bound in actions.bindings("job", app.keymap).key_to_bindings.items():
            self._bindings.key_to_bindings[key] = bound

    @property
    def workbench(self) -> WorkbenchApp[None]:
        return cast("WorkbenchApp[None]", self.app)

    def action_cancel(self) -> None:
        if self.job.state in UNDER_WAY:
            self.run_worker(self._cancel())

    async def _cancel(self) -> None:
        question = Confirm(
            f"Cancel job {self.job.id}?", [f"{number(self.job.done)} done so far; what is done is kept."]
        )
        if await self.app.push_screen_wait(question):
            await self.workbench.in_writer(lambda store: start.cancel(store, self.job.id))
            self.workbench.say(f"Job {self.job.id} is asked to stop.")
            self.dismiss(None)

    async def action_pause(self) -> None:
        if words.paused(self.job):
            await self.action_resume()
            return
        await self.workbench.in_writer(lambda store: control.pause(store, self.job.id))
        self.workbench.say(f"Job {self.job.id} asks nothing more for now.")
        self.dismiss(None)

    async def action_resume(self) -> None:
        await self.workbench.in_writer(lambda store: control.resume(store, self.job.id))
        self.workbench.say(f"Job {self.job.id} goes on.")
        self.dismiss(None)

    def action_failures(self) -> None:
        if self.job.kind == "generate":
            self.run_worker(self._failures())

    async def _failures(self) -> None:
        from workbench.tui.screens.failures import FailuresScreen

        started = await self.app.push_screen_wait(FailuresScreen(self.job.id))
        if started is not None:
            self.workbench.say(f"Started job {started}, which asks them again.")
            self.dismiss(None)


def can(job: Job) -> str:
    """The keys that do something to a job in this state."""
    keys = []
    if job.kind == "generate" and job.state in UNDER_WAY and job.state != "waiting":
        keys.append("space goes on" if words.paused(job) else "space pauses")
    keys += ["c cancels"] if job.state in UNDER_WAY else []
    keys += ["r resumes"] if job.state in STOPPED else ["r looks again"] if job.state == "waiting" else []
    keys += ["f shows failed requests"] if (job.result or {}).get("failed") else []
    return ", ".join(keys)


def paragraphs(job: Job, events: list[tuple[int, str, str, str]]) -> list[tuple[str, str]]:
    """(text, style): how it stands, which keys there are, what was asked, what came of it, its log."""
    value: dict[str, Any] = {**job.parameters, **words.limits(job)}
    lines = [("  ".join(option(job).detail.split()), "pane--value"), (can(job), "pane--key"), ("", "pane--value")]
    lines += [(f"{name}: {one}", "pane--muted") for name, one in value.items() if one not in (None, "")]
    lines += [(f"{name}: {one:,}" if isinstance(one, int) else f"{name}: {one}", "pane--value")
              for name, one in (job.result or {}).items() if isinstance(one, (int, float, str))]  # fmt: skip
    lines += [("", "pane--value")]
    return lines + [
        (f"{at[11:19]} {level}: {message}", "pane--bad" if level == "error" else "pane--value")
        for _, at, level, message in events
    ]
