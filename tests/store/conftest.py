"""A fresh project's store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.project import create
from workbench.store.connection import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(create(tmp_path / "p", labels=["a", "b"])) as opened:
        yield opened
