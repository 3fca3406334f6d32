"""The tables, as the steps of ``migrations`` make them. A step that has been released is never changed: a new one follows."""

from __future__ import annotations

FIRST = """
CREATE TABLE annotator (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, system_user TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;

-- One background process: generate, curate, evaluate, import, export, learn.
CREATE TABLE job (
    id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, kind TEXT NOT NULL, parameters TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('queued', 'running', 'paused', 'waiting', 'done', 'failed', 'cancelled', 'interrupted')),
    cancel INTEGER NOT NULL DEFAULT 0, limits TEXT NOT NULL DEFAULT '{}',
    done INTEGER NOT NULL DEFAULT 0, total INTEGER, note TEXT NOT NULL DEFAULT '', result TEXT, error TEXT,
    pid INTEGER, host TEXT, user TEXT NOT NULL,
    created_at TEXT NOT NULL, queued_at TEXT, started_at TEXT, finished_at TEXT
) STRICT;
CREATE INDEX job_state ON job (state, id);

CREATE TABLE event (
    id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES job (id), at TEXT NOT NULL, level TEXT NOT NULL,
    message TEXT NOT NULL
) STRICT;
CREATE INDEX event_job ON event (job_id, id);

-- A recipe with its parameters, model and seed: what --count fills up and --more continues.
CREATE TABLE series (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, recipe TEXT NOT NULL, parameters TEXT NOT NULL,
    model TEXT NOT NULL, seed INTEGER NOT NULL, prepared TEXT, created_at TEXT NOT NULL
) STRICT;

-- Prompts of a wave depend only on earlier waves; what they depend on is frozen here.
CREATE TABLE wave (
    series_id INTEGER NOT NULL REFERENCES series (id), number INTEGER NOT NULL, start INTEGER NOT NULL,
    size INTEGER NOT NULL, frozen TEXT NOT NULL, decided INTEGER NOT NULL DEFAULT 0, job_id INTEGER NOT NULL,
    PRIMARY KEY (series_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE prompt (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, messages TEXT NOT NULL) STRICT;

CREATE TABLE answer (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, text TEXT NOT NULL, model TEXT NOT NULL, finish_reason TEXT,
    input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, logprobs BLOB, seconds REAL NOT NULL, cost REAL,
    endpoint TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL
) STRICT;

-- first_answer_id: the answer that could not be read, where a repairing request gave the one in force.
CREATE TABLE request (
    id INTEGER PRIMARY KEY, series_id INTEGER NOT NULL REFERENCES series (id), ordinal INTEGER NOT NULL,
    job_id INTEGER NOT NULL REFERENCES job (id), prompt_id INTEGER NOT NULL REFERENCES prompt (id),
    parameters TEXT NOT NULL, conditions TEXT NOT NULL, parents TEXT NOT NULL, draw INTEGER NOT NULL,
    answer_id INTEGER REFERENCES answer (id), first_answer_id INTEGER REFERENCES answer (id),
    state TEXT NOT NULL CHECK (state IN ('answered', 'parsed', 'failed')), reason TEXT, error TEXT,
    attempts INTEGER NOT NULL, created_at TEXT NOT NULL,
    UNIQUE (series_id, ordinal)
) STRICT;
CREATE INDEX request_job ON request (job_id, state);
CREATE INDEX request_failed ON request (series_id, ordinal) WHERE state = 'failed';

-- Requests that were handed in together, to be answered within a day or so. name: ours, made before the endpoint knows of it;
-- remote: the endpoint's. ordinals: JSON list of the places of the series.
CREATE TABLE batch (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, series_id INTEGER NOT NULL REFERENCES series (id),
    job_id INTEGER NOT NULL REFERENCES job (id), endpoint TEXT NOT NULL, remote TEXT, input_file TEXT,
    ordinals TEXT NOT NULL, state TEXT NOT NULL, details TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL, looked_at TEXT
) STRICT;
CREATE INDEX batch_series ON batch (series_id, id);

-- What an endpoint was found to be able to do: asked once, remembered.
CREATE TABLE ability (
    endpoint TEXT NOT NULL, model TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, found_at TEXT NOT NULL,
    PRIMARY KEY (endpoint, model, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE source (
    id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL, role TEXT NOT NULL, mapping TEXT NOT NULL, path TEXT NOT NULL,
    read INTEGER NOT NULL, added INTEGER NOT NULL, job_id INTEGER, created_at TEXT NOT NULL,
    UNIQUE (sha256, role, mapping)
) STRICT;

-- original_*: as it came. fields: NULL until a person edits; label, status: resolved from the opinions by the policy.
-- text: all string fields joined, for the list, search and filters. label_key: the label if it is one string.
CREATE TABLE sample (
    id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE,
    origin TEXT NOT NULL CHECK (origin IN ('seed', 'synthetic', 'real', 'unlabelled')),
    split TEXT NOT NULL CHECK (split IN ('train', 'validation', 'test')),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'accepted', 'rejected', 'flagged')),
    dropped INTEGER NOT NULL DEFAULT 0,
    label_key TEXT, text TEXT NOT NULL,
    original_fields TEXT NOT NULL, original_label TEXT, fields TEXT, label TEXT,
    original_hash BLOB NOT NULL, hash BLOB NOT NULL,
    job_id INTEGER REFERENCES job (id), request_id INTEGER REFERENCES request (id), ordinal INTEGER NOT NULL DEFAULT 0,
    source_id INTEGER REFERENCES source (id), source_line INTEGER,
    conditions TEXT NOT NULL DEFAULT '{}', parents TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL,
    UNIQUE (request_id, ordinal), UNIQUE (source_id, source_line, ordinal)
) STRICT;
CREATE INDEX sample_scan ON sample (origin, id, status, split, dropped, label_key);
CREATE INDEX sample_status ON sample (status, id, origin, split, dropped, label_key);
CREATE INDEX sample_label ON sample (label_key, id, origin, status, split, dropped);
CREATE INDEX sample_original ON sample (original_hash, origin, split);
-- What few samples have: nothing to keep for the others.
CREATE INDEX sample_dropped ON sample (id) WHERE dropped > 0;
CREATE INDEX sample_edited ON sample (id) WHERE fields IS NOT NULL;
CREATE INDEX sample_relabelled ON sample (id) WHERE label IS NOT original_label;
CREATE INDEX sample_job ON sample (job_id, id);

-- How many samples of each kind there are: kept by triggers, so that the header never counts a million rows.
CREATE TABLE tally (
    origin TEXT NOT NULL, split TEXT NOT NULL, status TEXT NOT NULL, dropped INTEGER NOT NULL, label_key TEXT NOT NULL,
    n INTEGER NOT NULL, PRIMARY KEY (origin, split, status, dropped, label_key)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER sample_tally_insert AFTER INSERT ON sample BEGIN
    INSERT INTO tally VALUES (new.origin, new.split, new.status, new.dropped > 0, ifnull(new.label_key, ''), 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER sample_tally_delete AFTER DELETE ON sample BEGIN
    UPDATE tally SET n = n - 1 WHERE origin = old.origin AND split = old.split AND status = old.status
        AND dropped = (old.dropped > 0) AND label_key = ifnull(old.label_key, '');
END;
CREATE TRIGGER sample_tally_update AFTER UPDATE OF origin, split, status, dropped, label_key ON sample
WHEN old.status IS NOT new.status OR (old.dropped > 0) IS NOT (new.dropped > 0) OR old.label_key IS NOT new.label_key
    OR old.split IS NOT new.split OR old.origin IS NOT new.origin
BEGIN
    UPDATE tally SET n = n - 1 WHERE origin = old.origin AND split = old.split AND status = old.status
        AND dropped = (old.dropped > 0) AND label_key = ifnull(old.label_key, '');
    INSERT INTO tally VALUES (new.origin, new.split, new.status, new.dropped > 0, ifnull(new.label_key, ''), 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- One undoable gesture of one person. Bulk acts freeze their targets (sorted ids, delta-coded, zlib) and apply in chunks.
CREATE TABLE act (
    id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, annotator_id INTEGER NOT NULL REFERENCES annotator (id),
    kind TEXT NOT NULL, change TEXT NOT NULL, undoes INTEGER REFERENCES act (id), undone_by INTEGER REFERENCES act (id),
    targets BLOB, total INTEGER NOT NULL, applied INTEGER NOT NULL, created_at TEXT NOT NULL
) STRICT;
CREATE INDEX act_annotator ON act (annotator_id, id);
CREATE INDEX act_unfinished ON act (id) WHERE applied < total;

-- Append-only. Each row is one person's whole opinion of one sample after the act; *_seq is the annotation that set it.
CREATE TABLE annotation (
    id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, act_id INTEGER NOT NULL REFERENCES act (id),
    sample_id INTEGER NOT NULL REFERENCES sample (id), annotator_id INTEGER NOT NULL REFERENCES annotator (id),
    prior_id INTEGER REFERENCES annotation (id), seconds REAL,
    label TEXT, label_seq INTEGER, status TEXT, status_seq INTEGER, fields TEXT, fields_seq INTEGER,
    note TEXT, note_seq INTEGER, created_at TEXT NOT NULL
) STRICT;
CREATE INDEX annotation_sample ON annotation (sample_id, id);
CREATE INDEX annotation_act ON annotation (act_id, sample_id);
CREATE TRIGGER annotation_append_only BEFORE UPDATE ON annotation BEGIN
    SELECT raise(ABORT, 'annotations are append-only');
END;

-- The current opinion of each person about each sample: the newest annotation of the pair.
CREATE TABLE opinion (
    sample_id INTEGER NOT NULL, annotator_id INTEGER NOT NULL, annotation_id INTEGER NOT NULL REFERENCES annotation (id),
    label TEXT, label_seq INTEGER, status TEXT, status_seq INTEGER, fields TEXT, fields_seq INTEGER,
    note TEXT, note_seq INTEGER,
    PRIMARY KEY (sample_id, annotator_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX opinion_noted ON opinion (sample_id) WHERE note IS NOT NULL;

CREATE TABLE score (
    sample_id INTEGER NOT NULL, name TEXT NOT NULL, value REAL NOT NULL, version INTEGER NOT NULL, job_id INTEGER,
    PRIMARY KEY (sample_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX score_order ON score (name, value, sample_id);

-- Only drops are rows; a curate job that is replaced or undone has its verdicts made inactive, never deleted.
CREATE TABLE verdict (
    sample_id INTEGER NOT NULL, filter TEXT NOT NULL, job_id INTEGER NOT NULL, active INTEGER NOT NULL DEFAULT 1,
    version INTEGER NOT NULL, parameters TEXT NOT NULL, reason TEXT NOT NULL, value REAL, other_id INTEGER,
    PRIMARY KEY (sample_id, filter, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX verdict_filter ON verdict (filter, active, sample_id);
CREATE INDEX verdict_job ON verdict (job_id, active, sample_id);

CREATE TABLE suggestion (
    sample_id INTEGER NOT NULL, source TEXT NOT NULL, rank INTEGER NOT NULL, label TEXT NOT NULL, score REAL NOT NULL,
    job_id INTEGER, PRIMARY KEY (sample_id, source, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE neighbour (
    sample_id INTEGER NOT NULL, rank INTEGER NOT NULL, other_id INTEGER NOT NULL, similarity REAL NOT NULL,
    PRIMARY KEY (sample_id, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE saved_view (name TEXT PRIMARY KEY, query TEXT NOT NULL, created_at TEXT NOT NULL) STRICT;

CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, name TEXT UNIQUE, view TEXT NOT NULL, total INTEGER NOT NULL,
    sha256 TEXT, details TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL
) STRICT;
CREATE TABLE snapshot_sample (
    snapshot_id INTEGER NOT NULL REFERENCES snapshot (id), position INTEGER NOT NULL, sample_id INTEGER NOT NULL,
    fields TEXT NOT NULL, label TEXT, PRIMARY KEY (snapshot_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluation (
    id INTEGER PRIMARY KEY, job_id INTEGER, snapshot_id INTEGER, view TEXT NOT NULL, samples INTEGER NOT NULL,
    result TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;

-- Where each person stopped, and the like.
CREATE TABLE place (
    annotator_id INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (annotator_id, name)
) STRICT, WITHOUT ROWID
"""

