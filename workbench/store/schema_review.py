"""The third step of the schema: people who label together, audits, clusters, and changes of the task itself."""

from __future__ import annotations

#: Why something was rejected, tags, and rulings: a person's word that settles a disagreement. Parts of an opinion as the
#: others. The uuid tells annotations of machines that share no disk apart.
OPINIONS = """
ALTER TABLE annotation ADD COLUMN reason TEXT;
ALTER TABLE annotation ADD COLUMN reason_seq INTEGER;
ALTER TABLE annotation ADD COLUMN tags TEXT;
ALTER TABLE annotation ADD COLUMN tags_seq INTEGER;
ALTER TABLE annotation ADD COLUMN ruling TEXT;
ALTER TABLE annotation ADD COLUMN ruling_seq INTEGER;
ALTER TABLE opinion ADD COLUMN reason TEXT;
ALTER TABLE opinion ADD COLUMN reason_seq INTEGER;
ALTER TABLE opinion ADD COLUMN tags TEXT;
ALTER TABLE opinion ADD COLUMN tags_seq INTEGER;
ALTER TABLE opinion ADD COLUMN ruling TEXT;
ALTER TABLE opinion ADD COLUMN ruling_seq INTEGER;
CREATE UNIQUE INDEX annotation_uuid ON annotation (uuid);
CREATE INDEX opinion_annotator ON opinion (annotator_id, sample_id);
CREATE INDEX opinion_reason ON opinion (reason, sample_id) WHERE reason IS NOT NULL;
CREATE INDEX opinion_tagged ON opinion (sample_id) WHERE tags IS NOT NULL;

-- Acts whose samples do not all change alike: JSON list of changes in "change", and which of them each target gets
-- (zlib over array of unsigned ints, in the order of the targets).
ALTER TABLE act ADD COLUMN choices BLOB
"""

#: A sitting is one process of one person; it holds a file lock for life. A lease is good while its sitting lives and the
#: time has not come.
LEASES = """
CREATE TABLE sitting (
    id INTEGER PRIMARY KEY, annotator_id INTEGER NOT NULL REFERENCES annotator (id), host TEXT NOT NULL, pid INTEGER NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE TABLE lease (
    sample_id INTEGER NOT NULL, annotator_id INTEGER NOT NULL, sitting_id INTEGER NOT NULL, until TEXT NOT NULL,
    PRIMARY KEY (sample_id, annotator_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lease_sitting ON lease (sitting_id)
"""

#: An audit: samples of a view in random order, frozen with the labels that they had (zlib over JSON).
AUDITS = """
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, annotator_id INTEGER NOT NULL REFERENCES annotator (id),
    view TEXT NOT NULL, population INTEGER NOT NULL, seed INTEGER NOT NULL, frozen BLOB NOT NULL, goal TEXT NOT NULL,
    after_annotation INTEGER NOT NULL, created_at TEXT NOT NULL, closed_at TEXT
) STRICT
"""

#: Groups of samples about the same thing; which one a sample belongs to is its score "cluster".
CLUSTERS = """
CREATE TABLE cluster (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, size INTEGER NOT NULL, details TEXT NOT NULL DEFAULT '{}', job_id INTEGER
) STRICT
"""

#: Changes of labels and fields in the middle of a project. reshaped: what each changed place held before.
RESHAPING = """
CREATE TABLE reshaping (
    id INTEGER PRIMARY KEY, annotator_id INTEGER NOT NULL REFERENCES annotator (id), kind TEXT NOT NULL,
    change TEXT NOT NULL, settings_before TEXT NOT NULL, settings_after TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'undoing', 'undone')),
    total INTEGER NOT NULL, applied INTEGER NOT NULL, created_at TEXT NOT NULL, finished_at TEXT
) STRICT;
CREATE TABLE reshaped (
    reshaping_id INTEGER NOT NULL REFERENCES reshaping (id), sample_id INTEGER NOT NULL, place TEXT NOT NULL,
    before TEXT, PRIMARY KEY (reshaping_id, sample_id, place)
) STRICT, WITHOUT ROWID
"""

THIRD = ";\n".join(part.strip() for part in (OPINIONS, LEASES, AUDITS, CLUSTERS, RESHAPING))
