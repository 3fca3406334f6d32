"""Any OpenAI-compatible endpoint, through the openai package's async client.

The package is imported on the first call, never by a listing. ``AsyncOpenAI`` decides address, headers and transport
(aiohttp); a request then goes straight through the HTTP client that it was given, and the answer is read from the raw
response. Its own path copies and validates typed objects and rebuilds the same headers for every request, which costs
as much again as the request itself; its retries are not wanted either, since the engine retries and counts.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from workbench.errors import UsageError
from workbench.models.answers import Place, read_answer, refusal
from workbench.models.base import Answer, BadRequest, Capability, Fatal, ModelError, Request, Transient
from workbench.text import clean, content_hash

if TYPE_CHECKING:
    from httpx2 import Response

DESCRIPTION = "A language model behind an OpenAI-compatible endpoint; what a request costs is up to its provider."
CAPABILITIES: frozenset[Capability] = frozenset({"chat", "structured", "logprobs"})
DEFAULT_BASE_URL = "https://api.openai.com/v1"
DEFAULT_TIMEOUT = 120.0
#: Sent to endpoints that need no key; the package insists on one.
PLACEHOLDER_KEY = "none"
_OURS = frozenset({"model", "messages", "stream", "n", "response_format"})


class OpenAIModel:
    """``model`` at ``base_url`` (default: ``OPENAI_BASE_URL``, else the provider's own address).

    The key is read from the environment variable ``api_key_env`` at the first call and kept nowhere else; without one
    a placeholder is sent, which local servers ignore. ``timeout`` is the longest a whole answer may take, in seconds.
    ``group`` names endpoints that answer alike (cache key); the default is a hash of the address.

    Raises ``UsageError`` for an address that is none or holds a password, a bare model name or a timeout that is not
    positive.
    """

    capabilities = CAPABILITIES
    description = DESCRIPTION

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key_env: str = "OPENAI_API_KEY",
        timeout: float = DEFAULT_TIMEOUT,
        group: str | None = None,
    ) -> None:
        if not model.strip():
            raise UsageError("The model has no name: write openai:NAME, for example openai:gpt-4.1-mini.")
        if not timeout > 0:
            raise UsageError(f"model.timeout is {timeout:g}: it must be more than 0 seconds.")
        self.model = model
        self.name = f"openai:{model}"
        self.timeout = timeout
        self._url = (base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_BASE_URL).rstrip("/")
        self.host = host_of(self._url)
        if "@" in urlsplit(self._url).netloc:
            raise UsageError(
                f"The address of {self.host} holds a user or password: take it out of model.base_url, and put the key into "
                f"the environment variable {api_key_env}."
            )
        self.group = group or "openai:" + content_hash(self._url)[:16]
        self._key_variable = api_key_env
        self._connection: _Connection | None = None
        self._place = Place(self.host, clean(model, limit=80), api_key_env)

    def __repr__(self) -> str:
        return f"<OpenAIModel {self.model!r} at {self.host}>"

    async def complete(self, request: Request) -> Answer:
        """One chat completion; raises a ``ModelError`` whose class says whether asking again can help."""
        connection = self._connection or self._connect()
        body = self._body(request)
        began = perf_counter()
        try:
            async with asyncio.timeout(self.timeout):
                response = await connection.send(body)
        except (*connection.failures, TimeoutError, OSError) as error:
            raise self._unreached(error) from None
        if response.status_code != 200:
            raise refusal(response.status_code, response.headers, response.content, self._place)
        return read_answer(response.content, self._place, seconds=perf_counter() - began)

    async def close(self) -> None:
        """Close the connections; the model can be used again, with new ones."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.client.close()

    def _connect(self) -> _Connection:
        key = os.environ.get(self._key_variable, "").strip()
        if not key and self._url == DEFAULT_BASE_URL:
            raise Fatal(
                f"{self.host} needs a key and {self._key_variable} is not set: export it, or set model.base_url to an "
                "endpoint of your own.",
                reason="no key",
            )
        self._place = Place(self.host, self._place.model, self._key_variable, key or None)
        self._connection = _Connection(self._url, key or PLACEHOLDER_KEY, self.timeout)
        return self._connection

    def _body(self, request: Request) -> bytes:
        if taken := _OURS & request.parameters.keys():
            raise BadRequest(
                f"The parameter {sorted(taken)[0]!r} is set by the workbench: take it out of model.parameters.",
                reason="parameter",
            )
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [dict(message) for message in request.messages],
            **request.parameters,
        }
        if request.schema is not None:
            body["response_format"] = _response_format(request.schema)
        try:
            return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            raise BadRequest(f"The request cannot be written as JSON: {error}.", reason="not json") from None

    def _unreached(self, error: BaseException) -> ModelError:
        """Why there was no response at all: an error of the connection, the name, the certificate or the time."""
        causes = list(_causes(error))
        address = next((cause for cause in causes if isinstance(cause, socket.gaierror)), None)
        if address is not None and address.errno == socket.EAI_NONAME:
            return Fatal(f"There is no host {self.host}: check model.base_url.", reason="unknown host")
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            return Fatal(
                f"The certificate of {self.host} is not trusted: check the address, or this machine's certificates.",
                reason="certificate",
            )
        if any(isinstance(cause, TimeoutError) for cause in causes):
            return Transient(
                f"{self.host} did not answer within {self.timeout:g} seconds: raise model.timeout or lower the "
                "concurrency.",
                reason="timeout",
            )
        return Transient(
            f"{self.host} cannot be reached or dropped the connection: check that it runs and that model.base_url is "
            "right.",
            reason="connection",
        )


class _Connection:
    """The package's client and HTTP client, with what all requests share worked out once."""

    def __init__(self, url: str, key: str, timeout: float) -> None:
        import aiohttp
        import httpx2
        from openai import AsyncOpenAI, DefaultAioHttpClient

        # Redirections are errors: following one would turn a POST into a GET, or send the prompt somewhere else.
        self.http = DefaultAioHttpClient(timeout=timeout, follow_redirects=False)
        self.client = AsyncOpenAI(api_key=key, base_url=url, timeout=timeout, max_retries=0, http_client=self.http)
        self.failures = (httpx2.RequestError, aiohttp.ClientError)
        self._request = httpx2.Request
        self._url = httpx2.URL(f"{str(self.client.base_url).rstrip('/')}/chat/completions")
        shared = {**self.client.auth_headers, **self.client.default_headers}
        headers = {name: value for name, value in shared.items() if isinstance(value, str)}
        self._headers = httpx2.Headers({"Host": self._url.netloc.decode("ascii"), **headers})
        self._extensions = {"timeout": httpx2.Timeout(timeout).as_dict()}

    async def send(self, body: bytes) -> Response:
        """The whole response to one POST; raises ``failures`` when there was none."""
        request = self._request("POST", self._url, headers=self._headers, content=body, extensions=self._extensions)
        return await self.http.send(request)


def host_of(url: str) -> str:
    """Host and port of ``url``, without user or password; raises ``UsageError`` when it is not an http address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        shown = clean(url.rpartition("@")[2], limit=80)
        raise UsageError(f"model.base_url {shown!r} is no address: write it like http://localhost:8000/v1.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return clean(host if port is None else f"{host}:{port}", limit=120)


def _response_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    # Strict schemas must close their objects; an open one is still followed as far as the endpoint can.
    strict = schema.get("additionalProperties") is False
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema), "strict": strict}}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        yield from (value for value in vars(error).values() if isinstance(value, OSError))  # aiohttp keeps the OS error
        error = error.__cause__ or error.__context__
