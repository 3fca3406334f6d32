"""``agree`` and ``adjudicate``: how far people agree, and settling what they do not agree about."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from workbench.cli.output import Output, table
from workbench.curate.labels import adjudication
from workbench.curate.labels.adjudication import Case
from workbench.errors import UsageError
from workbench.learn.agreement import Agreement, Coefficient
from workbench.project import find
from workbench.store import acts, people
from workbench.store.connection import Store


def agree_(arguments: argparse.Namespace) -> int:
    from workbench.curate.labels.agreement import report

    output, project = Output(arguments.json, arguments.quiet), find(arguments.project)
    _ = project.config
    with Store(project) as store:
        found = report(store, view=arguments.view, level=arguments.level, models=not arguments.people)
        progress = people.progress(store)
    value = found.to_json()
    value["progress"] = [
        {"name": one.name, "samples": one.samples, "decisions": one.decisions, "seconds_median": one.seconds_median,
         "per_hour": one.per_hour, "today": one.today, "last_at": one.last_at}
        for one in progress
    ]  # fmt: skip
    lines = [found.note] if found.note else []
    rows = [["annotator", "opinions", "accuracy", "seconds", "an hour"]]
    speed = {one.name: one for one in progress}
    for person in found.annotators:
        at = speed.get(person.name)
        rows.append(
            [
                person.name,
                f"{person.opinions:,}",
                "-" if person.accuracy is None else f"{person.accuracy:.3f}",
                f"{at.seconds_median:.1f}" if at and at.seconds_median is not None else "-",
                f"{at.per_hour:,.0f}" if at and at.per_hour is not None else "-",
            ]
        )
    lines += table(rows, right=(1, 2, 3, 4))
    lines += ["", *_coefficients("People", found.people), *_pairs(found.people, [one.name for one in found.annotators])]
    if found.everybody is not None:
        lines += ["", "With models beside them (alpha is of the people alone):"]
        lines += _pairs(found.everybody, [one.name for one in found.annotators], models=len(progress))
    for name, part in found.parts.items():
        lines.append(f"{name}: {_coefficient(part.krippendorff)} (alpha, {part.items:,} samples)")
    differences = [cell for cell in found.confusions if cell[2] != cell[3]][:10]
    if differences:
        lines += ["", "Commonest differences"]
        lines += table([[a, left, b, right, f"{n:,}"] for a, b, left, right, n in differences], right=(4,))
    output.result(value, lines)
    return 0


def _coefficient(value: Coefficient) -> str:
    if value.value is None:
        return value.reason
    span = "" if value.low is None or value.high is None else f", {value.low:.3f} to {value.high:.3f}"
    return f"{value.value:.3f}{span}"


def _coefficients(title: str, found: Agreement) -> list[str]:
    percent = "-" if found.percent is None else f"{found.percent:.1%}"
    about = f"{found.items:,} of {found.all_items:,} samples with two opinions or more"
    fleiss = f" ({found.fleiss_items:,} samples with {found.fleiss_raters} opinions)" if found.fleiss_items else ""
    return [
        f"{title}: {about}, {found.level} labels",
        f"  equal pairs: {percent} of {found.pairs:,}",
        f"  Krippendorff's alpha: {_coefficient(found.krippendorff)}",
        f"  Fleiss' kappa: {_coefficient(found.fleiss)}{fleiss}",
    ]


def _pairs(found: Agreement, names: list[str], *, models: int | None = None) -> list[str]:
    rows = [["", "", "samples", "equal", "Cohen's kappa"]]
    rows += [
        [names[pair.a], names[pair.b], f"{pair.items:,}", f"{pair.percent or 0:.1%}", _coefficient(pair.kappa)]
        for pair in found.cohen
        if models is None or pair.b >= models
    ]
    return table(rows, right=(2, 3)) if len(rows) > 1 else []


def adjudicate_(arguments: argparse.Namespace) -> int:
    output, project = Output(arguments.json, arguments.quiet), find(arguments.project)
    _ = project.config
    least = max(2, project.outline.review.overlap) if arguments.least is None else arguments.least
    if least < 2:
        raise UsageError("--least should be 2 or more: one person cannot disagree.")
    with Store(project, durable=True) as store:
        found = adjudication.cases(store, least=least, method=arguments.method)
        if arguments.what == "list":
            rows = [["sample", "proposed", "sure", "said"], *map(_row, found)]
            output.result({"cases": [_case(one) for one in found]}, table(rows, right=(0, 2)))
            return 0
        chosen = [one for one in found if one.unanimous or (arguments.what == "all" and not one.tied)]
        left = len(found) - len(chosen)
        if chosen and not arguments.yes:
            if not sys.stdin.isatty():
                raise UsageError(f"This settles {len(chosen):,} samples; give --yes to do it.")
            if input(f"settle {len(chosen):,} samples? [y/N] ").strip().lower() not in ("y", "yes"):
                output.say("Nothing was changed.")
                return 0
        act = adjudication.settle(store, acts.annotator(store, arguments.annotator), chosen)
    settled = act.total if act else 0
    output.result(
        {"settled": settled, "left": left, "act": act.id if act else None},
        [f"{settled:,} settled, {left:,} left for a person; `workbench label --undo` takes it back"],
    )
    return 0


def _row(one: Case) -> list[str]:
    said = "; ".join(f"{who.annotator}: {who.label or who.status or ''}" for who in one.said)
    proposed = (
        "tied" if one.tied else "reject" if one.status == "rejected" else json.dumps(one.label, ensure_ascii=False)
    )
    return [str(one.sample_id), proposed, f"{one.sure:.2f}", ("all agree: " if one.unanimous else "") + said]


def _case(one: Case) -> dict[str, Any]:
    return {
        "id": one.sample_id, "unanimous": one.unanimous, "label": one.label, "status": one.status, "sure": one.sure,
        "disagreement": one.disagreement, "tied": one.tied,
        "said": [{"annotator": who.annotator, "label": None if who.label is None else json.loads(who.label),
                  "status": who.status, "note": who.note, "at": who.at} for who in one.said],
    }  # fmt: skip
