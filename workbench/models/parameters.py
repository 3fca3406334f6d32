"""Parameters that an endpoint refuses by name: written under their other name, or left out where that does no harm.

What was learned is kept in the model's abilities as ``ROUTE.PARAMETER``: the name to send instead, or ``no``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from workbench.models.refusals import Route, Said

LEFT_OUT = "no"
#: Newer models of one provider refuse the first, many servers do not know the second.
_OTHER_NAME = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
#: Preferences about sampling: an answer without them is still an answer to the question.
PREFERENCES = frozenset(
    {"temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty", "seed"}
)
LOGPROBS = frozenset({"logprobs", "top_logprobs"})
_REFUSED = re.compile(
    r"unsupported|not supported|(?:does|do) not support|doesn't support|unrecognized|unrecognised|unknown|unexpected|"
    r"extra (?:inputs?|fields?|parameters?)|extra_forbidden|not (?:permitted|allowed|available)|only the default|"
    r"is deprecated|cannot be used",
    re.IGNORECASE,
)
#: Words about a value that may be changed, not about a parameter that may not be there.
_VALUE = re.compile(
    r"\b(?:exceeds?|greater|less than|at most|at least|maximum|minimum|between|range|too (?:large|small|high|low|long))\b",
    re.IGNORECASE,
)
_CODES = ("unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden")
_STATUSES = frozenset({400, 403, 422, 501})


def refused(status: int, said: Said, sent: Collection[str]) -> str | None:
    """Which of the parameters that were ``sent`` an error refuses as such (not just its value), or None."""
    if status not in _STATUSES:
        return None
    named = said.parameter.rpartition(".")[2]
    coded = any(code in said.code for code in _CODES)
    if not coded and (not _REFUSED.search(said.words) or _VALUE.search(said.words)):
        return None
    # "You are not allowed to request logprobs from this model" is a 403, as is a wrong key.
    usable = set(sent) & LOGPROBS if status == 403 else set(sent)
    if named in usable:
        return named
    found = [name for name in usable if re.search(rf"(?<![A-Za-z_]){re.escape(name)}(?![A-Za-z_])", said.words)]
    return max(found, key=lambda name: (len(name), name), default=None)


def applied(parameters: Mapping[str, Any], route: Route, learned: Mapping[str, str]) -> dict[str, Any]:
    """The parameters as this endpoint takes them."""
    told: dict[str, Any] = {}
    for name, value in parameters.items():
        sent = learned.get(f"{route}.{name}", name)
        if sent != LEFT_OUT:
            told[sent] = value
    return told


def lesson(
    name: str, parameters: Mapping[str, Any], route: Route, learned: Mapping[str, str], refused_before: Collection[str]
) -> dict[str, str] | None:
    """What to do about the refused parameter ``name`` (as it was sent), as new abilities; None: it cannot do without."""
    if name in LOGPROBS:
        return {f"{route}.{one}": LEFT_OUT for one in sorted(LOGPROBS)}
    if name in PREFERENCES:
        return {f"{route}.{name}": LEFT_OUT}
    other = _OTHER_NAME.get(name)
    if other is None or other in refused_before or route != "chat":
        return None
    given = next((one for one in parameters if learned.get(f"{route}.{one}", one) == name), None)
    return None if given is None or (other != given and other in parameters) else {f"{route}.{given}": other}


def legacy(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Chat parameters as raw completions take them: ``logprobs`` is a number there, and the length has its older name."""
    told = dict(parameters)
    wanted, most = told.pop("logprobs", None), told.pop("top_logprobs", None)
    if wanted is not None and wanted is not False:
        told["logprobs"] = (most or 1) if isinstance(wanted, bool) else wanted
    if "max_completion_tokens" in told:
        told.setdefault("max_tokens", told["max_completion_tokens"])
        del told["max_completion_tokens"]
    return told


def sentence(changes: Mapping[str, str], where: str) -> str:
    """What was learned, for the log."""
    told = []
    for name, value in sorted(changes.items()):
        parameter = name.partition(".")[2]
        told.append(f"{parameter} is left out" if value == LEFT_OUT else f"{parameter} is sent as {value}")
    return f"{where} refuses parameters: {', '.join(told)} from now on."
