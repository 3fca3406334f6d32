"""Drops samples with personal data or secrets: addresses, telephone and card numbers, accounts, keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import FILTERS, Context, Cut, Item, Verdict, parameter, quote, require
from workbench.curate.rules.pieces import pieces

#: ``curate.rules.personal.KINDS``: named here so that the list of filters does not load the finders.
KINDS = ("email", "phone", "card", "iban", "ip", "key", "national_id")


@FILTERS.register("personal_data")
@dataclass(frozen=True, slots=True)
class PersonalData:
    """Looks in all texts of a sample, JSON and turns included (``curate.rules.personal``).

    Cards and accounts count only with right check digits, telephone numbers only in forms that are more than a run of
    digits, keys by their issuers' prefixes or after a word such as "token". The reason shows masked forms, never the data.
    Names and street addresses are not found: that takes a model. The repair ``redact`` puts placeholders instead.
    """

    name: ClassVar[str] = "personal_data"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = (
        "Drops a sample with e-mail addresses, telephone, card or account numbers, IP addresses or keys."
    )
    paper: ClassVar[str] = (
        "ISO/IEC 7812-1 (Luhn), ISO 13616 (IBAN), ITU-T E.164; Subramani et al. 2023, Detecting Personal Information in "
        "Training Corpora"
    )
    place: ClassVar[str] = "curate / sample filtering / heuristic metrics"
    cut: ClassVar[Cut | None] = Cut("allowed", "above")
    pointwise: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    kinds: tuple[str, ...] = parameter(KINDS[:-1], f"what to look for, joined by +: {', '.join(KINDS)}")
    examples: bool = parameter(True, "whether values made for examples may stay (example.com, 555 numbers, test cards)")
    allowed: float = parameter(0.0, "findings that a sample may have")

    def __post_init__(self) -> None:
        wrong = [name for name in self.kinds if name not in KINDS]
        require(self.name, not wrong, f"it cannot find {quote(', '.join(wrong))!r}; it knows {', '.join(KINDS)}")
        require(self.name, bool(self.kinds), f"kinds should name what to look for: {', '.join(KINDS)}")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        """One verdict per item, in order; ``value`` is the number of findings, ``rule`` the surest one's kind."""
        from workbench.curate.rules.personal import find, told
        from workbench.text import clean

        for done, item in enumerate(items, 1):
            found = [
                one
                for piece in pieces(item, context.task)
                for one in find(piece.text, self.kinds, examples=self.examples)
            ]
            if not found:
                yield Verdict(True, "nothing found", 0.0)
            else:
                surest = max(found, key=lambda one: one.sure)
                yield Verdict(len(found) <= self.allowed, clean(told(found)), float(len(found)), rule=surest.kind)
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))
