"""Labelling, below the screen: codes of labels, blind pairs, marks in texts, the pace."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.labelling import mean_keys
from workbench.errors import UsageError
from workbench.project import Outline
from workbench.store.samples import Sample
from workbench.task_kinds import FieldOutline
from workbench.text import clean
from workbench.tui import blind, spans
from workbench.tui.codes import codes, step_codes
from workbench.tui.pace import Pace
from workbench.tui.screens.review_bulk import spread
from workbench.tui.widgets.contents import Look, contents

BANKING = Path(__file__).resolve().parents[3] / "shared" / "data" / "banking77" / "test.csv"


# --- codes -----------------------------------------------------------------------------------------------------------


def test_codes_come_from_the_names() -> None:
    assert codes(["card_arrival", "card_linking", "change_pin", "atm_support", "Überweisung", "余额"]) == {
        "card_arrival": "ca", "card_linking": "cl", "change_pin": "cp", "atm_support": "a", "Überweisung": "u",
        "余额": "ba",
    }  # fmt: skip


def test_a_label_added_at_the_end_changes_no_other_code() -> None:
    names = ["card_arrival", "card_linking", "change_pin", "atm_support"]
    before = codes(names)
    assert {name: code for name, code in codes([*names, "card_about_to_expire"]).items() if name in names} == before


def free_of_prefixes(found: list[str]) -> bool:
    return not any(a != b and b.startswith(a) for a in found for b in found) and len(set(found)) == len(found)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=120, unique=True))
def test_no_code_begins_another_and_every_label_has_one(names: list[str]) -> None:
    made = codes(names)
    assert sorted(made) == sorted(names)
    assert free_of_prefixes(list(made.values()))
    assert all(1 <= len(code) <= 2 and code.isascii() and code.islower() for code in made.values())
    assert codes(names) == made


def test_there_are_676_codes_of_two_letters() -> None:
    made = codes([f"label {n}" for n in range(700)])
    assert len(made) == 676
    assert free_of_prefixes(list(made.values()))


def test_every_label_of_banking77_takes_at_most_three_keys() -> None:
    if not BANKING.exists():
        pytest.skip("banking77 is not beside the repository")
    with BANKING.open(encoding="utf-8", newline="") as file:
        names = sorted({row["category"] for row in csv.DictReader(file)})
    made = codes(names)
    assert len(made) == 77
    keys = [1 + len(code) for code in made.values()]  # the key that begins a code, and its letters
    assert max(keys) == 3
    # Without a single suggestion: 2 keys for names that have their letter alone, 3 for all others.
    assert mean_keys(made, [(name, None) for name in names]) == sum(keys) / 77


def test_a_label_among_the_digits_takes_one_key() -> None:
    made = {"a": "a", "b": "bx"}
    assert mean_keys(made, [("a", 0), ("a", 8), ("a", 9), ("b", None)]) == (1 + 1 + 2 + 3) / 4


def test_steps_of_a_scale_have_a_letter_each_as_far_as_letters_go() -> None:
    assert step_codes(11) == list("abcdefghijk")
    assert step_codes(27) == []


# --- pairs in blind order --------------------------------------------------------------------------------------------

PAIR = Sample(
    id=1, uuid="00ff", origin="synthetic", split="train", status="pending", dropped=0,
    fields={"prompt": "P", "chosen": "good", "rejected": "bad"},
    original_fields={"prompt": "P", "chosen": "good", "rejected": "bad"}, label=None, original_label=None, text="",
    conditions={}, parents={}, job_id=None, request_id=None, source_id=None, source_line=None, created_at="",
)  # fmt: skip


def test_which_answer_stands_left_is_drawn_for_each_sample_and_person() -> None:
    pairs = [{"prompt": "P", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(1000)]
    left = [blind.turned(one, "anna") for one in pairs]
    assert 450 < sum(left) < 550
    assert left == [blind.turned(dict(one), "anna") for one in pairs]
    same = sum(side == blind.turned(one, "ben") for one, side in zip(pairs, left, strict=True))
    assert 450 < same < 550


@pytest.mark.parametrize("person", ["anna", "ben", "cleo", "dan"])
def test_a_verdict_is_kept_in_the_datas_own_order_and_moves_nothing(person: str) -> None:
    places = blind.left_right(PAIR, person)
    for side in (0, 1):
        fields = blind.preferring(PAIR, person, side)
        better = PAIR.fields[places[side]]
        after = replace(PAIR, fields=fields)
        assert after.fields["chosen"] == better
        # Both texts stand where they stood, and the other verdict is one key away.
        assert [after.fields[name] for name in blind.left_right(after, person)] == [
            PAIR.fields[name] for name in places
        ]
        other = blind.preferring(after, person, 1 - side)
        assert other["chosen"] != better
    came = blind.as_it_came(PAIR, person)
    assert came == places


def test_a_corrected_answer_stays_on_its_side() -> None:
    swapped = replace(PAIR, fields={"prompt": "P", "chosen": "bad, mended", "rejected": "good"})
    assert blind.exchanged(swapped)
    assert not blind.exchanged(replace(PAIR, fields={**PAIR.fields, "rejected": "worse"}))


# --- marks in texts --------------------------------------------------------------------------------------------------

SPANS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "year": {"type": ["integer", "null"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "mood": {"type": "string", "enum": ["good", "bad"]},
        "place": {"type": "object", "properties": {"city": {"type": "string"}}},
        "entities": {"type": "array", "items": {"$ref": "#/$defs/entity"}},
    },
    "$defs": {
        "entity": {
            "type": "object",
            "properties": {
                "start": {"type": "integer"}, "end": {"type": "integer"}, "text": {"type": "string"},
                "label": {"enum": ["PERSON", "PLACE"]},
            },
        }
    },
}  # fmt: skip


def target(title: str) -> spans.Target:
    return next(one for one in spans.targets(SPANS) if one.title == title)


def test_the_schema_says_what_can_be_marked() -> None:
    titles = [one.title for one in spans.targets(SPANS)]
    assert titles == ["name", "year", "tags", "place.city", "entities PERSON", "entities PLACE"]


def test_marks_fill_the_object_in_the_tasks_own_shape() -> None:
    text = "Anna met Anna in Leith in 1,913."
    label = spans.put(None, target("name"), text, 0, 4)
    label = spans.put(label, target("place.city"), text, 17, 22)
    label = spans.put(label, target("year"), text, 26, 31)
    label = spans.put(label, target("tags"), text, 5, 8)
    assert label == {"name": "Anna", "place": {"city": "Leith"}, "year": 1913, "tags": ["met"]}
    assert spans.put(label, target("tags"), text, 5, 8)["tags"] == []  # once more takes it out
    with pytest.raises(UsageError, match="'met' is none"):
        spans.put(label, target("year"), text, 5, 8)


def test_spans_of_the_same_words_are_told_apart_and_may_overlap() -> None:
    text = "Anna met Anna Berg"
    label: Any = None
    for kind, start, end in (("PERSON", 9, 18), ("PERSON", 0, 4), ("PLACE", 14, 18), ("PERSON", 9, 13)):
        label = spans.put(label, target(f"entities {kind}"), text, start, end)
    said = [(one["start"], one["end"], one["text"], one["label"]) for one in label["entities"]]
    assert said == [
        (0, 4, "Anna", "PERSON"), (9, 13, "Anna", "PERSON"), (9, 18, "Anna Berg", "PERSON"), (14, 18, "Berg", "PLACE"),
    ]  # fmt: skip
    again = spans.put(label, target("entities PERSON"), text, 0, 4)
    assert len(again["entities"]) == 3
    assert [one["start"] for one in spans.now(label, target("entities PLACE"))] == [14]
    assert spans.placed(label, text) == ((0, 4), (9, 18))
    assert spans.quoted(label, text)["entities"][0] == "Anna"
    assert spans.brief(label, text)["entities"][2] == "Anna Berg (PERSON) 9-18"


def test_spans_count_characters_of_the_stored_text_whatever_is_hidden() -> None:
    raw = "a\r\nb\u202e Anna\x07"
    shown = clean(raw, multiline=True)
    places = spans.offsets(raw)
    start = shown.index("Anna")
    assert raw[places[start] : places[start + 4]] == "Anna"
    label = {"entities": [{"start": raw.index("Anna"), "end": raw.index("Anna") + 4}]}
    assert [shown[low:high] for low, high in spans.placed(label, raw)] == ["Anna"]


@given(st.text(max_size=60))
def test_every_shown_character_has_its_place(raw: str) -> None:
    shown, places = clean(raw, multiline=True), spans.offsets(raw)
    assert len(places) == len(shown) + 1
    assert list(places) == sorted(places)


def test_spans_outside_the_text_and_other_values_do_no_harm() -> None:
    label = {"entities": [{"start": 5, "end": 900}, {"start": -1, "end": 2}, {"start": True, "end": 2}, 3, None]}
    assert spans.marks(label, "one 3 two", "one 3 two") == ((4, 5),)  # the number 3 stands there


def test_words_are_marked_one_by_one_or_together() -> None:
    marker = spans.Marker("My name is Anna Berg, hi.")
    marker.move(3)
    marker.move(1, grow=True)
    assert marker.text[slice(*marker.span)] == "Anna Berg"
    marker.growing = True
    marker.move(-2)
    assert marker.text[slice(*marker.span)] == "is Anna"
    marker.stop()
    marker.move(99)
    assert marker.text[slice(*marker.span)] == "."
    marker.move_to(4)
    assert marker.text[slice(*marker.span)] == "name"
    empty = spans.Marker("")
    empty.move(1)
    assert empty.span == (0, 0)


# --- what is shown ---------------------------------------------------------------------------------------------------


def test_a_blind_pair_shows_neither_names_nor_colours() -> None:
    fields = (FieldOutline("prompt"), FieldOutline("chosen"), FieldOutline("rejected"))
    outline = Outline("p", "project.db", "prompt", (), "", "preference", "none", fields, None)
    told = contents(PAIR, outline, 80, look=Look(pair=("rejected", "chosen"), blind=True))
    words = " ".join(text for line in told for text, _ in line)
    assert "chosen" not in words
    assert "rejected" not in words
    assert not [style for line in told for _, style in line if style == "pane--mark-bad"]
    assert words.index("bad") < words.index("good")


def test_what_a_bulk_act_hits_is_shown_from_all_over_it() -> None:
    assert spread(list(range(100))) == [10, 30, 50, 70, 90]
    assert spread([1, 2, 3]) == [1, 2, 3]


def test_the_pace_is_the_median_and_leaves_breaks_out() -> None:
    pace = Pace()
    for seconds in (1.0, 2.0, None, 3.0, 10.0):
        pace.add(seconds)
    assert pace.told() == ""  # four decisions say little
    pace.add(4.0)
    assert (pace.median, pace.per_hour) == (3.0, 900.0)
    assert pace.told() == "3.0 s  900/h"
