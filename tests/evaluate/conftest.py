from __future__ import annotations

import sys

import pytest

from tests.evaluate import samples


@pytest.fixture
def word_votes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics train the hand-checkable classifier instead of the project's."""
    monkeypatch.setitem(sys.modules, "workbench.learn.classifier", samples.CLASSIFIER)  # type: ignore[arg-type]
