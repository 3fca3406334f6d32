"""Contenders: the sets that a comparison puts side by side, from how they are written (``contender_specs``) to the samples that
they hold, of the training split alone. A chain behind one is run in memory; nothing of it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from workbench import recipe as recipes
from workbench.curate.base import Context, Item, trait
from workbench.errors import UsageError
from workbench.evaluate.base import Sample
from workbench.pipeline.contender_specs import ALONE, Spec, parse_all
from workbench.pipeline.curate_chain import Chain, Step, steps
from workbench.pipeline.curate_items import NOTHING, load_items, material_of
from workbench.store import contending, curation, repairs, splits, versions, views, weights
from workbench.store.connection import Store
from workbench.store.encoding import label_key, text_of

if TYPE_CHECKING:
    from workbench.project import Project


@dataclass
class Contender:
    """A set of training samples to be measured. ``generated`` is how many samples its source has in all, ``cost`` what
    their answers cost in dollars (None: not known, or not generated here); ``reviewed`` are those that people judged."""

    name: str
    spec: str
    samples: list[Sample]
    generated: int
    cost: float | None
    reviewed: list[Sample] | None = None
    weighting: str | None = None
    notes: list[str] = field(default_factory=list)
    #: Fields that differ from what the store has now: frozen or repaired ones.
    fields: dict[int, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def cost_per_kept(self) -> float | None:
        return None if self.cost is None or not self.samples else self.cost / len(self.samples)


class Resolver:
    """Gives contenders their samples; what several of them need is read once.

    ``material`` gives what a chain's steps may use (with ``ask`` where they may ask a model, and report progress).
    """

    def __init__(self, project: Project, store: Store, material: Callable[[], Context]) -> None:
        self._project, self._store, self._material = project, store, material
        self._people = curation.people_said(store)
        self._soft: dict[int, dict[str, float]] | None = None
        self._weights: tuple[str | None, dict[int, float]] | None = None
        self._items: tuple[frozenset[str], dict[int, Item]] | None = None
        self._refused: set[int] | None = None

    def check(self, specs: Sequence[Spec], *, asks: bool) -> None:
        """Raise ``UsageError`` for one that names what is not there, or whose chain asks a model when it may not."""
        for spec in specs:
            self._exists(spec)
            for step in self.chain(spec) or ():
                if trait(step.technique, "asks") and not asks:
                    raise UsageError(
                        f"{spec.name}: {step.name} asks a model, which costs money: give --judge to allow it."
                    )

    def resolve(self, spec: Spec) -> Contender:
        """The contender's samples, of the training split alone. Raises ``UsageError`` when what it names is not there."""
        self._exists(spec)
        frozen = dict[int, tuple[Mapping[str, Any], Any]]()
        if spec.kind == "snapshot":
            snapshot = versions.find(self._store, spec.value)
            total = snapshot.total
            frozen = {i: (fields, label) for i, fields, label in splits.frozen(self._store, snapshot.id)}
            ids: Sequence[int] = list(frozen)
        else:
            ids = self._ids(spec)
            total = len(ids)
        notes = (
            [f"{total - len(frozen):,} of its samples are no training rows and are left out."]
            if (spec.kind == "snapshot" and total > len(frozen))
            else self._withheld(spec, ids)
        )
        chain = self.chain(spec)
        found = self._as_they_stand(spec, ids, frozen) if chain is None else self._curated(spec, ids, frozen, chain)
        cost = self._cost(spec, ids)
        found.notes = [*notes, *found.notes]
        found.generated, found.cost = total, cost
        return found

    def chain(self, spec: Spec) -> list[Step] | None:
        """The steps that a contender is to be curated with; None where it is taken as it stands."""
        if spec.chain is None:
            return None
        written: list[str] = []
        for part in spec.chain:
            if part == "project":
                written += self._project.config.curate.chain
            elif part == "recipe":
                written += self._own_chain(spec)
            elif part != "none":
                written.append(part)
        return steps(written)

    def _own_chain(self, spec: Spec) -> list[str]:
        name = spec.value
        if spec.kind in ("job", "round"):
            number = int(spec.value) if spec.kind == "job" else self._round(spec)
            name = contending.jobs(self._store).get(number, ("", ""))[1]
        elif spec.kind == "series":
            name = contending.recipe_of(self._store, int(spec.value)) or ""
        elif spec.kind != "recipe":
            name = ""
        if not name:
            raise UsageError(
                f"{spec.name}: +recipe is for what one recipe made (recipe:, or a generate job's job: or round:)."
            )
        one = recipes.load(name)
        return one.chain(contending.parameters_of(self._store, one.name)) if one.curate else []

    # Which samples

    def _exists(self, spec: Spec) -> None:
        store = self._store
        if spec.kind == "snapshot":
            versions.find(store, spec.value)
        elif spec.kind == "view":
            unknown = views.unknown(store, spec.value)
            if unknown:
                raise UsageError(f"{spec.name}: {unknown[0]}")
        elif spec.kind == "job" and int(spec.value) not in (there := contending.jobs(store)):
            raise UsageError(f"{spec.name}: job {spec.value} added no samples; {_these('jobs', there)}.")
        elif spec.kind == "round":
            self._round(spec)
        elif spec.kind == "series" and contending.recipe_of(store, int(spec.value)) is None:
            raise UsageError(f"{spec.name}: there is no series {spec.value}.")
        elif spec.kind == "recipe" and spec.value not in (made := contending.recipes(store)):
            raise UsageError(f"{spec.name}: recipe {spec.value!r} has made no samples; {_these('recipes', made)}.")
        elif spec.kind == "model" and spec.value not in (wrote := contending.models(store)):
            raise UsageError(f"{spec.name}: model {spec.value!r} has written no samples; {_these('models', wrote)}.")

    def _round(self, spec: Spec) -> int:
        rounds = contending.rounds(self._store)
        if not 1 <= int(spec.value) <= len(rounds):
            raise UsageError(f"{spec.name}: there is no round {spec.value}; {len(rounds)} generate jobs added samples.")
        return rounds[int(spec.value) - 1]

    def _ids(self, spec: Spec) -> Sequence[int]:
        store = self._store
        if spec.kind == "view":
            return views.ids(store, views.parse(spec.value))
        if spec.kind == "recipe":
            return contending.of_recipe(store, spec.value)
        if spec.kind == "series":
            return contending.of_series(store, int(spec.value))
        if spec.kind == "model":
            return contending.of_model(store, spec.value)
        if spec.kind in ("job", "round"):
            return contending.of_job(store, int(spec.value) if spec.kind == "job" else self._round(spec))
        return contending.synthetic(store)

    def _withheld(self, spec: Spec, ids: Sequence[int]) -> list[str]:
        return [
            f"{n:,} {split} row{'' if n == 1 else 's'} of {spec.name} may not be trained on and {_is(n)} left out."
            for split, n in splits.withheld(self._store, ids).items()
        ]

    def _cost(self, spec: Spec, ids: Sequence[int]) -> float | None:
        costs = contending.Costs(self._store)
        if spec.kind == "recipe":
            return costs.of_recipe(spec.value)
        if spec.kind == "series":
            return costs.of_series(int(spec.value))
        if spec.kind == "model":
            return costs.of_model(spec.value)
        if spec.kind in ("job", "round"):
            return costs.of_job(int(spec.value) if spec.kind == "job" else self._round(spec))
        return costs.of_everything() if spec.kind in ALONE else costs.of_samples(ids)

    # As they stand

    def _as_they_stand(
        self, spec: Spec, ids: Sequence[int], frozen: Mapping[int, tuple[Mapping[str, Any], Any]]
    ) -> Contender:
        contender = Contender(spec.name, spec.written, [], 0, None)
        exactly = spec.kind in ("view", "snapshot")  # what it shows, also what people or filters put aside
        raw = spec.kind == "raw"
        unrepaired = repairs.before(self._store) if raw else {}
        refused = self._refusals() if raw else set()
        weighting, weight = (None, {}) if raw or spec.kind == "snapshot" else self._weighting()
        soft = {} if raw or spec.kind == "snapshot" else self._soft_labels()
        reviewed: list[Sample] = []
        for row in splits.trainable(self._store, ids):
            sample = self._sample(row)
            if row.id in self._people:
                reviewed.append(sample)
            inside = exactly or ((row.status != "rejected" and row.id not in refused) if raw else row.in_data_set)
            if not inside:
                continue
            if row.id in frozen:
                sample = self._frozen(contender, sample, *frozen[row.id])
            elif raw:
                before = sample if sample.person_label is not None else replace(sample, label=row.original_label)
                sample = replace(before, text=unrepaired[row.id][2]) if row.id in unrepaired else before
            elif row.id in weight or row.id in soft:
                sample = replace(sample, weight=weight.get(row.id, 1.0), soft=soft.get(row.id))
            contender.samples.append(sample)
        contender.weighting = weighting if weighting and any(one.id in weight for one in contender.samples) else None
        contender.reviewed = None if exactly else reviewed
        return contender

    def _sample(self, row: splits.Trainable) -> Sample:
        said, status = self._people.get(row.id, (None, None))
        return sample_of(row.id, row.text, row.label, row.original_label, said, status)

    def _frozen(self, contender: Contender, now: Sample, fields: Mapping[str, Any], label: Any) -> Sample:
        contender.fields[now.id] = fields
        key = label_key(label)
        same = key == now.label
        return replace(
            now,
            text=text_of(fields),
            label=key,
            person_label=now.person_label if same else None,
            person_status=now.person_status if same else None,
        )

    # With a chain of its own

    def _curated(
        self,
        spec: Spec,
        ids: Sequence[int],
        frozen: Mapping[int, tuple[Mapping[str, Any], Any]],
        chain: Sequence[Step],
    ) -> Contender:
        contender = Contender(spec.name, spec.written, [], 0, None)
        exactly = spec.kind in ("view", "snapshot")
        rows = {row.id: row for row in splits.trainable(self._store, ids)}
        known = self._judged(chain)
        items: list[Item] = []
        for sample_id, row in rows.items():
            item = known.get(sample_id)
            if item is None:
                if not exactly:
                    continue  # rejected by a person, or not kept by its own recipe
                item = Item(sample_id, row.text, _Lazy(self._store, sample_id), row.label, NOTHING)
            if sample_id in frozen:
                fields, label = frozen[sample_id]
                item = replace(item, text=text_of(fields), fields=fields, label=label_key(label))
            items.append(item)
        before = {item.id: item for item in items}
        run = Chain(items, self._material())
        run.run(chain)
        weight = {i: value for i, value, _ in run.weights[1]} if run.weights is not None else {}
        for item in run.left():
            sample = self._sample(rows[item.id])
            sample = replace(
                sample, text=item.text, label=item.label, weight=weight.get(item.id, 1.0), soft=run.soft.get(item.id)
            )
            if item.id in frozen or item is not before[item.id]:
                contender.fields[item.id] = item.fields
            contender.samples.append(sample)
        contender.weighting = run.weights[0].name if run.weights is not None else None
        if not exactly:
            contender.reviewed = [self._sample(row) for row in rows.values() if row.id in self._people]
        contender.notes += [f"{contender.name}: {name} {why}." for name, why in run.left_out.items()]
        return contender

    def _judged(self, chain: Sequence[Step]) -> dict[int, Item]:
        """What a curation would judge, read again only for steps that look at more than was read."""
        names = frozenset(step.name for step in chain)
        if self._items is None or not names <= self._items[0]:
            known = {item.id: item for item in load_items(self._store, [step.technique for step in chain])}
            self._items = (names, known)
        return self._items[1]

    def _refusals(self) -> set[int]:
        if self._refused is None:
            self._refused = contending.refused(self._store)
        return self._refused

    def _weighting(self) -> tuple[str | None, dict[int, float]]:
        if self._weights is None:
            name = weights.in_force(self._store)
            self._weights = (name, weights.values(self._store) if name else {})
        return self._weights

    def _soft_labels(self) -> dict[int, dict[str, float]]:
        if self._soft is None:
            self._soft = repairs.soft_labels(self._store)
        return self._soft


