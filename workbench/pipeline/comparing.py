"""A comparison: every contender measured on the same real rows, their differences tested, and what comes out in words."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.evaluate import contenders as tested
from workbench.evaluate import rarefied
from workbench.evaluate.base import SIZE_DEPENDENT, Material, Metric, Sample, evaluate
from workbench.evaluate.drawing import drawn
from workbench.evaluate.summary import summary
from workbench.jobs.run import Ended, JobContext
from workbench.pipeline import standing
from workbench.pipeline.contender_specs import Spec, parse
from workbench.pipeline.contenders import Contender, Resolver, overlaps
from workbench.pipeline.curate_items import material_of
from workbench.pipeline.evaluate_job import COMPARISON, Shared, resolved, save, taken
from workbench.project import Project
from workbench.store import splits
from workbench.store.connection import Store


def compare(context: JobContext, specs: Sequence[Spec]) -> Ended:
    """Measure the contenders and keep the comparison."""
    started = time.monotonic()
    found = resolved(context, specs)
    kept: dict[str, list[int]] = {}
    with Shared(context) as shared:
        measured, full, size = _measured(context, shared, found)
        usage = shared.usage()
    result = _result(context, found, measured, full, size, kept)
    standing.refresh(context.store)  # what people judged on the screen, which loads nothing to work it out with
    result |= {"usage": usage, "seconds": round(time.monotonic() - started, 3)}
    context.report(1, 1, "")
    samples = sum(len(one.samples) for one in found)
    return Ended(save(context, COMPARISON, samples, result, kept))


Metrics = dict[str, Metric]


def _measured(
    context: JobContext, shared: Shared, found: Sequence[Contender]
) -> tuple[list[Metrics], list[Metrics], int | None]:
    """Each contender's metrics as they are compared, those at full size that were replaced, and the size at which metrics
    that grow with the number of texts were compared (None: all are equally large)."""
    materials = [shared.material(one) for one in found]
    looked_at = [drawn(material) for material in materials]  # of very many texts: one draw is what all is compared with
    smallest = min(len(one.samples) for one in looked_at)
    unequal = len({len(one.samples) for one in (*materials, *looked_at)}) > 1
    size = smallest if unequal and smallest > 0 else None
    rarefied.common_scale(looked_at)
    names = context.job.parameters.get("metrics")
    shared.of = len(found)
    measured: list[Metrics] = []
    full: list[Metrics] = []
    for place, one in enumerate(found):
        material = materials[place]  # by its place: an iterator would hold the last one
        shared.done, shared.name = place, one.name
        metrics = shared.honest(evaluate(material, names), material)
        replaced: Metrics = {}
        if size is not None:
            sized = [name for name in SIZE_DEPENDENT if name in metrics and metrics[name].value is not None]
            at_size = rarefied.at_size(looked_at[place], sized, size) if sized else {}
            replaced = {name: metrics[name] for name in at_size}
            metrics |= {name: _sized(metrics[name], smaller, size) for name, smaller in at_size.items()}
        measured.append(metrics)
        full.append(replaced)
        materials[place] = looked_at[place] = Material(samples=())  # what was counted of it is not needed any more
        del material
        gc.collect()  # a set and what was drawn of it refer to each other: hundreds of megabytes that would wait
    return measured, full, size


def _sized(full: Metric, smaller: Metric, size: int) -> Metric:
    """The metric at one size, beside what it is at the contender's own."""
    own = {"value": full.value, "low": full.low, "high": full.high}
    whose = "of each contender" if "looked_at" in full.details else "as many as the smallest contender has"
    note = f"Of {size:,} samples, {whose}."
    return replace(
        smaller,
        note=f"{note} {smaller.note}".strip(),
        unit=full.unit,
        direction=full.direction,
        details={**full.details, "at_size": size, "full": own},
    )


def _result(
    context: JobContext,
    found: Sequence[Contender],
    measured: Sequence[Metrics],
    full: Sequence[Metrics],
    size: int | None,
    kept: dict[str, list[int]],
) -> dict[str, Any]:
    pairs = tested.side_by_side(measured, seed=context.project.config.evaluate.seed)
    only_size = {
        name: grown
        for name, ones in pairs.items()
        if (grown := tested.only_size([metrics.get(name) for metrics in full], ones))
    }
    result: dict[str, Any] = {
        "kind": COMPARISON,
        "contenders": [
            {
                "name": one.name,
                "spec": one.spec,
                "samples": len(one.samples),
                "kept": len(one.samples),
                "generated": one.generated,
                "cost": one.cost,
                "cost_per_kept": one.cost_per_kept,
                "notes": one.notes,
                "metrics": taken(metrics, len(one.samples), kept, f"/{place}")["metrics"],
            }
            for place, (one, metrics) in enumerate(zip(found, measured, strict=True), 1)
        ],
        "differences": {name: [one.as_json() for one in ones] for name, ones in pairs.items()},
        "best": {name: tested.best(ones, len(found)) for name, ones in pairs.items()},
        "only_size": {name: [list(pair) for pair in grown] for name, grown in only_size.items()},
        "overlaps": [list(one) for one in overlaps(found)],
        "same_size": size,
    }
    result["summary"] = summary(result)
    return result


def judging(project: Project, store: Store, parameters: Mapping[str, Any]) -> tuple[str, int, float | None]:
    """(model, requests, dollars or None where a price is not known) that judging the job's sets takes at most: what is
    asked about already costs nothing. Steps of chains that ask a model come on top."""
    from workbench.evaluate.faithfulness.judge import letters_of, requests_of
    from workbench.pipeline.judging_model import evaluating_model, forecast

    written = parameters.get("contenders") or [
        f"{kind}:{parameters[kind]}" for kind in ("view", "snapshot") if parameters.get(kind)
    ]
    specs = [replace(parse(one), chain=None) for one in written or ["set"]]
    resolver = Resolver(project, store, lambda: material_of(project, store, lambda *_: None))
    seeds = [Sample(*row, row[2]) for row in splits.seeds(store)]
    model = evaluating_model(project, parameters.get("model"))
    requests, letters = 0, 0.0
    for spec in specs:
        found = resolver.resolve(spec)
        one = Material(
            samples=found.samples,
            seeds=seeds,
            reviewed=found.reviewed,
            labels=project.config.task.label_names,
            one_label=project.config.task.label_shape == "one",
            settings=project.config.evaluate,
            task=project.config.task,
            fields_of=lambda ids: splits.trainable_fields(store, ids),
            seed=project.config.evaluate.seed,
        )
        asked = requests_of(one)
        letters += asked * letters_of(one)
        requests += asked
    return model, requests, forecast(project, model, requests, letters / max(1, requests))
