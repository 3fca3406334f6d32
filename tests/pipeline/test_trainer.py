"""The user's own training command: what it gets, what it may write, how it ends."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.conftest import RunJob, add
from workbench.evaluate.outside import Answers, Lesson, OutsideError
from workbench.pipeline import trainer
from workbench.store import jobs
from workbench.store.connection import Store

TRAIN = [
    {"id": 1, "text": "lost card", "fields": {"text": "lost card"}, "label": "lost", "weight": 1.0},
    {"id": 2, "text": "new pin", "fields": {"text": "new pin"}, "label": "pin", "weight": 0.5},
]
TEST = [{"id": 90, "text": "card"}, {"id": 91, "text": "pin"}]
LESSON = Lesson(TRAIN, TEST, ["lost", "pin"], {"kind": "classification"})

Train = Callable[..., Answers]


@pytest.fixture
def train(tmp_path: Path) -> Train:
    """Runs a script of Python that stands in the project's folder as ``train.py``."""
    project, folder = tmp_path / "project", tmp_path / "project" / "run"
    folder.mkdir(parents=True)

    def run(script: str, *words: str, **options: object) -> Answers:
        (project / "train.py").write_text(f"import json, os, sys, time\n{script}\n", encoding="utf-8")
        options.setdefault("timeout", 20.0)
        # -S -E: a bare interpreter starts in a third of the time.
        command = [sys.executable, "-S", "-E", "train.py", *words]
        return trainer.run(command, LESSON, folder, project=project, **options)  # type: ignore[arg-type]

    return run


def write(name: str, text: str) -> str:
    return f"open({name!r}, 'w').write({text!r})"


def test_it_reads_files_and_writes_predictions(train: Train) -> None:
    # A classifier that gives each test row the label of the training row with which it shares a word.
    answers = train(
        "rows = [json.loads(line) for line in open(sys.argv[1])]\n"
        "with open(sys.argv[3] + '/predictions.jsonl', 'w') as out:\n"
        "    for line in open(sys.argv[2]):\n"
        "        one = json.loads(line)\n"
        "        assert sorted(one) == ['id', 'text'], one\n"
        "        label = next(row['label'] for row in rows if one['text'] in row['text'])\n"
        "        out.write(json.dumps({'id': one['id'], 'label': label}) + '\\n')\n"
        "assert json.load(open('labels.json')) == ['lost', 'pin']\n"
        "assert json.load(open('task.json'))['kind'] == 'classification'\n"
        "json.dump({'accuracy': 1, 'eval/loss': 0.25, 'best': True, 'nan': float('nan'), 'words': 'x'}, "
        "open('metrics.json', 'w'))",
        "{train}",
        "{test}",
        "{out}",
    )
    assert answers.predictions == ["lost", "pin"]
    assert answers.metrics == {"accuracy": 1.0, "eval_loss": 0.25}


@pytest.mark.parametrize(
    ("predictions", "read"),
    [
        ('"lost"\n"pin"\n', ["lost", "pin"]),
        ('{"label": "lost"}\n\n{"label": "pin"}', ["lost", "pin"]),
        ('{"id": 91, "label": "pin"}\n{"id": 90, "label": "lost"}\n', ["lost", "pin"]),
        ('"\\u001b[31mred"\n"pin"\n', ["\x1b[31mred", "pin"]),  # counted as wrong and never shown
    ],
)
def test_predictions_come_in_order_or_by_id(train: Train, predictions: str, read: list[str]) -> None:
    assert train(write("predictions.jsonl", predictions)).predictions == read


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("pass", "wrote neither predictions.jsonl nor numbers"),
        ("print('no such GPU'); sys.exit(3)", "ended with status 3; its last words: no such GPU"),
        ("os.kill(os.getpid(), 9)", "ended by signal 9"),
        (write("predictions.jsonl", '"lost"\n'), "has 1 labels for 2 test rows"),
        (write("predictions.jsonl", '{"id": 90, "label": "a"}\n' * 2), "each test row once by the id"),
        (write("predictions.jsonl", '{"id": 90, "label": "a"}\n"pin"'), "each test row once by the id"),
        (write("predictions.jsonl", '"lost"\n{"label": 3}'), "line 2, should be a label"),
        (write("predictions.jsonl", '"lost"\nlost'), "line 2, is not JSON"),
        (write("predictions.jsonl", "[" * 100_000 + "\n1"), "line 1, is not JSON"),
        ("open('predictions.jsonl', 'w').write('x' * 2_000_000)", "is larger than 1 MB"),
        (write("metrics.json", "[1]"), "should be one object"),
        (write("metrics.json", '{"a": 1'), "metrics.json is not JSON"),
        (write("metrics.json", '{"a": ' + "9" * 5_000 + "}"), "metrics.json is not JSON"),
        (write("metrics.json", '{"a": 1e999, "b": "2", "c": 7e300}'), "wrote neither"),
        ("json.dump({str(i): i for i in range(50)}, open('metrics.json', 'w'))", "has 50 numbers, at most 20"),
        ("os.symlink('/etc/passwd', 'metrics.json')", "cannot be read"),
        ("os.mkfifo('predictions.jsonl')", "is not a plain file"),
        ("os.mkdir('metrics.json')", "is not a plain file"),
    ],
    ids=lambda value: value[:30],
)
def test_what_goes_wrong_is_one_sentence(train: Train, script: str, said: str) -> None:
    with pytest.raises(OutsideError, match=said):
        train(script)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="'no-such-program' could not be started"):
        trainer.run(["no-such-program"], LESSON, tmp_path, project=tmp_path, timeout=5)


