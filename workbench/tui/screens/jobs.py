"""Background jobs, newest first: what each did; cancel and resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from workbench.store import jobs
from workbench.store.jobs import Job
from workbench.tui.widgets.lines import number, safe
from workbench.tui.widgets.prompts import Confirm, Finder, Option, Reading

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp


def option(job: Job) -> Option:
    """A job as a line: number, kind, state, how far."""
    total = f"/{number(job.total)}" if job.total else ""
    recipe = f" {safe(job.parameters['recipe'])}" if "recipe" in job.parameters else ""
    detail = f"{job.state}  {number(job.done)}{total}" + (
        f"  {safe(job.error or job.note)}" if job.error or job.note else ""
    )
    return Option(str(job.id), f"{job.id:>4} {job.kind}{recipe}", detail, job.created_at[:16].replace("T", " "))


class JobsScreen(Finder):
    """Enter shows a job's log; a job under way can be cancelled there, an interrupted one resumed."""

    def __init__(self) -> None:
        from textual._context import active_app

        app = cast("WorkbenchApp[None]", active_app.get())
        super().__init__("Jobs: enter shows one", [option(job) for job in jobs.newest(app.store)])

    def dismiss(self, result: object = None) -> object:  # type: ignore[override]
        app = cast("WorkbenchApp[None]", self.app)
        closed = super().dismiss(None)
        if isinstance(result, str):
            app.push_screen(JobScreen(app, int(result)))
        return closed


class JobScreen(Reading):
    """One job's parameters and log."""

    BINDINGS = [("c", "cancel", ""), ("r", "resume", "")]  # noqa: RUF012 - Textual's own form

    def __init__(self, app: WorkbenchApp[None], job_id: int) -> None:
        self.job = jobs.get(app.store, job_id)
        ended = self.job.state in jobs.ENDED
        can = "r resumes it" if self.job.state == "interrupted" else "" if ended else "c cancels it"
        lines = [(option(self.job).detail, "pane--value"), (can, "pane--key"), ("", "pane--value")]
        lines += [
            (f"{name}: {value}", "pane--muted") for name, value in {**self.job.parameters, **self.job.limits}.items()
        ]
        lines += [(f"{name}: {value}", "pane--value") for name, value in (self.job.result or {}).items()
                  if isinstance(value, (int, float, str))]  # fmt: skip
        events = jobs.events(app.store, job_id)[-200:]
        lines += [("", "pane--value"), *((f"{at[11:19]} {level}: {message}", "pane--bad" if level == "error" else "pane--value")
                                         for _, at, level, message in events)]  # fmt: skip
        super().__init__(f"Job {job_id} {self.job.kind}", lines)

    def action_cancel(self) -> None:
        if self.job.state not in jobs.ENDED:
            self.run_worker(self._cancel())

    async def _cancel(self) -> None:
        app = cast("WorkbenchApp[None]", self.app)
        question = Confirm(
            f"Cancel job {self.job.id}?", [f"{number(self.job.done)} done so far; what is done is kept."]
        )
        if await app.push_screen_wait(question):
            await app.in_writer(lambda store: jobs.cancel(store, self.job.id))
            app.say(f"Job {self.job.id} is asked to stop.")
            self.dismiss(None)

    def action_resume(self) -> None:
        if self.job.state == "interrupted":
            self.run_worker(self._resume())

    async def _resume(self) -> None:
        from workbench.pipeline import start

        app = cast("WorkbenchApp[None]", self.app)
        await app.in_writer(lambda store: start.resume(store, self.job.id))
        app.say(f"Job {self.job.id} goes on.")
        self.dismiss(None)
