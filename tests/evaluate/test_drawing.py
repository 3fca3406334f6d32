"""Of very many texts the heavy metrics look at a seeded draw, and say so; fewer are all looked at."""

from __future__ import annotations

import pytest

from workbench.evaluate import drawing
from workbench.evaluate.base import Material, Sample, evaluate

WORDS = ("lost", "card", "refund", "please", "pin", "when", "transfer", "late")
SAMPLES = [Sample(100 + n, f"{WORDS[n % 8]} {WORDS[n // 8 % 8]} {WORDS[n // 64 % 8]}", "ab"[n % 2]) for n in range(400)]


def test_as_many_texts_as_fit_are_drawn_always_the_same_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    material = Material(SAMPLES)
    assert drawing.drawn(material) is material  # nothing is drawn of what is small enough
    monkeypatch.setattr(drawing, "MOST_TEXTS", 150)
    one, other = (drawing.drawn(Material(SAMPLES)).samples for _ in range(2))
    assert len(one) == 150
    assert list(one) == list(other)
    assert [sample.id for sample in one] == sorted(sample.id for sample in one)


def test_long_texts_count_by_their_characters() -> None:
    assert drawing.fitting([70] * 100_000) == 100_000
    assert drawing.fitting([30] * 1_000_000) == drawing.MOST_TEXTS
    assert drawing.fitting([3_000] * 100_000) == 10_000  # 30 of 300 million characters
    assert drawing.fitting([10_000_000] * 5) == 5  # never fewer than there are, or than FEWEST


def test_the_draw_is_in_note_and_details_and_what_only_counts_reads_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ["label.balance", "diversity.distinct_1", "diversity.compression_ratio", "diversity.self_bleu"]
    whole = evaluate(Material(SAMPLES), names)
    monkeypatch.setattr(drawing, "MOST_TEXTS", 150)
    found = evaluate(Material(SAMPLES), names)
    for name in ("diversity.distinct_1", "diversity.self_bleu"):
        assert "Of 400 texts 150 were drawn for it." in found[name].note
        assert found[name].details["looked_at"] == {"texts": 150, "of": 400}
        assert found[name].low is not None
        assert "looked_at" not in whole[name].details
    for name in ("label.balance", "diversity.compression_ratio"):
        assert found[name] == whole[name]
    by_id = {sample.id for sample in drawing.drawn(Material(SAMPLES)).samples}
    assert set(found["diversity.self_bleu"].details["behind"]["most_repeated"]) <= by_id


def test_a_text_without_a_space_is_no_word_that_is_shown() -> None:
    long = [Sample(900 + n, "x" * 5_000 + " card", "a") for n in range(4)]
    found = evaluate(Material([*SAMPLES, *long]), ["diversity.vocabulary", "diversity.cluster_coverage"])
    assert "xxxx" not in repr({name: one.details for name, one in found.items()})
    assert found["diversity.vocabulary"].details["words"][0] == ["card", 174]


def test_a_ratio_of_sizes_has_no_end_below_zero() -> None:
    texts = [Sample(n, f"card {n}", "a") for n in range(40)] + [Sample(99, "x" * 1_000_000, "a")]
    low = evaluate(Material(texts), ["diversity.compression_ratio"])["diversity.compression_ratio"].low
    assert low == 0.0
