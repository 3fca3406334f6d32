"""What the screen's tests share: a settings folder of their own, and small projects."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.project import Project, create
from workbench.store import curation, samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample

TEXTS = [
    "I am still waiting on my card?", "Where can I change my PIN?", "How do I locate my card?",
    "What is the exchange rate for euros today?", "My card has not arrived and it has been two weeks now.",
]  # fmt: skip
LABELS = ["card_arrival", "change_pin", "exchange_rate"]


@pytest.fixture(autouse=True)
def settings_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees or changes the settings of whoever runs it."""
    folder = tmp_path / "settings"
    monkeypatch.setenv("WORKBENCH_CONFIG", str(folder))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("WORKBENCH_THEME", raising=False)
    return folder


@pytest.fixture(autouse=True)
def first_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, a list's first page is there at once; the tests of slow views take the time away."""
    monkeypatch.setattr("workbench.tui.listing.PATIENCE", 60.0)
    monkeypatch.setattr("workbench.tui.screens.review_base.AT_START", 60.0)


@pytest.fixture(autouse=True)
def nothing_frozen() -> Iterator[None]:
    """The app freezes what is there after its first paint, which is meant for a process of its own: here, ended apps with
    their open files would never be collected."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    opened = Path("/proc/self/fd")
    if not opened.is_dir() or len(list(opened.iterdir())) > _collect_at[0]:
        gc.collect()  # a second or so in a process that has run hundreds of tests: not for descriptors that others keep
        _collect_at[0] = 200 + (len(list(opened.iterdir())) if opened.is_dir() else 0)


_collect_at = [200]


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """``make_project(n)``: a project of ``n`` pending samples with suggestions for the first three."""

    def make(count: int = 5, labels: list[str] | None = None, texts: list[str] | None = None) -> Project:
        chosen = labels or LABELS
        lines = texts or TEXTS
        project = create(tmp_path / "banking", labels=chosen, description="Messages to a bank.")
        with Store(project) as store:
            samples.add(
                store,
                [NewSample({"text": lines[at % len(lines)]}, chosen[at % len(chosen)]) for at in range(count)],
            )
            if count >= 3:
                curation.save_suggestions(
                    store, "tfidf", [(n, [(chosen[1], 0.61), (chosen[0], 0.33)]) for n in (1, 2, 3)], job_id=0
                )
                curation.save_scores(store, "uncertainty", [(1, 0.9), (2, 0.1)], version=1, job_id=0)
                curation.save_neighbours(store, [(1, [(3, 0.94), (2, 0.5)])])
        return project

    return make
