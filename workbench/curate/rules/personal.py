"""Personal data and secrets in a text: what, where, how sure; masked forms to show; placeholders to put instead."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache

from workbench.curate.rules import checksums
from workbench.curate.rules.found import Found
from workbench.curate.rules.phones import find_phones
from workbench.curate.rules.secrets import find_secrets

#: Kinds in the order in which they claim a stretch of text: what a check digit proves comes first.
KINDS = ("key", "iban", "card", "national_id", "email", "ip", "phone")
#: Those that are looked for unless told: national numbers are nobody's affair in most projects.
USUAL = ("key", "iban", "card", "email", "ip", "phone")
NAMES = {
    "key": "key or token",
    "iban": "bank account (IBAN)",
    "card": "payment card number",
    "national_id": "national number",
    "email": "e-mail address",
    "ip": "IP address",
    "phone": "telephone number",
}
#: Numbers that payment companies publish for tests, and the accounts of the IBAN registry's and ISO's examples.
_CARDS = (
    "4111111111111111 4242424242424242 4012888888881881 4222222222222 4000000000000002 4000056655665556 5555555555554444 "
    "5105105105105100 2223003122003222 5200828282828210 378282246310005 371449635398431 378734493671000 6011111111111117 "
    "6011000990139424 30569309025904 38520000023237 3530111333300000 3566002020360505 6200000000000005"
)
TEST_CARDS = frozenset(_CARDS.split())
_IBANS = (
    "GB82WEST12345698765432 GB29NWBK60161331926819 DE89370400440532013000 FR1420041010050500013M02606 NL91ABNA0417164300 "
    "ES9121000418450200051332 IT60X0542811101000000123456 CH9300762011623852957 AT611904300234573201 BE68539007547034 "
    "PL61109010140000071219812874 SE4550000000058398257466 NO9386011117947 DK5000400440116243 FI2112345600000785"
)
TEST_IBANS = frozenset(_IBANS.split())
#: What addresses are made of in practice; RFC 5322 allows more, and then "mail=jo@..." would begin with "mail".
_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.%'+_-")
_HOST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-")
_VERSION = re.compile(r"(?:version|release|build|firmware|chapter|section|\bver|\bv|\brev)\W{0,3}$", re.IGNORECASE)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def find(text: str, kinds: Collection[str] = USUAL, *, examples: bool = True) -> list[Found]:
    """The findings of ``kinds`` in a text, in order of place, none inside another. With ``examples`` values made for
    examples (example.com, 555 numbers, test cards, private networks) are left out. Linear in the length of the text."""
    finders: dict[str, Callable[[str], Iterator[Found]]] = {
        "key": find_secrets,
        "iban": find_ibans,
        "card": find_cards,
        "national_id": find_national_ids,
        "email": find_emails,
        "ip": find_addresses,
        "phone": find_phones,
    }
    no_digit = text.isascii() and not _compiled(r"\d").search(text)
    taken: list[Found] = []
    left = text
    for kind in KINDS:
        if kind in kinds and not (no_digit and kind not in ("email", "key")):
            mine = _apart(finders[kind](left))
            if mine and kind != KINDS[-1]:
                left = _without(left, mine)  # what one kind has claimed, an example too, is no part of another's
            taken += mine
    return sorted((one for one in taken if not (examples and one.example)), key=lambda one: one.start)


def _apart(found: Iterable[Found]) -> list[Found]:
    """In order of place, without those that begin inside the one before."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: one.start):
        if not kept or kept[-1].end <= one.start:
            kept.append(one)
    return kept


def _without(text: str, found: Iterable[Found]) -> str:
    """``text`` with line ends in the place of findings, as long as before."""
    parts, last = [], 0
    for one in found:
        parts += [text[last : one.start], "\n" * (one.end - one.start)]
        last = one.end
    return "".join([*parts, text[last:]])


