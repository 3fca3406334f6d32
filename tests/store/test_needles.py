"""Finding texts wherever they stand: quickly where they do not, and never less than the careful look finds."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from workbench.store.needles import PURGED, Needles

TEXT = st.text(alphabet='abC Dß\n\\n"u00é漢-?_1', max_size=30)


@given(st.lists(TEXT, max_size=4), TEXT, st.sampled_from(["{}", " {} ", "x{}y", "Said: {}!"]))
def test_the_quick_look_overlooks_nothing(texts: list[str], other: str, around: str) -> None:
    needles = Needles()
    for text in texts:
        needles.add(text)
    for text in (*texts, other):
        for value in (around.format(text), around.format(text).upper()):
            found = needles.inside(value)
            with patch.object(Needles, "_likely", return_value=True):
                assert found == needles.inside(value)


def test_a_text_is_found_in_other_case_and_space_and_inside_json() -> None:
    needles = Needles()
    needles.add("My card is 4000-1234")
    assert needles.inside("He wrote: MY  card\nis 4000-1234.")
    assert needles.without('{"note":"my card is 4000-1234","n":1}') == f'{{"note":"{PURGED}","n":1}}'
    assert needles.without('{"note":"another card"}') is None
    needles.add("new text")
    assert needles.inside("New Text")
