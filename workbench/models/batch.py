"""The Batch API of an OpenAI-compatible endpoint: files of requests in, files of answers out, at its own pace.

Limits, states and shapes as in OpenAI's Batch guide and reference: at most 50,000 lines and 200 MB per input file, lines
``{custom_id, method, url, body}``, results in any order in an output and an error file, a window of 24 hours after which
a batch expires and keeps what was answered. Requests go through the HTTP client of the openai package, like those of
``models/openai.py``; files are sent and read piece by piece, so that none is ever held in memory.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from workbench.models import connection
from workbench.models.base import Answer, BadRequest, Fatal, ModelError, RateLimited, Request, Transient
from workbench.models.place import Place
from workbench.models.refusals import Route, refusal
from workbench.text import clean

if TYPE_CHECKING:
    from httpx2 import Response

    from workbench.models.openai import OpenAIModel

#: What one input file may hold.
MOST_REQUESTS, MOST_BYTES = 50_000, 200_000_000
#: The longest line of a results file that is read; what is longer is skipped.
MOST_LINE = 32_000_000
#: Nothing more will happen to a batch in one of these states.
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
#: Under this name of its metadata a batch carries ours.
MARK = "workbench"
#: Batches of one page of the list, and pages that are looked through.
PAGE, PAGES = 100, 200
#: Tries of a call that may be repeated, and seconds before the second; each further wait is twice as long.
TRIES, WAIT = 4, 0.5
#: The longest an endpoint's Retry-After is heeded here, in seconds: a later look is as good.
PATIENCE = 30.0
#: Statuses of an endpoint that has no such address.
_NOWHERE = (404, 405, 501)
#: What the lines of a batch may ask for.
CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"


@dataclass(frozen=True, slots=True)
class Remote:
    """A batch as its endpoint describes it. ``words`` are its own about why it failed, safe to show; ``code`` is theirs too."""

    id: str
    status: str
    name: str | None
    input_file: str | None
    output_file: str | None
    error_file: str | None
    created: float
    total: int
    completed: int
    failed: int
    words: str
    code: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a results file: an answer, or why there is none. ``expired`` says that the request was never asked."""

    custom_id: str
    answer: Answer | None = None
    error: ModelError | None = None
    expired: bool = False


