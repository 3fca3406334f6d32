"""Which script and, lightly, which language a text is in.

The script is counted by Unicode ranges and is reliable. The language is a guess from a few dozen function
words and typical letter groups per language: good for a sentence of six words or more, silent (None) where the
evidence is thin or two
languages are close. It is no language identifier, and says nothing about languages that are not in ``LANGUAGES``.
"""

from __future__ import annotations

import bisect
from collections import Counter
from functools import cache

from workbench.text import words

_RANGES = sorted(
    (first, last, name)
    for name, spans in {
        "Latin": "41-5A 61-7A AA-AA BA-BA C0-D6 D8-F6 F8-24F 1E00-1EFF FF21-FF3A FF41-FF5A",
        "Greek": "370-3FF 1F00-1FFF",
        "Cyrillic": "400-52F 1C80-1C8F 2DE0-2DFF A640-A69F",
        "Armenian": "531-58F",
        "Hebrew": "591-5F4",
        "Arabic": "600-6FF 750-77F 8A0-8FF FB50-FDFF FE70-FEFE",
        "Devanagari": "900-97F",
        "Bengali": "980-9FF",
        "Gurmukhi": "A00-A7F",
        "Gujarati": "A80-AFF",
        "Tamil": "B80-BFF",
        "Telugu": "C00-C7F",
        "Kannada": "C80-CFF",
        "Malayalam": "D00-D7F",
        "Sinhala": "D80-DFF",
        "Thai": "E00-E7F",
        "Lao": "E80-EFF",
        "Tibetan": "F00-FFF",
        "Myanmar": "1000-109F",
        "Georgian": "10A0-10FF",
        "Ethiopic": "1200-139F",
        "Khmer": "1780-17FF",
        "Hangul": "1100-11FF 3130-318F AC00-D7AF",
        "Kana": "3040-30FF 31F0-31FF FF66-FF9F",
        "Han": "3400-4DBF 4E00-9FFF F900-FAFF 20000-3FFFF",
    }.items()
    for first, last in ([int(end, 16) for end in span.split("-")] for span in spans.split())
)
_STARTS = [first for first, _, _ in _RANGES]
_NO_LETTERS = dict.fromkeys([*range(0x41, 0x5B), *range(0x61, 0x7B)])
SCRIPTS = sorted({name for _, _, name in _RANGES})

