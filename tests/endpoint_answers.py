"""What the server of ``tests/endpoint.py`` answers: phrases, objects that follow a JSON Schema, vectors.

Everything is a function of the prompt and the server's seed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import pairwise
from typing import Any

OPENERS = (
    "Why has", "I need help,", "Could you tell me if", "Hi,", "Since yesterday", "For the third time",
    "Please explain why", "I'd like to know whether", "Sorry to bother you, but", "Can somebody check why",
    "It looks as if", "No idea why, but",
)  # fmt: skip
SUBJECTS = (
    "my new card", "the transfer to my sister", "the exchange rate in the app", "my PIN", "a payment in a restaurant",
    "the top-up from this morning", "cash from the machine", "my refund", "the fee on my statement", "my old address",
    "the second account", "a direct debit",
)  # fmt: skip
EVENTS = (
    "has not arrived", "was declined", "is still pending", "is wrong", "was charged twice", "does not show up",
    "stopped working", "was cancelled", "looks strange to me", "takes so long", "needs to be changed", "was blocked",
)  # fmt: skip
CLOSINGS = (
    ".",
    "?",
    ", what can I do?",
    " since last week.",
    ", thanks!",
    " and I am abroad.",
    ", is that normal?",
    " again!",
)


def digest(text: str, salt: bytes, size: int = 32) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=size, key=salt).digest()


def share(text: str, salt: bytes) -> float:
    """A number in [0, 1)."""
    return int.from_bytes(digest(text, salt, 6), "big") / 2**48


def phrase(text: str, salt: bytes) -> str:
    """One sentence that depends on ``text``."""
    parts = iter(blake2b(text.encode("utf-8", "replace"), key=salt).digest())
    chosen = [group[next(parts) % len(group)] for group in (OPENERS, SUBJECTS, EVENTS, CLOSINGS)]
    return f"{chosen[0]} {chosen[1]} {chosen[2]}{chosen[3]}"


def vector(text: str, salt: bytes, size: int = 16) -> list[float]:
    """A unit vector."""
    numbers = [byte / 127.5 - 1 for byte in digest(text, salt, size)]
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return [number / length for number in numbers]


def follow(schema: Any, told: str, salt: bytes, *, path: str = "", root: Any = None) -> Any:
    """A value that follows ``schema`` (the keywords that tasks use), different for different ``told`` and ``path``."""
    root = schema if root is None else root
    if not isinstance(schema, dict):
        return phrase(f"{told}{path}", salt)
    if isinstance(reference := schema.get("$ref"), str):
        found: Any = root
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return follow(found, told, salt, path=path, root=root)
    pick = int(share(f"{path} {told}", salt) * 2**32)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][pick % len(schema["enum"])]
    for name in ("anyOf", "oneOf"):
        if choices := [one for one in schema.get(name, ()) if one.get("type") != "null"]:
            return follow(choices[pick % len(choices)], told, salt, path=path, root=root)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if kind == "object":
        return {
            name: follow(inner, told, salt, path=f"{path}.{name}", root=root)
            for name, inner in schema.get("properties", {}).items()
        }
    if kind == "array":
        return _items(schema, told, salt, path, root, pick)
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 100))
        if kind == "integer":
            least, most = math.ceil(low), math.floor(high)
            least, most = least + ("exclusiveMinimum" in schema), most - ("exclusiveMaximum" in schema)
            return least + pick % max(1, most - least + 1)
        return round(low + (high - low) * (0.001 + 0.998 * share(f"{path} number {told}", salt)), 3)
    if kind == "boolean":
        return bool(pick % 2)
    if kind == "null":
        return None
    text = phrase(f"{told}{path}", salt)
    while len(text) < schema.get("minLength", 0):
        text += f" {phrase(f'{told}{path}{len(text)}', salt)}"
    return text[: schema.get("maxLength", len(text))]


def _items(schema: dict[str, Any], told: str, salt: bytes, path: str, root: Any, pick: int) -> list[Any]:
    """An array; one of messages takes turns, beginning with the user and ending with the assistant."""
    least = schema.get("minItems", 1)
    length = min(least + pick % 3, schema.get("maxItems", least + 2))
    inner = schema.get("items", {})
    roles = inner.get("properties", {}).get("role", {}).get("enum") if isinstance(inner, dict) else None
    turns = [role for role in ("user", "assistant") if roles and role in roles]
    if len(turns) == 2:
        length = max(2, length + length % 2)
    found: list[Any] = []
    for number in range(length):
        value = follow(inner, told, salt, path=f"{path}[{number}]", root=root)
        if len(turns) == 2 and isinstance(value, dict):
            value["role"] = turns[number % 2]
        if schema.get("uniqueItems") and value in found:
            continue
        found.append(value)
    return found


def echoed(prompt: str, text: str, *, scored: bool) -> dict[str, Any]:
    """Parts of a raw completion's choice that repeats its prompt. Tokens are words with the space before them; the
    log-probability of one is between -1.01 and -0.01 and depends on it and the one before; the first one has none."""
    tokens = re.findall(r"\s*\S+|\s+$", prompt) + re.findall(r"\s*\S+", f" {text}")
    offsets = [sum(map(len, tokens[:place])) for place in range(len(tokens))]
    pairs = [f"{before}\0{token}" for before, token in pairwise(tokens)]
    values = [None, *(-0.01 - share(pair, b"echo") for pair in pairs)]
    logprobs = {"tokens": tokens, "token_logprobs": values, "text_offset": offsets}
    return {"text": "".join(tokens), **({"logprobs": logprobs} if scored else {})}


def schema_in(prompt: str) -> dict[str, Any] | None:
    """The JSON Schema that a prompt holds in words: the one said to be followed, else the first object that looks like one."""
    before, _, after = prompt.partition("follows this JSON Schema:")
    for value in (*_objects(after), *_objects(before)):
        if "properties" in value or value.get("type") in ("object", "array"):
            return value
    return None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    start = text.find("{")
    while start >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except ValueError:
            end = start + 1
        else:
            if isinstance(value, dict):
                yield value
        start = text.find("{", end)
