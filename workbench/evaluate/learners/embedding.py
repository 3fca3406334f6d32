"""Embedding: rows of the project's embedding model, multinomial logistic regression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.evaluate.learning import LEARNERS, Trained, Training, needs_embeddings

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Inverse strength of the L2 penalty, for rows of length 1.
STRENGTH = 10.0


@dataclass(frozen=True, slots=True)
class _Linear:
    classes: Sequence[str]
    embed: Callable[[Sequence[str]], Any]
    parameters: Array

    def probabilities(self, texts: Sequence[str]) -> Array:
        import numpy

        from workbench.learn.logistic import probabilities

        return probabilities(numpy.asarray(self.embed(texts), numpy.float32), self.parameters)


@LEARNERS.register("embedding")
@needs_embeddings
def embedding(training: Training) -> Trained:
    """A linear probe (Alain, Bengio, *Understanding intermediate layers using linear classifier probes*, 2016): what a model
    that knows the language learns from these labels."""
    import numpy

    from workbench.learn.logistic import fit_logistic
    from workbench.learn.targets import soft_targets

    if training.embed is None:
        raise WorkbenchError("The learner `embedding` needs an embedding model: set curate.embeddings in project.yaml.")
    classes, targets = soft_targets(len(training.texts), training.labels, training.weights, training.soft)
    rows = numpy.asarray(training.embed(training.texts), numpy.float32)
    return _Linear(classes, training.embed, fit_logistic(rows, targets, STRENGTH))
