from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.learn.features import units
from workbench.learn.near_duplicates import Match, near_duplicates, similarity
from workbench.learn.neighbours import nearest_neighbours
from workbench.learn.similarity import rouge_l

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
