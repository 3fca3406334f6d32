"""A project on disk: a folder with ``project.yaml``, the user's files and ``project.db``."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.errors import ProjectError, UsageError
from workbench.memo import remembered
from workbench.paths import data_folder, user_config
from workbench.sharing import fit
from workbench.task_kinds import FieldKind, FieldOutline, LabelShape
from workbench.text import clean

if TYPE_CHECKING:
    from workbench.config import Config

SETTINGS = "project.yaml"
GUIDELINES = "guidelines.md"


class LabelOutline(NamedTuple):
    """A label as people see it."""

    name: str
    description: str


class TogetherOutline(NamedTuple):
    """How several people work on the project (``ReviewSettings``); ``lease`` in minutes."""

    policy: str = "last_word"
    overlap: int = 1
    annotators: tuple[str, ...] = ()
    blind: bool = False
    lease: float = 10.0


@dataclass(frozen=True)
class Outline:
    """What must be known of the settings before the first paint; ``Project.config`` has all of them."""

    name: str
    database: str
    text_field: str
    labels: tuple[LabelOutline, ...]
    review_view: str
    kind: str
    label_shape: LabelShape
    fields: tuple[FieldOutline, ...]
    scale: tuple[float, float, float] | None  # low, high, step
    reasons: tuple[str, ...] = ()  # why samples are rejected
    tags: tuple[str, ...] = ()
    ask_reason: bool = False
    review: TogetherOutline = field(default_factory=TogetherOutline)


@dataclass(frozen=True)
class Project:
    """A project's folder; its settings are read and checked on first use."""

    folder: Path

    @property
    def settings(self) -> Path:
        return self.folder / SETTINGS

    @cached_property
    def config(self) -> Config:
        """All settings in force, checked; raises ``FileError`` or ``UsageError`` (see ``config.layers``)."""
        from workbench.config import load_config

        return load_config(self.settings)

    @cached_property
    def outline(self) -> Outline:
        """The little that the screen needs at once: remembered, so that nothing is parsed again while nothing changed.

        Raises what ``config`` raises.
        """
        found = remembered("outline-5", _sources(self.settings), self._outline)
        return Outline(
            found["name"],
            found["database"],
            found["text_field"],
            tuple(LabelOutline(*label) for label in found["labels"]),
            found["review_view"],
            found["kind"],
            found["label_shape"],
            tuple(FieldOutline(*field) for field in found["fields"]),
            tuple(found["scale"]) if found["scale"] else None,
            tuple(found["reasons"]),
            tuple(found["tags"]),
            found["ask_reason"],
            TogetherOutline(**{**found["together"], "annotators": tuple(found["together"]["annotators"])}),
        )

    def _outline(self) -> dict[str, Any]:
        config = type(self)(self.folder).config  # read anew: it is remembered for the file as it is now
        return {
            "name": config.name,
            "database": config.database,
            "text_field": config.task.text_field,
            "labels": [[label.name, label.description] for label in config.task.labels],
            "review_view": config.review.view,
            "reasons": config.review.reasons,
            "tags": config.review.tags,
            "ask_reason": config.review.ask_reason,
            "together": {name: getattr(config.review, name) for name in TogetherOutline._fields},
            "kind": config.task.kind,
            "label_shape": config.task.label_shape,
            "scale": [task.scale.low, task.scale.high, task.scale.step] if (task := config.task).scale else None,
            "fields": [[name, one.kind, one.required, one.description] for name, one in config.task.fields.items()],
        }

    @cached_property
    def database(self) -> Path:
        """``project.db``, or wherever ``database:`` in the settings points (a local disk, for network folders)."""
        return (self.folder / Path(self.outline.database).expanduser()).resolve()

    def owns(self, path: Path) -> bool:
        """Whether ``path`` is one of the project's own files (settings, database, its log, backups and locks): nothing else
        may be written there."""
        real = Path(os.path.realpath(path))
        names = (f"{self.database.name}-", f"{self.database.name}.backup-")
        kept = any(self.database.parent == folder.parent and folder.name.startswith(names) for folder in real.parents)
        beside = real.parent == self.database.parent and real.name.startswith(names)
        own = [self.database, *(Path(os.path.realpath(self.folder / name)) for name in (SETTINGS, GUIDELINES))]
        return beside or real in own or kept

    @property
    def locks(self) -> Path:
        """Lock files and job logs, beside the database: on the same disk, for the same host."""
        return self.database.with_name(self.database.name + "-locks")

    @cached_property
    def guidelines(self) -> str:
        """``guidelines.md``, or an empty string when the project has none."""
        path = self.folder / GUIDELINES
        try:
            return path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise ProjectError(f"{path}: cannot be read ({error.strerror}); check its permissions.") from error


def _sources(settings: Path) -> bytes:
    """Everything that the settings in force come from, as bytes."""
    parts = []
    for path in (settings, user_config() / "config.yaml"):
        try:
            parts.append(path.read_bytes())
        except OSError:  # the user's file may be missing; that project.yaml is, ``config`` says in a sentence
            parts.append(b"")
    parts += [
        f"{name}={value}".encode("utf-8", "surrogateescape")
        for name, value in sorted(os.environ.items())
        if name.startswith("WORKBENCH_")
    ]
    return b"\0".join(parts)


