"""The way to an endpoint: the openai package's async client and its HTTP client, with a bound on what is read.

The package is imported with the first connection, never by a listing. ``AsyncOpenAI`` decides address, headers and
transport (aiohttp); a request then goes straight through the HTTP client that it was given. Its own path copies and
validates typed objects and rebuilds the same headers for every request, which costs as much again as the request itself;
its retries are not wanted either, since the engine retries and counts.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from workbench.models.base import BadRequest, Fatal, ModelError, Transient
from workbench.models.place import Place

if TYPE_CHECKING:
    from httpx2 import Response

#: The most bytes of an answer that are read: a million tokens with their log-probabilities are less.
MOST_BYTES = 32 * 2**20
#: The most bytes of an error that are read.
MOST_ERROR_BYTES = 64 * 2**10


class Reply(NamedTuple):
    """A whole response. ``headers`` are found by lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class TooLarge(Exception):
    """The endpoint sends more than ``MOST_BYTES``."""


class Connection:
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
        base = str(self.client.base_url).rstrip("/")
        paths = ("chat/completions", "completions", "embeddings", "models")
        self._urls = {path.partition("/")[0]: httpx2.URL(f"{base}/{path}") for path in paths}
        shared = {**self.client.auth_headers, **self.client.default_headers}
        headers = {name: value for name, value in shared.items() if isinstance(value, str)}
        self._headers = httpx2.Headers({"Host": self._urls["chat"].netloc.decode("ascii"), **headers})
        self._extensions = {"timeout": httpx2.Timeout(timeout).as_dict()}

    async def send(self, what: str, body: bytes | None) -> Reply:
        """The whole response to one POST (a GET without ``body``) to ``chat``, ``completions``, ``embeddings`` or ``models``.

        Raises one of ``failures`` when there was none, or ``TooLarge``.
        """
        request = self._request(
            "GET" if body is None else "POST",
            self._urls[what],
            headers=self._headers,
            content=body,
            extensions=self._extensions,
        )
        response = await self.http.send(request, stream=True)
        try:
            content = await read(response)
        finally:
            if not response.is_closed:
                await response.aclose()
        return Reply(response.status_code, response.headers, content)


async def read(response: Response) -> bytes:
    """The content, decoded, of which never much more than the bound is in memory; raises ``TooLarge``."""
    good = 200 <= response.status_code < 300
    most = MOST_BYTES if good else MOST_ERROR_BYTES
    # Looking a header up by name decodes them all, and decoding nothing costs as much as reading.
    encoded = any(name.lower() == b"content-encoding" for name, _ in response.headers.raw)
    parts, size = [], 0
    async with aclosing(response.aiter_bytes() if encoded else response.aiter_raw()) as coming:
        async for part in coming:
            parts.append(part)
            size += len(part)
            if size > most:
                if good:
                    raise TooLarge
                break
    return b"".join(parts)[:most]


def too_large(place: Place) -> BadRequest:
    """The error for an answer above the bound."""
    return BadRequest(
        f"{place.host} sent an answer of more than {MOST_BYTES // 2**20} MB, which was not read to its end: set max_tokens.",
        reason="too large",
    )


def unreached(error: BaseException, place: Place, timeout: float) -> ModelError:
    """Why there was no response at all: an error of the connection, the name, the certificate or the time."""
    causes = list(_causes(error))
    address = next((cause for cause in causes if isinstance(cause, socket.gaierror)), None)
    if address is not None and address.errno == socket.EAI_NONAME:
        return Fatal(f"There is no host {place.host}: check model.base_url.", reason="unknown host")
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Fatal(
            f"The certificate of {place.host} is not trusted: check the address, or this machine's certificates.",
            reason="certificate",
        )
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return Transient(
            f"{place.host} did not answer within {timeout:g} seconds: raise model.timeout or lower the concurrency.",
            reason="timeout",
        )
    return Transient(
        f"{place.host} cannot be reached or dropped the connection: check that it runs and that model.base_url is right.",
        reason="connection",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        yield from (value for value in vars(error).values() if isinstance(value, OSError))  # aiohttp keeps the OS error
        error = error.__cause__ or error.__context__
