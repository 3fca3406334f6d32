"""``new``, ``demo``, ``config``, ``doctor``."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any, cast, get_args

from workbench import __version__, sharing
from workbench.cli import watch
from workbench.cli.measuring import evaluation_lines
from workbench.cli.output import Output, bare_address, table
from workbench.cli.work import generated_line
from workbench.errors import FileError, UsageError, WorkbenchError
from workbench.project import Project, create, create_from_sample, find
from workbench.store import samples
from workbench.store.connection import Store
from workbench.task_kinds import KINDS, FieldKind
from workbench.text import clean

#: The files of a sample project and what each is imported as.
SAMPLE_FILES = {
    "seeds.jsonl": "seed",
    "validation.jsonl": "validation",
    "test.jsonl": "test",
    "samples.jsonl": "synthetic",
}
#: The model of a new project whose task the embedded one cannot do; any other is written in project.yaml.
USUAL_MODEL = "openai:gpt-4.1-mini"


def _output(arguments: argparse.Namespace) -> Output:
    return Output(arguments.json, arguments.quiet)


def _ask(question: str, default: str = "") -> str:
    shown = f" [{default}]" if default else ""
    return input(f"{question}{shown}: ").strip() or default


def _ask_model() -> tuple[str, str | None]:
    """Offer the embedded model and what answers on this machine; returns a model spec and its address."""
    from workbench.models.endpoints import find_endpoints

    offers: list[tuple[str, str | None]] = [("embedded", None)]
    offers += [(f"openai:{name}", one.base_url) for one in find_endpoints() for name in one.models[:8]]
    if len(offers) == 1:
        return offers[0]
    for number, (model, address) in enumerate(offers, 1):
        sys.stdout.write(
            clean(f"  {number}  {model}" + (f" at {address}" if address else " (for trying things out)")) + "\n"
        )
    answer = _ask("Model", "1")
    if not answer.isdigit() or not 1 <= int(answer) <= len(offers):
        raise UsageError(f"{answer!r} is not one of 1 to {len(offers)}.")
    return offers[int(answer) - 1]


def _fields(spec: str | None) -> list[tuple[str, FieldKind]]:
    """``premise,hypothesis`` or ``title,stars:number`` as pairs of name and kind."""
    found: list[tuple[str, FieldKind]] = []
    kinds = get_args(FieldKind)
    for part in (spec or "").split(",") if spec else ():
        name, _, kind = (piece.strip() for piece in part.partition(":"))
        if kind and kind not in kinds:
            raise UsageError(f"Field {clean(name)!r} has the kind {clean(kind)!r}; choose one of {', '.join(kinds)}.")
        found.append((name, cast("FieldKind", kind or "text")))
    return found


def _schema(path: str | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise FileError(Path(path), None, f"is no JSON Schema that can be read ({error}).") from error
    if not isinstance(value, dict):
        raise FileError(Path(path), None, "is no JSON Schema: it should be an object.")
    return value


def _scale(spec: str | None) -> tuple[float, float] | None:
    if spec is None:
        return None
    low, _, high = spec.partition("-")
    try:
        return float(low), float(high)
    except ValueError:
        raise UsageError(f"--scale {clean(spec)!r} should read LOW-HIGH, such as 0-5.") from None


def new_(arguments: argparse.Namespace) -> int:
    output = _output(arguments)
    needs_labels = KINDS[arguments.task].label in ("one", "many") and not arguments.scale
    if arguments.task == "free" and not arguments.fields and not arguments.sample:
        raise UsageError(
            "A free task has fields of your own: workbench new DIR --task free --fields title,stars:number."
        )
    bare = not arguments.folder or not (arguments.labels or arguments.sample or not needs_labels)
    if bare and not (sys.stdin.isatty() and sys.stdout.isatty()):
        scaled = ", or --scale 0-5" if arguments.task == "text_pair" else ""
        raise UsageError(
            f"Say where and which labels: workbench new DIR --labels a,b,c{scaled} (or --from SAMPLE, such as banking_intents)."
        )
    if bare:
        arguments.folder = arguments.folder or _ask("Folder", "my-project")
        arguments.description = arguments.description or _ask("What are the texts? (goes into prompts)")
        if needs_labels:
            arguments.labels = _ask("Labels, with commas between")
        if arguments.model is None and arguments.task == "classification":
            arguments.model, arguments.base_url = _ask_model()
    folder = Path(arguments.folder)
    if arguments.sample:
        project = create_from_sample(folder, arguments.sample)
        _share(project, arguments.shared)
        import_files(project, output)
    else:
        project = create(
            folder,
            kind=arguments.task,
            labels=(arguments.labels or "").split(","),
            fields=_fields(arguments.fields),
            schema=_schema(arguments.schema),
            scale=_scale(arguments.scale),
            description=arguments.description,
            language=arguments.language,
            model=arguments.model or ("embedded" if arguments.task == "classification" else USUAL_MODEL),
            base_url=getattr(arguments, "base_url", None),
        )
        _share(project, arguments.shared)
    with Store(project):
        pass  # makes the database
    output.result(
        {"project": str(project.folder), "task": project.config.task.kind},
        [f"Made {project.folder}.", *_first_steps(arguments)],
    )
    return 0


def _share(project: Project, group: str | None) -> None:
    if group is not None:
        sharing.share(project.folder, group)


def _first_steps(arguments: argparse.Namespace) -> list[str]:
    if arguments.sample:
        return [f"Next: workbench open {arguments.folder}   (its README says what there is to try)"]
    return [
        "Next: describe the task in project.yaml, then",
        f"  workbench import {arguments.folder} FILE --as seed",
        f"  workbench open {arguments.folder}",
    ]


def import_files(project: Project, output: Output) -> None:
    """Import a sample project's own files."""
    with Store(project) as store:
        for name, role in SAMPLE_FILES.items():
            path = project.folder / name
            if path.exists():
                job = watch.complete(store, "import", {"file": str(path), "role": role}, output)
                result = job.result or {}
                output.say(
                    f"{name}: {result.get('added', 0):,} {role} samples, {result.get('duplicates', 0):,} there already"
                )


