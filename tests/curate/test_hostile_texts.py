"""The rule filters on texts made to stop them: each must come to an end, in time that grows with the text."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.curate.rule_helpers import BRICKS, CLASSES
from workbench.curate.base import Context, Item, parse_filter, parse_repair
from workbench.curate.rules import checksums, measures, personal, phones, phrases, repeats, secrets, toxic_words

FILTERS = (
    "schema",
    "length:max_characters=100000000",
    "language",
    "boilerplate",
    "repetition",
    "heuristics",
    "heuristics:profile=web",
    "personal_data:kinds=email+phone+card+iban+ip+key+national_id",
    "toxicity",
)


@pytest.mark.parametrize("spec", FILTERS)
def test_each_brick_and_a_megabyte_of_one_letter_come_to_an_end(spec: str) -> None:
    context = Context(task=CLASSES)
    items = [Item(place, brick * (30_000 // len(brick))) for place, brick in enumerate(BRICKS.values())]
    items.append(Item(900, "a" * 1_000_000))
    items.append(Item(901, "12 " * 100_000))
    items.append(Item(902, ""))
    verdicts = list(parse_filter(spec).judge(items, context))
    assert len(verdicts) == len(items)
    assert all(len(verdict.reason) < 500 for verdict in verdicts)


def test_redacting_them_comes_to_an_end() -> None:
    items = [Item(place, brick * (30_000 // len(brick))) for place, brick in enumerate(BRICKS.values())]
    assert len(list(parse_repair("redact").propose(items, Context(task=CLASSES)))) == len(items)


@pytest.mark.parametrize("spec", FILTERS)
def test_odd_texts_have_verdicts_that_are_safe_to_show(spec: str) -> None:
    odd = [
        "",
        " ",
        "\ud800 lone",
        "a\x00b",
        "\x1b[31mred\x1b[0m and more",
        "\u202eabc def",
        "[/] [@click=x]",
        "?",
        "x" * 50,
    ]
    found = list(parse_filter(spec).judge([Item(i, text) for i, text in enumerate(odd)], Context(task=CLASSES)))
    assert len(found) == len(odd)
    assert not any(set("\x00\x1b\u202e\ud800") & set(verdict.reason) for verdict in found)
    assert list(parse_filter(spec).judge([], Context())) == []


def patterns() -> Iterator[tuple[str, str]]:
    """Every regular expression of the rules, those that are compiled when needed included."""
    for module in (checksums, measures, personal, phones, phrases, repeats, secrets, toxic_words):
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield f"{module.__name__}.{name}", value.pattern
    yield from ((phrase.category, phrase.pattern) for phrase in phrases._PHRASES)
    yield from (("issued key", pattern) for _, pattern in secrets._ISSUED)
    yield "key after a word", secrets._AFTER
    yield "telephone number", phones._candidate().pattern


def endless(tree: Any, inside: bool = False) -> bool:
    """Whether a parsed pattern has a repetition without a bound (over 1,000) inside one without a bound."""
    for op, argument in tree:
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            unbounded = argument[1] is re._constants.MAXREPEAT or argument[1] > 1_000  # type: ignore[attr-defined]
            if (unbounded and inside) or endless(argument[2], inside or unbounded):
                return True
        elif name == "SUBPATTERN":
            if endless(argument[3], inside):
                return True
        elif name == "BRANCH" and any(endless(branch, inside) for branch in argument[1]):
            return True
    return False


def test_no_pattern_repeats_inside_a_repetition() -> None:
    parse = re._parser.parse  # type: ignore[attr-defined]
    assert endless(parse(r"(a+)+$"))
    assert not endless(parse(r"(?:a|b){2,9}c+"))
    assert [name for name, pattern in patterns() if endless(parse(pattern))] == []


@pytest.mark.soak
@pytest.mark.parametrize("spec", FILTERS)
def test_time_grows_with_the_length(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not judged by a clock: a quadratic pattern would not come to an end at ten megabytes."""
    for name, brick in BRICKS.items():
        for size in (100_000, 1_000_000):
            start = time.process_time()
            verdicts = list(parse_filter(spec).judge([Item(1, brick * (size // len(brick)))], Context(task=CLASSES)))
            assert len(verdicts) == 1
            spent = time.process_time() - start
            if spent > 1:
                with capsys.disabled():
                    print(f"\n{spec} {name} {size:,}: {spent:.2f} s", end="")