#: Per language: common function words, then letter groups (a word's start or end is marked by ``_``).
_LATIN = {
    "en": (
        "the and of to in is that it for you was with on are this have not be my i at your what do can how from "
        "will a an "
        "we they he she but or if me why when where there would could did does has been",
        "th wh _the ing_ ght ould tion_ 'm_ 's_ 't_",
    ),
    "de": (
        "der die das und ist nicht ich ein eine zu den mit sich auf für von dem des im es auch wie wir sie mein "
        "meine kann "
        "habe hat war aber bei oder wenn wo warum noch einen einer",
        "sch ch_ ung_ ß ä ö ü cht ein _ge en_ keit_",
    ),
    "fr": (
        "le la les et est une un des du de je ne pas que qui dans pour sur avec ce cette mon ma mes vous nous "
        "il elle sont "
        "mais ou où comment pourquoi au aux en plus j'ai c'est",
        "eau eux_ ç è ê ez_ oi que_ ment_ qu _l' _d'",
    ),
    "es": (
        "el la los las y es una un de que en por para con no mi su se lo me cómo como qué está pero más muy yo "
        "del al este "
        "esta puedo tengo cuando donde dónde",
        "ñ ción_ ¿ ó í mente_ ado_ ll os_ ue",
    ),
    "it": (
        "il la lo gli le e è un una di che non per con mio mia sono come ho si del della ma più anche questo "
        "questa nel alla "
        "dove perché quando posso ha ci",
        "zione_ gli cch ò ù ghi sci tto_ ezz to_",
    ),
    "pt": (
        "o a os as e é um uma de que em não por para com meu minha do da no na se como mais mas foi eu está "
        "você isso quando "
        "onde posso tenho ao pelo",
        "ão ção nh lh õ ç ê inho_ mente_ ou_",
    ),
    "nl": (
        "de het een en is niet ik van dat op te met voor zijn mijn je er aan in hoe wat kan heb naar maar ook "
        "als we ze wordt "
        "deze waarom waar",
        "ij ee aa oo cht lijk_ en_ oe _ge uu",
    ),
    "sv": ("och att det är jag som en på av för med inte den till har mitt min kan hur vi om ett men var vad från",
           "å ä ö ck sj ning_ ar_"),
    "pl": ("i w nie to jest na się z do że co jak moja mój mam czy ale po za dla od przez jestem gdzie dlaczego",
           "ł ą ę ż ś ć cz sz rz ow"),
    "tr": ("ve bir bu için ne ben mi mı da de değil çok var nasıl ama gibi daha neden benim kadar",
           "ı ğ ş lar_ ler_ yor ım_ iyor"),
}  # fmt: skip
#: Scripts that stand for a language (the one with most readers, where there are several).
_OTHER = {
    "Greek": "el",
    "Hebrew": "he",
    "Thai": "th",
    "Hangul": "ko",
    "Kana": "ja",
    "Devanagari": "hi",
    "Armenian": "hy",
    "Georgian": "ka",
    "Tamil": "ta",
    "Bengali": "bn",
    "Gurmukhi": "pa",
    "Gujarati": "gu",
    "Telugu": "te",
    "Kannada": "kn",
    "Malayalam": "ml",
    "Sinhala": "si",
    "Lao": "lo",
    "Myanmar": "my",
    "Khmer": "km",
}
LANGUAGES = sorted([*_LATIN, *_OTHER.values(), "ar", "fa", "ru", "uk", "zh"])
_WORDS = {name: frozenset(found.split()) for name, (found, _) in _LATIN.items()}
_GROUPS = {name: found.split() for name, (_, found) in _LATIN.items()}
#: A guess needs this much evidence per word, and a lead of this factor over the second language.
_EVIDENCE, _LEAD = 0.25, 1.25
_LOOKED_AT = 2000
#: What a language is written in, where it is not Latin alone. A code that stands nowhere here may be in any script.
_SCRIPTS_OF = {
    **{code: (script,) for script, code in _OTHER.items()},
    **dict.fromkeys(("ru", "uk", "bg", "be", "mk"), ("Cyrillic",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("Arabic",)),
    "ja": ("Kana", "Han"),
    "zh": ("Han",),
    "ko": ("Hangul", "Han"),
    **dict.fromkeys(
        [
            "en",
            "de",
            "fr",
            "es",
            "it",
            "pt",
            "nl",
            "sv",
            "pl",
            "tr",
            "cs",
            "da",
            "fi",
            "hu",
            "id",
            "nb",
            "no",
            "ro",
            "sw",
            "vi",
            "ca",
            "et",
            "lv",
            "lt",
            "sk",
            "sl",
            "hr",
            "eu",
            "gl",
            "ga",
            "is",
            "ms",
        ],
        ("Latin",),
    ),
}
#: One character of these writes what takes about so many Latin letters; in a sentence of theirs that names a product in
#: Latin letters, bare counts would make the name the larger part.
_LETTERS_EACH = {"Han": 3, "Kana": 2, "Hangul": 2, "Thai": 1}
#: Different function words that must speak for another language than the expected one, and its lead over that one.
_SURE_WORDS, _SURE_LEAD = 3, 2.0
_LEAST_LETTERS = 3
#: Told apart by a letter or two only.
_SAME_SCRIPT = ({"ar", "fa"},)


def script_counts(text: str) -> Counter[str]:
    """How many letters of each known script a text has."""
    if text.isascii():
        letters = len(text) - len(text.translate(_NO_LETTERS))
        return Counter({"Latin": letters} if letters else {})
    counts: Counter[str] = Counter()
    for character, times in Counter(text).items():
        place = bisect.bisect_right(_STARTS, ord(character)) - 1
        if place >= 0 and ord(character) <= _RANGES[place][1]:
            counts[_RANGES[place][2]] += times
    return counts


def script_shares(text: str) -> dict[str, float]:
    """Share of the letters (of the known scripts) per script, largest first; empty when there are none."""
    counts = script_counts(text)
    total = counts.total()
    return {name: count / total for name, count in counts.most_common()}


def weighed_letters(text: str) -> dict[str, int]:
    """As ``script_counts``, largest first, a Han character counted as three letters, one of kana or Hangul as two: what
    they take in Latin letters."""
    counts = script_counts(text)
    weighed = Counter({name: count * _LETTERS_EACH.get(name, 1) for name, count in counts.items()})
    return dict(weighed.most_common())


def scripts_of(language: str) -> tuple[str, ...]:
    """The scripts that a language (a code such as ``pt-BR``) is written in; empty for one that is not known here."""
    return _SCRIPTS_OF.get(language.partition("-")[0].casefold(), ())


def guess_language(text: str) -> str | None:
    """A two-letter code of ``LANGUAGES``, or None when the text does not tell. Reads the first 2,000 characters."""
    text = text[:_LOOKED_AT].casefold()
    shares = script_shares(text)
    if not shares:
        return None
    script = next(iter(shares))
    if script == "Han":
        return "ja" if shares.get("Kana", 0.0) > 0.05 else "zh"
    if script == "Cyrillic":
        return "uk" if set("іїєґ") & set(text) else "ru"
    if script == "Arabic":
        return "fa" if set("پچژگ") & set(text) else "ar"
    return _OTHER.get(script) if script != "Latin" else _latin_language(text)


def other_language(text: str, expected: str) -> str | None:
    """The language of ``text`` where it surely is another than ``expected`` (a code of ``LANGUAGES``); else None.

    Stricter than ``guess_language``, for use unasked. Between languages in Latin letters it takes three different function
    words that ``expected`` does not have, and twice the points of ``expected``: "send it as soon as possible" and "Who
    created Big Ben?" stay English. A name, a single word or a formula's letters never decide.
    """
    if expected in _LATIN and text.isascii() and not _others_words(text, expected):
        return None  # what the usual text costs: no points are counted
    guess = guess_language(text)
    if guess is None or guess == expected or sum(weighed_letters(text).values()) < _LEAST_LETTERS:
        return None
    if any({guess, expected} <= pair for pair in _SAME_SCRIPT):
        return None
    if guess not in _LATIN or expected not in _LATIN:
        return guess
    if guess not in _others_words(text, expected):
        return None
    points = _points(_latin_words(text[:_LOOKED_AT].casefold()), "¿" in text)
    return guess if points[guess] >= _SURE_LEAD * points[expected] else None


def _others_words(text: str, expected: str) -> list[str]:
    """The languages in Latin letters of which a text has enough function words that ``expected`` has not."""
    found = set(_latin_words(text[:_LOOKED_AT].casefold()))
    return [name for name in _LATIN if name != expected and len(found & _sure_words(name, expected)) >= _SURE_WORDS]


@cache
def _sure_words(name: str, expected: str) -> frozenset[str]:
    return _WORDS[name] - _WORDS[expected]


def _latin_words(text: str) -> list[str]:
    return words(text.replace("’", "'"))


def _points(found: list[str], opens: bool) -> dict[str, float]:
    """Evidence per word for each language in Latin letters: its function words, and 0.4 for each of its letter groups."""
    line = "_" + "_".join(found) + "_" + ("¿" if opens else "")
    return {
        name: (sum(word in _WORDS[name] for word in found) + 0.4 * sum(line.count(group) for group in _GROUPS[name]))
        / len(found)
        for name in _LATIN
    }


def _latin_language(text: str) -> str | None:
    found = _latin_words(text)
    if not found:
        return None
    points = _points(found, "¿" in text)
    (best, high), (_, second) = sorted(points.items(), key=lambda pair: (-pair[1], pair[0]))[:2]
    return best if high >= _EVIDENCE and high >= _LEAD * second else None
