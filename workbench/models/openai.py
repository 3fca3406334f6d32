"""Any OpenAI-compatible endpoint: chats, raw completions and embeddings, in the way that the endpoint takes them.

What an endpoint refuses by name (a response format, a parameter) is asked for in another way at once, and remembered in
``abilities``. Nothing is retried here: whether asking again can help is said by the class of the error.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from workbench.errors import UsageError
from workbench.models import connection as connections
from workbench.models import parameters, structured
from workbench.models.answers import no_scores, read_answer, read_embeddings, read_scores
from workbench.models.base import Answer, BadRequest, Capability, Fatal, ModelError, Request
from workbench.models.connection import Connection, Reply
from workbench.models.place import Place, host_of
from workbench.models.refusals import Route, refusal, said
from workbench.text import clean, content_hash

if TYPE_CHECKING:
    from array import array

DESCRIPTION = "A language model behind an OpenAI-compatible endpoint; what a request costs is up to its provider."
CAPABILITIES: frozenset[Capability] = frozenset({"chat", "structured", "logprobs", "embeddings", "completions"})
DEFAULT_BASE_URL = "https://api.openai.com/v1"
DEFAULT_TIMEOUT = 120.0
#: Sent to endpoints that need no key; the package insists on one.
PLACEHOLDER_KEY = "none"
#: Texts and characters in one request for embeddings (the largest provider takes 2,048 texts and 300,000 tokens).
EMBEDDED_AT_ONCE = 128
EMBEDDED_CHARACTERS = 250_000
_OURS = frozenset({"model", "messages", "prompt", "stream", "n", "response_format", "echo"})
#: How a prompt's own log-probabilities are asked for. One token is written and thrown away: not every server takes 0.
_ECHO: Mapping[str, Any] = {"echo": True, "logprobs": 1, "max_tokens": 1}


class OpenAIModel:
    """``model`` at ``base_url`` (default: ``OPENAI_BASE_URL``, else the provider's own address).

    The key is read from the environment variable ``api_key_env`` at the first call and kept nowhere else; without one
    a placeholder is sent, which local servers ignore. ``timeout`` is the longest a whole answer may take, in seconds.
    ``group`` names endpoints that answer alike (cache key); the default is a hash of the address.

    ``abilities`` is what is known of this model at this endpoint; it may be filled before the first request and kept
    after the last: ``structured`` (``json_schema``, ``json_object`` or ``none``), ``logprobs``, ``completions`` and
    ``embeddings`` (``yes`` or ``no``), ``strict`` (``no``: json_schema, but not strictly), and ``chat.PARAMETER`` for a
    parameter to leave out (``no``) or to send under another name. ``log`` is called with a level and a sentence when
    something is learned that a person should know.

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
        abilities: Mapping[str, str] | None = None,
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
        self.abilities: dict[str, str] = dict(abilities or {})
        self.log: Callable[[str, str], None] = lambda level, sentence: None
        self.ladder = structured.Ladder()
        self.place = Place(self.host, clean(model, limit=80), api_key_env)
        self._needed: set[str] = set()
        self._connection: Connection | None = None

    def __repr__(self) -> str:
        return f"<OpenAIModel {self.model!r} at {self.host}>"

    async def complete(self, request: Request) -> Answer:
        """One answer; raises a ``ModelError`` whose class says whether asking again can help.

        A refusal is an answer too (finish reason ``refusal``), and so is one that was cut off (``length``).
        """
        schema = request.schema
        if schema is None or request.prompt is not None:
            return await self._ask(request, structured.WORDS)
        return await self.ladder.ask(self.abilities, schema, lambda rung: self._ask(request, rung))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text, in their order, all of one length; raises a ``ModelError`` when one request fails.

        Sent in batches of at most ``EMBEDDED_AT_ONCE`` texts, one after another. An empty text, which endpoints refuse, is
        sent as a space.
        """
        vectors: list[array[float]] = []
        for batch in _batches([text or " " for text in texts]):
            reply = await self.post("embeddings", _dump({"model": self.model, "input": batch}))
            if reply.status != 200:
                raise refusal(reply.status, reply.headers, reply.content, self.place, route="embeddings")
            vectors += read_embeddings(reply.content, self.place, count=len(batch))
            if len(vectors[0]) != len(vectors[-1]):
                raise BadRequest(
                    f"{self.host} sent embeddings of several lengths: use another model.", reason="embeddings"
                )
        return [vector.tolist() for vector in vectors]

    async def check(self, needs: Iterable[Capability]) -> str | None:
        """Why this endpoint cannot give what is needed, without the last full stop; None when it can, as far as is known.

        Asks one tiny request for each of ``logprobs``, ``completions`` and ``embeddings`` that is needed and not yet
        known. Whoever is busy or does not answer stays unknown; raises ``Fatal`` for a refused key and the like. What is
        needed is remembered: log-probabilities are then never left out to please an endpoint.
        """
        from workbench.models.checking import check

        needed = set(needs)
        self._needed |= needed
        return await check(self, needed)

    async def close(self) -> None:
        """Close the connections; the model can be used again, with new ones."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.client.close()

    def address(self) -> tuple[str, str]:
        """The base URL, and the key to send there (a placeholder where none is set). Raises ``Fatal`` without one that is
        needed."""
        key = os.environ.get(self.place.key_variable, "").strip()
        if not key and self._url == DEFAULT_BASE_URL:
            raise Fatal(
                f"{self.host} needs a key and {self.place.key_variable} is not set: export it, or set model.base_url to an "
                "endpoint of your own.",
                reason="no key",
            )
        self.place = Place(self.host, self.place.model, self.place.key_variable, key or None)
        return self._url, key or PLACEHOLDER_KEY

    async def post(self, what: str, body: bytes | None) -> Reply:
        """The whole response to one request, of any status; raises a ``ModelError`` when there was none, or too much."""
        connection = self._connection
        if connection is None:
            connection = self._connection = Connection(*self.address(), self.timeout)
        try:
            async with asyncio.timeout(self.timeout):
                return await connection.send(what, body)
        except (*connection.failures, TimeoutError, OSError) as error:
            raise self.unreached(error) from None
        except connections.TooLarge:
            raise connections.too_large(self.place) from None

    def unreached(self, error: BaseException) -> ModelError:
        """The error for a connection that failed with ``error``."""
        return connections.unreached(error, self.place, self.timeout)

    def body(self, request: Request) -> bytes:
        """The JSON body of a request, in the way that is known to work here (the best one where nothing is known).

        Raises ``BadRequest`` for a parameter that is not the project's to set, or what JSON cannot hold.
        """
        rung = structured.WORDS if request.schema is None else self.ladder.rung(self.abilities, request.schema)
        return self._body(request, rung, self.abilities)[0]

    def read(self, content: bytes, *, seconds: float = 0.0, route: Route = "chat") -> Answer:
        """The answer in a response with status 200."""
        return read_answer(content, self.place, seconds=seconds, route=route)

    async def _ask(self, request: Request, rung: int) -> Answer:
        """One answer, asked for in one way; parameters that are refused by name are left out or renamed on the spot.

        Raises ``NoSuchFormat`` when the endpoint refuses this way of asking for a structured answer.
        """
        route: Route = "chat" if request.prompt is None else "completions"
        learned: dict[str, str] = {}
        refused: set[str] = set()
        while True:
            body, sent = self._body(request, rung, {**self.abilities, **learned} if learned else self.abilities)
            began = perf_counter()
            reply = await self.post(route, body)
            if reply.status == 200:
                seconds = perf_counter() - began
                if request.prompt is not None and request.scored is not None:
                    prompt, start = request.prompt, request.scored
                    return read_scores(reply.content, self.place, prompt=prompt, start=start, seconds=seconds)
                answer = read_answer(reply.content, self.place, seconds=seconds, route=route)
                if learned:
                    self._learn(learned)
                if answer.logprobs is not None and "logprobs" not in self.abilities:
                    self.abilities["logprobs"] = "yes"
                return answer
            told = said(reply.content)
            error = refusal(reply.status, reply.headers, reply.content, self.place, route=route)
            name = parameters.refused(reply.status, told, sent)
            if request.scored is not None:
                cannot = name in ("echo", "logprobs") or (reply.status < 502 and "no echo" in told.words.lower())
                raise no_scores(self.place) if cannot else error
            if name is None:
                if request.schema is not None and structured.refuses(reply.status, told, rung):
                    self._learn(learned)  # nothing is said against the parameters any more
                    raise structured.NoSuchFormat(error, schema_only=structured.schema_only(told, rung))
                raise error
            if name in refused:
                raise error
            refused.add(name)
            if name in parameters.LOGPROBS and "logprobs" in self._needed:
                self.abilities["logprobs"] = "no"
                raise Fatal(
                    f"{self.name} at {self.host} gives no token log-probabilities, and they are needed here: use another "
                    "model or recipe.",
                    reason="logprobs",
                )
            known = {**self.abilities, **learned}
            if lesson := parameters.lesson(name, request.parameters, route, known, refused):
                learned |= lesson
            elif self._body(request, rung, known)[1] == sent:
                raise error  # nobody else has learned better meanwhile

    def _learn(self, learned: Mapping[str, str]) -> None:
        new = {name: value for name, value in learned.items() if self.abilities.get(name) != value}
        if not new:
            return  # another request was faster
        self.abilities.update(new)
        if any(name.rpartition(".")[2] == "logprobs" for name in new):
            self.abilities["logprobs"] = "no"
        self.log("warning", parameters.sentence(new, f"{self.name} at {self.host}"))

    def _body(self, request: Request, rung: int, abilities: Mapping[str, str]) -> tuple[bytes, set[str]]:
        """The body, and the names of the parameters in it."""
        given = request.parameters
        if taken := _OURS & given.keys():
            raise BadRequest(
                f"The parameter {sorted(taken)[0]!r} is set by the workbench: take it out of model.parameters.",
                reason="parameter",
            )
        try:
            if request.prompt is not None:
                told = parameters.applied(parameters.legacy(given), "completions", abilities)
                if request.scored is not None:
                    told |= _ECHO
                body: dict[str, Any] = {"model": self.model, "prompt": request.prompt, **told}
            else:
                told = parameters.applied(given, "chat", abilities)
                schema = request.schema
                if schema is None or rung < structured.OBJECT:
                    messages = [dict(message) for message in request.messages]
                else:
                    messages = structured.with_schema(request.messages, schema)
                body = {"model": self.model, "messages": messages, **told}
                if schema is not None and (wanted := structured.response_format(schema, rung)):
                    body["response_format"] = wanted
            return _dump(body), set(told)
        except (TypeError, ValueError, RecursionError) as error:
            raise BadRequest(f"The request cannot be written as JSON: {error}.", reason="not json") from None


def _dump(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    start = 0
    while start < len(texts):
        end, size = start, 0
        while end < len(texts) and end - start < EMBEDDED_AT_ONCE and (end == start or size < EMBEDDED_CHARACTERS):
            size += len(texts[end])
            end += 1
        if end - start > 1 and size > EMBEDDED_CHARACTERS:
            end -= 1
        yield texts[start:end]
        start = end