def find_emails(text: str) -> Iterator[Found]:
    """Addresses around each ``@``: at most 64 characters before it, a host with a dot after it (RFC 5321)."""
    place, last = text.find("@"), 0
    while place >= 0:
        start = place
        while start > max(last, place - 64) and (text[start - 1].lower() in _LOCAL or _letter(text[start - 1])):
            start -= 1
        end = place + 1
        while end < min(len(text), place + 254) and (text[end].lower() in _HOST or _letter(text[end])):
            end += 1
        local, host = text[start:place].lstrip(".%'+-"), text[place + 1 : end].rstrip(".-")
        labels = _labels(host)
        if local.rstrip(".") and len(labels) > 1:
            host = ".".join(labels)
            low = host.casefold()
            example = low.endswith((".example", ".test", ".invalid", ".localhost")) or bool(
                _compiled(r"(?:^|\.)example\.[a-z]{2,3}$").search(low)
            )
            whole = f"{local}@{host}"
            last = place + 1 + len(host)
            yield Found("email", place - len(local), last, whole, 0.95, example)
        place = text.find("@", place + 1)


def _labels(host: str) -> list[str]:
    """The parts of a host's name up to its top level; empty where it is no name. What runs on after the top level (a number
    after a hyphen or a full stop) is not part of it."""
    labels = host.split(".")
    while len(labels) > 1:
        top = labels[-1] if labels[-1].startswith("xn--") else labels[-1].partition("-")[0]
        if len(top) > 1 and (top.isalpha() or top.startswith("xn--")):
            good = all(0 < len(one) <= 63 and not one.startswith("-") for one in labels)
            return [*labels[:-1], top] if good else []
        labels.pop()
    return []


def _letter(character: str) -> bool:
    # Letters with accents; what is written without spaces (Han, kana) goes right up to an address without being of it.
    return "\u00c0" <= character < "\u0250" and character.isalpha()


def find_cards(text: str) -> Iterator[Found]:
    """13 to 19 digits, grouped by single spaces or hyphens or not at all, with a brand's prefix and length and Luhn's check
    digit."""
    for match in _compiled(r"(?<![\w.+])\d[\d -]{11,}\d").finditer(text):
        groups = [(one.start() + match.start(), one[0]) for one in _compiled(r"\d+").finditer(match[0])]
        first = 0
        while first < len(groups):
            taken = _card_at(text, groups, first)
            if taken is None:
                first += 1
                continue
            start, end = groups[first][0], groups[taken][0] + len(groups[taken][1])
            digits = "".join(group for _, group in groups[first : taken + 1])
            yield Found("card", start, end, digits, 1.0, digits in TEST_CARDS)
            first = taken + 1


def _card_at(text: str, groups: list[tuple[int, str]], first: int) -> int | None:
    digits = ""  # the first of several groups has four digits, and all but the last have at least three
    for last in range(first, min(first + 19, len(groups))):
        place, group = groups[last]
        if last > first and place - groups[last - 1][0] - len(groups[last - 1][1]) > 1:
            return None  # two signs between groups: another number
        digits += group
        if len(digits) > 19 or (last == first and len(group) != 4 and len(group) < 13):
            return None
        after = text[place + len(group) : place + len(group) + 1]
        ends = len(digits) >= 13 and not (after.isalnum() or after == "_")
        if ends and checksums.card_brand(digits) and len(set(digits)) > 1 and checksums.luhn(digits):
            return last
        if len(group) < 3:
            return None
    return None


def find_ibans(text: str) -> Iterator[Found]:
    """Two letters, two check digits and as many characters as the country's accounts have, single spaces or hyphens between
    them, right modulo 97."""
    for match in _compiled(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?=[ -]?[A-Za-z0-9])").finditer(text):
        wanted = checksums.IBAN_LENGTHS.get(match[0][:2].upper())
        if wanted is None:
            continue
        end, found = match.start(), []
        for place in range(match.start(), min(len(text), match.start() + 2 * wanted)):
            character = text[place]
            if character.isascii() and character.isalnum():
                found.append(character.upper())
                end = place + 1
            elif character not in " -" or text[place - 1] in " -":
                break
            if len(found) == wanted:
                break
        number = "".join(found)
        follows = text[end : end + 1]
        if checksums.iban(number) and not (follows.isascii() and follows.isalnum()):
            yield Found("iban", match.start(), end, number, 1.0, number in TEST_IBANS)


