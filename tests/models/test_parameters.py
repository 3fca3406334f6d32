"""Parameters that an endpoint refuses by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.endpoint import Endpoint
from tests.models.asking import SCHEMA, ask, asked, chat, error, serving
from workbench.models import parameters
from workbench.models.base import BadRequest, Fatal, Request
from workbench.models.openai import OpenAIModel
from workbench.models.refusals import said

Start = Callable[..., Endpoint]


async def test_max_tokens_under_its_newer_name(endpoint: Start) -> None:
    server = endpoint(refuse_parameter="max_tokens")
    model = OpenAIModel("fake", base_url=server.url)
    lines: list[str] = []
    model.log = lambda level, sentence: lines.append(f"{level}: {sentence}")
    for number in range(3):
        await asked(model, ask(f"Number {number}.", max_tokens=50, temperature=0.5))
    assert server.stats()["400"] == 1
    assert [body.get("max_completion_tokens") for body in server.requests()] == [None, 50, 50, 50]
    assert all(body["temperature"] == 0.5 for body in server.requests())
    assert model.abilities == {"chat.max_tokens": "max_completion_tokens"}
    assert lines == [
        f"warning: openai:fake at {model.host} refuses parameters: max_tokens is sent as max_completion_tokens from now on."
    ]


async def test_a_name_that_was_learned_and_is_refused_in_its_turn(endpoint: Start) -> None:
    server = endpoint(refuse_parameter="max_completion_tokens")
    model = OpenAIModel("fake", base_url=server.url, abilities={"chat.max_tokens": "max_completion_tokens"})
    await asked(model, ask(max_tokens=50))
    await asked(model, ask("Two.", max_tokens=50))
    await asked(model, ask("Three.", max_completion_tokens=50))
    assert [body.get("max_tokens") for body in server.requests()] == [None, 50, 50, None, 50]
    server = endpoint(refuse_parameter="max_tokens,max_completion_tokens")
    model = OpenAIModel("fake", base_url=server.url)
    with pytest.raises(BadRequest, match="'max_completion_tokens' is not supported"):
        await asked(model, ask(max_tokens=50))
    assert server.stats()["requests"] == 2
    assert model.abilities == {}


async def test_several_at_once_and_a_response_format(endpoint: Start) -> None:
    server = endpoint(refuse_parameter="max_tokens,temperature,top_p", schema_mode="json_object")
    model = OpenAIModel("fake", base_url=server.url)
    requests = [ask(f"Number {n}.", SCHEMA, max_tokens=50, temperature=0.5, top_p=0.9, stop="X") for n in range(10)]
    answers = await asked(model, *requests)
    assert all(json.loads(answer.text) for answer in answers)
    assert model.abilities == {
        "structured": "json_object",
        "chat.max_tokens": "max_completion_tokens",
        "chat.temperature": "no",
        "chat.top_p": "no",
    }
    last = server.requests()[-1]
    assert (last["max_completion_tokens"], last["stop"]) == (50, "X")
    # Three parameters and a format, each refused once: the others waited for the first.
    assert server.stats()["400"] == 4


async def test_what_changes_the_meaning_is_never_left_out(endpoint: Start) -> None:
    server = endpoint(refuse_parameter="stop")
    with pytest.raises(BadRequest, match="'stop' is not supported"):
        await asked(OpenAIModel("fake", base_url=server.url), ask(stop="X"))
    assert server.stats()["requests"] == 1


async def test_log_probabilities_are_left_out_unless_they_are_needed(endpoint: Start) -> None:
    server = endpoint(refuse_parameter="logprobs")
    model = OpenAIModel("fake", base_url=server.url)
    (answer,) = await asked(model, ask(logprobs=True, top_logprobs=2))
    assert answer.logprobs is None
    assert model.abilities == {"chat.logprobs": "no", "chat.top_logprobs": "no", "logprobs": "no"}
    assert "top_logprobs" not in server.requests()[-1]
    model = OpenAIModel("fake", base_url=server.url)
    assert str(await model.check(["logprobs"])).endswith("gives no token log-probabilities")
    with pytest.raises(Fatal, match="gives no token log-probabilities"):
        await asked(model, ask(logprobs=True))


async def test_a_value_that_is_wrong_is_not_a_parameter_that_is_unknown() -> None:
    seen = []

    def respond(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        seen.append(body)
        return error(400, "max_tokens is not allowed to exceed 4096.", param="max_tokens") if len(seen) == 1 else chat()

    async with serving(respond) as url:
        with pytest.raises(BadRequest):
            await asked(OpenAIModel("fake", base_url=url), ask(max_tokens=5000))
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("status", "body", "name"),
    [
        (400, error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.")[1], "max_tokens"),
        (400, error(400, "x", code="unsupported_value", param="temperature")[1], "temperature"),
        (
            400,
            error(400, "'temperature' does not support 0.5. Only the default (1) value is supported.")[1],
            "temperature",
        ),
        (422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, "seed"),
        (403, error(403, "You are not allowed to request logprobs from this model.")[1], "logprobs"),
        (403, error(403, "You are not allowed to use temperature.")[1], None),
        (400, error(400, "Invalid 'temperature': above the maximum of 2")[1], None),
        (400, error(400, "unsupported_content in temperatures")[1], None),
        (500, error(500, "Unsupported parameter: 'max_tokens'")[1], None),
        (400, {"error": {"message": {"a": 1}, "param": ["x"]}}, None),
    ],
)
def test_which_parameter_is_refused(status: int, body: Any, name: str | None) -> None:
    sent = {"max_tokens", "temperature", "logprobs", "seed"}
    assert parameters.refused(status, said(json.dumps(body).encode()), sent) == name


def test_parameters_of_raw_completions() -> None:
    assert parameters.legacy({"max_completion_tokens": 5, "logprobs": True}) == {"max_tokens": 5, "logprobs": 1}
    assert parameters.legacy({"max_tokens": 6, "logprobs": True, "top_logprobs": 3}) == {"max_tokens": 6, "logprobs": 3}
    assert parameters.legacy({"logprobs": False, "top_logprobs": 3, "stop": "x"}) == {"stop": "x"}
    assert parameters.legacy({"logprobs": 0}) == {"logprobs": 0}


async def test_a_raw_prompt(endpoint: Start) -> None:
    server = endpoint(refuse_parameter="seed")
    model = OpenAIModel("fake", base_url=server.url)
    request = Request((), parameters={"max_tokens": 40, "logprobs": True, "seed": 3}, prompt="<|user|>")
    (answer,) = await asked(model, request)
    assert answer.text
    assert len(answer.logprobs or []) == len(answer.text.split())
    assert server.requests()[-1] == {"model": "fake", "prompt": "<|user|>", "max_tokens": 40, "logprobs": 1}
    assert model.abilities == {"completions.seed": "no", "logprobs": "yes"}
    server = endpoint(completions=False)
    with pytest.raises(Fatal, match="has no raw completions at that address"):
        await asked(OpenAIModel("fake", base_url=server.url), request)
