"""What an endpoint can do: asked with a few tokens, before a run or by ``workbench models check``; and embeddings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.endpoint import Endpoint
from tests.endpoint_answers import vector
from tests.models.asking import chat, error, serving
from workbench.models.base import BadRequest, Fatal, RateLimited
from workbench.models.checking import Findings, survey
from workbench.models.openai import EMBEDDED_AT_ONCE, EMBEDDED_CHARACTERS, OpenAIModel

Start = Callable[..., Endpoint]
ALL = ("chat", "structured", "text_given_label", "logprobs", "completions", "embeddings")


async def checked(model: OpenAIModel, *needs: Any) -> str | None:
    try:
        return await model.check(needs)
    finally:
        await model.close()


async def surveyed(model: OpenAIModel) -> Findings:
    try:
        return await survey(model)
    finally:
        await model.close()


async def test_one_tiny_request_for_each_need_that_is_not_known(endpoint: Start) -> None:
    server = endpoint()
    model = OpenAIModel("fake", base_url=server.url)
    assert await checked(model, "chat", "structured", "text_given_label") is None
    assert server.stats()["requests"] == 0
    for _ in range(2):
        assert await checked(model, *ALL) is None
    assert (server.stats()["requests"], server.stats()["embeddings"]) == (2, 1)
    assert all(body["max_tokens"] == 1 for body in server.requests())
    assert model.abilities == {"logprobs": "yes", "completions": "yes", "embeddings": "yes"}


@pytest.mark.parametrize(
    ("need", "words"),
    [
        ("logprobs", "gives no token log-probabilities"),
        ("completions", "has no raw completions"),
        ("embeddings", "gives no embeddings"),
    ],
)
async def test_what_is_lacking_is_said_and_remembered(endpoint: Start, need: str, words: str) -> None:
    server = endpoint(**{need: False})
    model = OpenAIModel("fake", base_url=server.url)
    assert await checked(model, need) == f"openai:fake at {model.host} {words}"
    requests = server.stats()["requests"]
    assert await checked(OpenAIModel("fake", base_url=server.url, abilities=model.abilities), need)
    assert server.stats()["requests"] == requests


async def test_a_busy_endpoint_stays_unknown_and_a_wrong_key_does_not(endpoint: Start) -> None:
    model = OpenAIModel("fake", base_url=endpoint(share_429=1, share_500=1).url)
    assert await checked(model, "logprobs", "completions") is None
    assert model.abilities == {}
    with pytest.raises(Fatal, match="does not let this request in"):
        await checked(OpenAIModel("fake", base_url=endpoint(unauthorised=True).url), "embeddings")


@pytest.mark.parametrize(
    ("reply", "known"),
    [
        (error(404, "This is a chat model and not supported in the v1/completions endpoint."), "no"),
        (error(501, "This server does not support completions."), "no"),
        (error(500, "this model does not support completion"), "no"),
        (error(500, "Something went wrong"), None),
        (error(400, "max_tokens must be at least 16"), None),
        ((200, {"choices": [{"text": "", "finish_reason": "length"}]}), "yes"),
    ],
)
async def test_how_raw_completions_are_declined(reply: tuple[int, Any], known: str | None) -> None:
    async with serving(lambda path, body: reply) as url:
        model = OpenAIModel("fake", base_url=url)
        await checked(model, "completions")
    assert model.abilities.get("completions") == known


async def test_a_model_that_is_not_there_is_not_a_lack() -> None:
    async with serving(lambda path, body: error(404, 'model "fake" not found, try pulling it first')) as url:
        with pytest.raises(Fatal, match="has no model 'fake'"):
            await checked(OpenAIModel("fake", base_url=url), "completions")


async def test_everything_is_asked_in_a_survey(endpoint: Start) -> None:
    model = OpenAIModel("fake", base_url=endpoint().url, abilities={"structured": "none", "chat.seed": "no"})
    found = await surveyed(model)
    assert found.can == {
        "chat": "yes",
        "structured": "json_schema",
        "logprobs": "yes",
        "completions": "yes",
        "embeddings": "yes",
    }
    assert model.abilities == {name: value for name, value in found.can.items() if name != "chat"}
    assert found.models == ["fake"]
    assert found.seconds is not None
    assert found.tokens > 0
    lacking = endpoint(
        schema_mode="ignored", completions=False, embeddings=False, logprobs=False, refuse_parameter="max_tokens"
    )
    found = await surveyed(model := OpenAIModel("fake", base_url=lacking.url))
    assert found.can == {
        "chat": "yes",
        "structured": "json_object",
        "logprobs": "no",
        "completions": "no",
        "embeddings": "no",
    }
    assert model.abilities["chat.max_tokens"] == "max_completion_tokens"
    assert found.why["embeddings"]
    assert model.ladder.forgiving > 1  # a run is more patient than the survey


async def test_a_survey_of_something_else() -> None:
    async with serving(lambda path, body: (404, b"404: Not Found")) as url:
        with pytest.raises(Fatal, match="has no chat completions at that address"):
            await surveyed(OpenAIModel("fake", base_url=url))
    async with serving(
        lambda path, body: chat() if "chat" in path else (200, {"data": [3, {"id": 4}, {"id": "a\x1b"}]})
    ) as url:
        found = await surveyed(OpenAIModel("fake", base_url=url))
    assert found.models == ["a\u241b"]
    assert found.can["structured"] == "none"
    assert found.can["embeddings"] == "no"


@pytest.mark.parametrize("listed", [{"data": "x"}, [], {"data": None}, b"<html>", b"[" * 100_000])
async def test_lists_of_models_that_are_none(listed: Any) -> None:
    async with serving(lambda path, body: chat() if "chat" in path else (200, listed)) as url:
        assert (await surveyed(OpenAIModel("fake", base_url=url))).models is None


async def test_embeddings_in_the_order_of_the_texts(endpoint: Start) -> None:
    server = endpoint(seed=3)  # sends each batch backwards
    model = OpenAIModel("fake", base_url=server.url)
    texts = [f"text {n}" for n in range(2 * EMBEDDED_AT_ONCE + 5)] + [""]
    vectors = await model.embed(texts)
    await model.close()
    wanted = [vector(text or " ", b"3") for text in texts]
    assert len(vectors) == len(wanted)
    assert vectors == [pytest.approx(one) for one in wanted]
    assert server.stats()["embeddings"] == 3
    assert await model.embed([]) == []


async def test_long_texts_are_embedded_in_smaller_batches() -> None:
    sizes: list[list[int]] = []

    def respond(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        sizes.append([len(text) for text in body["input"]])
        return 200, {"data": [{"index": n, "embedding": [1, 2]} for n in range(len(body["input"]))]}

    long = EMBEDDED_CHARACTERS // 2 + 1
    async with serving(respond) as url:
        model = OpenAIModel("fake", base_url=url)
        assert len(await model.embed([size * "x" for size in (long, long, 10, 3 * long, 10)])) == 5
        await model.close()
    assert sizes == [[long], [long, 10], [3 * long], [10]]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(429, "slow"), RateLimited),
        (error(400, "too long"), BadRequest),
        (error(401, "who?"), Fatal),
        ((200, {"data": []}), BadRequest),
    ],
)
async def test_embeddings_that_fail(reply: tuple[int, Any], kind: type[Exception]) -> None:
    async with serving(lambda path, body: reply) as url:
        model = OpenAIModel("fake", base_url=url)
        with pytest.raises(kind):
            await model.embed(["a"])
        await model.close()
