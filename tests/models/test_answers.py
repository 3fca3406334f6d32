"""Reading what an endpoint sent: answers, refusals, waits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.models.answers import Place, read_answer, read_embeddings, refusal, retry_after
from workbench.models.base import BadRequest, Fatal, RateLimited, Transient

PLACE = Place("localhost:8000", "small", key="sk-secret-0123456789")


def body(message: dict[str, Any] | None = None, **more: Any) -> bytes:
    choice = {"message": message or {"content": "Hi."}, "finish_reason": "stop", **more.pop("choice", {})}
    return json.dumps({"model": "small-1", "choices": [choice], **more}).encode()


def test_an_answer() -> None:
    content = {"content": [{"token": "Hi", "logprob": -0.5}, {"token": ".", "logprob": -0.25}]}
    answer = read_answer(
        body(usage={"prompt_tokens": 7, "completion_tokens": 2}, choice={"logprobs": content}), PLACE, seconds=1.5
    )
    assert (answer.text, answer.model, answer.finish_reason) == ("Hi.", "small-1", "stop")
    assert (answer.input_tokens, answer.output_tokens, answer.seconds) == (7, 2, 1.5)
    assert answer.logprobs == [-0.5, -0.25]


def test_what_servers_leave_out_or_write_differently() -> None:
    assert read_answer(body(usage=None), PLACE).input_tokens == 0
    assert read_answer(body({"content": None}), PLACE).text == ""
    assert read_answer(body({"content": [{"type": "text", "text": "a"}, {"text": "b"}, 3]}), PLACE).text == "ab"
    assert read_answer(b'{"choices":[{"message":{"content":"x"}}]}', PLACE).model == "small"
    assert read_answer(body(choice={"logprobs": {"content": [{"logprob": None}]}}), PLACE).logprobs is None
    assert read_answer(body(usage={"prompt_tokens": True, "completion_tokens": -4}), PLACE).output_tokens == 0
    assert read_answer(body({"content": f"your key is {PLACE.key}"}), PLACE).text == "your key is [key]"


@pytest.mark.parametrize(
    ("content", "kind", "reason"),
    [
        (body()[:30], Transient, "truncated json"),
        (b"<html>Bad gateway</html>", Transient, "not json"),
        (b"", Transient, "not json"),
        (b"\xff\xfe", Transient, "not json"),
        (b"[" * 100_000, Transient, "truncated json"),
        (b"[]", Transient, "no choices"),
        (b'{"choices": []}', Transient, "no choices"),
        (b'{"choices": [null]}', Transient, "no choices"),
        (b'{"error": {"message": "overloaded", "code": 429}}', RateLimited, "http 429"),
        (b'{"error": {"message": "upstream"}}', Transient, "http 502"),
        (b'{"choices": [{"message": {}, "error": {"message": "upstream", "code": 503}}]}', Transient, "http 503"),
        (b'{"error": {"message": ' + b"[" * 900 + b"]" * 900 + b"}}", Transient, "http 502"),
    ],
)
def test_what_is_no_answer(content: bytes, kind: type[Exception], reason: str) -> None:
    with pytest.raises(kind) as caught:
        read_answer(content, PLACE)
    assert caught.value.reason == reason  # type: ignore[attr-defined]
    assert "localhost:8000" in str(caught.value)


def error(message: str = "", code: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "code": code}}).encode()


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (400, error("too long", "context_length_exceeded"), BadRequest),
        (400, error("The model `x` does not exist", "model_not_found"), Fatal),
        (401, error("Incorrect key"), Fatal),
        (402, error("Insufficient balance"), Fatal),
        (403, b"", Fatal),
        (404, error('model "small" not found'), Fatal),
        (404, b"404 page not found", Fatal),
        (404, b'{"detail":"Not Found"}', Fatal),
        (404, error("no such file", "file_not_found"), BadRequest),
        (408, b"", Transient),
        (409, b"", Transient),
        (413, b"", BadRequest),
        (400, error("Failed to validate JSON", "json_validate_failed"), Transient),
        (400, b'{"error": {"message": {"deep": [[]]}, "code": {"a": 1}, "type": 7}}', BadRequest),
        (400, b'{"error": [1, 2]}', BadRequest),
        (400, b"[" * 100_000, BadRequest),
        (422, b'{"detail":[{"loc":["body"]}]}', BadRequest),
        (429, error("slow down", "rate_limit_exceeded"), RateLimited),
        (429, error("You exceeded your current quota", "insufficient_quota"), Fatal),
        (500, b"<html>", Transient),
        (503, b"", Transient),
        (529, b"", Transient),
        (307, b"", Fatal),
    ],
)
def test_refusals_are_sorted_by_what_may_be_done(status: int, content: bytes, kind: type[Exception]) -> None:
    caught = refusal(status, {}, content, PLACE)
    assert type(caught) is kind
    assert "localhost:8000" in str(caught)
    assert "\n" not in str(caught)


def test_no_sentence_shows_a_key_or_a_control_byte() -> None:
    for key in ("sk-secret-0123456789", "sk-se***6789", "Bearer abcdef123456"):
        text = str(refusal(401, {}, error(f"Bad key {key} \x1b[31m"), PLACE))
        assert "0123456789" not in text
        assert "6789" not in text
        assert "abcdef" not in text
        assert "\x1b" not in text
    assert len(str(refusal(400, {}, error("x" * 10_000), PLACE))) < 500
    assert "sk-secret" not in repr(PLACE)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:30 GMT", "date": "Thu, 01 Jan 2026 00:00:10 GMT"}, 20),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:30 GMT"}, 30),
        ({"retry-after": "Wed, 31 Dec 2025 00:00:00 GMT"}, 0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2.5s"}, 62.5),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "1m"}, None),
        ({"x-ratelimit-reset": "1767225605"}, 5),
        ({"x-ratelimit-reset": "1767225605000"}, 5),
        ({"x-ratelimit-reset": "12"}, 12),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    # 1767225600 is 2026-01-01 00:00:00 UTC.
    assert retry_after(headers, now=1767225600) == (None if seconds is None else pytest.approx(seconds))


def test_names_and_counts_that_no_store_takes() -> None:
    sent = body(
        model="m\ud800" + "x" * 500,
        usage={"prompt_tokens": 10**30, "completion_tokens": 2**31 + 1},
        choice={"finish_reason": "stop\udfff"},
    )
    answer = read_answer(sent, PLACE)
    assert answer.model.encode().startswith("m\ufffdxxx".encode())
    assert len(answer.model) <= 201
    assert answer.finish_reason == "stop\ufffd"
    assert (answer.input_tokens, answer.output_tokens) == (2**31, 2**31)


def test_log_probabilities_stay_finite() -> None:
    def given(*values: str) -> list[float] | None:
        items = ",".join(f'{{"logprob":{value}}}' for value in values)
        sent = f'{{"choices":[{{"message":{{"content":"x"}},"logprobs":{{"content":[{items}]}}}}]}}'
        return read_answer(sent.encode(), PLACE).logprobs

    assert given("-1e300", "-1e300", "-Infinity", "-1" + "0" * 400, "-0.5") == [-1e4, -1e4, -1e4, -1e4, -0.5]
    assert given("1e300", "0") == [0.0, 0.0]
    assert given("-0.5", "NaN") is None


@pytest.mark.parametrize(
    ("message", "given", "text", "reason"),
    [
        ({"content": None, "refusal": "I will not."}, "stop", "I will not.", "refusal"),
        ({"content": "Well,", "refusal": "no."}, "stop", "Well,", "refusal"),
        ({"content": "x", "refusal": None}, "stop", "x", "stop"),
        ({"content": "x", "refusal": {"odd": 1}}, "stop", "x", "stop"),
        ({"content": "cut"}, "length", "cut", "length"),
        ({"content": "cut"}, "MAX_TOKENS", "cut", "length"),
        ({"content": ""}, "content_filter", "", "content_filter"),
        ({"content": ""}, "SAFETY", "", "content_filter"),
        ({"content": "x"}, None, "x", None),
        ({"content": "x"}, ["stop"], "x", None),
    ],
)
def test_refused_cut_off_and_held_back_answers_say_so(
    message: dict[str, Any], given: Any, text: str, reason: str | None
) -> None:
    answer = read_answer(body(message, choice={"finish_reason": given}), PLACE)
    assert (answer.text, answer.finish_reason, answer.endpoint) == (text, reason, "localhost:8000")


def raw(**choice: Any) -> bytes:
    return json.dumps({"model": "base", "choices": [{"finish_reason": "stop", **choice}]}).encode()


def test_a_raw_completion() -> None:
    logprobs = {"tokens": ["a", "b"], "token_logprobs": [-0.5, -0.25]}
    answer = read_answer(raw(text=" a b", logprobs=logprobs), PLACE, route="completions")
    assert (answer.text, answer.logprobs, answer.finish_reason) == (" a b", [-0.5, -0.25], "stop")
    for odd in (None, [], {"token_logprobs": [None, -0.25]}, {"token_logprobs": "x"}, {"token_logprobs": []}):
        assert read_answer(raw(text="a", logprobs=odd), PLACE, route="completions").logprobs is None
    assert read_answer(raw(text=["odd"]), PLACE, route="completions").text == ""


def embeddings(*rows: Any) -> bytes:
    return json.dumps({"data": list(rows)}).encode()


def test_embeddings_are_put_in_order() -> None:
    sent = embeddings({"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1.5, 2]})
    assert [list(one) for one in read_embeddings(sent, PLACE, count=2)] == [[1.5, 2], [3, 4]]
    sent = embeddings({"embedding": [1]}, {"embedding": [2]})  # without an index: as sent
    assert [list(one) for one in read_embeddings(sent, PLACE, count=2)] == [[1], [2]]
    # 1.0 and -2.0 as little-endian float32: 0000803f 000000c0.
    assert list(read_embeddings(embeddings({"embedding": "AACAPwAAAMA="}), PLACE, count=1)[0]) == [1.0, -2.0]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"data": [', Transient),
        (b"{}", BadRequest),
        (b'{"error": {"message": "upstream", "code": 503}}', Transient),
        (b'{"data": "x"}', BadRequest),
        (embeddings({"embedding": [1]}), BadRequest),
        (embeddings({"embedding": [1]}, {"embedding": [1, 2]}), BadRequest),
        (embeddings({"embedding": []}, {"embedding": []}), BadRequest),
        (embeddings({"embedding": [1], "index": 0}, {"embedding": [2], "index": 0}), BadRequest),
        (embeddings({"embedding": [1], "index": "0"}, {"embedding": [2], "index": 1}), BadRequest),
        (embeddings({"embedding": [1]}, {"embedding": ["a"]}), BadRequest),
        (embeddings({"embedding": [1]}, {"embedding": [float("nan")]}), BadRequest),
        (embeddings({"embedding": [1]}, {"embedding": [10**400]}), BadRequest),
        (embeddings({"embedding": [1]}, {"embedding": "abc"}), BadRequest),
        (embeddings({"embedding": [1]}, None, 3), BadRequest),
    ],
)
def test_embeddings_that_cannot_be_used(content: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="localhost:8000"):
        read_embeddings(content, PLACE, count=2)


def test_the_key_is_in_no_part_of_an_answer() -> None:
    key = PLACE.key
    sent = body(
        {"content": f"a {key}", "refusal": f"b {key}"}, model=f"m-{key}", choice={"finish_reason": f"stop {key}"}
    )
    assert str(key) not in repr(read_answer(sent, PLACE))
    assert str(key) not in repr(read_answer(body({"content": None, "refusal": f"b {key}"}), PLACE))
    assert str(key) not in repr(read_answer(raw(text=f"a {key}"), PLACE, route="completions"))


def test_a_key_that_is_a_word_does_not_change_answers() -> None:
    local = Place("localhost:8000", "small", key="none")
    assert read_answer(body({"content": "second to none"}), local).text == "second to none"
    assert "none" not in local.scrub("the key none is wrong")
