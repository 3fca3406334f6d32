"""An OpenAI-compatible server with files and batches for tests: its own process, driven by command, never by the clock.

``start_batches()`` starts it from a test. Batches stand still (``held``) until ``finish(...)`` says how they end, or end
as soon as they are looked at (``held=False``). Answers depend on the prompt alone, for batches and for ordinary requests
alike. Faults are ordered with ``order(name=value, ...)``, see ``Orders``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORDS = re.findall(
    r"\w+",
    "please where why when lost new old card account money transfer change rate abroad today again urgent help code number "
    "machine shop paid twice late fee refund app phone waiting week missing wrong limit euro dollar bank branch",
)


@dataclass
class Orders:
    """What the server does wrong, and when. Shares are between 0 and 1, decided by the request's body and ``seed``."""

    held: bool = True  # batches wait for ``finish``
    none: bool = False  # no /batches and no /files: 404
    key: str = ""  # any other key gets a 401 that repeats it
    seed: int = 0
    share_400: float = 0.0  # lines of a batch that get this status, in the error file
    share_500: float = 0.0
    share_unreadable: float = 0.0  # answers that are no JSON, though a schema was sent; never to a repair
    strange: int = 0  # so many lines are added: twice the same, of unknown requests, not JSON, without a custom_id
    words: str = ""  # validation of the next batches fails with them
    code: str = "invalid_json_line"  # and with this code
    lose_create: int = 0  # the connection breaks after so many creations, before they are told
    fail_create: int = 0  # so many creations get a 500 and nothing is made
    break_results: int = 0  # the connection breaks in the middle of so many downloads
    stall_results: int = 0  # downloads stop after so many lines until the order is 0
    away: bool = False  # every look at a batch gets a 503
    slow_cancel: bool = False  # a cancelled batch stays in ``cancelling`` until ``finish``
    largest: int = 0  # files of more bytes get a 413
    mute: bool = False  # metadata is not given back


@dataclass
class Batch:
    id: str
    file: str
    metadata: dict[str, str]
    number: int
    status: str = "validating"
    total: int = 0
    completed: int = 0
    failed: int = 0
    output: str | None = None
    errors_file: str | None = None
    problem: dict[str, Any] | None = None
    created: int = field(default_factory=lambda: int(time.time()))


