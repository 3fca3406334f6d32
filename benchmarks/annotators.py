"""Annotators at once: ``python benchmarks/annotators.py [--seconds 60] [--people 8] [--model endpoint] [--shared]``.

``--people`` processes label as fast as they can, each sample in turn, beside a generate job of the banking sample project
(``--model endpoint``: a local endpoint that answers after 50 ms; ``embedded``: the built-in model). ``--rate`` labels a second
and process instead of as fast as they can. ``--shared``: in a project made with ``new --shared``, half of the people and the
job as one system user, the rest as another (needs root: it makes two users and a group for the time of the run).

Prints, beside the gates: annotations lost or doubled (each process's own log of what was acknowledged against the database),
the times from the call to the durable commit, and the job's rate beside its rate alone before and after.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.endpoint import start_endpoint  # noqa: E402
from workbench import sharing  # noqa: E402
from workbench.pipeline import start  # noqa: E402
from workbench.pipeline.setting import parameters_of  # noqa: E402
from workbench.project import Project, create_from_sample  # noqa: E402
from workbench.store import jobs  # noqa: E402
from workbench.store.connection import Store  # noqa: E402

GATES = {"p99": 0.050, "worst": 0.300, "rate": 0.8}
GROUP, USERS = "workbench-bench", ("workbench-b1", "workbench-b2")

PERSON = """
import os, sys, time
from pathlib import Path
from workbench.project import Project
from workbench.store.acts import Change, annotator, apply
from workbench.store.connection import Store

folder, name, seconds, rate, log = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
with Store(Project(Path(folder)), durable=True) as store:
    me = annotator(store, name)
    ids = [row[0] for row in store.read("SELECT id FROM sample WHERE origin = 'seed' ORDER BY id")]
    labels = [label.name for label in store.project.outline.labels]
    os.write(log, b"ready\\n")
    sys.stdin.readline()
    number, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        sample, label = ids[number % len(ids)], labels[number % len(labels)]
        began = time.monotonic()
        act = apply(store, me, [sample], Change(label=label, status="accepted"), kind="label", seconds=1.0)
        took = time.monotonic() - began
        os.write(log, f"{act.id} {sample} {label} {took:.6f}\\n".encode())
        number += 1
        if rate:
            time.sleep(max(0.0, 1 / rate - took))
"""


def submit(project: Project, given: dict[str, Any], user: str | None) -> int:
    """Start a generate job, as ``user`` where one is named; returns its number."""
    if user is None:
        with Store(project) as store:
            return start.submit(store, "generate", parameters_of(project, given), {"concurrency": 32})
    code = (
        "import json, sys; from pathlib import Path; from workbench.pipeline import start; "
        "from workbench.pipeline.setting import parameters_of; from workbench.project import Project; "
        "from workbench.store.connection import Store\n"
        "project = Project(Path(sys.argv[1]))\n"
        "with Store(project) as store: print(start.submit(store, 'generate', "
        "parameters_of(project, json.loads(sys.argv[2])), {'concurrency': 32}))"
    )
    done = subprocess.run(
        [python(), "-c", code, str(project.folder), json.dumps(given)],
        stdout=subprocess.PIPE,
        check=True,
        **_as(user),
    )
    return int(done.stdout)


def python() -> str:
    """A Python that every user may run: this one, or the system's of the same version where this one is in a private folder."""
    own, version = Path(sys.executable).resolve(), f"python{sys.version_info.major}.{sys.version_info.minor}"
    closed = any(not parent.stat().st_mode & 0o001 for parent in own.parents)
    found = shutil.which(version, path="/usr/bin:/usr/local/bin") if closed else sys.executable
    if found is None:
        raise SystemExit(f"other users may not run {own}, and there is no other {version}")
    return found


def _as(user: str | None) -> dict[str, Any]:
    """Arguments of ``subprocess`` that run a command as another user, whose umask hides all from others."""
    if user is None:
        return {"cwd": ROOT}
    packages = os.pathsep.join([str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))])
    surroundings = {**os.environ, "HOME": "/nonexistent", "LOGNAME": user, "USER": user, "PYTHONPATH": packages}
    return {"cwd": ROOT, "user": user, "group": user, "extra_groups": [GROUP], "umask": 0o077, "env": surroundings}


def made(project: Project, job_id: int) -> int:
    with Store(project) as store:
        return int((jobs.get(store, job_id).result or {}).get("samples", 0))


