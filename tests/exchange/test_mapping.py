"""Columns become fields and labels, by what is given or by a guess that can be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import FileError, UsageError
from workbench.exchange import Bad, Mapped, Mapper, Row, columns_ahead, parse_map
from workbench.task import Task

LABELS = ["card_arrival", "change_pin", "lost_card"]
FILE = Path("data.csv")


def mapper(columns, fields=("text",), labels=LABELS, mapping=None, required=False, kind=None, **options):
    kind = kind or {1: "classification", 2: "text_pair"}[len(fields)]
    made = Mapper(Task(kind=kind, fields=dict.fromkeys(fields), labels=labels), mapping, required, **options)
    made.check_columns(columns, FILE)
    return made


def test_a_map_as_it_is_written():
    assert parse_map("text=utterance, label=category") == {"text": "utterance", "label": "category"}
    assert parse_map('"text=first, second",label=a=b') == {"text": "first, second", "label": "a=b"}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "where FIELD=COLUMN should be"),
        ("text", 'has "text" where FIELD=COLUMN should be: write it as text=COLUMN,label=COLUMN'),
        ("text=", "where FIELD=COLUMN should be"),
        ("=a", "where FIELD=COLUMN should be"),
        ("text=a,", "where FIELD=COLUMN should be"),
        ("text=a,text=b", 'names the field "text" twice'),
        ("text=a,label=a", 'uses the column "a" twice'),
        ('"text=a', "cannot be read"),
    ],
)
def test_a_map_with_a_mistake(spec, said):
    with pytest.raises(UsageError, match=said):
        parse_map(spec)


@pytest.mark.parametrize(
    ("fields", "columns", "chosen"),
    [
        (["text"], ["label", "text"], {"text": "text", "label": "label"}),
        (["text"], ["category", "utterance", "id"], {"text": "utterance", "label": "category"}),
        (["text"], ["Question", "Intent"], {"text": "Question", "label": "Intent"}),
        (["text"], ["prompt", "sentence", "target", "class"], {"text": "sentence", "label": "class"}),
        (["review"], ["text", "review"], {"review": "review"}),
        (["review"], ["text"], {"review": "text"}),
        (
            ["premise", "hypothesis"],
            ["Hypothesis", "premise", "text"],
            {"premise": "premise", "hypothesis": "Hypothesis"},
        ),
        (["category"], ["category", "label"], {"category": "category", "label": "label"}),
    ],
)
def test_the_guess(fields, columns, chosen):
    assert mapper(columns, fields).chosen == chosen


def test_a_given_map_is_completed_by_the_guess():
    assert mapper(["a", "b", "intent"], mapping={"text": "b"}).chosen == {"text": "b", "label": "intent"}
    assert mapper(["a", "intent"], mapping={"text": "a"}, use_label=False).chosen == {"text": "a"}


def test_a_map_of_an_unknown_field():
    with pytest.raises(UsageError, match=r'no field "txt"; did you mean text[?]; it has: text, label'):
        Mapper(Task(kind="classification", labels=LABELS), {"txt": "a"})


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        (["utterance", "id"], {"mapping": {"text": "uterance"}},
         'no column "uterance" for text; did you mean utterance[?]; its columns are "utterance", "id"'),
        (["tweet", "id"], {}, 'no column for text; its columns are "tweet", "id": give --map text=COLUMN'),
        (["text"], {"required": True}, "no column for the label; .*: give --map label=COLUMN"),
        (["text"], {"fields": ["premise", "hypothesis"]}, "no column for premise"),
    ],
)  # fmt: skip
def test_columns_that_are_not_there(columns, options, said):
    with pytest.raises(FileError, match=rf"data\.csv: has {said}"):
        mapper(columns, **options)


def test_a_row_in_the_tasks_terms():
    row = Row(3, {"id": 7, "utterance": " Where is it? ", "intent": "card_arrival", "source": "web"})
    assert mapper(row.values).apply(row) == Mapped(
        3, {"text": " Where is it? "}, "card_arrival", {"id": 7, "source": "web"}
    )


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"label": "lost_card"}, "has no text"),
        ({"text": None}, "text is null, not a text"),
        ({"text": 3}, "text is a number, not a text"),
        ({"text": True}, "text is true or false, not a text"),
        ({"text": ["a"]}, "text is a list, not a text"),
        ({"text": " \n"}, "text is empty"),
        ({"text": "a", "label": "chage_pin"},
         'label "chage_pin" is not one of the project\'s labels; did you mean change_pin?'),
        ({"text": "a", "label": "\x1b[2J"}, 'label "␛[2J" is not one of the project\'s labels'),
        ({"text": "a", "label": ["lost_card"]}, "label is a list, and this task takes one label"),
        ({"text": "a", "label": {"name": "x"}}, "label is an object, and this task takes one label"),
        ({"text": "a", "label": " "}, "has no label"),
        ({"text": "a", "label": None}, "has no label"),
        ({"text": "a"}, "has no label"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used(values, reason):
    bad = mapper(["text", "label"], required=True).apply(Row(7, values))
    assert bad == Bad(7, reason)
    assert str(bad) == f"line 7: {reason}"


def test_the_reason_names_the_column_when_it_is_called_otherwise():
    assert mapper(["utterance"]).apply(Row(2, {"utterance": ""})) == Bad(2, 'text is empty (column "utterance")')


@pytest.mark.parametrize(
    ("labels", "given", "label"),
    [
        (LABELS, " lost_card ", "lost_card"),
        (["0", "1"], 1, "1"),
        (["0", "1"], 1.0, "1"),
        (["0", "1"], "1", "1"),
        (["true", "false"], True, "true"),
        (LABELS, "", None),
    ],
)
def test_labels_of_any_kind(labels, given, label):
    mapped = mapper(["text", "label"], labels=labels).apply(Row(1, {"text": "a", "label": given}))
    assert isinstance(mapped, Mapped)
    assert mapped.label == label
    assert type(mapped.label) is type(label)


def test_several_labels_are_looked_at_one_by_one():
    many = mapper(["text", "label"], kind="multi_label")
    mapped = many.apply(Row(1, {"text": "a", "label": ["lost_card", " change_pin"]}))
    assert isinstance(mapped, Mapped)
    assert mapped.label == ["lost_card", "change_pin"]
    bad = many.apply(Row(1, {"text": "a", "label": ["lost_card", "change_pi"]}))
    assert bad == Bad(1, 'label "change_pi" is not one of the project\'s labels')


def test_columns_are_found_without_losing_a_row():
    items = [Row(1, {"a": 1}), Bad(2, "x"), Row(3, {"b": 1, "a": 2}), Row(4, {"c": 1})]
    columns, rows = columns_ahead(iter(items), ahead=3)
    assert columns == ["a", "b"]
    assert list(rows) == items
