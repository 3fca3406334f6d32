"""Reading JSON files: an array of objects, streamed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exchange.test_read_jsonl import write
from workbench.errors import FileError
from workbench.exchange import Bad, Row, json_file, lines, read


def test_rows_carry_the_line_where_they_begin(tmp_path):
    path = write(tmp_path, '[\n  {"text": "a"},\n  {\n    "text": "b"\n  }, {"text": "c"}\n]\n', "data.json")
    assert list(read(path)) == [Row(2, {"text": "a"}), Row(3, {"text": "b"}), Row(5, {"text": "c"})]


def test_an_object_with_data(tmp_path):
    path = write(tmp_path, '{"version": {"data": [1]},\n "data": [\n{"text": "a"}],\n "licence": "x"}', "data.json")
    assert list(read(path)) == [Row(3, {"text": "a"})]


def test_json_lines_under_the_name_of_json(tmp_path):
    path = write(tmp_path, '{"text": "a"}\n{"text": }\n{"text": "c"}\n', "data.json")
    assert list(read(path)) == [
        Row(1, {"text": "a"}),
        Bad(2, "is not valid JSON: expecting value (character 10)"),
        Row(3, {"text": "c"}),
    ]


def test_bad_elements_do_not_stop_the_others(tmp_path):
    path = write(
        tmp_path, b'[\n{"a": NaN},\n3,\n{"a": 1, "a": 2},\n{"a": "\xe9"},\n{"a": "\\ud800"},\n{"a": 1}]', "data.json"
    )
    assert list(read(path)) == [
        Bad(2, "holds NaN, which JSON does not have; write null"),
        Bad(3, "is a number, not an object"),
        Bad(4, 'has the key "a" twice'),
        Bad(5, "byte 0xE9 is not UTF-8; give --encoding latin-1 if that is what it is"),
        Bad(6, "holds half of a surrogate pair (\\ud800), which is not a character"),
        Row(7, {"a": 1}),
    ]


@pytest.mark.parametrize(
    ("rest", "line", "said"),
    [
        (',\n{"text": "b', 2, "is cut off in the middle of a value: the file was not written to its end"),
        (",\n", 3, "is cut off in the middle of a value: the file was not written to its end"),
        ("\n", 2, "the array has no end: the file was not written to its end"),
        ('\n{"text": "b"}]', 2, "there is no comma after the object"),
        (',\n{"text": b}]', 2, "is not valid JSON: expecting value (character 10)"),
        ("]\n]", 2, "there is something after the end of the JSON document"),
    ],
)
def test_where_the_document_breaks_off_what_came_before_is_kept(tmp_path, rest, line, said):
    path = write(tmp_path, '[{"text": "a"}' + rest, "data.json")
    first, last = read(path)
    assert first == Row(1, {"text": "a"})
    assert isinstance(last, Bad)
    assert last.reason == f"{said}; the rest of the file is not read"
    assert last.line in (line, line - 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", r"data\.json:1: is not a JSON array of objects"),
        ('\n[{"text": ]', r"data\.json:2: is not valid JSON: expecting value"),
        ('{"rows": [], "size": 3}', r'its keys are "rows", "size"'),
        ("{}", "its keys are none"),
        ('{"a" 1}', "there is no colon after a key"),
        ('{"a": 1', "the object is not closed"),
        ("[]", "has no rows: nothing to import"),
        ('{"data": []}', "has no rows: nothing to import"),
        ("  \n", "has no rows: nothing to import"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_without_rows_is_refused(tmp_path, text, said):
    with pytest.raises(FileError, match=said):
        list(read(write(tmp_path, text, "data.json")))


def test_a_record_beyond_the_limit_ends_the_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "MAX_RECORD", 100_000)
    path = write(tmp_path, '[{"text": "a"}, {"text": "' + "x" * 500_000 + '"}]', "data.json")
    _, bad = read(path)
    assert "is longer than 100,000 characters" in bad.reason


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.text(max_size=5), st.text(max_size=60) | st.integers() | st.none(), max_size=4), min_size=1
    ),
    st.sampled_from([None, 1]),
    st.integers(1, 40),
)
def test_whatever_the_window_the_rows_are_those_of_the_file(tmp_path_factory, rows, indent, window):
    def plain(text: str) -> bool:
        return "\0" not in text

    rows = [{k: v for k, v in row.items() if plain(k) and plain(str(v))} for row in rows]
    path = write(tmp_path_factory.mktemp("json"), json.dumps(rows, indent=indent, ensure_ascii=False), "data.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_file, "_CHUNK", window)
        assert [item.values for item in read(path)] == rows
