"""Step 4 of the schema: the samples behind a number, and outputs that people and models compare."""

from __future__ import annotations

#: The samples behind a number of an evaluation, by a name such as "benchmark.accuracy/wrong".
BEHIND = """
CREATE TABLE behind (
    evaluation_id INTEGER NOT NULL REFERENCES evaluation (id), name TEXT NOT NULL, position INTEGER NOT NULL,
    sample_id INTEGER NOT NULL, PRIMARY KEY (evaluation_id, name, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX behind_sample ON behind (sample_id)
"""

#: Comparisons of outputs; ready: all duels are there. contenders: JSON list of names. duel: two outputs for one input, first
#: and second are places in contenders; gold: which one is known to be better. choice: what a person or a model said, in the
#: duel's own terms whatever stood first on the screen (swapped: the second output did); rows are only added, one that was
#: taken back or said anew stays and is not active. No number is given twice: somebody may still look at what was deleted.
OPEN = """
CREATE TABLE comparison (
    id INTEGER PRIMARY KEY AUTOINCREMENT, uuid BLOB NOT NULL UNIQUE, name TEXT NOT NULL, question TEXT NOT NULL,
    contenders TEXT NOT NULL, details TEXT NOT NULL DEFAULT '{}', ready INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL
) STRICT;
CREATE INDEX comparison_name ON comparison (name, ready);
CREATE TABLE duel (
    id INTEGER PRIMARY KEY AUTOINCREMENT, comparison_id INTEGER NOT NULL REFERENCES comparison (id), position INTEGER NOT NULL,
    input TEXT NOT NULL, first INTEGER NOT NULL, second INTEGER NOT NULL, first_text TEXT NOT NULL,
    second_text TEXT NOT NULL, first_sample INTEGER, second_sample INTEGER,
    gold TEXT CHECK (gold IN ('first', 'second', 'tie')), UNIQUE (comparison_id, position)
) STRICT;
CREATE INDEX duel_sample_first ON duel (first_sample) WHERE first_sample IS NOT NULL;
CREATE INDEX duel_sample_second ON duel (second_sample) WHERE second_sample IS NOT NULL;
CREATE TABLE choice (
    id INTEGER PRIMARY KEY, duel_id INTEGER NOT NULL REFERENCES duel (id), annotator_id INTEGER REFERENCES annotator (id),
    model TEXT, swapped INTEGER NOT NULL, verdict TEXT NOT NULL CHECK (verdict IN ('first', 'second', 'tie', 'unread')),
    reason TEXT NOT NULL DEFAULT '', seconds REAL, active INTEGER NOT NULL DEFAULT 1, job_id INTEGER,
    created_at TEXT NOT NULL, undone_at TEXT, CHECK ((annotator_id IS NULL) <> (model IS NULL))
) STRICT;
CREATE INDEX choice_duel ON choice (duel_id, active);
CREATE UNIQUE INDEX choice_person ON choice (annotator_id, duel_id) WHERE active AND annotator_id IS NOT NULL;
CREATE UNIQUE INDEX choice_model ON choice (duel_id, model, swapped) WHERE active AND model IS NOT NULL
"""

FOURTH = ";\n".join(part.strip() for part in (BEHIND, OPEN))
