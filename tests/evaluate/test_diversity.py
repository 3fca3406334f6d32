"""Diversity metrics against worked numbers and reference implementations."""

from __future__ import annotations

import gzip
import itertools
import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from scipy.sparse import csr_matrix

from tests.evaluate.samples import rows, sample
from workbench.evaluate.base import Material, Metric, evaluate
from workbench.evaluate.corpus import Corpus
from workbench.evaluate.diversity.aps import similarity
from workbench.evaluate.diversity.self_bleu import self_bleu_scores
from workbench.text import tokens


def value(name: str, *texts: str, seeds: tuple[str, ...] = ()) -> float | None:
    return metric(name, *texts, seeds=seeds).value


def metric(name: str, *texts: str, seeds: tuple[str, ...] = ()) -> Metric:
    material = Material(rows(*((text, None) for text in texts)), seeds=rows(*((text, None) for text in seeds)))
    return evaluate(material, [name])[name]


def nltk_self_bleu(texts: list[str]) -> list[float]:
    cut = [tokens(text) for text in texts]
    smooth = SmoothingFunction(epsilon=0.1).method1
    return [sentence_bleu(cut[:i] + cut[i + 1 :], text, smoothing_function=smooth) for i, text in enumerate(cut)]


def test_vocabulary_counts_different_tokens() -> None:
    found = metric("diversity.vocabulary", "My card, my CARD!", "a card")
    assert found.value == 5  # my card , ! a
    assert found.details["tokens"] == 8
    assert found.details["once"] == 3
    assert found.details["tokens_per_text"] == 4
    assert found.details["words"][0] == ["card", 3]


def test_distinct_n_is_unique_over_all_and_never_crosses_samples() -> None:
    texts = ("a b a b", "b a")
    assert value("diversity.distinct_1", *texts) == 2 / 6
    assert value("diversity.distinct_2", *texts) == 2 / 4  # ab ba ab | ba; "b b" would cross
    assert value("diversity.distinct_3", *texts) == 2 / 2  # aba bab


def test_distinct_n_of_texts_that_are_too_short_says_so() -> None:
    found = metric("diversity.distinct_3", "two words", "one")
    assert found.value is None
    assert "3 tokens" in found.note


@settings(deadline=None, derandomize=True)
@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=9).map(" ".join), min_size=1, max_size=12))
def test_counts_equal_a_plain_count(texts: list[str]) -> None:
    cut = [tokens(text) for text in texts]
    for n, found in enumerate(Corpus(texts).counts, 1):
        grams = [Counter(zip(*(text[i:] for i in range(n)), strict=False)) for text in cut]
        every = sum(grams, Counter())
        frequency = Counter(itertools.chain.from_iterable(grams))
        assert (found.total, found.unique) == (every.total(), len(every))
        assert found.possible.tolist() == [part.total() for part in grams]
        assert found.repeats.tolist() == [sum(frequency[gram] - 1 for gram in part) for part in grams]
        clipped = [
            sum(
                min(times, max((other[gram] for j, other in enumerate(grams) if j != i), default=0))
                for gram, times in part.items()
            )
            for i, part in enumerate(grams)
        ]
        assert found.clipped.tolist() == clipped


@settings(deadline=None, derandomize=True)
@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=12).map(" ".join), min_size=2, max_size=14))
def test_self_bleu_equals_nltk(texts: list[str]) -> None:
    assert self_bleu_scores(Corpus(texts)).tolist() == pytest.approx(nltk_self_bleu(texts), abs=1e-9)


def test_self_bleu_equals_nltk_on_sentences_of_many_lengths() -> None:
    maker = random.Random(5)
    words = [f"w{i}" for i in range(60)]
    texts = [
        " ".join(maker.choices(words, [1 / (i + 1) for i in range(60)], k=maker.randint(1, 40))) for _ in range(90)
    ]
    theirs = nltk_self_bleu(texts)
    assert value("diversity.self_bleu", *texts) == pytest.approx(sum(theirs) / len(theirs), abs=1e-9)


def test_self_bleu_of_copies_is_one_and_names_them() -> None:
    found = metric("diversity.self_bleu", "where is my new card", "where is my new card", "please close everything now")
    assert [number for number, _ in found.details["most_repeated"][:2]] == [1, 2]
    assert found.details["most_repeated"][0][1] == pytest.approx(1)
    assert found.details["most_repeated"][2][1] == 0