def demo_(arguments: argparse.Namespace) -> int:
    """The whole loop; running it again in the same folder repeats no request."""
    output = _output(arguments)
    folder = Path(arguments.folder or "workbench-demo")
    project = find(folder) if (folder / "project.yaml").exists() else create_from_sample(folder, "banking_intents")
    import_files(project, output)
    from workbench.pipeline.setting import parameters_of

    with Store(project) as store:
        given = {"recipe": "zerogen", "model": "embedded", "count": arguments.count}
        job = watch.complete(store, "generate", parameters_of(project, given), output)
        output.say(generated_line(job))
        job = watch.complete(store, "curate", {}, output)
        result = job.result or {}
        output.say(f"curated: {result['kept']:,} of {result['checked']:,} kept")
        job = watch.complete(store, "evaluate", {"compare": True}, output)
        evaluated: dict[str, Any] = job.result or {}
    output.result(evaluated, [*evaluation_lines(evaluated), "", *_next_steps(folder)])
    if not arguments.no_screen and not arguments.json and sys.stdin.isatty() and sys.stdout.isatty():
        from workbench.cli.screen import show

        return show(project)
    return 0


def _next_steps(folder: Path) -> list[str]:
    return [
        "The samples come from the embedded n-gram model: for trying the workbench out, not for real use.",
        f"Look at them:   workbench open {folder}",
        f"With a model:   workbench generate {folder} --recipe attrprompt --count 100 --model openai:NAME",
    ]


def config_(arguments: argparse.Namespace) -> int:
    from workbench.config import layers

    project = find(arguments.project)
    config, sources = layers(project.settings)
    rows: list[dict[str, Any]] = []

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict) and value and prefix.count(".") < 1:
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else key, inner)
        else:
            rows.append({"name": prefix, "value": value, "from": sources.get(prefix, "default")})

    walk("", config.model_dump())
    _output(arguments).result(
        {"settings": rows}, table([[row["name"], _brief(row["value"]), row["from"]] for row in rows])
    )
    return 0


