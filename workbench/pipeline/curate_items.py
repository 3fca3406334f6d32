"""What a curation reads: the generated samples as its techniques see them, and the material that they may use."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from workbench.curate.base import Context, Item, trait
from workbench.jobs.run import JobContext
from workbench.pipeline.features import features_of
from workbench.project import Project
from workbench.store import curation, ledger, repairs, samples, splits
from workbench.store.connection import Store

#: The scores of samples that have none.
NOTHING: Mapping[str, float] = {}
#: The generating model's mean log-probability: always read.
CONFIDENCE = "confidence"


def load_items(store: Store, techniques: Sequence[Any] = (), *, after: int = 0) -> list[Item]:
    """The generated samples to judge, without what earlier curations made of them; those above sample ``after`` only.

    A score, a model's name and votes are read only where a technique looks at them.
    """
    names = {CONFIDENCE, *(name for one in techniques if isinstance(name := getattr(one, "score", None), str))}
    scores = _scores(store, names)
    said = {one for one, (label, _) in curation.people_said(store).items() if label is not None}
    before = repairs.before(store)
    kept = _kept_beside(store, techniques)
    votes = curation.votes(store) if any(trait(one, "votes") for one in techniques) else {}
    items = []
    for sample_id, text, label, fields in splits.judged(store, after):
        item = Item(
            sample_id,
            text,
            _Fields(fields),
            label,
            scores.get(sample_id, NOTHING),
            settled=sample_id in said,
            votes=votes.get(sample_id, {}),
        )
        if sample_id in before:
            value, contents, whole = before[sample_id]
            item = replace(item, text=whole, fields=contents, label=value if isinstance(value, str) else None)
        if sample_id in kept:
            item = replace(item, fields={**item.fields, **kept[sample_id]})
        items.append(item)
    return _with_models(store, items) if any(trait(one, "models") for one in techniques) else items


def _kept_beside(store: Store, techniques: Sequence[Any]) -> dict[int, dict[str, Any]]:
    """What a technique calls a ``field`` and the task does not declare: a recipe kept it beside the sample (a rationale)."""
    declared = store.project.config.task.fields
    names = {name for one in techniques if isinstance(name := getattr(one, "field", None), str)} - {"", *declared}
    found: dict[int, dict[str, Any]] = {}
    for name in sorted(names):
        for sample_id, value in samples.condition(store, name):
            found.setdefault(sample_id, {})[name] = value
    return found


def _scores(store: Store, names: Collection[str]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for name in sorted(names):
        for sample_id, value in curation.scores(store, name).items():
            found.setdefault(sample_id, {})[name] = value
    return found


def _with_models(store: Store, items: list[Item]) -> list[Item]:
    result = []
    for start in range(0, len(items), 5_000):
        chunk = items[start : start + 5_000]
        made = ledger.made_by(store, [item.id for item in chunk])
        result += [replace(item, model=made[item.id][0]) if item.id in made else item for item in chunk]
    return result


class _Fields(Mapping[str, Any]):
    """A sample's fields, parsed only for a technique that looks at them: most look at the text alone."""

    __slots__ = ("_json",)

    def __init__(self, text: str) -> None:
        self._json = text

    def __getitem__(self, name: str) -> Any:
        return _parsed(self._json)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_parsed(self._json))

    def __len__(self) -> int:
        return len(_parsed(self._json))


@lru_cache(maxsize=8)
def _parsed(text: str) -> dict[str, Any]:
    """A technique asks for several fields of one sample in a row: they are parsed once."""
    found: dict[str, Any] = json.loads(text)
    return found


def material(context: JobContext, step: Callable[[int, int], None]) -> Context:
    """What all steps of a job's chain may use besides the samples. Who asks a model is added by ``asking``."""
    return material_of(context.project, context.store, step)


def material_of(project: Project, store: Store, step: Callable[[int, int], None]) -> Context:
    """``material`` where there is no job."""
    config = project.config
    return Context(
        seeds=[Item(id=i, text=text, label=label) for i, text, label in splits.training(store)],
        seed=config.evaluate.seed,
        step=step,
        validation=[Item(id=i, text=text, label=label) for i, text, label in splits.validation(store)],
        benchmarks=lambda: [Item(id=i, text=text, label=label) for i, text, label in splits.test_to_keep_away(store)],
        labels=config.task.label_names,
        task=config.task,
        folder=project.folder,
        features=features_of(project).rows,
    )
