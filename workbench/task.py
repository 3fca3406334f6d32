"""The task of a project, as ``project.yaml`` says it: kind, fields, labels; checked by pydantic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from workbench.task_kinds import KINDS, FieldKind, LabelShape

#: Characters of a label's name, and of a field's.
LONGEST_LABEL = LONGEST_FIELD = 200
#: One value of each type, to try schemas with.
PROBES: tuple[Any, ...] = (None, True, 0, "", [], {})
#: Steps of a scale: each may be a label to ask for.
MOST_STEPS = 10_000

#: What prompts call a language; models understand names better than codes.
LANGUAGES = {
    "ar": "Arabic",
    "bn": "Bengali",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nb": "Norwegian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def schema_fault(schema: Any) -> str | None:
    """Why ``schema`` is no JSON Schema (draft 2020-12) that can be used here, or None. Nothing is ever fetched: references
    must stay inside it."""
    from jsonschema import Draft202012Validator, SchemaError
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"is no JSON Schema: {' '.join(error.message.split())[:200]}"
    places = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    for ref in _references(schema):
        if not ref.startswith("#"):
            return f"refers to {ref[:80]!r}: only references inside the schema (#/...) are followed"
        try:
            places.lookup(ref)
        except Unresolvable:
            return f"refers to {ref[:80]!r}, which it does not hold"
    validator = Draft202012Validator(schema, registry=Registry())
    try:
        for value in PROBES:
            next(validator.iter_errors(value), None)
    except RecursionError:
        return "refers to itself without an end: a reference must lead to a rule"
    return None


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        # A property may be called so: then an object stands there.
        yield from (ref for key, ref in value.items() if key in ("$ref", "$dynamicRef") and isinstance(ref, str))
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _references(inner)


class Part(BaseModel):
    """Base of every section: unknown keys are mistakes, not extras."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class TaskField(Part):
    """One named part of a sample. ``schema`` is a JSON Schema that its value must follow; a field that is not required may
    be missing or empty."""

    kind: FieldKind = "text"
    description: str = ""
    required: bool = True
    json_schema: dict[str, Any] | None = Field(default=None, alias="schema")


class Label(Part):
    """One class of a classification task. ``description`` goes into prompts and beside the label on the screen."""

    name: str = Field(min_length=1, max_length=LONGEST_LABEL)
    description: str = ""


