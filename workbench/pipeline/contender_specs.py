"""How contenders are written, for everything that compares sets.

``recipe:NAME``, ``job:ID``, ``model:NAME``, ``round:N``, ``snapshot:NAME``, ``view:QUERY``, ``set`` (the data set), ``raw``
(the same before curation); each may be followed by steps of curation (``+near_duplicate+length:min_words=5``), by ``+recipe``
(what its recipe curates with), ``+project`` (the project's chain) or ``+none``, and preceded by a name and ``=``.
Without steps, samples are as they stand; with steps, the curation in force does not count and these do, in memory alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.curate.base import REGISTRIES, parse_step
from workbench.errors import UsageError
from workbench.store import views
from workbench.text import clean

#: What can stand before the colon, and what stands alone.
WITH_VALUE = ("view", "snapshot", "job", "recipe", "model", "round", "series")
ALONE = ("set", "raw")
#: Chains that go by a name.
CHAINS = ("recipe", "project", "none")
MOST = 20
_NAMED = re.compile(r"([^\s=:+\"][^=:+\"]{0,39})=(.*)", re.DOTALL)
_PLUS = re.compile(r"\+\s*([A-Za-z_][A-Za-z0-9_-]*)\s*(?=$|[:+])")
_FORMS = (
    "write set, raw, view:QUERY, snapshot:NAME, job:ID, recipe:NAME, series:ID, model:NAME or round:N, and behind it +STEP "
    "for each step of a chain, +recipe, +project or +none"
)


@dataclass(frozen=True, slots=True)
class Spec:
    """A contender as written: ``kind`` with its ``value``, the chain's parts as they stand, and the name it goes by."""

    written: str
    name: str
    kind: str
    value: str
    chain: tuple[str, ...] | None = None


def parse(text: str) -> Spec:
    """One contender. Raises ``UsageError`` with what can be written."""
    named = _NAMED.fullmatch(text.strip())
    name, written = (named[1].strip(), named[2].strip()) if named else ("", text.strip())
    base, chain = _split(written)
    kind, colon, value = base.partition(":")
    kind, value = kind.strip(), value.strip()
    if kind.partition("+")[0] in ALONE and "+" in kind:
        kind, _, value = kind.partition("+")
        value = f"+{value}"
    elif (kind in ALONE and colon) or (kind in WITH_VALUE and not value) or kind not in (*ALONE, *WITH_VALUE):
        raise UsageError(f"{clean(text, limit=80)!r} is no contender: {_FORMS}.")
    if kind != "view" and "+" in value:
        step = value.partition("+")[2].partition(":")[0].partition("+")[0]
        raise UsageError(
            f"{clean(text, limit=80)!r}: there is no step {clean(step, limit=40)!r}; `workbench filters` lists them, and "
            "+recipe, +project and +none name whole chains."
        )
    if kind in ("job", "round", "series") and not (value.isdecimal() and len(value) < 18):
        raise UsageError(f"{clean(text, limit=80)!r}: {kind}: takes a number.")
    if chain is not None:
        if len(chain) > 1 and "none" in chain:
            raise UsageError(f"{clean(text, limit=80)!r}: +none stands alone.")
        for step in chain:
            if step not in CHAINS:
                parse_step(step)
    if kind == "view":
        views.parse(value)
    return Spec(written, name or clean(written, limit=40), kind, value, chain)


def parse_all(texts: Sequence[str]) -> list[Spec]:
    """Two contenders or more. Raises ``UsageError`` for fewer, too many, or two of one name."""
    found = [parse(text) for text in texts]
    if not 2 <= len(found) <= MOST:
        raise UsageError(f"A comparison is between 2 and {MOST} contenders; there {_are(len(found))}.")
    names = [one.name for one in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"Two contenders are called {twice[0]!r}: put another name in front of one, as in NAME=set.")
    return found


def _are(n: int) -> str:
    return "is one" if n == 1 else f"are {n}"


def _split(written: str) -> tuple[str, tuple[str, ...] | None]:
    """What stands before the chain, and the chain's steps. A plus begins a step where a step's name follows it, outside of
    quotes: texts that a view searches for may have others."""
    known = {*CHAINS, *(name for registry in REGISTRIES.values() for name in registry)}
    cuts = [
        found.start()
        for found in _PLUS.finditer(written)
        if found[1] in known and written.count('"', 0, found.start()) % 2 == 0
    ]
    if not cuts:
        return written, None
    ends = [*cuts[1:], len(written)]
    return written[: cuts[0]].strip(), tuple(
        written[start + 1 : end].strip() for start, end in zip(cuts, ends, strict=True)
    )
