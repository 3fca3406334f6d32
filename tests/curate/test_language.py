"""Scripts and languages: short texts, mixed scripts, the task's own language."""

from __future__ import annotations

import pytest

from tests.curate.rule_helpers import DATA, banking, judge, sentences, texts, trec, verdict
from workbench.curate.base import Context
from workbench.curate.languages import guess_language, other_language, script_shares, scripts_of, weighed_letters
from workbench.task import Task


def task(language: str) -> Context:
    return Context(task=Task(kind="classification", language=language, labels=["a", "b"]))


def test_shares_and_weights() -> None:
    assert script_shares("ab где") == {"Cyrillic": 0.6, "Latin": 0.4}
    assert script_shares("123 ?!") == {}
    assert weighed_letters("我要 iPhone") == {"Han": 6, "Latin": 6}  # a Han character takes what three letters take
    assert script_shares("నా కార్డు") == {"Telugu": 1.0}
    assert scripts_of("pt-BR") == ("Latin",)
    assert scripts_of("xx") == ()


def test_scripts_follow_the_task() -> None:
    assert verdict("language", "Где моя карта?", task("ru")).keep
    found = verdict("language", "Where is my card?", task("ru"))
    assert (found.keep, found.rule, found.reason, found.value) == (
        False,
        "script",
        "1.00 of the letters are Latin",
        0.0,
    )
    assert verdict("language", "我想要一部新的 iPhone 手机多少钱", task("zh")).keep
    assert verdict("language", "iPhone 15はいくらですか", task("ja")).keep
    assert verdict("language:scripts=Latin", "Где моя карта?", task("ru")).rule == "script"
    assert verdict("language", "ነገ እመጣለሁ", task("am")).keep  # a language that is not known here may be in any script


@pytest.mark.parametrize("text", ["ok", "é", "π?", "5 €", "", "No", "Ω = 3", "why ?", "Big Ben"])
def test_very_short_texts_stay(text: str) -> None:
    assert verdict("language", text, task("en")).keep


def test_mixed_scripts() -> None:
    assert verdict("language", "What does the word спасибо mean in English?", task("en")).keep  # 7 of 35 letters
    found = verdict("language", "Translate: где находится моя новая карта", task("en"))
    assert (found.keep, found.reason) == (False, ".74 of the letters are Cyrillic")  # 25 of 34
    assert verdict("language:share=0.2", "Translate: где находится моя новая карта", task("en")).keep


def test_the_tasks_language_is_expected_where_the_guess_is_sure() -> None:
    for text in (
        "Wo ist meine neue Karte geblieben?",
        "¿Dónde está mi tarjeta, que no puedo usar?",
        "Je ne sais pas où est ma carte",
    ):
        found = verdict("language", text, task("en"))
        assert (found.keep, found.rule, found.value) == (False, "language", 0.0)
    for text in ("Please send my card as quickly as possible.", "Who created Big Ben ?", "in china, need new card"):
        assert guess_language(text) not in (None, "en")  # the light guess alone errs
        assert other_language(text, "en") is None
        assert verdict("language", text, task("en")).keep
    assert verdict("language:languages=task+de", "Wo ist meine neue Karte geblieben?", task("en")).keep
    assert verdict("language", "Wo ist meine neue Karte geblieben?", Context()).keep
    assert not verdict("language:languages=en", "Wo ist meine neue Karte geblieben?", Context()).keep


@pytest.mark.skipif(not DATA.exists(), reason="shared/data is not here")
def test_no_real_english_text_is_taken_for_another_language() -> None:
    real = texts(*banking("train"), *banking("test"), *trec(), *sentences())
    assert [
        item.text for item, found in zip(real, judge("language", real, task("en")), strict=True) if not found.keep
    ] == []
