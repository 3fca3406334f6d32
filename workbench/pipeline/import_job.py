"""The import job: a file's rows become samples, each line at most once."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.errors import FileError, UsageError
from workbench.exchange import MOST_BAD, Bad, Mapped, Mapper, Row, columns_ahead, file_sha256, parse_map, read
from workbench.jobs.run import Ended, JobContext
from workbench.pipeline import start
from workbench.store import purge_memory, samples, snapshots, splits
from workbench.store.samples import ROLES, NewSample
from workbench.task_kinds import KINDS
from workbench.text import canonical

#: Failed rows that the result lists; all are counted.
LISTED = 100
#: Rows per transaction.
CHUNK = 2_000


def run(context: JobContext) -> Ended:
    """Read ``file`` as ``role``. Rows that cannot be read or mapped are listed with their line; the others are added.

    Of a data set's folder, the files of the role's split are read (all, where it has but one split).
    A row whose content is there already in the same role (from this file before, or from another one) is a duplicate.
    """
    started = time.monotonic()
    parameters, task = context.job.parameters, context.project.config.task
    role = parameters["role"]
    if role not in ROLES:
        raise UsageError(f"--as {role}: choose one of {', '.join(ROLES)}.")
    path = Path(parameters["file"])
    origin, split = ROLES[role]
    mapper = Mapper(
        task,
        parse_map(parameters["map"]) if parameters.get("map") else None,
        label_required=role in ("seed", "validation", "test") and KINDS[task.kind].label != "optional",
        use_label=role != "unlabelled",
    )
    rows = read(path, format=parameters.get("format"), encoding=parameters.get("encoding"), split=split)
    columns, rows = columns_ahead(rows)
    chosen = mapper.check_columns(columns, path) if columns else {}
    if not columns:
        rows = iter(unread := list(islice(rows, MOST_BAD + 1)))
        if len(unread) > MOST_BAD:
            raise FileError(path, None, f"none of its first {MOST_BAD:,} rows can be read; is it really that format?")
    digest = bytes.fromhex(file_sha256(path, split))
    source = snapshots.add_source(context.store, digest, role, canonical(chosen), str(path), context.job.id)
    # Synthetic texts may repeat real ones (metrics must see that); real ones must not cross from one split to another.
    taken = {} if origin in ("synthetic", "unlabelled") else splits.elsewhere(context.store, split)
    purged = purge_memory.Memory(context.store)
    counted = 0
    added = duplicates = failed = 0
    listed: list[dict[str, Any]] = []
    chunk: list[NewSample] = []

    def flush() -> None:
        nonlocal added, duplicates
        new = samples.add_new(context.store, chunk)
        added, duplicates = added + new, duplicates + len(chunk) - new
        chunk.clear()
        context.report(counted, None, f"reading {path.name}")

    for row in rows:
        counted += 1
        mapped = mapper.apply(row) if isinstance(row, Row) else row
        if isinstance(mapped, Bad):
            failed += 1
            if len(listed) < LISTED:
                listed.append({"line": mapped.line, "reason": mapped.reason})
            continue
        if (day := purged.when(mapped.fields)) is not None:
            failed += 1
            if len(listed) < LISTED:
                reason = (
                    f"was purged from this project on {day}; take it out of the file (`purge --forget` forgets this)"
                )
                listed.append({"line": mapped.line, "reason": reason})
            continue
        if taken and (twin := taken.get(splits.fingerprint(samples.text_of(mapped.fields)))) is not None:
            failed += 1
            if len(listed) < LISTED:
                reason = (
                    f"this text is sample {twin[0]} of the {twin[1]} split already; no text may stand in two splits"
                )
                listed.append({"line": mapped.line, "reason": reason})
            continue
        chunk.append(_sample(mapped, origin, split, source, context.job.id))
        if len(chunk) >= CHUNK:
            flush()
    flush()
    snapshots.count_source(context.store, source, counted, added)
    if added and role in ("seed", "real", "synthetic", "unlabelled"):
        start.learn_later(context.store)
    if added and role == "synthetic":
        start.check_arrivals(context.store)
    return Ended(
        {
            "read": counted,
            "added": added,
            "duplicates": duplicates,
            "failed": listed,
            "failed_rows": failed,
            "columns": chosen,
            "role": role,
            "seconds": round(time.monotonic() - started, 3),
        }
    )


def _sample(mapped: Mapped, origin: str, split: str, source: int, job: int) -> NewSample:
    return NewSample(
        fields=mapped.fields,
        label=mapped.label,
        origin=origin,
        split=split,
        conditions={"imported": mapped.extra} if mapped.extra else {},
        job_id=job,
        source_id=source,
        source_line=mapped.line,
    )