def _brief(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ", ".join(str(one.get("name")) for one in value)[:80]
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def doctor_(arguments: argparse.Namespace) -> int:
    """Checks, each with what to do when it fails; exit status 1 when one failed."""
    checks: list[dict[str, Any]] = []

    def add(name: str, ok: bool | None, text: str) -> None:
        checks.append({"name": name, "ok": ok, "text": text})

    add("workbench", True, f"version {__version__}, Python {sys.version.split()[0]}")
    new_enough = sqlite3.sqlite_version_info >= (3, 37)
    add("sqlite", new_enough, f"{sqlite3.sqlite_version}" + ("" if new_enough else ": 3.37 or newer is needed"))
    _check_terminal(add)
    _check_log_out(add)
    _check_models(add)
    try:
        project: Project | None = find(arguments.project)
    except WorkbenchError as error:
        project = None
        add("project", False if arguments.project else None, str(error))
    if project is not None:
        _check_project(project, add)
    marks = {True: "ok  ", False: "FAIL", None: "-   "}
    _output(arguments).result(
        {"checks": checks}, [f"{marks[check['ok']]} {check['name']}: {check['text']}" for check in checks]
    )
    return 0 if all(check["ok"] is not False for check in checks) else 1


def _check_terminal(add: Any) -> None:
    term = os.environ.get("TERM", "")
    if not sys.stdout.isatty():
        add("terminal", None, "output is not a terminal")
    elif term in ("", "dumb"):
        add(
            "terminal",
            False,
            f"TERM={term!r} cannot draw the screen; use the commands, or a terminal with TERM=xterm-256color",
        )
    else:
        size = os.get_terminal_size()
        small = size.columns < 80 or size.lines < 24
        add(
            "terminal",
            not small,
            f"{term}, {size.columns}x{size.lines}" + (": 80x24 or larger is needed" if small else ""),
        )
        from workbench.tui.driver import capabilities

        add("what is sent", True, capabilities.describe())
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    add(
        "encoding",
        utf8,
        (sys.stdout.encoding or "none") + ("" if utf8 else ": set LANG to a UTF-8 locale, such as C.UTF-8"),
    )


def _check_log_out(add: Any) -> None:
    """Where systemd kills what a user leaves running, jobs would end at log-out."""
    kills = False
    for path in (Path("/etc/systemd/logind.conf"), *sorted(Path("/etc/systemd/logind.conf.d").glob("*.conf"))):
        if path.is_file():
            for line in path.read_text(errors="replace").splitlines():
                key, _, value = line.partition("=")
                if key.strip() == "KillUserProcesses":
                    kills = value.strip().lower() in ("yes", "true", "1", "on")
    add("log-out", not kills, "jobs survive it" if not kills else "jobs end with it: run `loginctl enable-linger` once")


def _check_models(add: Any) -> None:
    from workbench.models.endpoints import find_endpoints

    found = find_endpoints()
    for one in found:
        names = ", ".join(one.models[:3]) or "no models listed"
        add(
            "endpoint", bool(one.models), f"{one.provider} at {bare_address(one.base_url)} (from {one.source}): {names}"
        )
    if not found:
        add("endpoint", None, "none found: set OPENAI_BASE_URL and OPENAI_API_KEY, or use the embedded model")


def _check_project(project: Project, add: Any) -> None:
    try:
        config = project.config
        labels = f" with {len(config.task.labels)} labels" if config.task.labels else ""
        add(
            "project.yaml",
            True,
            f"task {config.task.kind}{labels}, model {config.model.use}, recipe {config.generate.recipe}",
        )
        _check_sharing(project, add)  # before the database is opened: what is wrong here may be why that fails
        with Store(project) as store:
            healthy = store.read("PRAGMA quick_check(1)")[0][0] == "ok"
            counts = samples.counts(store)
            add(
                "database",
                healthy,
                f"{counts['total']:,} samples" if healthy else "damaged: restore a backup beside it",
            )
            add("write", True, "the folder can be written") if _writable(store) else None
    except WorkbenchError as error:
        add("project", False, str(error))


def _check_sharing(project: Project, add: Any) -> None:
    """A project for several system users: every file must be for its group."""
    if not sharing.shared(project.folder):
        return
    folders = dict.fromkeys((project.folder, project.database.parent))
    faults = [fault for folder in folders for fault in sharing.faults(folder)]
    add("shared", not faults, "; ".join(faults) if faults else "the group of the folder can work in it")


def _writable(store: Store) -> bool:
    with store.write():
        return True
