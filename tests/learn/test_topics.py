"""Groups of texts, their order and their titles; latent rows; bagging; suspected errors."""

from __future__ import annotations

import math

import numpy
import pytest

from workbench.learn.bagging import bagged, vote_entropy
from workbench.learn.latent import Latent
from workbench.learn.suspicion import suspicion
from workbench.learn.topics import assign, centres_of, fitting_number, k_means, ordered, ranks, top_terms

CARD = ["my card is lost", "lost card again", "card was lost yesterday", "where is the lost card", "a lost card"]
MONEY = ["refund my money", "money back please refund", "the refund of money", "money refund now"]


def test_ranks_by_hand() -> None:
    member, distance = numpy.array([0, 1, 0, 1, 0]), numpy.array([0.3, 0.2, 0.1, 0.2, 0.2])
    assert ranks(member, distance).tolist() == [2, 0, 0, 1, 1]


def test_groups_are_numbered_by_size() -> None:
    member, _ = ordered(numpy.array([2, 2, 0, 2, 0, 5]), numpy.zeros(6))
    assert member.tolist() == [0, 0, 1, 0, 1, 2]


def test_new_rows_join_the_nearest_centre() -> None:
    rows = numpy.array([[1, 0], [0.8, 0.2], [0, 1]], numpy.float32)
    centres = centres_of(rows, numpy.array([0, 0, 1]), 3)
    assert centres[0].tolist() == pytest.approx([0.9, 0.1])
    member, distance = assign(numpy.array([[0.9, 0.1], [0.1, 1.0]], numpy.float32), centres)
    assert member.tolist() == [0, 1]
    assert distance.tolist() == pytest.approx([0.0, 0.01], abs=1e-6)


def test_texts_about_the_same_thing_come_together_and_are_named() -> None:
    texts = CARD + MONEY
    vectors = Latent(texts, dimensions=4).rows(texts)
    member, _ = k_means(vectors, 2)
    assert set(member[: len(CARD)].tolist()) == {0}
    assert set(member[len(CARD) :].tolist()) == {1}
    terms = top_terms(texts, member, 2, most=2)
    assert {word for word, _ in terms[0]} == {"card", "lost"}
    assert {word for word, _ in terms[1]} == {"money", "refund"}


def test_weight_of_a_term_by_hand() -> None:
    # Two groups of 2 and 1 words: A = 1.5; "b" is in one group only: 1/2 ln(1 + 1.5 / 1).
    terms = dict(top_terms(["aa bb", "cc"], numpy.array([0, 1]), 2)[0])
    assert terms["bb"] == pytest.approx(0.5 * math.log(1 + 1.5), abs=1e-5)


def test_the_same_texts_give_the_same_rows_and_no_words_none() -> None:
    assert (Latent(CARD + MONEY).rows(MONEY) == Latent(CARD + MONEY).rows(MONEY)).all()
    assert not Latent(["", " "]).rows(["", " "]).any()
    lengths = numpy.linalg.norm(Latent(CARD + MONEY).rows([*CARD, "zebra"]), axis=1)
    assert lengths == pytest.approx([1.0] * 5 + [0.0], abs=1e-5)


def test_how_many_groups() -> None:
    assert [fitting_number(n) for n in (8, 200, 20_000, 1_000_000)] == [2, 10, 60, 60]


def test_vote_entropy_by_hand() -> None:
    votes = numpy.array([[0, 0, 0, 0], [0, 0, 1, 1], [0, 1, 2, 3], [7, 7, 7, 1]])
    assert vote_entropy(votes).tolist() == pytest.approx(
        [0.0, math.log(2), math.log(4), -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))]
    )


def test_every_label_stays_in_every_draw_and_draws_repeat() -> None:
    known = [(text, "card") for text in CARD] + [(text, "money") for text in MONEY[:1]]
    first, again = bagged(known, 3, seed=1), bagged(known, 3, seed=1)
    assert first(MONEY).tolist() == again(MONEY).tolist()
    assert first(["refund my money"]).tolist() == [[1, 1, 1]]
    assert first([]).shape == (0, 3)


def test_a_wrong_label_is_the_most_suspected_one() -> None:
    texts, given = CARD + MONEY, ["card"] * len(CARD) + ["money"] * len(MONEY)
    given[1] = "money"
    found = suspicion(texts, given)
    assert int(found.argmax()) == 1
    assert found[1] > 1.0
    assert (numpy.delete(found, 1) <= 1.0).all()


def test_what_cannot_be_suspected_has_no_number() -> None:
    assert numpy.isnan(suspicion(CARD, ["card"] * 5)).all()
    assert numpy.isnan(suspicion(CARD, [None] * 5, [("a card", "card"), ("money", "money")])).all()
    assert suspicion([], []).shape == (0,)


def test_words_that_say_nothing_are_no_title() -> None:
    texts = [
        "I'd like to unlock my pin",
        "they've blocked the pin again",
        "top up not there",
        "the top up didn't arrive",
    ] * 4
    member = numpy.array([0, 0, 1, 1] * 4)
    titles = [[word for word, _ in terms[:2]] for terms in top_terms(texts, member, 2)]
    assert {"i'd", "they've", "the", "to", "my", "didn't", "there"}.isdisjoint({word for one in titles for word in one})