class BatchClient:
    """The batches of the endpoint behind ``model``. Its calls raise a ``ModelError``, with a sentence that holds no key."""

    def __init__(self, model: OpenAIModel) -> None:
        self.model = model
        self.host = model.host
        self._parts: _Parts | None = None

    def url(self, request: Request) -> str:
        """The address inside the endpoint that answers such a request; all lines of a batch have the same."""
        return CHAT if request.prompt is None else COMPLETIONS

    def line(self, custom_id: str, request: Request) -> bytes:
        """A line of an input file, with its line end. Raises ``BadRequest`` for parameters that cannot be sent."""
        head = json.dumps({"custom_id": custom_id, "method": "POST", "url": self.url(request)}, separators=(",", ":"))
        return head[:-1].encode() + b',"body":' + self.model.body(request) + b"}\n"

    async def check(self) -> None:
        """Raises ``Fatal`` when the endpoint has no batches, before anything is sent to it."""
        try:
            await self._call("GET", "batches", query={"limit": "1"})
        except ModelError as error:
            if error.reason in {f"http {status}" for status in _NOWHERE}:
                raise Fatal(
                    f"{self.host} has no batches ({error.reason.replace('http', 'status')} for /batches): "
                    "leave --batch out to ask it request by request.",
                    reason="no batches",
                ) from None
            raise

    async def upload(self, name: str, content: IO[bytes]) -> str:
        """Send an input file; returns the endpoint's name for it. Asked again when it fails: a lost file costs nothing."""
        found = await self._call(
            "POST", "files", data={"purpose": "batch"}, files={"file": (f"{name}.jsonl", content, "application/jsonl")}
        )
        return self._text(found, "id")

    async def create(self, name: str, input_file: str, url: str) -> Remote:
        """Make the batch of an uploaded file. Never repeated here: after a failure ``find`` tells whether it exists."""
        body = {
            "input_file_id": input_file,
            "endpoint": url,
            "completion_window": "24h",
            "metadata": {MARK: name},
        }
        return self._remote(await self._call("POST", "batches", body=body, key=name, tries=1))

    async def get(self, remote: str) -> Remote:
        return self._remote(await self._call("GET", f"batches/{quote(remote, safe='')}"))

    async def cancel(self, remote: str) -> Remote:
        """Ask the endpoint to stop; what has been answered is kept there, and must be collected."""
        return self._remote(await self._call("POST", f"batches/{quote(remote, safe='')}/cancel"))

    async def find(self, name: str, input_file: str, since: float) -> Remote | None:
        """The batch that carries our ``name`` or was made of our file, if it exists.

        The list comes newest first; it is read until a whole page is older than ``since`` (epoch seconds).
        """
        after = ""
        for _ in range(PAGES):
            query = {"limit": str(PAGE), **({"after": after} if after else {})}
            page = await self._call("GET", "batches", query=query)
            data = page.get("data")
            found = [self._remote(one) for one in data if isinstance(one, dict)] if isinstance(data, list) else []
            for one in found:
                if one.name == name or (one.name is None and one.input_file == input_file):
                    return one
            if not found or not page.get("has_more") or found[-1].id == after:
                return None
            if all(one.created < since for one in found):
                return None
            after = found[-1].id
        return None

    async def lines(self, file: str, route: Route = "chat") -> AsyncIterator[Line | None]:
        """The lines of a results file as they arrive; None stands for one that cannot be read.

        Raises ``Transient`` when the connection breaks off: begin again, and leave out what is known already.
        """
        parts = self._parts or self._connect()
        request = parts.request("GET", f"files/{quote(file, safe='')}/content")
        try:
            response = await parts.http.send(request, stream=True)
            try:
                if response.status_code != 200:
                    raise self._refused(*await self._whole(response))
                async for line in _lines(response):
                    yield None if line is None else self.read(line, route)
            finally:
                await response.aclose()
        except (*parts.failures, TimeoutError, OSError) as error:
            raise self._unreached(error) from None

    def read(self, line: bytes, route: Route = "chat") -> Line | None:
        """A line of an output or error file; None when it names no request."""
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return None
        custom_id = found.get("custom_id") if isinstance(found, dict) else None
        if not isinstance(custom_id, str):
            return None
        response, error = found.get("response"), found.get("error")
        place = self.model.place
        try:
            if isinstance(response, dict):
                status = response.get("status_code")
                content = json.dumps(response.get("body")).encode()
                if status != 200:
                    raise refusal(status if isinstance(status, int) else 502, {}, content, place, route=route)
                answer = self.model.read(content, route=route)
                answer.endpoint = self.host
                return Line(custom_id, answer)
            code = error.get("code") if isinstance(error, dict) else None
            words = error.get("message") if isinstance(error, dict) else None
            said = f" ({place.scrub(words)})" if isinstance(words, str) and words else ""
            raise Transient(
                f"{self.host} has no answer to this request of a batch{said}.",
                reason=clean(code, limit=40) if isinstance(code, str) and code else "no answer",
            )
        except ModelError as problem:
            return Line(custom_id, error=problem, expired=problem.reason in ("batch_expired", "batch_cancelled"))

    async def close(self) -> None:
        parts, self._parts = self._parts, None
        if parts is not None:
            await parts.client.close()

    def _connect(self) -> _Parts:
        self._parts = _Parts(self.model)
        return self._parts

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, Any] | None = None,
        key: str | None = None,
        tries: int = TRIES,
    ) -> dict[str, Any]:
        """The object that one call gives. What may pass (429, 5xx, a dropped connection) is tried again some times."""
        parts = self._parts or self._connect()
        wait = WAIT
        for left in reversed(range(tries)):
            try:
                return await self._once(parts, parts.request(method, path, query, body, data, files, key))
            except (Transient, RateLimited) as error:
                if not left:
                    raise
                await asyncio.sleep(min(max(wait, error.retry_after or 0.0), PATIENCE))
                wait *= 2
        raise AssertionError("unreachable")

    async def _once(self, parts: _Parts, request: Any) -> dict[str, Any]:
        try:
            response, content = await self._whole(await parts.http.send(request, stream=True))
        except (*parts.failures, TimeoutError, OSError) as error:
            raise self._unreached(error) from None
        if not 200 <= response.status_code < 300:
            raise self._refused(response, content)
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Transient(f"{self.host} sent something that is no batch and no file.", reason="not json")
        return found

    async def _whole(self, response: Response) -> tuple[Response, bytes]:
        """A response with its content, of which never much more than a bound is read."""
        try:
            return response, await connection.read(response)
        except connection.TooLarge:
            raise connection.too_large(self.model.place) from None
        finally:
            await response.aclose()

    def _refused(self, response: Response, content: bytes) -> ModelError:
        """The refusal of a request, but for an address that is not there: it is no verdict on chat completions."""
        status = response.status_code
        if status in _NOWHERE:
            return BadRequest(f"{self.host} has no such batch or file (status {status}).", reason=f"http {status}")
        if status == 413:
            return BadRequest(f"{self.host} takes no file of that size (status 413).", reason="http 413")
        if status == 409:
            return BadRequest(f"{self.host} cannot do that with a batch in its state.", reason="http 409")
        return refusal(status, response.headers, content, self.model.place)

    def _unreached(self, error: BaseException) -> ModelError:
        return self.model.unreached(error)

    def _remote(self, found: Mapping[str, Any]) -> Remote:
        counts = found.get("request_counts")
        counts = counts if isinstance(counts, dict) else {}
        metadata = found.get("metadata")
        name = metadata.get(MARK) if isinstance(metadata, dict) else None
        words, code = _problems(found.get("errors"), self.model.place)
        created = found.get("created_at")
        return Remote(
            id=self._text(found, "id"),
            status=clean(str(found.get("status") or "unknown"), limit=40).lower(),
            name=name if isinstance(name, str) else None,
            input_file=_optional(found.get("input_file_id")),
            output_file=_optional(found.get("output_file_id")),
            error_file=_optional(found.get("error_file_id")),
            created=float(created) if isinstance(created, (int, float)) else 0.0,
            total=_count(counts.get("total")),
            completed=_count(counts.get("completed")),
            failed=_count(counts.get("failed")),
            words=words,
            code=code,
        )

    def _text(self, found: Mapping[str, Any], name: str) -> str:
        value = _optional(found.get(name))
        if value is None:
            raise Transient(f"{self.host} sent a batch or a file without {name}.", reason="not json")
        return value


