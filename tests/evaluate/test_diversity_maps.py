"""Diversity by how alike texts are, against worked numbers, scikit-learn and the vendi-score package."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from tests.evaluate.samples import rows, sample
from workbench.evaluate.base import Material, Metric, evaluate
from workbench.evaluate.corpus import Corpus, data_set, scale, text_map
from workbench.evaluate.diversity.aps import mean_cosine
from workbench.evaluate.diversity.cluster_coverage import coverage
from workbench.evaluate.diversity.nearest_distance import mean_distance, nearest
from workbench.evaluate.diversity.vendi import effective_number
from workbench.evaluate.text_map import Scale, projected_map
from workbench.text import tokens

BANKING = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "banking77" / "test.csv"


def metric(name: str, *texts: str, **more: object) -> Metric:
    return evaluate(Material(rows(*((text, None) for text in texts)), **more), [name])[name]


def unit(size: int, dimensions: int, seed: int = 0) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=(size, dimensions))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def utterances() -> list[str]:
    if not BANKING.is_file():
        pytest.skip("needs ../shared/data/banking77 beside the checkout")
    with BANKING.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)][:300]


@pytest.fixture(scope="module")
def reference(utterances: list[str]) -> np.ndarray:
    return TfidfVectorizer(sublinear_tf=True, analyzer=tokens).fit_transform(utterances).toarray()


def test_word_weights_equal_scikit_learn(utterances: list[str], reference: np.ndarray) -> None:
    corpus = Corpus(utterances)
    ours = Scale([corpus]).rows(corpus)
    assert (ours @ ours.T).toarray() == pytest.approx(reference @ reference.T, abs=1e-5)


def test_aps_equals_the_mean_of_scikit_learns_cosines(utterances: list[str], reference: np.ndarray) -> None:
    cosines = cosine_similarity(reference)[np.triu_indices(len(reference), 1)]
    assert metric("diversity.aps", *utterances).value == pytest.approx(cosines.mean(), abs=1e-5)


def test_self_bleu_equals_nltk_on_real_texts(utterances: list[str]) -> None:
    cut = [tokens(text) for text in utterances[:100]]
    smooth = SmoothingFunction(epsilon=0.1).method1
    theirs = [sentence_bleu(cut[:i] + cut[i + 1 :], text, smoothing_function=smooth) for i, text in enumerate(cut)]
    found = metric("diversity.self_bleu", *utterances[:100])
    assert found.value == pytest.approx(np.mean(theirs), abs=1e-9)


def test_vendi_equals_the_vendi_score_package(reference: np.ndarray) -> None:
    # vendi-score 0.0.3: score_K(X @ X.T), score_dual(X) and score_X(X) on these rows.
    found = effective_number(reference)
    assert found is not None
    assert found.value == pytest.approx(120.0341978626, abs=1e-5)
    some = effective_number(reference[:60])
    assert some is not None
    assert some.value == pytest.approx(34.2173384029, abs=1e-5)


def test_vendi_is_the_same_through_either_matrix() -> None:
    # 90 rows of 40 numbers go by the 40 x 40 matrix, 30 rows by the 30 x 30 one.
    for size in (90, 30):
        vectors = unit(size, 40)
        values = np.linalg.eigvalsh(vectors @ vectors.T / size)
        values = values[values > 1e-12]
        found = effective_number(vectors)
        assert found is not None
        assert found.value == pytest.approx(math.exp(-(values * np.log(values)).sum()))


def test_vendi_counts_kinds_of_text() -> None:
    assert metric("diversity.vendi", *["lost my card"] * 4).value == pytest.approx(1)
    two = ["alpha beta gamma"] * 3 + ["delta epsilon zeta"] * 3
    # Projected cosines are off by 0.04 or so: two kinds are not exactly two.
    assert metric("diversity.vendi", *two).value == pytest.approx(2, abs=0.02)
    found = effective_number(np.eye(7))
    assert found is not None
    assert found.value == pytest.approx(7)


def test_rows_of_a_projection_keep_cosines_to_a_few_hundredths(utterances: list[str], reference: np.ndarray) -> None:
    corpus = Corpus(utterances)
    found = projected_map(Scale([corpus])).rows(corpus)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    off = (found @ found.T - reference @ reference.T)[np.triu_indices(len(found), 1)]
    assert abs(off.mean()) < 0.01
    assert off.std() < 0.05


def test_a_word_has_the_same_signs_in_every_evaluation() -> None:
    one, other = Corpus(["lost card", "top up"]), Corpus(["card lost", "something else", "top up"])
    first = projected_map(Scale([one])).rows(one)
    second = projected_map(Scale([one], [other])).rows(other)
    assert second[0] == pytest.approx(first[0], abs=1e-6)
    assert second[2] == pytest.approx(first[1], abs=1e-6)


def test_nearest_distances_equal_scikit_learn(reference: np.ndarray) -> None:
    found = nearest(reference)
    assert found is not None
    theirs, _ = NearestNeighbors(n_neighbors=3, metric="cosine", algorithm="brute").fit(reference).kneighbors()
    assert found.distance == pytest.approx(theirs[:, 0], abs=1e-5)
    assert found.next == pytest.approx(theirs[:, 1], abs=1e-5)


def test_nearest_distance_names_the_closest_pairs() -> None:
    texts = ["alpha beta gamma", "delta epsilon", "alpha beta gamma", "zeta eta theta iota", "delta epsilon kappa"]
    found = metric("diversity.nearest_distance", *texts)
    assert found.details["copies"] == 2
    assert found.details["pairs"][0] == [1, 3, 0.0]
    assert found.details["pairs"][1][:2] == [2, 5]
    assert found.details["behind"]["closest"][:4] == [1, 3, 2, 5]
    assert found.details["compared"] == 5


def test_of_many_rows_a_draw_is_compared() -> None:
    found = nearest(unit(400, 8), most=100)
    assert found is not None
    assert len(found.place) == 100
    assert len(set(found.place.tolist())) == 100
    assert nearest(unit(400, 8), most=100)[0].tolist() == found.place.tolist()


def test_the_projects_embeddings_are_used_where_there_are_any() -> None:
    def embed(texts: list[str]) -> np.ndarray:
        # The first letter is all that counts.
        return np.array([[float(text[0] == letter) for letter in "ab"] for text in texts], np.float32)

    found = metric("diversity.vendi", "a one", "a two", "b three", "b four", embed=embed)
    assert found.value == pytest.approx(2)
    assert found.details["features"] == "the project's embeddings"
    assert metric("diversity.nearest_distance", "a one", "a two", "b three", embed=embed).details["copies"] == 2


def test_wide_embeddings_are_projected() -> None:
    wide = unit(50, 900).astype(np.float32)
    material = Material(rows(*((str(i), None) for i in range(50))), embed=lambda texts: wide[[int(t) for t in texts]])
    found = text_map(material).rows(data_set(material))
    assert found.shape == (50, 512)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)


def test_coverage_is_the_expected_share_of_clusters_met() -> None:
    # 4 clusters of 5 draws each: 20 of 40 texts, so the rare one is met with 1 - C(39, 20) / C(40, 20) = 1/2.
    found = coverage(np.array([25, 14, 1, 0]))
    assert found is not None
    nearly = 1 - math.comb(26, 20) / math.comb(40, 20)
    assert found.value == pytest.approx((1 + nearly + 0.5 + 0) / 4)
    # Fewer texts than draws: the share that is held.
    few = coverage(np.array([3, 1, 0, 0]))
    assert few is not None
    assert few.value == pytest.approx(0.5)


def test_clusters_of_the_real_rows_that_are_missing_are_named() -> None:
    kinds = ["where is my new card", "change my secret pin", "exchange rate of euro", "top up by bank"]
    real = [sample(100 + i, f"{kinds[i % 4]} {'please ' * (i // 4 % 3)}") for i in range(80)]
    data = [sample(i, kinds[i % 3]) for i in range(60)]
    found = evaluate(Material(data, real=real), ["diversity.cluster_coverage"])["diversity.cluster_coverage"]
    assert found.details["source"] == "real rows"
    assert found.value is not None
    assert found.value < found.details["reference"]
    missing = {real[number - 100].text.split()[0] for number in found.details["behind"]["missing"]}
    assert "top" in missing
    assert sum(part["samples"] for part in found.details["use"]) == 60
    assert len(found.details["words"]) == found.details["clusters"]


def test_without_real_rows_the_clusters_are_the_data_sets_own() -> None:
    found = metric("diversity.cluster_coverage", *(f"text {i} of kind{i % 3}" for i in range(60)))
    assert found.details["source"] == "samples"
    assert "how evenly" in found.note


def test_length_and_its_histogram() -> None:
    found = metric("diversity.length", "a", "a b", "a b c", seeds=rows(("a b c d e f", None)))
    assert found.value == 2
    assert found.details["sd"] == pytest.approx(1)
    assert sum(found.details["histogram"]["counts"]) == 3
    assert sum(found.details["seeds_histogram"]["counts"]) == 1
    assert found.details["seeds"] == 6
    assert found.details["quantiles"]["50%"] == 2
    assert found.low is not None
    assert found.high == pytest.approx(2 + 4.302653 / math.sqrt(3))


def test_length_bins_hold_one_long_text_in_the_last() -> None:
    found = metric("diversity.length", *["a b c"] * 200, "a " * 5000)
    assert sum(found.details["histogram"]["counts"]) == 201
    assert found.details["histogram"]["high"] < 100


def test_mean_cosine_of_two_rows_has_no_error() -> None:
    material = Material(rows(("a b", None), ("a c", None)))
    found = mean_cosine(scale(material).rows(data_set(material)))
    assert 0 < found.value < 1
    assert found.error is None
    assert mean_distance(None) is None
