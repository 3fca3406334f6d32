"""The part of the schema's third step that lists stand on: labels of sets, tags, and how many people have spoken."""

from __future__ import annotations

#: How many people gave a sample a label or a status, and whether they differ without a ruling ("pending" is no word).
_SPOKEN = """
SELECT sample_id, people, disagreed FROM (
    SELECT sample_id, sum(label IS NOT NULL OR status IS NOT NULL) AS people,
        ifnull(min(label) <> max(label), 0) AND NOT sum(ifnull(instr(ruling, 'label') > 0, 0))
        OR ifnull(min(nullif(status, 'pending')) <> max(nullif(status, 'pending')), 0)
        AND NOT sum(ifnull(instr(ruling, 'status') > 0, 0)) AS disagreed
    FROM opinion {} GROUP BY sample_id
) WHERE people > 0"""
_SPOKEN_NEW, _SPOKEN_OLD = (_SPOKEN.format(f"WHERE sample_id = {row}.sample_id") for row in ("new", "old"))
_RETAGGED = """
    DELETE FROM opinion_tag WHERE sample_id = new.sample_id AND annotator_id = new.annotator_id;
    INSERT INTO opinion_tag SELECT DISTINCT new.sample_id, new.annotator_id, value
        FROM json_each(ifnull(new.tags, '[]')) WHERE type = 'text';"""
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
CREATE TRIGGER opinion_insert AFTER INSERT ON opinion BEGIN{_RETAGGED}
    DELETE FROM spoken WHERE sample_id = new.sample_id;
    INSERT INTO spoken {_SPOKEN_NEW};
END;
CREATE TRIGGER opinion_update AFTER UPDATE ON opinion BEGIN{_RETAGGED}
    DELETE FROM spoken WHERE sample_id = new.sample_id;
    INSERT INTO spoken {_SPOKEN_NEW};
END;
CREATE TRIGGER opinion_delete AFTER DELETE ON opinion BEGIN
    DELETE FROM opinion_tag WHERE sample_id = old.sample_id AND annotator_id = old.annotator_id;
    DELETE FROM spoken WHERE sample_id = old.sample_id;
    INSERT INTO spoken {_SPOKEN_OLD};
END
"""
