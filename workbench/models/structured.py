"""Answers by a JSON Schema: as strictly as an endpoint can, found out once and remembered.

The ladder of ways, best first: a strict ``json_schema`` (the endpoint can only write what fits), a loose one, JSON mode
(any object; the schema stands in the system message), and words alone. A way that an endpoint refuses is left for the
next one, with the same request and at once; what then works is remembered in the model's abilities, so that the others,
which wait for the first to find out, do not ask in vain.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from workbench.models.base import Answer, BadRequest, ModelError
from workbench.models.refusals import Said

STRICT, LOOSE, OBJECT, WORDS = range(4)
#: The ways as abilities are written; ``strict: no`` tells a loose schema from a strict one.
NAMES = ("json_schema", "json_schema", "json_object", "none")
#: So many answers that are no object, and more than there were objects: the endpoint ignores what it accepted.
IGNORED = 3
#: Seconds that requests wait for the one that finds out.
PATIENCE = 10.0
#: Statuses with which endpoints refuse a response format.
STATUSES = frozenset({400, 404, 422, 500, 501})
_FORMAT = re.compile(
    r"response[_ ]?format|json[_ ]?schema|json[_ ]?object|json[_ ]mode|structured[_ ]outputs?|grammar|guided|requested param",
    re.IGNORECASE,
)
_UNSUPPORTED = re.compile(r"unsupported|not (?:currently )?supported|does not support", re.IGNORECASE)
_THIS_SCHEMA = re.compile(
    r"invalid schema|schema is (?:invalid|not)|\bstrict\b|additionalProperties|keyword", re.IGNORECASE
)
#: What strict mode takes (platform.openai.com, "Structured Outputs", supported schemas).
_KEYWORDS = frozenset(
    {
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "anyOf",
        "enum",
        "const",
        "description",
        "title",
        "$ref",
        "$defs",
        "definitions",
        "pattern",
        "format",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "maxItems",
    }
)

_SHAPES = frozenset({"type", "anyOf", "enum", "const", "$ref"})


class NoSuchFormat(Exception):
    """The endpoint refused the way in which a structured answer was asked for; ``error`` is what it said."""

    def __init__(self, error: ModelError, *, schema_only: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.schema_only = schema_only  # not json_schema as such, but this schema in strict mode


def refuses(status: int, said: Said, rung: int) -> bool:
    """Whether an error is about the response format that was asked for (and not, say, about the prompt)."""
    if rung == WORDS or status not in STATUSES or "json_validate_failed" in said.code:
        return False
    words = f"{said.words} {said.parameter}"
    return bool(_FORMAT.search(words) or (status != 404 and _UNSUPPORTED.search(words)))


def schema_only(said: Said, rung: int) -> bool:
    """Whether a loose schema may still be taken where a strict one was refused."""
    return rung == STRICT and bool(_THIS_SCHEMA.search(said.words))


def is_strict(schema: Mapping[str, Any]) -> bool:
    """Whether strict mode takes ``schema``: an object at the root, every object closed, all its keys required, and no
    keyword that strict mode does not know."""
    return schema.get("type") == "object" and _strict(schema, 0)


def _strict(schema: Any, depth: int) -> bool:
    if not isinstance(schema, Mapping) or depth > 10 or not schema.keys() <= _KEYWORDS:
        return False
    if not schema.keys() & _SHAPES:
        return False  # anything at all: strict mode wants to know what
    kind = schema.get("type")
    if kind == "object" or (isinstance(kind, (list, tuple)) and "object" in kind) or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or not isinstance(properties, Mapping):
            return False
        if set(schema.get("required", ())) != set(properties):
            return False
    inner: list[Any] = [schema["items"]] if "items" in schema else []
    for name in ("properties", "$defs", "definitions"):
        inner += dict(schema.get(name, {})).values()
    inner += schema.get("anyOf", ())
    return all(_strict(one, depth + 1) for one in inner)


def response_format(schema: Mapping[str, Any], rung: int) -> dict[str, Any] | None:
    """The request's ``response_format``, None for words alone."""
    if rung == WORDS:
        return None
    if rung == OBJECT:
        return {"type": "json_object"}
    described = {"name": "answer", "schema": dict(schema), "strict": rung == STRICT}
    return {"type": "json_schema", "json_schema": described}


