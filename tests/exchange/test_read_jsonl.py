"""Reading JSON lines: one object per line, and a reason for every line that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import FileError
from workbench.exchange import Bad, Row, lines, read


def write(folder: Path, data: bytes | str, name: str = "data.jsonl") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def reason(folder: Path, line: bytes | str) -> str:
    """Why ``line``, the second of three, is bad; the lines around it are read."""
    data = line.encode() if isinstance(line, str) else line
    before, bad, after = read(write(folder, b'{"text": "a"}\n' + data + b'\n{"text": "c"}\n'))
    assert before == Row(1, {"text": "a"})
    assert after == Row(3, {"text": "c"})
    assert isinstance(bad, Bad)
    assert bad.line == 2
    return bad.reason


def test_rows_carry_the_line_they_stand_on(tmp_path):
    path = write(tmp_path, '{"text": "a", "n": 1}\n\n  \t\r\n{"text": "é"}')
    assert list(read(path)) == [Row(1, {"text": "a", "n": 1}), Row(4, {"text": "é"})]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_end(tmp_path, ending):
    path = write(tmp_path, f'{{"text": "a"}}{ending}{{"text": "b"}}{ending}')
    assert list(read(path)) == [Row(1, {"text": "a"}), Row(2, {"text": "b"})]


def test_line_separators_of_unicode_do_not_cut_lines(tmp_path):
    path = write(tmp_path, '{"text": "a\u2028b\x85c"}\n{"text": "d"}\n')
    assert list(read(path)) == [Row(1, {"text": "a\u2028b\x85c"}), Row(2, {"text": "d"})]


def test_byte_order_mark_is_no_part_of_the_first_line(tmp_path):
    path = write(tmp_path, b'\xef\xbb\xbf{"text": "a"}\n')
    assert list(read(path)) == [Row(1, {"text": "a"})]
    assert list(read(path, encoding="utf-8-sig")) == [Row(1, {"text": "a"})]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": }', "is not valid JSON: expecting value (character 10)"),
        ("hello", "is not valid JSON: expecting value (character 1)"),
        ('["a"]', "is an array, not an object"),
        ('"a"', "is a string, not an object"),
        ("12", "is a number, not an object"),
        ("null", "is null, not an object"),
        ("true", "is true or false, not an object"),
        ('{"a": NaN}', "holds NaN, which JSON does not have; write null"),
        ('{"a": -Infinity}', "holds -Infinity, which JSON does not have; write null"),
        ('{"a": 1e999}', 'holds the number "1e999", which is too large'),
        ('{"a": ' + "9" * 5000 + "}", "holds a whole number of 5,000 digits"),
        ('{"text": "a", "text": "b"}', 'has the key "text" twice'),
        ('{"a": {"b": 1, "b": 2}}', 'has the key "b" twice'),
        ('{"text": "\\ud800"}', "holds half of a surrogate pair (\\ud800), which is not a character"),
        ('{"\\udfff": 1}', "holds half of a surrogate pair (\\udfff), which is not a character"),
        ('{"text": "\\u0000"}', "holds a NUL character (\\u0000)"),
        (b'{"text": "\0"}', "holds a NUL character: the file is damaged, or not a text file"),
        ('{"a": 1} {"a": 2}', "holds more than one object (character 9): one object per line"),
        ('{"a": 1},', "has something after its value (character 9): one object per line"),
        ('{"a": ' + "[" * 65 + "]" * 65 + "}", "is nested more than 64 deep"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "is not valid JSON: nested too deeply (character 1)"),
        (
            b'{"text": "caf\xe9"}',
            "byte 0xE9 (14 bytes into the line) is not UTF-8; give --encoding latin-1 if that is what it is",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_line_has_a_reason_and_the_others_are_read(tmp_path, line, said):
    assert reason(tmp_path, line) == said


def test_surrogate_pairs_are_characters(tmp_path):
    assert list(read(write(tmp_path, '{"text": "\\ud83d\\ude00"}\n'))) == [Row(1, {"text": "😀"})]


@pytest.mark.parametrize("cut", ['{"text": "b', '{"text"', '{"text": "b"', "{"])
def test_a_half_written_last_line(tmp_path, cut):
    row, bad = read(write(tmp_path, '{"text": "a"}\n' + cut))
    assert row == Row(1, {"text": "a"})
    assert bad == Bad(2, "is cut off in the middle of the object: the file was not written to its end")


def test_hostile_reasons_are_safe_to_show(tmp_path):
    said = reason(tmp_path, '{"\\u001b]52;c;x\\u0007": 1, "\\u001b]52;c;x\\u0007": 2}')
    assert said == 'has the key "␛]52;c;x␇" twice'


def test_a_line_of_ten_megabytes_is_read(tmp_path):
    text = "x" * 10_000_000
    assert list(read(write(tmp_path, f'{{"text": "{text}"}}\n'))) == [Row(1, {"text": text})]


def test_a_line_beyond_the_limit_is_skipped_without_being_held(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "MAX_RECORD", 100)
    assert (
        reason(tmp_path, '{"text": "' + "x" * 1000 + '"}')
        == "is longer than 100 bytes, the most that one record may have"
    )


def test_other_encodings(tmp_path):
    text = '{"text": "café"}\n{"text": "naïve"}\n'
    rows = [Row(1, {"text": "café"}), Row(2, {"text": "naïve"})]
    for encoding in ("latin-1", "utf-16", "utf-16-le", "utf-32", "cp1252"):
        assert list(read(write(tmp_path, text.encode(encoding)), encoding=encoding)) == rows


def test_utf_16_is_recognised(tmp_path):
    with pytest.raises(FileError, match=r"data\.jsonl:1: is UTF-16, not UTF-8: give --encoding utf-16"):
        list(read(write(tmp_path, '{"text": "a"}\n'.encode("utf-16"))))


def test_a_broken_utf_16_file_is_a_sentence(tmp_path):
    with pytest.raises(FileError, match="is not UTF-16: try another --encoding"):
        list(read(write(tmp_path, '{"text": "a"}\n'.encode("utf-16")[:-1]), encoding="utf-16"))


def test_one_document_over_many_lines_is_named_as_what_it_is(tmp_path):
    with pytest.raises(FileError, match="give --format json"):
        list(read(write(tmp_path, '[\n  {"text": "a"}\n]\n')))
