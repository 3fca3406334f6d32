"""Personal data: published test numbers, what is none, and placeholders in its place."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.curate.rule_helpers import CLASSES, DATA, banking, judge, sample, sentences, texts, trec, verdict
from workbench.curate.base import Context, Item, Proposal, parse_filter, parse_repair
from workbench.curate.rules import checksums
from workbench.curate.rules.personal import KINDS, Placeholders, find
from workbench.curate.rules.secrets import entropy
from workbench.errors import UsageError
from workbench.task import Task


def kinds(text: str, *, examples: bool = False) -> list[str]:
    return [one.kind for one in find(text, KINDS, examples=examples)]


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("79927398713", True),  # the example in Luhn's patent as it is usually told: of 7992739871x only 3 is right
        ("79927398710", False),
        ("17893729974", True),  # Wikipedia, "Luhn algorithm"
        ("4111111111111111", True),  # Visa's and PayPal's test numbers
        ("378282246310005", True),
        ("30569309025904", True),
        ("4111111111111112", False),
    ],
)
def test_luhn(number: str, right: bool) -> None:
    assert checksums.luhn(number) is right


@pytest.mark.parametrize(
    "number",
    [  # SWIFT IBAN registry, examples
        "GB29NWBK60161331926819", "DE89370400440532013000", "FR1420041010050500013M02606", "NL91ABNA0417164300",
        "ES9121000418450200051332", "IT60X0542811101000000123456", "CH9300762011623852957", "NO9386011117947",
        "BE68539007547034", "PL61109010140000071219812874", "SA0380000000608010167519", "MT84MALT011000012345MTLCAST001S",
        "BR1800360305000010009795493C1", "GR1601101250000000012300695", "TR330006100519786457841326",
    ],
)  # fmt: skip
def test_iban_registry_examples(number: str) -> None:
    assert checksums.iban(number)
    assert not checksums.iban(number[:-1])
    wrong = number[:2] + f"{(int(number[2:4]) + 1) % 100:02}" + number[4:]
    assert not checksums.iban(wrong)


def test_iban_by_hand() -> None:
    # GB82 WEST 1234 5698 7654 32 (Wikipedia): 3214282912345698765432161182 mod 97 = 1.
    assert 3214282912345698765432161182 % 97 == 1
    assert checksums.iban("GB82WEST12345698765432")


def test_national_numbers() -> None:
    assert checksums.cpf("11144477735")  # the usual worked example: sums 162 and 204, digits 3 and 5
    assert not checksums.cpf("11144477734")
    assert not checksums.cpf("11111111111")
    assert checksums.dni("12345678Z")  # 12345678 mod 23 = 14, the 15th letter is Z
    assert not checksums.dni("12345678A")
    assert checksums.pesel("44051401359")  # Wikipedia, "PESEL"
    assert checksums.codice_fiscale("MRTMTT91D08F205J")  # Wikipedia, "Italian fiscal code"
    assert checksums.nir("255081416802538")  # 2550814168025 mod 97 = 59, 97 - 59 = 38
    assert kinds("CPF 111.444.777-35, DNI 12345678Z and MRTMTT91D08F205J") == ["national_id"] * 3
    assert kinds("PESEL: 44051401359") == ["national_id"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to jo.smith+bank@mail.co.uk.", ["email"]),
        ("mail=jo@firm.de", ["email"]),
        ("我的邮箱jo@firm.cn谢谢", ["email"]),
        ("jürgen@müller.de", ["email"]),
        ("jo@firm.com-4929 or jo@firm.com.12", ["email", "email"]),
        ("me@localhost, @handle, a@b", []),
        ("call +49 30 901820 today", ["phone"]),
        ("+1 (415) 867-5309", ["phone"]),
        ("(415) 867-5309", ["phone"]),
        ("415-867-5309 415-867-5310", ["phone", "phone"]),
        ("1 415 867 5309", ["phone"]),
        ("0044 20 7183 8750", ["phone"]),
        ("ring me on 07912345678", ["phone"]),
        ("01 42 68 53 00", ["phone"]),
        ("030/901820-15", ["phone"]),
        ("my phone number is 4158675309", ["phone"]),
        ("my account number is 4158675309", []),
        ("order 20210512-4158675309", []),
        ("on 12.05.2021 or 2021-05-12 10:30", []),
        ("01/02/2003 at 14.30", []),
        ("I paid 1,234,567.89 and 100 000 000", []),
        ("scores 10 12 14 16 18 20", []),
        ("card 4929 3813 3266 4295 thanks", ["card"]),
        ("card 4929-3813-3266-4295 12 2027", ["card"]),
        ("4929381332664295", ["card"]),
        ("4929381332664296", []),
        ("1234567812345670", []),  # Luhn is right, no brand starts so
        ("id 49293813326642951234567", []),
        ("to DE75 5121 0800 1245 1261 99 please", ["iban"]),
        ("gb33bukb20201555555555", ["iban"]),
        ("DE75512108001245126198", []),
        ("from 81.2.69.142 and 2a00:1450:4001:81b::200e", ["ip", "ip"]),
        ("version 4.12.10.3, v1.2.3.4, 1.2.3.4.5, 300.1.1.1", []),
        ("at 12:30:45, std::vector, a::b, 10:20", []),
        ("token ghp_16C7e42F292c6912E7710c838347Ae178B4a", ["key"]),
        ("AKIAQYLPMN5HHHFPZAM2", ["key"]),
        ("xoxb-263594206564-FGqddMF8t08v8N7Oq4i57vs1", ["key"]),
        ("sk-proj-Tq7vR2mXc9LpB4zWk8NfYd3HsJ6g", ["key"]),
        ("api_key = 'f3a9c1d27b804e6695e0c8d1b2a7f463'", ["key"]),
        ("my password is correcthorsebatterystaple", []),
        ("task-sk-this-is-a-long-name-of-a-thing", []),
        ("the key to understanding-this-long-hyphenated-word", []),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----", ["key"]),
    ],
)  # fmt: skip
def test_found_and_not_found(text: str, found: list[str]) -> None:
    assert kinds(text) == found


def test_jwt() -> None:
    # The token of jwt.io's front page and RFC 7519's header.
    token = (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ."
        "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
    )
    assert kinds(f"Bearer {token}") == ["key"]
    reason = verdict("personal_data", f"Bearer {token}").reason
    assert reason == "key or token (ey…)"


def test_entropy() -> None:
    assert entropy("") == 0
    assert entropy("aabb") == 1.0
    assert entropy("abcdefgh") == 3.0


def test_values_made_for_examples_may_stay() -> None:
    text = (
        "jo@example.com, 4111 1111 1111 1111, 192.0.2.7, 10.0.0.1, 2001:db8::1, (415) 555-2671, +44 7700 900123, "
        "GB82 WEST 1234 5698 7654 32"
    )
    assert kinds(text, examples=True) == []
    assert len(kinds(text)) == 8
    assert verdict("personal_data", text).keep
    assert verdict("personal_data:examples=no", text).value == 8


def test_the_verdict_shows_no_secret() -> None:
    found = verdict("personal_data", "I am jo@firm.com or ann@firm.com, my card is 4929 3813 3266 4295")
    assert (found.keep, found.value, found.rule) == (False, 3.0, "card")
    assert found.reason == "payment card number (…4295), 2 e-mail addresses (j…@…, a…@…)"
    assert verdict("personal_data:allowed=3", "I am jo@firm.com").keep
    assert verdict("personal_data:kinds=phone", "I am jo@firm.com").keep
    with pytest.raises(UsageError, match="it cannot find 'names'"):
        parse_filter("personal_data:kinds=names")


def propose(item: Item, spec: str = "redact", task: Task | None = CLASSES) -> Proposal | None:
    return next(iter(parse_repair(spec).propose([item], Context(task=task))))


def test_redact() -> None:
    text = "I am jo@firm.com, card 4929 3813 3266 4295. Again: JO@firm.com, or ann@firm.com"
    found = propose(Item(1, text, {"text": text}))
    assert found is not None
    assert found.fields == {"text": "I am [EMAIL], card [CARD]. Again: [EMAIL], or [EMAIL_2]"}
    assert found.confidence == 0.95
    assert found.reason == "replaces payment card number (…4295), 3 e-mail addresses (j…@…, J…@…, a…@…)"
    sure = propose(Item(1, "", {"text": "to DE75 5121 0800 1245 1261 99"}), task=None)
    assert sure is not None
    assert (sure.confidence, sure.fields) == (1.0, {"text": "to [IBAN]"})
    assert propose(Item(1, "nothing here")) is None
    assert propose(Item(1, text, {"text": text}, settled=True)) is None


def test_redact_reaches_turns_and_json_and_what_it_wrote_is_left_alone() -> None:
    turns = [{"role": "user", "content": "mail jo@firm.com"}, {"role": "assistant", "content": "jo@firm.com it is"}]
    item = sample(messages=turns, data={"jo@firm.com": ["x", {"deep": "+49 30 901820"}], "n": 4}, number=7)
    found = propose(item, task=None)
    assert found is not None
    assert found.fields == {
        "messages": [{"role": "user", "content": "mail [EMAIL]"}, {"role": "assistant", "content": "[EMAIL] it is"}],
        "data": {"jo@firm.com": ["x", {"deep": "[PHONE]"}], "n": 4},
        "number": 7,
    }
    assert propose(Item(1, "", found.fields), task=None) is None
    assert judge("boilerplate", [Item(1, "mail [EMAIL] or [EMAIL_2] now")])[0].keep


BITS = (
    "jo@firm.com", "+49 30 901820", "4929 3813 3266 4295", "DE75 5121 0800 1245 1261 99", "81.2.69.142", "415-867-5309",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "jo@example.com", "4111111111111111", "hello", "12", "0", "-", "a", "@", ":",
    "+", ".", "\ud800", "\x00", "é", "我", "[EMAIL]", "key:",
    "password is",
)  # fmt: skip


@given(st.lists(st.sampled_from(BITS), max_size=9), st.sampled_from(("", " ", ", ", "\n", "-")))
def test_findings_stand_apart_and_placeholders_leave_none(bits: list[str], between: str) -> None:
    text = between.join(bits)
    found = find(text, KINDS, examples=False)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    redacted = Placeholders().put(text, found)
    assert not {one.kind for one in find(redacted, KINDS, examples=False)} & {"card", "iban", "email"}


@pytest.mark.skipif(not DATA.exists(), reason="shared/data is not here")
def test_real_texts_have_next_to_none() -> None:
    real = texts(*banking("train"), *banking("test"), *trec(), *sentences())
    dropped = [item for item, found in zip(real, judge("personal_data", real), strict=True) if not found.keep]
    assert dropped == []
