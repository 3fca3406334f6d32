"""A small OpenAI-compatible server for tests and benchmarks: its own process, with faults to order.

``python -m tests.endpoint --port 0 --latency 0.05`` prints ``{"url": ...}`` and serves until it is killed;
``start_endpoint(latency=0.05)`` does the same from a test, and ``stop()`` ends it. Every fault is decided by a hash of
(seed, prompt, how often that prompt has come), so that a run repeats whatever the order in which requests arrive.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.endpoint_answers import echoed, follow, phrase, schema_in, share, vector

ROOT = Path(__file__).resolve().parents[1]
#: How a response format of each kind is written for people, and the modes in which it is taken.
TAKEN = {"json_schema": ("full", "ignored"), "json_object": ("full", "json_object", "ignored")}


@dataclass
class Options:
    """What the server does. Shares are between 0 and 1; ``latency`` is in seconds; ``cap`` in requests a second."""

    port: int = 0
    latency: float = 0.0
    seed: int = 0
    share_429: float = 0.0
    share_500: float = 0.0
    share_truncated: float = 0.0
    share_not_json: float = 0.0
    share_hang: float = 0.0  # never answered
    retry_after: float = 1.0  # sent with every 429
    cap: float = 0.0  # real 429s above it; 0 is no cap
    cap_kind: Literal["window", "sliding", "bucket"] = "window"
    burst: int = 20  # of the bucket
    bad_marker: str = ""  # prompts that contain it get a 400
    hang_marker: str = ""
    key: str = ""  # any other key gets a 401, which repeats it
    unauthorised: bool = False
    quota: bool = False  # every request gets 429 insufficient_quota
    vary: bool = False  # repeats of a prompt get other answers
    answers: str = ""  # JSON file: substring of the prompt -> answer, or list of answers to go through
    script: str = ""  # module:function(prompt, nth) -> answer
    parent: bool = False  # end when standard input closes
    schema_mode: Literal["full", "json_object", "none", "ignored"] = "full"  # which response formats are taken
    refuse_parameter: str = ""  # names, with commas between, that get a 400 which names them
    completions: bool = True
    embeddings: bool = True
    logprobs: bool = True  # given to whoever asks; else the wish is ignored
    echo: bool = True  # raw completions may repeat their prompt, with its log-probabilities; else that is refused
    share_refusal: float = 0.0
    share_length: float = 0.0  # answers cut in half, with finish_reason length
    share_unreadable: float = 0.0  # structured answers that are broken JSON, the first time that a prompt is answered


class Server:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.count: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.embedded: Counter[str] = Counter()
        self.bodies: deque[bytes] = deque(maxlen=200_000)
        self.recent: deque[float] = deque()
        self.window = (0, 0)
        self.tokens, self.filled = float(options.burst), time.monotonic()
        self.salt = str(options.seed).encode()
        self.answers: dict[str, Any] = json.loads(Path(options.answers).read_text("utf-8")) if options.answers else {}
        self.script: Callable[[str, int], str] | None = None
        if options.script:
            module, _, name = options.script.partition(":")
            self.script = getattr(importlib.import_module(module), name)

    async def handle(self, request: Any) -> Any:
        """One request; the order of the checks is that of a gateway before a model."""
        path = request.path
        if path.endswith("/chat/completions") or (path.endswith("/completions") and self.options.completions):
            status, body, headers = await self.chat(request)
        elif path.endswith("/embeddings") and self.options.embeddings:
            status, body, headers = await self.embed(request)
        elif path.endswith("/models"):
            status, body, headers = 200, _dump({"object": "list", "data": [{"id": "fake", "object": "model"}]}), {}
        elif path.endswith("/stats"):
            status, body, headers = 200, _dump({**self.count, "distinct": len(self.seen)}), {}
        elif path.endswith("/requests"):
            status, body, headers = 200, b"[" + b",".join(self.bodies) + b"]", {}
        else:
            status, body, headers = 404, b"404: Not Found", {}
        from aiohttp import web

        return web.Response(status=status, body=body, headers=headers, content_type="application/json")

    async def chat(self, request: Any) -> tuple[int, bytes, dict[str, str]]:
        options, count = self.options, self.count
        raw = await request.read()
        count["requests"] += 1
        self.bodies.append(raw)
        body = json.loads(raw)
        messages = body.get("messages") or [{"content": body.get("prompt", "")}]
        prompt = "\n".join(str(message.get("content", "")) for message in messages)
        if refused := self.refused(request, body):
            return refused
        # What follows depends on how often a prompt has come; what was refused above has not come yet.
        self.seen[prompt] += 1
        if options.quota:
            return self.fail(429, "You exceeded your current quota.", "insufficient_quota")
        if (options.cap and not self.admitted()) or self.chance(prompt, "429") < options.share_429:
            return self.fail(429, "Rate limit reached.", "rate_limit_exceeded")
        if options.latency:
            await asyncio.sleep(options.latency)
        if options.bad_marker and options.bad_marker in prompt:
            return self.fail(400, "This prompt is not allowed.", "content_policy_violation")
        if (options.hang_marker and options.hang_marker in prompt) or self.chance(prompt, "hang") < options.share_hang:
            count["hung"] += 1
            await asyncio.Event().wait()
        if self.chance(prompt, "500") < options.share_500:
            return self.fail(500, "Something went wrong.", "server_error")
        nth = self.answered[prompt]
        self.answered[prompt] += 1
        count["ok"] += 1
        answer = self.completion(body, prompt, nth)
        if self.chance(prompt, "not json") < options.share_not_json:
            count["not_json"] += 1
            return 200, b"<html><body>Welcome to the proxy</body></html>", {}
        if self.chance(prompt, "truncated") < options.share_truncated:
            count["truncated"] += 1
            return 200, answer[: len(answer) // 2], {}
        return 200, answer, {}

    def refused(self, request: Any, body: dict[str, Any]) -> tuple[int, bytes, dict[str, str]] | None:
        """Why a request is refused before anybody looks at its prompt: its key, a parameter, its response format."""
        options = self.options
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if options.unauthorised or (options.key and given != options.key):
            return self.fail(401, f"Incorrect API key provided: {given}.", "invalid_api_key")
        for name in options.refuse_parameter.split(","):
            if name and name in body:
                words = f"Unsupported parameter: '{name}' is not supported with this model."
                return self.fail(400, words, "unsupported_parameter", parameter=name)
        if body.get("echo") and not options.echo:
            return self.fail(400, "Only no echo is supported", "invalid_request_error")
        wanted = body.get("response_format", {}).get("type")
        if wanted and options.schema_mode not in TAKEN.get(wanted, ()):
            words = f"Invalid parameter: 'response_format' of type '{wanted}' is not supported with this model."
            return self.fail(400, words, "", parameter="response_format")
        if wanted == "json_object" and "json" not in json.dumps(body["messages"]).lower():
            return self.fail(400, "'messages' must contain the word 'json' in some form.", "", parameter="messages")
        return None

    async def embed(self, request: Any) -> tuple[int, bytes, dict[str, str]]:
        body = await request.json()
        self.count["embeddings"] += 1
        if refused := self.refused(request, body):
            return refused
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        told = f"{len(texts)} {texts[0]}"
        self.embedded[told] += 1
        if share(f"429 {self.embedded[told]} {told}", self.salt) < self.options.share_429:
            return self.fail(429, "Rate limit reached.", "rate_limit_exceeded")
        await asyncio.sleep(self.options.latency)
        if share(f"500 {self.embedded[told]} {told}", self.salt) < self.options.share_500:
            return self.fail(500, "Something went wrong.", "server_error")
        rows = [{"object": "embedding", "index": i, "embedding": vector(one, self.salt)} for i, one in enumerate(texts)]
        usage = {"prompt_tokens": sum(len(one.split()) for one in texts)}
        # The order is up to the server: who reads by place and not by index is found out.
        return 200, _dump({"object": "list", "model": body["model"], "data": rows[::-1], "usage": usage}), {}

    def fail(
        self, status: int, message: str, code: str, *, parameter: str | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        self.count[str(status)] += 1
        headers = {"Retry-After": f"{self.options.retry_after:g}"} if status == 429 else {}
        error = {"message": message, "type": "error", "code": code or None, "param": parameter}
        return status, _dump({"error": error}), headers

    def admitted(self) -> bool:
        """Whether the cap has room: a window of one clock second, the last second, or a bucket."""
        cap, now = self.options.cap, time.monotonic()
        if self.options.cap_kind == "window":
            second, used = self.window
            used = used if int(now) == second else 0
            self.window = (int(now), used + (used < cap))
            return used < cap
        if self.options.cap_kind == "sliding":
            while self.recent and self.recent[0] <= now - 1:
                self.recent.popleft()
            if len(self.recent) >= cap:
                return False
            self.recent.append(now)
            return True
        self.tokens = min(float(self.options.burst), self.tokens + (now - self.filled) * cap)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def completion(self, body: dict[str, Any], prompt: str, nth: int) -> bytes:
        """The whole answer; ``nth`` says how often this prompt was answered before."""
        text, reason = self.text(prompt, nth), "stop"
        wanted = body.get("response_format")
        asked = wanted is not None or "JSON Schema" in prompt
        if asked:
            text = self.structured(text, wanted, prompt, nth)
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if self.fault(prompt, "refusal") < self.options.share_refusal:
            self.count["refusal"] += 1
            message |= {"content": None, "refusal": "I cannot help with that."}
        elif self.fault(prompt, "length") < self.options.share_length:
            self.count["length"] += 1
            text, reason = text[: len(text) // 2], "length"
            message["content"] = text
        words = text.split()
        most = None if asked else body.get("max_tokens", body.get("max_completion_tokens"))
        if most is not None and most < len(words):
            words, reason = words[:most], "length"
            text = " ".join(words)
            message["content"] = text
        asked = len(prompt.split())
        usage = {"prompt_tokens": asked, "completion_tokens": len(words), "total_tokens": asked + len(words)}
        values = [-0.01 - share(word, b"logprob") for word in words] if self.options.logprobs else []
        choice: dict[str, Any] = {"index": 0, "finish_reason": reason}
        if "messages" in body:
            choice["message"] = message
            if body.get("logprobs") and values:
                pairs = zip(words, values, strict=True)
                choice["logprobs"] = {"content": [{"token": word, "logprob": value} for word, value in pairs]}
        else:
            choice["text"] = message["content"] or ""
            if body.get("echo"):
                choice |= echoed(str(body["prompt"]), choice["text"], scored=body.get("logprobs") is not None)
            elif body.get("logprobs") is not None and values:
                choice["logprobs"] = {"tokens": words, "token_logprobs": values}
        kind = "chat.completion" if "messages" in body else "text_completion"
        return _dump({"id": "fake", "object": kind, "model": body["model"], "choices": [choice], "usage": usage})

    def structured(self, text: str, wanted: Any, prompt: str, nth: int) -> str:
        """The answer as an object that follows the schema, sent or in words; scripted answers stay as they are."""
        sent = wanted.get("json_schema", {}).get("schema") if wanted else None
        schema = sent if sent is not None and self.options.schema_mode == "full" else schema_in(prompt)
        if self.scripted(prompt, nth) is None:
            if schema is None:
                if wanted is None or self.options.schema_mode == "ignored":
                    return text
                schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
            told = f"{prompt}\0{nth if self.options.vary else 0}"
            text = json.dumps(follow(schema, told, self.salt), ensure_ascii=False)
            if wanted is None and self.fault(prompt, "fence") < 0.25:
                text = f"Here it is:\n```json\n{text}\n```"  # nothing makes a model leave that out
        if nth == 0 and self.fault(prompt, "unreadable") < self.options.share_unreadable:
            self.count["unreadable"] += 1
            return text[: max(1, len(text) * 2 // 3)]
        return text

    def scripted(self, prompt: str, nth: int) -> str | None:
        if self.script is not None:
            return self.script(prompt, nth)
        for part, answer in self.answers.items():
            if part in prompt:
                return str(answer[nth % len(answer)]) if isinstance(answer, list) else str(answer)
        return None

    def text(self, prompt: str, nth: int) -> str:
        given = self.scripted(prompt, nth)
        return phrase(f"{prompt}\0{nth if self.options.vary else 0}", self.salt) if given is None else given

    def chance(self, prompt: str, kind: str) -> float:
        """A number in [0, 1) for this prompt, how often it has come, and the kind of fault: another try has other luck."""
        return share(f"{kind} {self.seen[prompt]} {prompt}", self.salt)

    def fault(self, prompt: str, kind: str) -> float:
        """The same without how often: what a model does with a prompt, it does again."""
        return share(f"{kind} {prompt}", self.salt)


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


async def _serve(options: Options) -> None:
    from aiohttp import web

    server = web.Server(Server(options).handle, access_log=None)
    runner = web.ServerRunner(server, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port, backlog=1024, shutdown_timeout=0)
    await site.start()
    port = runner.addresses[0][1]
    print(json.dumps({"url": f"http://127.0.0.1:{port}/v1", "port": port}), flush=True)
    if options.parent:

        def wait() -> None:
            sys.stdin.buffer.read()
            os._exit(0)  # requests that hang on purpose would keep an orderly end waiting

        threading.Thread(target=wait, daemon=True).start()
    await asyncio.Event().wait()


@dataclass
class Endpoint:
    """A running server; ``url`` is its base URL."""

    url: str
    process: subprocess.Popen[bytes]

    def stats(self) -> dict[str, int]:
        """``requests``, ``ok``, ``distinct`` prompts, and counts by fault (``"429"``, ``"500"``, ``truncated`` ...)."""
        return Counter(self._get("stats"))

    def requests(self) -> list[dict[str, Any]]:
        """Bodies of the chats and raw completions, in the order in which they came."""
        bodies: list[dict[str, Any]] = self._get("requests")
        return bodies

    def stop(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        self.process.kill()
        self.process.wait()

    def _get(self, what: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/{what}", timeout=10) as response:
            return json.load(response)

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_endpoint(**options: Any) -> Endpoint:
    """Start a server with ``Options`` as keywords."""
    arguments = ["--parent"]
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        arguments += ([flag] if value else [f"--no-{flag[2:]}"]) if isinstance(value, bool) else [flag, str(value)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.endpoint", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the endpoint did not start (status {process.wait()})")
    return Endpoint(json.loads(line)["url"], process)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in vars(Options()).items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(default, bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=default)
        else:
            parser.add_argument(flag, type=type(default), default=default)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(Options(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
