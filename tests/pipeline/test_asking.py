"""What a job asks a model, against a local server: in order, once ever, within limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count, islice
from typing import Any

import numpy
import pytest

from tests.endpoint import Endpoint
from tests.pipeline.conftest import RunJob, add
from workbench.curate.base import Context, Item, parse_filter
from workbench.errors import UsageError, WorkbenchError
from workbench.generate import asking as generate_asking
from workbench.generate.asking import Stopped
from workbench.jobs.run import Cancelled, JobContext
from workbench.models.base import Answer, Request
from workbench.models.limits import Backoff
from workbench.pipeline.asking import Asking, asking
from workbench.pipeline.judging_model import judging_model
from workbench.project import Project
from workbench.store import jobs
from workbench.store.connection import Store

Start = Callable[..., Endpoint]
Job = Callable[..., JobContext]


@pytest.fixture
def job(store: Store, monkeypatch: pytest.MonkeyPatch) -> Job:
    """``job(server, curate={...}, limits={...})`` is a curate job of a project whose model is at the server."""
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setattr(Backoff, "wait", lambda self, attempt, retry_after=None: 0.005)

    def make(
        server: Endpoint | None, *, limits: Mapping[str, Any] | None = None, model: str = "openai:test", **sections: Any
    ) -> JobContext:
        project = Project(store.project.folder)
        if server is not None:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        config = project.config
        settings = {"use": model, **sections.get("model_settings", {})}
        changed = config.model_copy(
            update={
                "model": config.model.model_copy(update=settings),
                "curate": config.curate.model_copy(update=sections.get("curate", {})),
            }
        )
        monkeypatch.setattr(Project, "config", changed)
        number = jobs.create(store, "curate", {}, {"concurrency": 4, **(limits or {})})
        return again(store, number)

    return make


def again(store: Store, number: int) -> JobContext:
    """The job as its next process finds it."""
    return JobContext(Project(store.project.folder), store, jobs.get(store, number))


def asks(context: JobContext) -> Asking:
    """What the job asks its judging model."""
    return Asking(context, judging_model(context))


def questions(number: int, text: str = "question") -> list[Request]:
    return [
        Request(({"role": "user", "content": f"{text} {n}"},), parameters={"max_tokens": 20}) for n in range(number)
    ]


def answered(who: Asking, requests: list[Request]) -> list[str | None]:
    return [None if answer is None else answer.text for answer in who.ask(requests)]


def ask_all(context: JobContext, requests: list[Request]) -> tuple[list[str | None], dict[str, Any]]:
    who = asks(context)
    try:
        texts = answered(who, requests)
    finally:
        usage = who.close()
    return texts, usage


def test_answers_come_in_order_and_are_asked_for_once_ever(endpoint: Start, job: Job, store: Store) -> None:
    server = endpoint(latency=0.001)
    requests = questions(150)
    context = job(server)
    texts, usage = ask_all(context, requests)
    assert len(set(texts)) > 100
    assert (usage["requests"], usage["answers"], usage["cached"], usage["failed"]) == (150, 150, 0, 0)
    assert usage["input_tokens"] == 300
    assert server.stats()["ok"] == 150
    later, usage = ask_all(job(server), requests[::-1])
    assert later == texts[::-1]
    assert (usage["requests"], usage["cached"], usage["cost"]) == (0, 150, 0.0)
    assert server.stats()["requests"] == 150
    assert store.one("SELECT count(*) FROM answer") == (150,)


def test_the_same_question_twice_at_once_is_one_request(endpoint: Start, job: Job) -> None:
    server = endpoint(latency=0.05)
    (one,) = questions(1)
    texts, usage = ask_all(job(server), [one, one, one])
    assert len(set(texts)) == 1
    assert (server.stats()["requests"], usage["requests"], usage["cached"]) == (1, 1, 2)


def test_refusals_to_hurry_and_failures_lose_nothing(endpoint: Start, job: Job) -> None:
    server = endpoint(share_429=0.2, share_500=0.2, retry_after=0.01)
    texts, usage = ask_all(job(server), questions(60))
    assert None not in texts
    assert (usage["answers"], usage["failed"]) == (60, 0)
    assert usage["retried"] == server.stats()["429"] + server.stats()["500"] > 0


def test_a_refused_request_costs_itself_and_is_in_the_log(endpoint: Start, job: Job, store: Store) -> None:
    server = endpoint(bad_marker="question 3")
    context = job(server)
    texts, usage = ask_all(context, questions(6))
    assert [text is None for text in texts] == [False, False, False, True, False, False]
    assert (usage["answers"], usage["failed"], usage["reasons"]) == (5, 1, {"http 400": 1})
    assert any("not allowed" in line[3] for line in jobs.events(store, context.job.id))


def test_a_job_that_was_cut_off_asks_only_what_is_missing(endpoint: Start, job: Job, store: Store) -> None:
    server = endpoint()
    context = job(server)
    requests = questions(100)
    who = asks(context)
    first = [answer.text for answer in islice(who.ask(requests), 30) if answer is not None]
    usage = who.close()
    paid = usage["answers"]
    assert 30 <= paid < 60  # those that were under way are kept too
    texts, usage = ask_all(again(store, context.job.id), requests)
    assert texts[:30] == first
    assert (usage["cached"], usage["requests"]) == (paid, 100)  # over both processes
    assert server.stats()["ok"] == server.stats()["distinct"] == 100


def test_requests_are_taken_as_they_are_needed(endpoint: Start, job: Job) -> None:
    taken = 0

    def endless() -> Iterator[Request]:
        nonlocal taken
        for number in count():
            taken += 1
            yield Request(({"role": "user", "content": f"question {number}"},))

    who = asks(job(endpoint()))
    assert len(list(islice(who.ask(endless()), 5))) == 5
    who.close()
    assert taken < 40


def test_a_person_may_cancel_while_nothing_answers(
    endpoint: Start, job: Job, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate_asking, "GRACE", 0.1)  # seconds that requests under way are waited for
    server = endpoint(hang_marker="question 2")
    context = job(server)
    who = asks(context)
    answers = who.ask(questions(5))
    assert next(answers) is not None
    until = time.monotonic() + 30
    while store.one("SELECT count(*) FROM answer") != (4,) and time.monotonic() < until:
        time.sleep(0.01)
    jobs.cancel(store, context.job.id)
    with pytest.raises(Cancelled, match="answers so far are kept"):
        list(answers)
    assert who.close()["answers"] == 4
    assert store.one("SELECT count(*) FROM answer") == (4,)


def test_a_budget_holds_over_all_processes_of_a_job(endpoint: Start, job: Job, store: Store) -> None:
    server = endpoint()
    context = job(server, limits={"requests": 5, "concurrency": 1})
    for _ in range(2):
        with pytest.raises(Stopped, match="budget of 5 requests is used up"):
            ask_all(again(store, context.job.id), questions(9))
        assert server.stats()["requests"] == 5
    jobs.set_limits(store, context.job.id, {"requests": None})
    texts, usage = ask_all(again(store, context.job.id), questions(9))
    assert None not in texts
    assert (usage["requests"], usage["cached"]) == (9, 5)


def test_dollars(endpoint: Start, job: Job, store: Store) -> None:
    server = endpoint()
    with pytest.raises(WorkbenchError, match=r"price of openai:test is not known.*model.price"):
        asks(job(server, limits={"budget": 1.0}))
    _, usage = ask_all(job(server), questions(1, "unpriced"))
    assert usage["cost"] is None
    price = store.project.config.model.model_validate({"price": {"input": 1e6, "output": 0}}).price
    context = job(server, limits={"budget": 100.0}, model_settings={"price": price})
    _, usage = ask_all(context, questions(2))
    assert usage["cost"] == 4.0  # two words each, a dollar a word
    _, usage = ask_all(again(store, context.job.id), questions(2))
    assert usage["cost"] == 4.0


def test_an_endpoint_that_lets_nobody_in_ends_the_job_with_its_reason(endpoint: Start, job: Job) -> None:
    with pytest.raises(Stopped, match="does not let this request in"):
        ask_all(job(endpoint(unauthorised=True)), questions(3))


def test_the_embedded_model_answers_no_questions(job: Job) -> None:
    context = job(None, model="embedded")
    used = Context()
    who = asking(context, used)
    assert (used.ask, used.embed) == (None, None)
    assert who.close()["requests"] == 0
    with pytest.raises(WorkbenchError, match="asks a model, and there is none"):
        list(parse_filter("alpagasus").judge([Item(1, "a")], used))


def test_another_model_may_judge(endpoint: Start, job: Job) -> None:
    server = endpoint()
    context = job(server, model="embedded", curate={"model": "openai:judge"})
    ask_all(context, questions(1))
    assert [body["model"] for body in server.requests()] == ["judge"]


def test_the_projects_own_parameters_hold_where_they_fit(endpoint: Start, job: Job) -> None:
    server = endpoint()
    own = {"temperature": 1.5, "max_completion_tokens": 9, "stop": ["x"], "seed": 7}
    context = job(server, model_settings={"parameters": own})
    request = Request(({"role": "user", "content": "x"},), parameters={"temperature": 0, "max_tokens": 20})
    ask_all(context, [request, Request((), prompt="Two words", scored=4)])
    chat, scored = sorted(server.requests(), key=lambda body: "prompt" in body)
    assert {name: chat.get(name) for name in (*own, "max_tokens")} == {
        "temperature": 0, "max_completion_tokens": None, "stop": None, "seed": 7, "max_tokens": 20,
    }  # fmt: skip
    assert set(scored) == {"model", "prompt", "echo", "logprobs", "max_tokens"}


def test_a_prompts_own_log_probabilities_are_kept_too(endpoint: Start, job: Job) -> None:
    server = endpoint()
    request = Request((), prompt="The sky is blue today", scored=len("The sky is"))

    def scored() -> Answer:
        who = asks(job(server))
        (answer,) = who.ask([request])
        who.close()
        assert answer is not None
        return answer

    first = scored()
    assert len(first.logprobs or ()) == 2
    assert scored().logprobs == pytest.approx(first.logprobs, rel=1e-6)  # kept as float32
    assert server.stats()["requests"] == 1


def test_ifd_stops_at_an_endpoint_that_does_not_echo(endpoint: Start, job: Job) -> None:
    used = Context()
    who = asking(job(endpoint(echo=False)), used)
    item = Item(1, "x", {"instruction": "Add.", "output": "3"})
    with pytest.raises(WorkbenchError, match="no log-probabilities of a prompt's own tokens"):
        list(parse_filter("ifd").judge([item], used))
    who.close()


def test_embeddings_are_of_length_one_in_order_and_sent_once(endpoint: Start, job: Job) -> None:
    server = endpoint(share_429=0.4, share_500=0.3, retry_after=0.01)
    used = Context()
    who = asking(job(server, curate={"embeddings": "openai:vectors"}), used)
    assert used.embed is not None
    texts = [f"text {n}" for n in range(300)]
    rows = used.embed(texts)
    assert (rows.shape[0], rows.dtype) == (300, numpy.float32)
    assert numpy.allclose(numpy.linalg.norm(rows, axis=1), 1, atol=1e-5)
    asked, lost = (server.stats()[name] for name in ("embeddings", "429"))
    assert asked - lost - server.stats()["500"] == 3  # 128 texts at a time
    assert (used.embed([*texts[:10], "new", "new"])[:10] == rows[:10]).all()
    assert server.stats()["embeddings"] > asked
    assert who.close()["embedded"] == 301
    with pytest.raises(UsageError, match="openai:NAME"):
        asks(job(server, curate={"embeddings": "embedded"}))


def test_embeddings_are_kept_for_the_next_job(endpoint: Start, job: Job) -> None:
    server = endpoint()
    found = []
    for _ in range(2):
        used = Context()
        who = asking(job(server, curate={"embeddings": "openai:vectors"}), used)
        assert used.embed is not None
        found.append(numpy.array(used.embed(["one", "two"])))
        who.close()
    assert (found[0] == found[1]).all()
    assert server.stats()["embeddings"] == 1


def test_cancelling_does_not_wait_for_embeddings(endpoint: Start, job: Job, store: Store) -> None:
    context = job(endpoint(latency=120), curate={"embeddings": "openai:vectors"})
    used = Context()
    who = asking(context, used)
    jobs.cancel(store, context.job.id)
    assert used.embed is not None
    with pytest.raises(Cancelled, match="embeddings so far are kept"):
        used.embed(["a"])
    who.close()


def test_embeddings_that_are_refused_end_the_step_with_the_reason(endpoint: Start, job: Job) -> None:
    used = Context()
    who = asking(job(endpoint(embeddings=False), curate={"embeddings": "openai:vectors"}), used)
    assert used.embed is not None
    with pytest.raises(WorkbenchError, match="no embeddings"):
        used.embed(["a"])
    who.close()


def test_a_filter_from_end_to_end(endpoint: Start, job: Job) -> None:
    server = endpoint(script="tests.pipeline.test_asking:grade")
    used = Context()
    who = asking(job(server), used)
    items = [Item(n, text, {"text": text}) for n, text in enumerate(["fine", "poor", "odd"])]
    verdicts = list(parse_filter("alpagasus").judge(items, used))
    assert [(verdict.keep, verdict.value) for verdict in verdicts] == [(True, 5), (False, 2), (True, None)]
    assert [body["response_format"]["type"] for body in server.requests()] == ["json_schema"] * 3
    assert who.close()["answers"] == 3


def test_a_curate_job_asks_and_says_what_it_used(endpoint: Start, job: Job, store: Store, run: RunJob) -> None:
    server = endpoint(script="tests.pipeline.test_asking:grade")
    job(server)
    add(store, "fine", "poor", "odd")
    first = run("curate", chain=["alpagasus"])
    assert first.result is not None
    assert (first.state, first.result["dropped"]) == ("done", {"alpagasus": 1})
    assert first.result["usage"].items() >= {"requests": 3, "answers": 3, "cached": 0, "failed": 0}.items()
    again = run("curate", chain=["alpagasus:threshold=1"])
    assert again.result is not None
    assert (again.result["dropped"], again.result["usage"]["requests"]) == ({"alpagasus": 0}, 0)
    preview = run("curate", chain=["alpagasus:dimension=realism"], preview=True)
    assert preview.result is not None
    assert server.stats()["requests"] == 3  # a preview counts and asks nothing


def grade(prompt: str, nth: int) -> str:
    """What the judge says (the server imports this)."""
    return next(answer for word, answer in GRADES.items() if f"\n{word}\n" in prompt)


GRADES = {"fine": '{"score": 5, "reason": "right"}', "poor": "Score: 2", "odd": "I would rather not."}
