from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.learn.novelty import rouge_novelty
from workbench.learn.similarity import RougePool, rouge_l
from workbench.text import tokens

WORDS = ["card", "lost", "my", "where", "is", "the", "rate", "new"]


def test_rouge_l_by_hand() -> None:
    # LCS "the cat the mat" = 4; P = R = 4/6.
    a, b = ["the", "cat", "sat", "on", "the", "mat"], ["the", "cat", "lay", "by", "the", "mat"]
    assert rouge_l(a, b) == pytest.approx(4 / 6)
    # LCS 2; P = 2/2, R = 2/4, F = 2/3.
    assert rouge_l(["a", "b", "c", "d"], ["b", "d"]) == pytest.approx(2 / 3)
    assert rouge_l([], ["a"]) == 0.0
    assert rouge_l([], []) == 0.0


@settings(deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(WORDS), max_size=12), st.lists(st.sampled_from(WORDS), max_size=12))
def test_rouge_l_equals_rouge_score(a: list[str], b: list[str]) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rougeL"], use_stemmer=False)
    assert rouge_l(a, b) == pytest.approx(scorer.score(" ".join(a), " ".join(b))["rougeL"].fmeasure, abs=1e-15)


@pytest.mark.parametrize("maximum", [0.5, 0.7, 0.8])
def test_novelty_decides_as_the_published_loop(maximum: float) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(["rougeL"], use_stemmer=False)
    draw = random.Random(1)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(1, 10))) for _ in range(300)]
    pool: list[str] = []
    wanted = []
    for text in texts:
        wanted.append(max((scorer.score(old, text)["rougeL"].fmeasure for old in pool), default=0.0) <= maximum)
        if wanted[-1]:
            pool.append(text)
    assert [found.novel for found in rouge_novelty(texts, maximum)] == wanted


def test_blocks_and_pool_agree() -> None:
    draw = random.Random(2)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(3, 9))) for _ in range(700)]
    pool, novel = RougePool(), []
    for text in texts:
        _, score = pool.best(text, 0.7)
        novel.append(score <= 0.7)
        if novel[-1]:
            pool.add(text)
    assert [found.novel for found in rouge_novelty(texts)] == novel


def test_novelty_names_its_twin_and_the_known_ones() -> None:
    found = rouge_novelty(["where is my card", "where is my new card", "the rate"], known=["what is the rate"])
    assert [row.novel for row in found] == [True, False, True]
    assert found[1].twin == 0
    assert found[1].score == pytest.approx(8 / 9)  # LCS 4, lengths 4 and 5
    assert rouge_novelty(["what is the rate?"], known=["other", "what is the rate"])[0].twin == -2


def test_pool_gives_the_earliest_of_equals() -> None:
    pool = RougePool(["b c", "a b", "a b"])
    assert pool.best("a b") == (1, 1.0)
    assert pool.best("zzz") == (None, 0.0)
    assert pool.best("") == (None, 0.0)
    assert pool.best("a x", cutoff=0.6) == (None, 0.0)
    assert RougePool().best("a") == (None, 0.0)


@pytest.mark.parametrize("maximum", [0.3, 0.7, 0.95])
def test_long_and_repetitive_texts_decide_as_the_published_loop(maximum: float) -> None:
    scorer = pytest.importorskip("rouge_score.rouge_scorer").RougeScorer(
        ["rougeL"], tokenizer=type("Ours", (), {"tokenize": staticmethod(tokens)})()
    )
    draw = random.Random(4)
    texts = ["", "?!", "card card card card"]
    for _ in range(30):
        text = draw.choices(WORDS, k=draw.randint(1, 40))
        texts.append(" ".join(text))
        for place in range(draw.randint(0, 9)):
            text[place % len(text)] = draw.choice([*WORDS, "?"])
        texts.append(" ".join(text))
    pool: list[str] = []
    wanted = []
    for text in texts:
        wanted.append(max((scorer.score(old, text)["rougeL"].fmeasure for old in pool), default=0.0) <= maximum)
        if wanted[-1]:
            pool.append(text)
    found = rouge_novelty(texts, maximum)
    assert [row.novel for row in found] == wanted
    for text, row in zip(texts, found, strict=True):
        if row.twin is not None:
            assert row.score == scorer.score(texts[row.twin], text)["rougeL"].fmeasure


def test_novelty_of_copies_costs_no_more_than_of_one() -> None:
    found = rouge_novelty(["the same text again and again"] * 1500 + [f"number {i}" for i in range(700)])
    assert [row.twin for row in found[:1500]] == [None] + [0] * 1499
    assert sum(row.novel for row in found) == 701