class _Parts:
    """The openai package's client and the HTTP client it was given, with the headers that it would send."""

    def __init__(self, model: OpenAIModel) -> None:
        import aiohttp
        import httpx2
        from openai import AsyncOpenAI, DefaultAioHttpClient

        url, key = model.address()
        # A whole file takes longer than an answer; what may take no longer than one is a single read or write.
        timeout = httpx2.Timeout(model.timeout)
        self.http = DefaultAioHttpClient(timeout=timeout, follow_redirects=False)
        self.client = AsyncOpenAI(api_key=key, base_url=url, max_retries=0, http_client=self.http)
        self.failures = (httpx2.RequestError, httpx2.StreamError, aiohttp.ClientError)
        self._base = str(self.client.base_url).rstrip("/")
        shared = {**self.client.auth_headers, **self.client.default_headers}
        self._headers = {
            name: value for name, value in shared.items() if isinstance(value, str) and name.lower() != "content-type"
        }

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Any:
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        return self.http.build_request(
            method, f"{self._base}/{path}", params=query, json=body, data=data, files=files, headers=headers
        )


async def _lines(response: Response) -> AsyncIterator[bytes | None]:
    """Lines without their ends; None for one longer than ``MOST_LINE``, of which no more than that is held."""
    held = bytearray()
    skipping = False
    async for chunk in response.aiter_bytes():
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            held += chunk[start:end]
            start = end + 1
            if skipping or len(held) > MOST_LINE:
                yield None
            elif held.strip():
                yield bytes(held)
            held.clear()
            skipping = False
        held += chunk[start:]
        if len(held) > MOST_LINE:
            skipping = True
            held.clear()
    if skipping:
        yield None
    elif held.strip():
        yield bytes(held)


def _problems(errors: Any, place: Place) -> tuple[str, str]:
    """The endpoint's words about a batch that failed, and its code: ``{data: [{code, message, line}]}``."""
    data = errors.get("data") if isinstance(errors, dict) else None
    first = next((one for one in data if isinstance(one, dict)), None) if isinstance(data, list) else None
    if first is None:
        return (place.scrub(errors) if isinstance(errors, str) else ""), ""
    line = first.get("line")
    words = place.scrub(str(first.get("message") or ""))
    code = first.get("code")
    where = f" (line {line:,})" if isinstance(line, int) and not isinstance(line, bool) else ""
    return f"{words}{where}", clean(code, limit=60).lower() if isinstance(code, str) else ""


def route_of(url: str) -> Route:
    """The kind of answers that a batch for ``url`` gives."""
    return "completions" if url == COMPLETIONS else "chat"


def _optional(value: Any) -> str | None:
    """An endpoint's name for something, if it can be one: it is stored, and shown in sentences."""
    fit = isinstance(value, str) and 0 < len(value) <= 512 and value.isascii() and value.isprintable()
    return value if fit else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else 0
