"""Answers without end, answers that unpack to a hundred times their size, and answers of the wrong shape."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import tracemalloc
from typing import Any

import pytest

from tests.models.asking import SCHEMA, ask, asked, chat, raw, serving
from workbench.models import connection
from workbench.models.base import Answer, BadRequest, ModelError, Transient
from workbench.models.openai import OpenAIModel

HEAD = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"


async def sent(head: bytes, part: bytes, times: int) -> Answer:
    """The answer of a server that sends ``head`` and then ``part`` so many times, as far as anybody takes it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b"\r\n")
        try:
            for _ in range(times):
                writer.write(part)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async with raw(handle) as url:
        (answer,) = await asked(OpenAIModel("fake", base_url=url, timeout=20), ask())
        return answer


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


PART = 2**16 * b" "


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (HEAD % 200 + b"Transfer-Encoding: chunked\r\n", chunk(PART)),
        (HEAD % 200 + b"Content-Length: 99999999999\r\n", PART),
        (HEAD % 200 + b"Connection: close\r\n", PART),
    ],
    ids=["chunks", "length", "until closed"],
)
async def test_an_answer_without_end(head: bytes, part: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_BYTES", 2**20)
    async with serving(lambda path, body: chat()) as url:
        await asked(OpenAIModel("fake", base_url=url), ask())  # what the first connection imports is not measured
    tracemalloc.start()
    try:
        with pytest.raises(BadRequest, match=r"more than 1 MB, which was not read to its end") as caught:
            await sent(head, part, 2000)  # 131 MB
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()
    assert caught.value.reason == "too large"


async def test_an_answer_that_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_BYTES", 2**20)
    packed = gzip.compress(2**26 * b" ")
    head = HEAD % 200 + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(packed)
    with pytest.raises(BadRequest, match="more than 1 MB"):
        await sent(head, packed, 1)
    good = gzip.compress(json.dumps(chat("Zipped.")[1]).encode())
    answer = await sent(HEAD % 200 + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(good), good, 1)
    assert answer.text == "Zipped."
    head = HEAD % 200 + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n"
    with pytest.raises(Transient):
        await sent(head, b"not zipped"[:9], 1)


async def test_an_error_without_end_is_still_an_error() -> None:
    with pytest.raises(Transient) as caught:
        await sent(HEAD % 503 + b"Transfer-Encoding: chunked\r\n", chunk(PART), 2000)
    assert caught.value.reason == "http 503"


async def test_a_zipped_error_without_end_is_still_an_error() -> None:
    packed = gzip.compress(2**24 * b" ")
    head = HEAD % 503 + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(packed)
    with pytest.raises(Transient) as caught:
        await sent(head, packed, 1)
    assert caught.value.reason == "http 503"


ODD: list[Any] = [None, True, 3, -1.5, "x", [], {}, [[]], {"a": {}}, 10**30, "\ud800", {"error": []}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
async def test_wrong_types_everywhere(odd: Any) -> None:
    """Every place of an answer holds something else; what comes out is an answer or an error, never a crash."""
    choice = {"message": {"content": "Hi."}, "finish_reason": "stop"}
    sentences: list[str] = []
    bodies = [
        odd,
        {"choices": odd},
        {"choices": [odd]},
        {"error": odd},
        {"error": {"message": odd, "code": odd, "type": odd, "param": odd}},
        {"choices": [{"error": odd}]},
        {"choices": [{**choice, "message": odd}]},
        *({"choices": [{"message": {"content": odd, "refusal": other}}]} for other in ODD),
        {"choices": [{**choice, "finish_reason": odd, "logprobs": odd}]},
        {"choices": [{**choice, "logprobs": {"content": odd}}]},
        {"choices": [{**choice, "logprobs": {"content": [{"logprob": odd}]}}]},
        {"choices": [choice], "usage": odd, "model": odd},
        {"choices": [choice], "usage": {"prompt_tokens": odd, "completion_tokens": odd}},
    ]
    reply: list[tuple[int, bytes]] = []
    async with serving(lambda path, body: reply[-1]) as url:
        model = OpenAIModel("fake", base_url=url)
        for status, body in itertools.product((200, 400, 404, 422, 500), bodies):
            reply.append((status, json.dumps(body).encode()))
            for request in (ask(), ask("Hi.", SCHEMA, max_tokens=3)):
                model.abilities.clear()
                try:
                    answer = await model.complete(request)
                except ModelError as error:
                    sentences.append(str(error))
                else:
                    assert isinstance(answer.text, str)
                    assert all(isinstance(value, float) for value in answer.logprobs or [])
        await model.close()
    assert all(sentence.encode() and "\n" not in sentence for sentence in sentences)
