"""Asking an endpoint what it can do, with a few tokens: what a recipe needs, or everything (``workbench models check``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.models import structured
from workbench.models.answers import read_answer, read_embeddings
from workbench.models.base import Answer, BadRequest, Capability, Fatal, ModelError, RateLimited, Request, Transient
from workbench.models.connection import Reply
from workbench.models.refusals import Route, refusal, said
from workbench.text import clean

if TYPE_CHECKING:
    from workbench.models.openai import OpenAIModel

#: What can be asked for, in the order in which it is asked, and what an endpoint without it lacks.
LACKS: Mapping[Capability, str] = {
    "logprobs": "gives no token log-probabilities",
    "completions": "has no raw completions",
    "embeddings": "gives no embeddings",
}
#: Statuses that can mean "not here" or "not with this model", when they do not say that the key or the name is wrong.
_NOT_HERE = frozenset({400, 403, 404, 405, 422, 500, 501})
_MOST_MODELS = 500
_TINY = Request(({"role": "user", "content": "Say yes."},), parameters={"max_tokens": 1})
#: A question that nobody answers with a JSON object unless the endpoint makes them.
_STRUCTURED = Request(
    ({"role": "user", "content": "Which city is the capital of France?"},),
    parameters={"max_tokens": 60},
    schema={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)


@dataclass
class Findings:
    """What an endpoint can do. ``can`` maps chat, structured, logprobs, completions and embeddings to a word
    (``yes``, ``no``, ``unknown``, or the structured mode), ``why`` some of them to what the endpoint said; ``seconds`` is the
    time of one token; ``models`` is None when the endpoint lists none; ``tokens`` were used, as far as they were counted."""

    can: dict[str, str] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    models: list[str] | None = None
    tokens: int = 0

    def count(self, answer: Answer) -> None:
        self.tokens += answer.input_tokens + answer.output_tokens


async def check(model: OpenAIModel, needs: Set[str]) -> str | None:
    """See ``OpenAIModel.check``."""
    for need in LACKS:
        if need not in needs:
            continue
        if need not in model.abilities:
            try:
                await _find(model, need, Findings())
            except (RateLimited, Transient, BadRequest):
                continue
        if model.abilities.get(need) == "no":
            return f"{model.name} at {model.host} {LACKS[need]}"
    return None


async def survey(model: OpenAIModel) -> Findings:
    """Ask for everything, whatever ``model.abilities`` says, and put what was found there.

    Raises a ``ModelError`` when the endpoint cannot be reached, does not let this key in or has no such model.
    """
    model.abilities.clear()
    model.ladder = structured.Ladder(forgiving=1)
    found = Findings(models=await listed(model))
    found.can["chat"] = await _chat(model, found)
    found.can["structured"] = await _structured(model, found) if found.can["chat"] == "yes" else "unknown"
    for need in LACKS:
        try:
            await _find(model, need, found)
        except Fatal:
            raise
        except ModelError as error:
            found.why[need] = str(error)
        found.can[need] = model.abilities.get(need, "unknown")
    model.ladder = structured.Ladder()
    if "yes" not in found.can.values() and found.why.get("chat"):
        raise Fatal(found.why["chat"], reason="nothing there")
    return found


async def listed(model: OpenAIModel) -> list[str] | None:
    """The names of the models that the endpoint lists; None when it lists none. Raises a ``ModelError`` when it is not
    there."""
    reply = await model.post("models", None)
    if reply.status in (401, 403):
        raise refusal(reply.status, reply.headers, reply.content, model.place)
    try:
        data = json.loads(reply.content)["data"] if reply.status == 200 else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(data, list):
        return None
    names = [item.get("id") for item in data[:_MOST_MODELS] if isinstance(item, dict)]
    return [clean(model.place.hide(name), limit=200) for name in names if isinstance(name, str)]


async def _chat(model: OpenAIModel, found: Findings) -> str:
    try:
        answer = await model.complete(_TINY)
    except BadRequest as error:
        found.why["chat"] = str(error)
        # Models that think before they answer may refuse so short a limit: that is a chat all the same.
        return "yes" if "max_tokens" in str(error) or "output limit" in str(error) else "no"
    except Fatal as error:
        if error.reason not in ("http 404", "http 405"):
            raise
        found.why["chat"] = str(error)
        return "no"
    found.count(answer)
    found.seconds = answer.seconds
    return "yes"


async def _structured(model: OpenAIModel, found: Findings) -> str:
    # One answer that is no object is enough here: each of the three ways is asked at most once.
    try:
        for _ in range(3):
            answer = await model.complete(_STRUCTURED)
            found.count(answer)
            if model.ladder.settled(model.abilities):
                break
    except BadRequest as error:
        found.why["structured"] = str(error)
    return model.abilities.get("structured", "unknown")


async def _find(model: OpenAIModel, need: Capability, found: Findings) -> None:
    """Learn whether the endpoint has ``need``; raises a ``ModelError`` when it cannot be told."""
    if need == "logprobs":
        await _find_logprobs(model, found)
        return
    route: Route = "completions" if need == "completions" else "embeddings"
    body: dict[str, Any] = {"model": model.model}
    body |= {"prompt": "Once upon", "max_tokens": 1} if need == "completions" else {"input": ["yes"]}
    reply = await model.post(route, json.dumps(body).encode())
    if reply.status == 200:
        try:
            if need == "completions":
                found.count(read_answer(reply.content, model.place, route="completions"))
            else:
                read_embeddings(reply.content, model.place, count=1)
        except BadRequest as error:
            found.why[need] = str(error)
            model.abilities[need] = "no"
        else:
            model.abilities[need] = "yes"
        return
    if not _not_here(reply, need):
        raise refusal(reply.status, reply.headers, reply.content, model.place, route=route)
    found.why[need] = model.place.scrub(said(reply.content).words) or f"status {reply.status}"
    model.abilities[need] = "no"


async def _find_logprobs(model: OpenAIModel, found: Findings) -> None:
    request = Request(_TINY.messages, parameters={**_TINY.parameters, "logprobs": True})
    try:
        answer = await model.complete(request)
    except Fatal as error:
        if error.reason != "logprobs":
            raise
        model.abilities["logprobs"] = "no"
        return
    found.count(answer)
    if found.seconds is None or answer.seconds < found.seconds:
        found.seconds = answer.seconds
    if answer.logprobs is not None:
        model.abilities["logprobs"] = "yes"
    elif answer.text and answer.finish_reason not in ("refusal", "content_filter"):
        model.abilities["logprobs"] = "no"  # where nothing is said, nothing has a probability


def _not_here(reply: Reply, need: Capability) -> bool:
    """Whether an error means that the endpoint, or this model, lacks ``need``."""
    told = said(reply.content)
    words = told.words.lower()
    if "max_tokens" in words:
        return False  # so few tokens are not to its liking
    if reply.status == 403:
        return need == "embeddings" and "embedding" in words
    if reply.status == 500:
        return "support" in words or need.rstrip("s") in words
    if reply.status == 404 and "model" in words and ("not found" in words or "not exist" in words):
        return False
    return reply.status in _NOT_HERE