#: Weights and repairs, as curate jobs gave them. A job that is replaced or undone has them made inactive, never deleted.
SECOND = """
CREATE TABLE weight (
    sample_id INTEGER NOT NULL, job_id INTEGER NOT NULL, active INTEGER NOT NULL DEFAULT 1, technique TEXT NOT NULL,
    value REAL NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (sample_id, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX weight_job ON weight (job_id, active, sample_id);
CREATE INDEX weight_order ON weight (value, sample_id) WHERE active;

-- What a technique would make of a sample: another label, other fields, or a soft label (JSON: label to probability).
-- given: the label that it found. applied: it is done, and not left to a person. place: where in the chain it stood.
CREATE TABLE repair (
    sample_id INTEGER NOT NULL, technique TEXT NOT NULL, job_id INTEGER NOT NULL, active INTEGER NOT NULL DEFAULT 1,
    place INTEGER NOT NULL, version INTEGER NOT NULL, given TEXT, label TEXT, fields TEXT, soft TEXT,
    confidence REAL NOT NULL, applied INTEGER NOT NULL, reason TEXT NOT NULL, other_id INTEGER,
    PRIMARY KEY (sample_id, technique, job_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX repair_job ON repair (job_id, active, sample_id);
CREATE INDEX repair_state ON repair (technique, applied, sample_id) WHERE active;
CREATE INDEX repair_applied ON repair (sample_id) WHERE active AND applied;
CREATE INDEX repair_open ON repair (sample_id) WHERE active AND NOT applied;

-- The samples that were dropped for the same kept one.
CREATE INDEX verdict_other ON verdict (filter, other_id, sample_id) WHERE active AND other_id IS NOT NULL
"""
