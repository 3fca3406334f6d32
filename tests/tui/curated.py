"""Projects with what curation says of samples: written with the store's own functions, no job is run.

The techniques are stand-ins, registered for a test, so that what is shown does not change with the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.tui import seeded
from workbench.curate.base import FILTERS, REPAIRS, WEIGHTINGS, Context, Cut, Item, Proposal, Verdict, Weight, parameter
from workbench.store import curation, repairs, samples, views, weights
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.repairs import NewRepair
from workbench.store.samples import NewSample
from workbench.tui.app import WorkbenchApp


@dataclass(frozen=True, slots=True)
class Twins:
    """Drops at and above its threshold."""

    name: ClassVar[str] = "twins"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample that nearly repeats a kept one."
    paper: ClassVar[str] = ""
    cut: ClassVar[Cut | None] = Cut("threshold", "above")

    threshold: float = parameter(0.8, "similarity from which two texts count as the same (0 to 1)")
    keep: str = parameter("first", "which sample of a group stays")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        yield from (Verdict(True, "") for _ in items)


@dataclass(frozen=True, slots=True)
class Words:
    """Drops below its threshold, a whole number; judges each sample by itself."""

    name: ClassVar[str] = "words"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Drops a sample with too few words."
    paper: ClassVar[str] = ""
    cut: ClassVar[Cut | None] = Cut("least", "below")
    pointwise: ClassVar[bool] = True

    least: int | None = parameter(3, "fewest words of a text")

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        yield from (Verdict(True, "") for _ in items)


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks a model."""

    name: ClassVar[str] = "asker"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Asks a model how good a sample is."
    paper: ClassVar[str] = ""
    asks: ClassVar[bool] = True

    def judge(self, items: Sequence[Item], context: Context) -> Iterator[Verdict]:
        yield from (Verdict(True, "") for _ in items)


@dataclass(frozen=True, slots=True)
class Relabel:
    """Proposes other labels."""

    name: ClassVar[str] = "relabel"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Proposes another label where a classifier is sure of it."
    paper: ClassVar[str] = ""

    apply: float | None = parameter(0.9, "confidence from which a proposal is done at once")

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        yield from (None for _ in items)


@dataclass(frozen=True, slots=True)
class Balance:
    """Weighs samples."""

    name: ClassVar[str] = "balance"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Weighs each label alike."
    paper: ClassVar[str] = ""

    def weigh(self, items: Sequence[Item], context: Context) -> Iterator[Weight]:
        yield from (Weight(1.0, "") for _ in items)


CHAIN = ["words", "twins", "relabel", "balance"]
VALIDATION = {
    "before": {"value": 0.80, "low": 0.74, "high": 0.86}, "after": {"value": 0.85, "low": 0.79, "high": 0.90},
    "difference": {"value": 0.05, "low": 0.01, "high": 0.09}, "rows": 200,
}  # fmt: skip


