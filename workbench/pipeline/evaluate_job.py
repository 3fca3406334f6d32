"""The evaluate job: the data set, a view or a snapshot measured; before and after curation; contenders side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.evaluate.base import SIZE_DEPENDENT, Audited, Material, Metric, Sample, evaluate
from workbench.evaluate.compare import benchmark_pair
from workbench.evaluate.downstream import EvaluationError
from workbench.evaluate.drawing import drawn
from workbench.evaluate.outside import TrainOutside
from workbench.evaluate.report import as_json
from workbench.jobs.run import Ended, JobContext
from workbench.pipeline import curate_standing, standing, trainer
from workbench.pipeline.contender_specs import Spec, parse_all
from workbench.pipeline.contenders import Contender, Resolver, sample_of
from workbench.pipeline.curate_items import material
from workbench.pipeline.evaluate_known import audited, labels_of
from workbench.store import behind, contending, curation, in_force, repairs, snapshots, splits, weights
from workbench.store.connection import Store

if TYPE_CHECKING:
    from workbench.pipeline.asking import Asking

#: What an evaluation of the data set itself is filed under, and one of several contenders.
DATA_SET, COMPARISON = "data set", "comparison"
#: What a progress bar counts for each contender.
_PARTS = 1_000


def run(context: JobContext) -> Ended:
    """Measure what the parameters name, keep the result as an evaluation, and the samples behind its numbers.

    ``contenders``: several sets side by side. ``view``, ``snapshot``: one other set than the data set. ``compare``: also
    the samples before curation, and the paired difference. ``judge``, ``trainer``, ``thorough``: what is done only when
    somebody asked for it (``chains``: only the contenders' own curation may ask a model).
    """
    started, store, parameters = time.monotonic(), context.store, context.job.parameters
    curate_standing.settle_if_free(context.project, store)
    trainer.remove_left_over(context.project)
    if parameters.get("contenders"):
        from workbench.pipeline.comparing import compare  # the comparison builds on this module

        return compare(context, parse_all(parameters["contenders"]))
    one = _one(parameters)
    compared = bool(one is None and parameters.get("compare") and in_force.jobs_in_force(store))
    contender: Contender | None = None
    if one is not None:
        contender = resolved(context, [one])[0]
    with Shared(context) as shared:
        before: Material | None = None
        if contender is not None:
            after = shared.material(contender)
        else:
            after, before = materials(context, compare=compared, shared=shared)
        metrics = shared.honest(evaluate(after, parameters.get("metrics")), after)
        kept: dict[str, list[int]] = {}
        result = taken(metrics, len(after.samples), kept)
        result["before"] = result["difference"] = None
        if before is not None:
            result["before"] = taken(evaluate(before, parameters.get("metrics")), len(before.samples), {})
            if len(before.samples) != len(after.samples):
                for name in {*SIZE_DEPENDENT} & result["before"]["metrics"].keys():
                    result["before"]["metrics"][name]["details"]["other_size"] = True  # size alone changes it
            result["difference"] = _difference(before, after)
        result |= {"spec": one.written if one else "set", "usage": shared.usage()}
    result["only"] = parameters.get("metrics") or None  # a part of an evaluation: reports prefer a whole one
    result["rounds"] = len(contending.rounds(store))
    result["notes"] = contender.notes if contender is not None else []
    standing.refresh(store)  # what people judged on the screen, which loads nothing to work it out with
    result["seconds"] = round(time.monotonic() - started, 3)
    context.report(1, 1, "")
    view = f"{one.kind} {one.value}" if one else DATA_SET
    return Ended(save(context, view, len(after.samples), result, kept))


def _one(parameters: Mapping[str, Any]) -> Spec | None:
    """The one set that is to be measured; None for the data set."""
    for kind in ("view", "snapshot"):
        if value := parameters.get(kind):
            return Spec(f"{kind}:{value}", str(value)[:40], kind, str(value))
    return None


def save(
    context: JobContext, view: str, samples: int, result: dict[str, Any], kept: Mapping[str, Sequence[int]]
) -> dict[str, Any]:
    """Keep an evaluation and what is behind its numbers; returns the result with the evaluation's number."""
    number = snapshots.save_evaluation(context.store, job_id=context.job.id, view=view, samples=samples, result=result)
    behind.save(context.store, number, kept)
    return {"evaluation": number, **result}


def taken(metrics: Mapping[str, Metric], samples: int, kept: dict[str, list[int]], suffix: str = "") -> dict[str, Any]:
    """Metrics as JSON; the ids behind them go into ``kept`` (by ``METRIC/name`` and ``suffix``), their numbers stay."""
    slim = {}
    for name, metric in metrics.items():
        lists: Mapping[str, Sequence[int]] = metric.details.get("behind") or {}
        for key, ids in lists.items():
            kept[f"{name}/{key}{suffix}"] = list(ids)
        counts = {key: len(ids) for key, ids in lists.items()}
        slim[name] = replace(metric, details={**metric.details, "behind": counts}) if lists else metric
    return as_json(slim, samples, details=True)


def resolved(context: JobContext, specs: Sequence[Spec]) -> list[Contender]:
    """The contenders' samples. Chains may ask a model where the job was told that it may; what they cost counts as the
    job's. Raises ``UsageError`` before anything is read or paid."""
    asks = bool(context.job.parameters.get("judge") or context.job.parameters.get("chains"))
    who: list[Asking] = []
    done = 0

    def used() -> Any:
        found = material(context, lambda part, total: context.report(done * _PARTS, len(specs) * _PARTS, "curating"))
        if asks:
            from workbench.pipeline.asking import Asking
            from workbench.pipeline.judging_model import judging_model

            if not who:
                who.append(Asking(context, judging_model(context)))
            found.ask = who[0].ask if who[0].answers else None
            found.embed = who[0].embed if who[0].embedder else None
        return found

    resolver = Resolver(context.project, context.store, used)
    resolver.check(specs, asks=asks)
    found = []
    try:
        for done, spec in enumerate(specs):
            context.report(done * _PARTS, len(specs) * _PARTS, f"reading {spec.name}")
            found.append(resolver.resolve(spec))
    finally:
        for one in who:
            one.close()
    return found


class Shared:
    """What all sets of one evaluation share: real rows, the models that are asked, settings. A context manager, which
    disconnects at its end."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        store, config, parameters = context.store, context.project.config, context.job.parameters
        self.seeds = _plain(splits.seeds(store))
        self.test = _plain(splits.test_for_evaluation(store))
        self.real = _plain(splits.training(store))
        self.validation = _plain(splits.validation(store))
        self.config = config
        self._parameters = parameters
        self._who: Asking | None = None
        self._embedder: Any = None
        self._trainer: TrainOutside | None = None
        #: Where the bar stands: contenders done so far, and how many there are.
        self.done, self.of, self.name = 0, 1, ""

    def __enter__(self) -> Shared:
        if self._parameters.get("trainer"):
            self._trainer = trainer.outside(self.context)
        embeddings = self.config.curate.embeddings or ""
        if self._parameters.get("judge"):
            from workbench.pipeline.asking import Asking  # the endpoint's client costs half a second to load
            from workbench.pipeline.judging_model import evaluating_model

            self._who = Asking(self.context, evaluating_model(self.context.project, self._parameters.get("model")))
        elif embeddings.startswith("local:"):
            from workbench.pipeline.asking_embedding import Embedder

            self._embedder = Embedder(self.context.project, embeddings, self.context.log)
        return self

    def __exit__(self, *_: object) -> None:
        if self._who is not None:
            self._who.close()

    def usage(self) -> dict[str, Any] | None:
        """What the model that was asked has cost; None where none was asked."""
        return self._who.usage if self._who is not None else None

    def progress(self, done: int, total: int, name: str) -> None:
        part = int(_PARTS * done / max(1, total))
        said = f"{self.name}: {name}" if self.name and name else self.name or name
        self.context.report(self.done * _PARTS + part, self.of * _PARTS, said)

    def honest(self, metrics: dict[str, Metric], material: Material) -> dict[str, Metric]:
        """Without fidelity where the set holds the very rows that it would be held against."""
        reference = {one.id for one in (*self.seeds, *self.real)}
        own = sum(one.id in reference for one in material.samples)
        if not own:
            return metrics
        note = f"{own:,} of its samples are real rows that it would be compared with."
        return {
            name: replace(one, value=None, low=None, high=None, note=note, details={}, rough=False)
            if name.startswith("fidelity.") and one.value is not None
            else one
            for name, one in metrics.items()
        }

    def material(self, contender: Contender) -> Material:
        """What evaluation may look at, of one contender."""
        return self.of_samples(
            contender.samples, weighting=contender.weighting, reviewed=contender.reviewed, fields=contender.fields
        )

    def of_samples(
        self,
        samples: Sequence[Sample],
        *,
        weighting: str | None = None,
        reviewed: Sequence[Sample] | None = None,
        fields: Mapping[int, Mapping[str, Any]] | None = None,
        audit: Audited | None = None,
    ) -> Material:
        who = self._who
        asks = who is not None and who.answers
        embed: Callable[[Sequence[str]], Any] | None = None
        if who is not None and who.embedder:
            embed = who.embed
        elif self._embedder is not None:
            embed = self._locally
        return Material(
            samples=samples,
            seeds=self.seeds,
            test=self.test,
            real=self.real,
            validation=self.validation,
            labels=self.config.task.label_names,
            reviewed=reviewed,
            one_label=self.config.task.label_shape == "one",
            weighting=weighting,
            fields_of=self._fields(fields or {}),
            labels_of=labels_of(self.context.store),
            audit=audit,
            ask=who.ask if who is not None and asks else None,
            embed=embed,
            settings=self.config.evaluate,
            task=self.config.task,
            train_outside=self._trainer,
            thorough=bool(self._parameters.get("thorough")),
            seed=self.config.evaluate.seed,
            progress=self.progress,
        )

    def _locally(self, texts: Sequence[str]) -> Any:
        return self._embedder.rows(texts, _never)

    def _fields(self, own: Mapping[int, Mapping[str, Any]]) -> Callable[[Sequence[int]], dict[int, Mapping[str, Any]]]:
        """Fields by id: a contender's own where it froze or repaired them, else those of the store."""
        store = self.context.store

        def fields_of(ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
            found: dict[int, Mapping[str, Any]] = {**splits.fields_for_evaluation(store, ids)}
            found.update({one: own[one] for one in ids if one in own})
            if self.config.task.label_shape != "one":  # such a label stands in no sample's ``label``
                labels = splits.labels_for_evaluation(store, list(found))
                found = {one: {**fields, "label": labels.get(one)} for one, fields in found.items()}
            return found

        return fields_of


def _never(work: Any) -> Any:
    work.close()
    raise WorkbenchError("A model on this machine sends nothing.")


def materials(context: JobContext, *, compare: bool, shared: Shared | None = None) -> tuple[Material, Material | None]:
    """What evaluation may look at, of the data set and, to compare, of the samples before curation.

    The samples are read once, and both share them.
    """
    store = context.store
    shared = shared or Shared(context)
    people = curation.people_said(store)
    weighting = weights.in_force(store)
    weight = weights.values(store) if weighting else {}
    soft = repairs.soft_labels(store)
    unrepaired = repairs.before(store) if compare else {}
    refused = contending.refused(store) if compare else set()
    inside: list[Sample] = []
    raw: list[Sample] = []
    reviewed: list[Sample] = []
    for row in splits.generated(store):
        wanted = compare and row.status != "rejected" and row.id not in refused
        if not (wanted or row.in_data_set or row.id in people):
            continue
        sample = sample_of(row.id, row.text, row.label, row.original_label, *people.get(row.id, (None, None)))
        curated = before = sample  # one object for both sides, unless curation changed more than whether it stays
        if row.id in weight or row.id in soft:
            curated = replace(sample, weight=weight.get(row.id, 1.0), soft=soft.get(row.id))
        if sample.person_label is None and row.label != row.original_label:
            before = replace(sample, label=row.original_label)
        if row.id in unrepaired:
            before = replace(before, text=unrepaired[row.id][2])
        for chosen, one, into in (
            (row.in_data_set, curated, inside),
            (wanted, before, raw),
            (row.id in people, sample, reviewed),
        ):
            if chosen:
                into.append(one)
    return (
        shared.of_samples(
            inside, weighting=weighting, reviewed=reviewed, audit=audited(store)
        ),  # it is about this set alone
        shared.of_samples(raw, reviewed=reviewed) if compare else None,
    )


def _plain(rows: Iterable[tuple[int, str, str | None]]) -> list[Sample]:
    return [Sample(sample_id, text, label, label) for sample_id, text, label in rows]


def _difference(before: Material, after: Material) -> dict[str, float | bool] | None:
    """Benchmark accuracy, curated minus raw, on the same test rows."""
    try:
        found = benchmark_pair(drawn(before), drawn(after))
    except EvaluationError:  # no test rows, or too few labels: the metrics' notes say so already
        return None
    return {"value": found.value, "low": found.low, "high": found.high, "rough": found.rough}


def newest(store: Store) -> dict[str, Any] | None:
    """The newest evaluation of the data set."""
    return snapshots.newest_evaluation(store, DATA_SET)
