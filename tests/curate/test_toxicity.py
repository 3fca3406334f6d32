"""The word list: whole words, some disguises, a user's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.curate.rule_helpers import DATA, banking, judge, sample, texts, trec, verdict
from workbench.curate.base import Context, Item, parse_filter
from workbench.curate.filters.toxicity import partly
from workbench.errors import UsageError, WorkbenchError


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("Where is my damn card?", 1),
        ("You are an idiot!", 1),
        ("This is shit", 2),
        ("fucking hell", 2),
        ("You BASTARDS", 2),
        ("sh1t, not again", 2),
        ("$hit", 2),
        ("fuuuuuck", 2),
        ("f**k this", 2),
        ("f*ck!", 2),
        ("what a piece of shit", 2),
        ("go kill yourself", 3),
        ("Kill yourself!", 3),
        ("kys", 3),
    ],
)
def test_found(text: str, severity: int) -> None:
    found = verdict("toxicity:allowed=0", text)
    assert (found.keep, found.value) == (False, float(severity))


@pytest.mark.parametrize(
    "text",
    [
        "Scunthorpe and Penistone are towns in England",
        "The class will assess the passage",
        "A cocktail of spices, grapes and assets",
        "Dickens wrote about Essex and Sussex",
        "Hello, shell, classic, bass, mass",
        "The shitake mushrooms and the matsushita radio",
        "2 + 2 = 4 and 5*5 = 25, a**2",
        "I paid $45 @ 7% (s1 t0)",
        "killer whales hang around",
        "",
    ],
)
def test_not_found(text: str) -> None:
    assert verdict("toxicity:allowed=0", text).keep


def test_severity_decides_and_the_word_is_not_shown_in_full() -> None:
    assert verdict("toxicity", "damn").keep
    found = verdict("toxicity", "damn this shit")
    assert (found.keep, found.value, found.rule) == (False, 2.0, "strong")
    assert found.reason == 'strong: "s..t" and 1 more'
    assert verdict("toxicity:allowed=2", "damn this shit").keep
    assert partly("kill yourself") == "k..l y......f"
    with pytest.raises(UsageError, match="allowed should be from 0 to 3"):
        parse_filter("toxicity:allowed=4")


def test_all_fields_are_read() -> None:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "shit"}]
    assert not judge("toxicity", [Item(1, "", {"messages": turns})], Context())[0].keep
    assert not judge("toxicity", [sample(data={"a": ["shit"]})], Context())[0].keep


def test_words_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("# ours\nAcmeBank\t3\ncard shark\nshit\t0\n\n", encoding="utf-8")
    context = Context(folder=tmp_path)
    spec = "toxicity:file=words.txt"
    assert verdict(spec, "I hate acmebank", context).value == 3
    assert verdict(spec, "You card shark!", context).value == 2
    assert verdict(spec, "shit happens", context).keep
    assert verdict(spec, "f**k", context).value == 2


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "outside.txt").write_text("x", encoding="utf-8")
    context = Context(folder=tmp_path / "project")
    (tmp_path / "project" / "bad.txt").write_text("word\thigh", encoding="utf-8")
    (tmp_path / "project" / "latin.txt").write_bytes(b"caf\xe9")
    for name, sentence in {
        "../outside.txt": "outside the project's folder",
        "missing.txt": "cannot be read",
        "bad.txt": "line 1: the severity should be 0 to 3, not high",
        "latin.txt": "not UTF-8",
    }.items():
        with pytest.raises(WorkbenchError, match=sentence):
            verdict(f"toxicity:file={name}", "text", context)
    with pytest.raises(WorkbenchError, match="no project here"):
        verdict("toxicity:file=words.txt", "text", Context())


@pytest.mark.skipif(not DATA.exists(), reason="shared/data is not here")
def test_real_texts_have_next_to_none() -> None:
    for real in (banking("test"), trec()):
        assert sum(not one.keep for one in judge("toxicity", texts(*real))) <= 1
