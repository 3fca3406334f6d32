"""``project.yaml``: what a project is, checked by pydantic, with the file, the line and a suggestion in every error."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from workbench.errors import FileError, UsageError
from workbench.evaluate_settings import EvaluateSettings
from workbench.paths import user_config
from workbench.task import LANGUAGES as LANGUAGES  # noqa: PLC0414 - others take these from here
from workbench.task import LONGEST_LABEL as LONGEST_LABEL  # noqa: PLC0414
from workbench.task import Label as Label  # noqa: PLC0414
from workbench.task import Part, Task

M = TypeVar("M", bound=BaseModel)

MAXIMUM_BYTES = 1_000_000
MAXIMUM_DEPTH = 12
#: Characters of a project's name.
LONGEST_NAME = 100

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


class Price(Part):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


def _named(spec: str) -> str:
    """A model as ``models`` names it: ``openai:NAME`` without spaces around."""
    provider, colon, name = spec.strip().partition(":")
    return f"{provider}{colon}{name.strip()}"


class Endpoint(Part):
    """One of several endpoints that serve a run. What it does not say is as ``model`` says it; ``concurrency`` is the most
    requests under way at this one."""

    use: str | None = None
    base_url: str | None = None
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    timeout: float | None = Field(default=None, gt=0, le=3600)
    price: Price | None = None
    concurrency: int | None = Field(default=None, ge=1, le=1024)
    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)


class ModelSettings(Part):
    """The model that generates. Keys are never written here: ``api_key_env`` names the environment variable.

    ``group`` names endpoints that answer alike: answers are found again under it. ``endpoints`` are several of them for one
    run, least loaded first; they count as interchangeable, but for recipes that tell the samples of several models apart.
    """

    use: str = "embedded"
    base_url: str | None = None
    api_key_env: str = Field(default="OPENAI_API_KEY", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    timeout: float = Field(default=60.0, gt=0, le=3600)
    group: str | None = None
    price: Price | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)
    endpoints: list[Endpoint] = Field(default_factory=list, max_length=64)

    def several(self, spec: str) -> list[Endpoint]:
        """The endpoints that a run with the model ``spec`` asks; none where only that model is asked."""
        own = spec == self.use and spec.partition(":")[0] not in ("embedded", "corpus")
        return self.endpoints if own else []

    def names(self, spec: str) -> list[str]:
        """The models that a run with the model ``spec`` asks, each once, in order of their names."""
        return sorted({_named(one.use or spec) for one in self.several(spec)} or {_named(spec)})


class GenerateSettings(Part):
    """How generate jobs run. ``budget`` is in US dollars; ``requests`` and ``tokens`` limit a job as well."""

    recipe: str = "zerogen"
    concurrency: int = Field(default=64, ge=1, le=1024)
    seed: int = Field(default=0, ge=0, lt=2**31)
    budget: float | None = Field(default=None, gt=0)
    requests: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    parameters: dict[str, dict[str, Any]] = Field(default_factory=dict)


class CurateSettings(Part):
    """The chain of curation: filters, label repairs and weightings in order. ``filters`` is its name in older files.

    ``model`` judges where a technique asks one (default: the generating model); ``embeddings`` gives embeddings;
    ``arrivals``: new samples are held against the curation in force as they arrive.
    """

    chain: list[str] = Field(
        default_factory=lambda: ["exact_duplicate", "near_duplicate", "length", "label_disagreement"]
    )
    model: str | None = None
    embeddings: str | None = None
    budget: float | None = Field(default=None, gt=0)
    arrivals: bool = True

    @model_validator(mode="before")
    @classmethod
    def _older_name(cls, value: Any) -> Any:
        if isinstance(value, dict) and "filters" in value and "chain" not in value:
            return {("chain" if key == "filters" else key): inner for key, inner in value.items()}
        return value


class ReviewSettings(Part):
    """How people label, alone or together.

    ``policy``: what several people's words make of a sample (default ``last_word``; ``agreement`` where ``overlap`` is above
    1). ``overlap``: people wanted on each sample; ``annotators``: who they are (default: whoever comes). ``blind``: nobody
    sees what others said before speaking. ``lease``: minutes a sample of a queue is kept for one person. ``reasons``: why
    samples are rejected, by one key each; ``ask_reason``: rejecting asks for one; ``tags``: words for notes.
    """

    view: str = "origin:synthetic status:pending"
    policy: Literal["last_word", "agreement"] = "last_word"
    overlap: int = Field(default=1, ge=1, le=100)
    annotators: list[str] = Field(default_factory=list, max_length=1000)
    blind: bool = False
    lease: float = Field(default=10.0, gt=0, le=24 * 60)
    reasons: list[str] = Field(
        default_factory=lambda: ["wrong label", "unnatural", "off topic", "duplicate", "incomplete", "harmful"],
        max_length=9,
    )
    ask_reason: bool = False
    tags: list[str] = Field(default_factory=list, max_length=100)

    @model_validator(mode="before")
    @classmethod
    def _several_people(cls, value: Any) -> Any:
        if isinstance(value, dict) and "policy" not in value and isinstance(value.get("overlap"), int):
            return {**value, "policy": "agreement" if value["overlap"] > 1 else "last_word"}
        return value


class ExportSettings(Part):
    title: str | None = None
    licence: str | None = None
    instruction: str | None = None


class Config(Part):
    """The whole of ``project.yaml``."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    database: str = "project.db"
    task: Task
    model: ModelSettings = ModelSettings()
    generate: GenerateSettings = GenerateSettings()
    curate: CurateSettings = CurateSettings()
    review: ReviewSettings = ReviewSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    export: ExportSettings = ExportSettings()

    @model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, value: Any) -> Any:
        """A section whose lines are all comments reads as null: it stands for its defaults."""
        if not isinstance(value, dict):
            return value
        sections = {"model", "generate", "curate", "review", "evaluate", "export"}
        return {key: inner for key, inner in value.items() if inner is not None or key not in sections}

    @model_validator(mode="before")
    @classmethod
    def _no_label_steps_without_labels(cls, value: Any) -> Any:
        """A chain that nobody wrote down must run: only classification has the labels that its last step judges."""
        task, curate = (value.get("task"), value.get("curate") or {}) if isinstance(value, dict) else (None, None)
        kind = task.get("kind", "classification") if isinstance(task, dict) else getattr(task, "kind", None)
        if kind in (None, "classification") or not isinstance(curate, dict) or curate.keys() & {"chain", "filters"}:
            return value
        chain = [step for step in CurateSettings().chain if step != "label_disagreement"]
        return {**value, "curate": {**curate, "chain": chain}}


