"""The user's own training command: files written for it, run without a shell and without keys, its results read.

The command runs in an empty folder of its own beside the database, which is removed afterwards. Its whole process group
ends with it, at the timeout, and when the job is cancelled.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.evaluate.outside import Answers, Lesson, OutsideError, TrainOutside
from workbench.jobs.run import JobContext
from workbench.pipeline import trainer_answers
from workbench.project import Project
from workbench.store import jobs
from workbench.text import clean

#: Variables that the command sees: where programs, caches and processors are. Never one that looks like a secret.
PASSED = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TERM|VIRTUAL_ENV|CONDA_\w+|PYTHON(PATH|HOME|UTF8|WARNINGS)|LD_LIBRARY_PATH"
    r"|CUDA\w*|NVIDIA_\w+|ROCR_\w+|HIP_\w+|OMP_NUM_THREADS|XDG_CACHE_HOME|HF_\w+|TRANSFORMERS_\w+|TORCH_\w+|TOKENIZERS_PARALLELISM"
)
SECRET = re.compile(r"KEY|TOKEN(?!IZERS)|SECRET|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)
#: Lines of output that go to the job's log, and characters of each.
LINES, LONGEST = 200, 300
#: Seconds between two looks at the process, and between asking it to end and ending it.
TICK, GRACE = 0.1, 3.0
#: Linux: the signal that a process gets when the one that started it has ended.
PR_SET_PDEATHSIG = 1


def outside(context: JobContext) -> TrainOutside:
    """What runs ``evaluate.trainer.command`` for an evaluate job. Raises ``UsageError`` when there is none."""
    settings = context.project.config.evaluate.trainer
    if not settings.command:
        raise UsageError("There is no training command: write it as evaluate.trainer.command in project.yaml.")

    def train(lesson: Lesson) -> Answers:
        remove_left_over(context.project, context.job.id)
        folder = _folder(context.project, context.job.id)
        began = time.monotonic()

        def tick() -> None:
            context.report(0, None, f"your trainer, {time.monotonic() - began:,.0f} s")

        try:
            return run(
                settings.command,
                lesson,
                folder,
                project=context.project.folder,
                timeout=settings.timeout,
                tick=tick,
                log=lambda line: context.log("info", f"trainer: {line}"),
            )
        finally:
            _remove(folder)
            if folder.exists():
                context.log("warning", f"The trainer's folder could not be removed: {clean(str(folder), limit=300)}")

    return train


def run(
    command: Sequence[str],
    lesson: Lesson,
    folder: Path,
    *,
    project: Path,
    timeout: float,
    tick: Callable[[], None] = lambda: None,
    log: Callable[[str], None] = lambda line: None,
) -> Answers:
    """Run ``command`` in the empty ``folder`` and read what it wrote there.

    ``{train}``, ``{test}``, ``{folder}`` (and ``{out}``, the same one) and ``{project}`` in its words stand for paths, and
    so does a word that names a file in the ``project`` folder. ``tick`` is called while it runs; what it raises ends the
    command. Raises ``OutsideError`` when it cannot be run, fails, takes more than ``timeout`` seconds or writes nothing
    usable.
    """
    _write(lesson, folder)
    began = time.monotonic()
    words = _words(command, folder.resolve(), project.resolve())
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment(os.environ, folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_mortal(),  # noqa: PLW1509 - one call of C, looked up before; nothing that a thread may hold
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise OutsideError(
            f"Your trainer {clean(words[0], limit=80)!r} could not be started ({clean(str(reason), limit=120)}): see "
            "evaluate.trainer.command in project.yaml."
        ) from error
    output = _Output(log)
    try:
        late = _wait(process, output, began + timeout, tick)
    finally:
        _end(process)
        assert process.stdout is not None
        process.stdout.close()
        output.close()
    if late:
        raise OutsideError(
            f"Your trainer took more than {timeout:g} seconds and was ended: see evaluate.trainer.timeout in project.yaml."
        )
    if status := process.returncode:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        last = f"; its last words: {output.last}" if output.last else ""
        raise OutsideError(f"Your trainer {how}{last} (all its output is in the job's log).")
    predictions = trainer_answers.predictions(folder, [row["id"] for row in lesson.test])
    metrics = trainer_answers.metrics(folder)
    if predictions is None and not metrics:
        raise OutsideError("Your trainer wrote neither predictions.jsonl nor numbers in metrics.json into its folder.")
    return Answers(predictions, metrics, time.monotonic() - began)


def environment(mine: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What the command sees of the variables ``mine``: no keys. Its temporary files go into its own ``folder``."""
    passed = {name: value for name, value in mine.items() if PASSED.fullmatch(name) and not SECRET.search(name)}
    return {**passed, "TMPDIR": str(folder)}


