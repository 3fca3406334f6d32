"""Puts placeholders in the place of personal data and secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.curate.base import REPAIRS, Context, Item, Proposal, parameter, quote, require

#: ``curate.rules.personal.KINDS``: named here so that the list of repairs does not load the finders.
KINDS = ("email", "phone", "card", "iban", "ip", "key", "national_id")


@REPAIRS.register("redact")
@dataclass(frozen=True, slots=True)
class Redact:
    """What the filter ``personal_data`` finds becomes ``[EMAIL]``, ``[PHONE]``, ``[CARD]``, ``[IBAN]``, ``[IP]``, ``[KEY]`` or
    ``[NATIONAL_ID]``; a second, different one of a sample ``[EMAIL_2]``, the same one the same everywhere in the sample.

    The confidence is that of the least sure finding: 1 where check digits or an issuer's prefix prove it, 0.95 for
    addresses, 0.6 to 0.9 for telephone numbers, 0.7 for IP addresses and for keys told by the words before them. Works on
    text fields, turns, and the strings of JSON values; the keys of JSON objects, numbers and the label stay as they are.
    """

    name: ClassVar[str] = "redact"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Proposes texts with placeholders such as [EMAIL] instead of personal data and secrets."
    paper: ClassVar[str] = "ISO/IEC 7812-1 (Luhn), ISO 13616 (IBAN), ITU-T E.164"
    place: ClassVar[str] = "curate / label enhancement / auxiliary model"
    pointwise: ClassVar[bool] = True
    fields: ClassVar[bool] = True

    kinds: tuple[str, ...] = parameter(KINDS[:-1], f"what to replace, joined by +: {', '.join(KINDS)}")
    examples: bool = parameter(True, "whether values made for examples may stay (example.com, 555 numbers, test cards)")
    apply: float | None = parameter(0.5, "do it at once from this confidence on (0 to 1; none: a person decides)")

    def __post_init__(self) -> None:
        wrong = [name for name in self.kinds if name not in KINDS]
        require(self.name, not wrong, f"it cannot find {quote(', '.join(wrong))!r}; it knows {', '.join(KINDS)}")
        require(self.name, bool(self.kinds), f"kinds should name what to replace: {', '.join(KINDS)}")
        require(self.name, self.apply is None or 0.0 <= self.apply <= 1.0, "apply should be from 0 to 1, or none")

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """One proposal per item with something to replace, with all its fields; None for the others and settled ones."""
        from workbench.curate.rules.found import Found
        from workbench.curate.rules.personal import Placeholders, find, told
        from workbench.curate.rules.pieces import replaced
        from workbench.text import clean

        for done, item in enumerate(items, 1):
            everything: list[Found] = []
            given = Placeholders()

            def change(text: str, everything: list[Found] = everything, given: Placeholders = given) -> str:
                found = find(text, self.kinds, examples=self.examples)
                everything += found
                return given.put(text, found) if found else text

            fields = None if item.settled else replaced(item, context.task, change)
            if fields is None or not everything:
                yield None
            else:
                sure = min(one.sure for one in everything)
                yield Proposal(sure, f"replaces {clean(told(everything))}", fields=fields)
            if done % 1000 == 0 or done == len(items):
                context.step(done, len(items))
