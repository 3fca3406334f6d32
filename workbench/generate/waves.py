"""Waves: what each may build on, and the decision, in request order, about what it gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from workbench.generate.parts import Example, Pool, Setting
from workbench.generate.plan import Plan
from workbench.store import curation, ledger
from workbench.store.connection import CHUNK, Store
from workbench.store.curation import Drop


class Memory:
    """What the waves of a run build on, kept from one to the next; read from the store only when a run begins.

    ``plan`` and ``pool`` are those of the wave that ``open`` was called for. A wave depends on people in two ways: by
    the seeds, and by the generated samples that they rejected. Its row keeps how both differ from the wave before, so
    that a resumed run asks and judges as if it had never stopped, whatever people did meanwhile.
    """

    def __init__(self, store: Store, series_id: int, setting: Setting, make: Callable[[Setting], Plan]) -> None:
        self._store, self._series, self._setting, self._make = store, series_id, setting, make
        self.plan = make(setting)
        self.pool = Pool()
        self._rules: list[tuple[str, Any]] = []
        self._built = False
        self._seeds: dict[int, Example] = {}
        self._rejected: set[int] = set()
        for change in ledger.frozen(store, series_id):
            self._seeds.update((row[0], Example(*row)) for row in change.get("seeds", []))
            for gone in change.get("unseeded", []):
                del self._seeds[gone]
            self._rejected |= set(change.get("rejected", []))
            self._rejected -= set(change.get("restored", []))

    def freeze(self) -> dict[str, Any]:
        """What people changed since the wave before, for the row of the wave that opens now."""
        seeds = {seed.id: seed for seed in self._setting.seeds}
        rejected = set(ledger.rejected(self._store))
        changes: dict[str, list[Any]] = {
            "seeds": [[one.id, one.text, one.label] for one in seeds.values() if self._seeds.get(one.id) != one],
            "unseeded": sorted(self._seeds.keys() - seeds.keys()),
            "rejected": sorted(rejected - self._rejected),
            "restored": sorted(self._rejected - rejected),
        }
        if changes["seeds"] or changes["unseeded"] or changes["restored"]:
            self._built = False
        elif changes["rejected"]:
            self.pool.generated = {
                label: [one for one in made if one.id not in rejected] for label, made in self.pool.generated.items()
            }
        self._seeds, self._rejected = seeds, rejected
        return {name: change for name, change in changes.items() if change}

    def open(self, wave: ledger.Wave) -> None:
        """Be as a wave needs it: its seeds, what earlier waves kept, and the acceptance rules that have seen both."""
        if self._built:
            self.pool = Pool(self.pool.generated)  # what was worked out for the wave before does not hold for this one
            return
        seeds = [self._seeds[one] for one in sorted(self._seeds)]
        self.plan = self._make(replace(self._setting, seeds=seeds, _by_label=None))
        self.pool, self._rules = Pool(), self.plan.rules()
        for seed in seeds:
            self._seen(seed)
        for sample_id, _, text, label, kept, model in ledger.series_samples(self._store, self._series, 0, wave.start):
            if kept:
                self._keep(Example(sample_id, text, label, model))
        self._built = True

    def decide(self, wave: ledger.Wave, job_id: int) -> None:
        """Apply the recipe's acceptance rules to the wave's samples in request order; what it drops gets a verdict."""
        drops: list[Drop] = []
        self._built = False  # until all of it is written down
        made = ledger.series_samples(self._store, self._series, wave.start, wave.size)
        for sample_id, _, text, label, _, model in made:
            example = Example(sample_id, text, label, model)
            drop = self._judge(example)
            if drop is None:
                self._keep(example)
            else:
                drops.append(drop)
        decided(self._store, self._series, wave, job_id, drops)
        self._built = True

    def _keep(self, example: Example) -> None:
        self._seen(example)
        if self.plan.feedback and example.id not in self._rejected:
            self.pool.generated.setdefault(example.label or "", []).append(example)

    def _seen(self, example: Example) -> None:
        for _, rule in self._rules:
            rule.seen(example)

    def _judge(self, example: Example) -> Drop | None:
        recipe = self.plan.recipe
        for name, rule in self._rules:
            refusal = rule.judge(example)
            if refusal is not None:
                return Drop(
                    example.id,
                    f"recipe.{name}",
                    recipe.version,
                    self.plan.setting.parameters,
                    refusal.reason,
                    refusal.value,
                    refusal.other,
                )
        return None


def decided(store: Store, series_id: int, wave: ledger.Wave, job_id: int, drops: list[Drop]) -> None:
    """Write a wave's verdicts down, in short transactions; with the last of them it is decided."""
    chunks = [drops[start : start + CHUNK] for start in range(0, len(drops), CHUNK)] or [[]]
    for chunk in chunks[:-1]:
        with store.write() as connection:
            curation.put_drops(connection, job_id, chunk)
    with store.write() as connection:
        curation.put_drops(connection, job_id, chunks[-1])
        ledger.decide_wave(connection, series_id, wave.number)


def gave_up(kept: int, wanted: int, asked: int, reasons: Mapping[str, int]) -> str:
    """Why a run ends before it has what was wanted, though nothing failed."""
    most = ", ".join(f"{n} {reason}" for reason, n in sorted(reasons.items(), key=lambda one: -one[1])[:3])
    return (
        f"Stopped at {kept:,} of {wanted:,} samples after {asked:,} requests: hardly any of the last ones was kept"
        + (f" ({most})" if most else " (see their verdicts)")
        + "; change the recipe's parameters or the model, then run it again."
    )
