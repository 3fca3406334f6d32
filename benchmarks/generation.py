"""Generation: ``python benchmarks/generation.py [--count 2000] [--rounds 1] [--only embedded,endpoint,...] [--peers]``.

Measures, on this machine and in this run, with the banking sample project and a local endpoint (``tests/endpoint.py``):

- the embedded model's samples a second through the ledger;
- N requests at 50 ms of latency, 64 and 256 at a time: the whole command, the requests alone, CPU seconds and the highest
  memory (VmHWM) of the job's process, beside a bare aiohttp loop against the same endpoint that stores nothing;
- ``cap``: the same at 64 where the endpoint lets in 200 requests a second (windows of a second, a sliding second, buckets
  of 20 and of 200; Retry-After 1 s): seconds, 429s, samples lost;
- the same at 64 with 5 % of 429 (Retry-After 1 s), 5 % of 500, and both: seconds above the run without faults, samples lost.
- a long run (``--only long``, minutes): 100,000 requests to an endpoint without latency, and the first half minute of one
  of 1,000,000; the highest memory of each beside that of 10,000.

``--peers`` runs bare AsyncOpenAI loops and bespokelabs-curator against the same endpoint, in a virtual environment that it
makes once (``--peers-folder``).

Prints one line per figure with its gate, then a JSON object. Timings of a busy machine say little: trust the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.endpoint import start_endpoint  # noqa: E402
from workbench.pipeline import start  # noqa: E402
from workbench.pipeline.setting import parameters_of  # noqa: E402
from workbench.project import Project, create_from_sample  # noqa: E402
from workbench.store import jobs  # noqa: E402
from workbench.store.connection import Store  # noqa: E402

LATENCY = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")
_BODY = {"model": "test", "messages": [{"role": "user", "content": "Write one text in en."}], "max_tokens": 120}


@contextmanager
def project() -> Iterator[Project]:
    """The banking sample project with its seeds imported."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        made = create_from_sample(Path(folder) / "banking", "banking_intents")
        with Store(made) as store:
            seeds = start.submit(store, "import", {"file": str(made.folder / "seeds.jsonl"), "role": "seed"})
            while jobs.get(store, seeds).state not in jobs.ENDED:
                time.sleep(0.02)
        yield made


class Watched:
    """Highest memory (MB) and CPU seconds of a process that is not ours, read until it ends."""

    def __init__(self) -> None:
        self.memory = self.cpu = 0.0

    def look(self, pid: int | None) -> None:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.memory = max(self.memory, int(line.split()[1]) / 1024)
        self.cpu = max(self.cpu, (int(stat[11]) + int(stat[12])) / _TICKS)


def command(made: Project, url: str, *, count: int, concurrency: int, model: str = "openai:test") -> dict[str, Any]:
    """``workbench generate`` as a person would run it; its job's process is watched from outside."""
    environment = {**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none"}
    began = time.perf_counter()
    with Store(made) as store:
        before = max((job.id for job in jobs.newest(store, 1)), default=0)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "workbench.cli", "generate", str(made.folder), "--recipe", "zerogen"),
                *("--count", str(count), "--model", model, "--concurrency", str(concurrency), "--json", "--quiet"),
            ],
            stdout=subprocess.PIPE,
            env=environment,
            cwd=ROOT,
        )
        watched = Watched()
        while process.poll() is None:
            job = next((one for one in jobs.newest(store, 3, kind="generate") if one.id > before), None)
            if job is not None:
                watched.look(job.pid)
            time.sleep(0.02)
        whole = time.perf_counter() - began
        assert process.stdout is not None
        result: dict[str, Any] = json.loads(process.stdout.read())
        while jobs.active(store):  # learning from the new samples goes on by itself: the next measurement wants quiet
            time.sleep(0.05)
        # From the first answer to the last, and one latency: the job's own seconds hold its imports as well.
        (span,) = store.one("SELECT (max(julianday(created_at)) - min(julianday(created_at))) * 86400 FROM answer") or (
            0,
        )
    return {**result, "generating": float(span) + LATENCY, "whole": whole, "memory": watched.memory, "cpu": watched.cpu}


