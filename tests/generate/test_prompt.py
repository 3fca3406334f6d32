"""Recipes come from files that people share: what their templates may and may not do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.generate.scripted import Bench, Scripted
from workbench.generate import prompt
from workbench.recipe import FOLDER


def with_prompt(bench: Bench, template: str) -> str:
    path = bench.project.folder / "mine.yaml"
    text = (FOLDER / "zerogen.yaml").read_text()
    head, _, rest = text.partition("  user: |-\n")
    tail = rest[rest.index("\nmodel:") :]
    path.write_text(f"{head}  user: |-\n    {template}\n{tail}")
    return str(path)


def test_a_label_is_rendered_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[object] = []
    render = prompt.Prompts._render

    def counted(*given: Any) -> Any:
        rendered.append(given)
        return render(*given)

    monkeypatch.setattr(prompt.Prompts, "_render", counted)
    model = Scripted()
    bench.job(model, count=30)
    assert len(rendered) == 3
    assert {
        message["content"] for request in model.requests for message in request.messages if "PIN" in message
    } == set()


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ lable.name }}", "'lable' is undefined"),
        ("{{ label.nmae }}", "nmae"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ label.__init__.__globals__ }}", "unsafe"),
        ("{{ self.__init__.__globals__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__.os.system('true') }}", "unsafe"),
        ("{{ task.labels.append('more') }}", "unsafe"),
        ("{{ label.model_config.clear() }}", "unsafe"),
        ("{{ 1 / 0 }}", "zero"),
        ("{{ 'a' * 10000000000 }}", "enormous"),
        ("{{ [1] * 10000000000 }}", "enormous"),
        ("{{ 9 ** 9999999999 }}", "power"),
        ("{{ range(1000000000) | list }}", "too big"),
        ("{{ ['a', 'b'] | random }}", "random"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{% for x in %}", "not valid Jinja"),
    ],
)
def test_a_template_that_reaches_too_far_is_refused_with_a_sentence(bench: Bench, template: str, said: str) -> None:
    model = Scripted()
    failed = bench.job(model, count=4, recipe=with_prompt(bench, template))
    assert failed.state == "failed"
    assert said in failed.error
    assert "zerogen" in failed.error
    assert model.requests == []


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro again(n) %}{% for i in range(9) %}{{ again(n + 1) }}{% endfor %}{% endmacro %}{{ again(0) }}",
    ],
)
def test_a_template_that_does_not_end_is_stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch, template: str) -> None:
    monkeypatch.setattr(prompt, "SECONDS", 0.2)
    began = time.monotonic()
    failed = bench.job(Scripted(), count=4, recipe=with_prompt(bench, template))
    assert failed.state == "failed"
    assert "cannot be rendered" in failed.error
    assert time.monotonic() - began < 20


def test_a_prompt_of_half_a_million_characters_is_a_mistake(bench: Bench) -> None:
    failed = bench.job(
        Scripted(), count=4, recipe=with_prompt(bench, "{% for a in range(60000) %}abcdefghij{% endfor %}")
    )
    assert "over 400,000 characters" in failed.error


def test_a_hostile_label_is_text_in_the_prompt(bench: Bench) -> None:
    bench.edit("- card\n", '- "{{ 7 * 7 }}{% raw %}"\n')
    model = Scripted()
    done = bench.job(model, count=3)
    assert done.state == "done"
    assert any('"{{ 7 * 7 }}{% raw %}"' in request.messages[1]["content"] for request in model.requests)


@pytest.mark.parametrize("recipe", ["zerogen", "self-instruct", "attrprompt"])
def test_nothing_of_the_validation_and_test_split_reaches_a_prompt(bench: Bench, recipe: str, tmp_path: Path) -> None:
    bench.add([(f"VALIDATION {n}", label) for label in ("card", "pin", "rate") for n in range(20)], "validation")
    bench.add([(f"TESTROW {n}", label) for label in ("card", "pin", "rate") for n in range(20)], "test")
    bench.add([(f"OTHERREAL {n}", "pin") for n in range(20)], "real")
    model = Scripted()
    done = bench.job(model, count=60, recipe=recipe)
    assert done.state == "done"
    shown = "\n".join(message["content"] for request in model.requests for message in request.messages)
    assert "VALIDATION" not in shown
    assert "TESTROW" not in shown
    assert ("seed " in shown) == (recipe == "self-instruct")
