"""FreeAL: a small model finds the labels that look clean; a model labels the others again, shown clean examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from workbench.curate.base import REPAIRS, Context, Item, Proposal, parameter, quote, require, short
from workbench.curate.labels.common import (
    Labelled,
    check_apply,
    check_folds,
    columns_of,
    cross_validated,
    known_texts,
    labelled,
)
from workbench.curate.labels.relabelling import answered, names_of, question

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: The mixture of the released code (``self_training_slm/mytrainer.py`` in Justherozen/FreeAL): ``GaussianMixture(
#: n_components=2, max_iter=10, tol=1e-2, reg_covar=5e-4)`` over the losses scaled to 0..1.
STEPS, TOLERANCE, FLOOR = 10, 1e-2, 5e-4


@dataclass(frozen=True, slots=True)
class Round:
    """What the small model says of the labelled samples, given their labels at the start of a round.

    ``beliefs`` (n, k) are its out-of-fold probabilities over ``classes``, ``given`` (n,) the labels' columns; ``clean``
    (n,) bool; ``pool`` the places of the samples to be demonstrations, by class.
    """

    classes: list[str]
    beliefs: Array
    given: Array
    clean: Array
    pool: list[list[int]]
    sure: Array


@REPAIRS.register("freeal")
@dataclass(frozen=True, slots=True)
class FreeAL:
    """Each round: out-of-fold probabilities of a small model trained on the present labels; a sample is clean when a
    mixture of two normal distributions over its loss puts more than ``clean`` on the lower one; per class the ``top``
    share of the samples whose label the small model shares, the surest first, is clustered (k-means), and the sample
    nearest to each centre goes into the pool; each sample that is not clean is asked about again, shown its nearest
    samples of the pool (``shots`` in all, evenly over the classes where there are enough).

    After the paper and its released code, but: the small model is ours, its losses are out of fold (it would fit its own
    noise otherwise), and ``again=unclean`` asks about unclean samples alone where the code asks about all but the pool's
    (``again=rest``). Confidence is the small model's calibrated probability of the new label after the last round.

    ``refine=small_model`` asks nobody: what is not clean gets the label of a small model trained on what is. Its
    confidence is that of ``confident_learning``, from the small model before the first round: afterwards it would only
    hear itself.
    """

    name: ClassVar[str] = "freeal"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Keeps labels that a small model finds clean; a model labels the rest again, shown those."
    paper: ClassVar[str] = "Xiao et al. 2023, FreeAL (arXiv 2311.15614)"
    place: ClassVar[str] = "curate / label enhancement / auxiliary model / label refinery"

    rounds: int = parameter(1, "how often it is refined")
    refine: Literal["model", "small_model"] = parameter("model", "who labels again; small_model asks nobody")
    again: Literal["unclean", "rest"] = parameter(
        "unclean", "asked about: unclean samples, or all outside the top share"
    )
    clean: float = parameter(0.7, "clean over this probability of the low-loss component (0 to 1)")
    top: float = parameter(0.2, "share of each class's agreements that may become demonstrations")
    pool: int = parameter(100, "demonstrations to choose from, over all classes")
    shots: int = parameter(10, "demonstrations in a question")
    folds: int = parameter(5, "parts of the cross-validation")
    apply: float | None = parameter(None, "confidence from which the label is changed at once, or none")

    def __post_init__(self) -> None:
        require(self.name, 1 <= self.rounds <= 10, "rounds should be from 1 to 10")
        require(self.name, 0.0 < self.clean < 1.0, "clean should be between 0 and 1")
        require(self.name, 0.0 < self.top <= 1.0, "top should be over 0 and at most 1")
        require(self.name, 1 <= self.pool <= 10_000, "pool should be from 1 to 10000")
        require(self.name, 0 <= self.shots <= 100, "shots should be from 0 to 100")
        check_folds(self.name, self.folds)
        check_apply(self.name, self.apply)

    @property
    def asks(self) -> bool:
        """Whether a model labels again: a job then needs one, and a preview does not run this step."""
        return self.refine == "model"

    def requests(self, items: Sequence[Item], context: Context) -> int:
        """Requests that ``propose`` would send if every round asked as much as the first one."""
        if self.refine == "small_model" or not items:
            return 0
        chosen = labelled(self.name, items)
        state = self._judge(chosen, context.rows(chosen.texts), context)
        return self.rounds * len(self._asked(chosen, state))

    def propose(self, items: Sequence[Item], context: Context) -> Iterator[Proposal | None]:
        """One proposal or None per item, in order; ``other`` is the nearest demonstration with the proposed label.

        Raises ``WorkbenchError`` with no label, with fewer than two, or with no model to ask.
        """
        found = self._found(items, context) if items else {}
        for place in range(len(items)):
            yield found.get(place)

    def _found(self, items: Sequence[Item], context: Context) -> dict[int, Proposal]:
        if self.refine == "model":
            context.asking(self.name)
        first = labelled(self.name, items)
        now, rows = first, context.rows(first.texts)
        shown: dict[int, int] = {}
        for turn in range(self.rounds):
            state = self._judge(now, rows, context)
            asked = self._asked(now, state)
            if self.refine == "model":
                new, shown = self._ask(now, asked, state, rows, context, turn)
            else:
                new = self._small_model(now, asked, state, context)
            changed = [
                replace(item, label=new[place]) if place in new else item for place, item in enumerate(now.items)
            ]
            now = Labelled(changed, now.places)
        return self._proposals(first, now, shown, context)

    def _judge(self, chosen: Labelled, rows: csr_matrix, context: Context) -> Round:
        import numpy

        from workbench.learn.mixture import fit_mixture

        result = cross_validated(context, chosen, self.folds)
        given = columns_of(chosen.labels, result.classes)
        own = result.probabilities[numpy.arange(len(given)), given]
        losses = -numpy.log(numpy.maximum(own, 1e-12))
        spread = float(losses.max() - losses.min())
        scaled = (losses - losses.min()) / spread if spread > 0.0 else numpy.zeros(len(losses))
        sure = numpy.ones(len(losses))
        if spread > 0.0:
            sure = fit_mixture(scaled, FLOOR, TOLERANCE, STEPS).low(scaled)
            # A wide upper component has tails below the lower one too; a smaller loss is never less clean.
            order = numpy.argsort(scaled, kind="stable")
            sure[order] = numpy.maximum.accumulate(sure[order][::-1])[::-1]
        settled = numpy.array([item.settled for item in chosen.items], bool)
        clean = (sure > self.clean) | settled | ~result.judged
        pool = self._pool(result.probabilities, given, rows, context.seed)
        return Round(result.classes, result.probabilities, given, clean, pool, sure)

    def _pool(self, beliefs: Array, given: Array, rows: csr_matrix, seed: int) -> list[list[int]]:
        import numpy

        from workbench.learn.representatives import representatives

        agrees = beliefs.argmax(axis=1) == given
        each = max(1, self.pool // beliefs.shape[1])
        pool = []
        for column in range(beliefs.shape[1]):
            top = self._top(numpy.flatnonzero(agrees & (given == column)), beliefs[:, column])
            pool.append([int(top[place]) for place in representatives(rows[top], each, seed)] if len(top) else [])
        return pool

    def _top(self, members: Array, sure: Array) -> Array:
        """The ``top`` share of ``members``, the surest first; one at least, so that no class is without an example."""
        import numpy

        count = max(1, int(len(members) * self.top)) if len(members) else 0
        return members[numpy.argsort(-sure[members], kind="stable")[:count]]

    def _asked(self, chosen: Labelled, state: Round) -> list[int]:
        import numpy

        if self.again == "unclean":
            wanted = ~state.clean
        else:
            wanted = numpy.array([not item.settled for item in chosen.items], bool)
            agrees = state.beliefs.argmax(axis=1) == state.given
            for column in range(len(state.classes)):
                members = numpy.flatnonzero(agrees & (state.given == column))
                wanted[self._top(members, state.beliefs[:, column])] = False
        return [int(place) for place in numpy.flatnonzero(wanted)]

    def _ask(
        self, now: Labelled, asked: list[int], state: Round, rows: csr_matrix, context: Context, turn: int
    ) -> tuple[dict[int, str], dict[int, int]]:
        """New labels by place, and the nearest demonstration that had the label."""
        names = names_of(context, now.labels)
        shown = self._retrieved(asked, state, rows)
        demonstrations = {
            place: [(now.items[one].text, str(now.items[one].label)) for one in reversed(near)]
            for place, near in zip(asked, shown, strict=True)
        }
        requests = (question(now.items[place].text, demonstrations[place], names, turn) for place in asked)
        new: dict[int, str] = {}
        nearest: dict[int, int] = {}
        answers = context.asking(self.name)(requests)
        for done, (place, near, answer) in enumerate(zip(asked, shown, answers, strict=True), 1):
            label = None if answer is None else answered(answer.text, names)
            if label is not None:
                new[place] = label
                same = [one for one in near if now.items[one].label == label]
                if same:
                    nearest[place] = now.items[same[0]].id
            context.step(done, len(asked))
        return new, nearest

    def _retrieved(self, asked: list[int], state: Round, rows: csr_matrix) -> list[list[int]]:
        """The demonstrations of each question, nearest first."""
        import numpy

        from workbench.learn.representatives import nearest_rows

        pools = [pool for pool in state.pool if pool]
        per_class = self.shots // len(pools) if pools else 0
        # With more classes than shots, the nearest of all pools together: some classes must be left out.
        groups, count = (
            (pools, per_class) if per_class else ([sorted(one for pool in pools for one in pool)], self.shots)
        )
        near: list[list[tuple[float, int]]] = [[] for _ in asked]
        for group in groups:
            if not group or not count or not asked:
                continue
            places, values = nearest_rows(rows[asked], rows[numpy.array(group)], count + 1)
            for at, place in enumerate(asked):
                others = [
                    (float(value), group[int(one)])
                    for one, value in zip(places[at], values[at], strict=True)
                    if group[int(one)] != place
                ]
                near[at] += others[:count]
        return [[one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1]))] for found in near]

    def _small_model(self, now: Labelled, asked: list[int], state: Round, context: Context) -> dict[int, str]:
        from workbench.learn.classifier import TextClassifier

        left = set(asked)
        seeds, seed_labels = known_texts(context)
        known = [place for place in range(len(now.items)) if place not in left]
        labels = [now.labels[place] for place in known] + seed_labels
        if not asked or len(set(labels)) < 2:
            return {}
        rows = context.rows([*now.texts, *seeds])
        model = TextClassifier().fit_rows(rows[[*known, *range(len(now.items), rows.shape[0])]], labels)
        best = model.probabilities_rows(rows[asked]).argmax(axis=1)
        context.step(1, 1)
        return {place: model.classes[int(column)] for place, column in zip(asked, best, strict=True)}

    def _proposals(
        self, first: Labelled, now: Labelled, shown: dict[int, int], context: Context
    ) -> dict[int, Proposal]:
        import numpy

        from workbench.learn.confident import calibrate, posterior, sharpened

        changed = [place for place, item in enumerate(now.items) if item.label != first.items[place].label]
        if not changed:
            return {}
        judged = now if self.asks else first
        result = cross_validated(context, judged, self.folds)
        given = columns_of(judged.labels, result.classes)
        calibration = calibrate(result.probabilities, given)
        rows = numpy.array(changed)
        if self.asks:
            beliefs = sharpened(result.probabilities[rows], calibration.temperature)
        else:
            beliefs = posterior(result.probabilities[rows], given[rows], calibration)
        column = {name: at for at, name in enumerate(result.classes)}
        found = {}
        for place, belief in zip(changed, beliefs, strict=True):
            before, after = str(first.items[place].label), str(now.items[place].label)
            sure = float(belief[column[after]])
            old = float(belief[column[before]]) if before in column else 0.0
            who = f"model says {quote(after)}; small model" if self.asks else "small model of the clean labels"
            reason = f"{who} gives {quote(after)} {short(sure)}, {quote(before)} {short(old)}"
            found[first.places[place]] = Proposal(sure, reason, label=after, other=shown.get(place))
        return found
