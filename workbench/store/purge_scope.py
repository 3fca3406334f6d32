"""What a purge concerns: the samples, tables and answers of models; and counting it before anything is deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from workbench.store.connection import Store, explain

#: The samples that are deleted, in the connection's own table: see ``gone``.
GONE = "(SELECT id FROM temp.purging)"
#: Requests and answers that they were made of.
REQUESTS = f"SELECT request_id FROM sample WHERE id IN {GONE} AND request_id IS NOT NULL"
ANSWERS = (
    f"SELECT answer_id FROM request WHERE id IN ({REQUESTS}) "
    f"UNION SELECT first_answer_id FROM request WHERE id IN ({REQUESTS})"
)
#: Pairs of outputs one of which is theirs.
DUELS = f"(first_sample IN {GONE} OR second_sample IN {GONE})"
#: Answers that no request of a recipe got: those of judging models, kept under a key that does not tell about which sample.
UNASKED = (
    "text != '' AND id NOT IN (SELECT answer_id FROM request WHERE answer_id IS NOT NULL "
    "UNION SELECT first_answer_id FROM request WHERE first_answer_id IS NOT NULL)"
)


@dataclass(slots=True)
class Effects:
    """What goes with some samples. ``tables``: rows by table; ``people``: annotations by name; ``snapshots``: samples lost
    by snapshot; ``answers``: answers of models that are blanked, ``judged`` of them said about samples nobody noted which;
    ``derived``: samples that were made from these and stay; ``duels``: pairs of outputs they are in; ``sources``: files they
    were imported from."""

    samples: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    snapshots: dict[str, int] = field(default_factory=dict)
    answers: int = 0
    judged: int = 0
    derived: int = 0
    duels: int = 0
    sources: list[str] = field(default_factory=list)


@contextmanager
def gone(connection: sqlite3.Connection, ids: Sequence[int]) -> Iterator[None]:
    """``GONE`` stands for these samples for as long as the block lasts."""
    connection.execute("DROP TABLE IF EXISTS temp.purging")
    connection.execute("CREATE TEMP TABLE purging (id INTEGER PRIMARY KEY)")
    try:
        connection.executemany("INSERT OR IGNORE INTO temp.purging VALUES (?)", ((one,) for one in ids))
        yield
    finally:
        if not connection.in_transaction:
            connection.execute("DROP TABLE IF EXISTS temp.purging")


def tables(connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """Name and type of the columns of every table, by table."""
    names = connection.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'sample\\_fts%' "
        "ESCAPE '\\' AND name NOT LIKE '\\_%' ESCAPE '\\'"
    ).fetchall()
    return {
        name: {row[1]: row[2] for row in connection.execute(f'PRAGMA main.table_info("{name}")')} for (name,) in names
    }


def parents(connection: sqlite3.Connection, table: str, ids: Collection[int]) -> Iterator[tuple[int, bool, str | None]]:
    """Rows of a table of which one of ``ids`` is a parent: (number, goes itself, its parents without them)."""
    cursor = connection.execute(f"SELECT id, parents FROM {table} WHERE parents != '{{}}'")
    while rows := cursor.fetchmany(5_000):
        for row_id, text in rows:
            made_from = json.loads(text)
            if any(one in ids for some in made_from.values() for one in some):
                kept = {
                    role: left for role, some in made_from.items() if (left := [one for one in some if one not in ids])
                }
                itself = table == "sample" and row_id in ids
                yield row_id, itself, None if itself else json.dumps(kept, separators=(",", ":"))


def effects(store: Store, ids: Sequence[int]) -> Effects:
    """Count what deleting these samples would take along; changes nothing."""
    found = Effects(len(ids))
    connection = store.connection
    try:
        with gone(connection, ids):
            for table, columns in tables(connection).items():
                if "sample_id" in columns and table != "snapshot_sample":
                    n = connection.execute(f"SELECT count(*) FROM {table} WHERE sample_id IN {GONE}").fetchone()[0]
                    if n:
                        found.tables[table] = n
            found.duels = connection.execute(f"SELECT count(*) FROM duel WHERE {DUELS}").fetchone()[0]
            found.people = dict(
                connection.execute(
                    "SELECT name, count(*) FROM annotation JOIN annotator ON annotator.id = annotator_id "
                    f"WHERE sample_id IN {GONE} GROUP BY name ORDER BY name"
                )
            )
            found.snapshots = dict(
                connection.execute(
                    "SELECT ifnull(name, snapshot.id), count(*) FROM snapshot_sample JOIN snapshot ON snapshot.id = snapshot_id "
                    f"WHERE sample_id IN {GONE} GROUP BY snapshot_id ORDER BY snapshot_id"
                )
            )
            found.judged = connection.execute(f"SELECT count(*) FROM answer WHERE {UNASKED}").fetchone()[0]
            found.answers = (
                found.judged + connection.execute(f"SELECT count(*) FROM answer WHERE id IN ({ANSWERS})").fetchone()[0]
            )
            found.sources = [
                row[0]
                for row in connection.execute(
                    "SELECT DISTINCT path FROM source JOIN sample ON source.id = source_id "
                    f"WHERE sample.id IN {GONE} ORDER BY 1"
                )
            ]
            found.derived = sum(1 for _, _, kept in parents(connection, "sample", set(ids)) if kept is not None)
    except sqlite3.Error as error:
        raise explain(error, store.path) from error
    return found


def asked_elsewhere(store: Store) -> bool:
    """Whether some answer came from an endpoint, to which prompts have been sent."""
    return store.one("SELECT 1 FROM answer WHERE endpoint NOT IN ('', 'embedded') LIMIT 1") is not None


def all_texts(store: Store) -> Iterator[str]:
    """The text of every sample as it is now."""
    after = 0
    while rows := store.read("SELECT id, text FROM sample WHERE id > ? ORDER BY id LIMIT 5000", (after,)):
        yield from (row[1] for row in rows)
        after = rows[-1][0]