def load_yaml(path: Path) -> tuple[Any, yaml.Node]:
    """A YAML file's value and its node tree (for line numbers).

    Raises ``FileError`` with file and line: not readable, larger than 1 MB, not UTF-8, bad syntax, aliases (a few lines
    of them can stand for gigabytes), nesting deeper than 12, more than one document, a key written twice.
    """
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise FileError(path, None, f"is larger than {MAXIMUM_BYTES:,} bytes; a settings file should not be.")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(path, None, f"is not UTF-8 (byte {error.start}); save it as UTF-8.") from error
    except OSError as error:
        raise FileError(path, None, f"cannot be read ({error.strerror}).") from error
    try:
        depth = 0  # counted while reading: composing a very deep document would overflow the C stack
        for event in yaml.parse(text, Loader=Loader):
            if isinstance(event, yaml.AliasEvent):
                raise FileError(
                    path, _line(event.start_mark), "YAML aliases (*name) are not allowed here; write it out."
                )
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAXIMUM_DEPTH:
                raise FileError(path, _line(event.start_mark), f"is nested deeper than {MAXIMUM_DEPTH} levels.")
        node = yaml.compose(text, Loader=Loader)
    except yaml.YAMLError as error:
        raise _invalid(path, text, error) from error
    if node is None:
        raise FileError(path, None, "is empty.")
    _no_key_twice(node, path)
    try:
        return yaml.load(text, Loader=Loader), node
    except yaml.YAMLError as error:
        raise _invalid(path, text, error) from error
    except ValueError as error:  # a date or number that is none
        raise FileError(path, None, f"not valid YAML: {' '.join(str(error).split())}") from error


def _line(mark: Any) -> int | None:
    return None if mark is None else int(mark.line) + 1


