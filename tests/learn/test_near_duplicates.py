from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.learn import minhash
from workbench.learn.features import units
from workbench.learn.near_duplicates import CANDIDATES, Match, NearIndex, encoded, near_duplicates, similarity
from workbench.learn.neighbours import nearest_neighbours
from workbench.learn.similarity import TokenMap, rouge_l
from workbench.text import normalise, tokens

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "near_duplicates_17k.jsonl"


def test_similarity_by_hand() -> None:
    assert similarity("Where is my card?", "where  is MY card?") == 1.0
    assert similarity("my new card is lost", "lost is my new card") == 1.0  # same words
    assert similarity("one two three four", "one two three five") == pytest.approx(0.75)  # 2 * 3 / 8
    # 4 of 6 words, whole and in order: (1 + 4/6) / 2.
    assert similarity("the rate went up", "sure the rate went up thanks") == pytest.approx(5 / 6)
    # Indel ratio of 10 against 9 letters, one dropped: 2 * 9 / 19.
    assert similarity("statements", "statemnts") == pytest.approx(2 * 18 / 19 - 1)


def test_first_is_kept_and_every_drop_names_a_kept_twin() -> None:
    texts = [
        "how do I change my pin code",
        "what is the rate",
        "How do I change my pin code?",
        "how do i chnge my pin code",
    ]
    matches = near_duplicates(texts)
    assert [(match.index, match.twin) for match in matches] == [(2, 0), (3, 0)]
    reversed_order = near_duplicates(texts, order=[3, 2, 1, 0])
    assert [(match.index, match.twin) for match in reversed_order] == [(0, 3), (2, 3)]


def test_groups_never_chain() -> None:
    a = "alpha bravo charlie delta echo foxtrot"
    b = "alpha bravo charlie delta echo whisky"
    c = "alpha bravo charlie delta whisky umbrella"
    assert similarity(a, b) == similarity(b, c) == pytest.approx(10 / 12)
    assert near_duplicates([a, b, c], 0.8) == [Match(1, 0, pytest.approx(10 / 12))]


def test_odd_texts() -> None:
    assert near_duplicates([]) == []
    assert near_duplicates(["", "", "?!", "..."]) == [Match(1, 0, 1.0)]
    assert near_duplicates(["\ud800 x y z", "\ud800 x y z"]) == [Match(1, 0, 1.0)]
    assert [match.index for match in near_duplicates(["我的新卡在哪里呢", "请问我的新卡在哪里呢", "今天天气很好"])] == [
        1
    ]


def test_deterministic() -> None:
    texts = [f"please tell me about thing {i % 50} and {i % 7} now" for i in range(300)]
    assert near_duplicates(texts) == near_duplicates(texts)


def test_a_bucket_of_thousands_stays_bounded() -> None:
    texts = [f"my payment number {i} to the shop was declined yesterday" for i in range(3000)]
    matches = near_duplicates(texts)
    assert len(matches) > 2800
    dropped = {match.index for match in matches}
    assert all(match.twin not in dropped and match.similarity >= 0.78 for match in matches)


@pytest.mark.skipif(not DATA.exists(), reason="shared/data/near_duplicates_17k.jsonl is not here")
def test_recall_and_precision_on_injected_copies() -> None:
    rows = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()]
    texts = [row["text"] for row in rows]
    place = {row["id"]: index for index, row in enumerate(rows)}
    planted = [place[row["id"] if row["duplicate_of"] is None else row["duplicate_of"]] for row in rows]
    groups: dict[int, list[int]] = {}
    for index, group in enumerate(planted):
        groups.setdefault(group, []).append(index)
    matches = near_duplicates(texts)
    kept = list(range(len(texts)))
    for match in matches:
        kept[match.index] = match.twin
    copies = [index for index, row in enumerate(rows) if row["duplicate_of"] is not None]
    found = sum(any(kept[i] == kept[j] for j in groups[planted[i]] if j != i) for i in copies)
    right = sum(
        planted[match.index] == planted[match.twin]
        or rouge_l(units(texts[match.index]), units(texts[match.twin])) >= 0.7
        for match in matches
    )
    assert found / len(copies) >= 0.92
    assert right / len(matches) >= 0.95


