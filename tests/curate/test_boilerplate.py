"""Boilerplate: what models leave, and what customers say that looks like it."""

from __future__ import annotations

import pytest

from tests.curate.rule_helpers import DATA, banking, instructions, judge, sample, sentences, texts, trec, verdict
from workbench.curate.base import Context, Item, parse_filter
from workbench.errors import UsageError
from workbench.task import Task


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("As an AI language model, I don't have a bank account.", "refusal"),
        ("I'm just an AI assistant, so my card never arrives.", "refusal"),
        ("I'm sorry, but I can't assist with that request.", "refusal"),
        ("I’m sorry, but I can’t help with that.", "refusal"),
        ("I cannot generate content that is harmful.", "refusal"),
        ("I am unable to fulfil this request.", "refusal"),
        ("That goes against my programming.", "refusal"),
        ("This violates OpenAI's content policy.", "refusal"),
        ("I do not have personal opinions, but the card is late.", "refusal"),
        ("Sure! Here's a customer message about cards.", "preamble"),
        ("Certainly, here is one.", "preamble"),
        ("Here are five example queries about a lost card:\n1. Where is it?", "preamble"),
        ("I'd be happy to help with your card.", "preamble"),
        ("My card is late. Let me know if you need any further examples!", "closing"),
        ("My card is late. I hope this helps!", "closing"),
        ("My card is late. (Note: this text is about card delivery.)", "closing"),
        ("Hello, I am [Your Name] and my card is late.", "placeholder"),
        ("I paid [amount] at <name> yesterday", "placeholder"),
        ("My card is late<|im_end|>", "template"),
        ("[INST] write one [/INST] my card is late", "template"),
        ("My card is late\n### Response: ok", "template"),
        ("Dear {{ customer_name }}, my card is late", "template"),
        ("Text: my card is late", "echo"),
        ("**Customer message 3:** my card is late", "echo"),
        ("my card is late\nLabel: card_arrival", "echo"),
        ("My card has not arrived yet. I ordered it two weeks ago and nobody has been able to tell me where it is, "
         "which is why the", "truncated"),
        ("My card has not arrived (continued)", "truncated"),
    ],
)  # fmt: skip
def test_found(text: str, category: str) -> None:
    found = verdict("boilerplate", text)
    assert (found.keep, found.rule) == (False, category)
    assert found.value


@pytest.mark.parametrize(
    "text",
    [
        "I cannot log in",
        "I can't access my account, and I am unable to make a transfer.",
        "I am sorry but I can't find my card.",
        "I cannot provide a passport as my identity document.",
        "I can't help feeling that you lost my card.",
        "I cannot complete this transaction.",
        "I am unable to process my payment for this order.",
        "As an AI engineer I need a business account.",
        "I'm an AI student and want a card.",
        "Sure, but where is my card?",
        "Here is my problem: the card is late.",
        "Let me know if my card has been sent.",
        "Please let me know when it arrives.",
        "Would my card work in China (or the US)?",
        "Is a fee of <5 EUR usual? What about [this]?",
        "Is the text: 'card declined' an error?",
        "What country is it from",
        "This does not comply with your policy, does it?",
        "[EMAIL] and [PHONE_2] are mine",
    ],
)
def test_not_found(text: str) -> None:
    found = verdict("boilerplate", text)
    assert (found.keep, found.reason) == (True, "nothing found")


def test_reasons_quote_the_words_and_name_the_others() -> None:
    found = verdict("boilerplate", "Sure! Here is one: hello [Name]. Let me know if you'd like another!")
    assert found.reason == 'placeholder: "[name]"; also closing, preamble'
    assert found.value == 3
    assert verdict("boilerplate:categories=preamble", "hello [Name]").keep
    assert verdict("boilerplate:allowed=1", "hello [Name]").keep
    with pytest.raises(UsageError, match="no category 'rude'"):
        parse_filter("boilerplate:categories=rude")


def test_an_assistant_may_be_polite_but_not_refuse() -> None:
    context = Context(task=Task(kind="instruction"))
    polite = sample(instruction="Give one.", output="Sure! Here is one: [Name]. Let me know if you need more help!")
    refusing = sample(instruction="Give one.", output="As an AI, I cannot.")
    assert [one.keep for one in judge("boilerplate", [polite, refusing], context)] == [True, False]
    assert judge("boilerplate", [refusing], context)[0].reason == 'refusal in output: "as an ai,"'
    assert not judge("boilerplate:strict=yes", [polite], context)[0].keep
    turns = [
        {"role": "user", "content": "Sure! Here is my question"},
        {"role": "assistant", "content": "I'd be happy to help."},
    ]
    found = judge("boilerplate", [Item(1, "", {"messages": turns})], Context(task=Task(kind="dialogue")))[0]
    assert (found.keep, found.reason) == (False, 'preamble in messages[1]: "sure! here"')


def test_the_prompt_word_for_word() -> None:
    task = Task(kind="classification", labels=["a", "b"], description="Messages of customers to a bank about cards.")
    found = verdict("boilerplate", "messages of customers to a bank about cards. My card!", Context(task=task))
    assert (found.keep, found.rule) == (False, "echo")


@pytest.mark.skipif(not DATA.exists(), reason="shared/data is not here")
def test_real_texts_stay() -> None:
    """banking77: one of its 3,080 test rows ("transfer from [country]", which is a gap indeed); TREC and SST-2: none."""
    for real in (banking("test"), trec(), sentences()):
        wrong = [text for text, one in zip(real, judge("boilerplate", texts(*real)), strict=True) if not one.keep]
        assert len(wrong) / len(real) < 0.001, wrong
    seeds = instructions()
    kept = sum(one.keep for one in judge("boilerplate", seeds, Context(task=Task(kind="instruction"))))
    assert kept == len(seeds)
