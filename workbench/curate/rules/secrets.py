"""Keys and tokens in texts: by their issuers' prefixes, or by the words before them and how random they look."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from workbench.curate.rules.found import Found

#: (what must be in the text, pattern): prefixes that issuers publish so that leaks can be found. No pattern repeats inside a
#: repetition, and each is bounded or reads on in one class of characters.
_ISSUED = (
    (("sk-",), r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,300}"),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36,255}"),
    (("github_pat_",), r"(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{22,255}"),
    (("AKIA", "ASIA"), r"(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])"),
    (("xox",), r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,250}"),
    (("AIza",), r"(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    (("glpat-",), r"(?<![A-Za-z0-9])glpat-[A-Za-z0-9_-]{20,100}"),
    (("hf_",), r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,100}"),
    (("npm_",), r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    (("pypi-",), r"(?<![A-Za-z0-9])pypi-[A-Za-z0-9_-]{50,300}"),
    (("_live_", "_test_"), r"(?<![A-Za-z0-9])[prs]k_(?:live|test)_[A-Za-z0-9]{16,250}"),
    (("SG.",), r"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    (("eyJ",), r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{10,2000}"),
)
_PEM = "-----BEGIN "
_PEM_END = "PRIVATE KEY-----"
#: After one of these words and a sign (or "is"), a long random run is a secret.
_WORDS = ("key", "secret", "token", "passw", "pwd", "bearer", "credential")
_AFTER = (
    r"(?:key|secret|token|password|passwd|pwd|bearer|credentials?)[\"']?(?:\s{0,3}[:=]{1,2}>?\s{0,3}|\s+is:?\s{1,3}|\s{1,3})"
    r"[\"']?([A-Za-z0-9+/_=.~-]{16,300})"
)
#: Bits per character: random hexadecimal digits have nearly 4 (3 and more in short runs), random base64 some 5 to 6.
HEX_BITS, OTHER_BITS = 3.0, 3.5
_EXAMPLE = ("example", "xxxx", "your", "placeholder", "dummy", "1234567890abcdef", "test_", "0000000000", "abcdefghij")


@cache
def _compiled(pattern: str, ignore: bool = False) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE if ignore else 0)


def entropy(text: str) -> float:
    """Shannon's entropy of the characters, in bits per character; 0 for an empty text."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values()) if text else 0.0


def find_secrets(text: str) -> Iterator[Found]:
    """Keys and tokens, each with its place."""
    for needles, pattern in _ISSUED:
        if any(needle in text for needle in needles):
            for match in _compiled(pattern).finditer(text):
                if random_enough(match[0].rpartition("_")[2]) or match[0].startswith(("AKIA", "ASIA", "eyJ")):
                    yield Found("key", match.start(), match.end(), match[0], 1.0, _is_example(match[0]))
    yield from _pem(text)
    if len(text) > 16 and any(word in text.casefold() for word in _WORDS):
        for match in _compiled(_AFTER, ignore=True).finditer(text):
            if random_enough(match[1]):
                yield Found("key", match.start(1), match.end(1), match[1], 0.7, _is_example(match[1]))


def random_enough(text: str) -> bool:
    """Whether a run looks drawn at random: letters and digits mixed, and the entropy of its alphabet."""
    if not (any(one.isdigit() for one in text) and any(one.isalpha() for one in text)):
        return False
    hexadecimal = all(one in "0123456789abcdefABCDEF-" for one in text)
    return entropy(text) >= (HEX_BITS if hexadecimal else OTHER_BITS)


def _pem(text: str) -> Iterator[Found]:
    start = text.find(_PEM)
    while start >= 0:
        head = text.find(_PEM_END, start, start + 60)
        next_place = start + len(_PEM)
        if head >= 0:
            end = text.find("-----END ", head, head + 20_000)
            stop = head + len(_PEM_END)
            if end >= 0:
                line = text.find("-----", end + 9, end + 60)
                stop = line + 5 if line >= 0 else end
            yield Found("key", start, stop, text[start:stop], 1.0, False)
            next_place = stop
        start = text.find(_PEM, next_place)


def _is_example(text: str) -> bool:
    folded = text.casefold()
    return any(word in folded for word in _EXAMPLE)
