"""Waves through batches: against a local endpoint whose batches do what a test says, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.batch_endpoint import WORDS, BatchEndpoint, start_batches
from tests.generate.scripted import Killed
from workbench.generate import batching, collecting, submitting
from workbench.generate.engine import Engine
from workbench.jobs import run as runner
from workbench.models import batch as client
from workbench.models.limits import known
from workbench.pipeline import setting, start
from workbench.pipeline.process import _loader
from workbench.project import Project, create
from workbench.store import batches, jobs, samples
from workbench.store.connection import Store
from workbench.store.jobs import Job

LABELS = ("card", "pin", "rate")
Endpoints = Callable[..., BatchEndpoint]


@pytest.fixture(scope="module")
def server() -> Iterator[BatchEndpoint]:
    started = start_batches()
    yield started
    started.stop()


@pytest.fixture
def endpoints(server: BatchEndpoint, monkeypatch: pytest.MonkeyPatch) -> Endpoints:
    """``endpoints(held=False)`` gives a fresh server with these orders; nothing waits between two tries."""
    for module, name in (
        (client, "WAIT"), (submitting, "WAIT"), (collecting, "WAIT"), (batching, "BETWEEN"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, 0.0)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)

    def begin(**orders: Any) -> BatchEndpoint:
        server.reset(**orders)
        return server

    return begin


class Desk:
    """A project with three labels and a few seeds, whose generate jobs run in this process."""

    def __init__(self, folder: Path, kind: str = "classification") -> None:
        labels = LABELS if kind == "classification" else ()
        self.project = create(folder, kind=kind, labels=labels, description="Messages to a bank.")
        self.store = Store(self.project)
        if labels:
            self.seed()

    def seed(self) -> None:
        samples.add(
            self.store,
            [samples.NewSample({"text": f"seed {n} about my {one}"}, one, "seed") for one in LABELS for n in range(8)],
        )

    def edit(self, old: str, new: str) -> None:
        path = self.project.settings
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        self.project = Project(self.project.folder)

    def submit(self, limits: dict[str, Any] | None = None, **given: Any) -> int:
        chosen = {"recipe": "zerogen", "model": "openai:test", "learn": False, "executor": "batch", **given}
        parameters = setting.parameters_of(self.project, chosen)
        return start.submit(self.store, "generate", parameters, limits or {"concurrency": 8}, start=False)

    def run(self, job_id: int) -> Job:
        """One process of the job, as ``workbench jobs resume`` starts it."""
        jobs.mark_interrupted(self.store)
        with self.store.write() as connection:
            jobs.requeue(connection, job_id)
        runner.run(Project(self.project.folder), job_id, {"generate": _loader("generate")})
        return jobs.get(self.store, job_id)

    def job(self, limits: dict[str, Any] | None = None, **given: Any) -> Job:
        return self.run(self.submit(limits, **given))

    def rows(self, job_id: int | None = None) -> list[batches.Batch]:
        found = self.store.read("SELECT DISTINCT series_id FROM batch")
        return [one for row in found for one in batches.of_series(self.store, row[0])]

    def made(self) -> list[tuple[Any, ...]]:
        """The samples, in the order of their requests, and whether the recipe kept them."""
        return self.store.read(
            "SELECT request.ordinal, sample.ordinal, text, label_key, dropped, messages FROM sample "
            "JOIN request ON request.id = request_id JOIN prompt ON prompt.id = prompt_id ORDER BY 1, 2"
        )

    def log(self, job_id: int) -> str:
        return "\n".join(message for *_, message in jobs.events(self.store, job_id))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "p")
    yield made
    made.store.close()


def test_hand_in_look_collect(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints()
    waits = desk.job(count=40)
    assert (waits.state, waits.finished_at, waits.error) == ("waiting", None, None)
    assert not jobs.lives(desk.project, waits.id)
    assert waits.note.startswith("batch 1 of 1: 0 of 39 answered; looked ")
    assert jobs.mark_interrupted(desk.store) == []  # nobody takes it for dead
    server.begin(completed=12)
    assert "12 of 39 answered" in desk.run(waits.id).note
    server.finish()
    done = desk.run(waits.id)
    assert done.result is not None
    assert (done.state, done.result["samples"], done.result["failed"]) == ("done", 40, 0)
    stats = server.stats()
    assert stats["count"]["POST batches"] == 1
    assert stats["count"]["POST chat"] == 1  # the first request found out what the endpoint takes
    assert [one.state for one in desk.rows()] == ["closed"]


def test_the_same_command_again_goes_on_with_the_job_that_waits(desk: Desk, endpoints: Endpoints) -> None:
    endpoints()
    waits = desk.job(count=20)
    assert start.waiting_like(desk.store, "generate", waits.parameters) == waits.id
    assert start.waiting_like(desk.store, "generate", {**waits.parameters, "count": 30}) is None


def test_another_job_of_the_series_collects_too(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints()
    first = desk.job(count=20)
    server.finish()
    second = desk.job(count=22)
    assert second.state == "waiting"  # two more, in a batch of their own
    server.finish()
    assert desk.run(second.id).state == "done"
    assert desk.run(first.id).state == "done"
    assert server.stats()["paid"] == 22


def test_what_is_cached_is_not_sent(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints(held=False)
    done = desk.job(count=10, executor=None)
    assert done.state == "done"
    recipe = desk.project.folder / "mine.yaml"
    from workbench.recipe import FOLDER

    recipe.write_text((FOLDER / "zerogen.yaml").read_text().replace("name: zerogen", "name: mine"))
    waits = desk.job(count=16, recipe=str(recipe))
    if waits.state == "waiting":
        waits = desk.run(waits.id)
    assert waits.result is not None
    assert (waits.state, waits.result["cached"], waits.result["samples"]) == ("done", 10, 16)
    assert server.stats()["paid"] == 16


def test_an_expired_batch_keeps_its_answers_and_the_rest_is_asked_again(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints()
    waits = desk.job(count=41)
    server.finish("expired", share=0.75)  # 30 of 40
    again = desk.run(waits.id)
    assert again.state == "waiting"
    assert again.result is not None
    assert again.result["samples"] == 31  # kept at once, while the others are asked again
    assert "30 of its 40 requests have an answer, and keep it" in desk.log(waits.id)
    assert [(one.state, one.details["requests"]) for one in desk.rows()] == [("closed", 40), ("open", 10)]
    server.finish()
    done = desk.run(waits.id)
    assert done.result is not None
    assert (done.state, done.result["samples"], done.result["requests"]) == ("done", 41, 41)
    assert server.stats()["paid"] == 41  # nothing was thrown away, nothing paid twice


def test_batches_that_bring_nothing_are_not_repeated_for_ever(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints()
    job = desk.job(count=20)
    for _ in range(batching.BARREN):
        assert job.state == "waiting"
        server.finish("expired", share=0.0)
        job = desk.run(job.id)
    assert job.state == "failed"
    assert "3 batches in a row" in str(job.error)
    assert desk.run(job.id).state == "waiting"  # a person who resumes it means it
    server.finish()
    assert desk.run(job.id).state == "done"


def test_failed_validation_says_the_endpoints_words(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints(words="The model `test` does not exist for batches.")
    job = desk.run(desk.job(count=20).id)
    assert job.state == "failed"
    assert "refused a batch of 19 requests: The model `test` does not exist for batches (line 1)." in str(job.error)
    server.order(words="", held=False)
    assert desk.run(job.id).state == "waiting"
    assert desk.run(job.id).state == "done"


def test_a_full_queue_is_tried_with_a_smaller_batch(desk: Desk, endpoints: Endpoints, monkeypatch: Any) -> None:
    monkeypatch.setattr(batching, "FEW", 4)
    server = endpoints(words="Enqueued token limit reached.", code="token_limit_exceeded")
    job = desk.job(count=21)
    server.order(words="", held=False)
    assert desk.run(job.id).state == "waiting"
    assert [one.details["requests"] for one in desk.rows()] == [20, 10, 10]
    assert desk.run(job.id).state == "done"


def test_large_waves_take_several_batches(desk: Desk, endpoints: Endpoints, monkeypatch: Any) -> None:
    monkeypatch.setattr(batching, "MOST_REQUESTS", 15)
    server = endpoints()
    job = desk.job(count=41)
    assert [one.details["requests"] for one in desk.rows()] == [15, 15, 10]
    assert job.note.startswith("3 batches: 0 of 40 answered")
    server.finish(batch="batch_1")
    job = desk.run(job.id)
    assert job.result is not None
    assert (job.state, job.result["samples"]) == ("waiting", 16)
    server.finish()
    assert desk.run(job.id).state == "done"
    monkeypatch.setattr(submitting, "MOST_BYTES", 3_000)
    desk.job(count=61)
    sizes = [one.details["requests"] for one in desk.rows()][3:]
    assert sum(sizes) == 20
    assert max(sizes) < 15


def test_files_become_smaller_where_the_endpoint_wants_it(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints(held=False, largest=8_000)
    job = desk.job(count=33)
    sizes = [one.details["requests"] for one in desk.rows()]
    assert sum(sizes) == 32
    assert len(set(sizes)) == 1 < len(sizes)
    assert desk.run(job.id).state == "done"
    assert server.stats()["paid"] == 33


@pytest.mark.parametrize("fault", [{"lose_create": 1}, {"fail_create": 2}, {"lose_create": 1, "mute": True}])
def test_a_creation_whose_answer_is_lost_is_not_paid_twice(
    desk: Desk, endpoints: Endpoints, fault: dict[str, Any]
) -> None:
    server = endpoints(held=False, **fault)
    job = desk.job(count=30)
    assert job.state == "waiting"
    assert desk.run(job.id).state == "done"
    stats = server.stats()
    assert (len(stats["batches"]), stats["paid"]) == (1, 30)


@pytest.mark.parametrize("made", [True, False])
def test_killed_between_creating_and_recording(desk: Desk, endpoints: Endpoints, monkeypatch: Any, made: bool) -> None:
    server = endpoints()
    other = [desk.job(count=n, seed=n) for n in (11, 12, 13)]  # the list has more than one page
    create = client.BatchClient.create

    async def killed(self: client.BatchClient, *given: Any) -> Any:
        if made:
            await create(self, *given)
        raise Killed

    job_id = desk.submit(count=30)
    monkeypatch.setattr(client.BatchClient, "create", killed)
    with pytest.raises(Killed):
        desk.run(job_id)
    monkeypatch.setattr(client.BatchClient, "create", create)
    before = len(server.stats()["batches"])
    assert before == len(other) + made
    assert desk.rows()[-1].state == "uploaded"
    assert desk.run(job_id).state == "waiting"
    assert len(server.stats()["batches"]) == len(other) + 1  # found by its name, or made now
    server.finish()
    assert desk.run(job_id).state == "done"
    # those of the other jobs are not lost: their batches have ended as well
    for job in other:
        assert desk.run(job.id).state == "done"
    assert server.stats()["paid"] == 11 + 12 + 13 + 30


def test_killed_before_the_file_was_there(desk: Desk, endpoints: Endpoints, monkeypatch: Any) -> None:
    server = endpoints(held=False)
    upload = client.BatchClient.upload

    async def killed(self: client.BatchClient, *given: Any) -> Any:
        raise Killed

    job_id = desk.submit(count=12)
    monkeypatch.setattr(client.BatchClient, "upload", killed)
    with pytest.raises(Killed):
        desk.run(job_id)
    assert [one.state for one in desk.rows()] == ["new"]
    monkeypatch.setattr(client.BatchClient, "upload", upload)
    assert desk.run(job_id).state == "waiting"
    assert desk.run(job_id).state == "done"
    assert [one.state for one in desk.rows()] == ["closed"]
    assert server.stats()["paid"] == 12


def test_results_in_any_order_twice_unknown_and_garbage(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints(strange=5)
    job = desk.job(count=31)
    server.finish()
    done = desk.run(job.id)
    assert done.result is not None
    assert (done.state, done.result["samples"], done.result["requests"]) == ("done", 31, 31)
    assert "25 lines of its results answer no request of it" in desk.log(job.id)


def test_results_that_break_off_are_read_again(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints(break_results=2)
    job = desk.job(count=31)
    server.finish()
    done = desk.run(job.id)
    assert done.result is not None
    assert (done.state, done.result["samples"]) == ("done", 31)


def test_an_endpoint_that_is_away_leaves_the_job_waiting(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints()
    job = desk.job(count=12)
    server.order(away=True)
    job = desk.run(job.id)
    assert job.state == "waiting"
    assert "status 503" in job.note
    server.order(away=False)
    server.finish()
    assert desk.run(job.id).state == "done"


def test_failed_lines_are_asked_one_by_one_and_refused_ones_are_counted(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints()
    job_id = desk.submit(count=60, recipe="self-instruct", parameters={"wave": 60})
    desk.run(job_id)
    server.order(share_400=0.1, share_500=0.2)
    server.finish()
    server.order(share_400=0.0, share_500=0.0)
    job = desk.run(job_id)
    assert job.result is not None
    assert job.result["retried"] > 0
    assert 0 < job.result["failed"] == job.result["reasons"]["http 400"]
    assert server.stats()["count"]["POST chat"] == 1 + job.result["retried"]
    assert server.stats()["twice"] == 0


def test_many_failed_lines_make_another_batch(desk: Desk, endpoints: Endpoints, monkeypatch: Any) -> None:
    monkeypatch.setattr(batching, "FEW", 3)
    server = endpoints()
    job = desk.job(count=40, recipe="self-instruct", parameters={"wave": 40, "novelty": 1.0})
    server.order(share_500=0.5)  # always the same ones
    for _ in range(batching.ROUNDS):
        assert job.state == "waiting"
        server.finish()
        job = desk.run(job.id)
    first, *others = [one.details["requests"] for one in desk.rows()][: batching.ROUNDS]
    assert first == 39
    assert others[0] == others[1] < 39
    # After batches in vain they are asked by themselves, which the endpoint answers.
    assert server.stats()["count"]["POST chat"] >= 1 + others[0]
    assert server.stats()["twice"] == 0


def test_an_endpoint_without_batches_says_so_before_anything_is_sent(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints(none=True)
    job = desk.job(count=12)
    assert job.state == "failed"
    assert "has no batches (status 404 for /batches): leave --batch out" in str(job.error)
    assert server.stats()["count"] == {"GET batches": 1}
    assert desk.rows() == []


def test_cancelling_keeps_what_was_answered(desk: Desk, endpoints: Endpoints, monkeypatch: Any) -> None:
    monkeypatch.setattr(start, "launch", lambda store, job_id, module: desk_run(desk, job_id))
    server = endpoints()
    job = desk.job(count=41)
    server.begin(completed=10)
    job = start.cancel(desk.store, job.id)
    assert job.state == "cancelled"
    assert job.result is not None
    assert job.result["samples"] == 11
    assert [one.details["status"] for one in desk.rows()] == ["cancelled"]
    job = desk.run(job.id)  # resumed: the other thirty
    assert (job.state, desk.rows()[-1].details["requests"]) == ("waiting", 30)


def desk_run(desk: Desk, job_id: int) -> None:
    runner.run(Project(desk.project.folder), job_id, {"generate": _loader("generate")})


def test_a_slow_cancellation_is_waited_for(desk: Desk, endpoints: Endpoints, monkeypatch: Any) -> None:
    monkeypatch.setattr(start, "launch", lambda store, job_id, module: desk_run(desk, job_id))
    server = endpoints(slow_cancel=True)
    job = desk.job(count=21)
    job = start.cancel(desk.store, job.id)
    assert job.state == "waiting"
    assert "being cancelled" in job.note
    server.finish("cancelled", share=0.5)
    job = desk.run(job.id)
    assert job.state == "cancelled"
    assert job.result is not None
    assert job.result["samples"] == 11


def test_a_run_that_is_cancelled_goes_on_giving_up_in_the_next_process(
    desk: Desk, endpoints: Endpoints, monkeypatch: Any
) -> None:
    server = endpoints(slow_cancel=True)
    job_id = desk.job(count=21).id
    look = client.BatchClient.get

    async def cancelled(self: client.BatchClient, remote: str) -> Any:
        jobs.cancel(desk.store, job_id)
        engine[0].cancelled = True  # as the recorder's thread hears it
        return await look(self, remote)

    engine: list[Engine] = []
    by_batch = Engine.by_batch

    def note(self: Engine, *given: Any) -> None:
        engine.append(self)
        by_batch(self, *given)

    monkeypatch.setattr(Engine, "by_batch", note)
    with monkeypatch.context() as person:
        person.setattr(client.BatchClient, "get", cancelled)
        job = desk.run(job_id)
    assert job.state == "waiting"
    assert "being cancelled" in job.note
    server.finish("cancelled", share=0.5)
    job = desk.run(job_id)
    assert job.state == "cancelled"
    assert job.result is not None
    assert job.result["samples"] == 11
    assert len(desk.rows()) == 1  # nothing was handed in again


def test_a_batch_that_is_gone_can_be_given_up(desk: Desk, endpoints: Endpoints, monkeypatch: Any) -> None:
    monkeypatch.setattr(start, "launch", lambda store, job_id, module: desk_run(desk, job_id))
    server = endpoints()
    job = desk.job(count=12)
    server.forget()
    job = desk.run(job.id)
    assert job.state == "failed"
    assert "no longer knows the batch batch_0" in str(job.error)
    jobs.set_limits(desk.store, job.id, {start.GIVE_UP: True})
    assert desk.run(job.id).state == "cancelled"
    server.order(held=False)
    assert desk.run(job.id).state == "waiting"
    assert desk.run(job.id).state == "done"


def test_a_series_with_batches_under_way_is_not_asked_twice(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints()
    waits = desk.job(count=12)
    other = desk.job(count=12, executor=None)
    assert other.state == "failed"
    assert f"11 requests of this recipe are in batches at {server.url.split('/')[2]}" in str(other.error)
    assert f"jobs cancel {waits.id}" in str(other.error)


def test_a_budget_is_checked_for_the_whole_batch(desk: Desk, endpoints: Endpoints) -> None:
    desk.edit("model:\n", "model:\n  price: {input: 1.0, output: 10.0}\n")
    server = endpoints(held=False)
    # 29 requests of at most 120 tokens out: 29 * 120 * 10 / 1e6 = 0.0348 dollars, and some for the prompts.
    poor = desk.job({"concurrency": 8, "budget": 0.03}, count=30, parameters={"max_tokens": 120})
    assert poor.state == "failed"
    assert "A batch of 29 requests may take" in str(poor.error)
    assert "the budget of $0.03 ($0.0001 spent) does not allow" in str(poor.error)
    assert desk.rows() == []
    jobs.set_limits(desk.store, poor.id, {"budget": 0.1})
    job = desk.run(desk.run(poor.id).id)
    assert job.state == "done", job.error
    assert job.result is not None
    # No provider is known at this address: a batch costs what single requests do. 10 tokens in, 5 out.
    assert job.result["cost"] == pytest.approx(30 * (10 * 1.0 + 5 * 10.0) / 1e6)
    assert server.stats()["paid"] == 30


def test_a_known_provider_takes_half(desk: Desk, endpoints: Endpoints, monkeypatch: Any) -> None:
    desk.edit("model:\n", "model:\n  price: {input: 1.0, output: 10.0}\n")
    endpoints(held=False)
    listed = known("gpt-4.1-mini", "api.openai.com")
    assert listed is not None
    assert listed.batch_factor == 0.5
    monkeypatch.setattr(setting, "known", lambda model, host: listed)
    job = desk.run(desk.job(count=31).id)
    assert job.result is not None
    assert job.result["cost"] == pytest.approx((1 + 0.5 * 30) * 60 / 1e6)


def test_unreadable_answers_are_repaired_by_single_requests(tmp_path: Path, endpoints: Endpoints) -> None:
    server = endpoints()
    desk = Desk(tmp_path / "instructions", "instruction")
    proposals = {"topic": WORDS[:20], "tone": WORDS[20:30]}
    job = desk.job(count=30, recipe="attrprompt", parameters={"proposals": proposals})
    server.order(share_unreadable=0.4)
    server.finish()
    job = desk.run(job.id)
    assert job.result is not None
    assert job.result["repaired"] > 0
    assert server.stats()["count"]["POST chat"] >= 1 + job.result["repaired"]
    firsts = desk.store.read("SELECT text FROM request JOIN answer ON answer.id = first_answer_id")
    assert len(firsts) == job.result["repaired"]
    assert not any(text.startswith("{") for (text,) in firsts)  # kept as they came
    desk.store.close()


def test_waves_by_batch_give_what_single_requests_give(tmp_path: Path, endpoints: Endpoints) -> None:
    endpoints(held=False)
    made = []
    for name, executor in (("single", None), ("batch", "batch")):
        desk = Desk(tmp_path / name)
        given: dict[str, Any] = {"recipe": "self-instruct", "parameters": {"wave": 20, "novelty": 0.6}, "count": 30}
        job = desk.job(executor=executor, **given)
        while job.state == "waiting":
            job = desk.run(job.id)
        assert job.state == "done"
        assert len(desk.store.read("SELECT number FROM wave")) >= 2
        made.append(desk.made())
        desk.store.close()
    assert made[0] == made[1]


def test_of_several_endpoints_the_first_gets_the_batches(desk: Desk, endpoints: Endpoints) -> None:
    server = endpoints(held=False)
    other = server.url.replace("127.0.0.1", "localhost")
    desk.edit("  use: embedded", "  use: openai:test")
    desk.edit("model:\n", f"model:\n  endpoints: [{{base_url: '{server.url}'}}, {{base_url: '{other}'}}]\n")
    job = desk.job(count=12, model="openai:test")
    first = server.url.split("/")[2]
    assert f"Batches go to {first} alone" in desk.log(job.id)
    assert [one.endpoint for one in desk.rows()] == [first]
    assert desk.run(job.id).state == "done"
