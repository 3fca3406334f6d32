"""Mixed accuracy: real rows and samples together, at several ratios."""

from __future__ import annotations

from typing import Any

from workbench.evaluate.base import METRICS, Material, Metric, Sample, needs
from workbench.evaluate.downstream import EvaluationError, Outcome, draw, labelled, means, train_and_test
from workbench.evaluate.predictions import accuracy_metric, share
from workbench.learn.intervals import is_rough, paired_bootstrap

NO_REAL = "There are no real training rows to mix with: `workbench import PROJECT FILE --as seed` (or `real`)."
#: Samples for each real row; all of them come last.
RATIOS = (0.0, 0.25, 0.5, 1.0)
#: Shares of the real rows that stand for a smaller budget, and fewest rows of one.
BUDGETS, FEWEST = (0.1, 0.3), 10


@METRICS.register("benchmark.mixed_accuracy")
@needs("labels", "time")
def mixed_accuracy(material: Material) -> list[Metric]:
    """Accuracy of the benchmark's learner trained on all real rows and the whole data set, 95 % interval over test rows.

    ``points`` is the curve: all real rows with 0, a quarter, a half, one sample for each and with all samples; and 10 % and
    30 % of the real rows, alone and with all samples. ``gain`` of a point is over the same real rows alone, on the same
    test rows (paired). ``best`` is the point of all real rows with the highest accuracy; its interval is widened for having
    been chosen among several (Bonferroni: 95 % for all of them together), so that an end above 0 can be believed.
    """
    real, test = labelled(material.real, material.labels), labelled(material.test, material.labels)
    samples = labelled(material.samples, material.labels)
    if not real:
        raise EvaluationError(NO_REAL)
    plan = _plan(len(real), len(samples))
    alone: dict[int, Outcome] = {}
    points: list[dict[str, Any]] = []
    chosen: list[tuple[dict[str, Any], Outcome]] = []
    whole: Outcome | None = None
    for done, (rows, added) in enumerate(plan):
        material.progress(done, len(plan), "real rows and samples together")
        try:
            outcome = _trained(material, real, samples, test, rows, added)
        except EvaluationError:
            if rows == len(real):
                raise
            continue  # a small budget may hold one label only
        point = _point(outcome, rows, added)
        if added == 0:
            alone[rows] = outcome
        elif rows in alone:
            point |= _gain(alone[rows], outcome, 0.95, material.seed)
            if rows == len(real):
                chosen.append((point, outcome))
        points.append(point)
        if rows == len(real):
            whole = outcome  # all samples come last of these
    assert whole is not None
    details: dict[str, Any] = {"points": points, "best": None}
    note = (
        f"{len(real):,} real rows and {len(samples):,} samples; the real rows alone: {alone[len(real)].accuracy:.3f}."
    )
    if chosen:
        best, outcome = max(chosen, key=lambda pair: pair[0]["value"])
        sure = _gain(alone[len(real)], outcome, 1 - 0.05 / len(chosen), material.seed)
        details["best"] = {"real": best["real"], "synthetic": best["synthetic"], "value": best["value"], **sure}
        note += (
            f" Best with {best['synthetic']:,} samples: {sure['gain']:+.3f} "
            f"({sure['gain_low']:+.3f} to {sure['gain_high']:+.3f}, chosen among {len(chosen)})."
        )
    return [accuracy_metric("benchmark.mixed_accuracy", whole, note, details)]


def _plan(real: int, samples: int) -> list[tuple[int, int]]:
    """(real rows, samples) of each training: all real rows first, rising samples."""
    some = [*(round(ratio * real) for ratio in RATIOS), samples]
    whole = [(real, added) for added in sorted({added for added in some if added <= samples})]
    budgets = sorted({round(share * real) for share in BUDGETS})
    return whole + [(rows, added) for rows in budgets if rows >= FEWEST for added in sorted({0, samples})]


def _trained(
    material: Material, real: list[Sample], samples: list[Sample], test: list[Sample], rows: int, added: int
) -> Outcome:
    together = [*draw(real, rows, material.seed), *(draw(samples, added, material.seed) if added else [])]
    return train_and_test(together, test, material.seed, **means(material))


def _point(outcome: Outcome, rows: int, added: int) -> dict[str, Any]:
    low, high = share(outcome)
    value = outcome.accuracy
    rough = is_rough(len(outcome.gold), value)
    return {"real": rows, "synthetic": added, "value": value, "low": low, "high": high, "rough": rough}


def _gain(alone: Outcome, outcome: Outcome, confidence: float, seed: int) -> dict[str, float]:
    low, high = paired_bootstrap(alone.correct, outcome.correct, confidence=confidence, seed=seed)
    return {"gain": outcome.accuracy - alone.accuracy, "gain_low": low, "gain_high": high}
