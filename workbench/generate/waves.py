"""Waves: what each may build on, and the decision, in request order, about what it gave."""

from __future__ import annotations

from typing import Any

from workbench.generate.parts import Example, Pool, Setting
from workbench.generate.plan import Plan
from workbench.store import curation, ledger
from workbench.store.connection import Store
from workbench.store.curation import Drop


def frozen_now(store: Store) -> dict[str, Any]:
    """What people have said until now that the next wave depends on: the synthetic samples they rejected."""
    return {"rejected": ledger.rejected(store)}


def pool_of(store: Store, series_id: int, wave: ledger.Wave) -> Pool:
    """Samples kept in earlier waves, less those that were rejected when this wave opened, in request order."""
    rejected = set(wave.frozen.get("rejected", []))
    pool = Pool()
    for sample_id, _, text, label, kept in ledger.series_samples(store, series_id, 0, wave.start):
        if kept and sample_id not in rejected:
            pool.generated.setdefault(label or "", []).append(Example(sample_id, text, label))
    return pool


def decide(store: Store, series_id: int, wave: ledger.Wave, plan: Plan, setting: Setting, job_id: int) -> None:
    """Apply the recipe's acceptance rules to the wave's samples in request order; what it drops gets a verdict."""
    drops: list[Drop] = []
    rules = plan.rules()
    if rules:
        for seed in setting.seeds:
            _seen(rules, seed)
        for sample_id, _, text, label, kept in ledger.series_samples(store, series_id, 0, wave.start):
            if kept:
                _seen(rules, Example(sample_id, text, label))
        for sample_id, _, text, label, _ in ledger.series_samples(store, series_id, wave.start, wave.size):
            drop = _judge(plan, rules, Example(sample_id, text, label))
            if drop is not None:
                drops.append(drop)
    with store.write() as connection:
        curation.put_drops(connection, job_id, drops)
        ledger.decide_wave(connection, series_id, wave.number)


def _seen(rules: list[tuple[str, Any]], example: Example) -> None:
    for _, rule in rules:
        rule.seen(example)


def _judge(plan: Plan, rules: list[tuple[str, Any]], example: Example) -> Drop | None:
    for name, rule in rules:
        refusal = rule.judge(example)
        if refusal is not None:
            return Drop(
                example.id,
                f"recipe.{name}",
                plan.recipe.version,
                plan.setting.parameters,
                refusal.reason,
                refusal.value,
                refusal.other,
            )
    _seen(rules, example)
    return None
