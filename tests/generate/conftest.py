from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.generate.scripted import Bench
from workbench.generate import asking
from workbench.models.limits import Backoff


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A small project; failures are asked again at once."""
    monkeypatch.setattr(Backoff, "wait", lambda self, attempt, retry_after=None: retry_after or 0.001)
    monkeypatch.setattr(asking, "GONE", 0.2)
    made = Bench(tmp_path / "bench", monkeypatch)
    yield made
    made.store.close()
