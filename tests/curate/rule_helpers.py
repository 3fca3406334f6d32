"""What the tests of the rule filters share: judging texts, the real data, hostile strings."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from workbench.curate.base import Context, Item, Verdict, parse_filter
from workbench.task import Task

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
CLASSES = Task(kind="classification", labels=["a", "b"])
#: Strings on which a pattern with a repetition inside a repetition, or one that starts anew at each character and reads to
#: the end, would take hours at a megabyte.
BRICKS = {
    "one letter": "a",
    "digits": "1",
    "digit groups": "12 ",
    "signs": "@",
    "addresses": "a@a.",
    "colons": "::1",
    "dots": "1.2.3.",
    "hyphens": "-1",
    "brackets": "[your ",
    "angles": "<|",
    "braces": "{{a",
    "hashes": "### ",
    "refusals": "i cannot ",
    "closings": "let me know ",
    "quotes": "a'",
    "asterisks": "f*",
    "keys": "key=",
    "tokens": "eyJaaaaaaaaaaa.",
    "prefixes": "sk-",
    "accounts": "DE89 ",
    "pems": "-----BEGIN ",
    "spaces": " ",
    "lines": "\n",
    "bullets": "\n- ",
    "surrogates": "\ud800",
    "nuls": "\x00",
    "ellipses": "...",
    "accents": "é1",
    "han": "我",
}


def judge(spec: str, items: list[Item], context: Context | None = None) -> list[Verdict]:
    return list(parse_filter(spec).judge(items, context or Context(task=CLASSES)))


def verdict(spec: str, text: str, context: Context | None = None) -> Verdict:
    return judge(spec, [Item(1, text)], context)[0]


def texts(*found: str) -> list[Item]:
    return [Item(place, text) for place, text in enumerate(found)]


def sample(**fields: Any) -> Item:
    """A sample with fields of its own; its text is what the store makes of them (all strings, one a line)."""
    strings = [value for value in fields.values() if isinstance(value, str)]
    return Item(1, "\n".join(strings), fields)


def banking(part: str = "test") -> list[str]:
    with (DATA / "banking77" / f"{part}.csv").open(newline="", encoding="utf-8") as file:
        return [row["text"] for row in csv.DictReader(file)]


def trec() -> list[str]:
    lines = (DATA / "trec" / "train.txt").read_text(encoding="latin-1").splitlines()
    return [line.partition(" ")[2] for line in lines]


def sentences() -> list[str]:
    lines = (DATA / "supergen_sst2" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [line.rpartition("\t")[0] for line in lines]


def instructions() -> list[Item]:
    rows = [json.loads(line) for line in (DATA / "self_instruct" / "seed_tasks.jsonl").open(encoding="utf-8")]
    return [
        sample(instruction=row["instruction"], input=row["instances"][0]["input"], output=row["instances"][0]["output"])
        for row in rows
    ]
