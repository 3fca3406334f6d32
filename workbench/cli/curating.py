"""``curate``: a chain of filters, label repairs and weightings."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from workbench import recipe as recipe_module
from workbench.cli import watch
from workbench.cli.output import Output, dollars, table
from workbench.cli.parsing import typed
from workbench.errors import UsageError
from workbench.pipeline import start
from workbench.project import Project, find
from workbench.store import samples
from workbench.store.connection import Store

#: Which kind of technique each option takes.
_KINDS = {"filter": "filter", "repair": "repair", "weight": "weighting"}


def curate_(arguments: argparse.Namespace) -> int:
    output, project = Output(arguments.json, arguments.quiet), find(arguments.project)
    parameters = _parameters(arguments, project)
    limits = {"budget": arguments.budget or project.config.curate.budget}
    with Store(project) as store:
        if arguments.detach:
            job_id = start.submit(store, "curate", parameters, limits)
            output.result({"job": job_id, "state": "queued"}, [f"Job {job_id} is on its way: workbench jobs"])
            return 0
        job = watch.run(store, "curate", parameters, output, limits=limits)
        dropped = samples.counts(store).get("dropped", 0)
    if job.state == "cancelled":
        return watch.cancelled(job, output)
    result = job.result or {}
    if arguments.undo:
        output.result({"job": job.id, **result}, [_taken_back(result, dropped)])
        return 0
    shown = {key: value for key, value in result.items() if key != "examples" or arguments.preview}
    output.result({"job": job.id, **shown}, lines(result))
    return 3 if result.get("usage", {}).get("failed") else 0


def _parameters(arguments: argparse.Namespace, project: Project) -> dict[str, Any]:
    """The job's parameters; a mistake in them is said here, not by a job."""
    if arguments.budget is not None and not 0 < arguments.budget < float("inf"):
        raise UsageError(f"--budget {arguments.budget:g} should be more than 0 dollars.")
    if arguments.recipe and arguments.chain:
        raise UsageError("Say either --recipe or the steps themselves (--filter, --repair, --weight).")
    if arguments.new and (arguments.recipe or arguments.chain or arguments.preview or arguments.undo):
        raise UsageError("--new uses the curation in force; give no steps, --preview or --undo with it.")
    if arguments.undo and (arguments.recipe or arguments.chain or arguments.preview):
        raise UsageError("--undo takes back the curation in force; give no steps, --recipe or --preview with it.")
    chosen = {}
    for pair in arguments.set:
        name, equals, value = pair.partition("=")
        if not equals or not arguments.recipe:
            raise UsageError(f"--set {pair}: write NAME=VALUE, together with --recipe.")
        chosen[name] = typed(value)
    common = {"preview": arguments.preview, "undo": arguments.undo, "new": arguments.new}
    if arguments.recipe:
        check(recipe_module.load(arguments.recipe).chain(chosen))
        return {"recipe": arguments.recipe, "parameters": chosen, **common}
    for flag, spec in arguments.chain or []:
        check([spec], flag)
    return {"chain": [spec for _, spec in arguments.chain or []] or list(project.config.curate.chain), **common}


def check(specs: Sequence[str], flag: str | None = None) -> None:
    """Raises ``UsageError`` for a step that is wrong, or not of the kind that ``--flag`` takes."""
    from workbench.curate.base import parse_step

    for spec in specs:
        kind, one = parse_step(spec)
        if flag is not None and kind != _KINDS[flag]:
            right = next(name for name, other in _KINDS.items() if other == kind)
            raise UsageError(f"{one.name} is a {'label ' if kind == 'repair' else ''}{kind}: write --{right} {spec}.")


def _taken_back(result: Mapping[str, Any], dropped: int) -> str:
    """What an undo did, and what it left in force."""
    undone, restored = result.get("undone") or [], result.get("restored") or []
    if not undone and not restored:
        return "no curation was in force; nothing has changed"
    now = f"{_jobs(restored)}, {dropped:,} dropped" if restored else "no curation"
    return f"undone: {_jobs(undone) if undone else 'one that changed nothing'}; in force now: {now}"


def _jobs(ids: Sequence[int]) -> str:
    return f"job{'' if len(ids) == 1 else 's'} {', '.join(map(str, ids))}"


def lines(result: Mapping[str, Any]) -> list[str]:
    """A curation for people."""
    preview = bool(result.get("preview"))
    said: list[str] = []
    if result["dropped"]:
        rows = [["filter", "drops", "alone"]] if preview else [["filter", "drops"]]
        for name, n in result["dropped"].items():
            rows.append([name, f"{n:,}", *([f"{result['alone'][name]:,}"] if preview else [])])
            for rule, count in result.get("rules", {}).get(name, {}).items():
                rows.append([f"  {rule}", f"{count:,}", *([""] if preview else [])])
        said += table(rows, right=(1, 2))
    for name, found in result.get("repairs", {}).items():
        where = "" if preview or not found["open"] else " (view repair:open)"
        said.append(
            f"{name}: proposes {found['proposed']:,}, {'would apply' if preview else 'applied'} {found['applied']:,}, "
            f"{found['open']:,} for people{where}"
        )
    for name, found in result.get("weights", {}).items():
        zero = f", {found['zero']:,} at 0" if found["zero"] else ""
        said.append(f"{name}: weights from {found['low']:.2f} to {found['high']:.2f}, mean {found['mean']:.2f}{zero}")
    for pair, n in list(result.get("overlap", {}).items())[:5]:
        said.append(f"both {pair.replace('|', ' and ')} would drop {n:,}")
    for name, why in result.get("left_out", {}).items():
        asked = result.get("asks", {}).get(name)
        said.append(f"{name} {why}" + (f" ({asked['requests']:,} requests)" if asked else ""))
    if found := result.get("validation"):
        said.append(
            f"validation accuracy {found['before']['value']:.3f} before the repairs, {found['after']['value']:.3f} after: "
            f"{'~' if found['difference'].get('rough') else ''}{found['difference']['value']:+.3f} "
            f"({found['difference']['low']:+.3f} to {found['difference']['high']:+.3f}), "
            f"{found['rows']:,} rows"
        )
    if usage := result.get("usage"):
        failed = f", {usage['failed']:,} failed" if usage.get("failed") else ""
        said.append(
            f"asked {usage.get('requests', 0):,} times, {usage.get('cached', 0):,} answers were known{failed}; "
            f"{dollars(usage.get('cost'))}"
        )
    word = "would keep" if preview else "kept"
    of = "new samples" if result.get("new") else "samples"
    return [*said, f"{word} {result['kept']:,} of {result['checked']:,} {of}; {result['seconds']:.1f} s"]