def run(
    project: Project, seed: int, arguments: argparse.Namespace, people: int, logs: Path
) -> tuple[float, list[tuple[str, list[str]]]]:
    """Samples a second of a job, and what each person's process logged beside it (name, lines)."""
    users = USERS if arguments.shared else (None, None)
    model = "openai:test" if arguments.model == "endpoint" else "embedded"
    seconds = arguments.seconds if people else min(arguments.seconds, 15.0)
    job_id = submit(project, {"model": model, "count": 1_000_000, "seed": seed, "learn": False}, users[0])
    while made(project, job_id) < 500:
        time.sleep(0.05)
    processes, names = [], [f"person {seed} {n}" for n in range(people)]
    for n, name in enumerate(names):
        with (logs / name).open("wb") as log:
            given = (str(project.folder), name, str(seconds), str(arguments.rate), str(log.fileno()))
            command = [python() if arguments.shared else sys.executable, "-c", PERSON, *given]
            processes.append(
                subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[log.fileno()], **_as(users[n % 2]))
            )
    while any((logs / name).stat().st_size == 0 for name in names):
        time.sleep(0.05)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    before, began = made(project, job_id), time.monotonic()
    time.sleep(seconds - 0.5)
    after, took = made(project, job_id), time.monotonic() - began
    for process in processes:
        if process.wait():
            raise SystemExit("a person's process failed")
    with Store(project) as store:
        jobs.cancel(store, job_id)
        while jobs.get(store, job_id).state not in jobs.ENDED:
            time.sleep(0.05)
    return (after - before) / took, [(name, (logs / name).read_text().splitlines()[1:]) for name in names]


def wrong(project: Project, logged: list[tuple[str, list[str]]]) -> tuple[int, int]:
    """Acknowledged annotations that the database has not, and annotations that it has twice or that nobody logged."""
    lost = doubled = 0
    with Store(project) as store:
        for name, lines in logged:
            said = Counter(
                (int(act), int(sample), label) for act, sample, label, _ in (line.split(" ") for line in lines)
            )
            there = Counter(
                (act, sample, json.loads(label))
                for act, sample, label in store.read(
                    "SELECT act_id, sample_id, label FROM annotation JOIN annotator ON annotator.id = annotator_id "
                    "WHERE name = ?",
                    (name,),
                )
            )
            lost += (said - there).total()
            doubled += (there - said).total()
        healthy = store.one("PRAGMA integrity_check") == ("ok",)
    if not healthy:
        raise SystemExit("the database is damaged")
    return lost, doubled


@contextmanager
def users() -> Iterator[None]:
    """A group and two users of it for the time of the run."""
    if os.geteuid() != 0:
        raise SystemExit("--shared makes system users: run it as root.")
    try:
        subprocess.run(["groupadd", GROUP], check=True)
        for user in USERS:
            subprocess.run(["useradd", "--no-create-home", "--groups", GROUP, user], check=True)
        yield
    finally:
        for user in USERS:
            subprocess.run(["userdel", user], check=False)
        subprocess.run(["groupdel", GROUP], check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0.0, help="labels a second and person (0: as fast as they can)")
    parser.add_argument("--model", choices=["endpoint", "embedded"], default="endpoint")
    parser.add_argument("--shared", action="store_true")
    arguments = parser.parse_args()
    os.environ.setdefault("OPENAI_API_KEY", "none")
    with (
        users() if arguments.shared else nullcontext(),
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        start_endpoint(latency=0.05, vary=True) as server,
    ):
        Path(folder).chmod(0o755)
        os.environ["OPENAI_BASE_URL"] = server.url
        project = create_from_sample(Path(folder) / "banking", "banking_intents")
        with Store(project) as store:
            seeds = start.submit(store, "import", {"file": str(project.folder / "seeds.jsonl"), "role": "seed"})
            while jobs.get(store, seeds).state not in jobs.ENDED:
                time.sleep(0.02)
        if arguments.shared:
            sharing.share(project.folder, GROUP)
        logs = Path(folder) / "logs"
        logs.mkdir()
        before, _ = run(project, 1, arguments, 0, logs)
        beside, logged = run(project, 2, arguments, arguments.people, logs)
        after, _ = run(project, 3, arguments, 0, logs)
        lost, doubled = wrong(project, logged)
        faults = sharing.faults(project.folder) if arguments.shared else []
    times = sorted(float(line.rsplit(" ", 1)[1]) for _, lines in logged for line in lines)
    each = sorted(len(lines) for _, lines in logged)
    alone = (before + after) / 2
    figures = {
        "annotations": len(times),
        "each": [each[0], each[-1]],
        "lost": lost,
        "doubled": doubled,
        "p50": times[len(times) // 2],
        "p99": times[int(len(times) * 0.99)],
        "worst": times[-1],
        "alone": [before, after],
        "beside": beside,
        "rate": beside / alone,
        "faults": faults,
    }
    print(f"{len(times):,} annotations by {arguments.people} people, {each[0]:,} to {each[-1]:,} each")
    print(f"lost {lost}, doubled {doubled}                      gate 0, 0")
    print(f"commit p50 {figures['p50'] * 1000:.1f} ms, p99 {figures['p99'] * 1000:.1f} ms       gate p99 <= 50 ms")
    print(f"commit worst {figures['worst'] * 1000:.0f} ms                  gate <= 300 ms")
    print(f"job {before:.0f} and {after:.0f}/s alone, {beside:.0f}/s beside: {beside / alone:.0%}   gate >= 80 %")
    if arguments.shared:
        print(f"modes in the shared folder: {faults or 'as they should be'}")
    print(json.dumps(figures))
    held = not (lost or doubled or faults) and figures["p99"] <= GATES["p99"] and figures["worst"] <= GATES["worst"]
    return 0 if held and figures["rate"] >= GATES["rate"] else 1


if __name__ == "__main__":
    sys.exit(main())
