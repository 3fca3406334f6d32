"""The part of the schema's third step that lists stand on: labels of sets, tags, and how many people have spoken."""

from __future__ import annotations

#: The label that a sample has without anybody's word: as the last repair in force made it, else as it came.
_CAME = """ifnull(
            (SELECT label FROM repair WHERE sample_id = opinion.sample_id AND active AND applied AND label IS NOT NULL
             ORDER BY job_id DESC, place DESC LIMIT 1),
            ifnull((SELECT original_label FROM sample WHERE id = opinion.sample_id), 'null'))"""
#: How many people gave a sample a label or a status, and whether they differ without a ruling, read as ``policies`` reads
#: them: who only accepts or flags takes the label as it came, who only gives a label accepts, a label that is rejected
#: and one that was taken back ("pending") say nothing. A ruling that rejects leaves no question about the label.
_SPOKEN = f"""
SELECT sample_id, people, disagreed FROM (
    SELECT sample_id, sum(spoke) AS people,
        NOT max(out) AND (
            ifnull(min(said) <> max(said), 0) AND NOT max(ifnull(instr(ruling, 'label') > 0, 0))
            OR ifnull(min(word) <> max(word), 0) AND NOT max(ifnull(instr(ruling, 'status') > 0, 0))) AS disagreed
    FROM (
        SELECT sample_id, ruling, label IS NOT NULL OR status IS NOT NULL AS spoke,
            status IS 'rejected' AND ifnull(instr(ruling, 'status') > 0, 0) AS out,
            CASE WHEN status IS NULL THEN label WHEN status IN ('accepted', 'flagged') THEN ifnull(label, {_CAME}) END
                AS said,
            CASE WHEN status IS NULL AND label IS NOT NULL THEN 'accepted' ELSE nullif(status, 'pending') END AS word
        FROM opinion {{}}
    ) GROUP BY sample_id
) WHERE people > 0"""
_SPOKEN_NEW, _SPOKEN_OLD = (_SPOKEN.format(f"WHERE sample_id = {row}.sample_id") for row in ("new", "old"))
_RETAGGED = """
    DELETE FROM opinion_tag WHERE sample_id = new.sample_id AND annotator_id = new.annotator_id;
    INSERT INTO opinion_tag SELECT DISTINCT new.sample_id, new.annotator_id, value
        FROM json_each(ifnull(new.tags, '[]')) WHERE type = 'text';"""
#: Triggers of their own, because most opinions have no tags and reading JSON costs as much as the opinion itself.
_TAGGED = (
    "new.tags IS NOT NULL OR EXISTS "
    "(SELECT 1 FROM opinion_tag WHERE sample_id = new.sample_id AND annotator_id = new.annotator_id)"
)
_LABELS = (
    "SELECT DISTINCT value FROM json_each(CASE WHEN substr({0}.label, 1, 1) = '[' THEN {0}.label ELSE '[]' END) "
    "WHERE type = 'text'"
)
_LABELS_NEW, _LABELS_OLD = (_LABELS.format(row) for row in ("new", "old"))

#: label_set: each label of a label that is a set. opinion_tag: each tag that somebody gave. Triggers keep them, and
#: ``spoken``, whoever writes.
LISTS = f"""
CREATE TABLE label_set (
    label TEXT NOT NULL, sample_id INTEGER NOT NULL, PRIMARY KEY (label, sample_id)
) STRICT, WITHOUT ROWID;
INSERT INTO label_set SELECT DISTINCT each.value, sample.id FROM sample, json_each(sample.label) AS each
    WHERE substr(sample.label, 1, 1) = '[' AND each.type = 'text';
CREATE TRIGGER label_set_insert AFTER INSERT ON sample WHEN substr(new.label, 1, 1) = '[' BEGIN
    INSERT INTO label_set SELECT value, new.id FROM ({_LABELS_NEW});
END;
CREATE TRIGGER label_set_update AFTER UPDATE OF label ON sample
WHEN old.label IS NOT new.label AND (substr(old.label, 1, 1) = '[' OR substr(new.label, 1, 1) = '[') BEGIN
    DELETE FROM label_set WHERE sample_id = old.id AND label IN ({_LABELS_OLD});
    INSERT INTO label_set SELECT value, new.id FROM ({_LABELS_NEW});
END;
CREATE TRIGGER label_set_delete AFTER DELETE ON sample WHEN substr(old.label, 1, 1) = '[' BEGIN
    DELETE FROM label_set WHERE sample_id = old.id AND label IN ({_LABELS_OLD});
END;

CREATE TABLE opinion_tag (
    sample_id INTEGER NOT NULL, annotator_id INTEGER NOT NULL, tag TEXT NOT NULL,
    PRIMARY KEY (sample_id, annotator_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX opinion_tag_tag ON opinion_tag (tag, sample_id);
CREATE TABLE spoken (sample_id INTEGER PRIMARY KEY, people INTEGER NOT NULL, disagreed INTEGER NOT NULL) STRICT;
CREATE INDEX spoken_people ON spoken (people, sample_id);
CREATE INDEX spoken_disagreed ON spoken (sample_id) WHERE disagreed = 1;
INSERT INTO spoken {_SPOKEN.format("")};
CREATE TRIGGER opinion_insert AFTER INSERT ON opinion BEGIN
    DELETE FROM spoken WHERE sample_id = new.sample_id;
    INSERT INTO spoken {_SPOKEN_NEW};
END;
CREATE TRIGGER opinion_update AFTER UPDATE ON opinion BEGIN
    DELETE FROM spoken WHERE sample_id = new.sample_id;
    INSERT INTO spoken {_SPOKEN_NEW};
END;
CREATE TRIGGER opinion_tag_insert AFTER INSERT ON opinion WHEN {_TAGGED} BEGIN{_RETAGGED}
END;
CREATE TRIGGER opinion_tag_update AFTER UPDATE ON opinion WHEN {_TAGGED} BEGIN{_RETAGGED}
END;
CREATE TRIGGER opinion_delete AFTER DELETE ON opinion BEGIN
    DELETE FROM opinion_tag WHERE sample_id = old.sample_id AND annotator_id = old.annotator_id;
    DELETE FROM spoken WHERE sample_id = old.sample_id;
    INSERT INTO spoken {_SPOKEN_OLD};
END;
-- What somebody accepted who gave no label may change its name, or be repaired.
CREATE TRIGGER spoken_came AFTER UPDATE OF original_label ON sample
WHEN old.original_label IS NOT new.original_label AND EXISTS (SELECT 1 FROM spoken WHERE sample_id = new.id) BEGIN
    INSERT OR REPLACE INTO spoken {_SPOKEN.format("WHERE sample_id = new.id")};
END;
CREATE TRIGGER spoken_repair_insert AFTER INSERT ON repair
WHEN new.applied AND new.label IS NOT NULL AND EXISTS (SELECT 1 FROM spoken WHERE sample_id = new.sample_id) BEGIN
    INSERT OR REPLACE INTO spoken {_SPOKEN_NEW};
END;
CREATE TRIGGER spoken_repair_update AFTER UPDATE OF active, applied, label ON repair
WHEN (old.active, old.applied, old.label) IS NOT (new.active, new.applied, new.label)
    AND EXISTS (SELECT 1 FROM spoken WHERE sample_id = new.sample_id) BEGIN
    INSERT OR REPLACE INTO spoken {_SPOKEN_NEW};
END
"""
