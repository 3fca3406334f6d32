from __future__ import annotations

from pathlib import Path

import pytest

from workbench.curate.base import Context, Item, Verdict, parse_filter
from workbench.errors import UsageError, WorkbenchError

ROW = "could you tell me how i can change the pin of my new card at a machine abroad"  # 17 words
SHORT = "i have not received my card"


def context(*rows: str, folder: Path | None = None) -> Context:
    items = [Item(900 + place, row) for place, row in enumerate(rows)]
    return Context(benchmarks=lambda: items, folder=folder)


def judge(spec: str, texts: list[str], where: Context) -> list[Verdict]:
    return list(parse_filter(spec).judge([Item(place, text) for place, text in enumerate(texts)], where))


def test_thirteen_words_of_a_row_in_a_long_text() -> None:
    run = " ".join(ROW.split()[2:16])  # 14 words: two 13-grams
    text = f"Here it is, in full: {run}, and so it goes on for a while."
    words = 5 + 14 + 8
    verdict = judge("contamination", [text], context("something else entirely here", ROW))[0]
    assert (verdict.keep, verdict.other, verdict.rule) == (False, 901, "words")
    assert verdict.value == pytest.approx(2 / (words - 12))
    assert verdict.reason.startswith('.13 of its 13-grams in test row 901: "tell me how i can change the pin of my new')
    assert judge("contamination:share=0.5", [text], context(ROW))[0].keep
    twelve = f"Here it is, in full: {' '.join(ROW.split()[2:14])} or not, and so it goes on for a while."
    assert judge("contamination", [twelve], context(ROW))[0].keep
    assert not judge("contamination:n=12", [twelve], context(ROW))[0].keep


def test_a_short_text_counts_when_it_stands_whole_in_a_row() -> None:
    verdicts = judge("contamination:near=none", ["Change the PIN of my new card!", "change my pin"], context(ROW))
    assert verdicts[0].reason == '1.00 of its 7-grams in test row 900: "change the pin of my new card"'
    assert verdicts[1] == Verdict(True, "nothing of it is in the test", 0.0)


def test_a_short_row_counts_when_it_stands_whole_in_the_text() -> None:
    text = f"Hello, {SHORT} and it has been two weeks since I ordered it"
    verdict = judge("contamination:near=none", [text], context(SHORT))[0]
    assert verdict.reason == f'test row 900 stands whole in it, .35 of its words: "{SHORT}"'
    assert verdict.value == pytest.approx(6 / 17)


def test_very_short_ones_must_be_equal() -> None:
    texts = ["My card?", "where is my card", "so where is my card then"]
    verdicts = judge("contamination:near=none", texts, context("my card", "tell me where is my card"))
    assert [verdict.keep for verdict in verdicts] == [False, True, True]
    assert verdicts[0].other == 900


def test_near_rows() -> None:
    verdicts = judge("contamination", [SHORT.replace("received", "recieved"), "no such thing"], context("x", SHORT))
    assert (verdicts[0].keep, verdicts[0].other, verdicts[0].rule) == (False, 901, "near")
    assert f'like test row 901: "{SHORT}"' in verdicts[0].reason
    assert verdicts[1].keep
    assert judge("contamination:near=none", [SHORT.replace("received", "recieved")], context(SHORT))[0].keep


def test_nothing_to_compare_with() -> None:
    assert judge("contamination", ["any"], Context())[0].reason == "there is no test row to compare with"


def test_benchmark_files(tmp_path: Path) -> None:
    (tmp_path / "held.txt").write_text(f"first line of the file\n\n{SHORT}\n", "utf-8")
    (tmp_path / "more.jsonl").write_text(f'{{"id": "a", "question": "{ROW}", "label": "pin"}}\n', "utf-8")
    where = context(folder=tmp_path)
    verdicts = judge("contamination:files=held.txt+more.jsonl", [SHORT, ROW, "pin", "fresh words here"], where)
    assert [verdict.other for verdict in verdicts] == [None] * 4
    assert verdicts[0].reason == f'1.00 of its 6-grams in held.txt line 3: "{SHORT}"'
    assert "in more.jsonl line 1" in verdicts[1].reason
    assert [verdict.keep for verdict in verdicts[2:]] == [True, True]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.txt", None, "none.txt: does not exist: check the path"),
        ("none.jsonl", None, "none.jsonl: does not exist: check the path"),
        ("bad.txt", b"\xff\xfe\xfa", "is not UTF-8"),
        ("bad.jsonl", b'{"text": "fine"}\n{"text": \n', "bad.jsonl:2: "),
        ("what.bin", b"x", "names no format that can be read"),
    ],
)
def test_wrong_files(tmp_path: Path, name: str, content: bytes | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(WorkbenchError) as caught:
        judge(f"contamination:files={name}", ["any text"], context(folder=tmp_path))
    assert sentence in str(caught.value)


def test_wrong_parameters() -> None:
    for spec, sentence in [("n=2", "from 3 to 50"), ("share=0", "over 0"), ("near=0.2", "from 0.5 to 1")]:
        with pytest.raises(UsageError, match=sentence):
            parse_filter(f"contamination:{spec}")
