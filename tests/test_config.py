"""Every mistake in project.yaml is said with the file, the line and what to do; settings come in layers."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.config import Config, check, layers, load_config, load_yaml
from workbench.errors import FileError, UsageError, WorkbenchError
from workbench.settings_template import quote
from workbench.settings_template import settings as template

GOOD = """\
name: demo
task:
  labels: [yes-please, no-thanks]
"""


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user config folder of the test's own, and no settings from outside."""
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "user"))
    return tmp_path / "user"


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "project.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return path


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (GOOD + "generate:\n  concurency: 3\n", 5, "unknown key 'concurency'; did you mean 'concurrency'?"),
        (GOOD + "modle: {}\n", 4, "unknown key 'modle'; did you mean 'model'?"),
        (GOOD + "zzz: 1\n", 4, "unknown key 'zzz'; known here: name, database, task"),
        (
            "name: demo\ntask:\n  description: x\n",
            2,
            "a task of kind classification needs at least two different labels",
        ),
        ("name: demo\n", 1, "task is missing; add it."),
        ("name: demo\ntask:\n  labels: [a, b, a]\n", 3, "label 'a' stands twice"),
        ("name: demo\ntask:\n  labels: [a]\n", 2, "needs at least two different labels"),
        ("name: demo\ntask:\n  labels:\n    - a\n    - 5\n", 5, "task.labels.1"),
        ("name: demo\ntask:\n\tlabels: [a, b]\n", 3, "Indent with spaces, not tabs."),
        ("name: demo\ntask: {labels: [a, b]\nmodel: {}\n", 3, "not valid YAML"),
        ("name: demo\nname: other\n", 2, "'name' stands twice (first on line 1)."),
        (GOOD + "generate:\n  concurrency: lots\n", 5, "generate.concurrency: input should be a valid integer"),
        (GOOD + "generate:\n  budget: -1\n", 5, "generate.budget: input should be greater than 0"),
        (GOOD + "model:\n  api_key_env: 'sk-123 abc'\n", 5, "model.api_key_env"),
        (
            GOOD + "review:\n  policy: majority\n",
            5,
            "review.policy is 'majority', but should be 'last_word' or 'agreement'.",
        ),
        ("name: demo\ntask:\n  fields: {a: {}, b: {}}\n  labels: [x, y]\n", 2, "exactly one field"),
        ("a: &x [1]\nb: *x\n", 2, "YAML aliases (*name) are not allowed here"),
        ("name: a\n---\nname: b\n", 2, "found another document"),
        ("name: !!python/object/apply:os.system [echo]\n", 1, "could not determine a constructor"),
        ("name: demo\nnote: \x1b[31m\n", 2, "control character U+001B"),
        ("name: a\nb: \x00\n", 2, "control character U+0000"),
        ("? [a, b]\n: 1\n", 1, "unhashable key"),
        ("- a\n- b\n", 1, "should be a mapping of keys to values"),
        ("just text", 1, "should be a mapping of keys to values"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(FileError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "is empty"),
        (b"# only a comment\n", "is empty"),
        ("name: café".encode("latin-1"), "is not UTF-8 (byte 9); save it as UTF-8."),
        (b"# " + b"x" * 1_000_001, "is larger than 1,000,000 bytes"),
        (b"name: 2026-99-99\n", "month must be in 1..12"),
    ],
)
def test_a_file_that_cannot_be_read_as_settings(tmp_path: Path, text: bytes, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(FileError, match=str(path)) as caught:
        load_config(path)
    assert says in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(FileError, match="cannot be read"):
        load_config(tmp_path)


def test_an_alias_bomb_is_refused_before_it_is_built(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(FileError, match=r"project.yaml:2: YAML aliases"):
        load_yaml(write(tmp_path, bomb))


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "{a: " * 100_000, "- " * 200_000 + "a"], ids=["list", "mapping", "block"]
)
def test_deep_nesting_is_refused_before_the_stack_overflows(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileError, match="nested deeper than 12 levels"):
        load_yaml(write(tmp_path, text))


