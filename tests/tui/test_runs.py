"""Runs while they go on and after: control, live figures, history with yield, failed requests, the list of jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from tests.tui import seeded
from tests.tui.seeded import HOSTILE, NARROW, WIDE, shown, until
from workbench.errors import UsageError
from workbench.store import acts, curation, jobs, ledger
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.jobs import Job
from workbench.tui.screens.failures import FailuresScreen
from workbench.tui.screens.generate import GenerateScreen
from workbench.tui.screens.jobs import JobScreen, JobsScreen
from workbench.tui.screens.run_control import raised, spent
from workbench.tui.widgets import run_view
from workbench.tui.widgets.forms import Picks
from workbench.tui.widgets.prompts import AskLine, Confirm
from workbench.tui.widgets.run_view import Live, Reader

LANES = [
    {"host": "gpu-1:8000", "model": "openai:small", "answers": 31, "flying": 16, "width": 16, "state": "well", "waiting": ""},
    {"host": "gpu-2:8000", "model": "openai:small", "answers": 11, "flying": 2, "width": 4, "state": "well",
     "waiting": "rate limit"},
    {"host": "old:8000", "model": "openai:small", "answers": 0, "flying": 0, "width": 4, "state": "aside", "waiting": "",
     "reason": "connection"},
]  # fmt: skip


def failing(store: Store, *, state: str = "done", hostile: bool = False) -> int:
    """A run with three failed requests: two that were answered, one of those after a repair, and one that was not."""
    seeded.seeds(store)
    job_id = seeded.generated(store, state=state)
    series = ledger.series(store, "zerogen", {}, "openai:gpt-x", 0)

    def asked(ordinal: int, text: str, *, first: ledger.Asked | None = None) -> ledger.Asked:
        return ledger.Asked(
            ordinal, [{"role": "system", "content": "You write messages to a bank."},
                      {"role": "user", "content": f"Write message {ordinal}."}],
            {}, {"label": "lost_card"}, {}, ordinal, 1, f"{ordinal + (100 if first else 0):064x}", answer_text=text,
            answer_model="gpt-x", finish_reason="stop", output_tokens=7, endpoint="gpu-1:8000", first=first,
        )  # fmt: skip

    with store.write() as connection:
        first = asked(7, '{"text": ')
        given = [asked(6, HOSTILE if hostile else "{broken"), asked(7, "Sorry, here it is.", first=first)]
        ids = ledger.record(connection, ledger.Prompts(), series, job_id, given)
        ledger.mark(connection, [(one, "failed", "no JSON object") for one in ids])
    return job_id


def start_on(app: Any) -> GenerateScreen:
    found = app.screen_stack[0]
    assert isinstance(found, GenerateScreen)
    return found


def limits(app: Any, job_id: int = 1) -> dict[str, Any]:
    return jobs.get(app.store, job_id).limits


# Control


async def test_space_pauses_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", lambda s: seeded.generated(s, state="running"))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "waits for rate limit" in shown(app))
        await pilot.press("space")
        await until(pilot, lambda: "asks nothing until it goes on (space); 8 still under way" in shown(app))
        assert limits(app)["paused"] is True
        assert "paused" in shown(app)
        await pilot.press("space")
        await until(pilot, lambda: "paused" not in limits(app))
        await until(pilot, lambda: "waits for rate limit" in shown(app))


async def test_faster_and_slower_add_up_however_quickly_they_are_pressed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", lambda s: seeded.generated(s, state="running"))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "40/60" in shown(app))
        await pilot.press("plus", "plus", "minus", "equals_sign")
        await until(pilot, lambda: limits(app).get("concurrency") == 256)
        await until(pilot, lambda: "256 at once" in shown(app))
        await pilot.press(*["minus"] * 9)
        await until(pilot, lambda: "Job 1: 1 at once; fewer is not possible." in shown(app))
        assert limits(app)["concurrency"] == 1


async def test_b_asks_how_much_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", lambda s: seeded.generated(s, state="failed"))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "failed" in shown(app))
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, AskLine))
        await pilot.press(*"five", "enter")
        await until(pilot, lambda: "Write so many dollars more" in shown(app))
        await pilot.press(*["backspace"] * 4, *"500 requests")
        # 45 requests, two of them from the cache, three retries and two repairs.
        await until(pilot, lambda: "Then it stops before 548 requests in all: 500 requests from here." in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: limits(app).get("requests") == 548)
        await until(pilot, lambda: "R goes on with it" in shown(app))


def test_more_counts_from_the_limit_or_from_what_was_used() -> None:
    row: dict[str, Any] = dict.fromkeys(("pid", "error", "started_at", "finished_at", "total"))
    row |= {"parameters": {}, "cancel": False, "done": 0, "note": "", "user": "a", "created_at": ""}
    result = {"cost": 2.4, "requests": 100, "input_tokens": 900, "output_tokens": 100}
    job = Job(id=1, kind="generate", state="running", limits={"budget": 2.5}, result=result, **row)
    assert raised(job, "2.50") == ("budget", 5.0)
    assert raised(job, "$1") == ("budget", 3.5)
    assert raised(job, "1,000 requests") == ("requests", 1100)
    assert raised(job, "5000 tokens") == ("tokens", 6000)
    assert spent(job) == "Used so far: $2.40 of $2.50, 100 requests, 1,000 tokens."
    for text in ("", "x", "0", "-1", "nan", "5 euros"):
        with pytest.raises(UsageError):
            raised(job, text)


async def test_keys_of_a_run_say_so_when_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", seeded.seeds)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "r starts the first one" in shown(app))
        for key, said in (("space", "No run is under way."), ("plus", "No run is under way."), ("b", "No run is under way, and"),
                          ("f", "There is no run yet"), ("R", "No run is paused")):  # fmt: skip
            app.message = None
            await pilot.press(key)
            await until(pilot, lambda said=said: app.message is not None and said in app.message.sentence)


async def test_a_number_typed_over_an_old_one_replaces_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", seeded.seeds)
    async with app.run_test(size=WIDE) as pilot:
        found = start_on(app)
        await until(pilot, lambda: found._preview is not None)
        await pilot.press("s", "down", "down", *"120", "down", *"7")
        assert isinstance(app.focused, Input)
        asked, _, problem = found.form_values()
        assert (asked["count"], asked["seed"], problem) == (120, 7, None)


async def test_the_footer_names_the_keys_that_matter_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", lambda s: seeded.generated(s, state="running"))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "space pause" in shown(app).splitlines()[-1])
        with Store(app.open_project) as other:
            jobs.finish(other, 1, "failed", result=None, error="the endpoint is gone")
        await until(pilot, lambda: "R resume" in shown(app).splitlines()[-1])
        await pilot.press("p")
        await until(pilot, lambda: "s settings" in shown(app).splitlines()[-1])


# The run and its history


def test_newest_samples_are_kept_ones_and_come_calmly(make_project: Callable[..., Any], monkeypatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(run_view, "monotonic", lambda: clock[0])
    with Store(make_project(0)) as store:
        job_id = seeded.generated(store)
        with store.write() as connection:
            connection.execute("UPDATE job SET state = 'running', finished_at = NULL WHERE id = ?", (job_id,))
        last = max(row[0] for row in store.read("SELECT id FROM sample"))
        curation.save_drops(store, job_id, [Drop(last, "recipe.length", 1, {}, "too short", None, None)])
        reader = Reader()
        live = reader.read(store, job_id, Live())
        assert [one for one, _, _ in live.newest][:2] == [last - 1, last - 2]
        assert not live.late
        seeded.synthetic(store, job_id, count=3)
        clock[0] += 0.5  # too soon to be read: it will be looked at again
        soon = reader.read(store, job_id, live)
        assert (soon.newest, soon.late) == (live.newest, True)
        clock[0] += 0.6
        assert [one for one, _, _ in reader.read(store, job_id, soon).newest][:3] == [last + 3, last + 2, last + 1]
        clock[0] += 0.1  # the end is never late
        seeded.synthetic(store, job_id, count=1)
        jobs.finish(store, job_id, "done", result=None, error=None)
        assert reader.read(store, job_id, soon).newest[0][0] == last + 4


def test_the_yield_of_a_run_follows_what_people_accept(make_project: Callable[..., Any]) -> None:
    with Store(make_project(0)) as store:
        job_id = seeded.generated(store)
        reader = Reader()
        given = reader.read(store, None, Live()).yields[job_id]
        assert (given.kept, given.per_request, given.price) == (40, 40 / 45, (0.0123 / 40, "kept"))
        curation.save_drops(store, job_id, [Drop(1, "recipe.length", 1, {}, "too short", None, None)])
        acts.apply(store, acts.annotator(store, "anna"), [2, 3, 4], Change(status="accepted"), kind="accept")
        given = Reader().read(store, None, Live()).yields[job_id]
        assert (given.kept, given.accepted, given.price) == (39, 3, (pytest.approx(0.0041), "accepted"))
        assert reader.read(store, None, Live()).yields[job_id].accepted == 3  # heard without a new reader


@pytest.mark.parametrize("width", [24, 41, 57, 73, 150])
def test_columns_of_the_history_stand_under_their_titles(make_project: Callable[..., Any], width: int) -> None:
    with Store(make_project(0)) as store:
        seeded.generated(store)
        seeded.generated(store, state="running")
        live = Reader().read(store, None, Live())
    title = run_view.history_title(width)
    lines = [run_view.history_line(job, live.yields.get(job.id), width).plain for job in live.history]
    assert {len(line) for line in (title, *lines)} == {width}
    assert all(
        line[title.index("state") :].startswith(word) for line, word in zip(lines, ("running", "done"), strict=True)
    )
    if "yield" in title:
        assert lines[1][: title.index("yield") + 5].endswith("0.89")
    if "cost each" in title:
        assert "$0.00031 kept" in lines[1]


@pytest.mark.parametrize(("width", "height"), [(41, 15), (73, 27)])
def test_lines_of_a_live_run_keep_their_places(make_project: Callable[..., Any], width: int, height: int) -> None:
    """What comes while it runs (figures, a failure, waiting) moves nothing."""
    with Store(make_project(0)) as store:
        job_id = seeded.generated(store, state="running")
        live = Reader().read(store, job_id, Live())
        full = run_view.run_lines(live, width, height)
        jobs.finish(store, job_id, "running", result={"requests": 1, "rate": 0.5}, error=None)
        sparse = run_view.run_lines(Reader().read(store, job_id, Live()), width, height)
    assert len(full) == len(sparse) <= height
    at = [line.plain for line in full].index("Newest samples")
    assert sparse[at].plain == "Newest samples"
    assert all(line.cell_length <= width for line in (*full, *sparse))


def test_several_endpoints_have_a_line_each() -> None:
    row: dict[str, Any] = dict.fromkeys(("pid", "error", "started_at", "finished_at", "total"))
    job = Job(id=1, kind="generate", parameters={}, state="running", cancel=False, limits={}, done=0, note="", user="a",
              created_at="", result={"lanes": LANES}, **row)  # fmt: skip
    assert [line.plain.split() for line in run_view.lane_lines(job, 80)[1:]] == [
        ["gpu-1:8000", "31", "16/16", "at", "once"],
        ["gpu-2:8000", "11", "2/4", "at", "once", "rate", "limit"],
        ["old:8000", "0", "0/4", "at", "once", "connection"],
    ]
    (line,) = run_view.lane_lines(job, 60, low=True)
    assert line.plain == "3 endpoints, not asked: old:8000"


async def test_the_cursor_of_the_history_shows_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(
        tmp_path, monkeypatch, "generate", lambda s: (seeded.generated(s), seeded.generated(s, state="failed"))
    )
    async with app.run_test(size=WIDE) as pilot:
        found = start_on(app)
        await until(pilot, lambda: len(found.live.history) == 2)
        await pilot.press("h", "down")
        await until(pilot, lambda: "> job 1" in shown(app) or "+ job 1" in shown(app))
        await pilot.press("up")
        await until(pilot, lambda: "x job 2" in shown(app))


# Failed requests


async def failures_of(app: Any, pilot: Any) -> FailuresScreen:
    found = start_on(app)
    await until(pilot, lambda: found.live.history)
    await pilot.press("f")
    await until(pilot, lambda: isinstance(app.screen, FailuresScreen))
    screen = app.screen
    await until(pilot, lambda: screen.query_one("#requests", Picks).option_count)
    assert isinstance(screen, FailuresScreen)
    return screen


async def test_a_failed_request_is_read_with_what_came_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", lambda s: failing(s, hostile=True))
    async with app.run_test(size=WIDE) as pilot:
        screen = await failures_of(app, pilot)
        text = shown(app)
        assert "3 of 45 requests failed" in text
        assert "No answer came." in text  # the first one: http 400
        await pilot.press("down")  # the reason with most
        await until(pilot, lambda: len(screen.found) == 2)
        await until(pilot, lambda: "Write message 6." in shown(app))
        assert "[@click=app.bell]" in shown(app)
        assert "\x1b" not in shown(app)
        await pilot.press("enter", "down")
        await until(pilot, lambda: "Write message 7." in shown(app))
        text = shown(app)
        assert '{"text":' in text
        assert "Came back when asked to repair it (gpt-x, gpu-1:8000, ended: stop, 7 tokens)" in text
        assert "Sorry, here it is." in text
        await pilot.press("enter")
        assert app.focused is screen.query_one("#told")
        await pilot.press("left", "left")
        assert app.focused is screen.query_one("#reasons")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is start_on(app))


@pytest.mark.parametrize(("keys", "reasons", "count"), [
    (("down", "r"), ["no JSON object"], "2 requests"), (("r",), None, "3 requests"), (("A",), None, "3 requests"),
    (("enter", "r"), ["http 400"], "1 request"),
])  # fmt: skip
async def test_failed_requests_are_asked_again_after_a_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...], reasons: list[str] | None, count: str
) -> None:
    started = seeded.submitted(monkeypatch)
    app = seeded.app(tmp_path, monkeypatch, "generate", failing)
    async with app.run_test(size=WIDE) as pilot:
        screen = await failures_of(app, pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert f"Ask {count}" in shown(app)
        assert "$0.000" in shown(app) or "$0.001" in shown(app)
        assert started == []
        await pilot.press("n")
        await until(pilot, lambda: app.screen is screen)
        assert started == []
        await pilot.press(keys[-1])
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: start_on(app).showing == 2)
        await until(pilot, lambda: "again, from job 1" in shown(app))
    ((kind, parameters, _),) = started
    assert (kind, parameters["again_of"], parameters["reasons"]) == ("generate", 1, reasons)


async def test_requests_of_a_running_job_wait_for_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", lambda s: failing(s, state="running"))
    async with app.run_test(size=WIDE) as pilot:
        await failures_of(app, pilot)
        await pilot.press("A")
        await until(pilot, lambda: "can be asked again once it has ended" in shown(app))


async def test_thousands_of_failures_are_read_a_page_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.tui.screens.failures.PAGE", 8)

    def many(store: Store) -> None:
        job_id = seeded.generated(store)
        series = ledger.series(store, "zerogen", {}, "openai:gpt-x", 0)
        with store.write() as connection:
            given = [
                ledger.Asked(n, [{"role": "user", "content": f"{n}"}], {}, {}, {}, n, 1, f"{n:064x}", reason="http 400")
                for n in range(1, 30)
            ]
            ledger.record(connection, ledger.Prompts(), series, job_id, given)

    app = seeded.app(tmp_path, monkeypatch, "generate", many)
    async with app.run_test(size=WIDE) as pilot:
        screen = await failures_of(app, pilot)
        assert len(screen.found) == 8
        await pilot.press("enter")
        for wanted in (16, 24, 30):
            await pilot.press("end")
            await until(pilot, lambda wanted=wanted: len(screen.found) == wanted)
        assert screen.query_one("#requests", Picks).option_count == 30


# The list of jobs


async def test_jobs_list_runs_first_and_no_odd_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def content(store: Store) -> None:
        seeded.job(store, "generate", {"recipe": "zerogen"}, done=60, total=39, result={"cost": 0.5})
        seeded.job(store, "learn", {}, done=7, total=7, result={})

    app = seeded.app(tmp_path, monkeypatch, "generate", content)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("ctrl+b")
        await until(pilot, lambda: isinstance(app.screen, JobsScreen))
        text = shown(app)
        assert text.index("1 generate zerogen") < text.index("2 learn")
        assert "60/39" not in shown(app)
        assert "7/7" not in shown(app)


async def test_a_job_is_paused_from_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = seeded.app(tmp_path, monkeypatch, "review", lambda s: seeded.generated(s, state="running"))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("ctrl+b")
        await until(pilot, lambda: isinstance(app.screen, JobsScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, JobScreen))
        await until(pilot, lambda: "space pauses, c cancels, f shows failed requests" in shown(app))
        await pilot.press("space")
        await until(pilot, lambda: limits(app).get("paused") is True)


# How it looks


def live(store: Store) -> None:
    seeded.seeds(store)
    seeded.generated(store)
    acts.apply(store, acts.annotator(store, "anna"), [20, 21, 22], Change(status="accepted"), kind="accept")
    seeded.generated(store, state="cancelled")
    job_id = seeded.generated(store, state="running")
    jobs.set_limits(store, job_id, {"concurrency": 32, "budget": 2.5})
    result = {**(jobs.get(store, job_id).result or {}), "lanes": LANES}
    result["reasons"] = {"no JSON object": 4, "http 400": 1}
    jobs.progress(store, job_id, 40, 60, "asking", result | {"failed": 5})


@pytest.mark.parametrize("theme", ["workbench-dark", "workbench-light"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
def test_a_live_run_looks_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any, size: tuple[int, int], theme: str
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", live, theme=theme)
    monkeypatch.setattr("workbench.jobs.words.datetime", seeded.Clock)

    async def before(pilot: Any) -> None:
        found = start_on(app)
        await until(
            pilot, lambda: found.recipes and found.live.history and app.overview and app.overview.cost is not None
        )
        await until(pilot, lambda: "Newest samples" in shown(app))

    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
def test_failures_look_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snap_compare: Any, size: tuple[int, int]
) -> None:
    app = seeded.app(tmp_path, monkeypatch, "generate", lambda s: failing(s, hostile=True))

    async def before(pilot: Any) -> None:
        await failures_of(app, pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "Write message 6." in shown(app))

    assert snap_compare(app, terminal_size=size, run_before=before)
