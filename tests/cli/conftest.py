"""Commands run in this process; jobs too, unless a test wants real processes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from workbench.cli import main
from workbench.jobs.run import run as run_job
from workbench.pipeline.process import _KINDS, _loader
from workbench.project import Project, create
from workbench.store import jobs
from workbench.store.connection import Store

#: What no terminal may ever receive: ESC and other controls, C1, line and paragraph separators, bidi overrides.
FORBIDDEN = {*map(chr, range(0x20)), "\x7f", *map(chr, range(0x80, 0xA0)), *"\u2028\u2029\u200e\u200f\ufeff"}
FORBIDDEN |= {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
FORBIDDEN -= {"\n"}


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def object(self) -> dict[str, Any]:
        """Standard output as the one JSON object that it must be."""
        assert self.out.count("\n") == 1, self.out
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Workbench = Callable[..., Ran]


@pytest.fixture
def workbench(capsys: pytest.CaptureFixture[str]) -> Workbench:
    """``workbench("query", folder, "status:pending")`` runs a command and checks that its output is harmless."""

    def run(*words: object) -> Ran:
        capsys.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:  # --help and --version
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        assert not FORBIDDEN & set(out + err), sorted(FORBIDDEN & set(out + err))
        (out + err).encode("utf-8")
        assert "Traceback" not in err, err
        return Ran(status, out, err)

    return run


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings, keys or endpoints of the machine."""
    monkeypatch.setenv("WORKBENCH_CONFIG", str(tmp_path / "user-config"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run at once in this process: everything but the process is real. Learn jobs are left out."""

    def launch(store: Store, job_id: int, module: str) -> None:
        if jobs.get(store, job_id).kind == "learn":
            jobs.cancel(store, job_id)
        else:
            run_job(Project(store.project.folder), job_id, {kind: _loader(kind) for kind in _KINDS})

    monkeypatch.setattr("workbench.pipeline.start.launch", launch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty project with two labels."""
    return create(tmp_path / "p", labels=["lost_card", "refund"]).folder
