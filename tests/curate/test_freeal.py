from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from workbench.curate.base import Ask, Context, Item, parse_repair
from workbench.curate.labels.relabelling import answered, question
from workbench.errors import WorkbenchError
from workbench.models.base import Answer, Request

CARDS = ["lost my card", "card stolen today", "block the card", "freeze my card now", "my card is gone"]
RATES = ["which exchange rate", "rate of interest", "the current rate", "best rate please", "what rate is it"]
LABELS = ("card", "rate")


def items(wrong: tuple[int, ...] = (3, 40)) -> list[Item]:
    texts = [f"{text} {place}" for place, text in enumerate([*CARDS * 6, *RATES * 6])]
    truth = ["card"] * 30 + ["rate"] * 30
    return [
        Item(100 + place, text, label=LABELS[1 - LABELS.index(true)] if place in wrong else true)
        for place, (text, true) in enumerate(zip(texts, truth, strict=True))
    ]


def scripted(asked: list[Request], say: str | None = None) -> Ask:
    """A model that names the label whose word stands in the last text, or always says ``say``; it keeps what it was
    asked."""

    def ask(requests: Iterable[Request]) -> Iterator[Answer | None]:
        for request in requests:
            asked.append(request)
            text = request.messages[-1]["content"]
            yield Answer(say or next((f"Label: {one}." for one in LABELS if one in text), "neither"), "scripted")

    return ask


def shown(request: Request) -> list[tuple[str, str]]:
    """The demonstrations of a request: (text, label)."""
    middle = request.messages[1:-1]
    return [
        (user["content"].removeprefix("Text: ").removesuffix("\nLabel:"), assistant["content"])
        for user, assistant in zip(middle[::2], middle[1::2], strict=True)
    ]


def text_of(request: Request) -> str:
    return request.messages[-1]["content"].removeprefix("Text: ").removesuffix("\nLabel:")


def test_the_unclean_are_asked_again_and_shown_the_nearest_clean_ones_of_each_class() -> None:
    given, asked = items(), list[Request]()
    context = Context(labels=LABELS, ask=scripted(asked))
    repair = parse_repair("freeal:shots=4,pool=8")
    found = list(repair.propose(given, context))
    again = [text_of(request) for request in asked]
    assert {given[3].text, given[40].text} <= set(again)
    assert len(again) < 30  # most labels are clean and nobody is asked about them
    assert repair.requests(given, Context(labels=LABELS)) == len(asked)  # type: ignore[attr-defined]
    label_of = {item.text: item.label for item in given}
    for request in asked:
        demonstrations = shown(request)
        assert [label for _, label in demonstrations].count("card") == 2
        assert [label for _, label in demonstrations].count("rate") == 2
        assert all(label_of[text] == label for text, label in demonstrations)
        assert text_of(request) not in dict(demonstrations)
        assert not {given[3].text, given[40].text} & set(dict(demonstrations))
        assert request.parameters["temperature"] == 0
    pool = {text for request in asked for text, _ in shown(request)}
    assert len(pool) <= 8
    proposals = {place: one for place, one in enumerate(found) if one is not None}
    assert {place: one.label for place, one in proposals.items()} == {3: "card", 40: "rate"}
    card = proposals[3]
    nearest = [text for text, label in shown(asked[again.index(given[3].text)]) if label == "card"][-1]
    assert card.other == next(item.id for item in given if item.text == nearest)
    assert card.reason.startswith("model says card; small model gives card ")


def test_the_demonstrations_are_the_nearest_of_the_pool_last_ones_nearest() -> None:
    """With one class's pool holding every wording, the same wording is the nearest and stands last."""
    given, asked = items(), list[Request]()
    repair = parse_repair("freeal:shots=4,pool=60,top=1")
    list(repair.propose(given, Context(labels=LABELS, ask=scripted(asked))))
    request = next(one for one in asked if text_of(one) == given[3].text)
    wordings = [text.rsplit(" ", 1)[0] for text, _ in shown(request)]
    assert wordings[-1] == "freeze my card now"


def test_again_rest_asks_all_but_the_top_share_of_each_class() -> None:
    given, asked = items(), list[Request]()
    list(parse_repair("freeal:again=rest").propose(given, Context(labels=LABELS, ask=scripted(asked))))
    # 29 + 1 - 1 rightly labelled ones agree per class: a fifth of 29 is 5; two classes, so that 10 are not asked about.
    assert len(asked) == 60 - 10


def test_more_rounds_start_from_the_answers() -> None:
    asked = list[Request]()
    found = list(parse_repair("freeal:rounds=3").propose(items(), Context(labels=LABELS, ask=scripted(asked))))
    texts = [text_of(request) for request in asked]
    assert {request.draw for request in asked} == {0, 1, 2}
    assert {place for place, one in enumerate(found) if one is not None} == {3, 40}
    assert texts.count(items()[3].text) <= 3


def test_answers_that_name_no_label_change_nothing() -> None:
    context = Context(labels=LABELS, ask=scripted([], say="I cannot tell a card from a rate"))
    assert list(parse_repair("freeal").propose(items(), context)) == [None] * 60

    def silent(requests: Iterable[Request]) -> Iterator[Answer | None]:
        return (None for _ in requests)

    assert list(parse_repair("freeal").propose(items(), Context(labels=LABELS, ask=silent))) == [None] * 60


def test_without_a_model_it_says_so_unless_the_small_model_refines() -> None:
    with pytest.raises(WorkbenchError, match="asks a model, and there is none"):
        list(parse_repair("freeal").propose(items(), Context()))
    repair = parse_repair("freeal:refine=small_model")
    found = {place: one for place, one in enumerate(repair.propose(items(), Context())) if one is not None}
    assert {place: one.label for place, one in found.items()} == {3: "card", 40: "rate"}
    assert found[3].reason.startswith("small model of the clean labels gives card ")
    assert repair.requests(items(), Context()) == 0  # type: ignore[attr-defined]


def test_what_an_answer_names() -> None:
    names = ["card_lost", "card", "rate"]
    assert answered("card_lost", names) == "card_lost"
    assert answered(" Label: 'Card lost'. ", names) == "card_lost"
    assert answered("I would say: rate!", names) == "rate"
    assert answered("It is card lost, I think", names) == "card_lost"
    assert answered("card or rate", names) is None
    assert answered("discard", names) is None
    assert answered("", names) is None


def test_the_question_has_the_labels_and_is_cut() -> None:
    request = question("x" * 9_000, [("my card", "card")], ["card", "rate"], draw=2)
    assert "- card\n- rate" in request.messages[0]["content"]
    assert request.messages[1:3] == (
        {"role": "user", "content": "Text: my card\nLabel:"},
        {"role": "assistant", "content": "card"},
    )
    assert len(request.messages[-1]["content"]) < 4_100
    assert request.draw == 2
