"""Fidelity to real data: numbers worked by hand or by reference implementations, and what may be compared."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.evaluate.samples import rows, sample
from workbench.evaluate.base import Material, Metric, Sample, evaluate
from workbench.evaluate.fidelity.classifier_auc import folds
from workbench.evaluate.fidelity.unigram_shift import shannon
from workbench.learn.auc import area, interval, p_value
from workbench.learn.mauve import frontier_area, quantise, smoothed

TREC = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "trec" / "train.txt"
FIDELITY = (
    "fidelity.mauve",
    "fidelity.classifier_auc",
    "fidelity.seed_similarity",
    "fidelity.unigram_shift",
    "fidelity.label_shift",
)

ANIMALS = ("cat", "dog", "owl", "fox", "bee")
TOOLS = ("saw", "axe", "nail", "file", "plane")


def sentences(words: tuple[str, ...], count: int, first: int, seed: int = 0, label: str = "a") -> list[Sample]:
    chance = Random(seed)
    return [sample(first + i, f"{' '.join(chance.choices(words, k=6))} {first + i}", label) for i in range(count)]


def measured(name: str, samples: list[Sample], real: list[Sample], **more: object) -> Metric:
    return evaluate(Material(samples, real=real, **more), [name])[name]  # type: ignore[arg-type]


# MAUVE ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "q", "theirs"),
    [  # mauve_star of mauve-text 0.4.0, from the same counts
        ([10, 0, 5, 1], [3, 8, 5, 0], 0.3907939898211883),
        ([30, 20, 10], [30, 20, 10], 1.0),
        ([50, 0, 0], [0, 0, 50], 0.007313852255347959),
        ([7, 3, 9, 1, 0, 4], [6, 4, 8, 2, 1, 3], 0.9928889639401992),
    ],
)
def test_the_area_under_the_frontier_is_that_of_mauve_text(p: list[int], q: list[int], theirs: float) -> None:
    one, other = smoothed(np.array(p)), smoothed(np.array(q))
    assert frontier_area(one, other)[0] == pytest.approx(theirs, abs=1e-9)
    assert frontier_area(other, one)[0] == pytest.approx(theirs, abs=1e-9)


def test_many_histograms_at_once_are_as_good_as_one_by_one() -> None:
    chance = np.random.default_rng(0)
    p, q = smoothed(chance.integers(0, 9, (40, 5))), smoothed(chance.integers(0, 9, (40, 5)))
    alone = [float(frontier_area(a, b)[0]) for a, b in zip(p, q, strict=True)]
    assert frontier_area(p, q).tolist() == pytest.approx(alone)


def test_krichevsky_trofimov_adds_half_to_every_count() -> None:
    assert smoothed(np.array([3, 0, 0])).tolist() == pytest.approx([3.5 / 4.5, 0.5 / 4.5, 0.5 / 4.5])


def test_buckets_are_those_of_rows_that_lie_together() -> None:
    chance = np.random.default_rng(1)
    corners = np.array([[5.0, 0], [0, 5], [-5, -5]])
    rows_ = np.concatenate([corner + chance.normal(0, 0.1, (20, 2)) for corner in corners]).astype(np.float32)
    member = quantise(rows_, 3, seed=4)
    assert [len(set(member[start : start + 20].tolist())) for start in (0, 20, 40)] == [1, 1, 1]


def test_mauve_is_high_for_one_source_and_low_for_two() -> None:
    real = sentences(ANIMALS, 60, 1)
    alike, unlike = (measured("fidelity.mauve", sentences(words, 60, 1000, seed=5), real) for words in (ANIMALS, TOOLS))
    assert alike.value is not None
    assert unlike.value is not None
    assert unlike.value < 0.3 < 0.8 < alike.value
    assert unlike.details["p"] < 0.01 < 0.05 < alike.details["p"]
    assert set(unlike.details["behind"]["unlike_real"]) <= set(range(1000, 1060))
    assert len(unlike.details["behind"]["unlike_real"]) > 30
    assert alike.rough


def test_mauve_uses_the_projects_embeddings_where_there_are_some() -> None:
    def embed(texts: list[str]) -> np.ndarray:
        return np.array([[1.0, 0.0] if "cat" in text else [0.0, 1.0] for text in texts], np.float32)

    found = measured("fidelity.mauve", sentences(ANIMALS, 30, 1000), sentences(ANIMALS, 30, 1), embed=embed)
    assert found.value is not None
    assert "embeddings" in found.details["features"]


# Real or synthetic ---------------------------------------------------------------------------------------------------


def test_the_area_under_the_curve_is_scikit_learns() -> None:
    chance = np.random.default_rng(0)
    for ties in (1, 3, 50):
        scores = chance.integers(0, ties * 4, 200) / ties
        positive = chance.random(200) < 0.3
        assert area(scores, positive).value == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


def test_delongs_error_by_the_definition() -> None:
    positives, negatives = [0.9, 0.8, 0.4, 0.35], [0.7, 0.4, 0.2]
    wins = np.array([[1.0 if a > b else 0.5 if a == b else 0.0 for b in negatives] for a in positives])
    expected = math.sqrt(wins.mean(1).var(ddof=1) / 4 + wins.mean(0).var(ddof=1) / 3)
    found = area(np.array(positives + negatives), np.array([True] * 4 + [False] * 3))
    assert found.value == pytest.approx(wins.mean())
    assert found.error == pytest.approx(expected)


def test_an_area_of_one_still_has_an_interval() -> None:
    found = area(np.array([3.0, 2.0, 1.0, 0.0]), np.array([True, True, False, False]))
    low, high = interval(found, 2, 2)
    assert (found.value, high) == (1.0, 1.0)
    assert low < 0.5
    assert p_value(found) == 0.0


def test_two_sources_are_told_apart_by_words_that_are_named() -> None:
    found = measured("fidelity.classifier_auc", sentences(TOOLS, 60, 1000), sentences(ANIMALS, 60, 1))
    assert found.value == 1.0
    assert found.low is not None
    assert 0.9 < found.low < 1.0
    assert {word for word, _ in found.details["words"]["synthetic"]} >= set(TOOLS)
    assert {word for word, _ in found.details["words"]["real"]} >= set(ANIMALS)
    assert len(found.details["behind"]["most_synthetic"]) == 60


def test_copies_of_real_rows_cannot_be_told_apart() -> None:
    # Split over folds, the twin of each held-out text would stand on the other side: far under one half.
    real = sentences(ANIMALS, 60, 1)
    found = measured("fidelity.classifier_auc", [sample(1000 + row.id, row.text, "a") for row in real], real)
    assert found.value == pytest.approx(0.5)
    assert found.details["p"] > 0.9


def test_near_copies_pull_the_area_below_one_half_and_that_is_not_called_better() -> None:
    real = sentences(ANIMALS, 60, 1)
    turned = [sample(1000 + row.id, " ".join(reversed(row.text.split())), "a") for row in real]  # the same words
    found = measured("fidelity.classifier_auc", turned, real)
    assert found.high is not None
    assert found.high < 0.5
    assert found.direction == "none"
    assert "Below 0.5 is not better" in found.note


def test_equal_texts_share_a_fold_and_sides_spread_evenly() -> None:
    texts = (
        [f"only here {i}" for i in range(10)]
        + ["Both  Sides"]
        + [f"only there {i}" for i in range(10)]
        + ["both sides"]
    )
    found = folds(texts, 11, seed=0)
    assert found[10] == found[21]
    assert np.bincount(found[:10], minlength=5).tolist() == [2] * 5
    assert np.bincount(found[11:21], minlength=5).tolist() == [2] * 5


# Memorisation --------------------------------------------------------------------------------------------------------


def test_copies_and_near_copies_are_found_with_their_real_row() -> None:
    real = rows(
        ("what is the capital of france", "a"),
        ("how do bees make their honey", "a"),
        ("name a river that ends in the sea", "a"),
    )
    made = rows(
        ("What is the capital  of France", "a"),
        ("how do bees make all their honey", "a"),
        ("quantum chromodynamics lecture notes", "a"),
        first=100,
    )
    found = measured("fidelity.seed_similarity", made, real)
    assert [pair[:2] for pair in found.details["closest"][:2]] == [[100, 1], [101, 2]]
    assert found.details["closest"][0][2] == 1.0
    assert found.details["closest"][1][2] == pytest.approx(12 / 13, abs=1e-3)  # 2 * 6 shared of 6 + 7 words
    assert found.details["exact"]["count"] == 1
    assert found.details["near_copies"]["count"] == 2
    assert found.details["behind"]["exact"] == [100]
    assert found.details["behind"]["closest"][:2] == [100, 101]
    assert found.rough


def test_real_rows_are_not_their_own_nearest() -> None:
    real = rows(("alpha beta gamma", "a"), ("delta epsilon zeta", "a"))
    found = measured("fidelity.seed_similarity", rows(("alpha beta gamma", "a"), ("x y z", "a"), first=9), real)
    assert found.details["seeds_near_copies"]["count"] == 0
    assert found.value is not None
    assert found.details["difference"]["value"] == pytest.approx(found.value - found.details["seeds"])


def test_long_texts_are_compared_by_their_beginnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.evaluate.fidelity.seed_similarity.LONGEST", 20)
    made = rows(("how do bees fly at night", "a"), ("other words", "a"), first=9)
    found = measured("fidelity.seed_similarity", made, rows(("how do bees fly at noon", "a"), ("nothing", "a")))
    assert found.details["closest"][0] == [9, 1, 1.0]
    assert found.details["exact"]["count"] == 0


def test_copies_of_rows_outside_the_pool_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.evaluate.fidelity.seed_similarity.POOL", 5)
    real = sentences(ANIMALS, 40, 1)
    found = measured("fidelity.seed_similarity", [sample(100 + row.id, row.text) for row in real], real)
    assert found.details["near_copies"]["count"] == 40
    assert found.details["pool"] == 5


# Words and labels ----------------------------------------------------------------------------------------------------


def test_divergence_in_bits_by_hand() -> None:
    # Shares (1, 0) and (1/2, 1/2): H(3/4, 1/4) - (0 + 1) / 2.
    expected = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)) - 0.5
    assert shannon(np.array([[4.0], [0]]), np.array([[3.0], [3]]))[0] == pytest.approx(expected)
    assert shannon(np.array([[4.0], [0]]), np.array([[0.0], [3]]))[0] == 1.0
    assert shannon(np.array([[2.0], [1]]), np.array([[4.0], [2]]))[0] == 0.0


def test_words_that_are_used_too_often_or_too_rarely() -> None:
    made = rows(*[("the movie was superb", "a")] * 12, first=100)
    real = rows(*[("the film was superb", "a")] * 12)
    found = measured("fidelity.unigram_shift", made, real)
    assert found.value == pytest.approx(0.25)  # a quarter of the words has nothing in common with the other side
    assert found.details["words"] == {"over": [["movie", 0.25, 0.0]], "under": [["film", 0.0, 0.25]]}
    assert found.details["seeds"] == 0.0
    assert found.details["p"] < 0.01


def test_label_shift_is_half_the_sum_of_differences() -> None:
    made = rows(*[("t", "a")] * 60 + [("t", "b")] * 40, first=1000)
    real = rows(*[("t", "a")] * 30 + [("t", "b")] * 60 + [("t", "c")] * 10)
    found = measured("fidelity.label_shift", made, real, labels=("a", "b", "c", "d"))
    assert found.value == pytest.approx(0.3)
    assert found.low is not None
    assert found.high is not None
    assert 0.1 < found.low < 0.3 < found.high < 0.5
    assert found.details["per_label"]["a"]["share"] == 0.6
    assert found.details["per_label"]["c"]["real_share"] == 0.1
    assert found.details["per_label"]["d"]["count"] == 0
    # G = 2 sum observed ln(observed / expected), expected 45, 50, 5 on either side; two degrees of freedom.
    g = 2 * (60 * math.log(60 / 45) + 40 * math.log(40 / 50) + 30 * math.log(30 / 45) + 60 * math.log(60 / 50))
    g += 2 * 10 * math.log(10 / 5)
    assert found.details["g"] == pytest.approx(g)
    assert found.details["p"] == pytest.approx(math.exp(-g / 2))


def test_labels_are_those_that_people_settled_on() -> None:
    made = [sample(1, "t", "b", generated_label="a", person_label="b"), sample(2, "t", "a")]
    found = measured("fidelity.label_shift", made, rows(("t", "a"), ("t", "b"), first=10), labels=("a", "b"))
    assert found.value == 0.0
    assert found.rough


# What is compared with what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIDELITY)
def test_without_real_rows_it_says_what_to_import(name: str) -> None:
    found = measured(name, sentences(ANIMALS, 30, 1), [])
    assert found.value is None
    assert "workbench import" in found.note


@pytest.mark.parametrize("name", FIDELITY)
def test_an_empty_data_set_and_texts_without_words_are_no_failure(name: str) -> None:
    real = sentences(ANIMALS, 30, 1)
    for samples in ([], [sample(i, "", "a") for i in range(100, 130)]):
        found = measured(name, samples, real, labels=("a",))
        assert "Could not be computed" not in found.note
    found = measured(name, [sample(i, "", "a") for i in range(100, 130)], [sample(i, "", "a") for i in range(30)])
    assert "Could not be computed" not in found.note


@pytest.mark.parametrize("name", FIDELITY)
def test_seeds_stand_in_for_real_rows_and_test_rows_never_do(name: str) -> None:
    made, seeds = sentences(ANIMALS, 30, 1000), sentences(ANIMALS, 30, 1, seed=3)
    tests = sentences(TOOLS, 500, 5000)
    with_tests, without = (
        evaluate(Material(made, seeds=seeds, test=test, validation=test), [name])[name] for test in (tests, [])
    )
    assert with_tests.details["real"] == "seeds"
    assert with_tests == without


@pytest.mark.parametrize("name", FIDELITY)
def test_the_same_material_gives_the_same_numbers(name: str) -> None:
    made, real = sentences(ANIMALS, 40, 1000), sentences(ANIMALS, 35, 1, seed=3)
    assert measured(name, made, real) == measured(name, made, real)


@pytest.mark.skipif(not TREC.is_file(), reason="needs ../shared/data/trec beside the checkout")
def test_halves_of_one_real_data_set_are_the_same() -> None:
    found_rows = []
    for number, line in enumerate(TREC.read_text(encoding="latin-1").splitlines(), 1):
        label, _, text = line.strip().partition(" ")
        found_rows.append(sample(number, text, label.partition(":")[0]))
    Random(0).shuffle(found_rows)
    half = len(found_rows) // 2
    names = sorted({str(row.label) for row in found_rows})
    found = evaluate(Material(found_rows[:half], real=found_rows[half:], labels=names), FIDELITY)
    for name in ("fidelity.mauve", "fidelity.classifier_auc", "fidelity.unigram_shift", "fidelity.label_shift"):
        assert found[name].details["p"] > 0.05, name
        assert not found[name].rough, name
    auc, apart = found["fidelity.classifier_auc"], found["fidelity.seed_similarity"].details["difference"]
    assert auc.low is not None
    assert auc.high is not None
    assert auc.low <= 0.5 <= auc.high
    assert apart["low"] <= 0 <= apart["high"]
    assert found["fidelity.mauve"].value is not None
    assert found["fidelity.mauve"].value > 0.95
    assert found["fidelity.unigram_shift"].details["above_chance"] < 0.005
