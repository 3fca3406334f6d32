"""A generate run as it is watched, and the history of runs with their yield: one short read, and lines for a width.

While a run is under way every line keeps its place: what is not there yet is an empty line or a nought.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from textual.content import Content

from workbench.jobs import words
from workbench.jobs.words import UNDER_WAY, Yield
from workbench.store import failures, jobs, samples, views, yields
from workbench.store.connection import Store
from workbench.store.jobs import Job
from workbench.text import clean
from workbench.tui.widgets import charts, job_view
from workbench.tui.widgets.charts import ERROR, MUTED, STRONG, WARNING
from workbench.tui.widgets.lines import dollars, duration, safe
from workbench.tui.writing import in_words

NEWEST = 30
HISTORY = 50
#: Seconds between two looks at the newest samples: faster, nobody can read them.
CALM = 1.0
#: Endpoints that are shown one by one, in panes of at least so many lines.
LANES, LOW = 8, 20


@dataclass
class Live:
    """What the pane shows of runs, read together. ``newest`` are kept samples: (number, label, text), newest first."""

    history: list[Job] = field(default_factory=list)
    yields: dict[int, Yield] = field(default_factory=dict)
    shown: Job | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    newest: list[tuple[int, str, str]] = field(default_factory=list)
    newest_at: float = float("-inf")
    late: bool = False  # there may be newer samples: look again in ``CALM`` seconds


class Reader:
    """Reads ``Live`` and remembers what cannot have changed. For one thread."""

    def __init__(self) -> None:
        self._refused: dict[tuple[int, str | None], dict[int, int]] = {}
        self._accepted: dict[int, int] = {}
        self._annotation = -1

    def read(self, store: Store, showing: int | None, before: Live) -> Live:
        """The newest runs, and the one in the pane with its newest samples; ``before`` is what was read last."""
        history = jobs.newest(store, HISTORY, kind="generate")
        live = Live(history, self._yields(store, history))
        if showing is None:
            return live
        live.shown = next((job for job in history if job.id == showing), None) or jobs.get(store, showing)
        live.reasons = words.reasons(live.shown)
        if live.shown.state not in UNDER_WAY:
            live.reasons = failures.by_reason(store, showing)  # some may have been asked again since
        same = before.shown is not None and before.shown.id == showing and before.shown.state == live.shown.state
        if same and monotonic() - before.newest_at < CALM:
            live.newest, live.newest_at, live.late = before.newest, before.newest_at, True
            return live
        live.newest, live.newest_at = newest(store, showing), monotonic()
        return live

    def _yields(self, store: Store, history: list[Job]) -> dict[int, Yield]:
        """Of the runs that have ended and asked something."""
        annotation = yields.last_annotation(store)
        if annotation != self._annotation:
            self._annotation, self._accepted = annotation, yields.accepted(store)
        ended = [job for job in history if job.state not in UNDER_WAY and (job.result or {}).get("requests")]
        refused: dict[int, int] = {}
        for job in ended:
            key = (job.id, job.finished_at)
            if key not in self._refused:
                self._refused[key] = yields.refused(store, job.id)
            for made_by, count in self._refused[key].items():
                refused[made_by] = refused.get(made_by, 0) + count
        return {job.id: words.yield_of(job, refused.get(job.id, 0), self._accepted.get(job.id, 0)) for job in ended}


def newest(store: Store, job_id: int) -> list[tuple[int, str, str]]:
    """The newest samples of a job that no rule dropped."""
    ids = views.first(store, views.parse(f"job:{job_id} dropped:no sort:-id"), NEWEST)
    rows = samples.rows(store, ids)
    named = [(one, rows[one].label, rows[one].text) for one in ids if one in rows]
    return [(one, "" if label is None else in_words(label), text) for one, label, text in named]


def run_lines(live: Live, width: int, height: int) -> list[Content]:
    """The pane of one run; ``height`` is how many lines it has."""
    job = live.shown
    if job is None:
        return []
    lines = [heading(job, width)]
    if job.error:
        lines += charts.prose(job.error, width, ERROR, most=4)
    under_way = job.state in UNDER_WAY
    lines += [progress(job, width)]
    lines += [doing(job, width)] if under_way else []
    if job.state != "done" and (limits := words.limits(job)):
        told = "   ".join(
            f"{'' if name == 'concurrency' else 'at most '}{words.limit(name, value)}" for name, value in limits.items()
        )
        lines.append(Content.styled(charts.fit(told, width).rstrip(), MUTED))
    lines += figures(job.result or {}, width) if job.result or under_way else []
    if (given := live.yields.get(job.id)) is not None:
        lines += charts.prose(yielded(given), width)
    lines += [failed_line(live.reasons, width)] if under_way else failed_lines(live.reasons, width)
    lines += lane_lines(job, width, low=height < LOW)
    lines += [Content(""), Content.styled("Newest samples" if live.newest else "No samples yet", MUTED)]
    room = max(1, height - len(lines)) if under_way else NEWEST
    return lines + sample_lines(live.newest[:room], width)


def heading(job: Job, width: int) -> Content:
    """``> job 12  zerogen  openai:gpt-x  running  3 min ago``."""
    mark, style = job_view.STATES.get(words.state(job), ("=", WARNING))
    about = [safe(job.parameters.get("recipe", ""), limit=40), safe(job.parameters.get("model", ""), limit=60)]
    if job.parameters.get("again_of"):
        about[0] += f" again, from job {job.parameters['again_of']}"
    return Content.assemble(
        (f"{mark} ", style), (f"job {job.id}", STRONG), f"  {about[0]}  ", (words.state(job), style),
        (f"  {job_view.ago(job.finished_at or job.started_at or job.created_at)}  {about[1]}", MUTED),
    )[:width]  # fmt: skip


def progress(job: Job, width: int) -> Content:
    """The bar, which keeps its width, then counts, rate and time left, or how long it took."""
    speed, left, passed = words.rate(job), words.seconds_left(job), words.seconds_run(job)
    parts = [words.amount(job) or "0"]
    if job.state == "running" and not words.paused(job):
        parts += [words.per_second(speed)] if speed is not None else []
        parts += [f"{duration(left)} left"] if left is not None else []
    elif passed:
        parts.append(f"in {duration(passed)}" if passed >= 10 else f"in {passed:.1f} s")
    text = "  ".join(parts)
    bar = min(30, width - 34)
    if not job.total or bar < 6 or job.state == "done":
        return Content(text)[:width]
    return Content.assemble(charts.meter(min(1.0, job.done / job.total), bar), "  ", text)[:width]


def doing(job: Job, width: int) -> Content:
    """What the run does or waits for, always one line."""
    if job.cancel:
        said, style = "stops after the requests under way", WARNING
    elif words.paused(job):
        flying = int((job.result or {}).get("flying") or 0)
        under_way = f"; {flying} still under way" if flying and job.state == "running" else ""
        said, style = f"asks nothing until it goes on (space){under_way}", WARNING
    elif waits := words.waiting(job):
        said, style = f"waits for {waits}" if not waits.startswith("wait") else waits, WARNING
    else:
        said, style = job.note or {"queued": "its process is starting"}.get(job.state, ""), MUTED
    return Content.styled(charts.fit(said, width).rstrip(), style)


#: Figures by column: key of the result, what it is called.
_CELLS = (
    (("requests", "requests"), ("samples", "samples"), ("input_tokens", "tokens in")),
    (("cached", "cached"), ("retried", "retried"), ("output_tokens", "tokens out")),
    (("failed", "failed"), ("repaired", "repaired"), ("cost", "cost")),
)


def figures(result: Mapping[str, Any], width: int) -> list[Content]:
    """Counts in columns that stay where they are, three or two to a line."""
    cells = [(title, _figure(key, result), key) for row in _CELLS for key, title in row]
    columns = 3 if width >= 66 else 2
    room = width // columns - 3
    lines = []
    for start in range(0, len(cells), columns):
        parts: list[Content | tuple[str, str] | str] = []
        for title, text, key in cells[start : start + columns]:
            bad = key == "failed" and text not in ("0", "")
            parts += [(title.ljust(11), MUTED), (text.rjust(max(6, min(room - 11, 10))), ERROR if bad else ""), "   "]
        lines.append(Content.assemble(*parts)[:width].rstrip())
    return lines


def _figure(key: str, result: Mapping[str, Any]) -> str:
    value = result.get(key)
    if key == "cost":
        return "unknown" if key in result and value is None else dollars(value) if value else "none"
    if "tokens" in key:
        return job_view.tokens(value or 0)
    return f"{int(value or 0):,}"


def yielded(given: Yield) -> str:
    """``0.93 kept samples for each request, $0.0003 for each kept one``."""
    if given.per_request is None:
        return ""
    told = f"{given.kept:,} kept, {given.per_request:.2f} for each request"
    if given.accepted:
        told += f"; {given.accepted:,} accepted by people"
    if given.price is not None and given.cost:
        told += f"; {words.dollars_each(given.price[0])} for each {given.price[1]} sample"
    return told


def failed_line(reasons: Mapping[str, int], width: int) -> Content:
    """While it runs: all reasons in one line, which is there before the first failure."""
    if not reasons:
        return Content("")
    told = "failed: " + ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
    hint = "  f shows them"
    return Content.assemble((charts.fit(told, width - len(hint)).rstrip(), ERROR), (hint, MUTED))


def failed_lines(reasons: Mapping[str, int], width: int) -> list[Content]:
    """Afterwards: a line for each reason, most frequent first."""
    if not reasons:
        return []
    lines = [Content(""), Content.styled("Failed, by reason (f shows requests and answers)", MUTED)]
    shown = list(reasons.items())[:5]
    lines += [
        Content.assemble((f"{count:>6,} ", ERROR), charts.fit(reason, max(1, width - 7)).rstrip())
        for reason, count in shown
    ]
    if len(reasons) > len(shown):
        lines.append(Content.styled(f"       and {len(reasons) - len(shown)} more reasons", MUTED))
    return lines


def lane_lines(job: Job, width: int, *, low: bool = False) -> list[Content]:
    """A line for each endpoint, where there are several; one for all in a ``low`` pane."""
    lanes = (job.result or {}).get("lanes") or []
    if len(lanes) < 2:
        return []
    if low:
        ill = [one for one in lanes if one.get("state", "well") != "well"]
        told = f"{len(lanes)} endpoints" + (
            f", not asked: {', '.join(str(one.get('host')) for one in ill)}" if ill else ""
        )
        return [Content.styled(charts.fit(told, width).rstrip(), WARNING if ill else MUTED)]
    lines = [Content("")]
    alike = len({one.get("model") for one in lanes}) == 1
    names = [clean(f"{one.get('host', '')} {'' if alike else one.get('model', '')}".strip()) for one in lanes]
    name_width = max(8, min(max(map(len, names)), width - 30))
    for name, one in list(zip(names, lanes, strict=True))[:LANES]:
        bad = one.get("state", "well") != "well"
        trouble = one.get("reason") if bad else one.get("waiting")
        at_once = f"{one.get('flying', 0)}/{one.get('width', 0)} at once"
        lines.append(
            Content.assemble(
                charts.fit(name, name_width), f"{one.get('answers', 0):>8,}", (f"  {at_once:<15}", MUTED),
                (f" {safe(trouble or '', limit=60)}", ERROR if bad else WARNING),
            )[:width]
        )  # fmt: skip
    if len(lanes) > LANES:
        lines.append(Content.styled(f"and {len(lanes) - LANES} more endpoints", MUTED))
    return lines


def sample_lines(newest: list[tuple[int, str, str]], width: int) -> list[Content]:
    """A sample a line: number, label, text."""
    longest = max((len(clean(label)) for _, label, _ in newest), default=0)
    tag_width = min(longest, 20, width // 4)
    lines = []
    for number, label, text in newest:
        head = f"{number:>7,}  "
        tag = charts.fit(label, tag_width) + " " if tag_width else ""
        room = max(8, width - len(head) - len(tag))
        lines.append(Content.assemble((head, MUTED), (tag, "$accent"), charts.fit(text, room).rstrip()))
    return lines


# History


def age(at: str | None) -> str:
    """``12 s``, ``5 min``, ``3 h``, ``4 d``."""
    return job_view.ago(at).removesuffix(" ago").replace(" days", " d").replace(" day", " d")


#: Columns of the history from the right: title, width, the least width of the pane that has them. The yield is in kept
#: samples for each request.
_COLUMNS = (("ended", 7, 64), ("cost each", 19, 70), ("yield", 6, 44), ("kept", 8, 30), ("state", 12, 0))


def _columns(width: int) -> list[tuple[str, int]]:
    return [(title, room) for title, room, least in reversed(_COLUMNS) if width >= least]


def history_title(width: int) -> str:
    """The titles of the columns below."""
    columns = _columns(width)
    rest = width - sum(room for _, room in columns)
    shown = [title.ljust(room) if title == "state" else title.rjust(room) for title, room in columns]
    return "  Runs".ljust(rest) + "".join(shown)


def history_line(job: Job, given: Yield | None, width: int) -> Content:
    """One run: what it was, its state, and what came of it; ``given`` is None while it runs."""
    state = words.state(job)
    mark, style = job_view.STATES.get(state, ("=", WARNING))
    result = job.result or {}
    cells: dict[str, tuple[str, str]] = {"state": (state, style), "ended": (age(job.finished_at), MUTED)}
    if given is None:
        cells["kept"] = (words.amount(job) if len(words.amount(job)) < 8 else f"{job.done:,}", "")
        cells["cost each"] = (f"{dollars(result['cost'])} so far" if result.get("cost") else "", MUTED)
    else:
        cells["kept"] = (f"{given.kept:,}", "")
        cells["yield"] = ("" if given.per_request is None else f"{given.per_request:.2f}", "")
        price = given.price
        cells["cost each"] = (f"{words.dollars_each(price[0])} {price[1]}" if price and given.cost else "", MUTED)
    columns = _columns(width)
    rest = width - sum(room for _, room in columns)
    shown = ("recipe", "model") if rest >= 30 else ("recipe",)
    title = " ".join(str(job.parameters.get(name, "")) for name in shown).strip()
    if job.parameters.get("again_of"):
        title = f"{job.parameters['again_of']} again {title}"
    parts: list[tuple[str, str] | str] = [(mark, style), f"{job.id:>4} ", charts.fit(title, max(4, rest - 7)), " "]
    for name, room in columns:
        text, shade = cells.get(name, ("", ""))
        parts.append((text.ljust(room) if name == "state" else text.rjust(room), shade))
    return Content.assemble(*parts)[:width]