def test_it_sees_no_keys(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"OPENAI_API_KEY": "a", "HF_TOKEN": "b", "CUDA_SECRET": "c", "MY_SETTING": "d"}
    for name, value in {**secrets, "HF_HOME": "/models", "CUDA_VISIBLE_DEVICES": "0"}.items():
        monkeypatch.setenv(name, value)
    seen = train("json.dump({name: 1 for name in os.environ}, open('metrics.json', 'w'))").metrics
    assert {"PATH", "HF_HOME", "CUDA_VISIBLE_DEVICES", "TMPDIR"} <= seen.keys()
    assert not seen.keys() & secrets.keys()


def test_output_goes_to_the_log_cleaned_and_limited(train: Train) -> None:
    lines: list[str] = []
    script = (
        "print('10 %\\r20 %\\r\\x1b[31mdone')\n"
        "[print('line', i) for i in range(300)]\n"
        "print('x' * 5_000_000, end='', flush=True)\n"
    )
    train(script + write("metrics.json", '{"f1": 0.5}'), log=lines.append)
    assert lines[:2] == ["\u241b[31mdone", "line 0"]
    assert len(lines) == trainer.LINES + 1
    assert lines[-1] == "(no more than 200 lines are kept)"


def alive(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


#: Starts a child that would outlive it, tells both numbers, ignores the wish to end, and never ends.
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = os.fork()\n"
    "if child: print('pids', os.getpid(), child, flush=True)\n"
    "time.sleep(600)"
)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends it then")
def test_it_ends_with_the_process_that_started_it() -> None:
    script = (
        "import os, subprocess, sys, time\nfrom workbench.pipeline import trainer\n"
        "one = subprocess.Popen(['sleep', '600'], preexec_fn=trainer._mortal(), stdout=subprocess.DEVNULL)\n"
        "print(one.pid, flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    pid = int(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False).stdout)
    until = time.monotonic() + 10
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not alive(pid)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at processes in /proc")
def test_a_timeout_ends_the_whole_group(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "GRACE", 0.05)
    lines: list[str] = []
    with pytest.raises(OutsideError, match="took more than 1 seconds"):
        train(STUBBORN, timeout=1.0, log=lines.append)
    pids = [int(word) for word in lines[0].split()[1:]]
    until = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(alive, pids))


def test_what_watching_raises_ends_it(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "GRACE", 0.05)
    lines: list[str] = []

    def cancelled() -> None:
        if lines:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("print(os.getpid(), flush=True); time.sleep(600)", tick=cancelled, log=lines.append)
    with pytest.raises(ProcessLookupError):
        os.kill(int(lines[0]), 0)


def test_words_of_the_command(tmp_path: Path) -> None:
    project, folder = tmp_path / "project", tmp_path / "run"
    project.mkdir()
    for name in ("train.py", "python"):
        (project / name).write_text("")
    words = trainer._words(["python", "train.py", "--in={train}", "{project}/x", "{unknown}"], folder, project)
    assert words == ["python", str(project / "train.py"), f"--in={folder}/train.jsonl", f"{project}/x", "{unknown}"]


def test_hostile_texts_stay_lines_of_json(tmp_path: Path) -> None:
    hostile = "a\nb\u2028c\ud800\x00"
    trainer._write(Lesson([{"id": 1, "text": hostile, "label": "x"}], [], [hostile], {}), tmp_path)
    lines = (tmp_path / "train.jsonl").read_text(encoding="utf-8").split("\n")
    assert len(lines) == 2
    assert json.loads(lines[0])["text"] == "a\nb\u2028c?\x00"