class _Lazy(Mapping[str, Any]):
    """Fields of a sample that curation does not judge, read when a step looks at them."""

    __slots__ = ("_found", "_id", "_store")

    def __init__(self, store: Store, sample_id: int) -> None:
        self._store, self._id = store, sample_id
        self._found: dict[str, Any] | None = None

    def _all(self) -> dict[str, Any]:
        if self._found is None:
            self._found = splits.trainable_fields(self._store, [self._id]).get(self._id, {})
        return self._found

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def sample_of(
    sample_id: int, text: str, label: str | None, original: str | None, said: str | None, status: str | None
) -> Sample:
    """A sample with what people said of it (``said``: a label as JSON)."""
    import json

    person = json.loads(said) if said is not None else None
    own = person if isinstance(person, str) or person is None else said
    return Sample(sample_id, text, label, original, own, status)


def sets(project: Project, store: Store, texts: Sequence[str]) -> list[Contender]:
    """Contenders resolved in this process; no model is asked. Raises ``UsageError``."""
    specs = parse_all(texts)
    resolver = Resolver(project, store, lambda: material_of(project, store, lambda *_: None))
    resolver.check(specs, asks=False)
    return [resolver.resolve(spec) for spec in specs]


def overlaps(found: Sequence[Contender]) -> list[tuple[int, int, int]]:
    """(i, j, n): contenders i and j share n samples."""
    ids = [{one.id for one in contender.samples} for contender in found]
    return [(i, j, n) for i in range(len(ids)) for j in range(i + 1, len(ids)) if (n := len(ids[i] & ids[j]))]


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _these(what: str, names: Any) -> str:
    shown = [str(one) for one in names]
    more = f" and {len(shown) - 12:,} more" if len(shown) > 12 else ""
    return (
        f"there are these {what}: {', '.join(shown[:12])}{more}" if shown else f"there are no {what} with samples yet"
    )
