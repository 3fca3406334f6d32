"""``audit``: certify a view by a random sample."""

from __future__ import annotations

import argparse

from workbench.cli.data import as_row
from workbench.cli.output import Output, table
from workbench.curate.labels import auditing
from workbench.errors import UsageError
from workbench.project import find
from workbench.store import acts, audits, samples
from workbench.store.audits import Audit
from workbench.store.connection import Store


def audit_(arguments: argparse.Namespace) -> int:
    output, project = Output(arguments.json, arguments.quiet), find(arguments.project)
    _ = project.config
    with Store(project, durable=True) as store:
        if arguments.what == "begin":
            me = acts.annotator(store, arguments.annotator)
            begun = audits.begin(
                store, me, arguments.view, half_width=arguments.half_width, size=arguments.size,
                by_label=arguments.by_label, seed=arguments.seed,
            )  # fmt: skip
            return _show(store, begun, output)
        if arguments.what == "list":
            return _list(store, output)
        chosen = audits.get(store, arguments.id) if arguments.id else audits.newest(store)
        if chosen is None:
            raise UsageError("There is no audit yet; audit begin starts one.")
        if arguments.what == "queue":
            ids = audits.waiting(store, chosen, max(0, arguments.limit))
            output.rows(as_row(sample) for sample in samples.many(store, ids))
            return 0
        if arguments.what == "close":
            auditing.close(store, chosen)
            chosen = audits.get(store, chosen.id)
        return _show(store, chosen, output)


def _show(store: Store, audit: Audit, output: Output) -> int:
    now = auditing.state(store, audit)
    output.result({**now.to_json(), "seed": audit.seed, "sentence": auditing.sentence(now)}, auditing.lines(now))
    return 0


def _list(store: Store, output: Output) -> int:
    rows = [["audit", "view", "begun", "by", "state", "found"]]
    found = []
    for audit in audits.all_of(store):
        now = auditing.state(store, audit)
        found.append({**now.to_json(), "by": audit.annotator, "created_at": audit.created_at})
        state = "closed" if audit.closed_at else "open"
        rows.append([str(audit.id), audit.view, audit.created_at[:16], audit.annotator, state, auditing.sentence(now)])
    output.result({"audits": found}, table(rows) if found else ["There is no audit yet; audit begin starts one."])
    return 0
