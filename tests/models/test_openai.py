"""The client against a local server, and the search for servers."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.endpoint import Endpoint
from workbench.errors import UsageError
from workbench.models.base import Answer, BadRequest, Fatal, ModelError, RateLimited, Request, Transient
from workbench.models.endpoints import Found, find_endpoints
from workbench.models.make import MODELS, ModelSettings, make_model
from workbench.models.openai import OpenAIModel, host_of

Start = Callable[..., Endpoint]
KEY = "sk-test-abcdefghijklmnop"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)


def ask(text: str = "Write one.", **parameters: object) -> Request:
    return Request(({"role": "user", "content": text},), parameters=parameters)


async def once(model: OpenAIModel, request: Request) -> Answer:
    try:
        return await model.complete(request)
    finally:
        await model.close()


async def failure(waited: Awaitable[Answer]) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await waited
    return caught.value


async def test_an_answer_with_everything(endpoint: Start) -> None:
    server = endpoint()
    model = OpenAIModel("fake", base_url=server.url)
    schema = {"type": "object", "additionalProperties": False}
    request = Request(ask().messages, parameters={"temperature": 0.7, "logprobs": True}, schema=schema)
    answer = await once(model, request)
    assert answer.text
    assert answer.output_tokens == len(answer.text.split()) == len(answer.logprobs or [])
    assert (answer.model, answer.finish_reason, answer.input_tokens) == ("fake", "stop", 2)
    assert answer.seconds > 0
    assert answer.endpoint == host_of(server.url)
    assert (await once(model, request)).text == answer.text  # closed models connect again
    assert server.requests()[0] == {
        "model": "fake",
        "messages": [{"role": "user", "content": "Write one."}],
        "temperature": 0.7,
        "logprobs": True,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        },
    }


async def test_lone_surrogates_can_be_sent(endpoint: Start) -> None:
    assert (await once(OpenAIModel("fake", base_url=endpoint().url), ask("\ud800 ok"))).text


@pytest.mark.parametrize(
    ("options", "kind", "reason"),
    [
        ({"share_429": 1, "retry_after": 3}, RateLimited, "http 429"),
        ({"quota": True}, Fatal, "quota"),
        ({"unauthorised": True}, Fatal, "http 401"),
        ({"share_500": 1}, Transient, "http 500"),
        ({"bad_marker": "Write"}, BadRequest, "http 400"),
        ({"share_truncated": 1}, Transient, "truncated json"),
        ({"share_not_json": 1}, Transient, "not json"),
        ({"share_hang": 1}, Transient, "timeout"),
    ],
)
async def test_faults(endpoint: Start, options: dict[str, object], kind: type[ModelError], reason: str) -> None:
    server = endpoint(**options)
    caught = await failure(
        once(OpenAIModel("fake", base_url=server.url, timeout=2 if "share_hang" in options else 60), ask())
    )
    assert type(caught) is kind
    assert caught.reason == reason
    assert caught.retry_after == (3 if kind is RateLimited else None)
    assert host_of(server.url) in str(caught)
    assert server.stats()["requests"] == 1  # asking again is the caller's affair


async def test_a_key_is_sent_and_never_shown(endpoint: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", KEY)
    server = endpoint(key=KEY)
    model = OpenAIModel("fake", base_url=server.url, api_key_env="SOME_KEY")
    assert (await once(model, ask())).text
    wrong = KEY[:-1] + "x"
    monkeypatch.setenv("SOME_KEY", wrong)
    caught = await failure(once(model, ask()))
    assert isinstance(caught, Fatal)
    assert "SOME_KEY" in str(caught)
    for shown in (str(caught), repr(caught), repr(model), repr(vars(model))):
        assert wrong not in shown


async def test_no_server_no_host_no_key() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    caught = await failure(once(OpenAIModel("fake", base_url=f"http://127.0.0.1:{port}/v1"), ask()))
    assert isinstance(caught, Transient)
    assert caught.reason == "connection"
    caught = await failure(once(OpenAIModel("gpt-x"), ask()))
    assert isinstance(caught, Fatal)
    assert "OPENAI_API_KEY is not set" in str(caught)


async def test_a_server_that_hangs_up_is_not_a_timeout() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        caught = await failure(once(OpenAIModel("fake", base_url=f"http://127.0.0.1:{port}/v1"), ask()))
    assert isinstance(caught, Transient)
    assert caught.reason == "connection"


async def test_parameters_that_are_not_the_projects_to_set(endpoint: Start) -> None:
    model = OpenAIModel("fake", base_url=endpoint().url)
    for request in (
        ask(prompt="x"),
        ask(stream=True),
        ask(model="other"),
        ask(temperature=float("nan")),
        ask(stop=object()),
    ):
        assert isinstance(await failure(once(model, request)), BadRequest)


def test_addresses() -> None:
    assert host_of("https://user:secret@[::1]:8000/v1") == "[::1]:8000"
    for url in ("localhost:8000/v1", "ftp://host", "http://", "http://host:port", "http://u:secret@:80"):
        with pytest.raises(UsageError) as caught:
            host_of(url)
        assert "secret" not in str(caught.value)
    assert OpenAIModel("a", base_url="http://h/v1/").group == OpenAIModel("b", base_url="http://h/v1").group
    assert OpenAIModel("a", base_url="http://h/v1", group="ours").group == "ours"
    with pytest.raises(UsageError, match="timeout"):
        OpenAIModel("a", timeout=0)


def test_endpoints_are_found(endpoint: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = endpoint()
    port = int(server.url.rsplit(":", 1)[1].split("/")[0])
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # accepts and never answers
        local = (("Here", port), ("Silent", silent.getsockname()[1]))
        assert find_endpoints(local=local) == [Found("openai", server.url, ("fake",), "Here on this machine")]
    monkeypatch.setenv("OPENAI_BASE_URL", server.url + "/")
    assert find_endpoints(local=local[:1]) == [Found("openai", server.url, ("fake",), "OPENAI_BASE_URL")]
    for odd in ("nonsense", "http://host:port/", "http://127.0.0.1:1/v1", "http://\x00/"):
        monkeypatch.setenv("OPENAI_BASE_URL", odd) if "\x00" not in odd else None
        assert all(found.models == () for found in find_endpoints(local=()))


def test_models_are_made_from_their_spec() -> None:
    model = make_model("embedded", examples=[("hello there", "x")], settings=ModelSettings(seed=3))
    assert model.capabilities == {"text_given_label", "logprobs"}
    model = make_model("openai:llama3:8b", settings=ModelSettings(base_url="http://localhost:11434/v1"))
    assert model.name == "openai:llama3:8b"
    for spec in ("openai", "openai:", "opnai:gpt", "embedded:x", "", "gpt-4"):
        with pytest.raises(UsageError, match="embedded or openai:NAME"):
            make_model(spec)


def test_listing_models_imports_no_client() -> None:
    code = (
        "import sys, workbench.models.make, workbench.models.endpoints, workbench.models.limits;"
        "heavy = {'openai', 'aiohttp', 'httpx2', 'numpy', 'sklearn', 'pydantic'} & set(sys.modules);"
        "print(heavy); raise SystemExit(bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {model.name for model in MODELS} == {"corpus", "embedded", "openai"}
    assert all(model.description for model in MODELS)
    assert {model.name for model in MODELS if not model.capabilities} == {"corpus"}  # it writes nothing


def test_scripted_answers(endpoint: Start, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"colour": "blue", "number": ["one", "two"]}), encoding="utf-8")
    server = endpoint(answers=str(path), vary=True)

    async def several() -> list[str]:
        model = OpenAIModel("fake", base_url=server.url)
        texts = [
            (await model.complete(ask(text))).text for text in ("a colour", "a number", "a number", "else", "else")
        ]
        await model.close()
        return texts

    texts = asyncio.run(several())
    assert texts[:3] == ["blue", "one", "two"]
    assert texts[3] != texts[4]
    assert server.stats()["distinct"] == 3


def test_an_address_with_a_password_is_a_sentence_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://anna:s3cret@host:8000/v1")
    for address in (None, "https://:s3cret@host/v1", "https://s3cret@host/v1"):
        with pytest.raises(UsageError, match=r"holds a user or password: take it out of model\.base_url") as caught:
            OpenAIModel("a", base_url=address)
        assert "s3cret" not in str(caught.value)
        assert "anna" not in str(caught.value)
    assert OpenAIModel("a", base_url="http://host/v1/@team").host == "host"