def find_addresses(text: str) -> Iterator[Found]:
    """IPv4 and IPv6 addresses; not what follows "version", and as examples all that is not routed in public."""
    for match in _compiled(r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\w|\.\d)").finditer(text):
        if not _VERSION.search(text[max(0, match.start() - 14) : match.start()]):
            yield from _address(match[0], match.start())
    if text.count(":") < 2:
        return
    for match in _compiled(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{2,41}(?![\w:])").finditer(text):
        found = match[0].rstrip(".")
        parts = [part for part in found.split(":") if part]
        if len(parts) > 1 and any(one.isdigit() for one in found) and ("::" not in found or len(found) > 5):
            yield from _address(found, match.start())


def _address(found: str, start: int) -> Iterator[Found]:
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return  # numbers over 255, times of day, scopes of a program
    yield Found("ip", start, start + len(found), found, 0.7, not address.is_global)


def find_national_ids(text: str) -> Iterator[Found]:
    """Numbers with check digits: Brazil (CPF, written with dots), Spain (DNI, NIE), Italy (codice fiscale), France (NIR),
    Poland (PESEL, after its name)."""
    for pattern, check in (
        (r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d\d(?!\w)", checksums.cpf),
        (r"(?<!\w)(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z](?!\w)", checksums.dni),
        (r"(?<!\w)[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z](?!\w)", checksums.codice_fiscale),
        (r"(?<!\w)[12] ?\d\d ?\d\d ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d(?!\w)", checksums.nir),
        (r"(?:PESEL|pesel)\W{1,3}\d{11}(?!\w)", lambda found: checksums.pesel(found[-11:])),
    ):
        for match in _compiled(pattern).finditer(text):
            plain = match[0].translate({32: None, 45: None, 46: None})
            start = match.end() - 11 if plain[:5].casefold() == "pesel" else match.start()
            if check(plain):
                yield Found("national_id", start, match.end(), plain, 1.0, False)


def masked(one: Found) -> str:
    """A form of a finding that tells a person what it is and gives nothing away: ``j…@…``, ``…1111``, ``DE…``, ``+…``."""
    if one.kind == "email":
        return f"{one.text[0]}…@…"
    if one.kind in ("card", "phone", "national_id"):
        return f"…{one.text[-4:]}" if one.kind == "card" else f"…{one.text[-2:]}"
    return f"{one.text[:2]}…"


def told(found: Iterable[Found]) -> str:
    """Findings in words: ``2 e-mail addresses (j…@…, a…@…), telephone number (…71)``; at most three of a kind."""
    by_kind: dict[str, list[str]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append(masked(one))
    parts = []
    for kind in KINDS:
        if shown := by_kind.get(kind):
            name = NAMES[kind]
            if len(shown) > 1:
                name = f"{len(shown):,} " + {"key": "keys or tokens", "iban": "bank accounts (IBAN)"}.get(
                    kind, f"{name}es" if name.endswith("s") else f"{name}s"
                )
            parts.append(f"{name} ({', '.join(dict.fromkeys(shown[:3]))})")
    return ", ".join(parts)


class Placeholders:
    """``[EMAIL]`` for the first address of a sample, ``[EMAIL_2]`` for another one, and the same one for the same."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()

    def of(self, one: Found) -> str:
        text = one.text.casefold() if one.kind == "email" else one.text
        if one.kind == "phone":
            text = "".join(filter(str.isdigit, text))
        if (one.kind, text) not in self._given:
            self._counts[one.kind] += 1
            number = self._counts[one.kind]
            self._given[one.kind, text] = f"[{one.kind.upper()}{f'_{number}' if number > 1 else ''}]"
        return self._given[one.kind, text]

    def put(self, text: str, found: Iterable[Found]) -> str:
        """``text`` with each finding's placeholder in its place."""
        parts, last = [], 0
        for one in found:
            parts += [text[last : one.start], self.of(one)]
            last = one.end
        return "".join([*parts, text[last:]])
