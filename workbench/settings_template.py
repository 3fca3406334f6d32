"""What ``workbench new`` writes into ``project.yaml``: every setting that people look for, with a comment beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.task_kinds import KINDS, FieldKind
from workbench.text import clean

_TEMPLATE = """\
# The settings of this project. Everything here can be edited by hand; `workbench config` shows what is in force.
name: {name}

task:
  kind: {kind:<23} # {summary}
  description: >-               # goes into every prompt: say what the texts are and who writes them
    {description}
  language: {language}
  fields:
{fields}
{labels}

model:
  use: {model:<24} # embedded (no key needed, for trying things out), or openai:MODEL for any
                                # OpenAI-compatible endpoint
  {base_url}   # default: $OPENAI_BASE_URL, else OpenAI's own
  # api_key_env: OPENAI_API_KEY # the name of the variable that holds the key; the key itself is never written anywhere
  # price: {{input: 0.15, output: 0.60}}    # US dollars per million tokens; without it the bundled list, or tokens only
  # parameters: {{temperature: 1.0}}        # sent with every request of this model
  # requests_per_minute: 500    # what the provider allows; tokens_per_minute likewise
  # endpoints:                  # several at once, least loaded first; what one does not say is as above
  #   - {{base_url: http://127.0.0.1:8000/v1, concurrency: 32}}
  #   - {{base_url: http://127.0.0.1:8001/v1}}

generate:
  recipe: zerogen               # `workbench recipes` lists them
  concurrency: 64               # requests under way at once, at the most
  seed: 0
  # budget: 5.00                # US dollars a job may spend; also requests: 10000, tokens: 2000000
  # parameters: {{attrprompt: {{attributes: 4}}}}

curate:
  chain:                        # in order; `workbench filters` lists them, `workbench filters show NAME` their parameters
    - exact_duplicate
    - near_duplicate
    - length
{filters}
review:
  view: "origin:synthetic status:pending"   # what Review opens with
  # reasons: [wrong label, unnatural, off topic]   # why samples are rejected: r and a digit
  # tags: [typo, ambiguous]     # words for notes
  # overlap: 2                  # people wanted on each sample; then they must agree (policy: agreement)
  # annotators: [anna, ben]     # whose words count (default: whoever comes)
  # blind: true                 # nobody sees what others said before speaking
  # lease: 10                   # minutes that a sample of a queue is kept for one person

evaluate:
  seed: 0
  # learners: [linear, naive_bayes, embedding]   # trained on the data; the first gives the benchmark (default: all)
  # judge:                      # a model that rates samples and compares outputs; asked only with --judge
  #   model: openai:NAME
  #   rubric: "Is the text what its label says, and could a customer have written it?"
  #   samples: 100
  # trainer:                    # your own training program; run only with --trainer (docs/evaluation.md)
  #   command: [python, train.py]

export:
  # licence: cc-by-4.0          # goes into the data card
  # instruction: "Classify the message."    # the system message of chat exports
"""
#: The description until somebody writes one.
UNDESCRIBED = "Describe the texts here."
#: JSON Schema that a new extraction task starts from.
EXAMPLE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "date": {"type": ["string", "null"]}},
    "required": ["name", "date"],
    "additionalProperties": False,
}


def settings(
    name: str,
    *,
    kind: str = "classification",
    description: str = "",
    language: str = "en",
    fields: Sequence[tuple[str, FieldKind]] = (),
    labels: Sequence[str] = (),
    schema: Mapping[str, Any] | None = None,
    scale: tuple[float, float] | None = None,
    model: str = "embedded",
    base_url: str | None = None,
) -> str:
    """The text of ``project.yaml``. Without ``fields`` it has those of the kind; nothing is checked here."""
    about = KINDS[kind]
    chosen = [(one, of) for one, of in fields] or [(one.name, one.kind) for one in about.fields]
    optional = {one.name for one in about.fields if not one.required}
    return _TEMPLATE.format(
        name=quote(name),
        kind=kind,
        summary=about.summary,
        description=_paragraph(description) or UNDESCRIBED,
        language=quote(language),
        fields="\n".join(
            f"    {quote(one)}: {{kind: {of}{', required: false' if one in optional else ''}}}" for one, of in chosen
        ),
        labels=_labels(kind, labels, schema, scale),
        model=quote(model),
        base_url=f"base_url: {quote(base_url)}" if base_url else "# base_url: http://127.0.0.1:11434/v1",
        filters="    - label_disagreement\n" if kind == "classification" else "",
    )


def _labels(
    kind: str, labels: Sequence[str], schema: Mapping[str, Any] | None, scale: tuple[float, float] | None
) -> str:
    if scale is not None:
        return f"  scale: {{low: {scale[0]:g}, high: {scale[1]:g}, step: 1}}    # the numbers that a label may be"
    if kind == "extraction":
        given = json.dumps(dict(schema or EXAMPLE_SCHEMA), ensure_ascii=True)
        return f"  # What is to be read out of the text: the label of every sample, by JSON Schema.\n  schema: {given}"
    if labels:
        comment = "a plain name, or {name: ..., description: ...}; descriptions make prompts better"
        return "\n".join([f"  labels:                       # {comment}", *(f"    - {quote(one)}" for one in labels)])
    if KINDS[kind].label == "optional":
        return "  # labels: [a, b]              # where each sample should also have one of some labels"
    return "  # This kind of task has no labels."


def _paragraph(text: str) -> str:
    """``text`` on one line, without what YAML forbids in a block."""
    return " ".join(re.sub("[\ufffe\uffff]", "", clean(text)).split())


def quote(value: str) -> str:
    """``value`` as a YAML scalar that reads back as exactly this string."""
    import yaml

    plain = re.fullmatch(r"[A-Za-z_][\w .:-]*[\w]|[A-Za-z_]", value) and ": " not in value
    if plain and yaml.safe_load(value) == value:
        return value
    return yaml.safe_dump(value, default_style='"', allow_unicode=True, width=2**31).strip()
