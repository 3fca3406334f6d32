"""What holds for every repair of labels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.curate.base import REPAIRS, Context, Item, Proposal, describe, parse_repair
from workbench.errors import UsageError, WorkbenchError

#: Each name with what makes it do without a model.
SPECS = {
    "confident_learning": "confident_learning",
    "dawid_skene": "dawid_skene",
    "distilling_step_by_step": "distilling_step_by_step:epochs=2",
    "freeal": "freeal:refine=small_model",
    "label_smoothing": "label_smoothing",
    "majority": "majority",
    "mckd": "mckd",
    "soft_labels": "soft_labels",
    "temporal_ensembling": "temporal_ensembling:epochs=2",
}
CARDS = ["lost my card", "card stolen today", "block the card", "freeze my card now", "my card is gone"] * 6
RATES = ["which exchange rate", "rate of interest", "the current rate", "best rate please", "what rate is it"] * 6


def items() -> list[Item]:
    """Thirty texts of two labels, three of them wrong, with votes and rationales; one item without a label."""
    found = []
    for place, text in enumerate([*CARDS, *RATES]):
        label = "card" if place < 30 else "rate"
        other = "rate" if place < 30 else "card"
        fields = {"text": f"{text} {place}", "rationale": f"it speaks of a {label}"}
        votes = {"first": label, "second": label, "third": other if place % 7 == 0 else label}
        given = other if place in (3, 11, 40) else label
        found.append(Item(100 + place, fields["text"], fields, given, votes=votes))
    return [*found, Item(900, "no label yet")]


def propose(spec: str, given: list[Item], context: Context | None = None) -> list[Proposal | None]:
    return list(parse_repair(spec).propose(given, context or Context()))


def test_every_repair_of_labels_is_here_and_described() -> None:
    assert set(SPECS) <= set(REPAIRS.names())
    for name in SPECS:
        row = describe(REPAIRS.get(name))
        assert row["name"] == name
        assert row["summary"]
        assert row["paper"]
        assert row["place"].startswith("curate / label enhancement / auxiliary model")
        assert all(part["help"] for part in row["parameters"])


@pytest.mark.parametrize("name", SPECS)
def test_one_proposal_or_none_per_item_with_a_reason(name: str) -> None:
    given = items()
    found = propose(SPECS[name], given)
    assert len(found) == len(given)
    proposals = [one for one in found if one is not None]
    assert proposals
    for item, one in zip(given, found, strict=True):
        if one is not None:
            assert 0.0 <= one.confidence <= 1.0
            assert one.reason
            assert one.label != item.label
            assert one.label in ("card", "rate", None)
            if one.soft is not None:
                assert one.label is None
                assert sum(one.soft.values()) == pytest.approx(1.0)
                assert set(one.soft) <= {"card", "rate"}
    assert found[-1] is None
    assert found == propose(SPECS[name], given)
    assert propose(SPECS[name], []) == []


@pytest.mark.parametrize("name", SPECS)
def test_a_persons_label_is_left_alone(name: str) -> None:
    given = [replace(item, settled=item.label is not None) for item in items()]
    assert propose(SPECS[name], given) == [None] * len(given)


@pytest.mark.parametrize("name", ["confident_learning", "freeal", "dawid_skene", "majority"])
def test_the_three_wrong_labels_are_found(name: str) -> None:
    found = propose(SPECS[name], items())
    assert {place: one.label for place, one in enumerate(found) if one is not None} == {
        3: "card",
        11: "card",
        40: "rate",
    }


@pytest.mark.parametrize("name", SPECS)
def test_nothing_to_go_by_is_a_sentence(name: str) -> None:
    with pytest.raises(WorkbenchError, match="take it out of the chain"):
        propose(SPECS[name], [Item(1, "one"), Item(2, "two")])


@pytest.mark.parametrize("name", sorted(set(SPECS) - {"majority", "dawid_skene"}))
def test_one_label_is_a_sentence(name: str) -> None:
    alike = [replace(item, label="card") for item in items()]
    with pytest.raises(WorkbenchError, match=r"two labels|needs at least two"):
        propose(SPECS[name], alike)


@pytest.mark.parametrize("name", SPECS)
def test_hostile_texts_and_labels_are_shown_clean(name: str) -> None:
    given = items()
    nasty = "rate\x1b[31m\u202e"
    changed = [
        replace(
            item,
            text=f"{item.text} \x1b]52;c;x\x07 \ud800",
            label=nasty if item.label == "rate" else item.label,
            votes={f"\x1b[2J{source}": nasty if label == "rate" else label for source, label in item.votes.items()},
        )
        for item in given
    ]
    found = propose(SPECS[name], changed)
    assert any(found)
    assert not any("\x1b" in one.reason or "\u202e" in one.reason for one in found if one is not None)


@pytest.mark.parametrize("name", SPECS)
def test_progress_is_told_and_what_it_raises_ends_the_repair(name: str) -> None:
    seen: list[tuple[int, int]] = []
    propose(SPECS[name], items(), Context(step=lambda done, total: seen.append((done, total))))
    assert seen[-1][0] == seen[-1][1]

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        propose(SPECS[name], items(), Context(step=stop))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("confident_learning:apply=2", "apply should be from 0 to 1, or none"),
        ("confident_learning:apply=0.9,ranking=self_confidence", "apply goes with ranking=posterior"),
        ("confident_learning:folds=1", "folds should be from 2 to 20"),
        ("confident_learning:prune=all", "prune should be class or noise_rate"),
        ("freeal:rounds=0", "rounds should be from 1 to 10"),
        ("mckd:stages=0", "stages should be from 1 to 10"),
        ("label_smoothing:epsilon=1", "epsilon should be between 0 and 1"),
        ("soft_labels:alpha=1", "alpha should be from 0 to under 1"),
        ("distilling_step_by_step:alpha=0", "alpha should be over 0"),
        ("temporal_ensembling:momentum=1", "momentum should be from 0 to under 1"),
        ("dawid_skene:smoothing=-1", "smoothing should be from 0"),
    ],
)
def test_wrong_parameters_are_named(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_repair(spec)
    assert sentence in str(caught.value)
