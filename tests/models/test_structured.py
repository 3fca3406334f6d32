"""Structured answers: the way that an endpoint takes is found out by one request, followed by the others, remembered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.endpoint import Endpoint
from tests.models.asking import SCHEMA, ask, asked, chat, error, serving
from workbench.models import structured
from workbench.models.base import Answer, BadRequest, Fatal, RateLimited
from workbench.models.openai import OpenAIModel
from workbench.models.refusals import Said, said
from workbench.models.structured import LOOSE, OBJECT, STRICT, WORDS, Ladder, is_strict

Start = Callable[..., Endpoint]


def read(answer: Answer) -> Any:
    text = answer.text
    return json.loads(text[text.index("{") : text.rindex("}") + 1])


def formats(server: Endpoint) -> list[str]:
    return [body.get("response_format", {}).get("type", "none") for body in server.requests()]


@pytest.mark.parametrize(
    ("mode", "found", "refused"), [("full", "json_schema", 0), ("json_object", "json_object", 1), ("none", "none", 2)]
)
async def test_one_request_finds_out_and_the_others_follow(
    endpoint: Start, mode: str, found: str, refused: int
) -> None:
    server = endpoint(schema_mode=mode)
    model = OpenAIModel("fake", base_url=server.url)
    answers = await asked(model, *(ask(f"Write number {n}.", SCHEMA) for n in range(20)))
    assert all(read(answer).keys() == {"text", "label"} for answer in answers)
    assert {read(answer)["label"] for answer in answers} == {"refund", "card"}
    assert model.abilities == {"structured": found}
    # Each way was refused once, however many wanted to know.
    assert server.stats()["400"] == refused
    assert sorted(formats(server)) == sorted(["json_schema", "json_object", "none"][:refused] + 20 * [found])


async def test_the_schema_stands_in_the_system_message_where_it_is_not_sent(endpoint: Start) -> None:
    server = endpoint(schema_mode="json_object")
    model = OpenAIModel("fake", base_url=server.url, abilities={"structured": "json_object"})
    request = ask("Write one.", SCHEMA)
    await asked(model, request)
    body = server.requests()[0]
    assert body["response_format"] == {"type": "json_object"}
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "JSON Schema" in body["messages"][0]["content"]
    assert json.dumps(SCHEMA) in body["messages"][0]["content"]
    before = {"role": "system", "content": "You write."}
    told = structured.with_schema([before, *request.messages], SCHEMA)
    assert told[0]["content"].startswith("You write.\n\nAnswer with one JSON object")
    assert before == {"role": "system", "content": "You write."}


async def test_what_is_remembered_is_used_and_given_up_when_it_is_refused(endpoint: Start) -> None:
    server = endpoint(schema_mode="json_object")
    model = OpenAIModel("fake", base_url=server.url, abilities={"structured": "json_schema"})
    answers = await asked(model, *(ask(f"Write number {n}.", SCHEMA) for n in range(8)))
    assert all(read(answer) for answer in answers)
    assert model.abilities["structured"] == "json_object"
    wanted = formats(server)
    assert wanted.count("json_object") == 8
    model = OpenAIModel("fake", base_url=server.url, abilities=model.abilities)
    await asked(model, ask("Another.", SCHEMA))
    assert formats(server)[len(wanted) :] == ["json_object"]


async def test_a_format_that_is_accepted_and_ignored_is_given_up(endpoint: Start) -> None:
    server = endpoint(schema_mode="ignored")
    model = OpenAIModel("fake", base_url=server.url)
    texts = []
    for number in range(6):
        texts += [answer.text for answer in await asked(model, ask(f"Write number {number}.", SCHEMA))]
    assert [text.startswith("{") for text in texts] == [False, False, False, True, True, True]
    assert formats(server) == 3 * ["json_schema"] + 3 * ["json_object"]
    assert model.abilities["structured"] == "json_object"


async def test_broken_objects_do_not_mean_that_the_format_is_ignored(endpoint: Start) -> None:
    server = endpoint(share_unreadable=1)
    model = OpenAIModel("fake", base_url=server.url)
    for number in range(5):
        (answer,) = await asked(model, ask(f"Write number {number}.", SCHEMA))
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
            json.loads(answer.text)
    assert set(formats(server)) == {"json_schema"}
    (again,) = await asked(model, ask("Write number 0.", SCHEMA))
    assert read(again)


async def test_refused_and_cut_off_answers_say_nothing_about_the_format(endpoint: Start) -> None:
    for fault, reason in (("share_refusal", "refusal"), ("share_length", "length")):
        server = endpoint(**{fault: 1})
        model = OpenAIModel("fake", base_url=server.url)
        for number in range(4):
            (answer,) = await asked(model, ask(f"Write number {number}.", SCHEMA))
            assert (answer.finish_reason, bool(answer.text)) == (reason, True)
        assert set(formats(server)) == {"json_schema"}


async def test_a_prompt_that_is_refused_anyway_teaches_nothing() -> None:
    """An error that speaks of JSON in every way of asking is the prompt's; the endpoint keeps its good name."""
    seen: list[str] = []

    def respond(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        seen.append(body.get("response_format", {}).get("type", "none"))
        if "grammar" in body["messages"][-1]["content"]:
            return error(400, "A prompt about grammar is not allowed.")
        return chat('{"text": "a", "label": "card"}')

    async with serving(respond) as url:
        model = OpenAIModel("fake", base_url=url)
        with pytest.raises(BadRequest):
            await asked(model, ask("Teach grammar.", SCHEMA))
        assert model.abilities == {}
        await asked(model, ask("Write one.", SCHEMA))
    assert seen == ["json_schema", "json_object", "none", "json_schema"]
    assert model.abilities == {"structured": "json_schema"}


async def test_other_errors_do_not_lead_down_the_ladder() -> None:
    replies = iter([error(429, "slow"), error(400, "too long", code="context_length_exceeded"), chat('{"a": 1}')])
    async with serving(lambda path, body: next(replies)) as url:
        model = OpenAIModel("fake", base_url=url)
        for kind in (RateLimited, BadRequest):
            with pytest.raises(kind):
                await asked(model, ask("Write one.", SCHEMA))
        await asked(model, ask("Write one.", SCHEMA))
    assert model.abilities == {"structured": "json_schema"}


async def test_a_schema_that_strict_mode_does_not_take_is_sent_loosely() -> None:
    bodies: list[dict[str, Any]] = []

    def respond(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        bodies.append(body["response_format"]["json_schema"])
        if bodies[-1]["strict"]:
            return error(400, "Invalid schema for response_format 'answer': 'pattern' is not permitted.")
        return chat('{"text": "a", "label": "card"}')

    async with serving(respond) as url:
        model = OpenAIModel("fake", base_url=url)
        await asked(model, ask("One.", SCHEMA))
        await asked(model, ask("Two.", SCHEMA))
    assert [body["strict"] for body in bodies] == [True, False, False]
    assert model.abilities == {"structured": "json_schema", "strict": "no"}


@pytest.mark.parametrize(
    ("status", "body", "about"),
    [
        (400, error(400, "'response_format.type' must be 'json_schema' or 'text'")[1], True),
        (400, error(400, "This model does not support response format `json_schema`")[1], True),
        (422, {"detail": [{"loc": ["body", "response_format"], "msg": "Extra inputs are not permitted"}]}, True),
        (500, error(500, "failed to parse grammar")[1], True),
        (404, error(404, "No endpoints found that can handle the requested parameters.")[1], True),
        (400, error(400, "x", param="response_format")[1], True),
        (404, error(404, "The model `x` is not supported")[1], False),
        (400, error(400, "Failed to generate JSON in response_format", code="json_validate_failed")[1], False),
        (400, error(400, "context too long")[1], False),
        (503, error(503, "json_schema")[1], False),
        (400, ["odd"], False),
    ],
)
def test_what_speaks_of_the_format(status: int, body: Any, about: bool) -> None:
    assert structured.refuses(status, said(json.dumps(body).encode()), STRICT) is about
    assert not structured.refuses(status, said(json.dumps(body).encode()), WORDS)


def test_which_schemas_strict_mode_takes() -> None:
    assert is_strict(SCHEMA)
    assert is_strict({"type": "object", "properties": {}, "additionalProperties": False})
    nested = {**SCHEMA, "properties": {**SCHEMA["properties"], "text": {"type": "array", "items": SCHEMA}}}  # type: ignore[dict-item]
    assert is_strict(nested)
    for schema in (
        {"type": "object"},
        {"type": "array", "items": SCHEMA},
        {**SCHEMA, "additionalProperties": True},
        {**SCHEMA, "required": ["text"]},
        {**SCHEMA, "properties": {"text": {"type": "string", "minLength": 1}, "label": {"type": "string"}}},
        {**SCHEMA, "properties": {"text": {"type": "object"}, "label": {"type": "string"}}},
        {**SCHEMA, "allOf": []},
        {**SCHEMA, "properties": {"text": {}, "label": {"type": "string"}}},
    ):
        assert not is_strict(schema)


def test_ways_for_schemas_that_are_no_objects() -> None:
    ladder, listing = Ladder(), {"type": "array", "items": {"type": "string"}}
    assert ladder.rung({}, listing) == LOOSE
    assert ladder.rung({"structured": "json_object"}, listing) == WORDS  # JSON mode gives objects only
    assert ladder.rung({"structured": "json_object"}, SCHEMA) == OBJECT
    assert ladder.rung({"structured": "json_schema", "strict": "no"}, SCHEMA) == LOOSE
    assert ladder.rung({"structured": "nonsense"}, SCHEMA) == STRICT
    assert not ladder.settled({"structured": "nonsense"})


async def test_who_waits_goes_on_when_the_first_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request ends badly: the others ask for themselves; one that is cancelled does no harm."""
    ladder, abilities, sent = Ladder(), {}, []  # type: ignore[var-annotated]
    let_go = asyncio.Event()

    async def send(rung: int) -> Answer:
        sent.append(rung)
        if len(sent) == 1:
            await let_go.wait()
            raise RateLimited("slow", reason="http 429")
        return Answer('{"a": 1}', "m", "stop")

    tasks = [asyncio.create_task(ladder.ask(abilities, SCHEMA, send)) for _ in range(5)]
    while not sent:
        await asyncio.sleep(0)
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(sent) == 1  # the others wait
    tasks[4].cancel()
    let_go.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in done] == [RateLimited, Answer, Answer, Answer, asyncio.CancelledError]
    assert abilities == {"structured": "json_schema"}


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structured, "PATIENCE", 0.01)
    ladder, abilities = Ladder(), {}  # type: ignore[var-annotated]
    hang = asyncio.Event()
    calls = []

    async def send(rung: int) -> Answer:
        calls.append(rung)
        if len(calls) == 1:
            await hang.wait()
        return Answer('{"a": 1}', "m", "stop")

    first = asyncio.create_task(ladder.ask(abilities, SCHEMA, send))
    while not calls:
        await asyncio.sleep(0)
    assert (await ladder.ask(abilities, SCHEMA, send)).text
    hang.set()
    assert (await first).text


async def test_a_key_that_is_refused_is_not_a_format(endpoint: Start) -> None:
    server = endpoint(unauthorised=True, schema_mode="none")
    with pytest.raises(Fatal):
        await asked(OpenAIModel("fake", base_url=server.url), ask("One.", SCHEMA))
    assert server.stats()["requests"] == 1


def test_the_key_of_a_request_does_not_know_the_way() -> None:
    model = OpenAIModel("fake", base_url="http://localhost:1/v1")
    request = ask("One.", SCHEMA)
    keys = set()
    for mode in ("json_schema", "json_object", "none"):
        model.abilities["structured"] = mode
        model.body(request)
        keys.add(request.key(model.name, model.group))
    assert len(keys) == 1
    assert structured.refuses(400, Said("json_schema", "", ""), OBJECT)


async def test_every_request_ends_where_every_way_is_refused() -> None:
    count = 0

    def respond(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        nonlocal count
        count += 1
        return error(400, "response_format: unsupported")

    async with serving(respond) as url:
        model = OpenAIModel("fake", base_url=url)
        done = await asyncio.gather(
            *(model.complete(ask(f"Number {n}.", SCHEMA)) for n in range(30)), return_exceptions=True
        )
        await model.close()
    assert {type(one) for one in done} == {BadRequest}
    assert count <= 3 * 30
    assert model.abilities == {}
