"""The client of files and batches, against a local server and against answers that mean no good."""

from __future__ import annotations

import asyncio
import io
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.batch_endpoint import BatchEndpoint, start_batches
from tests.models.asking import serving
from workbench.models import batch, connection
from workbench.models.base import BadRequest, Fatal, Request, Transient
from workbench.models.batch import BatchClient
from workbench.models.openai import OpenAIModel

SECRET = "sk-test-SECRET-4711abcdef"


@pytest.fixture(scope="module")
def server() -> Iterator[BatchEndpoint]:
    started = start_batches()
    yield started
    started.stop()


@pytest.fixture
def client(server: BatchEndpoint, monkeypatch: pytest.MonkeyPatch) -> BatchClient:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setattr(batch, "WAIT", 0.0)
    server.reset()
    return BatchClient(OpenAIModel("test", base_url=server.url))


def asked(text: str) -> Request:
    return Request(({"role": "user", "content": text},), parameters={"max_tokens": 9})


def test_a_line_holds_the_body_that_a_single_request_would_have(client: BatchClient) -> None:
    request = asked("Hello\nworld")
    line = client.line("r7-abc", request)
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "custom_id": "r7-abc",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": json.loads(client.model.body(request)),
    }
    assert client.url(Request((), prompt="Once")) == "/v1/completions"


def test_from_file_to_answers(client: BatchClient, server: BatchEndpoint) -> None:
    async def run() -> None:
        await client.check()
        lines = b"".join(client.line(f"r{n}", asked(f"text {n}")) for n in range(5))
        file = await client.upload("a name", io.BytesIO(lines))
        made = await client.create("a name", file, "/v1/chat/completions")
        assert (made.status, made.name, made.input_file, made.total) == ("validating", "a name", file, 5)
        server.finish(share=0.6)
        ended = await client.get(made.id)
        assert (ended.status, ended.completed) == ("completed", 3)
        assert ended.output_file is not None
        assert ended.error_file is not None
        done = [one async for one in client.lines(ended.output_file)]
        assert sorted(one.custom_id for one in done if one) == ["r0", "r1", "r2"]
        assert all(one and one.answer and one.answer.endpoint == client.host for one in done)
        left = [one async for one in client.lines(ended.error_file)]
        assert [(one.custom_id, one.answer) for one in left if one] == [("r3", None), ("r4", None)]
        with pytest.raises(BadRequest, match="no such batch or file"):
            await client.get("../../secret")
        with pytest.raises(BadRequest, match="cannot do that"):
            await client.cancel(made.id)
        await client.close()

    asyncio.run(run())


def test_a_batch_is_found_by_its_name_or_its_file_on_any_page(client: BatchClient, server: BatchEndpoint) -> None:
    async def run() -> None:
        made = []
        for n in range(5):
            file = await client.upload(f"name {n}", io.BytesIO(client.line("r0", asked("x"))))
            made.append(await client.create(f"name {n}", file, "/v1/chat/completions"))
        found = await client.find("name 0", "", 0.0)
        assert found is not None
        assert found.id == made[0].id
        assert await client.find("name 9", "", 0.0) is None
        assert await client.find("name 0", "", 4e9) is None  # older than it can be: not read on for ever
        server.order(mute=True)
        found = await client.find("name 1", made[1].input_file or "", 0.0)
        assert found is not None
        assert found.id == made[1].id
        await client.close()

    asyncio.run(run())


def test_no_sentence_holds_the_key(client: BatchClient, server: BatchEndpoint) -> None:
    async def run() -> None:
        server.order(key="another key")  # the server repeats what it was given
        with pytest.raises(Fatal) as said:
            await client.check()
        assert SECRET not in str(said.value)
        server.order(key="", words=f"{SECRET} is not for batches")
        file = await client.upload("x", io.BytesIO(client.line("r0", asked("x"))))
        made = await client.create("x", file, "/v1/chat/completions")
        assert (made.words, made.code) == ("[key] is not for batches (line 1)", "invalid_json_line")
        await client.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[1]",
        b'{"custom_id": 3}',
        b'{"custom_id": null, "response": {}}',
        b"[" * 100_000,
        b'{"custom_id": "r1"',
        b"\xff\xfe",
    ],
)
def test_lines_that_name_no_request(client: BatchClient, line: bytes) -> None:
    assert client.read(line) is None


@pytest.mark.parametrize(
    ("line", "kind", "reason"),
    [
        ({"response": None, "error": {"code": "batch_expired", "message": "late"}}, Transient, "batch_expired"),
        ({"response": None, "error": None}, Transient, "no answer"),
        ({"response": {"status_code": 200, "body": None}}, Transient, "no choices"),
        ({"response": {"status_code": 200, "body": "text"}}, Transient, "no choices"),
        ({"response": {"status_code": 500, "body": {}}}, Transient, "http 500"),
        ({"response": {"status_code": "400", "body": {}}}, Transient, "http 502"),
        ({"response": {"status_code": 400, "body": {"error": {"message": "no"}}}}, BadRequest, "http 400"),
        ({"response": {"status_code": 401, "body": {"error": {"message": SECRET}}}}, Fatal, "http 401"),
    ],
)
def test_lines_without_an_answer(client: BatchClient, line: dict[str, Any], kind: type, reason: str) -> None:
    client.model.address()
    found = client.read(json.dumps({"custom_id": "r1", **line}).encode())
    assert found is not None
    assert found.error is not None
    assert isinstance(found.error, kind)
    assert found.error.reason == reason
    assert SECRET not in str(found.error)
    assert found.expired == (reason == "batch_expired")


class Stream:
    """A response whose content comes in chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def test_a_results_file_is_never_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_LINE", 300_000)
    line = b'{"custom_id": "r1"}' + b" " * 2_000 + b"\n"
    endless = b"x" * 65_536

    def chunks() -> Iterator[bytes]:
        for _ in range(1_000):  # 66 MB
            yield line * 33
        for _ in range(1_000):  # one line of 65 MB
            yield endless
        yield b"\nlast"

    async def run() -> tuple[int, int]:
        whole = skipped = 0
        async for one in batch._lines(Stream(chunks())):  # type: ignore[arg-type]
            whole += one is not None
            skipped += one is None
        return whole, skipped

    tracemalloc.start()
    try:
        assert asyncio.run(run()) == (33_001, 1)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


async def test_a_list_of_batches_without_end_is_not_read_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_BYTES", 2**16)
    async with serving(lambda path, body: (200, {"data": ["x" * 2**18]})) as url:
        client = BatchClient(OpenAIModel("test", base_url=url))
        with pytest.raises(BadRequest, match="was not read to its end"):
            await client.check()
        await client.close()