@dataclass
class Server:
    orders: Orders = field(default_factory=Orders)
    count: Counter[str] = field(default_factory=Counter)
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)  # bodies that were answered (and paid for)

    async def handle(self, request: Any) -> Any:
        from aiohttp import web

        request._client_max_size = 2**30  # of a megabyte, which no batch fits into
        path = request.path.removeprefix("/v1/")
        parts = path.split("/")
        if parts[0] == "control":
            return web.json_response(await self.control(parts[1], await request.json()))
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.count[f"{request.method} {parts[0]}"] += 1
        if self.orders.key and given != self.orders.key:
            return _failed(401, f"Incorrect API key provided: {given}.", "invalid_api_key")
        if path == "chat/completions":
            status, body = self.complete(await request.json(), batch=False)
            return web.json_response(body, status=status)
        if self.orders.none or parts[0] not in ("files", "batches"):
            return web.Response(status=404, text="404: Not Found")
        if parts[0] == "files":
            return await self.file(request, parts)
        return await self.batch(request, parts)

    async def control(self, what: str, given: dict[str, Any]) -> Any:
        if what == "reset":
            self.orders, self.count, self.files, self.batches, self.asked = Orders(), Counter(), {}, {}, Counter()
        elif what == "order":
            self.orders = Orders(**{**vars(self.orders), **given})
        elif what == "finish":
            for one in self.batches.values():
                if given["id"] in (None, one.id) and one.status in (
                    "validating",
                    "in_progress",
                    "finalizing",
                    "cancelling",
                ):
                    self.end(one, given["status"], given["share"])
        elif what == "begin":
            for one in self.batches.values():
                if one.status == "validating":
                    one.status, one.completed = "in_progress", given["completed"]
        elif what == "forget":
            self.batches.clear()
            self.files.clear()
        return {
            "count": dict(self.count),
            "batches": [vars(one) for one in self.batches.values()],
            "paid": sum(self.asked.values()),
            "twice": sum(n - 1 for n in self.asked.values()),
        }

    async def file(self, request: Any, parts: list[str]) -> Any:
        from aiohttp import web

        if request.method == "POST":
            content, purpose = b"", ""
            async for part in await request.multipart():
                if part.name == "file":
                    content = await part.read()
                else:
                    purpose = (await part.read()).decode()
            if 0 < self.orders.largest < len(content):
                return _failed(413, "The file is too large.", "too_large")
            if purpose != "batch":
                return _failed(400, "The purpose should be batch.", "invalid_purpose")
            name = f"file-{len(self.files)}"
            self.files[name] = content
            return web.json_response({"id": name, "object": "file", "bytes": len(content), "purpose": "batch"})
        found = self.files.get(parts[1])
        if found is None:
            return _failed(404, f"No such File object: {parts[1]}", "not_found")
        response = web.StreamResponse()
        await response.prepare(request)
        lines = found.splitlines(keepends=True)
        broken = self.orders.break_results > 0
        for number, line in enumerate(lines):
            if broken and number >= len(lines) // 2:
                self.orders.break_results -= 1
                request.transport.abort()
                return response
            while 0 < self.orders.stall_results <= number:
                self.count["stalled"] = 1
                await asyncio.sleep(0.01)
            await response.write(line)
        await response.write_eof()
        return response

    async def batch(self, request: Any, parts: list[str]) -> Any:
        from aiohttp import web

        orders = self.orders
        if request.method == "POST" and len(parts) == 1:
            return await self.create(request)
        if len(parts) == 1:
            limit, after = int(request.query.get("limit", 20)), request.query.get("after")
            newest = [self.show(one) for one in reversed(self.batches.values())]
            start = 1 + next((n for n, one in enumerate(newest) if one["id"] == after), -1) if after else 0
            page = newest[start : start + min(limit, 2)]  # small pages, so that reading on is tried
            return web.json_response({"object": "list", "data": page, "has_more": start + len(page) < len(newest)})
        one = self.batches.get(parts[1])
        if one is None:
            return _failed(404, f"No batch found with id '{parts[1]}'.", "not_found")
        if parts[-1] == "cancel":
            if one.status in ("completed", "failed", "expired", "cancelled"):
                return _failed(409, f"Cannot cancel a batch with status '{one.status}'.", "invalid_state")
            one.status = "cancelling"
        elif orders.away:
            return _failed(503, "The batches are resting.", "unavailable")
        elif one.status == "cancelling" and not orders.slow_cancel:
            self.end(one, "cancelled", one.completed / max(1, self.lines(one)))
        elif not orders.held and one.status in ("validating", "in_progress", "finalizing"):
            self.end(one, "completed", 1.0)
        return web.json_response(self.show(one))

    async def create(self, request: Any) -> Any:
        from aiohttp import web

        body = await request.json()
        if self.orders.fail_create:
            self.orders.fail_create -= 1
            return _failed(500, "Something went wrong.", "server_error")
        if body["input_file_id"] not in self.files:
            return _failed(400, "The input file does not exist.", "invalid_file")
        number = len(self.batches)
        one = Batch(f"batch_{number}", body["input_file_id"], body.get("metadata") or {}, number)
        self.batches[one.id] = one
        if self.orders.words:
            one.status = "failed"
            one.problem = {"code": self.orders.code, "message": self.orders.words, "line": 1, "param": None}
        if self.orders.lose_create:
            self.orders.lose_create -= 1
            request.transport.abort()
        return web.json_response(self.show(one))

    def lines(self, one: Batch) -> int:
        return len(self.files[one.file].splitlines())

    def show(self, one: Batch) -> dict[str, Any]:
        return {
            "id": one.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": one.file,
            "completion_window": "24h",
            "status": one.status,
            "output_file_id": one.output,
            "error_file_id": one.errors_file,
            "errors": {"object": "list", "data": [one.problem]} if one.problem else None,
            "created_at": one.created,
            "request_counts": {"total": one.total or self.lines(one), "completed": one.completed, "failed": one.failed},
            "metadata": None if self.orders.mute else one.metadata,
        }

    def end(self, one: Batch, status: str, share: float) -> None:
        """End a batch: a share of its lines is answered, in a random order; the others have expired."""
        given = [json.loads(line) for line in self.files[one.file].splitlines()]
        count = round(share * len(given))
        done: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for n, line in enumerate(given):
            if n >= count:
                error = {"code": f"batch_{status}", "message": "This request could not be executed in time."}
                errors.append({"id": f"r{n}", "custom_id": line["custom_id"], "response": None, "error": error})
                continue
            code, body = self.complete(line["body"], batch=True)
            response = {"status_code": code, "request_id": f"r{n}", "body": body}
            made = {"id": f"r{n}", "custom_id": line["custom_id"], "response": response, "error": None}
            (done if code == 200 else errors).append(made)
        random.Random(self.orders.seed).shuffle(done)
        out = [json.dumps(made).encode() for made in done]
        for n in range(self.orders.strange):
            other = {**done[n % len(done)], "custom_id": f"r{n}-{'0' * 24}"}
            nameless = {**done[n % len(done)], "custom_id": None}
            out += [
                out[n % len(done)],
                json.dumps(other).encode(),
                b'{"custom_id": "r',
                json.dumps(nameless).encode(),
                b"[]",
            ]
        one.status, one.total, one.completed, one.failed = status, len(given), len(done), count - len(done)
        one.output = self.keep(out, f"file-out-{one.number}") if done else None
        one.errors_file = (
            self.keep([json.dumps(made).encode() for made in errors], f"file-err-{one.number}") if errors else None
        )

    def keep(self, lines: list[bytes], name: str) -> str:
        self.files[name] = b"\n".join(lines)
        return name

    def complete(self, body: dict[str, Any], *, batch: bool) -> tuple[int, dict[str, Any]]:
        orders = self.orders
        raw = json.dumps([body["messages"], body.get("response_format")], sort_keys=True)
        chance = _share(f"{orders.seed} {raw}")
        repair = body["messages"][-2]["role"] == "assistant" if len(body["messages"]) > 1 else False
        if batch and chance < orders.share_400:
            return 400, {"error": {"message": "This prompt is not allowed.", "code": "content_policy_violation"}}
        if batch and chance < orders.share_400 + orders.share_500:
            return 500, {"error": {"message": "Something went wrong.", "code": "server_error"}}
        self.count["answered"] += 1
        self.asked[raw] += 1
        text = " ".join(random.Random(raw).sample(WORDS, 9))
        if body.get("response_format") and (repair or chance >= orders.share_unreadable):
            names = body["response_format"]["json_schema"]["schema"]["required"]
            text = json.dumps({name: f"{name} {text}" for name in names})
        message = {"role": "assistant", "content": text}
        return 200, {
            "id": "x",
            "object": "chat.completion",
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5},
        }


