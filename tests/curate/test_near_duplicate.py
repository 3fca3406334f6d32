from __future__ import annotations

import random

import pytest

from workbench.curate.base import FILTERS, Context, Item, Verdict, describe, parse_filter, quote
from workbench.curate.filters.near_duplicate import NearDuplicate
from workbench.learn.near_duplicates import similarity

PIN = "how do I change my pin code"


def judge(spec: str, items: list[Item], context: Context | None = None) -> list[Verdict]:
    return list(parse_filter(spec).judge(items, context or Context()))


def texts(*found: str, start: int = 100) -> list[Item]:
    return [Item(start + place, text) for place, text in enumerate(found)]


def kept(verdicts: list[Verdict]) -> list[bool]:
    return [verdict.keep for verdict in verdicts]


def test_a_copy_names_the_kept_sample_its_similarity_and_the_rule() -> None:
    verdicts = judge("near_duplicate", texts(PIN, "what is the rate", f"please {PIN}"))
    assert kept(verdicts) == [True, True, False]
    # 7 of 8 words, whole and in order: (1 + 7/8) / 2.
    assert verdicts[2] == Verdict(False, f".94 like sample 100 (kept as the first): {PIN}", 0.9375, 100)


@pytest.mark.parametrize(
    ("keep", "stays", "why"),
    [
        ("first", 100, "kept as the first"),
        ("last", 102, "kept as the last"),
        ("longest", 101, "kept as the longest"),
        ("score", 102, "kept as the most confident"),
    ],
)
def test_who_stays(keep: str, stays: int, why: str) -> None:
    items = [
        Item(100, PIN, scores={"confidence": -2.0}),
        Item(101, f"please {PIN} today"),
        Item(102, f"{PIN}!!", scores={"confidence": -0.5}),
    ]
    verdicts = judge(f"near_duplicate:keep={keep}", items)
    assert [item.id for item, verdict in zip(items, verdicts, strict=True) if verdict.keep] == [stays]
    assert {verdict.other for verdict in verdicts if not verdict.keep} == {stays}
    assert all(why in verdict.reason for verdict in verdicts if not verdict.keep)


@pytest.mark.parametrize("keep", ["first", "last", "longest", "score"])
def test_what_a_person_decided_on_always_stays(keep: str) -> None:
    items = [Item(1, PIN), Item(2, f"{PIN}?", settled=True), Item(3, f"please {PIN} now"), Item(4, PIN, settled=True)]
    verdicts = judge(f"near_duplicate:keep={keep}", items)
    assert kept(verdicts) == [False, True, False, True]
    assert "kept as a person's" in verdicts[0].reason
    assert verdicts[1].reason == "a person has decided on it"


def test_seeds() -> None:
    context = Context(seeds=[Item(7, "what is the rate?")])
    verdicts = judge("near_duplicate:seeds=true", texts(PIN, "what is the rate"), context)
    # The same words: 1; the mark is no word.
    assert verdicts[1] == Verdict(False, "1.00 like seed 7: what is the rate?", 1.0, 7)
    assert kept(judge("near_duplicate", texts(PIN, "what is the rate"), context)) == [True, True]


def test_new_samples_are_held_against_the_old_and_each_other_and_the_old_stay() -> None:
    old = texts(PIN, "my card has not arrived yet")
    new = texts(f"please {PIN} and thank you", "top up by bank transfer", "top up by bank transfer!", start=200)
    verdicts = list(NearDuplicate(keep="longest").judge_new(new, old, Context()))
    assert kept(verdicts) == [False, False, True]
    assert (verdicts[0].other, verdicts[1].other) == (100, 202)
    assert "sample 100 (kept before)" in verdicts[0].reason
    assert list(NearDuplicate().judge_new([], old, Context())) == []


def test_two_steps_obey_the_rule_of_one() -> None:
    draw = random.Random(3)
    nouns = ["card", "bank", "pin", "rate", "fee", "refund", "order", "cash"]
    words = [*nouns, "my", "new", "top", "up", "transfer", "change", "lost", "late"]
    items = [Item(place, " ".join(draw.choices(words, k=draw.randint(4, 7)))) for place in range(400)]
    one = NearDuplicate(threshold=0.75)
    first = list(one.judge(items[:250], Context()))
    old = [item for item, verdict in zip(items, first, strict=False) if verdict.keep]
    second = list(one.judge_new(items[250:], old, Context()))
    stays = {item.id for item in old} | {
        item.id for item, verdict in zip(items[250:], second, strict=True) if verdict.keep
    }
    drops = [pair for pair in zip(items, [*first, *second], strict=True) if not pair[1].keep]
    assert len(drops) > 20
    for item, verdict in drops:
        assert verdict.other in stays
        assert verdict.value is not None
        assert verdict.value >= 0.75
        assert verdict.value == pytest.approx(similarity(item.text, items[verdict.other].text))


def test_described() -> None:
    row = describe(FILTERS.get("near_duplicate"))
    assert row["cut"] == "threshold"
    assert row["place"].startswith("curate / sample filtering")
    assert row["parameters"][1]["type"] == "first or last or longest or score"
    assert quote(PIN) == PIN
