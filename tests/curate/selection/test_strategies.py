"""Each strategy's number by hand, its sentence, and what it does with nothing."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy
import pytest

from workbench.curate.labels.selecting import ALWAYS, STRATEGIES, Block, Evidence, Pool, describe, ordinal, share, unfit
from workbench.curate.labels.selection.random import hashed

CHANCES = numpy.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [1.0, 0.0, 0.0]])
CLASSES = ["a", "b", "c"]
TEXTS = ["lost card", "card lost again", "refund please"]


def pool(**more: object) -> Pool:
    given = {"ids": [4, 7, 9], "texts": TEXTS, "given": ["a", "b", None], "original": ["b", None, "a"], **more}
    return Pool(**given)  # type: ignore[arg-type]


def scores(name: str, given: Pool | None = None) -> list[float]:
    chosen = pool() if given is None else given
    scorer = STRATEGIES.get(name)().prepare(chosen)
    return [float(value) for value in scorer(Block(0, len(chosen.ids), CHANCES[: len(chosen.ids)], CLASSES))]


def why(name: str, **evidence: object) -> str:
    return STRATEGIES.get(name)().why(Evidence(**evidence))  # type: ignore[arg-type]


SUGGESTED = [("card_arrival", 0.41), ("card_delivery", 0.39), ("lost", 0.1)]


def test_there_are_twelve_and_listing_them_loads_nothing_heavy() -> None:
    code = (
        "import sys; from workbench.curate.labels.selecting import STRATEGIES, describe; "
        "print(len([describe(STRATEGIES.get(n)) for n in STRATEGIES])); "
        "assert not {'numpy', 'sklearn', 'scipy'} & set(sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.stdout.strip(), ran.stderr) == ("12", "")


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_each_names_its_paper_and_its_formula(name: str) -> None:
    told = describe(STRATEGIES.get(name))
    assert told["name"] == name
    assert told["paper"]
    assert (told["computed"] == "by every learn job") == (name in ALWAYS)
    assert len(STRATEGIES.get(name).__doc__ or "") > 60


def test_uncertainty_margin_and_entropy_by_hand() -> None:
    assert scores("uncertainty") == pytest.approx([0.5, 0.6, 0.0])
    assert scores("margin") == pytest.approx([0.8, 1.0, 0.0])
    first = -(0.5 * math.log(0.5) + 0.3 * math.log(0.3) + 0.2 * math.log(0.2))
    assert scores("entropy") == pytest.approx([first, -(0.8 * math.log(0.4) + 0.2 * math.log(0.2)), 0.0], abs=1e-9)


def test_the_model_against_the_classifier_by_hand() -> None:
    found = scores("model_disagreement")
    assert found[0] == pytest.approx(0.5 - 0.3)
    assert math.isnan(found[1])
    assert found[2] == pytest.approx(0.0 - 1.0)


def test_rare_labels_by_hand() -> None:
    assert scores("rare_label", pool(accepted={"a": 3})) == pytest.approx([0.25, 1.0, 0.25])


def test_random_is_the_same_for_ever_and_flat() -> None:
    # SplitMix64 with the state 0: its first output is 0xE220A8397B1DCDAF (the published test vector).
    assert hashed([0])[0] == pytest.approx(0xE220A8397B1DCDAF / 2**64, abs=1e-15)
    many = hashed(range(10_000))
    assert len(set(many.tolist())) == 10_000
    assert numpy.histogram(many, 10, (0, 1))[0].min() > 900
    assert scores("random") == hashed([4, 7, 9]).tolist()


def test_clusters_one_after_the_other_nearest_first() -> None:
    groups = (numpy.array([2, 1, 2]), numpy.array([0.5, 0.1, 0.2]))
    found = scores("cluster_order", pool(groups=lambda: groups))
    assert found == pytest.approx([-2 + 1 / 3, -1 + 1 / 2, -2 + 1 / 2])
    assert math.isnan(scores("cluster_order", pool(groups=lambda: (numpy.zeros(3, int), numpy.zeros(3))))[0])


def test_the_committee_orders_by_votes() -> None:
    known = [("lost card", "a"), ("my card", "a"), ("refund please", "b"), ("a refund", "b")]
    found = scores("committee", pool(known=known))
    assert len(found) == 3
    assert all(0 <= value <= math.log(5) + 0.02 for value in found)
    assert found == scores("committee", pool(known=known))


def test_what_stands_for_others_comes_first() -> None:
    vectors = numpy.array([[1, 0], [0.99, 0.14], [0.98, 0.2], [0, 1]], numpy.float32)
    four = pool(ids=[1, 2, 3, 4], texts=["x"] * 4, given=[None] * 4, vectors=lambda: vectors)

    def order(name: str) -> list[int]:
        scorer = STRATEGIES.get(name)().prepare(four)
        return numpy.argsort(-numpy.asarray(scorer(Block(0, 4, numpy.zeros((4, 0))))), kind="stable").tolist()

    assert order("core_set")[1] == 3  # the one that is unlike all others, after the one in the middle
    assert order("representative")[-1] == 3
    assert len(order("vote_k")) == 4


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_an_empty_pool_gives_nothing(name: str) -> None:
    known = [("lost card", "a"), ("refund", "b")]
    none = pool(ids=[], texts=[], given=[], original=[], known=known)
    if name == "cluster_order":
        none.groups = lambda: (numpy.zeros(0, int), numpy.zeros(0))
    assert scores(name, none) == []


def test_tasks_without_labels_are_told() -> None:
    assert unfit(STRATEGIES.get("margin"), "none") == "margin needs a task with one label per sample"
    assert unfit(STRATEGIES.get("core_set"), "none") is None
    assert unfit(STRATEGIES.get("margin"), "one") is None


def test_sentences() -> None:
    assert why("margin", score=0.98, suggestions=SUGGESTED) == "margin 0.02: card_arrival .41 against card_delivery .39"
    assert why("uncertainty", score=0.59, suggestions=SUGGESTED).startswith("uncertainty .59: card_arrival .41 against")
    assert why("entropy", score=math.log(8), suggestions=SUGGESTED).startswith(
        "entropy 2.08, as if 8 labels were equally"
    )
    assert why("committee", score=0.673, suggestions=SUGGESTED).startswith(
        "committee split 3 : 2; likeliest: card_arrival"
    )
    assert why("committee", score=0.01, suggestions=SUGGESTED) == "committee: all 5 agree (card_arrival .41)"
    assert (
        why("model_disagreement", score=0.31, original="lost", suggestions=SUGGESTED)
        == "the model said lost .10, the classifier says card_arrival .41"
    )
    assert (
        why("label_error", score=1.95, label="lost", suggestions=SUGGESTED)
        == "suspected label error: lost has .05 by the other samples; suggested: card_arrival .41"
    )
    assert (
        why("cluster_order", score=-12 + 1 / 2, cluster=(12, "refund, money", 9), clusters=40)
        == "cluster 12 of 40 (refund, money): nearest its centre"
    )
    assert why("cluster_order", score=-12 + 1 / 5).endswith("4th nearest its centre")
    assert why("representative", score=0.2) == "representative: nearest to the centre of its group"
    assert why("representative", score=0.2 - 2) == "representative: 3rd nearest to the centre of its group"
    assert why("rare_label", score=1 / 3, label="lost") == "rare label: lost has 2 accepted samples so far"
    assert (
        why("rare_label", score=1.0, suggestions=SUGGESTED) == "rare label: card_arrival has no accepted sample so far"
    )
    assert why("vote_k", score=41.0).startswith("vote-k: 41 samples")
    assert why("core_set", score=0.83).startswith("core set 0.83:")


def test_hostile_names_stay_on_their_line() -> None:
    said = why("margin", score=0.9, suggestions=[("a\x1b[31m\nb", 0.5), ("c", 0.4)])
    assert "\x1b" not in said
    assert "\n" not in said


def test_numbers_in_words() -> None:
    assert [share(value) for value in (0.414, 1.0, 0.004, 0.999)] == [".41", "1", "0", "1"]
    assert ordinal(21) == "21st"
