"""The embedded model: its distribution, its promises, and whether its texts teach a classifier anything."""

from __future__ import annotations

import asyncio
import csv
import math
from collections import Counter
from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.models import embedded
from workbench.models.base import BadRequest, Request
from workbench.models.embedded import EmbeddedModel
from workbench.text import normalise

BANKING = Path(__file__).resolve().parents[3] / "shared" / "data" / "banking77"

SEEDS = [
    ("Where is my card?", "card"),
    ("When will my new card arrive?", "card"),
    ("My card has not arrived yet.", "card"),
    ("Is my card on its way?", "card"),
    ("How do I change my PIN?", "pin"),
    ("Can I change my PIN at an ATM?", "pin"),
    ("My PIN does not work.", "pin"),
    ("Where can I see my PIN?", "pin"),
]


def ask(label: str, draw: int = 0, **parameters: object) -> Request:
    return Request(({"role": "user", "content": f"Write about {label}"},), {"label": label}, parameters, draw=draw)


def texts(model: EmbeddedModel, label: str, count: int, **parameters: object) -> list[str]:
    return [model.complete_sync(ask(label, draw, **parameters)).text for draw in range(count)]


def test_order_one_is_the_mixture_of_class_and_background() -> None:
    model = EmbeddedModel([("a b", "x"), ("c", "y")])
    # x holds " a", " b" and an end; everything holds those, " c" and another end: 1/3 of x, 1/5 of all.
    share = embedded.BACKGROUND[0]
    assert model.chance("x", ["never seen"], " a") == pytest.approx((1 - share) / 3 + share / 5)
    assert model.chance("x", ["never seen"], " c") == pytest.approx(share / 5)


def test_order_two_by_hand() -> None:
    model = EmbeddedModel([("a b", "x"), ("c", "y")])
    # " b" is followed by the end, once, in x and in all: trust 1 / (1 + caution) for each. Orders 3 and 4 are not seen
    # after an unknown token, so this is order 2 above order 1.
    low, share, trust = embedded.BACKGROUND[0], embedded.BACKGROUND[1], 1 / (1 + embedded.CAUTION[1])
    order_one = (1 - low) / 3 + low * 2 / 5
    expected = (1 - share) * trust + share * trust + (1 - trust) * order_one
    assert model.chance("x", ["?", "?", " b"], "\x03") == pytest.approx(expected)


@pytest.mark.parametrize("history", [["\x02"] * 3, ["\x02", " Where", " is"], [" my"], ["never seen"]])
def test_chances_sum_to_one(history: list[str]) -> None:
    model = EmbeddedModel(SEEDS)
    vocabulary = {token for text, _ in SEEDS for token in embedded._tokens(text)} | {"\x03"}
    assert sum(model.chance("card", history, token) for token in vocabulary) == pytest.approx(1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.0])
def test_sampling_follows_the_tempered_distribution(temperature: float) -> None:
    model = EmbeddedModel(SEEDS)
    start = ("\x02",) * 3
    table = model._table("card", temperature, start)
    vocabulary = sorted({token for text, _ in SEEDS for token in embedded._tokens(text)} | {"\x03"})
    weights = {token: model.chance("card", start, token) ** (1 / temperature) for token in vocabulary}
    assert table.total == pytest.approx(sum(weights.values()))
    uniform = embedded.random.Random(1).random
    drawn = Counter(table.draw(uniform) for _ in range(20_000))
    for token in vocabulary:
        expected = weights[token] / table.total
        assert drawn[token] / 20_000 == pytest.approx(expected, abs=4 * math.sqrt(expected / 20_000) + 1e-4)


def test_log_probabilities_are_those_of_the_tokens_at_temperature_one() -> None:
    model = EmbeddedModel(SEEDS)
    answer = model.complete_sync(ask("pin", 3, temperature=0.7))
    tokens = embedded._tokens(answer.text)
    expected = [math.log(model.chance("pin", ["\x02"] * 3 + tokens[:i], token)) for i, token in enumerate(tokens)]
    assert answer.logprobs == pytest.approx(expected)
    assert answer.output_tokens == len(tokens)
    assert answer.input_tokens == 3


def test_an_answer_depends_on_the_request_alone() -> None:
    one, other = EmbeddedModel(SEEDS, seed=5), EmbeddedModel(list(reversed(SEEDS)), seed=5)
    texts(other, "pin", 20)  # what was asked before does not matter, nor does the order of the seeds
    assert texts(one, "card", 50) == texts(other, "card", 50)
    assert one.group == other.group
    assert texts(one, "card", 50) != texts(EmbeddedModel(SEEDS, seed=6), "card", 50)
    assert one.group != EmbeddedModel(SEEDS, seed=6).group
    assert one.group != EmbeddedModel(SEEDS[:-1], seed=5).group


