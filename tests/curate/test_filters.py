from __future__ import annotations

from pathlib import Path

import pytest

from workbench.curate.base import (
    FILTERS,
    REGISTRIES,
    REPAIRS,
    WEIGHTINGS,
    Context,
    Item,
    Verdict,
    describe,
    kind_of,
    parse_filter,
    short,
    trait,
)
from workbench.curate.languages import guess_language, script_shares
from workbench.errors import UsageError
from workbench.task import Task

BANKING = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "banking77" / "train.csv"


TASK = Task(kind="classification", labels=["a", "b"])


def judge(spec: str, items: list[Item], context: Context | None = None) -> list[Verdict]:
    return list(parse_filter(spec).judge(items, context or Context()))


def texts(*found: str, label: str | None = None) -> list[Item]:
    return [Item(id=100 + place, text=text, label=label) for place, text in enumerate(found)]


def kept(verdicts: list[Verdict]) -> list[bool]:
    return [verdict.keep for verdict in verdicts]


#: Filters that ask a model; they have tests of their own.
ASKING = [name for name in FILTERS if trait(FILTERS.get(name), "asks")]
QUIET = [name for name in FILTERS if name not in ASKING]


def test_names_and_descriptions() -> None:
    assert FILTERS.names() == [
        "alpagasus", "boilerplate", "cllm", "confidence", "consistency", "consistency_runs", "contamination", "deita",
        "exact_duplicate", "heuristics", "ifd", "impossible_distillation", "label_disagreement", "label_leakage",
        "language", "length", "near_duplicate", "out_of_scope", "perplexity", "personal_data", "progen", "repetition",
        "rouge_novelty", "schema", "toxicity", "toxicity_judge", "training_dynamics", "wanli",
    ]  # fmt: skip
    assert WEIGHTINGS.names() == ["fusegen", "inverse_frequency", "sungen"]
    assert REPAIRS.names() == [
        "confident_learning", "dawid_skene", "distilling_step_by_step", "freeal", "label_smoothing", "majority", "mckd",
        "redact", "soft_labels", "temporal_ensembling",
    ]  # fmt: skip
    assert ASKING == [
        "alpagasus", "consistency_runs", "deita", "ifd", "impossible_distillation", "toxicity_judge",
    ]  # fmt: skip
    for registry in REGISTRIES.values():
        for name in registry:
            row = describe(registry.get(name))
            assert row["name"] == name
            assert row["summary"].endswith(".")
            assert row["paper"]
            assert row["place"].startswith("curate / "), name
            assert all(part["help"] for part in row["parameters"])
            assert kind_of(name) in REGISTRIES
            if row["cut"] is not None:
                assert row["cut"] in {part["name"] for part in row["parameters"]}


def test_parse() -> None:
    found = parse_filter("near_duplicate:threshold=0.9,keep=last,seeds=yes")
    assert (found.threshold, found.keep, found.seeds) == (0.9, "last", True)  # type: ignore[attr-defined]
    assert parse_filter("language:scripts=Latin+Greek").scripts == ("Latin", "Greek")  # type: ignore[attr-defined]
    assert parse_filter("confidence:below=none").below is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("near_dup", "Did you mean 'near_duplicate'"),
        ("length:min=3", "no parameter 'min'; it has min_words, max_words"),
        ("length:min_words=two", "min_words should be a whole number, not 'two'"),
        ("length:min_words", "should read key=value"),
        ("progen:l2=inf", "l2 should be a number, not 'inf'"),
        ("near_duplicate:threshold=nan", "threshold should be a number, not 'nan'"),
        ("near_duplicate:threshold=1e309", "should be a number"),
        ("length:min_words=9,max_words=2", "min_words should be from 0 to max_words"),
        ("near_duplicate:keep=best", "keep should be first or last or longest"),
        ("near_duplicate:threshold=7", "from 0.5 to 1"),
        ("exact_duplicate:per_label=maybe", "true or false"),
        ("language:scripts=Klingon", "there are Arabic"),
        ("language:languages=xx", "it knows"),
    ],
)
def test_wrong_specs_name_the_right_ones(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(spec)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "parameter", ["boilerplate:categories", "language:scripts", "language:languages", "personal_data:kinds"]
)
def test_a_very_long_wrong_value_is_not_said_back_whole(parameter: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(f"{parameter}={'x' * 10_000}")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", QUIET)
def test_one_verdict_per_item_even_for_odd_ones(name: str) -> None:
    odd = [
        "",
        "\x1b[31mred\x1b[0m and more words",
        "\ud800 lone",
        "\u202eabc def",
        "[/] [@click=x]",
        "?",
        "card lost",
        "card lost",
    ]
    items = [Item(place, text, label="ab"[place % 2]) for place, text in enumerate(odd)]
    seeds = [Item(900, "\x1b]52;c;x\x07 card lost", label="a"), Item(901, "\x1b[2J rate", label="b")]
    seeds += [Item(902 + place, text, label="ab"[place % 2]) for place, text in enumerate(odd[1:5])]
    verdicts = judge(name, items, Context(seeds=seeds, task=TASK))
    assert len(verdicts) == len(items)
    assert not any("\x1b" in verdict.reason or "\u202e" in verdict.reason for verdict in verdicts)
    if name != "label_disagreement":
        assert judge(name, []) == []


@pytest.mark.parametrize("name", QUIET)
def test_progress_is_told_and_what_it_raises_ends_the_filter(name: str) -> None:
    items = [
        Item(place, f"text number {place}", label="ab"[place % 2], scores={"confidence": -1}) for place in range(10)
    ]
    seen: list[tuple[int, int]] = []
    seeds = [Item(900 + item.id, item.text, label=item.label) for item in items]
    judge(name, items, Context(seeds, task=TASK, step=lambda done, total: seen.append((done, total))))
    assert seen[-1][0] == seen[-1][1]

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        judge(name, items, Context(seeds, task=TASK, step=stop))


def test_length() -> None:
    verdicts = judge("length:max_words=3,max_characters=30", texts("one", "one two", "a b c d", "x" * 31, "我的卡"))
    assert kept(verdicts) == [False, True, False, False, True]
    assert verdicts[0].reason == "1 word, at least 2 wanted"
    assert verdicts[3].reason == "31 characters, at most 30 wanted"


def test_language() -> None:
    items = texts("Where is my new card?", "Где моя новая карта?", "Wo ist meine neue Karte geblieben?", "123")
    assert kept(judge("language", items)) == [True, False, True, True]
    verdicts = judge("language:languages=en", items)
    assert kept(verdicts) == [True, False, False, True]
    assert verdicts[1].reason == "1.00 of the letters are Cyrillic"
    assert verdicts[2].reason == "looks like de"


def test_script_shares_and_guesses() -> None:
    assert script_shares("ab где") == {"Cyrillic": 0.6, "Latin": 0.4}
    assert guess_language("¿Dónde está mi tarjeta nueva?") == "es"
    assert guess_language("我的卡在哪里") == "zh"
    assert guess_language("私のカードはどこですか") == "ja"
    assert guess_language("ok") is None


def test_numbers_are_short() -> None:
    assert [short(value) for value in (0.81, 1.0, -0.5, -10.25, 0.0)] == [".81", "1.00", "-.50", "-10.25", ".00"]
