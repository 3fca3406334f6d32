"""Deleting samples for good: in the database (``store.purging``) and in what is kept beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.pipeline import features, trainer
from workbench.store import jobs, purge_scope, purging
from workbench.store.connection import Store
from workbench.store.needles import PURGED, Needles
from workbench.store.purge_scope import Effects

#: A file of the user's that is larger than this is named as one to look at, but not read.
LARGEST = 64 << 20


@dataclass(slots=True)
class Purged:
    """What was done. ``files``: files of the user's that hold one of the texts and were not touched."""

    samples: int
    cleaned: dict[str, int]
    left: list[int]
    kept_rows: int
    files: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Beside:
    """Files that a purge does not change (``sources`` samples came from, ``exports`` written since), and the copies of the
    database that it deletes."""

    sources: list[str]
    exports: list[str]
    backups: list[str]
    endpoints: bool


def beside(store: Store, effects: Effects) -> Beside:
    """What lies beside the database of samples that are to be purged."""
    exports = []
    for job in jobs.newest(store, 1_000, kind="export"):
        for name in ("path", "card"):
            path = str((job.result or {}).get(name) or "")
            if path and Path(path).exists():
                exports.append(path)
    sources = [path for path in effects.sources if Path(path).exists()]
    return Beside(sources, sorted(set(exports)), purging.backups(store), purge_scope.asked_elsewhere(store))


def purge(
    store: Store, annotator_id: int, ids: Sequence[int], *, remember: bool = True,
    progress: purging.Progress | None = None,
) -> Purged:  # fmt: skip
    """Delete samples for good and everything kept of them. Raises ``StoreError`` when others are in the project."""
    done = purging.delete(store, annotator_id, ids, remember=remember, progress=progress)
    kept = _forget_features(store)
    trainer.remove_left_over(store.project)
    _clean_logs(store, done.needles)
    return Purged(done.samples, done.cleaned, done.left, kept, list(_holding(store, done.needles)))


def finish(store: Store) -> None:
    """The rest of a purge that was cut off."""
    purging.finish(store)
    _forget_features(store)
    trainer.remove_left_over(store.project)


def _forget_features(store: Store) -> int:
    """Counted grams and embeddings of all texts but those that are there still."""
    if not features.folder_of(store.project).exists():
        return 0
    return features.keep_only(store.project, lambda: purge_scope.all_texts(store))


def _clean_logs(store: Store, needles: Needles) -> None:
    """What processes of jobs wrote to their logs: tracebacks may quote a text."""
    for path in store.project.locks.glob("*.log"):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        cleaned = [PURGED if needles.inside(line) else line for line in lines]
        if cleaned != lines:
            path.write_text("".join(f"{line}\n" for line in cleaned), encoding="utf-8")


def _holding(store: Store, needles: Needles) -> Iterator[str]:
    """Files of the user's in the project's folder that hold one of the texts."""
    folder = store.project.folder
    for path in sorted(folder.rglob("*")):
        if (
            not path.is_file()
            or path.is_symlink()
            or (store.project.owns(path) and path.suffix not in (".yaml", ".md"))
        ):
            continue
        with suppress(OSError, UnicodeError, WorkbenchError):
            if path.stat().st_size > LARGEST:
                yield f"{path} (not looked through)"
                continue
            with path.open(encoding="utf-8") as lines:
                if any(needles.inside(line) for line in lines):
                    yield str(path)


def in_words(effects: Effects, beside: Beside) -> list[str]:
    """What a purge takes along and what it does not touch, said before it is done."""
    rows = sum(n for table, n in effects.tables.items() if table not in ("annotation", "opinion"))
    lines = [f"{_samples(effects.samples, 'is', 'are')} deleted for good; no undo brings them back."]
    if effects.people:
        said = ", ".join(f"{name} {n:,}" for name, n in effects.people.items())
        lines.append(f"With them: what people said of them ({said}).")
    if rows:
        lines.append(f"With them: {rows:,} scores, verdicts, repairs, weights, suggestions and neighbours.")
    if effects.duels:
        lines.append(f"With them: {effects.duels:,} pairs of outputs that they stand in, and what was chosen.")
    if effects.snapshots:
        named = ", ".join(f"{name} {n:,}" for name, n in effects.snapshots.items())
        lines.append(f"Snapshots lose them ({named}) and cannot be put back whole.")
    if effects.answers:
        judged = f", {effects.judged:,} of them a judge's, which may be about any sample" if effects.judged else ""
        lines.append(f"Answers of models that are blanked: {effects.answers:,}{judged}; what they cost stays counted.")
    lines.append("Prompts, logs, results of jobs, acts and views that quote them are blanked too.")
    if effects.derived:
        lines.append(f"Made from them and kept: {_samples(effects.derived)}; look whether they give anything away.")
    if beside.backups:
        lines.append(f"Copies of the database from before upgrades are deleted: {len(beside.backups)}.")
    for title, paths in (("Files they came from", beside.sources), ("Exports", beside.exports)):
        if paths:
            lines.append(f"{title} are not touched: {', '.join(paths)}")
    if beside.endpoints:
        lines.append("What was sent to endpoints, batches included, is out of the workbench's hands.")
    return lines


def _samples(n: int, one: str = "", more: str = "") -> str:
    return f"{n:,} sample{'' if n == 1 else 's'} {one if n == 1 else more}".rstrip()


def done_in_words(done: Purged) -> list[str]:
    """What a purge did, and what is left to a person."""
    cleaned = ", ".join(f"{table} {n:,}" for table, n in done.cleaned.items())
    lines = [
        f"{_samples(done.samples, 'was', 'were')} deleted for good."
        + (f" Quotations blanked: {cleaned}." if cleaned else "")
    ]
    if done.left:
        lines.append(f"The same words stand in other samples: --view id:{','.join(map(str, done.left))}")
    if done.files:
        lines.append(f"Not touched, but they hold the same words: {', '.join(done.files)}")
    return lines
