"""The screen, measured from outside as a person over SSH meets it: python benchmarks/screen.py [--samples 1000000]

Makes a project (or uses ``--project``), runs the screen in a pseudo-terminal through a probe (``--probe``, a script with the
options of ``terminal_probe.py``) and prints each figure beside its gate. Timings vary with what else the machine does:
compare with the trivial Textual app of the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
PROBE = HERE.parent.parent / "shared" / "tools" / "terminal_probe.py"
MARKER = "hi, question"  # stands in the first page of the made project
TRIVIAL = """
from textual.app import App
from textual.widgets import Static
class Trivial(App):
    def compose(self):
        yield Static("hello-marker")
Trivial().run(mouse=False)
"""
SCREEN = """
import sys
from workbench.project import find
from workbench.tui.app import run
run(find(sys.argv[1]), sys.argv[2])
"""
#: The same screen on a store whose commits of people's work take 10 ms longer, as on a slow disk.
SLOW = """
import sys, time
from contextlib import contextmanager
from workbench.project import find
from workbench.store.connection import Store
from workbench.tui.app import WorkbenchApp
class SlowStore(Store):
    @contextmanager
    def write(self):
        with super().write() as connection:
            yield connection
            if self.durable:
                time.sleep(0.010)
WorkbenchApp(find(sys.argv[1]), sys.argv[2], open_store=SlowStore).run(mouse=False)
"""


def probe(
    tool: Path, code: str, *arguments: str, keys: str = "", marker: str = MARKER, before: str = "", settle: float = 1.5
) -> dict[str, Any]:
    command = [sys.executable, str(tool), "--marker", marker, "--keys", keys, "--before", before, "--settle", str(settle), "--",
               sys.executable, "-c", code, *arguments]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if not done.stdout.strip():
        raise SystemExit(f"the probe failed: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout))


class Writers:
    """Commits some samples a second in transactions of 25, as a generate job does."""

    def __init__(self, folder: Path, rate: int) -> None:
        self.folder, self.rate, self.stop = folder, rate, threading.Event()
        self.written = 0

    def __enter__(self) -> Writers:
        code = f"""
import time
from workbench.project import find
from workbench.store import samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample
with Store(find({str(self.folder)!r})) as store:
    start, n = time.monotonic(), 0
    while True:
        samples.add(store, [NewSample({{"text": f"hi, question written {{n + i}}"}}, "refund") for i in range(25)])
        n += 25
        time.sleep(max(0, start + n / {self.rate} - time.monotonic()))
"""
        self.process = subprocess.Popen([sys.executable, "-c", code])
        time.sleep(1.0)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--project", type=Path, help="a project made by make_project.py (it is written to)")
    parser.add_argument("--probe", type=Path, default=PROBE)
    parser.add_argument("--runs", type=int, default=9, help="alternated starts for the first paint")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.probe.is_file():
        raise SystemExit(f"{arguments.probe} is missing: name the probe with --probe.")
    sys.path.insert(0, str(HERE.parent))
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["WORKBENCH_CONFIG"] = str(Path(temporary) / "config")
        os.environ["PYTHONPATH"] = str(HERE.parent)
        # An installed package has its bytecode; a checkout run with PYTHONDONTWRITEBYTECODE would compile at every start.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(temporary) / "bytecode")
        folder = arguments.project
        if folder is None:
            from benchmarks.make_project import build

            folder = Path(temporary) / "project"
            build(folder, arguments.samples)
        figures = measure(arguments.probe, folder, arguments.runs)
    if arguments.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, (value, gate) in figures.items():
            print(f"{name:<58} {value!s:>16}   gate {gate}")


def measure(tool: Path, folder: Path, runs: int) -> dict[str, tuple[Any, str]]:
    """Name of the figure to (value, gate). A new annotator each time: nobody's place is remembered."""
    who = (f"bench-{os.getpid()}-{n}" for n in range(1_000))
    place = str(folder)
    pairs = [
        (
            probe(tool, TRIVIAL, marker="hello-marker", settle=0.1)["marker_s"],
            probe(tool, SCREEN, place, next(who), settle=0.1)["marker_s"],
        )
        for _ in range(runs + 1)  # the first start of each compiles and warms the file cache: it is not counted
    ][1:]
    trivial, starts = (median(pair[at] for pair in pairs) for at in (0, 1))
    ratios = sorted(screen / plain for plain, screen in pairs)
    figures: dict[str, tuple[Any, str]] = {
        "first paint, s (trivial app)": (f"{starts:.2f} ({trivial:.2f})", "<= 0.45, or the ratio <= 2.0"),
        "  ratio of each pair: median, smallest, largest": (
            f"{median(ratios):.2f}, {ratios[0]:.2f}, {ratios[-1]:.2f}",
            "",
        ),
    }
    end = probe(tool, SCREEN, place, next(who), keys="end*1", settle=0.05)
    reach = end["marker_s"] + 0.05 + end["keys"]["end"]["last_ms"][0] / 1000
    figures["last row, s after the start"] = (round(reach, 2), "<= 0.6 s after start")
    figures["  of which after the key, ms"] = (end["keys"]["end"]["last_ms"][0], "")
    steps = probe(tool, SCREEN, place, next(who), keys="down*30", settle=3.0)
    scrolls = probe(
        tool, SCREEN, place, next(who), keys="j*100", before="pagedown," * 3 + "home" + ",pagedown", settle=3.0
    )
    pages = probe(tool, SCREEN, place, next(who), keys="pagedown*60", settle=3.0)
    for name, result, key, size in (("step in the window", steps, "down", "1,200"), ("step that scrolls", scrolls, "j", "4,500"),
                                    ("page down", pages, "pagedown", "4,500")):  # fmt: skip
        figures[f"{name}, p50 / p95 ms"] = (tuple(result["keys"][key]["last_ms"]), "<= 12 / 35")
        figures[f"{name}, bytes"] = (result["keys"][key]["bytes"], f"<= {size}")
    figures["memory, MB (at the end of paging)"] = (pages["rss_end_mb"], "<= 70")
    labels = probe(tool, SCREEN, place, next(who), keys="1*60", settle=3.0)
    figures["label key, durable and next sample shown, p50 / p95 ms"] = (
        tuple(labels["keys"]["1"]["first_ms"]),
        "p95 <= 35",
    )
    figures["label key, bytes"] = (labels["keys"]["1"]["bytes"], "<= 1,500")
    slow = probe(tool, SLOW, place, next(who), keys="1*60", settle=3.0)
    figures["the same with 10 ms more per commit"] = (tuple(slow["keys"]["1"]["first_ms"]), "p95 <= 35")
    with Writers(folder, 500):
        busy = probe(tool, SCREEN, place, next(who), keys="j*60,pagedown*40,1*40", settle=0.1)  # it never rests
    for key, name in (("j", "step that scrolls"), ("pagedown", "page down"), ("1", "label key")):
        figures[f"{name} while 500 samples/s are committed, p50 / p95 ms"] = (
            tuple(busy["keys"][key]["first_ms"]),
            "p95 <= 60",
        )
    return figures


if __name__ == "__main__":
    main()
