"""The entry point of a job's process: ``python -m workbench.pipeline.process PROJECT JOB [--detach]``.

The only place that knows which callable runs which kind of job; each is imported only in the process that needs it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from workbench.jobs.launch import detach
from workbench.jobs.run import Run, run
from workbench.project import Project

_KINDS = ("generate", "curate", "evaluate", "judge", "learn", "import", "export")


def _loader(kind: str) -> Callable[[], Run]:
    def load() -> Run:
        found: Run = import_module(f"workbench.pipeline.{kind}_job").run
        return found

    return load


def main(arguments: list[str]) -> int:
    if "--detach" in arguments:
        arguments.remove("--detach")
        detach()
    # Several jobs share a machine, and threads that wait for each other in short products slow them all down.
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # A job imports large packages and then makes hundreds of thousands of small objects that hold no cycles: looking
    # for cycles as often as Python does costs a sixth of its time.
    gc.set_threshold(50_000, 20, 50)
    folder, job_id = arguments
    return run(Project(Path(folder)), int(job_id), {kind: _loader(kind) for kind in _KINDS})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
