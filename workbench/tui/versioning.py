"""Snapshots and what differs between them, in words. No widgets here, and no Textual."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.store import versions
from workbench.store.snapshots import Snapshot
from workbench.text import clean
from workbench.tui.differences import marked

#: Labels whose numbers a comparison tells.
LABELS = 20
TITLES = {"added": "added", "removed": "removed", "text": "text changed", "label": "label changed"}


def called(snapshot: Snapshot | None) -> str:
    """A snapshot as sentences name it."""
    if snapshot is None:
        return "the data set now"
    return f"snapshot {snapshot.id}" + (f" ({snapshot.name})" if snapshot.name else "")


def in_lines(found: versions.Comparison, before: str, after: str, examples: int) -> Iterator[str]:
    yield f"{before}: {found.before:,} samples; {after}: {found.after:,}; the same in both: {found.same:,}"
    for name, group in found.groups.items():
        now = ", ".join(f"{n:,} {status}" for status, n in sorted(group.by_status.items()))
        yield f"{TITLES[name]}: {group.count:,}" + (f" (now {now})" if now else "")
        for one in group.examples[:examples]:
            yield f"  {one.id}  {told(name, one)}"
    changed = [(name, old, new) for name, (old, new) in found.labels.items() if old != new]
    if changed:
        yield "labels: before, after"
        rows = [[f"  {clean(name)}", f"{old:,}", f"{new:,}", f"{new - old:+,}"] for name, old, new in changed[:LABELS]]
        widths = [max(len(row[at]) for row in rows) for at in range(4)]
        yield from (
            "  ".join([row[0].ljust(widths[0]), *(row[at].rjust(widths[at]) for at in (1, 2, 3))]) for row in rows
        )
        if len(changed) > LABELS:
            yield f"  and {len(changed) - LABELS:,} labels more (--json lists all)"


def told(group: str, one: versions.Example) -> str:
    """One example on a line: a changed text as ``[-was-] {+is+}``, a changed label as ``was -> is``."""
    text = " ".join((one.before or one.after or "").split())
    if group == "text":
        return marked(one.before or "", one.after or "")
    if group == "label":
        return f"{one.label_before} -> {one.label_after}  {text[:200]}"
    return f"{one.label_after if group == 'added' else one.label_before}  {text[:200]}"


def counted(plan: versions.Restoring) -> list[str]:
    """What a restore would do, in words."""
    parts = [
        (plan.labels, "labels set back"),
        (plan.fields, "texts set back"),
        (plan.rejected, "samples that came since are rejected"),
        (plan.accepted, "samples that dropped out are accepted"),
    ]
    lines = [f"{n:,} {what}" for n, what in parts if n] or ["Nothing differs: the data set is as the snapshot has it."]
    lines.append(f"{plan.same:,} are the same")
    if plan.purged:
        lines.append(f"{plan.purged:,} were purged and cannot come back")
    if plan.elsewhere:
        lines.append(f"{plan.elsewhere:,} are no generated samples: the data set never holds them")
    return lines
