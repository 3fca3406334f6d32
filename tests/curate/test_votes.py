"""Majority and Dawid-Skene over the labels of several sources."""

from __future__ import annotations

import pytest

from workbench.curate.base import Context, Item, Proposal, parse_repair
from workbench.errors import WorkbenchError


def item(number: int, label: str | None, *votes: str, settled: bool = False) -> Item:
    said = {f"source {place}": vote for place, vote in enumerate(votes) if vote}
    return Item(number, "text", label=label, votes=said, settled=settled)


def propose(spec: str, items: list[Item], labels: tuple[str, ...] = ()) -> list[Proposal | None]:
    return list(parse_repair(spec).propose(items, Context(labels=labels)))


def test_majority_counts_the_samples_own_label_too() -> None:
    found = propose("majority", [item(1, "a", "b", "b"), item(2, "a", "b"), item(3, "a", "a", "b"), item(4, "a")])
    assert found[0] == Proposal(2 / 3, "votes: b 2, a 1 of 3", label="b")
    assert found[1:] == [None, None, None]  # a tie that the sample's label is part of; agreed; no votes
    assert propose("majority:own=no", [item(2, "a", "b")])[0] == Proposal(1.0, "votes: b 1 of 1", label="b")


def test_a_tie_of_others_is_stated_and_takes_the_projects_order() -> None:
    found = propose("majority", [item(1, "a", "c", "c", "b", "b")], labels=("c", "b", "a"))
    assert found == [Proposal(0.4, "a tie: c 2, b 2, a 1 of 5", label="c")]


def test_a_sample_without_a_label_gets_one_and_a_persons_stays() -> None:
    found = propose("majority", [item(1, None, "a", "a", "b"), item(2, "b", "a", "a", settled=True)])
    assert found == [Proposal(2 / 3, "votes: a 2, b 1 of 3", label="a"), None]


def test_a_vote_for_no_label_does_not_count() -> None:
    found = propose("majority:own=no", [item(1, "a", "dunno", "dunno", "b")], labels=("a", "b"))
    assert found == [Proposal(1.0, "votes: b 1 of 1", label="b")]


@pytest.mark.parametrize("name", ["majority", "dawid_skene"])
def test_no_votes_at_all_is_a_sentence(name: str) -> None:
    with pytest.raises(WorkbenchError, match="several sources gave, and no sample here has any"):
        propose(name, [item(1, "a"), item(2, "b")])


def test_dawid_skene_hears_good_sources_over_more_bad_ones() -> None:
    """Sources 0 and 1 are right, 2 and 3 say "a" of everything, and two of the samples' own labels are wrong."""
    items = []
    for place in range(40):
        true = "ab"[place % 2]
        items.append(item(place, "a" if place in (1, 5) else true, true, true, "a", "a"))
    assert propose("majority", items) == [None] * 40
    proposals = {place: one for place, one in enumerate(propose("dawid_skene", items)) if one is not None}
    assert {place: one.label for place, one in proposals.items()} == {1: "b", 5: "b"}
    assert proposals[1].confidence > 0.99
    assert proposals[1].reason.startswith("b 1.00 against .00: source 0 says it of 1.00 of these")


def test_dawid_skene_takes_a_persons_label_for_the_truth() -> None:
    """Two sources that contradict each other: settled samples say whom to believe."""
    items = [item(place, "ab"[place % 2], "ab"[place % 2], "ba"[place % 2], settled=True) for place in range(20)]
    items.append(item(99, None, "a", "b"))
    found = propose("dawid_skene:own=no", items)
    assert found[:-1] == [None] * 20
    assert found[-1] is not None
    assert found[-1].label == "a"
    assert found[-1].confidence > 0.95
