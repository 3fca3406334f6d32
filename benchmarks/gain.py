"""What the default chain gains: ``python benchmarks/gain.py [--seeds 0-19] [--samples 2000] [--chain A+B ...]``.

For each generation seed a copy of the banking sample project imports its rows and generates with the embedded model, by the
jobs that the commands start, in this process. Then, as generated and with 10 % of the labels flipped (each to any other label
alike), the chain runs as a curate job runs it, and the small classifier is trained on what was generated and on what the
chain left. Printed are the accuracies on real rows and the paired gain: its mean with Student's 95 % interval over the
seeds, and an interval by bootstrap over seeds and test rows together; the shares dropped, relabelled and reweighted; and per
step how much of what it took was flipped (precision), and how many of the flipped samples it took (recall).

Test rows are the sample project's (``test.jsonl``) and, where ``../shared/data`` is beside the checkout, the test rows of
banking77 with the same twelve labels: other writers, so another question. Two references belong to each figure: dropping just
the flipped samples (no filter knows better), and dropping as many as the chain at random.

``--chain``, again and again, measures other chains (steps with + between) beside the default one.
``--choose`` tests on rows for choosing (``validation.jsonl`` and banking77's training rows) instead: a chain is chosen there
and with other seeds than those that its figures are reported on.

The gate: with flipped labels the default chain's mean gain on ``test.jsonl`` has its interval above 0. Exit status 1 where
it has not, or where the default chains of settings, template and sample project differ.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # one process per core; threads inside each would only get in the way

import numpy  # noqa: E402
import yaml  # noqa: E402

from workbench.config import CurateSettings  # noqa: E402
from workbench.curate.base import Context, Item  # noqa: E402
from workbench.errors import WorkbenchError  # noqa: E402
from workbench.evaluate.base import Material, Sample  # noqa: E402
from workbench.evaluate.downstream import on_data_set  # noqa: E402
from workbench.jobs.run import Ended, JobContext  # noqa: E402
from workbench.pipeline import generate_job, import_job  # noqa: E402
from workbench.pipeline.curate_chain import Chain, steps  # noqa: E402
from workbench.pipeline.curate_items import load_items, material  # noqa: E402
from workbench.pipeline.setting import parameters_of  # noqa: E402
from workbench.project import create_from_sample  # noqa: E402
from workbench.settings_template import settings  # noqa: E402
from workbench.store import jobs, splits  # noqa: E402
from workbench.store.connection import Store  # noqa: E402
from workbench.text import normalise  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "banking77"
SAMPLE = "banking_intents"
#: The sample project's labels that banking77 calls otherwise.
CALLED = {
    "transfer_not_received": "transfer_not_received_by_recipient",
    "refund_not_showing_up": "Refund_not_showing_up",
}
NOISES = (0.0, 0.1)
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Took:
    """What one step dropped or relabelled: how many samples, how many of those were flipped, how many flipped ones it was
    given, how many were relabelled, and how many of these have their first label again."""

    step: str
    taken: int
    flipped: int
    given: int
    relabelled: int
    restored: int


@dataclass(frozen=True, slots=True)
class Result:
    """One chain on one draw. ``right`` has by test set a 0 or 1 per row; shares are of the generated samples."""

    chain: str
    noise: float
    right: dict[str, list[int]]
    dropped: float = 0.0
    relabelled: float = 0.0
    softened: float = 0.0
    light: float = 0.0
    took: list[Took] = field(default_factory=list)
    seconds: float = 0.0
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Draw:
    """A generated set and what its chains may use. ``rows`` are the real test rows by test set, ``real`` labelled texts to
    train a reference on."""

    items: list[Item]
    context: Callable[[], Context]
    labels: Sequence[str]
    rows: dict[str, list[Sample]]
    real: list[Sample]


def defaults() -> dict[str, list[str]]:
    """The default chains, by where they stand. They must agree."""
    sample = (ROOT / "sample_projects" / SAMPLE / "project.yaml").read_text(encoding="utf-8")
    return {
        "config.py": list(CurateSettings().chain),
        "settings_template.py": yaml.safe_load(settings("p", labels=["a", "b"]))["curate"]["chain"],
        f"{SAMPLE}/project.yaml": yaml.safe_load(sample)["curate"]["chain"],
    }


def banking77(part: str, labels: Sequence[str], known: set[str]) -> list[Sample]:
    """Its rows of the same labels, less texts that are among ``known`` (normalised); none where it is not there."""
    if not DATA.is_dir():
        return []
    names = {CALLED.get(label, label): label for label in labels}
    with (DATA / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        found = [(row["text"], names.get(row["category"])) for row in csv.DictReader(file)]
    return [
        Sample(10_000_000 + place, text, label)
        for place, (text, label) in enumerate(found)
        if label is not None and normalise(text) not in known
    ]


def generated(folder: Path, seed: int, count: int, *, choose: bool) -> Draw:
    """The sample project with its rows imported and ``count`` samples generated from ``seed``."""
    project = create_from_sample(folder / "banking", SAMPLE)
    with Store(project) as store:

        def job(kind: str, parameters: dict[str, Any], run: Callable[[JobContext], Ended]) -> JobContext:
            number = jobs.create(store, kind, parameters)
            jobs.start(store, number)
            context = JobContext(project, store, jobs.get(store, number))
            ended = run(context)
            if ended.state != "done":
                raise WorkbenchError(f"{kind}: {ended.error or ended.state}")
            jobs.finish(store, number, ended.state, result=ended.result, error=None)
            return context

        for role, name in (("seed", "seeds"), ("validation", "validation"), ("test", "test")):
            job("import", {"file": str(project.folder / f"{name}.jsonl"), "role": role}, import_job.run)
        asked = parameters_of(project, {"count": count, "seed": seed, "model": "embedded", "learn": False})
        context = job("generate", asked, generate_job.run)
        items = load_items(store)
        used = material(context, lambda _done, _total: None)
        labels = project.config.task.label_names
        ours = splits.validation(store) if choose else splits.test_for_evaluation(store)
        rows = {"validation" if choose else "test": [Sample(i, text, label) for i, text, label in ours]}
        known = {normalise(one.text) for one in (*used.seeds, *used.validation)}
        if theirs := banking77("train" if choose else "test", labels, known):
            rows["banking77"] = theirs
        real = [Sample(one.id, one.text, one.label) for one in used.seeds]
        tests = used.benchmarks()
    used.benchmarks = lambda: tests  # the store is closed by the time that a chain runs
    return Draw(items, lambda: dataclasses.replace(used, _memo={}), labels, rows, real)


def flip(items: Sequence[Item], share: float, seed: int, labels: Sequence[str]) -> list[Item]:
    """``items`` with just this share of them (rounded) carrying another label, all others alike."""
    drawn = random.Random(f"flip {seed}")
    chosen = set(drawn.sample(range(len(items)), round(len(items) * share)))
    return [
        dataclasses.replace(item, label=drawn.choice([one for one in labels if one != item.label]))
        if place in chosen
        else item
        for place, item in enumerate(items)
    ]


def test(samples: Sequence[Sample], draw: Draw) -> dict[str, list[int]]:
    """By test set, whether each row is predicted right by the classifier that evaluation trains on ``samples``."""
    everything = [row for rows in draw.rows.values() for row in rows]
    outcome = on_data_set(Material(samples=samples, test=everything, labels=draw.labels))
    right, found, at = outcome.correct, {}, 0
    for name, rows in draw.rows.items():
        found[name] = right[at : at + len(rows)]
        at += len(rows)
    return found


def plain(items: Sequence[Item]) -> list[Sample]:
    return [Sample(item.id, item.text, item.label) for item in items]


def taken(step: str, before: Sequence[Item], after: Sequence[Item], first: Mapping[int, str | None]) -> Took:
    """What became of the items ``before``; ``first`` are the labels that they were generated with."""
    now = {item.id: item.label for item in after}
    flipped = {item.id for item in before if item.label != first[item.id]}
    changed = {item.id for item in before if item.id in now and now[item.id] != item.label}
    gone = {item.id for item in before if item.id not in now} | changed
    restored = sum(now[one] == first[one] for one in changed)
    return Took(step, len(gone), len(gone & flipped), len(flipped), len(changed), restored)


def curated(spec: str, items: Sequence[Item], context: Context, draw: Draw, noise: float) -> Result:
    """The chain ``spec`` over ``items``, as a curate job runs it, and a classifier trained on what it left."""
    started = time.perf_counter()
    first = {item.id: item.label for item in draw.items}
    chain = Chain(list(items), context)
    took: list[Took] = []
    for step in steps(spec.split("+")):
        before = chain.left()
        chain.run([step])
        took.append(taken(step.name, before, chain.left(), first))
    took.append(taken("all steps", items, chain.left(), first))
    weights = {one: value for one, value, _ in chain.weights[1]} if chain.weights else {}
    left = chain.left()
    seconds = time.perf_counter() - started
    samples = [
        dataclasses.replace(one, weight=weights.get(one.id, 1.0), soft=chain.soft.get(one.id)) for one in plain(left)
    ]
    return Result(
        spec,
        noise,
        test(samples, draw),
        dropped=1 - len(left) / len(items),
        relabelled=took[-1].relabelled / len(items),
        softened=len(chain.soft) / len(items),
        light=sum(value < 0.5 for value in weights.values()) / len(items),
        took=took,
        seconds=seconds,
    )


def one_seed(arguments: tuple[int, int, tuple[str, ...], tuple[float, ...], bool]) -> list[Result]:
    """All chains, and the references, on the samples of one generation seed."""
    seed, count, chains, noises, choose = arguments
    results: list[Result] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["WORKBENCH_CONFIG"] = str(Path(folder) / "user-config")
        draw = generated(Path(folder), seed, count, choose=choose)
        results.append(Result("seeds", 0.0, test(draw.real, draw)))
        first = {item.id: item.label for item in draw.items}
        for noise in noises:
            items = flip(draw.items, noise, seed, draw.labels)
            results.append(Result("raw", noise, test(plain(items), draw)))
            if noise:
                clean = [item for item in items if item.label == first[item.id]]
                results.append(Result("flipped dropped", noise, test(plain(clean), draw), 1 - len(clean) / len(items)))
            context = draw.context()
            for place, spec in enumerate(chains):
                try:
                    found = curated(spec, items, context, draw, noise)
                except WorkbenchError as error:
                    results.append(Result(spec, noise, {}, failed=str(error)))
                    continue
                results.append(found)
                if place == 0:
                    size = len(items) - round(found.dropped * len(items))
                    fewer = random.Random(f"fewer {seed}").sample(range(len(items)), size)
                    kept = [items[at] for at in sorted(fewer)]
                    results.append(Result("as many dropped at random", noise, test(plain(kept), draw), found.dropped))
    return results


@dataclass(frozen=True, slots=True)
class Gain:
    """Mean accuracy and gain over raw (shares), the gain's Student interval over seeds, and that over seeds and rows."""

    accuracy: float
    mean: float
    low: float
    high: float
    wide: tuple[float, float]


