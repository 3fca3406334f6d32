"""Quality heuristics: each rule on a text made for it, and pass rates on real short texts."""

from __future__ import annotations

import pytest

from tests.curate.rule_helpers import (
    CLASSES,
    DATA,
    banking,
    instructions,
    judge,
    sample,
    sentences,
    texts,
    trec,
    verdict,
)
from workbench.curate.base import Context, Item, describe, parse_filter
from workbench.curate.rules.measures import broken, c4_sentences, measure
from workbench.curate.rules.profiles import PROFILES
from workbench.errors import UsageError
from workbench.task import Task

#: A page that breaks none of the papers' rules: nine sentences in three lines, 90 words.
LINE = (
    "The harbour was quiet that morning and the boats were still asleep. Nobody had come to load them with fish, and the "
    "gulls waited. It would be a long day."
)
PAGE = "\n".join([LINE, LINE.replace("harbour", "market").replace("fish", "bread"), LINE.replace("morning", "evening")])


def web(text: str) -> list[str]:
    return [one.rule for one in broken(measure(text, 100_000), PROFILES["web"], english=True, verbatim=True)]


def ours(text: str, profile: str = "short") -> list[str]:
    measured = measure(text, 100_000)
    return [one.rule for one in broken(measured, PROFILES[profile], english=True, verbatim=False)]  # type: ignore[index]


def test_the_papers_numbers() -> None:
    """Gopher: Rae et al. 2021, A.1.1; C4: Raffel et al. 2020, 2.2; FineWeb: Penedo et al. 2024, 3.6 (datatrove's filters)."""
    page = PROFILES["web"]
    assert (page.min_words, page.max_words, page.min_mean_length, page.max_mean_length) == (50, 100_000, 3, 10)
    assert (page.max_hashes, page.max_ellipses, page.max_bullet_lines, page.max_ellipsis_lines) == (0.1, 0.1, 0.9, 0.3)
    assert (page.min_alphabetic_words, page.min_stop_words) == (0.8, 2)
    assert (page.min_sentences, page.curly_brackets, page.lorem_ipsum, page.max_word) == (5, False, False, 1_000)
    assert (page.min_terminal_lines, page.max_short_lines) == (0.12, 0.67)
    assert (page.max_repeated_lines, page.max_line_ends) == (0.01, 0.3)


def test_a_good_page_breaks_no_web_rule() -> None:
    assert web(PAGE) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (LINE, "word_count"),
        (PAGE + " a b c" * 90, "word_length"),
        (PAGE + "\n" + "extraordinarily " * 300 + ".", "word_length"),
        (PAGE + " " + "x" * 1001 + ".", "longest_word"),
        (PAGE + " #" * 10, "hashes"),
        (PAGE + " ... and so on." * 15, "ellipses"),
        ("\n".join(f"• {line}" for line in PAGE.splitlines()), "bullet_lines"),
        (PAGE + "\nand then ...\nbut then ...", "ellipsis_lines"),
        (PAGE + " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23", "alphabetic_words"),
        ("Cats chase mice. " * 20, "stop_words"),
        (PAGE.replace(".", ","), "sentences"),
        (PAGE + "\nThis line has a { bracket in it.", "curly_bracket"),
        (PAGE + "\nLorem ipsum dolor sit amet.", "lorem_ipsum"),
        (PAGE.replace(".", ","), "terminal_marks"),
        (PAGE + "\nshort line." * 8, "short_lines"),
        (PAGE + "\n" + LINE, "repeated_lines"),
        ("\n".join(LINE.split()), "line_ends"),
    ],
)
def test_each_web_rule(text: str, rule: str) -> None:
    assert rule in web(text)


def test_c4_sentences_by_hand() -> None:
    lines = [
        "One two three. Four five!",
        "no mark here",
        "Too short.",
        "Enable JavaScript to see this.",
        'He said "no."',
        "Wait ...",
    ]
    assert c4_sentences(lines) == 3  # two of the first line, one of the fifth