def with_schema(messages: Iterable[Mapping[str, str]], schema: Mapping[str, Any]) -> list[dict[str, str]]:
    """The messages with the schema in words, at the end of the system message (a new one if there is none)."""
    kind = schema.get("type", "object")
    words = (
        f"Answer with one JSON {kind if isinstance(kind, str) else 'value'} and nothing else: no other words, no code "
        f"fence. It follows this JSON Schema:\n{json.dumps(schema, ensure_ascii=False)}"
    )
    told = [dict(message) for message in messages]
    if told and told[0].get("role") == "system":
        told[0]["content"] = f"{told[0].get('content', '')}\n\n{words}"
        return told
    return [{"role": "system", "content": words}, *told]


def is_object(text: str) -> bool:
    """Whether an answer sets out to be a JSON object, as one that follows its response format must. A broken one counts:
    it is the model's fault, not a sign that the format was ignored."""
    return text.lstrip()[:1] == "{"


class Ladder:
    """Which way to ask, for all requests of one model; for one event loop at a time.

    Until a way is known to work, one request goes first and the others wait for it (``PATIENCE`` seconds at most, once
    per way). ``forgiving`` is the number of answers that are no JSON object, at the least, before a way counts as ignored.
    """

    def __init__(self, *, forgiving: int = IGNORED) -> None:
        self.forgiving = forgiving
        self._trying: int | None = None
        self._first: asyncio.Event | None = None
        self._good = self._bad = 0
        self._strict: tuple[Mapping[str, Any], bool] | None = None

    def rung(self, abilities: Mapping[str, str], schema: Mapping[str, Any]) -> int:
        """The way to ask for ``schema`` as far as is known."""
        known = self._trying if self._trying is not None else _rung_of(abilities)
        if self._strict is None or self._strict[0] is not schema:
            self._strict = (schema, is_strict(schema))
        rung = STRICT if known is None else known
        if rung == STRICT and not self._strict[1]:
            return LOOSE
        return WORDS if rung == OBJECT and not _is_object_schema(schema) else rung

    def settled(self, abilities: Mapping[str, str]) -> bool:
        return self._trying is None and _rung_of(abilities) is not None

    async def ask(
        self,
        abilities: MutableMapping[str, str],
        schema: Mapping[str, Any],
        send: Callable[[int], Awaitable[Answer]],
    ) -> Answer:
        """The answer of ``send(rung)``, which raises ``NoSuchFormat`` for a way that the endpoint refuses."""
        waited: set[int] = set()
        takes_objects = _is_object_schema(schema)
        refused = STRICT  # nothing above it is asked again, whatever others find: each request ends
        while True:
            rung = max(self.rung(abilities, schema), refused)
            settled = self.settled(abilities)
            if not settled and self._first is not None and rung not in waited:
                waited.add(rung)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._first.wait(), PATIENCE)
                continue
            first = None
            if not settled and self._first is None:
                first = self._first = asyncio.Event()
            try:
                answer = await send(rung)
            except NoSuchFormat as error:
                refused = LOOSE if error.schema_only else OBJECT if rung < OBJECT and takes_objects else WORDS
                if rung == self.rung(abilities, schema):
                    self._step_down(LOOSE if error.schema_only else max(OBJECT, rung + 1))
                continue
            except BadRequest:
                # Refused without any format too: it was the request's fault, and nothing has been learned.
                if rung == WORDS:
                    self._trying = None
                raise
            finally:
                if first is not None:
                    first.set()
                    self._first = None
            self._works(abilities, schema, rung, answer)
            return answer

    def _step_down(self, rung: int) -> None:
        self._trying = rung
        self._good = self._bad = 0

    def _works(self, abilities: MutableMapping[str, str], schema: Mapping[str, Any], rung: int, answer: Answer) -> None:
        if rung != self.rung(abilities, schema):
            return  # sent before others found out
        if not self.settled(abilities) and (rung != WORDS or _is_object_schema(schema)):
            abilities["structured"] = NAMES[rung]
            if rung == STRICT:
                abilities.pop("strict", None)
            elif self._trying == LOOSE:
                abilities["strict"] = "no"
            self._trying = None
        if rung == WORDS or not answer.text or answer.finish_reason not in (None, "stop"):
            return
        if not _is_object_schema(schema):
            return
        if is_object(answer.text):
            self._good += 1
        else:
            self._bad += 1
            if self._bad >= self.forgiving and self._bad > self._good:
                self._step_down(max(OBJECT, rung + 1))


def _rung_of(abilities: Mapping[str, str]) -> int | None:
    known = abilities.get("structured")
    if known == "json_schema":
        return LOOSE if abilities.get("strict") == "no" else STRICT
    return {"json_object": OBJECT, "none": WORDS}.get(known or "")


def _is_object_schema(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("type", "object") == "object")
