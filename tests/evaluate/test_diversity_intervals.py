"""Intervals of the diversity metrics: the jackknife in one pass against leaving each text out, and how often it covers."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy

from tests.evaluate.samples import rows, sample
from workbench.evaluate.base import Material, Metric, evaluate
from workbench.evaluate.corpus import Corpus
from workbench.evaluate.diversity.aps import mean_cosine
from workbench.evaluate.diversity.cluster_coverage import coverage
from workbench.evaluate.diversity.distinct import share
from workbench.evaluate.diversity.entropy import corrected, plug_in
from workbench.evaluate.diversity.label_balance import ends, evenness
from workbench.evaluate.diversity.nearest_distance import mean_distance, nearest
from workbench.evaluate.diversity.ngram_diversity import ngrams_used
from workbench.evaluate.diversity.self_bleu import mean_self_bleu, self_bleu_scores
from workbench.evaluate.diversity.self_repetition import mean_repetition
from workbench.evaluate.diversity.vocabulary import different_tokens
from workbench.evaluate.estimates import Estimate, jackknife, of_mean


def made_up(size: int, seed: int, words: int = 30, longest: int = 9) -> list[str]:
    """Texts whose word frequencies fall like 1/rank; all end alike, so that no text alone has the closest length."""
    maker = random.Random(seed)
    some, weights = [f"w{i}" for i in range(words)], [1 / (i + 1) for i in range(words)]
    return [" ".join(maker.choices(some, weights, k=maker.randint(3, longest))) for _ in range(size)]


def left_out(texts: list[str], measure: object) -> float:
    """The jackknife's standard error by leaving each text out in turn."""
    values = [measure(Corpus(texts[:i] + texts[i + 1 :])) for i in range(len(texts))]
    return math.sqrt((len(values) - 1) * np.var(values))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "measure",
    [different_tokens, corrected, ngrams_used, lambda corpus: share(corpus, 2), mean_self_bleu],
    ids=["vocabulary", "entropy", "ngram_diversity", "distinct_2", "self_bleu"],
)
def test_the_error_equals_leaving_each_text_out(measure: object, seed: int) -> None:
    # Two of each length: then no brevity penalty moves, which is all that self-BLEU's error takes as given.
    texts = [text for text in made_up(25, seed) for text in (text, " ".join(reversed(text.split())))]
    assert measure(Corpus(texts)).error == pytest.approx(left_out(texts, lambda corpus: measure(corpus).value))


def test_the_error_of_self_repetition_is_near_that_of_leaving_out() -> None:
    texts = [*made_up(60, 1, words=8), *["one copied text of words"] * 2]
    plain = left_out(texts, lambda corpus: mean_repetition(corpus).value)
    assert mean_repetition(Corpus(texts)).error == pytest.approx(plain, rel=0.1)


def test_the_errors_of_pairs_equal_leaving_each_row_out() -> None:
    maker = np.random.default_rng(3)
    vectors = maker.normal(size=(30, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    from scipy.sparse import csr_matrix

    def plain(measure: object) -> float:
        values = [measure(np.delete(vectors, i, axis=0)) for i in range(len(vectors))]
        return math.sqrt((len(values) - 1) * np.var(values))

    found = mean_cosine(csr_matrix(vectors))
    assert found.error == pytest.approx(plain(lambda rows: mean_cosine(csr_matrix(rows)).value))
    distance = mean_distance(nearest(vectors))
    assert distance is not None
    assert distance.error == pytest.approx(plain(lambda rows: mean_distance(nearest(rows)).value), rel=1e-4)


def test_the_error_of_coverage_equals_leaving_each_text_out() -> None:
    use = [30, 20, 6, 1, 0]
    values = []
    for place, number in enumerate(use):
        if not number:
            continue
        left = np.array([count - (i == place) for i, count in enumerate(use)])
        values += [coverage(left).value] * number
    assert coverage(np.array(use)).error == pytest.approx(math.sqrt((len(values) - 1) * np.var(values)))


def test_entropy_equals_scipys_and_adds_millers_correction() -> None:
    corpus = Corpus(["a b a", "c a d"])
    plain = scipy_entropy([3, 1, 1, 1], base=2)
    assert plug_in(corpus) == pytest.approx(plain)
    assert corrected(corpus).value == pytest.approx(plain + 3 / (2 * 6 * math.log(2)))


def test_ngram_diversity_adds_four_shares() -> None:
    # Unigrams 2/6, bigrams ab ba | ba = 2/4, trigrams aba bab = 2/2, abab = 1/1.
    material = Material(rows(("a b a b", None), ("b a", None)))
    found = evaluate(material, ["diversity.ngram_diversity"])["diversity.ngram_diversity"]
    assert found.value == pytest.approx(2 / 6 + 2 / 4 + 1 + 1)


def test_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = np.random.default_rng(0).normal(size=40)
    without = (values.sum() - values) / 39
    assert jackknife(float(values.mean()), without).error == pytest.approx(of_mean(values).error)
    assert jackknife(1.0, [1.0, 2.0]).error is None
    assert Estimate(1.0).ends() == (None, None)
    assert Estimate(0.9, 1.0, 10, (0.0, 1.0)).ends() == (0.0, 1.0)


def test_few_texts_make_an_interval_rough() -> None:
    def found(size: int) -> Metric:
        material = Material(rows(*((text, None) for text in made_up(size, 4))))
        return evaluate(material, ["diversity.distinct_2"])["diversity.distinct_2"]

    assert found(30).rough
    assert not found(150).rough
    assert found(30).low < found(30).value < found(30).high


def test_balance_covers_even_labels_and_uneven_ones() -> None:
    maker = np.random.default_rng(0)
    for shares in ([0.25] * 4, [0.7, 0.2, 0.1], [0.5, 0.5], [1 / 20] * 20):
        truth = evenness([round(1000 * share) for share in shares])
        drawn = [ends(maker.multinomial(200, shares).tolist()) for _ in range(300)]
        covered = np.mean([low <= truth <= high for low, high in drawn])
        assert covered >= 0.92, shares
    assert ends([1, 1]) == (None, None)


def test_balance_has_its_interval_in_the_metric() -> None:
    material = Material([sample(i, "x", "ab"[i % 3 == 0]) for i in range(120)], labels=["a", "b"])
    found = evaluate(material, ["label.balance"])["label.balance"]
    assert found.low < found.value < found.high <= 1
    assert not found.rough


#: Of the mean over many draws, at 150 texts; the draws and the truth are seeded, so this cannot fail by chance.
@pytest.mark.parametrize(
    ("measure", "words"),
    [(different_tokens, 400), (corrected, 400), (lambda corpus: share(corpus, 2), 400), (mean_repetition, 20)],
    ids=["vocabulary", "entropy", "distinct_2", "self_repetition"],
)
def test_intervals_cover_what_many_draws_give(measure: object, words: int) -> None:
    pool = Corpus(made_up(4_000, 9, words=words))
    maker = np.random.default_rng(1)
    found = [measure(pool.at(maker.choice(4_000, 150, replace=False))) for _ in range(150)]
    truth = np.mean([estimate.value for estimate in found])
    covered = np.mean([low <= truth <= high for low, high in (estimate.ends() for estimate in found)])
    assert covered >= 0.92


def test_self_bleu_scores_are_what_the_mean_is_of() -> None:
    corpus = Corpus(made_up(40, 2))
    assert mean_self_bleu(corpus).value == pytest.approx(self_bleu_scores(corpus).mean())