def test_a_byte_order_mark_and_empty_sections_are_no_mistakes(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "\ufeff" + GOOD + "model:\n  # use: openai:x\n"))
    assert config.model.use == "embedded"
    assert config.task.label_names == ["yes-please", "no-thanks"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_no_text_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "project.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        value, node = load_yaml(path)
        check(Config, value, node, path)
    except WorkbenchError as error:
        assert str(path) in str(error)  # noqa: PT017 - most texts are no error


def test_each_layer_over_the_next_with_its_source(
    tmp_path: Path, own_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_settings.mkdir()
    (own_settings / "config.yaml").write_text("generate: {seed: 1, concurrency: 1, budget: 1}\nmodel: {timeout: 9}\n")
    path = write(tmp_path, GOOD + "generate:\n  seed: 2\n  concurrency: 2\n")
    monkeypatch.setenv("WORKBENCH_GENERATE_SEED", "3")
    monkeypatch.setenv("WORKBENCH_MODEL_BASE_URL", "http://127.0.0.1:1/v1")
    config, sources = layers(path)
    assert (config.generate.seed, sources["generate.seed"]) == (3, "WORKBENCH_GENERATE_SEED")
    assert (config.generate.concurrency, sources["generate.concurrency"]) == (2, "project.yaml")
    assert (config.generate.budget, sources["generate.budget"]) == (1.0, str(own_settings / "config.yaml"))
    assert (config.model.timeout, sources["model.timeout"]) == (9.0, str(own_settings / "config.yaml"))
    assert (config.model.base_url, sources["model.base_url"]) == ("http://127.0.0.1:1/v1", "WORKBENCH_MODEL_BASE_URL")
    assert config.generate.recipe == "zerogen"
    assert "generate.recipe" not in sources
    assert sources["task.labels"] == "project.yaml"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WORKBENCH_GENERATE_SEED", "many", "WORKBENCH_GENERATE_SEED: generate.seed"),
        ("WORKBENCH_GENERATE_SEDE", "1", "unknown key 'sede'; did you mean 'seed'?"),
        ("WORKBENCH_MODEL_PRICE", "{input: -1, output: 1}", "WORKBENCH_MODEL_PRICE: model.price.input"),
        ("WORKBENCH_MODEL_USE", "'open", "WORKBENCH_MODEL_USE is"),
        ("WORKBENCH_MODEL_USE", "2026-99-99", "WORKBENCH_MODEL_USE is"),
    ],
)
def test_a_wrong_variable_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError) as caught:
        layers(write(tmp_path, GOOD))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("generate: {sede: 1}\n", "config.yaml:1: unknown key 'sede'; did you mean 'seed'?"),
        ("- a\n", "config.yaml:1: should hold sections only"),
        ("task: {labels: [a, b]}\n", "config.yaml:1: should hold sections only"),
    ],
)
def test_a_mistake_in_the_users_own_file(tmp_path: Path, own_settings: Path, text: str, says: str) -> None:
    own_settings.mkdir()
    (own_settings / "config.yaml").write_text(text)
    with pytest.raises(FileError) as caught:
        layers(write(tmp_path, GOOD))
    assert says in str(caught.value)


HOSTILE = [
    "no",
    "yes",
    "null",
    "~",
    "1.5",
    "0x1F",
    "2026-01-01",
    ": x",
    "a: b",
    "- a",
    "# b",
    "a #b",
    "'",
    '"',
    "{x}",
    "[y]",
]
HOSTILE += [
    "*a",
    "&b",
    "!c",
    "%d",
    "@e",
    "`f`",
    "|",
    ">",
    "?",
    "👍",
    "日本",
    "a\\nb",
    "a b",
    "é",
    "=",
    "<<",
    "{name}",
    "x:",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_quote_reads_back_as_exactly_this_text(value: str) -> None:
    assert yaml.safe_load(f"- {quote(value)}") == [value]
    assert yaml.safe_load(f"a: {quote(value)}  # comment") == {"a": value}


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=50))
def test_quote_of_any_text(value: str) -> None:
    assert yaml.safe_load(f"name: {quote(value)}\nlist:\n    - {quote(value)}\n") == {"name": value, "list": [value]}


def test_the_template_survives_hostile_names(tmp_path: Path) -> None:
    text = template(
        "no", description="{x}: y # z", language="no", fields=[("no", "text")], labels=HOSTILE, model="openai:a b"
    )
    config = load_config(write(tmp_path, text))
    assert (config.name, config.task.language, config.task.text_field) == ("no", "no", "no")
    assert config.task.label_names == HOSTILE
    assert config.task.description == "{x}: y # z"
    assert config.model.use == "openai:a b"


def test_the_default_chain_is_the_same_wherever_it_stands(tmp_path: Path) -> None:
    chain = ["exact_duplicate", "near_duplicate", "length", "label_disagreement"]
    assert load_config(write(tmp_path, GOOD)).curate.chain == chain
    assert load_config(write(tmp_path, template("new", labels=["a", "b"]))).curate.chain == chain
    sample = Path(__file__).parents[1] / "sample_projects" / "banking_intents" / "project.yaml"
    assert load_config(sample).curate.chain == chain
    # What is about labels is left out where samples have none.
    other = load_config(write(tmp_path, template("new", kind="instruction")))
    assert other.curate.chain == [one for one in chain if one != "label_disagreement"]
    unsaid = load_config(write(tmp_path, "name: demo\ntask: {kind: instruction}\n"))
    assert unsaid.curate.chain == other.curate.chain
