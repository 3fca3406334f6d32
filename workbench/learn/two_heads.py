"""A small student with two heads: it predicts the label and the words of the rationale from one shared layer.

Distilling step-by-step (Hsieh et al. 2023, arXiv 2305.02301; loss as in ``model_utils.py`` of
google-research/distilling-step-by-step): ``alpha * label loss + (1 - alpha) * rationale loss``. Theirs is a T5 that writes
the rationale; this one is linear: ``z = x W`` of ``size`` dimensions, labels by ``softmax(z U + b)``, the rationale as a bag
of words by ``softmax(z R + c)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.learn.features import Progress

if TYPE_CHECKING:
    import numpy
    from scipy.sparse import csr_matrix

    Array = numpy.ndarray[Any, Any]

#: Dimensions of the shared layer.
SIZE = 64
#: Passes over the rows, rows of a step, Adam's step, and the penalty on squared weights (half of it, per step).
EPOCHS, BATCH, RATE, DECAY = 10, 128, 0.01, 1e-4
#: Rows whose probabilities are computed at once.
CHUNK = 8_192


@dataclass(frozen=True, slots=True)
class TwoHeads:
    """``parameters``: ``shared`` (v, d), ``label`` (d, k), ``label_bias`` (k,), ``words`` (d, m), ``words_bias`` (m,)."""

    parameters: Mapping[str, Array]

    def probabilities(self, rows: csr_matrix) -> Array:
        """Label probabilities ``(n, k)`` float64 of ``rows`` (n, v)."""
        import numpy

        found = numpy.zeros((rows.shape[0], self.parameters["label"].shape[1]))
        for start in range(0, rows.shape[0], CHUNK):
            hidden = rows[start : start + CHUNK] @ self.parameters["shared"]
            logits = hidden @ self.parameters["label"] + self.parameters["label_bias"]
            found[start : start + CHUNK] = numpy.exp(_log_softmax(logits))
        found /= found.sum(axis=1, keepdims=True)
        return found


def fit_two_heads(
    rows: csr_matrix,
    labels: Array,
    rationales: csr_matrix,
    classes: int,
    *,
    alpha: float = 0.5,
    size: int = SIZE,
    epochs: int = EPOCHS,
    seed: int = 0,
    progress: Progress | None = None,
) -> TwoHeads:
    """Train by Adam in mini-batches, float32. ``rows`` (n, v), ``labels`` (n,) below ``classes``, ``rationales`` (n, m):
    shares of words, each row adding up to 1, or empty where a sample has no rationale (then its label alone counts)."""
    import numpy

    draw = numpy.random.default_rng(seed)
    parameters = start(rows.shape[1], classes, rationales.shape[1], size, draw)
    first = {name: numpy.zeros_like(value) for name, value in parameters.items()}
    second = {name: numpy.zeros_like(value) for name, value in parameters.items()}
    step = 0
    for epoch in range(epochs):
        order = draw.permutation(rows.shape[0])
        for begin in range(0, len(order), BATCH):
            take = order[begin : begin + BATCH]
            _, slopes = loss_and_slopes(parameters, rows[take], labels[take], rationales[take], alpha)
            step += 1
            for name in parameters:
                slope = slopes.get(name, 0.0) + DECAY * parameters[name]
                first[name] += 0.1 * (slope - first[name])
                second[name] += 0.001 * (slope * slope - second[name])
                wide = numpy.sqrt(second[name] / (1.0 - 0.999**step)) + 1e-8
                parameters[name] -= RATE * (first[name] / (1.0 - 0.9**step)) / wide
        if progress is not None:
            progress(epoch + 1, epochs)
    return TwoHeads(parameters)


def start(features: int, classes: int, words: int, size: int, draw: numpy.random.Generator) -> dict[str, Array]:
    """Parameters to begin with: small normal weights, biases 0; float32."""
    import numpy

    shapes = {"shared": (features, size), "label": (size, classes), "words": (size, words)}
    found = {name: draw.normal(0.0, 0.1, shape).astype(numpy.float32) for name, shape in shapes.items()}
    found["label_bias"] = numpy.zeros(classes, numpy.float32)
    found["words_bias"] = numpy.zeros(words, numpy.float32)
    return found


def loss_and_slopes(
    parameters: Mapping[str, Array], rows: csr_matrix, labels: Array, rationales: csr_matrix, alpha: float
) -> tuple[float, dict[str, Array]]:
    """The mean over rows of ``alpha * CE(label) - (1 - alpha) * sum_w q_w log p_w`` and its gradient by parameter."""
    import numpy

    count = rows.shape[0]
    hidden = rows @ parameters["shared"]
    logs = _log_softmax(hidden @ parameters["label"] + parameters["label_bias"])
    loss = -alpha * float(logs[numpy.arange(count), labels].mean())
    away = numpy.exp(logs)
    away[numpy.arange(count), labels] -= 1.0
    away *= alpha / count
    back = away @ parameters["label"].T
    slopes = {"label": hidden.T @ away, "label_bias": away.sum(axis=0)}
    if alpha < 1.0 and rationales.shape[1]:
        logs = _log_softmax(hidden @ parameters["words"] + parameters["words_bias"])
        loss -= (1.0 - alpha) * float(rationales.multiply(logs).sum()) / count
        told = numpy.asarray(rationales.sum(axis=1)).ravel()
        away = numpy.exp(logs) * told[:, None] - rationales.toarray()
        away *= (1.0 - alpha) / count
        back = back + away @ parameters["words"].T
        slopes |= {"words": hidden.T @ away, "words_bias": away.sum(axis=0)}
    slopes["shared"] = rows.T @ back
    return loss, slopes


def _log_softmax(logits: Array) -> Array:
    import numpy

    rest = logits - logits.max(axis=1, keepdims=True)
    found: Array = rest - numpy.log(numpy.exp(rest).sum(axis=1, keepdims=True))
    return found