def gain(raw: Sequence[Sequence[int]], found: Sequence[Sequence[int]]) -> Gain:
    """Per seed (in order) 0 or 1 per test row, before and after."""
    from scipy.stats import t

    before, after = numpy.asarray(raw, float), numpy.asarray(found, float)
    change = after - before
    each = change.mean(axis=1)
    mean, seeds = float(each.mean()), len(each)
    half = float(t.ppf(0.975, seeds - 1) * each.std(ddof=1) / seeds**0.5) if seeds > 1 else float("nan")
    drawn = numpy.random.default_rng(0)
    means = [
        change[numpy.ix_(drawn.integers(0, seeds, seeds), drawn.integers(0, change.shape[1], change.shape[1]))].mean()
        for _ in range(RESAMPLES)
    ]
    low, high = numpy.quantile(means, [0.025, 0.975])
    return Gain(float(after.mean()), mean, mean - half, mean + half, (float(low), float(high)))


def points(one: Gain) -> str:
    mean, low, high, *wide = (100 * value for value in (one.mean, one.low, one.high, *one.wide))
    return f"{mean:+5.2f} ({low:+.2f} to {high:+.2f}; with rows {wide[0]:+.1f} to {wide[1]:+.1f})"


def show(draws: Sequence[Sequence[Result]], noises: Sequence[float]) -> dict[tuple[str, float, str], Gain]:
    """Print all figures; the gains by chain, noise and test set."""
    gains: dict[tuple[str, float, str], Gain] = {}
    for name, rows in draws[0][0].right.items():
        mean = numpy.mean([draw[0].right[name] for draw in draws])
        print(f"trained on the project's real seeds: {name} {mean:.3f} ({len(rows):,} rows)")
    for noise in noises:
        print(f"\n{'as generated' if not noise else f'{noise:.0%} of the labels flipped'}")
        mine = [[one for one in draw[1:] if one.noise == noise] for draw in draws]
        raw = [draw[0] for draw in mine]
        print(f"  {'raw':<48} " + ", ".join(f"{name} {accuracy(raw, name):.3f}" for name in raw[0].right))
        for place in range(1, len(mine[0])):
            found = [draw[place] for draw in mine]
            failed = next((one.failed for one in found if one.failed), "")
            if failed:
                print(f"  {found[0].chain}: not run: {failed}")
                continue
            print(f"  {found[0].chain}")
            for name in found[0].right:
                one = gain([result.right[name] for result in raw], [result.right[name] for result in found])
                gains[found[0].chain, noise, name] = one
                print(f"    {name:<12} {one.accuracy:.3f}  {points(one)}")
            print("    " + done(found))
            for number, step in enumerate(found[0].took):
                print(f"      {step.step:<24} " + caught([one.took[number] for one in found]))
    return gains


