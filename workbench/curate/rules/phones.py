"""Telephone numbers: international ones, and national forms that are more than a run of digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from workbench.curate.rules.found import Found

#: Country codes (ITU-T E.164, list of 2016) of one and two digits.
_TWO = (
    "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 "
    "93 94 95 98"
)
_CODES = frozenset(_TWO.split())
#: Country codes of three digits: first and last of each run of them.
_THREE = (
    *((211, 213), (216, 216), (218, 218), (220, 269), (290, 291), (297, 299), (350, 359), (370, 389), (420, 421)),
    *((423, 423), (500, 509), (590, 599), (670, 692), (800, 800), (808, 808), (850, 856), (870, 888), (960, 979)),
    (992, 998),
)
_WORD = re.compile(
    r"\b(?:(?:tele)?phone|tel|mobile|cell|whatsapp|call|text|ring|dial|reach|fax|sms)\b[^\n]{0,25}$", re.IGNORECASE
)
_GROUP = re.compile(r"\d+")
#: Digits of an E.164 number, country code included.
_LEAST, _MOST = 8, 15
#: Groups that a number is written in, at most.
_GROUPS = 7


@cache
def _candidate() -> re.Pattern[str]:
    # One class of characters, bounded: a start costs at most its thirty characters.
    return re.compile(r"(?<![\w.,/#$€£:=-])(?:\+ ?|\()?\d[\d ().\-/\u2010\u2011\u2013\u00a0]{5,28}\d(?![\w%])")


def find_phones(text: str) -> Iterator[Found]:
    """Telephone numbers with their places.

    Taken are ``+`` or ``00`` with a country's code and 8 to 15 digits; North American numbers in three groups; national
    numbers that start with 0 and are written in groups (or are British mobile numbers); runs of ten or eleven digits only
    after a word such as "call" or "phone". Dates, amounts, versions and account numbers are none of these.
    """
    place = 0
    while match := _candidate().search(text, place):
        place = match.start() + 1
        told = bool(_WORD.search(text, max(0, match.start() - 40), match.start()))
        if not told and match[0][0] in "123456789" and match[0][1].isdigit() and not match[0][2:3].isdigit():
            continue  # a first group of two digits: no country or area without a sign before it is written so
        for found in _readings(match[0]):
            if sure := _sure(found, told):
                place = match.start() + len(found)
                yield Found("phone", match.start(), place, found, sure, _is_example(found))
                break


def _readings(found: str) -> list[str]:
    """What of a run of groups may be one number, longest first: two numbers may stand side by side."""
    found = found.partition("  ")[0]
    opened = found.find("(", 6)
    ends = [one.end() for one in _GROUP.finditer(found[: opened if opened > 0 else None])][:_GROUPS]
    return [found[:end] for end in reversed(ends)]


def _sure(found: str, told: bool) -> float:
    groups = _GROUP.findall(found)
    digits = "".join(groups)
    if not _LEAST <= len(digits) <= _MOST + 2 or len(set(digits)) < 3:
        return 0.0
    if found.startswith("+"):
        return 0.9 if _country(digits) and len(digits) <= _MOST else 0.0
    if digits.startswith("00"):
        grouped = len(groups) > 1
        return 0.8 if grouped and _country(digits[2:]) and 10 <= len(digits) <= _MOST + 2 and len(groups) < 8 else 0.0
    if _north_american(groups, found):
        return 0.8
    if digits[0] == "0" and digits[1] != "0" and 9 <= len(digits) <= 12 and not _is_date(groups):
        if len(groups) > 1 and all(len(group) > 1 for group in groups):
            return 0.6
        if len(digits) == 11 and digits.startswith("07"):
            return 0.6
    return 0.6 if told and 10 <= len(digits) <= 11 and not _is_date(groups) and len(groups) <= 5 else 0.0


def _north_american(groups: list[str], found: str) -> bool:
    """(415) 555-2671, 415-555-2671, 1 415 555 2671, 415.555.2671: neither area nor exchange starts with 0 or 1."""
    if len(groups) == 4 and groups[0] == "1":
        groups = groups[1:]
    return (
        [len(group) for group in groups] == [3, 3, 4]
        and groups[0][0] in "23456789"
        and groups[1][0] in "23456789"
        and "/" not in found
    )


def _is_date(groups: list[str]) -> bool:
    sizes = [len(group) for group in groups[:3]]
    if sizes in ([2, 2, 4], [1, 2, 4], [2, 1, 4], [1, 1, 4]):
        return int(groups[0]) <= 31 and int(groups[1]) <= 31
    if sizes == [4, 2, 2]:
        return int(groups[1]) <= 12 and int(groups[2]) <= 31
    return len(groups) == 3 and sizes == [2, 2, 2]


def _country(digits: str) -> bool:
    three = int(digits[:3])
    return digits[:1] in "17" or digits[:2] in _CODES or any(first <= three <= last for first, last in _THREE)


def _is_example(found: str) -> bool:
    """555 exchanges of North America, and the numbers that Ofcom keeps for drama."""
    digits = "".join(_GROUP.findall(found)).removeprefix("00")
    national = digits.removeprefix("44") if digits.startswith("44") else digits.removeprefix("0")
    if len(digits) in (10, 11) and digits[-10:][3:6] == "555":
        return True
    return national.startswith(("7700900", "2079460", "1632960", "1134960", "1214960", "1314960", "1414960", "1614960"))
