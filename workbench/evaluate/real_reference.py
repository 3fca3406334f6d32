"""The reference: the benchmark's learner trained on real rows, as many as the data set has."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from workbench.evaluate.base import Material
from workbench.evaluate.downstream import (
    EvaluationError,
    Outcome,
    draw,
    labelled,
    means,
    train_and_test,
)

NO_REAL = "There are no real training rows to compare with: `workbench import PROJECT FILE --as seed` (or `real`)."
#: What cannot be wanted without it.
_WANTED = frozenset({"benchmark.real_accuracy", "benchmark.ratio"})


def on_real(material: Material) -> Outcome:
    """Trained on real rows, tested on the real test rows; once per material. Raises ``EvaluationError``."""
    return material.shared("real", lambda: _begun(material)).result()


def begin(material: Material) -> None:
    """Train on real rows meanwhile, in a thread, where that is asked for as well: two trainings use two processors better
    than one after the other, and neither's numbers depend on it."""
    # An embedding model may be an endpoint, which is asked from one thread.
    if material.asked & _WANTED and material.embed is None:
        material.shared("real", lambda: _begun(material))


def _begun(material: Material) -> Future[Outcome]:
    how = means(material)
    rows, test = labelled(material.real, material.labels), labelled(material.test, material.labels)
    size = len(labelled(material.samples, material.labels)) or len(rows)

    def run() -> Outcome:
        if not rows:
            raise EvaluationError(NO_REAL)
        return train_and_test(draw(rows, size, material.seed), test, material.seed, **how)

    pool = ThreadPoolExecutor(1)
    found = pool.submit(run)
    pool.shutdown(wait=False)
    return found
