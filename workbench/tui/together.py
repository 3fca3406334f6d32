"""What Review shows of people: lines of agreement, read from a process of its own because numpy is not loaded here."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.store import curation
from workbench.store.connection import Store
from workbench.store.disputes import Said
from workbench.store.people import Progress
from workbench.text import clean
from workbench.tui.widgets.lines import Run, number, safe
from workbench.tui.widgets.prompts import Option
from workbench.tui.writing import in_words

#: Opinions from which on it is worth saying how often somebody is right.
RATED = 10


async def agreement(folder: Path) -> dict[str, Any]:
    """What ``workbench agree --json`` says. Raises ``WorkbenchError`` with its sentence when it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workbench.cli", "agree", str(folder), "--json",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        raise
    if process.returncode:
        lines = err.decode("utf-8", "replace").strip().splitlines()
        raise WorkbenchError(clean(lines[-1]) if lines else "Agreement could not be computed.")
    value = json.loads(out)
    assert isinstance(value, dict)
    return value


def _span(found: dict[str, Any]) -> str:
    if found["value"] is None:
        return str(found["reason"])
    low, high = found["low"], found["high"]
    return f"{found['value']:.2f}" + ("" if low is None else f" ({low:.2f} to {high:.2f})")


def options(progress: Sequence[Progress], found: dict[str, Any] | None) -> list[Option]:
    """People with their work, agreement of all, then each pair; the value says what enter does."""
    rated = {one["name"]: one for one in (found or {}).get("annotators", [])}
    rows = [Option(f"by:{one.name}", safe(one.name, limit=30), _worked(one), _accuracy(rated.get(one.name)))
            for one in progress]  # fmt: skip
    if found is None:
        return [*rows, Option("", "Agreement needs two people who have spoken.")]
    people = found["people"]
    rows += [
        Option(f"model:{one['name']}", safe(one["name"], limit=40), _samples(one["opinions"]), _accuracy(one))
        for one in found["annotators"]
        if one["model"]
    ]
    percent = "-" if people["percent"] is None else f"{people['percent']:.0%}"
    about = f"{_samples(people['items'])} with two opinions or more, equal {percent}"
    alpha = people["krippendorff"]
    if alpha["value"] is not None:
        rows.append(Option("", "Krippendorff's alpha", about, _span(alpha)))
    else:
        rows.append(Option("", _span(alpha), about if people["items"] else ""))
    if people["fleiss"]["value"] is not None and people["fleiss_raters"] > 2:
        detail = f"{_samples(people['fleiss_items'])} with {people['fleiss_raters']} opinions"
        rows.append(Option("", "Fleiss' kappa", detail, _span(people["fleiss"])))
    names = [one["name"] for one in found["annotators"]]
    for pair in (found["everybody"] or people)["cohen"]:
        a, b = names[pair["a"]], names[pair["b"]]
        kappa = pair["kappa"]
        said = "kappa -" if kappa["value"] is None else f"kappa {kappa['value']:.2f}"
        detail = f"{_samples(pair['items'])}, equal {pair['percent']:.0%}"
        rows.append(Option(f"pair:{pair['a']},{pair['b']}", f"{safe(a, limit=24)} / {safe(b, limit=24)}", detail, said))
    return rows


def _worked(one: Progress) -> str:
    parts = [_samples(one.samples), f"{number(one.today)} today"]
    if one.seconds_median is not None:
        parts.append(f"{one.seconds_median:.1f} s each")
    if one.per_hour is not None:
        parts.append(f"{number(round(one.per_hour))} an hour")
    return ", ".join(parts)


def _accuracy(one: dict[str, Any] | None) -> str:
    if one is None or one["accuracy"] is None or one["opinions"] < RATED:
        return ""
    return f"right {one['accuracy']:.2f}"


def _samples(n: int) -> str:
    return f"{number(n)} sample{'' if n == 1 else 's'}"


def cells(found: dict[str, Any], a: int, b: int) -> list[Option]:
    """What two annotators said of the same samples, differences first; the value is the two labels as a JSON list."""
    names = [one["name"] for one in found["annotators"]]
    return [
        Option(
            json.dumps([left, right]),
            f"{_label(left)} / {_label(right)}",
            "the same" if left == right else "",
            number(n),
        )
        for one, two, left, right, n in found["confusions"]
        if (one, two) == (names[a], names[b])
    ]


def _label(text: str) -> str:
    return safe(in_words(json.loads(text)), limit=30)


def choices(said: Sequence[Said]) -> list[str]:
    """The different labels that people gave (JSON texts), those of most people first."""
    given = [one.label for one in said if one.label is not None and one.status != "rejected"]
    return sorted(dict.fromkeys(given), key=lambda label: -given.count(label))


def as_suggestions(said: Sequence[Said]) -> list[tuple[Any, float, str]]:
    """What people said as suggestions: with more labels than digits, the digits are theirs."""
    given = [one.label for one in said]
    return [(json.loads(label), given.count(label) / len(given), "people") for label in choices(said)]


def opinion_rows(said: Sequence[Said], order: Sequence[Any] | None = None) -> list[list[Run]]:
    """Who said what, when, with their notes; each different label with its digit.

    ``order``: the labels whose places are the digits already; None: the digits count what people said.
    """
    listed = choices(said) if order is None else [json.dumps(label, ensure_ascii=False) for label in order]
    numbered = {json.dumps(json.loads(label)): at for at, label in enumerate(listed[:9], 1)}
    rows: list[list[Run]] = []
    for one in said:
        digit = "" if one.label is None else str(numbered.get(json.dumps(json.loads(one.label)), ""))
        label = "" if one.label is None else _label(one.label)
        status = one.status or ""
        words = f"{safe(one.annotator, limit=20)}: {label or status}" + (f", {status}" if label and status else "")
        rest = f"  {one.at[:16].replace('T', ' ')}" + (f"  {safe(one.note, limit=200)}" if one.note else "")
        rest += "  (ruling)" if one.ruling else ""
        rows.append([(f" {digit or ' '} ", "under--key"), (words, "under--value"), (rest, "under--muted")])
    return rows


def target(text: str) -> tuple[float | None, int | None, bool]:
    """(half width, size, by label) from a line such as ``0.03``, ``200`` or ``0.05 by label``; raises ``UsageError``."""
    words = text.lower().replace("±", "").replace("+-", "").split()
    by_label = words[1:] in (["by", "label"], ["by-label"])
    if len(words) > 1 and not by_label:
        raise UsageError(
            "Write a half width such as 0.03 or a number such as 200; then 'by label', if each is to reach it."
        )
    try:
        value = float(words[0].replace(",", "")) if words else 0.03
    except ValueError:
        value = -1.0
    if value >= 1 and value == int(value):
        return None, int(value), by_label
    if not 0 < value < 0.5:
        raise UsageError("Write a half width between 0 and 0.5, such as 0.03, or how many to look at, such as 200.")
    return value, None, by_label


def disputed(store: Store) -> list[tuple[int, float]]:
    """How far people disagree about each sample of ``disagreed:yes``, for the order of the list. For the reading thread."""
    from workbench.curate.labels.adjudication import cases

    return [(one.sample_id, one.disagreement) for one in cases(store, disagreed=True)]


def rank(store: Store, found: Sequence[tuple[int, float]]) -> None:
    """Write down the order of disagreements."""
    curation.save_scores(store, "disagreement", found, version=1, job_id=0)
