"""Reading CSV and TSV: headers, quotes, line numbers, and rows that do not fit."""

from __future__ import annotations

import pytest

from tests.exchange.test_read_jsonl import write
from workbench.errors import FileError
from workbench.exchange import Bad, Row, lines, read


def test_the_line_of_a_record_is_the_one_where_it_begins(tmp_path):
    path = write(tmp_path, 'text,label\n"two\nlines",x\n\n"a ""quoted"" comma, here",y\n5" screen,z', "data.csv")
    assert list(read(path)) == [
        Row(2, {"text": "two\nlines", "label": "x"}),
        Row(5, {"text": 'a "quoted" comma, here', "label": "y"}),
        Row(6, {"text": '5" screen', "label": "z"}),
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_end_and_a_byte_order_mark(tmp_path, ending):
    path = write(tmp_path, "\ufeff" + ending.join(["text,label", "a,x", "b,y"]), "data.csv")
    assert list(read(path)) == [Row(2, {"text": "a", "label": "x"}), Row(3, {"text": "b", "label": "y"})]


def test_rows_that_do_not_fit_the_header(tmp_path):
    path = write(tmp_path, "text,label\na\nb,x,extra\nc,y\n", "data.csv")
    assert list(read(path)) == [
        Bad(2, "has 1 value where the header has 2 columns"),
        Bad(3, "has 3 values where the header has 2 columns"),
        Row(4, {"text": "c", "label": "y"}),
    ]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("text,text\n", r'data\.csv:1: the header has the column "text" twice: rename one'),
        ("text,,label\n", r"data\.csv:1: column 2 of the header has no name: give every column one"),
        ('"text\n', r"data\.csv:1: the header cannot be read"),
        (b"t\xe9xt,label\n", r"data\.csv:1: the header cannot be read: byte 0xE9 .* --encoding latin-1"),
        ("text;label\n", "values are separated by commas, not semicolons"),
        ("text\tlabel\n", "give --format tsv"),
    ],
)
def test_a_header_that_cannot_be_used(tmp_path, header, said):
    data = header.encode() if isinstance(header, str) else header
    with pytest.raises(FileError, match=said):
        list(read(write(tmp_path, data + b"a,b\n", "data.csv")))


def test_a_header_alone_is_nothing_to_import(tmp_path):
    with pytest.raises(FileError, match="has no rows: nothing to import"):
        list(read(write(tmp_path, "text,label\n", "data.csv")))


def test_bytes_that_do_not_decode_cost_their_record_only(tmp_path):
    path = write(tmp_path, b'text,label\n"caf\xe9,\nmore",x\nb,y\n', "data.csv")
    assert list(read(path)) == [
        Bad(2, "byte 0xE9 (5 bytes into the line) is not UTF-8; give --encoding latin-1 if that is what it is"),
        Row(4, {"text": "b", "label": "y"}),
    ]
    first, _ = read(path, encoding="latin-1")
    assert first == Row(2, {"text": "café,\nmore", "label": "x"})


def test_a_quote_that_is_never_closed(tmp_path):
    path = write(tmp_path, 'text,label\na,x\n"b,y\nc,z', "data.csv")
    assert list(read(path)) == [
        Row(2, {"text": "a", "label": "x"}),
        Bad(
            3,
            "has a quoted value that is never closed: 2 lines up to the end of the file are lost"
            "; was the file written to its end?",
        ),
    ]


def test_a_stray_quote_and_a_nul_cost_their_record_only(tmp_path):
    path = write(tmp_path, b'text,label\n"b" c,y\nd\0,x\ne,z\n', "data.csv")
    assert list(read(path)) == [
        Bad(2, "has a quote inside a quoted value that is not doubled"),
        Bad(3, "holds a NUL character: the file is damaged, or not a text file"),
        Row(4, {"text": "e", "label": "z"}),
    ]


def test_large_values(tmp_path, monkeypatch):
    text = "x" * 1_000_000
    assert list(read(write(tmp_path, f'text\n"{text}"\n', "data.csv"))) == [Row(2, {"text": text})]
    monkeypatch.setattr(lines, "MAX_RECORD", 1000)
    bad, row = read(write(tmp_path, f"text\n{text}\nb\n", "data.csv"))
    assert bad == Bad(2, "is longer than 1,000 bytes, the most that one record may have")
    assert row == Row(3, {"text": "b"})


def test_tsv_with_and_without_quoting(tmp_path):
    path = write(
        tmp_path,
        'sentence\tlabel\n"a ""good"" film"\t1\n"unclosed film\t0\nit \'s "so" good\t1\n"tab\there"\t0\nshort\n',
        "data.tsv",
    )
    assert list(read(path)) == [
        Row(2, {"sentence": 'a "good" film', "label": "1"}),
        Row(3, {"sentence": '"unclosed film', "label": "0"}),
        Row(4, {"sentence": 'it \'s "so" good', "label": "1"}),
        Row(5, {"sentence": "tab\there", "label": "0"}),
        Bad(6, "has 1 value where the header has 2 columns"),
    ]
