"""Progressive retrieval: by the words of a label first, then by what was found with them."""

from __future__ import annotations

from workbench.learn.retrieval import progressive

TEXTS = [
    "the card has not arrived",
    "delivery of the plastic takes long",
    "my card delivery is late",
    "the rate for euros",
    "exchange of money at which rate",
    "nothing of the kind",
]


def test_one_round_finds_what_shares_a_word_and_ranks_by_similarity() -> None:
    card, rate = progressive(TEXTS, ["card", "exchange rate"], each=5, rounds=1)
    assert sorted(card) == [0, 2]
    assert rate[0] == 4  # both words of the query
    assert set(rate) == {3, 4}


def test_a_second_round_reaches_texts_that_share_words_with_what_was_found() -> None:
    card, _ = progressive(TEXTS, ["card", "exchange rate"], each=5, rounds=2)
    assert 1 in card  # "delivery" stands beside "card" in text 2
    assert 1 not in progressive(TEXTS, ["card", "exchange rate"], each=5, rounds=1)[0]


def test_each_text_goes_to_the_query_that_it_is_nearest_to() -> None:
    first, second = progressive(["card rate rate", "card card rate"], ["card", "rate"], each=5, rounds=1)
    assert (first, second) == ([1], [0])


def test_no_more_than_asked_and_nothing_without_words_in_common() -> None:
    assert [len(found) for found in progressive(TEXTS, ["card", "rate"], each=1, rounds=1)] == [1, 1]
    assert progressive(TEXTS, ["zebra", "giraffe"], each=5, rounds=3) == [[], []]
    assert progressive([], ["card"], each=5) == [[]]
    assert progressive(TEXTS, ["", "?"], each=5) == [[], []]