def accuracy(results: Sequence[Result], name: str) -> float:
    return float(numpy.mean([one.right[name] for one in results]))


def done(results: Sequence[Result]) -> str:
    parts = [
        f"{what} {numpy.mean([getattr(one, key) for one in results]):.1%}"
        for what, key in (
            ("dropped", "dropped"),
            ("relabelled", "relabelled"),
            ("softened", "softened"),
            ("weigh under .5", "light"),
        )
        if key == "dropped" or any(getattr(one, key) for one in results)
    ]
    seconds = numpy.mean([one.seconds for one in results])
    return ", ".join(parts) + (f", {seconds:.1f} s" if seconds else "")


def caught(took: Sequence[Took]) -> str:
    """What a step took, summed over the seeds."""
    count, flipped, given, changed, restored = (
        sum(getattr(one, key) for one in took) for key in ("taken", "flipped", "given", "relabelled", "restored")
    )
    text = f"took {count / len(took):,.1f} a seed"
    if count and given:
        text += f", precision {flipped / count:.2f}, recall {flipped / given:.2f}"
    return text + (f"; {restored / changed:.2f} of those relabelled have their first label" if changed else "")


def span(text: str) -> list[int]:
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=span, default=span("0-19"), help="generation seeds, FIRST-LAST")
    parser.add_argument("--samples", type=int, default=2_000, help="samples to generate")
    parser.add_argument("--noise", type=float, action="append", help="share of flipped labels (again for more)")
    parser.add_argument(
        "--chain", action="append", default=[], help="another chain, steps with + between (again for more)"
    )
    parser.add_argument("--choose", action="store_true", help="test on the rows for choosing a chain")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    chains = defaults()
    default = "+".join(chains["config.py"])
    differ = len({tuple(chain) for chain in chains.values()}) > 1
    for where, chain in chains.items() if differ else ():
        print(f"the default chains differ: {where} has {', '.join(chain)}")
    noises = tuple(options.noise) if options.noise else NOISES
    for spec in options.chain:
        steps(spec.split("+"))  # a wrong name is told before minutes of work
    everything = tuple(dict.fromkeys([default, *options.chain]))
    print(
        f"default chain: {default}; {options.samples:,} samples, {len(options.seeds)} seeds, {len(everything)} chains"
    )
    started = time.perf_counter()
    work = [(seed, options.samples, everything, noises, options.choose) for seed in options.seeds]
    draws = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for draw in pool.map(one_seed, work):
            draws.append(draw)
            print(f"\r{len(draws)} of {len(work)} seeds", end="" if len(draws) < len(work) else "\n", file=sys.stderr)
    gains = show(draws, noises)
    print(f"\n{time.perf_counter() - started:.0f} s")
    if options.choose:
        return int(differ)
    wanted = [one for (chain, noise, name), one in gains.items() if chain == default and noise and name == "test"]
    held = bool(wanted) and all(one.low > 0 for one in wanted)
    print(f"gate (gain of the default chain with flipped labels, interval above 0): {'held' if held else 'MISSED'}")
    return int(differ or not held)


if __name__ == "__main__":
    sys.exit(main())
