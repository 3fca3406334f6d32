"""The third step of the schema: people who label together, audits, clusters, and changes of the task itself."""

from __future__ import annotations

from workbench.store.schema_lists import LISTS

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
CREATE INDEX opinion_annotator ON opinion (annotator_id, sample_id);
CREATE INDEX opinion_silent ON opinion (annotator_id) WHERE label IS NULL AND status IS NULL;

-- wrote: the parts (bits, in the order of opinions.PARTS) that this annotation changed; NULL: all of them. The newest by
-- (created_at, uuid) that wrote a part says what it is, on every machine. The indexes serve the clock of a sample and the
-- progress of people.
ALTER TABLE annotation ADD COLUMN wrote INTEGER;
DROP INDEX annotation_sample;
CREATE INDEX annotation_sample ON annotation (sample_id, created_at);
CREATE INDEX annotation_person ON annotation (annotator_id, created_at, seconds);

-- Who sat at the machine, where that is not the annotator's own system user (--as).
ALTER TABLE act ADD COLUMN system_user TEXT;

-- Acts that came from another machine: undone where they were done.
ALTER TABLE act ADD COLUMN merged INTEGER NOT NULL DEFAULT 0;
CREATE INDEX act_turned ON act (annotator_id) WHERE undoes IS NOT NULL OR undone_by IS NOT NULL;

-- What several people's words make of a sample: the settings that the samples' labels were resolved with. resolved: the
-- last sample that was resolved anew after a change of the settings; NULL: all are.
CREATE TABLE policy (
    id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, overlap INTEGER NOT NULL, annotators TEXT NOT NULL,
    resolved INTEGER
) STRICT;
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
    after_annotation INTEGER NOT NULL, created_at TEXT NOT NULL, closed_at TEXT, result TEXT
) STRICT
"""

#: Groups of samples about the same thing; which one a sample belongs to is its score "cluster".
CLUSTERS = """
CREATE TABLE cluster (
    id INTEGER PRIMARY KEY, title TEXT NOT NULL, size INTEGER NOT NULL, details TEXT NOT NULL DEFAULT '{}', job_id INTEGER
) STRICT
"""

#: Changes of labels and fields in the middle of a project. An undo is a row of its own. after_*: the newest act, annotation
#: and sample when it began: what was said before them is in the older names. targets: as of acts.
#: reshaped: what each changed place of a sample held before; sample 0 stands for what belongs to no sample.
RESHAPING = """
CREATE TABLE reshaping (
    id INTEGER PRIMARY KEY, annotator_id INTEGER NOT NULL REFERENCES annotator (id), kind TEXT NOT NULL,
    change TEXT NOT NULL, settings_before TEXT NOT NULL, settings_after TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('begun', 'done')),
    undoes INTEGER REFERENCES reshaping (id), undone_by INTEGER REFERENCES reshaping (id),
    targets BLOB, total INTEGER NOT NULL DEFAULT 0, applied INTEGER NOT NULL DEFAULT 0,
    after_act INTEGER NOT NULL, after_annotation INTEGER NOT NULL, after_sample INTEGER NOT NULL,
    created_at TEXT NOT NULL, finished_at TEXT
) STRICT;
CREATE INDEX reshaping_begun ON reshaping (id) WHERE state = 'begun';
CREATE TABLE reshaped (
    reshaping_id INTEGER NOT NULL REFERENCES reshaping (id), sample_id INTEGER NOT NULL, place TEXT NOT NULL,
    before TEXT NOT NULL, after TEXT, PRIMARY KEY (reshaping_id, sample_id, place)
) STRICT, WITHOUT ROWID
"""

#: Purges: who, how many, when; and salted hashes of what was purged, if wanted, so that it does not come back.
VERSIONS = """
CREATE INDEX snapshot_sample_order ON snapshot_sample (snapshot_id, sample_id);
CREATE TABLE purge (
    id INTEGER PRIMARY KEY, annotator_id INTEGER NOT NULL REFERENCES annotator (id), samples INTEGER NOT NULL,
    salt BLOB NOT NULL, created_at TEXT NOT NULL, finished_at TEXT
) STRICT;
CREATE TABLE purged (
    hash BLOB NOT NULL, purge_id INTEGER NOT NULL REFERENCES purge (id), PRIMARY KEY (hash, purge_id)
) STRICT, WITHOUT ROWID
"""

THIRD = ";\n".join(part.strip() for part in (OPINIONS, LEASES, AUDITS, CLUSTERS, RESHAPING, VERSIONS, LISTS))
