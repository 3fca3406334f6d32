"""The one place that says who may read which split.

Only ``train`` samples may become demonstrations, conditions, training data or thresholds. ``validation`` may steer
generation, thresholds and review by its errors. ``test`` is for evaluation alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.store.connection import Store
from workbench.store.samples import contents

#: (sample id, text, label or None)
Texts = list[tuple[int, str, str | None]]


def _texts(store: Store, where: str) -> Texts:
    return [(sample_id, text, label) for sample_id, text, label, _, _ in contents(store, where)]


def seeds(store: Store) -> Texts:
    """Real examples given by the user, of the training split, less those that a person rejected."""
    return _texts(store, "origin = 'seed' AND split = 'train' AND status != 'rejected'")


def training(store: Store) -> Texts:
    """Seeds and other real samples of the training split: what train-on-real and reference classifiers learn from."""
    return _texts(store, "origin IN ('seed', 'real') AND split = 'train' AND status != 'rejected'")


def validation(store: Store) -> Texts:
    """Real samples whose errors may steer generation, thresholds and review."""
    return _texts(store, "origin IN ('seed', 'real') AND split = 'validation'")


def test_for_evaluation(store: Store) -> Texts:
    """Real samples for evaluation; nothing else may call this."""
    return _texts(store, "origin IN ('seed', 'real') AND split = 'test'")


def generated(store: Store, where: str) -> Iterator[tuple[int, str, str | None, str | None, dict[str, Any]]]:
    """Synthetic samples that meet ``where`` (SQL of this package), as ``samples.contents`` gives them."""
    return contents(store, f"origin = 'synthetic' AND {where}")