@pytest.mark.parametrize("temperature", [0, 0.3, 1.0, 3.0])
def test_never_a_seed(temperature: float) -> None:
    seeds = {normalise(text) for text, _ in SEEDS}
    made = texts(EmbeddedModel(SEEDS), "card", 300, temperature=temperature)
    assert not seeds & {normalise(text) for text in made}
    assert all(made)


@pytest.mark.parametrize("seed", ["hi", "hi hi", "?", "x\n\ny"])
def test_never_a_seed_when_there_is_hardly_anything_else_to_say(seed: str) -> None:
    model = EmbeddedModel([(seed, "only")])
    for temperature in (0, 1):
        for text in texts(model, "only", 30, temperature=temperature, max_tokens=1):
            assert normalise(text) not in ("", normalise(seed))


@pytest.mark.parametrize(
    "text",
    [
        "Can't find it, can I? (No!)",
        "I paid £3.50 at 24/7-shop.example, twice...",
        'She said "hello" to #42',
        "Zwei Wörter; naïve café",
        "我的卡在哪里？",
        "بطاقتي لم تصل",
        "two\nlines",
    ],
)
def test_a_text_survives_being_cut_into_tokens(text: str) -> None:
    assert embedded._text(embedded._tokens(text)) == text


def test_words_that_no_seed_joins_are_kept_apart() -> None:
    assert embedded._text([" my", "50", "€"]) == "my 50€"


def test_what_cannot_be_asked() -> None:
    model = EmbeddedModel(SEEDS)
    with pytest.raises(BadRequest, match="names none"):
        model.complete_sync(Request(({"role": "user", "content": "Write a poem"},)))
    with pytest.raises(BadRequest, match="no seed with the label 'refund'"):
        model.complete_sync(ask("refund"))
    with pytest.raises(BadRequest, match="no seed"):
        model.complete_sync(Request((), {"label": ["card"]}))
    for temperature in (-1, 9, math.nan, "hot", True):
        with pytest.raises(BadRequest, match="temperature from 0 to 5"):
            model.complete_sync(ask("card", temperature=temperature))
    with pytest.raises(UsageError, match="there are none"):
        EmbeddedModel([("  ", "card")])


def test_hostile_seeds_are_just_tokens() -> None:
    model = EmbeddedModel([("\x1b[31m red [/] \ud800 \x00", "card"), ("a [@click=x]b[/] c", "card")])
    assert all(isinstance(text, str) and text for text in texts(model, "card", 50))


def test_max_tokens_and_the_asynchronous_call() -> None:
    model = EmbeddedModel(SEEDS)
    answer = asyncio.run(model.complete(ask("card", max_tokens=2)))
    assert answer.finish_reason in ("length", "stop")
    assert answer.output_tokens == 2


@pytest.mark.skipif(not BANKING.is_dir(), reason="the banking77 data are not beside the checkout")
def test_texts_teach_a_classifier_but_not_without_errors() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    def rows(name: str) -> list[tuple[str, str]]:
        with (BANKING / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return [(row["text"], row["category"]) for row in csv.DictReader(file)]

    def trained(data: list[tuple[str, str]]):
        model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10))
        return model.fit([text for text, _ in data], [label for _, label in data])

    train, test = rows("train"), rows("test")
    labels = [
        "card_arrival", "change_pin", "exchange_rate", "lost_or_stolen_card", "top_up_failed", "transfer_timing",
        "cash_withdrawal_charge", "declined_card_payment", "verify_my_identity", "age_limit", "atm_support",
        "pending_transfer",
    ]  # fmt: skip
    seeds = [row for label in labels for row in [row for row in train if row[1] == label][:60]]
    real = [row for row in test if row[1] in labels]
    model = EmbeddedModel(seeds)
    made = [(text, label) for label in labels for text in texts(model, label, 100)]
    score = trained(made).score(*zip(*real, strict=True))
    agreement = trained([row for row in train if row[1] in labels]).score(*zip(*made, strict=True))
    assert score >= 0.88
    assert 0.86 <= agreement <= 0.97  # noise that curation can find
    assert len({normalise(text) for text, _ in made}) >= 0.9 * len(made)
