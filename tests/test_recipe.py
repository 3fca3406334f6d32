"""Recipes load, know their parameters, and say why they cannot run."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench import recipe as recipes
from workbench.errors import FileError, UsageError
from workbench.generate import parts
from workbench.models import embedded, openai
from workbench.registry import Registry


@pytest.mark.parametrize("name", recipes.names())
def test_every_recipe_loads_and_its_parts_exist(name: str) -> None:
    one = recipes.load(name)
    assert one.name == name
    assert one.paper
    assert one.summary
    assert one.when
    assert one.year > 1990
    parameters = one.settle({})
    steps = [*one.conditions, *one.accept, one.parse, *filter(None, (one.prepare, one.demonstrations))]
    known = {
        part: registry
        for registry in vars(parts).values()
        if isinstance(registry, Registry)
        for part in registry.names()
    }
    for step in steps:
        assert step.part in known, f"{name} uses {step.part}"
        one.options(step, parameters)
    one.value(one.wave, parameters)


def test_everyone_is_ordered_by_year() -> None:
    years = [one.year for one in recipes.everyone()]
    assert years == sorted(years)
    assert len(years) == len(recipes.names())


def test_an_unknown_recipe_or_parameter_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'zerogen'"):
        recipes.load("zerogn")
    with pytest.raises(UsageError, match="there are: alpagasus, attrprompt"):
        recipes.load("xxxxxxxx")
    with pytest.raises(UsageError, match="has no parameter 'atributes'; did you mean 'attributes'"):
        recipes.load("attrprompt").settle({"atributes": 3})


@pytest.mark.parametrize(
    ("default", "minimum", "maximum", "value", "says"),
    [
        (3, 1, 5, 0, "should be at least 1"),
        (3, 1, 5, 6, "should be at most 5"),
        (3, None, None, 1.5, "should be a whole number"),
        (3, None, None, True, "should be a whole number"),
        (0.5, 0, 1, "half", "should be a number"),
        (0.5, 0, 1, float("nan"), "should be a finite number"),
        (0.5, None, None, float("inf"), "should be a finite number"),
        ("x", None, None, 3, "should be a text"),
        (True, None, None, "maybe", "should be a yes or no"),
        (None, None, None, [1], "should be a mapping"),
    ],
)
def test_values_that_do_not_fit(default, minimum, maximum, value, says) -> None:
    parameter = recipes.Parameter(default=default, help="what it is", minimum=minimum, maximum=maximum)
    with pytest.raises(UsageError) as caught:
        parameter.check("recipe.name", value)
    assert says in str(caught.value)
    assert str(caught.value).startswith("recipe.name is ")


def test_a_whole_number_fits_where_a_number_is_wanted() -> None:
    parameter = recipes.Parameter(default=0.5, help="share", minimum=0, maximum=1)
    assert parameter.check("r.p", 1) == 1.0
    assert isinstance(parameter.check("r.p", 1), float)


def test_refusals_are_sentences() -> None:
    attrprompt, zerogen, chat = recipes.load("attrprompt"), recipes.load("zerogen"), openai.CAPABILITIES
    refusal = attrprompt.refusal(embedded.CAPABILITIES, "embedded", task="classification", seeds=10)
    assert refusal is not None
    assert "needs a model that can follow instructions, and embedded cannot" in refusal
    assert zerogen.refusal(embedded.CAPABILITIES, "embedded", task="classification", seeds=10) is None
    assert zerogen.refusal(chat, "openai:x", task="classification", seeds=0) is None
    other = recipes.load("self-instruct").refusal(chat, "openai:x", task="dialogue", seeds=9)
    assert other is not None
    assert "is for classification" in other
    needy = recipes.load("self-instruct")
    if "seeds" in needy.needs:
        refused = needy.refusal(chat, "openai:x", task="classification", seeds=0)
        assert refused is not None
        assert "needs seeds" in refused


def test_a_recipe_of_ones_own_is_checked_with_file_and_line(tmp_path: Path) -> None:
    text = recipes.path_of("zerogen").read_text(encoding="utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("name: zerogen", "name: mine"), encoding="utf-8")
    assert recipes.load(str(path)).name == "mine"
    bad = tmp_path / "bad.yaml"
    bad.write_text(text.replace("summary:", "sumary:", 1), encoding="utf-8")
    with pytest.raises(FileError, match=r"bad.yaml:\d+: "):
        recipes.load(str(bad))
    with pytest.raises(FileError, match="cannot be read"):
        recipes.load(str(tmp_path / "none.yaml"))