def _share(text: str) -> float:
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest(), "big") / 2**48


def _failed(status: int, message: str, code: str) -> Any:
    from aiohttp import web

    return web.json_response({"error": {"message": message, "type": "error", "code": code}}, status=status)


async def _serve(port: int) -> None:
    from aiohttp import web

    runner = web.ServerRunner(web.Server(Server().handle, access_log=None), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, shutdown_timeout=0).start()
    print(json.dumps({"url": f"http://127.0.0.1:{runner.addresses[0][1]}/v1"}), flush=True)

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
    await asyncio.Event().wait()


@dataclass
class BatchEndpoint:
    """A running server; ``url`` is its base URL."""

    url: str
    process: subprocess.Popen[bytes]

    def order(self, **orders: Any) -> None:
        self._control("order", orders)

    def finish(self, status: str = "completed", share: float = 1.0, batch: str | None = None) -> None:
        """End the batches that are under way, or one of them, with a share of their lines answered."""
        self._control("finish", {"status": status, "share": share, "id": batch})

    def begin(self, completed: int = 0) -> None:
        """Batches under way say that so many of their lines are answered."""
        self._control("begin", {"completed": completed})

    def forget(self) -> None:
        """The batches are gone."""
        self._control("forget", {})

    def reset(self, **orders: Any) -> None:
        """As if it had just been started with these orders."""
        self._control("reset", {})
        self.order(**orders)

    def stats(self) -> dict[str, Any]:
        """``count`` of calls, ``batches``, ``paid`` answers, and how many of them were to a request answered before."""
        found: dict[str, Any] = self._control("stats", {})
        return found

    def stop(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        self.process.kill()
        self.process.wait()

    def _control(self, what: str, given: dict[str, Any]) -> Any:
        call = urllib.request.Request(f"{self.url}/control/{what}", json.dumps(given).encode(), method="POST")
        with urllib.request.urlopen(call, timeout=30) as response:
            return json.load(response)


def start_batches(**orders: Any) -> BatchEndpoint:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.batch_endpoint"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the endpoint did not start (status {process.wait()})")
    made = BatchEndpoint(json.loads(line)["url"], process)
    made.order(**orders)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