@pytest.mark.parametrize(
    ("text", "profile", "rules"),
    [
        ("Where is my card?", "short", []),
        ("card", "short", ["word_count"]),
        ("a b c d", "short", ["word_length"]),
        ("no way http://example.org/" + "x" * 300, "short", ["word_length"]),
        (
            "see " + "x" * 201 + " now please and thank you for all of the help that you gave to me today",
            "short",
            ["word_length", "longest_word"],
        ),
        ("12 34 56 78 to", "short", ["alphabetic_words"]),
        ("?? !! ok so %%%% &&&& ----", "short", ["letters"]),
        ("You can ____ now or ____ later.", "short", []),
        ("#" * 8 + " so what", "short", ["hashes", "letters"]),
        ("lorem ipsum dolor", "short", ["lorem_ipsum"]),
        ("it\x00 is\x00 broken\x00", "short", ["broken_characters"]),
        ("CafÃ© mÃ¼sli", "short", ["broken_characters"]),
        ("Café müsli à la carte", "short", []),
        ("def f(x): return {x}", "response", []),
        ("4", "response", []),
        ("Hm ...", "dialogue", []),
        ("我的卡在哪里", "short", []),
        ("मेरा कार्ड कहाँ है", "short", []),
    ],
)
def test_our_limits(text: str, profile: str, rules: list[str]) -> None:
    assert ours(text, profile) == rules


def test_verdict_names_the_first_rule_and_the_others() -> None:
    found = verdict("heuristics", "#" * 8 + " so what")
    assert (found.keep, found.value, found.rule) == (False, 2.0, "hashes")
    assert found.reason == "4.00 hash signs a word, at most 0.5 wanted (short); also letters"
    assert verdict("heuristics:allowed=2", "#" * 8 + " so what").keep
    assert verdict("heuristics", "Where is my card?").reason == "breaks no rule (short)"
    assert verdict("heuristics:profile=web", "Where is my card?").rule == "word_count"
    with pytest.raises(UsageError, match="auto or short or long"):
        parse_filter("heuristics:profile=huge")


def test_auto_goes_by_what_a_text_is() -> None:
    assert verdict("heuristics", "word and " * 24 + "word").reason == "breaks no rule (short)"  # 49 words
    assert verdict("heuristics", "word and " * 25).reason == "breaks no rule (long)"
    context = Context(task=Task(kind="instruction"))
    (found,) = judge("heuristics", [sample(instruction="go", input="", output="4")], context)
    assert (found.keep, found.reason) == (False, "instruction: 1 words, at least 2 wanted (instruction)")
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]
    (found,) = judge("heuristics", [Item(1, "", {"messages": turns})], Context(task=Task(kind="dialogue")))
    assert (found.keep, found.reason) == (True, "breaks no rule (dialogue)")
    (found,) = judge("heuristics", [sample(data={"x": "{}"})], Context())
    assert found.reason == "has no text to judge"


def test_it_says_where_it_stands() -> None:
    kind = type(parse_filter("heuristics"))
    assert describe(kind)["cut"] == "allowed"
    assert describe(kind)["place"] == "curate / sample filtering / heuristic metrics"


@pytest.mark.skipif(not DATA.exists(), reason="shared/data is not here")
def test_real_short_texts_pass_and_web_limits_drop_them(capsys: pytest.CaptureFixture[str]) -> None:
    shares: dict[str, tuple[float, float]] = {}
    for name, real in {"banking77": banking("test"), "TREC": trec(), "SST-2": sentences()}.items():
        items, context = texts(*real), Context(task=CLASSES)
        ours_kept = sum(one.keep for one in judge("heuristics", items, context)) / len(items)
        web_kept = sum(one.keep for one in judge("heuristics:profile=web", items, context)) / len(items)
        shares[name] = ours_kept, web_kept
    with capsys.disabled():
        print("\nkept by auto, by web:", {name: f"{one:.4f}, {two:.4f}" for name, (one, two) in shares.items()})
    assert all(one >= 0.99 for one, _ in shares.values())
    assert all(two <= 0.23 for _, two in shares.values())
    seeds = instructions()
    kept = sum(one.keep for one in judge("heuristics", seeds, Context(task=Task(kind="instruction"))))
    assert kept / len(seeds) >= 0.99
