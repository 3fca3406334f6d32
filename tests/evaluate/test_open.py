"""Standings of outputs judged side by side, by numbers worked by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.evaluate.open import own
from workbench.evaluate.open.standings import standings
from workbench.learn.agreement import agreement
from workbench.learn.intervals import wilson
from workbench.store.duels import Choice, Comparison, Duel, Side, Verdict


def comparison(*contenders: str) -> Comparison:
    return Comparison(1, "test", "Which is better?", contenders or ("zerogen", "attrprompt"), {}, "", 0)


def duel(at: int, first: int = 0, second: int = 1, gold: Side | None = None, lengths: tuple[int, int] = (4, 4)) -> Duel:
    return Duel(f"input {at}", first, second, "a" * lengths[0], "b" * lengths[1], None, None, gold, id=at, position=at)


def said(at: int, verdict: Verdict, *, swapped: bool = False, judge: str = "anna", person: bool = True) -> Choice:
    return Choice(at, judge, person, swapped, verdict, "", None)


def model(at: int, one: Verdict, other: Verdict) -> list[Choice]:
    """A model's verdicts in both orders, in the duel's own terms."""
    return [said(at, one, judge="m", person=False), said(at, other, swapped=True, judge="m", person=False)]


def judged(found: dict[str, Any], name: str) -> dict[str, Any]:
    [one] = [judge for judge in found["judges"] if judge["judge"] == name]
    return dict(one)


def test_nobody_has_judged() -> None:
    found = standings(comparison(), [duel(1)], [])
    assert found["judges"] == []
    assert found["summary"] == ["Nobody has judged these pairs yet."]


def test_a_persons_win_rate_counts_draws_as_halves_whichever_side_the_contender_stood_on() -> None:
    # zerogen is second in duels 3 and 4: it wins 1, 2 and 3, loses 4, draws 5.
    duels = [duel(1), duel(2), duel(3, 1, 0), duel(4, 1, 0), duel(5)]
    verdicts: list[Verdict] = ["first", "first", "second", "first", "tie"]
    found = standings(comparison(), duels, [said(at, one) for at, one in enumerate(verdicts, 1)])
    rate = judged(found, "anna")["metrics"]["open.win_rate"]
    assert rate["value"] == pytest.approx(3.5 / 5)
    assert {name: rate["details"][name] for name in ("wins", "losses", "ties")} == {"wins": 3, "losses": 1, "ties": 1}
    assert rate["rough"]
    assert "open.flip_rate" not in judged(found, "anna")["metrics"]
    assert found["summary"][0].startswith("anna: zerogen wins roughly 70 % (")
    assert found["summary"][0].endswith("of 5 pairs against attrprompt; this may be chance.")
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(found, allow_nan=False))


def test_a_model_that_changes_its_mind_with_the_order_counts_half_and_is_told() -> None:
    # 6 duels for zerogen in both orders, 2 against it, 2 in which it takes what stands first: that is 7 of 10.
    choices = [choice for at in range(1, 7) for choice in model(at, "first", "first")]
    choices += [choice for at in (7, 8) for choice in model(at, "second", "second")]
    choices += [choice for at in (9, 10) for choice in model(at, "first", "second")]
    found = judged(standings(comparison(), [duel(at) for at in range(1, 11)], choices), "m")
    assert found["metrics"]["open.win_rate"]["value"] == pytest.approx(0.7)
    flips = found["metrics"]["open.flip_rate"]
    assert flips["value"] == pytest.approx(0.2)
    assert (flips["low"], flips["high"]) == tuple(wilson(2, 10))
    assert flips["details"]["reversals"] == 2
    # Of each of the eight duels one verdict named what stood first, of the other two both did.
    assert found["metrics"]["open.position"]["value"] == pytest.approx((8 * 0.5 + 2) / 10)
    assert any(
        sentence.startswith("m changed its mind with the order in roughly 20 % (") for sentence in found["summary"]
    )


def test_agreement_with_people_and_with_what_is_known() -> None:
    # Gold: zerogen in all 8. The model is right in 6, wrong in 1, and in 1 turns with the order (half): 6.5 of 8.
    duels = [duel(at, gold="first") for at in range(1, 9)]
    choices = [choice for at in range(1, 7) for choice in model(at, "first", "first")]
    choices += [*model(7, "second", "second"), *model(8, "first", "second")]
    choices += [said(at, "first") for at in range(1, 5)] + [said(7, "second")]
    found = standings(comparison(), duels, choices)
    accuracy = judged(found, "m")["metrics"]["open.accuracy"]
    assert accuracy["value"] == pytest.approx(6.5 / 8)
    assert accuracy["details"]["same"] == pytest.approx(6 / 8)
    assert judged(found, "anna")["metrics"]["open.accuracy"]["value"] == pytest.approx(4 / 5)
    [with_people] = [one for one in found["agreement"] if one["kind"] == "people"]
    assert (with_people["a"], with_people["b"], with_people["value"], with_people["duels"]) == ("m", "anna", 1.0, 5)
    assert with_people["kappa"]["value"] == pytest.approx(1.0)


def test_several_people_and_all_of_them_together() -> None:
    import numpy as np

    duels = [duel(at) for at in range(1, 7)]
    table: dict[str, list[Verdict]] = {
        "anna": ["first", "first", "first", "second", "tie", "first"],
        "ben": ["first", "first", "second", "second", "tie", "second"],
        "cy": ["first", "second", "first", "second", "first", "tie"],
    }
    choices = [said(at, one, judge=who) for who, row in table.items() for at, one in enumerate(row, 1)]
    found = standings(comparison(), duels, choices)
    # Most say: first, first, first, second, first (one against two draws), and anna and ben cancel out with cy's draw.
    together = judged(found, "people together")["metrics"]["open.win_rate"]
    assert together["value"] == pytest.approx(4.5 / 6)
    codes = {"second": 0, "tie": 1, "first": 2}
    values = np.array([codes[one] for row in table.values() for one in row])
    reference = agreement(np.tile(np.arange(6), 3), np.repeat(np.arange(3), 6), values)
    assert found["people"]["alpha"]["value"] == pytest.approx(reference.krippendorff.value)
    assert found["people"]["same"] == pytest.approx(reference.percent)
    assert sum(one["kind"] == "between people" for one in found["agreement"]) == 3


def test_three_contenders_are_ranked_and_ties_of_the_ranking_said() -> None:
    # a beats b in 30 of 40, b beats c in 30 of 40, a beats c in 36 of 40.
    duels, choices, at = [], [], 0
    for first, second, wins in ((0, 1, 30), (1, 2, 30), (0, 2, 36)):
        for n in range(40):
            at += 1
            turned = n % 2 == 1
            duels.append(duel(at, second, first) if turned else duel(at, first, second))
            won: Verdict = "first" if (n < wins) != turned else "second"
            choices.append(said(at, won))
    found = judged(standings(comparison("a", "b", "c"), duels, choices), "anna")
    assert [row["contender"] for row in found["ranking"]] == [0, 1, 2]
    assert found["ranked"]["tiers"] == [[0], [1], [2]]
    assert found["ranking"][0]["low"] > found["ranking"][1]["value"]
    assert [(pair["a"], pair["b"], pair["win_rate"]["value"]) for pair in found["pairs"]] == [
        (0, 1, 0.75), (0, 2, 0.9), (1, 2, 0.75),
    ]  # fmt: skip
    # a against both others, as open.win_rate says: 66 of 80.
    assert found["metrics"]["open.win_rate"]["value"] == pytest.approx(66 / 80)
    assert "anna, from the best: a, then b, then c." in found["summary"]


def test_a_judge_of_lengths_is_found_out_at_equal_length() -> None:
    # attrprompt's outputs are longer in 60 of 80 duels, and the judge always takes the longer one.
    duels = [duel(at, lengths=(10, 30) if at % 4 else (30, 10)) for at in range(80)]
    choices = [said(at, "second" if at % 4 else "first") for at in range(80)]
    metrics = judged(standings(comparison(), duels, choices), "anna")["metrics"]
    assert metrics["open.win_rate"]["value"] == 0.25
    assert metrics["open.length_controlled"]["low"] < 0.5 < metrics["open.length_controlled"]["high"]
    assert metrics["open.length_controlled"]["details"]["slope_low"] > 0


def test_answers_that_named_neither_output_are_counted_and_left_out() -> None:
    found = standings(comparison(), [duel(1), duel(2)], [*model(1, "first", "unread"), *model(2, "unread", "unread")])
    one = judged(found, "m")
    assert (one["duels"], one["unread"]) == (1, 3)
    assert "3 answers of m named neither output." in one["summary"]


def test_what_one_person_is_told_at_the_end() -> None:
    told = own.in_words(("zerogen", "attr\x1b[31m"), [(0, 1, "first", 20), (1, 0, "first", 58), (1, 0, "tie", 22)])
    assert told == ["attr␛[31m 58, zerogen 20, equal 22: attr␛[31m wins 69 % (59-77) of 100 pairs."]
    assert own.in_words(("a", "b"), [(0, 1, "first", 1)])[0].endswith("of 1 pair, which may be chance.")
