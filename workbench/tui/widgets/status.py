"""The line above the footer: the last message, else the job under way."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, cast

from workbench.jobs import words
from workbench.store.jobs import Job
from workbench.tui.widgets.lines import Lines, Run, dollars, duration, number, safe, short

if TYPE_CHECKING:
    from workbench.tui.app import WorkbenchApp

#: Seconds that a message stays before the job line comes back.
MESSAGE_SECONDS = 8.0


def bar(done: int, total: int | None, width: int = 16) -> str:
    """``######......``; empty when the total is not known."""
    if not total:
        return ""
    full = min(width, done * width // total)
    return "#" * full + "." * (width - full)


def job_line(job: Job) -> str:
    """One job in one line: number, kind, bar, counts, rate, time left, cost, trouble."""
    result, state = job.result or {}, words.state(job)
    parts = [f"job {job.id} {job.kind}"]
    if recipe := job.parameters.get("recipe"):
        parts[0] += f" {safe(recipe, limit=30)}"
    if state != "running":
        parts.append(state)
    if job.total:
        parts.append(bar(job.done, job.total))
    if amount := words.amount(job):
        parts.append(amount)
    if state == "running":
        rate, left = words.rate(job), words.seconds_left(job)
        parts += [words.per_second(rate)] if rate is not None else []
        parts += [f"{duration(left)} left"] if left is not None else []
    if cost := result.get("cost"):
        parts.append(dollars(cost))
    parts += [f"{name} {number(result[name])}" for name in ("retried", "failed") if result.get(name)]
    if waits := words.waiting(job):
        parts.append(f"waits for {safe(waits, limit=60)}")
    elif job.note and state == "running":
        parts.append(safe(job.note, limit=80))
    return "  ".join(parts)


class Status(Lines):
    """A message while it is fresh (an error until the next message), else the oldest job under way and how many more."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"status--error", "status--note"}
    DEFAULT_CSS = """
    Status {
        height: 1; background: $background; color: $text-muted;
        & > .status--error { color: $text-error; text-style: bold; background: $background; }
        & > .status--note { color: $foreground; background: $background; }
    }
    """

    def runs(self, y: int) -> Sequence[Run]:
        app = cast("WorkbenchApp[None]", self.app)
        message = app.message
        if message is not None and (message.error or monotonic() - message.at < MESSAGE_SECONDS):
            text = f" {'! ' if message.error else ''}{message.sentence}"
            return [(short(text, self.size.width), "status--error" if message.error else "status--note")]
        if app.overview is None or not app.overview.jobs:
            return []
        first, *others = app.overview.jobs
        more = f"  (+{len(others)} more)" if others else ""
        return [(short(f" {job_line(first)}{more}", self.size.width), "")]
