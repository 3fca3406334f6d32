"""FuseGen (Zou et al. 2024, arXiv 2406.12527): boosting weights, and which samples several models disagree about.

Self-boosting weight adjustment, as in the released code (github.com/LindaLydia/FuseGen, src/utils/weight_adjust.py,
``weight_decay``; src/main_accumulate_fuse.py for beta and the rounds): each round trains the small model with the weights,
takes ``e_i = 1 - p(y_i | x_i)`` of every sample, and

    w_i <- w_i * beta^(+e_i) where the prediction is right,  w_i * beta^(-e_i) where it is wrong        ("error")
    w_i <- w_i               where the prediction is right,  w_i * beta^(-e_i) where it is wrong        ("errorOnlyWrong")

then divides by the sum so that it stays what it was. Without a number given ``beta = 1 + sqrt(max(1, 2 ln(N / T)))`` for N
samples and T rounds. The command that its run.sh gives uses "errorOnlyWrong".

Cross-model variability (src/utils/basic_utils.py, ``run_divergence_calculation`` and ``sample_dynamic_selection``): one small
model per generating model, trained on that one's samples, judges all samples; variability is the standard deviation over
the models (n - 1 in the denominator) of the probability of the sample's label, confidence its mean. Candidates for
demonstrations are half the least and half the most variable samples (40 of 8 shown by run.sh: ``--gen_few_shot_k 8
--gen_few_shot_pool_size 5 --gen_few_shot_ambiguous_ratio 0.5``).

Of the candidates those with the best influence on held-out samples are shown (src/utils/influence_utils.py,
``run_full_influence_functions`` with ``s_test_obj="rce"``: ProGen's noise-tolerant influence, ``learn.influence``). What the
released code calls influence is ``- grad L_val H^-1 grad l(z)``, as there: negative where the sample lowers the loss. Its
``importance_selection_among_good_dynamic_samples`` sorts from the highest down, which takes what raises the loss; as in
ProGen, the most helpful ones come first here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.learn.features import Progress

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Accuracy of the small model's fit, as ``softmax.fit``, and of the linear system behind influence.
FITTED, SOLVED = 1e-4, 1e-4


def default_beta(samples: int, rounds: int) -> float:
    """``1 + sqrt(max(1, 2 ln(samples / rounds)))``; at least 2."""
    return 1.0 + math.sqrt(max(1.0, 2.0 * math.log(max(samples, 1) / max(rounds, 1))))


def adjust(weights: Array, errors: Array, correct: Array, beta: float, only_wrong: bool = False) -> Array:
    """One round: new weights (n,) with the sum of ``weights``; ``errors`` (n,) are 1 - p_y, ``correct`` (n,) bool."""
    import numpy

    power = numpy.where(correct, 0.0 if only_wrong else errors, -errors)
    changed = weights * beta**power
    found: Array = changed * (weights.sum() / changed.sum())
    return found


def boost(
    judge: Callable[[Array, int], tuple[Array, Array]],
    samples: int,
    rounds: int,
    beta: float | None = None,
    only_wrong: bool = False,
    progress: Progress | None = None,
) -> tuple[Array, Array]:
    """``(weights, errors)`` after ``rounds`` of ``adjust`` from weights of 1, (n,) each; the mean weight is 1.

    ``judge(weights, round)`` trains with the weights and returns each sample's probability of its label and whether the
    prediction is right, (n,) each; ``errors`` are the last round's.
    """
    import numpy

    base = default_beta(samples, rounds) if beta is None else beta
    weights, errors = numpy.ones(samples), numpy.zeros(samples)
    for turn in range(rounds):
        if progress is not None:
            progress(turn, rounds)
        given, correct = judge(weights, turn)
        errors = 1.0 - given
        weights = adjust(weights, errors, correct, base, only_wrong)
    if progress is not None:
        progress(rounds, rounds)
    return weights, errors


def cross_model_variability(
    rows: csr_matrix, labels: Array, models: Sequence[str], l2: float = 0.4, progress: Progress | None = None
) -> tuple[Array, Array]:
    """``(confidence, variability)``, (n,) each, of samples written by several ``models`` (the name of each, (n,)).

    One fit per generating model over its rows, one product over all. Raises ``WorkbenchError`` with fewer than two models
    whose samples have at least two labels.
    """
    import numpy

    from workbench.learn.softmax import double, fit

    features = double(rows)
    classes = int(labels.max()) + 1 if len(labels) else 0
    names = numpy.asarray(models)
    able = [name for name in sorted(set(models)) if name and len(numpy.unique(labels[names == name])) >= 2]
    if len(able) < 2:
        raise WorkbenchError(
            "Variability across models needs samples of at least two labels from each of at least two models; "
            f"there are {len(able)} such models."
        )
    given = numpy.empty((len(able), len(labels)))
    place = numpy.arange(len(labels))
    for turn, name in enumerate(able):
        if progress is not None:
            progress(turn, len(able))
        own = numpy.flatnonzero(names == name)
        model = fit(features[own], labels[own], None, l2, classes=classes, tolerance=FITTED)
        given[turn] = model.probabilities(features)[place, labels]
    return agreement(given)


def agreement(given: Array) -> tuple[Array, Array]:
    """``(confidence, variability)``, (n,) each, of the probabilities (models, n) that several models give to the samples'
    labels: their mean, and their standard deviation with n - 1 in the denominator."""
    return given.mean(axis=0), given.std(axis=0, ddof=1)


def candidate_influence(rows: csr_matrix, labels: Array, learnt: int, l2: float = 0.4) -> Array:
    """Influence of each of the first ``learnt`` rows, (learnt,), on the reverse cross-entropy of the others, by a model
    that was fitted to those first ones (``learn.influence``): negative helps. Of ``rows`` (n, v) and ``labels`` (n,)."""
    import numpy

    from workbench.learn.influence import influence
    from workbench.learn.softmax import double, fit

    features = double(rows)
    own, held = features[:learnt], features[learnt:]
    if not held.shape[0]:
        return numpy.zeros(learnt)
    model = fit(own, labels[:learnt], None, l2, classes=int(labels.max()) + 1, tolerance=FITTED)
    return influence(model, model.curvature(own), own, labels[:learnt], (held, labels[learnt:]), tolerance=SOLVED)


def ranked_candidates(variability: Array, influence: Array, size: int, ambiguous: float = 0.5) -> Array:
    """Places of the ``size`` candidates of ``select_by_variability``, the most helpful (lowest ``influence``, (n,)) first;
    equal ones in the order of their places."""
    import numpy

    candidates = numpy.sort(select_by_variability(variability, size, ambiguous))
    found: Array = candidates[numpy.argsort(influence[candidates], kind="stable")]
    return found


def select_by_variability(variability: Array, size: int, ambiguous: float = 0.5) -> Array:
    """Places of the ``size`` samples from which demonstrations are drawn: ``int(size * ambiguous)`` of the most variable,
    the rest the least variable ones, from the least to the most; all of them when there are fewer."""
    import numpy

    order = numpy.argsort(variability, kind="stable")
    if len(order) < size:
        return order
    high = int(size * ambiguous)
    found: Array = numpy.concatenate([order[: size - high], order[len(order) - high :]])
    return found
