"""A job as it runs: how far it is, and how long it will take. (``run_view`` has more to say of generate jobs.)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from workbench.jobs import words
from workbench.store.jobs import Job
from workbench.text import clean
from workbench.tui.watch import seconds_since
from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, SUCCESS, WARNING
from workbench.tui.widgets.lines import dollars, duration

#: Waiting is shown after this many seconds, with what is waited for.
PATIENCE = 0.3
#: State of a job to its mark and style; the state also stands there in words.
STATES = {
    "queued": ("o", MUTED), "running": (">", STRONG), "paused": ("=", WARNING), "waiting": ("o", MUTED),
    "stopping": ("-", WARNING),
    "done": ("+", SUCCESS), "failed": ("x", ERROR), "cancelled": ("-", WARNING), "interrupted": ("!", WARNING),
}  # fmt: skip


def ago(at: str | None) -> str:
    """``12 s ago``, ``5 min ago``, ``3 h ago``, ``4 days ago``."""
    passed = seconds_since(at)
    if passed is None:
        return ""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if passed >= size:
            count = int(passed // size)
            return f"{count} {'day' if unit == 'days' and count == 1 else unit} ago"
    return f"{int(passed)} s ago"


def tokens(count: float) -> str:
    """``840``, ``12.3k``, ``4.56M``."""
    return f"{count:,.0f}" if count < 10_000 else f"{count / 1e3:.1f}k" if count < 1e6 else f"{count / 1e6:.2f}M"


def money(cost: float | None) -> str:
    """Dollars, or that the price is not known."""
    return "cost unknown (no price set)" if cost is None else dollars(cost) if cost else "no cost"


def name(job: Job) -> str:
    """A curate job that only looked is a preview."""
    return f"{clean(job.kind, limit=20)} preview" if job.parameters.get("preview") else clean(job.kind, limit=20)


def heading(job: Job) -> Content:
    """``> job 12  curate  running  3 min ago``."""
    state = words.state(job)
    mark, style = STATES.get(state, ("?", MUTED))
    return Content.assemble(
        (f"{mark} ", style), (f"job {job.id}", STRONG), f"  {name(job)}  ", (state, style),
        (f"  {ago(job.finished_at or job.started_at or job.created_at)}", MUTED),
    )  # fmt: skip


def progress(job: Job, width: int) -> list[Content]:
    """The bar with counts, rate and time left (one or two lines)."""
    passed = words.seconds_run(job) or 0.0
    parts = [words.amount(job) or ("100%" if job.kind == "curate" else f"{job.done:,} done")]
    if (rate := words.rate(job)) is not None and (left := words.seconds_left(job)) is not None:
        parts += [words.per_second(rate), f"{duration(left)} left"]
    elif passed:
        parts.append(f"in {duration(passed)}" if passed >= 10 else f"in {passed:.1f} s")
    text = "  ".join(parts)
    room = width - len(text) - 2
    lines = []
    if job.total and room >= 10:
        bar = charts.meter(job.done / job.total, min(40, room))
        lines.append(Content.assemble(bar, "  ", text))
    else:
        lines.append(Content(text[:width]))
    if job.note and job.state in ("queued", "running", "paused", "waiting"):
        lines += charts.prose(job.note, width, MUTED, most=2)
    return lines


def job_lines(job: Job, width: int) -> list[Content]:
    """The whole view of one job; its error is one sentence at the top, where the eye is."""
    lines = [heading(job)[:width]]
    if job.error:
        lines += charts.prose(job.error, width, ERROR, most=3)
    return lines + progress(job, width)


class Waiting:
    """Says what is waited for, but only once it has taken ``PATIENCE`` seconds: quick work never flickers.

    ``with Waiting(widget, lambda: chart.show(...)): await work()``
    """

    def __init__(self, widget: Widget, show: Callable[[], None]) -> None:
        self._widget = widget
        self._show = show
        self._timer: Timer | None = None

    def __enter__(self) -> Self:
        self._timer = self._widget.set_timer(PATIENCE, self._show)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.stop()
