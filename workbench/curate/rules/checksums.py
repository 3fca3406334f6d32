"""Check digits: payment cards (Luhn), bank accounts (IBAN, ISO 13616), national numbers. ASCII digits only."""

from __future__ import annotations

import string

#: Length of an IBAN by country (SWIFT, IBAN registry).
IBAN_LENGTHS = {
    code: int(length)
    for length, codes in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI FK FO GL NL SD",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU MN XK",
        "21": "CH CR HR LI LV",
        "22": "BG BH DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU YE",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for code in codes.split()
}
_BASE36 = {letter: str(place) for place, letter in enumerate(string.digits + string.ascii_uppercase)}
_DNI = "TRWAGMYFPDXBNJZSQVHLCKE"
#: Codice fiscale (Ministry of Finance decree of 23 December 1976): values of characters in odd places.
_ODD = dict(
    zip(
        string.digits + string.ascii_uppercase,
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25,
         24, 23),
        strict=True,
    )
)  # fmt: skip


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: every second digit from the right is doubled; the sum of all digits is a multiple of 10."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def card_brand(digits: str) -> str | None:
    """The brand whose prefixes and lengths a card number has, or None. The check digit is ``luhn``'s affair."""
    length, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    if digits[0] == "4" and length in (13, 16, 19):
        return "Visa"
    if length == 16 and (51 <= two <= 55 or 2221 <= four <= 2720):
        return "Mastercard"
    if length == 15 and two in (34, 37):
        return "American Express"
    if 16 <= length <= 19 and (four == 6011 or 644 <= three <= 649 or two == 65):
        return "Discover"
    if length == 14 and (300 <= three <= 305 or two in (36, 38, 39)):
        return "Diners Club"
    if 16 <= length <= 19 and 3528 <= four <= 3589:
        return "JCB"
    if 16 <= length <= 19 and two == 62:
        return "UnionPay"
    return None


def iban(text: str) -> bool:
    """ISO 13616 of an account number without spaces, in capitals: the country's length, and modulo 97 of the digits with the
    first four characters moved to the end (letters are 10 to 35) is 1."""
    if len(text) != IBAN_LENGTHS.get(text[:2]) or not all(letter in _BASE36 for letter in text):
        return False
    return int("".join(_BASE36[letter] for letter in text[4:] + text[:4])) % 97 == 1


def cpf(digits: str) -> bool:
    """Brazil: 11 digits, the last two are weighted sums modulo 11."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for length in (9, 10):
        total = sum(int(digit) * weight for digit, weight in zip(digits, range(length + 1, 1, -1), strict=False))
        if int(digits[length]) != total * 10 % 11 % 10:
            return False
    return True


def dni(text: str) -> bool:
    """Spain: eight digits (a foreigner's X, Y or Z stands for 0, 1 or 2) and the letter of the number modulo 23."""
    number = {"X": "0", "Y": "1", "Z": "2"}.get(text[0], text[0]) + text[1:-1]
    return len(text) == 9 and number.isdigit() and _DNI[int(number) % 23] == text[-1]


def pesel(digits: str) -> bool:
    """Poland: 11 digits, weights 1 3 7 9, and a month (with its century) and day of birth that exist."""
    if len(digits) != 11 or not (1 <= int(digits[2:4]) % 20 <= 12 and 1 <= int(digits[4:6]) <= 31):
        return False
    return (
        sum(int(digit) * weight for digit, weight in zip(digits, (1, 3, 7, 9) * 2 + (1, 3, 1), strict=True)) % 10 == 0
    )


def codice_fiscale(text: str) -> bool:
    """Italy: 15 characters and the letter of their sum modulo 26, odd places by a table of their own."""
    if len(text) != 16:
        return False
    even = {**{digit: int(digit) for digit in string.digits}, **{one: ord(one) - 65 for one in string.ascii_uppercase}}
    total = sum((even if place % 2 else _ODD)[letter] for place, letter in enumerate(text[:15]))
    return chr(65 + total % 26) == text[15]


def nir(text: str) -> bool:
    """France: 13 digits (Corsica's 2A and 2B count as 19 and 18) and 97 minus the number modulo 97."""
    number = text[:13].replace("2A", "19").replace("2B", "18")
    return len(text) == 15 and number.isdigit() and text[13:].isdigit() and 97 - int(number) % 97 == int(text[13:])
