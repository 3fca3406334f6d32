"""What is marked is what the full-text index finds: words in a row, without case, accents and punctuation."""

from __future__ import annotations

import pytest

from workbench.tui.highlights import NOTHING, Highlights


@pytest.mark.parametrize(
    ("phrases", "text", "marked"),
    [
        (["card"], "My CARD, a card-holder and cards", ["CARD", "card"]),
        (["my card"], "my card; my  CARD; my-card; my cards", ["my card", "my  CARD", "my-card"]),
        (["cafe"], "Café CAFÉ cafeteria", ["Café", "CAFÉ"]),
        (["strasse"], "Straße", []),
        (["a", "a b"], "a b a", ["a b", "a"]),
        (["?!"], "why?!", []),
        (["[bold]"], "[bold] text", ["bold"]),
        ([], "anything", []),
    ],
)
def test_spans(phrases, text, marked) -> None:
    assert [text[start:end] for start, end in Highlights(phrases).spans(text)] == marked


def test_a_run_is_cut_where_words_are_marked() -> None:
    wanted = Highlights(["card"])
    assert wanted.painted(("my card is", "row"), "hit") == [("my ", "row"), ("card", "hit"), (" is", "row")]
    assert wanted.painted(("card", "row"), "hit") == [("card", "hit"), ("", "row")]
    assert NOTHING.painted(("card", "row"), "hit") == [("card", "row")]