def test_nearest_neighbours() -> None:
    texts = ["where is my card", "the exchange rate", "my card is where", "exchange rate today", "zebra"]
    found = nearest_neighbours(texts, k=2)
    assert found[0][0] == (2, pytest.approx(1.0))
    assert found[1][0][0] == 3
    assert found[4] == []
    assert all(index not in [other for other, _ in row] for index, row in enumerate(found))
    assert nearest_neighbours(texts, k=2, queries=[1]) == [found[1]]
    assert nearest_neighbours(["", "?"]) == [[], []]


def test_pairs_compared_are_bounded_by_the_declared_caps() -> None:
    # Templates that fill every bucket: the worst case. All pairs would be n / 2 for each text.
    texts = [f"my payment number {i} of {i % 7} euros to the shop was declined {i * i} times" for i in range(6000)]
    index = NearIndex(0.99, expected=len(texts))
    index.judge(texts)
    assert len(index) > 5000
    assert 0 < index.compared <= minhash.MOST_COMPARED * len(texts) < len(texts) ** 2 / 4
    assert 0 < index.verified <= CANDIDATES * len(texts)
    before = index.compared
    index.match(texts[:100])
    assert index.compared - before <= minhash.BANDS * minhash.STEPS * 100


def test_pairs_compared_grow_with_the_texts() -> None:
    def compared(count: int) -> float:
        texts = [f"{i} {i * 7919 % 104729} {i * 31 % 1009} about {i * 17 % 5003} and {i % 211}" for i in range(count)]
        index = NearIndex(expected=count)
        index.judge(texts)
        return index.compared / count

    assert compared(8000) <= minhash.MOST_COMPARED
    assert compared(8000) < 6 * compared(1000) + 1


def test_an_index_judges_what_arrives_against_what_is_kept() -> None:
    index = NearIndex()
    index.keep(["how do I change my pin code", "HOW do I change my pin code", "what is the rate"])
    assert len(index) == 2
    assert index.match(["what is the rate?", "nothing like it"]) == [Match(0, 2, 1.0), None]
    assert index.judge(["please how do I change my pin code", "top up by card", "top up by a card"]) == [
        Match(3, 0, pytest.approx(15 / 16)),
        Match(5, 4, pytest.approx(8 / 9)),
    ]
    # What a dropped text repeats, its equals repeat.
    assert index.judge(["Please how do I change my pin code"])[0].twin == 0


def test_blocks_and_growing_tables_change_no_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(5)
    words = [f"word{number}" for number in range(150)]
    texts = [" ".join(draw.choices(words, k=8)) for _ in range(300)]
    texts += [text.replace("word14", "wrod14") + " thanks" for text in draw.sample(texts, 150)]
    draw.shuffle(texts)
    whole = near_duplicates(texts)
    monkeypatch.setattr("workbench.learn.near_duplicates.BLOCK", 32)
    small = NearIndex(expected=1).judge(texts)
    for matches in (whole, small):
        dropped = {match.index for match in matches}
        assert all(match.twin not in dropped and match.twin < match.index for match in matches)
        for match in matches:
            assert similarity(texts[match.index], texts[match.twin]) == pytest.approx(match.similarity)
    assert len(whole) >= 140
    assert {match.index for match in whole} == {match.index for match in small}


@settings(deadline=None, derandomize=True)
@given(st.text(st.characters(max_codepoint=0x7F)))
def test_words_of_ascii_texts_are_the_units(text: str) -> None:
    plain = normalise(text)
    one, other = TokenMap(), TokenMap()
    assert encoded(plain, one) == other.encode(units(plain) or tokens(plain))