def test_self_repetition_counts_other_texts_that_hold_a_four_gram() -> None:
    # abcd is in two texts: 1 each; the second text's bcde is only its own.
    found = value("diversity.self_repetition", "a b c d", "a b c d e", "x y")
    assert found == pytest.approx((math.log(2) + math.log(2) + 0) / 3)


def test_compression_ratio_is_raw_over_gzip() -> None:
    texts = ["the same sentence again and again"] * 50 + ["\ud800 lone"]
    raw = "\n".join(texts).encode("utf-8", "surrogatepass")
    assert value("diversity.compression_ratio", *texts) == len(raw) / len(gzip.compress(raw, 6, mtime=0))


def test_similarity_equals_all_pairs() -> None:
    random_rows = np.random.default_rng(2).random((9, 5))
    random_rows[4] = 0
    norms = np.linalg.norm(random_rows, axis=1, keepdims=True)
    unit = np.divide(random_rows, norms, out=np.zeros_like(random_rows), where=norms > 0)
    labels = ["a", "b", "a", None, "b", "c", "a", "b", None]
    pairs = [(i, j, float(unit[i] @ unit[j])) for i, j in itertools.combinations(range(9), 2)]
    both = [(labels[i], labels[j], cosine) for i, j, cosine in pairs if labels[i] and labels[j]]
    found = similarity(csr_matrix(unit), labels)
    assert found.overall == pytest.approx(np.mean([cosine for _, _, cosine in pairs]))
    assert found.within == pytest.approx(np.mean([cosine for a, b, cosine in both if a == b]))
    assert found.between == pytest.approx(np.mean([cosine for a, b, cosine in both if a != b]))


def test_aps_is_one_for_copies_and_higher_within_classes() -> None:
    same = [sample(i, "lost my card", "lost") for i in range(3)]
    assert evaluate(Material(same), ["diversity.aps"])["diversity.aps"].value == pytest.approx(1)
    mixed = [*same, *(sample(10 + i, "change the pin", "pin") for i in range(3))]
    found = evaluate(Material(mixed, seeds=mixed[:1]), ["diversity.aps"])["diversity.aps"]
    # 6 of 15 pairs are copies, the other 9 share no word.
    assert found.value == pytest.approx(6 / 15)
    assert (found.details["within"], found.details["between"]) == (pytest.approx(1), pytest.approx(0))
    assert found.details["seeds"] is None


def test_seeds_are_a_reference_line_at_the_same_size() -> None:
    found = metric("diversity.distinct_1", *["a b"] * 10, seeds=("a b", "c d"))
    assert found.value == 2 / 20
    assert found.details["seeds"] == 1.0
    assert found.details["same_size"] == {"count": 2, "samples": 2 / 4, "seeds": 1.0}
    assert "At 2 texts each: 0.5, seeds 1." in found.note
    assert found.details["seeds_other_size"]  # ten texts beside two: their own numbers do not compare
    assert "seeds_other_size" not in metric("diversity.distinct_1", "a b", "b c", seeds=("a b", "c d")).details
    assert "seeds_other_size" not in metric("diversity.aps", *["a b"] * 10, seeds=("a b", "c d")).details


def test_where_nothing_varies_there_is_no_interval() -> None:
    found = metric("diversity.length", *["one two three"] * 120)
    assert (found.value, found.low, found.high) == (3.0, None, None)


@pytest.mark.parametrize(
    "name",
    [
        "diversity.vocabulary",
        "diversity.distinct_2",
        "diversity.self_bleu",
        "diversity.self_repetition",
        "diversity.compression_ratio",
        "diversity.aps",
    ],
)
@pytest.mark.parametrize("texts", [(), ("",), ("", ""), ("\x1b]52;c;\x07 [/] \u202e",), ("\ud800", "?!")])
def test_odd_data_sets_give_a_number_or_a_reason(name: str, texts: tuple[str, ...]) -> None:
    found = metric(name, *texts)
    assert "error" not in found.details
    assert found.note
    assert found.value is None or math.isfinite(found.value)