def _mortal() -> Callable[[], None] | None:
    """Makes the command end with the job's process, even if that is killed, where the system can (Linux); else None.

    ``prctl`` is looked up here: between fork and exec nothing is loaded.
    """
    if sys.platform != "linux":
        return None
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _words(command: Sequence[str], folder: Path, project: Path) -> list[str]:
    places = {
        "{train}": folder / "train.jsonl",
        "{test}": folder / "test.jsonl",
        "{out}": folder,
        "{folder}": folder,
        "{project}": project,
    }

    def word(given: str, first: bool) -> str:
        if re.search("|".join(map(re.escape, places)), given):
            return re.sub("|".join(map(re.escape, places)), lambda found: str(places[found[0]]), given)
        # As in a shell, a program without a slash is looked for in PATH alone.
        if "\0" in given or (first and "/" not in given) or not given:
            return given
        beside = project / given
        return str(beside) if beside.is_file() else given

    return [word(given, first=not place) for place, given in enumerate(command)]


def _folder(project: Project, job_id: int) -> Path:
    database = project.database
    return Path(tempfile.mkdtemp(prefix=f"{database.name}-trainer-{job_id}-", dir=database.parent))


def remove_left_over(project: Project, own: int | None = None) -> None:
    """Folders of jobs whose process was killed before it could remove them, and of the job ``own``: they hold texts."""
    database = project.database
    for folder in database.parent.glob(f"{database.name}-trainer-*-*"):
        found = re.fullmatch(r".*-trainer-(\d+)-[^-]*", folder.name)
        if found and (int(found[1]) == own or not jobs.lives(project, int(found[1]))):
            _remove(folder)


def _remove(folder: Path) -> None:
    """The folder with what is in it; of a link that the command put into its place, the link alone."""
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _write(lesson: Lesson, folder: Path) -> None:
    for name, rows in (("train.jsonl", lesson.train), ("test.jsonl", lesson.test)):
        with (folder / name).open("w", encoding="utf-8", errors="replace") as file:
            file.writelines(_lines(rows))
    for name, value in (("labels.json", list(lesson.labels)), ("task.json", lesson.task)):
        text = json.dumps(value, ensure_ascii=False, indent=1)
        (folder / name).write_text(text, encoding="utf-8", errors="replace")


def _lines(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


class _Output:
    """What the command says: cleaned lines to the log, no more than ``LINES``; the last one is kept for the error."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._part = b""
        self._said = 0
        self.last = ""

    def add(self, data: bytes) -> None:
        *whole, rest = data.split(b"\n")
        for line in whole:
            self._line(self._part + line)
            self._part = b""
        # A bar that redraws itself is one line; a line without end is not kept whole.
        self._part = (self._part + rest).rpartition(b"\r")[2][: 4 * LONGEST]

    def close(self) -> None:
        self._line(self._part)

    def _line(self, line: bytes) -> None:
        text = clean(line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace").strip(), limit=LONGEST)
        if not text:
            return
        self.last = text
        self._said += 1
        if self._said <= LINES:
            self._log(text)
        elif self._said == LINES + 1:
            self._log(f"(no more than {LINES} lines are kept)")


def _wait(process: subprocess.Popen[bytes], output: _Output, until: float, tick: Callable[[], None]) -> bool:
    """Read what it says until it ends; True when it was not ready in time."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            tick()
            # Not reaped yet: its number cannot become another group's before the group is ended.
            over = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
            if selector.get_map():
                selector.select(0 if over else TICK)
                if not _read(pipe, output):
                    selector.unregister(pipe)
            elif not over:
                time.sleep(TICK)
            if over:
                return False
            if time.monotonic() > until:
                return True


def _read(pipe: int, output: _Output) -> bool:
    """Take what is there, at most a megabyte at a time; False at the end of the pipe."""
    for _ in range(16):
        try:
            data = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return True
        if not data:
            return False
        output.add(data)
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started in its group."""
    over = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    if not over:
        os.killpg(process.pid, signal.SIGTERM)
        until = time.monotonic() + GRACE
        while time.monotonic() < until and not over:
            time.sleep(0.02)
            over = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # nobody is left but the ended process itself
        pass
    process.wait()
