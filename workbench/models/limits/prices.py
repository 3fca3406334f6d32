"""What tokens cost: as the project says, or as a small bundled table says for well-known models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Prices:
    """Dollars per million tokens; None is unknown, never taken for nothing."""

    input: float | None = None
    output: float | None = None

    def cost(self, input_tokens: int, output_tokens: int) -> float | None:
        """Dollars for so many tokens, or None when a price is unknown: input / 10^6 * price + output / 10^6 * price."""
        if self.input is None or self.output is None:
            return None
        return (input_tokens * self.input + output_tokens * self.output) / 1e6

    def times(self, factor: float) -> Prices:
        """The prices with a discount: ``factor`` of each."""
        return Prices(
            None if self.input is None else factor * self.input,
            None if self.output is None else factor * self.output,
        )


#: What the embedded model costs.
FREE = Prices(0.0, 0.0)


@dataclass(frozen=True)
class Listed:
    """A price of the bundled table: ``model`` as it is listed there, ``as_of`` the day for which the figure was valid
    (ISO date), ``batch_factor`` what a request in a batch costs of it (None: no such offer is known)."""

    provider: str
    model: str
    prices: Prices
    as_of: str
    source: str
    batch_factor: float | None = None


#: What may follow a listed name and still mean the same model: a date or a build number, "latest", "preview" before one.
_VERSION = re.compile(
    r"(-preview|-latest)?(-\d{4}-\d{2}-\d{2}|-\d{8}|-\d{6}|-\d{4}|-\d{2}-\d{2}(-\d{4})?|-\d{3}|@\d{8})?"
)


def known(model: str, host: str) -> Listed | None:
    """The listed price of ``model`` at ``host`` (host or host:port of the endpoint), or None.

    The host must be a listed one or below it: ``eu.api.openai.com`` is below ``api.openai.com``, ``localhost`` and
    ``api.openai.com.example.org`` are not, since another server's "gpt-4o" costs what that server says. The name must be a
    listed one, in any case, followed by nothing but a version: ``-latest``, ``-preview``, a date (``-2024-08-06``,
    ``-20250514``, ``-2508``, ``-0613``, ``-05-06``) or a build (``-001``); the longest such name counts. So
    ``gpt-4o-mini-2024-07-18`` is ``gpt-4o-mini``, and ``gpt-4o-audio`` is not ``gpt-4o``.
    """
    where, wanted = _bare(host), model.strip().lower()
    for provider in _table():
        if not any(where == one or where.endswith("." + one) for one in provider["hosts"]):
            continue
        names = (name for name in provider["models"] if wanted.startswith(name))
        for name in sorted(names, key=len, reverse=True):
            if _VERSION.fullmatch(wanted[len(name) :]):
                row: Mapping[str, Any] = provider["models"][name]
                return Listed(
                    provider["name"],
                    name,
                    Prices(float(row["input"]), float(row["output"])),
                    str(row.get("as_of", provider["as_of"])),
                    str(row.get("source", provider["source"])),
                    provider.get("batch_factor"),
                )
    return None


def _bare(host: str) -> str:
    """Without port and the dot of the root, in small letters."""
    return re.sub(r":\d+$", "", host.strip().lower()).rstrip(".")


@cache
def _table() -> list[dict[str, Any]]:
    import yaml

    text = files("workbench.models").joinpath("prices.yaml").read_text("utf-8")
    providers: list[dict[str, Any]] = yaml.safe_load(text)["providers"]
    return providers
