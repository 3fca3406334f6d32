"""The filters of Impossible Distillation, rule by rule; thresholds from appendices A.2 and C.1 of arXiv 2305.16635v4."""

from __future__ import annotations

import pytest

from tests.curate.scripted_judge import Judge, kept, part
from workbench.curate.base import Context, Item, parse_filter
from workbench.errors import UsageError, WorkbenchError


def pair(number: int, x: str, y: str) -> Item:
    return Item(number, f"{x}\n{y}", {"first": x, "second": y})


def sides(prompt: str) -> tuple[str, str]:
    return part(prompt, "premise"), part(prompt, "hypothesis")


A, B = "the old cat sat on a red mat", "an elderly feline rested on some rug"


def test_both_sides_must_entail_each_other() -> None:
    given = {(A, B): 0.75, (B, A): 0.75}
    judge = Judge(lambda prompt, _: given[sides(prompt)])
    (verdict,) = judge.judge("impossible_distillation", [pair(1, A, B)])
    assert (verdict.keep, verdict.value, verdict.reason) == (
        True, 0.75, "entailment first => second .75, second => first .75",
    )  # fmt: skip
    given[(B, A)] = 0.74
    (verdict,) = Judge(judge.script).judge("impossible_distillation", [pair(1, A, B)])
    assert (verdict.keep, verdict.value, verdict.rule) == (False, 0.74, "meaning")
    assert verdict.reason == "entailment first => second .75, second => first .74: because"


def test_a_summary_is_entailed_one_way_and_shorter() -> None:
    judge = Judge(lambda prompt, _: 0.8)
    long = "x" * 100
    verdicts = judge.judge(
        "impossible_distillation:goal=summary",
        [pair(1, long, "y" * 79), pair(2, long, "y" * 80), pair(3, "z" * 50, "w")],
    )
    assert kept(verdicts) == [True, False, True]
    assert (verdicts[1].rule, verdicts[1].value) == ("length", 0.8)
    assert [sides(prompt)[0] for prompt in judge.prompts] == [long, "z" * 50]


def test_form_is_looked_at_before_anything_is_asked() -> None:
    judge = Judge(lambda prompt, _: 1)
    items = [
        pair(1, "abcde fghij", "abcde"),  # 5 of 11 characters
        pair(2, "abcde fghij", "klmno pqrst uvwxy"),  # 17 of 11: over 1.5
        pair(3, "a b c d", "a b c e"),  # ROUGE-L 2 * 3 / 8 = .75: not over it
        pair(4, "a b c d e", "a b c d f"),  # .8
    ]
    verdicts = judge.judge("impossible_distillation", items)
    assert [verdict.rule for verdict in verdicts] == ["length", "length", "", "too alike"]
    assert verdicts[3].value == pytest.approx(0.8)
    assert len(judge.requests) == 2


#: Three pairs whose sources chain: 1 => 2, 2 => 3, but not 1 => 3; and one that is near to none.
CHAIN = [
    pair(1, "green apples grow on trees in spring", "in the vernal season orchards bear fruit"),
    pair(2, "green apples grow on trees in autumn", "as leaves turn brown we pick harvests"),
    pair(3, "green apples grow on trees in winter", "snow covers branches that still carry crops"),
    pair(4, "nobody answered my call yesterday", "the phone rang and rang without luck"),
]
OWN = {1: (0.8, 0.8), 2: (0.9, 0.9), 3: (0.85, 0.8), 4: (0.8, 0.8)}


def chained(prompt: str, _: int) -> float:
    premise, hypothesis = sides(prompt)
    for item in CHAIN:
        x, y = item.fields["first"], item.fields["second"]
        if (premise, hypothesis) == (x, y):
            return OWN[item.id][0]
        if (premise, hypothesis) == (y, x):
            return OWN[item.id][1]
    ends = (premise.split()[-1], hypothesis.split()[-1])
    return 0.7 if ends in (("spring", "autumn"), ("winter", "autumn")) else 0.5


def test_of_a_connected_group_the_pair_that_entails_itself_most_stays() -> None:
    """Algorithm 1: an edge over the threshold (0.5 is not over it), one of each component, by the sum of both ways."""
    judge = Judge(chained)
    verdicts = judge.judge("impossible_distillation", CHAIN)
    assert kept(verdicts) == [False, True, False, True]
    assert [verdict.other for verdict in verdicts] == [2, None, 2, None]
    assert verdicts[0].rule == "repeats"
    assert verdicts[0].reason == "repeats pair 2 (.70): green apples grow on trees in autumn"
    asked = [sides(prompt) for prompt in judge.prompts]
    assert len(asked) == len(set(asked))
    assert not any("phone" in one + other for one, other in asked[8:])  # pair 4 is compared with none
    assert len(asked) == 8 + 6


def test_what_was_not_judged_is_kept_and_groups_with_nothing() -> None:
    judge = Judge(lambda prompt, draw: None if "spring" in prompt else chained(prompt, draw))
    verdicts = judge.judge("impossible_distillation", [*CHAIN, Item(9, "x", {"first": "x"})])
    assert kept(verdicts) == [True, True, False, True, True]
    assert [verdict.rule for verdict in verdicts] == ["unscored", "", "repeats", "", "unscored"]


def test_what_it_refuses() -> None:
    with pytest.raises(WorkbenchError, match="fields instruction and second"):
        list(parse_filter("impossible_distillation:source=instruction").judge(CHAIN, Context()))
    for wrong in ("entailment=2", "shortest=2", "source=second"):
        with pytest.raises(UsageError, match="impossible_distillation"):
            parse_filter(f"impossible_distillation:{wrong}")
