"""What tests of the client have in common: questions, one question with its connections closed, and odd servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from workbench.models.base import Answer, Request
from workbench.models.openai import OpenAIModel

#: What strict mode takes: closed, all keys required.
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "label": {"type": "string", "enum": ["refund", "card"]}},
    "required": ["text", "label"],
    "additionalProperties": False,
}


def ask(text: str = "Write one.", schema: Mapping[str, Any] | None = None, **parameters: object) -> Request:
    return Request(({"role": "user", "content": text},), parameters=parameters, schema=schema)


async def asked(model: OpenAIModel, *requests: Request) -> list[Answer]:
    """The answers to requests that are sent at once."""
    try:
        return list(await asyncio.gather(*(model.complete(one) for one in requests)))
    finally:
        await model.close()


@asynccontextmanager
async def serving(respond: Callable[[str, dict[str, Any]], tuple[int, Any]]) -> AsyncIterator[str]:
    """A server in this event loop that answers ``respond(path, body)`` with a status and a JSON value or bytes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                length = next((line for line in head.lower().split("\r\n") if line.startswith("content-length:")), ":0")
                body = await reader.readexactly(int(length.partition(":")[2]))
                status, value = respond(head.split()[1], json.loads(body or b"{}"))
                content = value if isinstance(value, bytes) else json.dumps(value).encode()
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(content), content))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async with raw(handle) as url:
        yield url


@asynccontextmanager
async def raw(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


def chat(text: str = "Yes.", **choice: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"choices": [{"message": {"content": text}, "finish_reason": "stop", **choice}]}


def error(status: int, message: str, **more: Any) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"message": message, **more}}
