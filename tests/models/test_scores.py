"""How likely a prompt's own tokens are, read out of echoed completions as servers write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.endpoint import Endpoint
from tests.models.asking import asked, error, serving
from workbench.models.answers import read_scores
from workbench.models.base import BadRequest, Fatal, Request
from workbench.models.openai import OpenAIModel
from workbench.models.place import Place

PLACE = Place("api.example", "base")
PROMPT = "Capital of France? Paris."
#: The first character of "Paris.": what comes before is given.
START = PROMPT.index("Paris")


def scores(tokens: list[Any], values: list[Any], text: str | None = None, **more: Any) -> list[float] | None:
    echoed = {"text": PROMPT + " It" if text is None else text, "finish_reason": "length"}
    logprobs = {"tokens": tokens, "token_logprobs": values, **more}
    body = {"choices": [{**echoed, "logprobs": logprobs}], "usage": {"prompt_tokens": 6, "completion_tokens": 1}}
    return read_scores(json.dumps(body).encode(), PLACE, prompt=PROMPT, start=START).logprobs


def test_only_tokens_that_reach_beyond_the_start_count_and_none_that_the_model_wrote() -> None:
    tokens = ["Capital", " of", " France", "?", " Paris", ".", " It"]
    assert scores(tokens, [None, -1, -2, -3, -0.5, -0.25, -9]) == [-0.5, -0.25]


def test_a_mark_for_the_beginning_of_the_text_moves_nothing() -> None:
    tokens = ["<s>", "Capital", " of", " France", "?", " Paris", ".", " It"]
    # vLLM counts the mark's letters in text_offset, although the text does not hold it.
    offsets = [0, 3, 10, 13, 20, 21, 27, 28]
    assert scores(tokens, [None, -4, -1, -2, -3, -0.5, -0.25, -9], text_offset=offsets) == [-0.5, -0.25]


def test_parts_of_letters_stand_where_the_endpoint_says() -> None:
    tokens = ["bytes:\\xe2", " of", " France", "?", " Paris", ".", " It"]
    offsets = [0, 7, 10, 17, 18, 24, 25]
    assert scores(tokens, [None, -1, -2, -3, -0.5, -0.25, -9], text_offset=offsets) == [-0.5, -0.25]
    with pytest.raises(BadRequest, match="which part of the prompt"):
        scores(tokens, [None, -1, -2, -3, -0.5, -0.25, -9], text_offset=[-1] * 7)  # as SGLang fills it


def test_the_very_first_token_has_no_probability() -> None:
    body = {"choices": [{"text": "Hi there", "logprobs": {"tokens": ["Hi", " there"], "token_logprobs": [None, -2]}}]}
    assert read_scores(json.dumps(body).encode(), PLACE, prompt="Hi there", start=0).logprobs == [-2]


@pytest.mark.parametrize(
    "choice",
    [
        {"text": " It", "logprobs": {"tokens": [" It"], "token_logprobs": [-9]}},  # echo is ignored
        {"text": PROMPT + " It", "logprobs": None},  # echoed, but not scored
        {"text": PROMPT, "logprobs": {"content": []}},
    ],
)
def test_an_endpoint_that_does_not_echo_is_told_apart(choice: dict[str, Any]) -> None:
    with pytest.raises(Fatal, match="no log-probabilities of a prompt's own tokens") as caught:
        read_scores(json.dumps({"choices": [choice]}).encode(), PLACE, prompt=PROMPT, start=START)
    assert caught.value.reason == "echo"


def test_a_scored_request_is_another_one() -> None:
    plain, scored = Request((), prompt=PROMPT), Request((), prompt=PROMPT, scored=START)
    assert len({plain.key("m", "g"), scored.key("m", "g"), Request((), prompt=PROMPT, scored=0).key("m", "g")}) == 3


async def test_against_a_server(endpoint: Callable[..., Endpoint]) -> None:
    server = endpoint()
    model = OpenAIModel("fake", base_url=server.url)
    whole, part = await asked(model, Request((), prompt=PROMPT, scored=0), Request((), prompt=PROMPT, scored=START))
    assert (len(whole.logprobs or ()), len(part.logprobs or ())) == (3, 1)  # four words, of which the first has none
    assert (whole.logprobs or [])[-1:] == part.logprobs
    assert (part.text, part.finish_reason, part.output_tokens) == ("", "stop", 1)
    (sent, _) = server.requests()
    assert (sent["echo"], sent["logprobs"], sent["max_tokens"]) == (True, 1, 1)


async def test_servers_that_refuse(endpoint: Callable[..., Endpoint]) -> None:
    request = Request((), prompt=PROMPT, scored=START)
    for options in ({"echo": False}, {"refuse_parameter": "logprobs"}, {"refuse_parameter": "echo"}):
        with pytest.raises(Fatal, match="no log-probabilities of a prompt's own tokens"):
            await asked(OpenAIModel("fake", base_url=endpoint(**options).url), request)
    async with serving(lambda path, body: error(400, "This prompt is too long.")) as url:
        with pytest.raises(BadRequest, match="too long"):
            await asked(OpenAIModel("fake", base_url=url), request)