def techniques(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the stand-ins for one test."""
    for registry, kinds in ((FILTERS, (Twins, Words, Asker)), (REPAIRS, (Relabel,)), (WEIGHTINGS, (Balance,))):
        registry.names()
        for kind in kinds:
            monkeypatch.setitem(registry._items, kind.name, kind)


def app(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: Callable[[Store], object], *,
    chain: Sequence[str] = CHAIN, theme: str = "workbench-dark",
) -> WorkbenchApp[None]:  # fmt: skip
    """Curate on a project whose chain is ``chain``."""
    techniques(monkeypatch)

    def fill(store: Store) -> None:
        settings = store.project.settings
        text = settings.read_text(encoding="utf-8")
        before, _, rest = text.partition("curate:\n")
        after = rest[rest.index("\nreview:") :]
        listed = "".join(f"    - {spec}\n" for spec in chain)
        settings.write_text(f"{before}curate:\n  chain:\n{listed}{after}", encoding="utf-8")
        store.project.__dict__.pop("config", None)  # read it anew
        content(store)

    return seeded.app(folder, monkeypatch, "curate", fill, theme=theme)


def result(count: int, chain: Sequence[str] = CHAIN, *, preview: bool = False, **more: Any) -> dict[str, Any]:
    """A curate job's result."""
    return {
        "checked": count, "kept": count - 8, "dropped": {"words": 3, "twins": 5}, "specs": list(chain),
        "alone": {"words": 3, "twins": 6} if preview else {}, "overlap": {"words|twins": 1} if preview else {},
        "rules": {"words": {"too few words": 2, "too few letters": 1}},
        "repairs": {"relabel": {"proposed": 6, "applied": 2, "open": 4}},
        "weights": {"balance": {"low": 0.4, "mean": 1.0, "high": 2.1, "zero": 0}},
        "validation": None if preview else VALIDATION, "asks": {}, "examples": {}, "preview": preview, "seconds": 0.5,
    } | more  # fmt: skip


TEXTS = (
    "I am still waiting on my card, when will it come?", "Where can I change my PIN, at any machine?",
    "How do you work out the exchange rate today?", "I think somebody else has my card now, please help me.",
)  # fmt: skip


def scored(store: Store, count: int = 60) -> list[int]:
    """Samples with the numbers of both filters and of training dynamics: sample ``n`` of ``count`` has 0.3 to 0.99 in
    ``twins`` and 1 to 12 words."""
    samples.add(store, [NewSample({"text": f"{TEXTS[n % 4]} ({n})"}, seeded.LABELS[n % 4]) for n in range(count)])
    ids = [row[0] for row in store.read("SELECT id FROM sample ORDER BY id")]
    job_id = seeded.job(store, "curate", {"chain": CHAIN, "preview": True}, result=result(count, preview=True))

    def save(name: str, value: Callable[[int], float]) -> None:
        curation.save_scores(store, name, [(one, value(n)) for n, one in enumerate(ids)], version=1, job_id=job_id)

    save("filter.twins", lambda n: round(0.3 + (n * 37 % count) * 0.69 / (count - 1), 4))
    save("filter.words", lambda n: float(1 + n * 7 % 12))
    save("dynamics.confidence", lambda n: round(0.05 + 0.9 * (n * 37 % count) / count, 4))
    save("dynamics.variability", lambda n: round(0.02 + 0.4 * (1 - abs(2 * (n * 37 % count) / count - 1)), 4))
    save("weight.balance", lambda n: 0.4 + 1.7 * (n % 4) / 3)
    return ids


def ran(store: Store, count: int = 60) -> list[int]:
    """The chain was run: two groups of twins, open and applied repairs, weights in force."""
    ids = scored(store, count)
    job_id = seeded.job(store, "curate", {"chain": CHAIN, "preview": False}, result=result(count))
    with store.write() as connection:
        curation.put_drops(
            connection, job_id,
            [Drop(one, "words", 1, {}, "2 words, under 3", 2.0) for one in ids[50:53]]
            + [Drop(one, "twins", 1, {}, f".9{place} like sample {ids[0]}", 0.9 + place / 100, ids[0])
               for place, one in enumerate(ids[4:16:4])]
            + [Drop(one, "twins", 1, {}, f".88 like sample {ids[1]}", 0.88, ids[1]) for one in ids[5:10:4]],
        )  # fmt: skip
        repairs.put(
            connection, job_id, "relabel", 1, 2,
            [NewRepair(one, 0.5 + place / 12, place > 3, "finds another label likelier", seeded.LABELS[3],
                       seeded.LABELS[0], None, None, ids[0] if place == 3 else None)
             for place, one in enumerate(ids[23:44:4])],
        )  # fmt: skip
        weights.put(
            connection, job_id, "balance", [(one, 0.4 + 1.7 * (n % 4) / 3, "of 15") for n, one in enumerate(ids)]
        )
    return ids


def count_of(store: Store, text: str) -> int:
    """How many samples a view holds."""
    return views.count(store, views.parse(text))
