"""A comparison renamed, or deleted with its pairs and what was chosen."""

from __future__ import annotations

from workbench.errors import UsageError
from workbench.store import duels
from workbench.store.connection import Store
from workbench.store.duels import Comparison


def rename(store: Store, comparison_id: int, name: str) -> Comparison:
    """Give a comparison another name. Raises ``UsageError`` when it is empty or taken by another one."""
    name = name.encode("utf-8", "replace").decode().strip()
    if not name:
        raise UsageError("A comparison needs a name.")
    with store.write() as connection:
        if connection.execute(
            "SELECT 1 FROM comparison WHERE name = ? AND ready AND id != ?", (name, comparison_id)
        ).fetchone():
            raise UsageError(f"There is a comparison {name!r} already; choose another name.")
        connection.execute(
            "UPDATE comparison SET name = ?, details = json_replace(details, '$.standings.comparison', ?) WHERE id = ?",
            (name, name, comparison_id),
        )
    return duels.get(store, comparison_id)


def delete(store: Store, comparison_id: int) -> tuple[int, int]:
    """Delete a comparison for good; returns (pairs, choices) that went with it, taken-back ones not counted.

    Raises ``UsageError`` while a job judges it.
    """
    with store.write() as connection:
        working = connection.execute(
            "SELECT id FROM job WHERE kind = 'judge' AND state IN ('queued', 'running', 'paused', 'waiting') "
            "AND json_extract(parameters, '$.comparison') = ?",
            (comparison_id,),
        ).fetchone()
        if working:
            raise UsageError(f"Job {working[0]} is judging it; `workbench jobs cancel {working[0]}` first.")
        of_it = "duel_id IN (SELECT id FROM duel WHERE comparison_id = ?)"
        choices = connection.execute(
            f"SELECT count(*) FROM choice WHERE active AND {of_it}", (comparison_id,)
        ).fetchone()
        connection.execute(f"DELETE FROM choice WHERE {of_it}", (comparison_id,))
        pairs = connection.execute("DELETE FROM duel WHERE comparison_id = ?", (comparison_id,)).rowcount
        connection.execute("DELETE FROM comparison WHERE id = ?", (comparison_id,))
    return pairs, int(choices[0])