def _label(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class Scale(Part):
    """Numbers that a text pair's label may be: from ``low`` to ``high``, drawn in steps of ``step`` when generated."""

    low: float = Field(default=0.0, allow_inf_nan=False)
    high: float = Field(default=5.0, allow_inf_nan=False)
    step: float = Field(default=1.0, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _rising(self) -> Scale:
        if not self.low < self.high:
            raise ValueError("low must be less than high")
        if not (self.high - self.low) / self.step <= MOST_STEPS:
            raise ValueError(f"step is too small: a scale has at most {MOST_STEPS:,} steps")
        return self


class Task(Part):
    """What the data is for. ``schema`` is the JSON Schema of an extraction's object."""

    kind: Literal[
        "classification",
        "multi_label",
        "text_pair",
        "extraction",
        "question_answering",
        "instruction",
        "dialogue",
        "preference",
        "free",
    ] = "classification"
    description: str = ""
    language: str = "en"
    fields: dict[str, TaskField] = Field(default_factory=dict)
    labels: list[Annotated[Label, BeforeValidator(_label)]] = Field(default_factory=list)
    json_schema: dict[str, Any] | None = Field(default=None, alias="schema")
    scale: Scale | None = None

    @model_validator(mode="before")
    @classmethod
    def _usual_fields(cls, value: Any) -> Any:
        """Fields that are not said are those of the task's kind; what is said of one of them adds to what it is."""
        kind = KINDS.get(str(value.get("kind", "classification"))) if isinstance(value, dict) else None
        if kind is None or not isinstance(value.get("fields") or {}, dict):
            return value
        given = value.get("fields") or {}
        if given and kind.renamed:
            return value
        fields: dict[str, Any] = {
            one.name: {"kind": one.kind, "required": one.required, "description": one.description}
            for one in kind.fields
        }
        for name, said in given.items():
            adds = isinstance(said, dict) or said is None
            fields[name] = {**fields.get(name, {}), **(said or {})} if adds else said
        return {**value, "fields": fields}

    @field_validator("labels")
    @classmethod
    def _distinct(cls, labels: list[Label]) -> list[Label]:
        names = [label.name for label in labels]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"label {twice[0]!r} stands twice")
        return labels

    @field_validator("fields", mode="before")
    @classmethod
    def _named(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and "label" in fields:
            raise ValueError("a field cannot be called 'label': that is where a sample's label stands")
        for name in fields if isinstance(fields, dict) else ():
            if not (isinstance(name, str) and name.strip() and name.isprintable() and len(name) <= LONGEST_FIELD):
                raise ValueError(
                    f"{str(name)[:40]!r} cannot be a field's name: that is 1 to {LONGEST_FIELD} visible characters"
                )
        return {name: one or {} for name, one in fields.items()} if isinstance(fields, dict) else fields

    @model_validator(mode="after")
    def _schemas_are_schemas(self) -> Task:
        named = {"schema": self.json_schema} | {
            f"fields.{name}.schema": one.json_schema for name, one in self.fields.items()
        }
        for where, schema in named.items():
            if schema is not None and (fault := schema_fault(schema)):
                raise ValueError(f"{where} {fault}")
        return self

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Task:
        kind = KINDS[self.kind]
        names = [one.name for one in kind.fields]
        if self.kind in ("classification", "multi_label", "extraction") and len(self.fields) != 1:
            raise ValueError(f"a task of kind {self.kind} has exactly one field")
        if self.kind == "text_pair" and len(self.fields) != 2:
            raise ValueError("a task of kind text_pair has exactly two fields")
        if not kind.renamed and (other := [name for name in self.fields if name not in names]):
            raise ValueError(f"a task of kind {self.kind} has the fields {', '.join(names)}, not {other[0]!r}")
        if not self.fields:
            raise ValueError("fields is missing: a free task says which fields its samples have")
        for outline in kind.fields if not kind.renamed else ():
            if self.fields[outline.name].kind != outline.kind:
                raise ValueError(f"the field {outline.name} of a task of kind {self.kind} is of kind {outline.kind}")
        if self.kind in ("classification", "multi_label", "text_pair") and any(
            one.kind != "text" for one in self.fields.values()
        ):
            raise ValueError(f"the fields of a task of kind {self.kind} are of kind text")
        if not any(one.required for one in self.fields.values()):
            raise ValueError("at least one field must be required")
        if self.scale is not None and self.kind != "text_pair":
            raise ValueError("only text pairs have a scale")
        if self.json_schema is not None and self.kind != "extraction":
            raise ValueError("only extraction has a schema of its own; a field may have one (fields.NAME.schema)")
        if self.kind == "extraction" and (self.json_schema or {}).get("type") != "object":
            raise ValueError("extraction needs a schema of type object: what is to be read out of the text")
        shape = self.label_shape
        if shape in ("one", "many") and len(self.labels) < 2:
            more = " (or a scale, for similarity)" if self.kind == "text_pair" else ""
            raise ValueError(f"a task of kind {self.kind} needs at least two different labels{more}")
        if shape not in ("one", "many", "optional") and self.labels:
            raise ValueError(f"a task of kind {self.kind}{' with a scale' if self.scale else ''} has no labels")
        return self

    @property
    def label_shape(self) -> LabelShape:
        """What this task's labels are; a kind whose labels are optional has either one label a sample or none."""
        if self.scale is not None:
            return "number"
        shape = KINDS[self.kind].label
        if shape == "optional":
            return "one" if self.labels else "none"
        return shape

    @property
    def label_names(self) -> list[str]:
        return [label.name for label in self.labels]

    @property
    def language_name(self) -> str:
        """The language as prompts name it; a code that is not known stays a code."""
        return LANGUAGES.get(self.language.partition("-")[0].lower(), self.language)

    @property
    def text_field(self) -> str:
        """The field that a classifier reads and a model writes: the first one."""
        return next(iter(self.fields))
