"""Edits of project.yaml: comments, order and quotes stay; what cannot be done safely is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import FileError
from workbench.settings_edit import Entry, edit

PATH = Path("project.yaml")
BLOCK = """\
# Settings.
name: bank   # the bank's
task:
  kind: classification
  labels:                # what people ask
    # about cards
    - card_arrival       # it is on its way
    - name: change_pin   # with a description
      description: >-
        The customer wants
        another PIN.
    # about money
    - "exchange rate"
    - other
  fields:
    text: {kind: text}   # the message
review:
  view: "origin:synthetic label:other"   # what Review opens with
"""
FLOW = "name: b\ntask: {kind: classification, labels: [a, {name: b, description: B}, 'c d'], fields: {text: }} # end\n"


def keep(*names: str) -> list[Entry]:
    return [Entry(name, name, {}) for name in names]


def labels_of(text: str) -> list[object]:
    return list(yaml.safe_load(text)["task"]["labels"])


def test_a_rename_changes_one_word() -> None:
    entries = [Entry("card_arrival", "where is my card", {}), *keep("change_pin", "exchange rate", "other")]
    assert edit(BLOCK, PATH, labels=entries) == BLOCK.replace("- card_arrival ", "- where is my card ")
    entries = [*keep("a"), Entry("b", "yes", {}), *keep("c d")]
    assert edit(FLOW, PATH, labels=entries) == FLOW.replace("name: b, desc", 'name: "yes", desc')


def test_taking_out_keeps_the_comments_of_others() -> None:
    text = edit(BLOCK, PATH, labels=keep("card_arrival", "exchange rate", "other"))
    assert "# about money" in text
    assert "# about cards" in text
    assert "change_pin" not in text
    assert "PIN" not in text
    assert text == BLOCK.replace(BLOCK[BLOCK.index("    - name: change_pin") : BLOCK.index("    # about money")], "")
    assert edit(FLOW, PATH, labels=keep("b", "c d")) == FLOW.replace("a, {", "{")
    assert edit(FLOW, PATH, labels=keep("a", "b")) == FLOW.replace(", 'c d'", "")


def test_putting_in_moving_and_describing() -> None:
    entries = [*keep("other", "card_arrival"), Entry("change_pin", "change_pin", {"description": "PIN: new"}),
               Entry(None, "new one", {"description": "# odd"}), *keep("exchange rate")]  # fmt: skip
    text = edit(BLOCK, PATH, labels=entries)
    assert [one if isinstance(one, str) else one["name"] for one in labels_of(text)] == [
        "other", "card_arrival", "change_pin", "new one", "exchange rate",
    ]  # fmt: skip
    assert labels_of(text)[2:4] == [
        {"name": "change_pin", "description": "PIN: new"}, {"name": "new one", "description": "# odd"},
    ]  # fmt: skip
    for comment in ("# what people ask", "# about cards", "# it is on its way", "# about money", "# the message"):
        assert text.count(comment) == 1
    assert edit(FLOW, PATH, labels=[*keep("c d", "a"), Entry("b", "b", {}), Entry(None, "e", {})]).startswith(
        "name: b\ntask: {kind: classification, labels: ['c d', a, {name: b, description: B}, e],"
    )


def test_fields_in_both_styles_and_where_none_are_written() -> None:
    assert "    message: {kind: text}   # the message\n" in edit(BLOCK, PATH, fields=[Entry("text", "message", {})])
    assert yaml.safe_load(edit(FLOW, PATH, fields=[Entry("text", "t", {"kind": "text"})]))["task"]["fields"] == {
        "t": {"kind": "text"}
    }
    bare = "name: b\ntask:\n  kind: classification   # so\n  labels: [a, b]\n"
    text = edit(bare, PATH, fields=[Entry(None, "message", {"kind": "text"})])
    assert text == bare.replace("# so\n", "# so\n  fields: {message: {kind: text}}\n")


def test_the_view_of_review() -> None:
    new = 'label:"my ""x""" status:pending'
    assert yaml.safe_load(edit(BLOCK, PATH, view=new))["review"]["view"] == new
    assert "# what Review opens with" in edit(BLOCK, PATH, view=new)


def test_line_ends_stay() -> None:
    text = edit(
        BLOCK.replace("\n", "\r\n"),
        PATH,
        labels=[*keep("card_arrival", "change_pin", "exchange rate", "other"), Entry(None, "z", {})],
    )
    assert text.count("\n") == text.count("\r\n")


def test_what_cannot_be_done_safely_is_refused_with_the_line() -> None:
    text = "name: b\ntask:\n  labels: [a, # one\n    b, # two\n    c]\n"
    with pytest.raises(FileError, match=r"project.yaml:4: a comment stands inside the list"):
        edit(text, PATH, labels=keep("a", "c"))
    text = "name: b\ntask:\n  ? labels\n  : - a\n    - b\n"
    with pytest.raises(FileError, match=r"project.yaml:[45]: more than one thing stands on this line"):
        edit(text, PATH, labels=keep("b", "a"))


NAMES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029\x85"), min_size=1, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(NAMES, min_size=2, max_size=6, unique=True),
    st.lists(NAMES, max_size=2, unique=True),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_any_names_in_any_order(names: list[str], new: list[str], random, flow: bool) -> None:
    dumped = yaml.safe_dump(names, default_flow_style=flow, allow_unicode=True, width=2**31)
    text = (
        "name: x\ntask:\n  labels:"
        + ("\n" if not flow else " ")
        + dumped.replace("\n-", "\n  -").replace("- ", "  - ", 1 - flow)
    )
    entries = [Entry(one, one, {}) for one in names[1:]] + [Entry(None, one, {}) for one in new if one not in names]
    random.shuffle(entries)
    if entries:
        assert labels_of(edit(text, PATH, labels=entries)) == [one.name for one in entries]