def test_the_example_in_the_docs(tmp_path: Path) -> None:
    """Run in this process, where scikit-learn is loaded already: its own start would be most of the time."""
    example = runpy.run_path(str(Path(__file__).resolve().parents[2] / "docs" / "example_trainer.py"))
    files = {"train": [{**row, "id": 10 * i} for i in range(3) for row in TRAIN], "test": TEST}
    for name, rows in files.items():
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    example["main"](str(tmp_path / "train"), str(tmp_path / "test"), str(tmp_path))
    said = [json.loads(line) for line in (tmp_path / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert said == [{"id": 90, "label": "lost"}, {"id": 91, "label": "pin"}]
    # lost, card, new, pin and two pairs of words
    assert json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8")) == {"features": 6}


class TestJob:
    """``workbench evaluate --trainer``."""

    #: Says "refund" for every test row, and shows what it finds around it.
    SCRIPT = (
        "import json, os, sys\n"
        "print('rows', len(list(open('train.jsonl'))), os.getcwd().startswith(sys.argv[1]))\n"
        "open('predictions.jsonl', 'w').write('\"refund\"\\n' * len(list(open('test.jsonl'))))\n"
    )

    @pytest.fixture
    def prepared(self, store: Store) -> Store:
        add(store, "please refund me", "money back")
        add(store, "my card is lost", label="lost_card")
        add(store, "a refund", origin="real", split="test")
        add(store, "a lost card", label="lost_card", origin="real", split="test")
        (store.project.folder / "train.py").write_text(self.SCRIPT, encoding="utf-8")
        self.command(store, [sys.executable, "-S", "-E", "train.py", "{project}"])
        return store

    def command(self, store: Store, words: list[str], timeout: float = 30) -> None:
        settings = store.project.settings
        text = settings.read_text(encoding="utf-8")
        section = f"evaluate:\n  trainer: {json.dumps({'command': words, 'timeout': timeout})}\n"
        settings.write_text(text.replace("evaluate:\n", section, 1), encoding="utf-8")

    def left(self, store: Store) -> list[str]:
        return [path.name for path in store.project.database.parent.glob("*-trainer-*")]

    def test_its_accuracy_stands_beside_the_others(self, prepared: Store, run: RunJob) -> None:
        job = run("evaluate", metrics=["benchmark.external"], trainer=True)
        assert job.state == "done", job.error
        assert job.result is not None
        metric = job.result["metrics"]["benchmark.external"]
        assert (metric["value"], metric["details"]["gold"]) == (0.5, [1, 0])
        said = [message for _, _, _, message in jobs.events(prepared, job.id)]
        assert "trainer: rows 3 True" in said
        assert self.left(prepared) == []

    def test_it_does_not_run_unasked(self, prepared: Store, run: RunJob) -> None:
        job = run("evaluate", metrics=["benchmark.external"])
        assert job.result is not None
        assert "--trainer" in job.result["metrics"]["benchmark.external"]["note"]
        assert not [one for one in jobs.events(prepared, job.id) if "trainer" in one[3]]

    def test_cancelling_the_job_ends_it(self, prepared: Store, run: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(trainer, "GRACE", 0.05)
        script = "import os, time\nopen('../pid', 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
        (prepared.project.folder / "train.py").write_text(script, encoding="utf-8")
        pid = prepared.project.database.parent / "pid"
        real = jobs.progress

        def progress(store: Store, job_id: int, *rest: object) -> object:
            if pid.exists() and pid.read_text():
                jobs.cancel(store, job_id)
            return real(store, job_id, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(jobs, "progress", progress)
        assert run("evaluate", metrics=["benchmark.external"], trainer=True).state == "cancelled"
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
        assert self.left(prepared) == []

    def test_folders_of_killed_jobs_are_removed(self, prepared: Store, run: RunJob) -> None:
        database = prepared.project.database
        (database.parent / f"{database.name}-trainer-77-abc").mkdir()
        run("evaluate", metrics=["label.balance"])  # any evaluation removes them: they hold texts
        assert self.left(prepared) == []

    def test_a_link_that_the_command_put_into_its_folders_place_is_removed_alone(
        self, prepared: Store, run: RunJob
    ) -> None:
        script = "import os, shutil, sys\nhere = os.getcwd()\nshutil.rmtree(here)\nos.symlink(sys.argv[1], here)\n"
        (prepared.project.folder / "train.py").write_text(script, encoding="utf-8")
        assert run("evaluate", metrics=["benchmark.external"], trainer=True).state == "done"
        assert self.left(prepared) == []
        assert prepared.project.settings.exists()
