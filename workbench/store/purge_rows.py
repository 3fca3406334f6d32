"""What a purge makes of rows: those about the samples go, those of others lose what they say of them.

All functions work inside the caller's transaction, while ``purge_scope.gone`` names the samples.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from array import array
from collections.abc import Collection, Sequence
from typing import Any

from workbench.store import acts
from workbench.store.needles import PURGED
from workbench.store.purge_scope import ANSWERS, DUELS, GONE, REQUESTS, UNASKED, parents, tables

#: The reason of a verdict whose twin was purged.
SEEN = "resembles a sample that was purged"


def blank_answers(connection: sqlite3.Connection) -> None:
    """What models answered, and under which conditions they were asked; places of the series and costs stay, so that
    nothing is asked for again and the money spent stays counted."""
    connection.execute(
        f"UPDATE answer SET text = '', logprobs = NULL, key = randomblob(32) WHERE id IN ({ANSWERS}) OR ({UNASKED})"
    )
    connection.execute(f"UPDATE request SET conditions = '{{}}', error = NULL WHERE id IN ({REQUESTS})")


def forget_acts(connection: sqlite3.Connection, gone: Collection[int]) -> None:
    """Acts on these samples only go; of the others, the targets and what was said of those."""
    touched = [
        row[0] for row in connection.execute(f"SELECT DISTINCT act_id FROM annotation WHERE sample_id IN {GONE}")
    ]
    for act_id in touched:
        change, targets, choices = connection.execute(
            "SELECT change, targets, choices FROM act WHERE id = ?", (act_id,)
        ).fetchone()
        stays = connection.execute(
            f"SELECT count(DISTINCT sample_id) FROM annotation WHERE act_id = ? AND sample_id NOT IN {GONE}", (act_id,)
        ).fetchone()[0]
        if not stays:
            connection.execute("DELETE FROM act WHERE id = ?", (act_id,))
            continue
        total = stays
        if targets is not None:
            ids = acts.unpack(targets)
            kept = [at for at, one in enumerate(ids) if one not in gone]
            total, targets = len(kept), acts.pack([ids[at] for at in kept])
            if choices is not None:
                change, choices = _chosen(change, choices, kept)
        elif '"each"' in change[:8]:
            # Done: only what the samples say now counts, and which of the changes was whose is not known any more.
            each = [one for one in json.loads(change)["each"] if not {"fields", "note"} & one.keys()]
            change = json.dumps({"each": each}, ensure_ascii=False, separators=(",", ":"))
        connection.execute(
            "UPDATE act SET change = ?, targets = ?, choices = ?, total = ?, applied = ? WHERE id = ?",
            (change, targets, choices, total, total, act_id),
        )


def forget_targets(connection: sqlite3.Connection, gone: Collection[int]) -> None:
    """Changes of the task: the samples that they met, or have still to meet."""
    for change_id, targets, applied in connection.execute(
        "SELECT id, targets, applied FROM reshaping WHERE targets IS NOT NULL"
    ).fetchall():
        ids = acts.unpack(targets)
        kept = [at for at, one in enumerate(ids) if one not in gone]
        if len(kept) < len(ids):
            done = sum(at < applied for at in kept)
            connection.execute(
                "UPDATE reshaping SET targets = ?, total = ?, applied = ? WHERE id = ?",
                (acts.pack([ids[at] for at in kept]), len(kept), done, change_id),
            )


def _chosen(change: str, packed: bytes, kept: Sequence[int]) -> tuple[str, bytes]:
    """The changes that the kept targets chose, and their choices."""
    choices = array("I")
    choices.frombytes(zlib.decompress(packed))
    used = sorted({choices[at] for at in kept})
    anew = {old: new for new, old in enumerate(used)}
    each = json.loads(change)["each"]
    made = json.dumps({"each": [each[old] for old in used]}, ensure_ascii=False, separators=(",", ":"))
    return made, zlib.compress(array("I", (anew[choices[at]] for at in kept)).tobytes(), 1)


def delete_rows(connection: sqlite3.Connection) -> None:
    """Rows about the samples go; rows about others that only mention them lose the mention."""
    lost = connection.execute(
        f"SELECT snapshot_id, count(*) FROM snapshot_sample WHERE sample_id IN {GONE} GROUP BY snapshot_id"
    ).fetchall()
    for snapshot_id, n in lost:
        connection.execute(
            "UPDATE snapshot SET details = json_set(details, '$.purged', ifnull(json_extract(details, '$.purged'), 0) + ?) "
            "WHERE id = ?",
            (n, snapshot_id),
        )
    # A pair of outputs says nothing without one of them, and what was chosen may quote it.
    connection.execute(f"DELETE FROM choice WHERE duel_id IN (SELECT id FROM duel WHERE {DUELS})")
    connection.execute(f"DELETE FROM duel WHERE {DUELS}")
    # A cluster's title is made of its texts' words; the next learning finds another one.
    connection.execute(
        "UPDATE cluster SET title = 'cluster ' || id, details = '{}' WHERE id IN "
        f"(SELECT CAST(value AS INTEGER) FROM score WHERE name = 'cluster' AND sample_id IN {GONE})"
    )
    for table, columns in tables(connection).items():
        if "sample_id" in columns:
            connection.execute(f"DELETE FROM {table} WHERE sample_id IN {GONE}")
        if "other_id" not in columns:
            continue
        if table == "neighbour":
            connection.execute(f"DELETE FROM neighbour WHERE other_id IN {GONE}")
        else:
            reason = f", reason = '{SEEN}'" if "reason" in columns else ""
            connection.execute(f"UPDATE {table} SET other_id = NULL{reason} WHERE other_id IN {GONE}")


def forget_relations(connection: sqlite3.Connection, gone: Collection[int]) -> None:
    """Prompts in which one of the samples was an example or the text to be changed are blanked; parents forget them; waves,
    clusters and audits too."""
    for table in ("sample", "request"):
        for row_id, itself, kept in list(parents(connection, table, gone)):
            if itself:
                continue
            connection.execute(f"UPDATE {table} SET parents = ? WHERE id = ?", (kept, row_id))
            if table == "request":
                connection.execute(
                    "UPDATE prompt SET messages = ?, hash = randomblob(32) "
                    "WHERE id = (SELECT prompt_id FROM request WHERE id = ?)",
                    (json.dumps([{"role": "user", "content": PURGED}]), row_id),
                )
    for series_id, number, text in connection.execute("SELECT series_id, number, frozen FROM wave").fetchall():
        frozen = json.loads(text)
        kept_wave = {
            name: [one for one in some if (one[0] if isinstance(one, list) and one else one) not in gone]
            for name, some in frozen.items()
            if isinstance(some, list)
        }
        if any(len(some) != len(frozen[name]) for name, some in kept_wave.items()):
            connection.execute(
                "UPDATE wave SET frozen = ? WHERE series_id = ? AND number = ?",
                (json.dumps({**frozen, **kept_wave}, ensure_ascii=False, separators=(",", ":")), series_id, number),
            )
    for audit_id, blob in connection.execute("SELECT id, frozen FROM audit").fetchall():
        drawn = json.loads(zlib.decompress(blob))
        thinned = _thinned(drawn, gone)
        if thinned != drawn:
            packed = zlib.compress(json.dumps(thinned, ensure_ascii=False, separators=(",", ":")).encode())
            connection.execute("UPDATE audit SET frozen = ? WHERE id = ?", (packed, audit_id))


def _thinned(value: Any, gone: Collection[int]) -> Any:
    """An audit's samples without those that are gone: ids, pairs that begin with one, or a mapping by id."""
    if isinstance(value, dict):
        return {key: _thinned(one, gone) for key, one in value.items() if not (key.isdecimal() and int(key) in gone)}
    if isinstance(value, list):
        rows = [one for one in value if (one[0] if isinstance(one, list) and one else one) not in gone]
        return [_thinned(one, gone) if isinstance(one, dict) else one for one in rows]
    return value