def _invalid(path: Path, text: str, error: yaml.YAMLError) -> FileError:
    """What the YAML parser found, with the line."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or "cannot be parsed").replace("\n", " ")
        lines = text.splitlines()
        tabs = mark is not None and mark.line < len(lines) and "\t" in lines[mark.line]
        hint = "Indent with spaces, not tabs." if tabs else "Check indentation, colons and quotes there."
        return FileError(path, _line(mark), f"not valid YAML: {problem}. {hint}")
    position = getattr(error, "position", None)
    line = text.count("\n", 0, position) + 1 if isinstance(position, int) else None
    character = getattr(error, "character", None)
    if isinstance(character, int):
        return FileError(path, line, f"not valid YAML: holds the control character U+{character:04X}; take it out.")
    return FileError(path, line, f"not valid YAML: {' '.join(str(error).split())}")


def _no_key_twice(node: yaml.Node, path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise FileError(path, key.start_mark.line + 1, f"{name!r} stands twice (first on line {seen[name]}).")
            seen[name] = key.start_mark.line + 1
            _no_key_twice(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _no_key_twice(value, path)


def line_of(node: yaml.Node, location: tuple[int | str, ...]) -> int:
    """The line (from 1) of the deepest node that ``location`` (a pydantic error's ``loc``) reaches."""
    line = node.start_mark.line + 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if str(key.value) == str(step):
                    line, node = key.start_mark.line + 1, value
                    break
            else:
                continue  # e.g. a union member's name in the location
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def check(model: type[M], value: Any, node: yaml.Node, path: Path) -> M:
    """``value`` as ``model``; raises ``FileError`` naming file, line, what is wrong and the likely right key."""
    if not isinstance(value, Mapping):
        raise FileError(path, 1, "should be a mapping of keys to values, such as 'name: my-project'.")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        location = first["loc"]
        where = ".".join(str(step) for step in location) or "file"
        more = f" ({error.error_count() - 1} more after this one.)" if error.error_count() > 1 else ""
        raise FileError(path, line_of(node, location), _sentence(model, first, where) + more) from None


def _sentence(model: type[BaseModel], error: Any, where: str) -> str:
    kind, location = error["type"], error["loc"]
    if kind == "extra_forbidden":
        known = _keys_at(model, location[:-1])
        close = difflib.get_close_matches(str(location[-1]), known, n=1)
        if " " in str(location[-1]):
            return f"unknown key {str(location[-1])!r}; a text with a comma inside {{...}} needs quotes."
        hint = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known)}."
        return f"unknown key {str(location[-1])!r}; {hint}"
    if kind == "missing":
        return f"{where} is missing; add it."
    if kind == "literal_error":
        wanted = error["ctx"]["expected"]
        return f"{where} is {error['input']!r}, but should be {wanted}."
    message = error["msg"].removeprefix("Value error, ")
    return f"{where}: {message[0].lower() + message[1:]}."


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed at ``location`` inside ``model``."""
    current: Any = model
    for step in location:
        if isinstance(current, type) and issubclass(current, BaseModel) and step in current.model_fields:
            current = current.model_fields[str(step)].annotation
        for candidate in _models_in(current):
            current = candidate
            break
    return list(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in getattr(annotation, "__args__", ()) for found in _models_in(argument)]


#: Sections whose values ``WORKBENCH_SECTION_KEY`` and the user's own ``config.yaml`` may set.
LAYERED = ("model", "generate", "curate", "review", "evaluate", "export")


def environment(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Settings from ``WORKBENCH_SECTION_KEY`` variables, by section; values are read as YAML scalars or lists."""
    found: dict[str, dict[str, Any]] = {}
    for name, text in environ.items():
        section, _, key = name.removeprefix("WORKBENCH_").lower().partition("_")
        if name.startswith("WORKBENCH_") and section in LAYERED and key:
            try:
                found.setdefault(section, {})[key] = yaml.safe_load(text)
            except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date that is none
                raise UsageError(f"{name} is {text!r}, which is not a value; quote it as in YAML.") from error
    return found


def layers(path: Path) -> tuple[Config, dict[str, str]]:
    """The settings in force and, for each dotted name that is set, where it comes from.

    Environment over ``project.yaml`` over the user's ``config.yaml`` over defaults. Raises ``FileError`` with the line of
    the file, or ``UsageError`` naming the variable, that is wrong.
    """
    value, node = load_yaml(path)
    config = check(Config, value, node, path)
    user_file = user_config() / "config.yaml"
    merged: dict[str, Any] = dict(value)
    sources: dict[str, str] = {}

    def take(section: str, values: Mapping[str, Any], source: str, *, over: bool) -> None:
        current = merged.get(section) or {}
        merged[section] = {**current, **values} if over else {**values, **current}
        for key in values:
            if over or key not in current:
                sources[f"{section}.{key}"] = source

    for key, inner in value.items():
        for name in inner if isinstance(inner, Mapping) and key in (*LAYERED, "task") else [None]:
            sources[key if name is None else f"{key}.{name}"] = str(path.name)
    if user_file.is_file():
        own, own_node = load_yaml(user_file)
        if not isinstance(own, Mapping) or not own.keys() <= set(LAYERED):
            raise FileError(user_file, 1, f"should hold sections only: {', '.join(LAYERED)}.")
        check(Config, {"name": config.name, "task": merged["task"], **own}, own_node, user_file)
        for section in LAYERED:
            if isinstance(own.get(section), Mapping):
                take(section, own[section], str(user_file), over=False)
    for section, values in environment(os.environ).items():
        take(section, values, "", over=True)
        for key in values:
            sources[f"{section}.{key}"] = f"WORKBENCH_{section}_{key}".upper()
    try:
        return Config.model_validate(merged), sources
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        source = sources.get(".".join(where.split(".")[:2]), where)
        raise UsageError(f"{source}: {_sentence(Config, first, where)}") from None


def load_config(path: Path) -> Config:
    """The settings in force for the project whose ``project.yaml`` this is (see ``layers``)."""
    return layers(path)[0]