def bare(url: str, *, count: int, concurrency: int) -> tuple[float, float]:
    """Seconds of a bare aiohttp loop: generating alone, and its whole process."""
    began = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--bare", url, str(count), str(concurrency)],
        capture_output=True,
        check=True,
    )
    return float(ran.stdout), time.perf_counter() - began


async def _bare(url: str, count: int, concurrency: int) -> float:
    import aiohttp

    left = iter(range(count))
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def work() -> None:
            for _ in left:
                async with session.post(f"{url}/chat/completions", json=_BODY) as response:
                    (await response.json())["choices"][0]["message"]["content"]

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(concurrency)))
        return time.perf_counter() - began


def endpoint(count: int, concurrency: int, **faults: Any) -> dict[str, Any]:
    with project() as made, start_endpoint(latency=LATENCY, **faults) as server:
        measured = command(made, server.url, count=count, concurrency=concurrency)
        measured["limited"] = server.stats().get("429", 0)
        if not faults:
            measured["bare"], measured["bare_whole"] = bare(server.url, count=count, concurrency=concurrency)
        return measured


def embedded(count: int) -> dict[str, Any]:
    with project() as made:
        return command(made, "", count=count, concurrency=64, model="embedded")


def long_runs() -> dict[str, float]:
    """Highest memory (MB) of the job at 10,000 and 100,000 requests, and half a minute into 1,000,000."""
    found: dict[str, float] = {}
    with start_endpoint() as server:
        for count in (10_000, 100_000):
            with project() as made:
                one = command(made, server.url, count=count, concurrency=64)
                found |= {f"memory_{count}": one["memory"], f"rate_{count}": count / one["generating"]}
                found[f"lost_{count}"] = count - one["samples"]
        with project() as made, Store(made) as store:
            chosen = {"recipe": "zerogen", "model": "openai:test", "count": 1_000_000, "learn": False}
            os.environ |= {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"}
            job_id = start.submit(store, "generate", parameters_of(made, chosen), {"concurrency": 64})
            watched, until = Watched(), time.monotonic() + 30
            while time.monotonic() < until:
                watched.look(jobs.get(store, job_id).pid)
                time.sleep(0.1)
            found |= {"memory_1000000": watched.memory, "made_1000000": jobs.get(store, job_id).done}
            jobs.cancel(store, job_id)
            while jobs.get(store, job_id).state not in jobs.ENDED:
                time.sleep(0.1)
    return found


PEERS = ("openai", "openai-aiohttp", "curator")


def peers(folder: Path, count: int, concurrency: int) -> dict[str, dict[str, float]]:
    """What peers make of the same requests; the environment is made on first use."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        wanted = ["bespokelabs-curator", "openai[aiohttp]"]
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
    found = {}
    with start_endpoint(latency=LATENCY) as server:
        for tool in PEERS:
            began = time.perf_counter()
            script = [
                str(python),
                str(ROOT / "benchmarks" / "peers.py"),
                tool,
                server.url,
                str(count),
                str(concurrency),
            ]
            ran = subprocess.run(script, capture_output=True, check=True)
            found[tool] = {**json.loads(ran.stdout.splitlines()[-1]), "whole": time.perf_counter() - began}
    return found


CAPS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("window", {"cap_kind": "window"}),
    ("sliding second", {"cap_kind": "sliding"}),
    ("bucket of 20", {"cap_kind": "bucket", "burst": 20}),
    ("bucket of 200", {"cap_kind": "bucket", "burst": 200}),
)


def say(name: str, value: str, gate: str = "") -> None:
    print(f"{name:<44} {value:>26}   {gate}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=1, help="medians over so many")
    parser.add_argument("--only", default="embedded,endpoint,wide,cap,faults")
    parser.add_argument("--peers", action="store_true", help="peers too, at 64 and 256 requests at once")
    parser.add_argument(
        "--peers-folder", type=Path, default=Path(tempfile.gettempdir()) / "workbench-peers", help="their environment"
    )
    parser.add_argument("--bare", nargs=3, metavar=("URL", "COUNT", "CONCURRENCY"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        url, count, concurrency = options.bare
        print(asyncio.run(_bare(url, int(count), int(concurrency))))
        return
    only, found = options.only.split(","), {}

    def middle(name: str, measure: Any) -> dict[str, float]:
        runs = [measure() for _ in range(options.rounds)]
        numbers = [key for key, value in runs[0].items() if isinstance(value, (int, float))]
        found[name] = {key: round(median(float(run[key]) for run in runs), 3) for key in numbers}
        return found[name]

    count = options.count
    if "embedded" in only:
        one = middle("embedded", lambda: embedded(4 * count))
        say("embedded model through the ledger", f"{one['samples'] / one['seconds']:,.0f} samples/s", ">= 2,000")
        say("  whole command", f"{one['samples'] / one['whole']:,.0f} samples/s")
    for name, concurrency in (("endpoint", 64), ("wide", 256)):
        if name not in only:
            continue
        one = middle(name, lambda wide=concurrency: endpoint(count, wide))
        title = f"{count:,} requests, 50 ms x {concurrency}"
        rate, plain = count / one["generating"], count / one["bare"]
        say(title, f"{rate:,.0f} samples/s", ">= 0.75 x bare aiohttp" if concurrency == 64 else ">= 1,000")
        say("  bare aiohttp in the same run", f"{plain:,.0f} /s, ratio {rate / plain:.2f}")
        say("  with the job's imports and connections", f"{count / one['seconds']:,.0f} samples/s")
        say("  whole command", f"{one['whole']:.2f} s", "<= 4.5 s" if concurrency == 64 else "")
        say("  whole command of bare aiohttp", f"{one['bare_whole']:.2f} s")
        say("  memory of the job's process", f"{one['memory']:.0f} MB", "<= 130 MB")
        say("  CPU of the job's process", f"{one['cpu']:.1f} s", "<= 3.0 s")
        say("  lost", f"{count - one['samples']:.0f}", "0")
    for name, kind in CAPS if "cap" in only else ():
        one = middle(f"cap, {name}", lambda kind=kind: endpoint(count, 64, cap=200, **kind))
        say(f"capped at 200/s by a {name}", f"{one['generating']:.2f} s", f"<= {count / 200 + 1:.0f} s")
        say("  429s, lost", f"{one['limited']:.0f}, {count - one['samples']:.0f}", "< 100, none lost")
    if "faults" in only:
        plain_seconds = found["endpoint"]["seconds"] if "endpoint" in found else endpoint(count, 64)["seconds"]
        for name, faults, more in (
            ("5 % of 429", {"share_429": 0.05}, 3.0),
            ("5 % of 500", {"share_500": 0.05}, 1.2),
            ("5 % of both", {"share_429": 0.05, "share_500": 0.05}, 3.5),
        ):
            one = middle(name, lambda faults=faults: endpoint(count, 64, **faults))
            over = one["seconds"] - plain_seconds
            say(name, f"{one['seconds']:.2f} s, {over:+.2f} s", f"<= +{more} s")
            say("  retried, lost", f"{one['retried']:.0f}, {count - one['samples']:.0f}", "none lost")
    if "long" in only:
        one = middle("long", long_runs)
        say(
            "100,000 requests, no latency",
            f"{one['rate_100000']:,.0f} samples/s, lost {one['lost_100000']:.0f}",
            "none lost",
        )
        memory = " / ".join(f"{one[f'memory_{n}']:.0f}" for n in (10_000, 100_000, 1_000_000))
        say("  memory at 10,000 / 100,000 / 1,000,000", f"{memory} MB", "constant")
    for concurrency in (64, 256) if options.peers else ():
        for tool, one in peers(options.peers_folder, count, concurrency).items():
            found[f"{tool}_{concurrency}"] = one
            say(f"{tool}, {concurrency} at once", f"{one['answers'] / one['generating']:,.0f} /s")
            say("  whole; memory; CPU", f"{one['whole']:.1f} s; {one['memory']:.0f} MB; {one['cpu']:.1f} s")
            say("  lost", f"{count - one['answers']:.0f}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
