from __future__ import annotations

from workbench.curate.base import Context, Item, Verdict, parse_filter
from workbench.curate.filters.exact_duplicate import ExactDuplicate


def judge(spec: str, items: list[Item], context: Context | None = None) -> list[Verdict]:
    return list(parse_filter(spec).judge(items, context or Context()))


def kept(verdicts: list[Verdict]) -> list[bool]:
    return [verdict.keep for verdict in verdicts]


ITEMS = [Item(100, "Where is it?"), Item(101, "other"), Item(102, "where  is IT?", scores={"confidence": -1.0})]


def test_case_and_spacing_aside() -> None:
    assert judge("exact_duplicate", ITEMS)[2] == Verdict(False, "same text as sample 100 (kept as the first)", 1.0, 100)
    assert kept(judge("exact_duplicate:keep=last", ITEMS)) == [False, True, True]


def test_the_most_confident_stays() -> None:
    verdicts = judge("exact_duplicate:keep=score", ITEMS)
    assert kept(verdicts) == [False, True, True]
    assert verdicts[0].reason == "same text as sample 102 (kept as the most confident)"


def test_what_a_person_decided_on_stays() -> None:
    items = [Item(1, "same"), Item(2, "same", settled=True), Item(3, "same", settled=True), Item(4, "same")]
    verdicts = judge("exact_duplicate:keep=last", items)
    assert kept(verdicts) == [False, True, True, False]
    assert verdicts[3].reason == "same text as sample 2 (kept as a person's)"


def test_labels_and_seeds() -> None:
    two = [Item(1, "same", label="a"), Item(2, "same", label="b"), Item(3, "same"), Item(4, "same", label="a")]
    assert kept(judge("exact_duplicate:per_label=true", two)) == [True, True, True, False]
    seeded = judge("exact_duplicate:seeds=true", ITEMS, Context(seeds=[Item(7, "OTHER")]))
    assert seeded[1] == Verdict(False, "same text as seed 7", 1.0, 7)


def test_new_samples_against_the_old() -> None:
    new = [Item(200, "OTHER"), Item(201, "fresh"), Item(202, "Fresh ")]
    verdicts = list(ExactDuplicate(keep="last").judge_new(new, ITEMS[:2], Context()))
    assert kept(verdicts) == [False, False, True]
    assert [verdict.reason for verdict in verdicts[:2]] == [
        "same text as sample 101 (kept before)",
        "same text as sample 202 (kept as the last)",
    ]
    assert list(ExactDuplicate().judge_new([], ITEMS, Context())) == []