def find(start: Path | str | None = None) -> Project:
    """The project at ``start``, or the one that the current folder is in; raises ``ProjectError`` when there is none."""
    if start is not None:
        folder = Path(start).expanduser()
        if folder.name == SETTINGS:
            folder = folder.parent
        if not (folder / SETTINGS).is_file():
            what = "is not a project (it has no project.yaml)" if folder.exists() else "does not exist"
            raise ProjectError(f"{folder} {what}; make one with `workbench new {folder}`.")
        return Project(folder.resolve())
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / SETTINGS).is_file():
            return Project(folder)
    raise ProjectError(f"{here} is not inside a project; name one, or make one with `workbench new DIR`.")


def sample_projects() -> list[str]:
    """Names of the sample projects that come with the workbench."""
    return sorted(path.parent.name for path in data_folder("sample_projects").glob(f"*/{SETTINGS}"))


def _empty_folder(folder: Path) -> Path:
    folder = folder.expanduser()
    if (folder / SETTINGS).exists():
        raise ProjectError(f"{folder} already is a project; open it with `workbench open {folder}`.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(f"{folder} exists and is not an empty folder; choose another.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProjectError(f"{folder}: cannot be made ({error.strerror}); choose a folder you may write to.") from error
    return folder.resolve()


def create_from_sample(folder: Path, sample: str) -> Project:
    """Copy a sample project's files to ``folder`` (new or empty)."""
    source = data_folder("sample_projects") / sample
    if sample not in sample_projects():
        raise UsageError(f"There is no sample project {sample!r}. There are: {', '.join(sample_projects())}.")
    target = _empty_folder(folder)
    try:
        for path in sorted(source.iterdir()):
            if path.is_file():
                shutil.copyfile(path, target / path.name)
    except OSError as error:
        raise ProjectError(
            f"{target}: cannot be written ({error.strerror}); free some space or choose another."
        ) from error
    return Project(target)


def create(
    folder: Path,
    *,
    kind: str = "classification",
    labels: Sequence[str] = (),
    fields: Sequence[tuple[str, FieldKind]] = (),
    schema: Mapping[str, Any] | None = None,
    scale: tuple[float, float] | None = None,
    description: str = "",
    language: str = "en",
    model: str = "embedded",
    base_url: str | None = None,
) -> Project:
    """Make a project for a task of some kind in ``folder`` (new or empty) with a commented ``project.yaml``.

    Raises ``ProjectError`` (folder in use or not writable), ``UsageError`` (labels, fields, schema or scale that do not fit
    the kind).
    """
    names = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
    if bad := next((one for one in (*names, language, model, base_url or "") if clean(one) != one), None):
        raise UsageError(f"{clean(bad)!r} holds a control or other invisible character; take it out.")
    if bad := next((name for name, _ in fields if not re.fullmatch(r"[^\W\d]\w*", name)), None):
        raise UsageError(f"{bad!r} cannot name a field; use letters, digits and underscores, such as 'text'.")
    _check_task(kind, names, fields, schema, scale)
    from workbench.config import LONGEST_NAME
    from workbench.settings_template import settings

    target = _empty_folder(folder)
    text = settings(
        clean(target.name)[:LONGEST_NAME].strip() or "project",
        kind=kind,
        description=description,
        language=language,
        fields=fields,
        labels=names,
        schema=schema,
        scale=scale,
        model=model,
        base_url=base_url,
    )
    write_settings(target / SETTINGS, text)
    project = Project(target)
    _ = project.config  # a template that does not load is our mistake: find it now, not at the first job
    return project


def _check_task(
    kind: str,
    labels: Sequence[str],
    fields: Sequence[tuple[str, FieldKind]],
    schema: Mapping[str, Any] | None,
    scale: tuple[float, float] | None,
) -> None:
    """Refuse what would not be a task before a folder is made."""
    from pydantic import ValidationError

    from workbench.settings_template import EXAMPLE_SCHEMA
    from workbench.task import LONGEST_LABEL, Task

    if long := next((name for name in labels if len(name) > LONGEST_LABEL), None):
        raise UsageError(f"Label {clean(long, limit=40)!r} has more than {LONGEST_LABEL} characters; shorten it.")
    said: dict[str, Any] = {"kind": kind, "labels": list(labels), "fields": {name: {"kind": of} for name, of in fields}}
    if kind == "extraction":
        said["schema"] = schema or EXAMPLE_SCHEMA
    elif schema is not None:
        raise UsageError("Only a task of kind extraction has a schema.")
    if scale is not None:
        said["scale"] = {"low": scale[0], "high": scale[1]}
    try:
        Task.model_validate(said)
    except ValidationError as error:
        told = error.errors()[0]["msg"].removeprefix("Value error, ")
        hint = ": --labels a,b,c" if "at least two" in told else ""
        raise UsageError(f"{told[0].upper()}{told[1:]}{hint}.") from None


def write_settings(path: Path, text: str) -> None:
    """Write a small file whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        fit(temporary)
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ProjectError(f"{path}: cannot be written ({error.strerror}); check space and permissions.") from error
