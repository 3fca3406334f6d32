from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from workbench.curate.base import FILTERS, Context, Item, Verdict, describe, parse_filter, short
from workbench.curate.languages import guess_language, script_shares
from workbench.errors import UsageError, WorkbenchError

BANKING = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "banking77" / "train.csv"


def judge(spec: str, items: list[Item], context: Context | None = None) -> list[Verdict]:
    return list(parse_filter(spec).judge(items, context or Context()))


def texts(*found: str, label: str | None = None) -> list[Item]:
    return [Item(id=100 + place, text=text, label=label) for place, text in enumerate(found)]


def kept(verdicts: list[Verdict]) -> list[bool]:
    return [verdict.keep for verdict in verdicts]


def test_names_and_descriptions() -> None:
    assert FILTERS.names() == [
        "confidence", "exact_duplicate", "label_disagreement", "language", "length", "near_duplicate", "rouge_novelty",
    ]  # fmt: skip
    for name in FILTERS:
        row = describe(FILTERS.get(name))
        assert row["name"] == name
        assert row["summary"]
        assert row["paper"]
        assert all(part["help"] for part in row["parameters"])
    keep = describe(FILTERS.get("near_duplicate"))["parameters"][1]
    assert (keep["name"], keep["type"], keep["default"]) == ("keep", "first or last or longest", "first")


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


@pytest.mark.parametrize("name", FILTERS.names())
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
    verdicts = judge(name, items, Context(seeds=seeds))
    assert len(verdicts) == len(items)
    assert not any("\x1b" in verdict.reason or "\u202e" in verdict.reason for verdict in verdicts)
    if name != "label_disagreement":
        assert judge(name, []) == []


@pytest.mark.parametrize("name", FILTERS.names())
def test_progress_is_told_and_what_it_raises_ends_the_filter(name: str) -> None:
    items = [
        Item(place, f"text number {place}", label="ab"[place % 2], scores={"confidence": -1}) for place in range(10)
    ]
    seen: list[tuple[int, int]] = []
    judge(name, items, Context(step=lambda done, total: seen.append((done, total))))
    assert seen[-1][0] == seen[-1][1]

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        judge(name, items, Context(step=stop))


def test_exact_duplicate() -> None:
    items = texts("Where is it?", "other", "where  is IT?")
    assert judge("exact_duplicate", items)[2] == Verdict(False, "same text as sample 100", 1.0, 100)
    assert kept(judge("exact_duplicate:keep=last", items)) == [False, True, True]
    two_labels = [Item(1, "same", label="a"), Item(2, "same", label="b")]
    assert kept(judge("exact_duplicate:per_label=true", two_labels)) == [True, True]
    seeded = judge("exact_duplicate:seeds=true", items, Context(seeds=[Item(7, "OTHER")]))
    assert seeded[1] == Verdict(False, "same text as seed 7", 1.0, 7)


def test_near_duplicate() -> None:
    items = texts("how do I change my pin code", "what is the rate", "please how do I change my pin code")
    verdicts = judge("near_duplicate", items)
    assert kept(verdicts) == [True, True, False]
    assert verdicts[2].other == 100
    assert verdicts[2].reason == ".94 like sample 100: how do I change my pin code"  # inside: (1 + 7/8) / 2
    assert kept(judge("near_duplicate:keep=longest", items)) == [False, True, True]
    seeded = judge("near_duplicate:seeds=true", items, Context(seeds=[Item(7, "what is the rate?")]))
    assert (seeded[1].keep, seeded[1].other) == (False, 7)


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


def test_rouge_novelty() -> None:
    items = texts("where is my card", "the rate please", "where is my new card")
    verdicts = judge("rouge_novelty", items)
    assert kept(verdicts) == [True, True, False]
    assert verdicts[2].reason == "ROUGE-L .89 with sample 100: where is my card"  # 2 * 4 / 9
    seeded = judge("rouge_novelty", items, Context(seeds=[Item(7, "the rate please")]))
    assert seeded[1] == Verdict(False, "ROUGE-L 1.00 with seed 7: the rate please", 1.0, 7)
    assert kept(judge("rouge_novelty:maximum=0.9", items)) == [True, True, True]


def test_confidence_drops_the_lowest_share_per_label() -> None:
    items = [Item(place, "x", label="ab"[place // 5], scores={"confidence": -place / 10}) for place in range(10)]
    items.append(Item(10, "x", label="a"))
    verdicts = judge("confidence:drop=0.2", items)
    assert [place for place, verdict in enumerate(verdicts) if not verdict.keep] == [4, 9]
    assert verdicts[9].reason == "mean log-probability -.90, number 1 from below of 5 with its label"
    assert verdicts[10].reason == "has no such score"
    everywhere = judge("confidence:drop=0.2,per_label=false", items)
    assert [place for place, verdict in enumerate(everywhere) if not verdict.keep] == [8, 9]
    below = judge("confidence:drop=0,below=-0.75", items)
    assert [place for place, verdict in enumerate(below) if not verdict.keep] == [8, 9]


def test_numbers_are_short() -> None:
    assert [short(value) for value in (0.81, 1.0, -0.5, -10.25, 0.0)] == [".81", "1.00", "-.50", "-10.25", ".00"]


def test_label_disagreement_needs_labels() -> None:
    with pytest.raises(WorkbenchError, match="at least two labels"):
        judge("label_disagreement", texts("a b", "c d", label="one"))
    with pytest.raises(WorkbenchError, match="needs seeds"):
        judge("label_disagreement:reference=seeds", texts("a b", label="one"))
    with pytest.raises(WorkbenchError, match="none here has; take it out"):
        judge("label_disagreement", texts("a b"))
    mixed = judge("label_disagreement", [Item(1, "a"), Item(2, "b", label="x"), Item(3, "c", label="y")])
    assert mixed[0].reason == "has no label yet"
    alone = judge("label_disagreement", [Item(1, "a", label="x"), Item(2, "b", label="y")])
    assert alone[0].reason == "nothing else is labelled x, so there is nothing to compare with"


@pytest.mark.skipif(not BANKING.exists(), reason="shared/data/banking77 is not here")
@pytest.mark.parametrize("reference", ["both", "folds", "seeds"])
def test_label_disagreement_drops_mostly_wrong_labels(reference: str) -> None:
    with BANKING.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["category"] for row in rows})[:12]
    draw, seeds, items, wrong = random.Random(0), [], [], set()
    for name in names:
        found = [row["text"] for row in rows if row["category"] == name]
        draw.shuffle(found)
        seeds += [Item(10_000 + len(seeds) + place, text, label=name) for place, text in enumerate(found[:60])]
        for text in found[60:]:
            label = name
            if draw.random() < 0.12:
                wrong.add(len(items))
                label = draw.choice([other for other in names if other != name])
            items.append(Item(len(items), text, label=label))
    verdicts = judge(f"label_disagreement:reference={reference}", items, Context(seeds=seeds))
    dropped = {place for place, verdict in enumerate(verdicts) if not verdict.keep}
    assert len(dropped & wrong) / len(dropped) >= 0.85
    assert len(dropped & wrong) / len(wrong) >= 0.95
    example = verdicts[min(dropped)]
    assert example.reason.startswith("labelled ")
    assert ", classifier says " in example.reason
