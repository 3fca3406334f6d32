"""Trainings that several techniques of one chain ask for, done once per content (``Context.shared``).

``label_disagreement``, ``consistency`` and the label repairs read the same out-of-fold probabilities; ``training_dynamics``,
``cllm`` and ``wanli`` the same dynamics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.curate.base import Context, Item
from workbench.errors import WorkbenchError
from workbench.learn.memo import content_key

if TYPE_CHECKING:
    from workbench.learn.classifier import OutOfFold
    from workbench.learn.dynamics import Dynamics


def labelled(items: Sequence[Item], who: str) -> list[Item]:
    """The items that have a label; raises ``WorkbenchError`` when there are items, but none with a label."""
    chosen = [item for item in items if item.label is not None]
    if items and not chosen:
        raise WorkbenchError(
            f"{who} is about samples that have one label each, and none here has; take it out of the chain."
        )
    return chosen


def labels_of(items: Sequence[Item]) -> list[str]:
    """The labels of items that all have one."""
    return [item.label for item in items if item.label is not None]


def known_seeds(context: Context, who: str) -> list[Item]:
    """The seeds with a label; raises ``WorkbenchError`` when they have fewer than two labels."""
    known = [seed for seed in context.seeds if seed.label is not None]
    if len(set(labels_of(known))) < 2:
        raise WorkbenchError(
            f"{who} needs seeds with at least two labels; import seeds or real training texts (workbench import), "
            "or take it out of the chain."
        )
    return known


def out_of_fold_probabilities(
    items: Sequence[Item],
    context: Context,
    *,
    folds: int = 5,
    seeds: bool = True,
    run: int = 0,
    step: Callable[[int, int], None] | None = None,
) -> OutOfFold:
    """``learn.classifier.out_of_fold`` of labelled ``items``, with the labelled seeds in every training part if ``seeds``.

    ``run`` counts differently drawn folds: 0 draws from ``context.seed``, 1 from the next, and so on. ``step`` is told
    of the folds done (``context.step`` unless told). Trained once per content and context.
    """
    from workbench.learn.classifier import out_of_fold

    texts, labels = [item.text for item in items], labels_of(items)
    known = [seed for seed in context.seeds if seed.label is not None] if seeds else []
    extra_texts, extra_labels = [seed.text for seed in known], labels_of(known)
    draw = context.seed + run
    return context.shared(
        content_key("out_of_fold", texts, labels, folds, draw, extra_texts, extra_labels),
        lambda: out_of_fold(
            texts,
            labels,
            folds,
            draw,
            step or context.step,
            extra_texts=extra_texts,
            extra_labels=extra_labels,
            rows=context.rows([*texts, *extra_texts]),
        ),
    )


def sample_dynamics(
    items: Sequence[Item], context: Context, *, epochs: int, reference: Sequence[Item] = (), highest: bool = False
) -> tuple[Dynamics, list[str]]:
    """(dynamics, labels): ``learn.dynamics.training_dynamics`` of ``items``; ``Dynamics.predicted`` counts in ``labels``.

    The classifier learns from the labelled ``reference``, or from the labelled items themselves. Items without a label
    have no number but ``highest``. Trained once per content and context.
    """
    from workbench.learn.dynamics import training_dynamics

    names = sorted({label for label in (one.label for one in (*items, *reference)) if label is not None})
    column = {name: place for place, name in enumerate(names)}
    texts, known = [item.text for item in items], [item.text for item in reference]

    def make() -> Dynamics:
        import numpy

        rows = context.rows([*texts, *known])
        given = numpy.array([-1 if one.label is None else column[one.label] for one in (*items, *reference)])
        count = len(items)
        return training_dynamics(
            rows[:count],
            given[:count],
            len(names),
            epochs=epochs,
            seed=context.seed,
            highest=highest,
            reference=(rows[count:], given[count:]) if reference else None,
            progress=context.step,
        )

    key = content_key(
        "dynamics",
        texts,
        [item.label for item in items],
        known,
        [item.label for item in reference],
        epochs,
        context.seed,
        highest,
    )
    return context.shared(key, make), names


def dynamics_scores(dynamics: Dynamics, row: int) -> dict[str, float] | None:
    """The numbers of a sample's place on the data map under the names that they are kept by; None where it has none."""
    if dynamics.confidence[row] != dynamics.confidence[row]:
        return None
    return {
        "dynamics.confidence": float(dynamics.confidence[row]),
        "dynamics.variability": float(dynamics.variability[row]),
        "dynamics.correctness": float(dynamics.correctness[row]),
        "dynamics.aleatoric": float(dynamics.aleatoric[row]),
    }
