"""The terms of a view, one by one: what each is called and means, its SQL over ``sample``, and the index behind it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.errors import UsageError
from workbench.store.samples import DATA_SET

#: What a term may be called, with what it means: shown by help and used for suggestions.
TERMS: dict[str, str] = {
    "label": "label:change_pin,pin_blocked - the current label is, or holds, one of these (label:none: has none)",
    "status": "status:pending - pending, accepted, rejected or flagged",
    "origin": "origin:synthetic - seed, synthetic, real or unlabelled",
    "split": "split:test - train, validation or test",
    "dropped": "dropped:yes, dropped:no, or dropped:near_duplicate - dropped by any filter, by none, or by that one",
    "set": "set:yes - belongs to the data set (not rejected; not dropped unless accepted)",
    "edited": "edited:yes - the text was corrected by a person",
    "noted": "noted:yes - has a note",
    "relabelled": "relabelled:yes - the label differs from the one it came with",
    "repair": "repair:open, repair:applied, repair:mckd - a proposed repair waits for a person, is done, or is by that technique",
    "by": "by:anna - annotated by that person",
    "tag": "tag:slang,typo - somebody gave it one of these tags",
    "reason": "reason:off_topic - somebody rejected it for one of these reasons",
    "disagreed": "disagreed:yes - two people gave it different labels or statuses, and nobody has settled it",
    "opinions": "opinions:2, opinions<2, opinions>=2 - so many people gave it a label or a status",
    "job": "job:12 - made by that job",
    "recipe": "recipe:attrprompt - made by that recipe",
    "id": "id:418 - that sample; id:13,18,19 - these",
    "near": "near:418 - the stored nearest neighbours of that sample",
    "group": "group:418 - that sample and all that are the same but for details (the sample kept, and those dropped for it)",
    "cluster": "cluster:12 - belongs to that cluster, or to one of several",
    "behind": "behind:benchmark.validation_accuracy/wrong - behind that number of the newest evaluation that has it "
    "(behind:12:NAME: of evaluation 12), in its order; test rows found so are only looked at",
    "score": "score.confidence<0.6 - a score compared with <, <=, >, >= or =",
    "sort": "sort:id, sort:-id, sort:NAME or sort:-NAME - by number or by a score; samples without that score come last",
}
_STATUSES = ("pending", "accepted", "rejected", "flagged")
_ORIGINS = ("seed", "synthetic", "real", "unlabelled")
_SPLITS = ("train", "validation", "test")
#: Filters whose verdicts say which kept sample the dropped one repeats.
_REPEATS = "('near_duplicate', 'exact_duplicate')"
COMPARISON = re.compile(r"^(-?)score\.([\w.-]+)(<=|>=|<|>|=)(-?\d+(?:\.\d+)?(?:e-?\d+)?)$")
OPINIONS = re.compile(r"^(-?)opinions(<=|>=|<|>|=|:)(\d{1,9})$")
#: A value in a list with commas, and a quoted piece: inside quotes everything stays together.
_VALUE = re.compile(r'(?:[^,"]|"[^"]*")+')
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')


@dataclass(frozen=True, slots=True)
class Clause:
    """A test of a sample, as SQL with its parameters. ``source`` (same parameters) lists all ids that pass it from an index,
    where there is one. ``without`` is the test for samples that fail it, where that is not simply its opposite. ``sets`` is
    the clause where labels may be sets. ``order`` is SQL after ``source`` for terms that have an order of their own."""

    sql: str
    parameters: tuple[Any, ...] = ()
    source: str = ""
    without: str = ""
    sets: Clause | None = None
    order: str = ""

    def negated(self) -> Clause:
        sets = None if self.sets is None else self.sets.negated()
        return Clause(self.without or f"NOT ({self.sql})", self.parameters, sets=sets)


def quoted(value: str) -> str:
    """``value`` as a term's value or a phrase that reads back as exactly this text."""
    return '"' + value.replace('"', '""') + '"'


def unquoted(word: str) -> str:
    return _QUOTED.sub(lambda found: found[1].replace('""', '"'), word)


def values(text: str) -> tuple[str, ...]:
    """The values of a term: commas outside quotes separate them."""
    return tuple(unquoted(part) for part in _VALUE.findall(text))


def _marks(number: int) -> str:
    return ",".join("?" * number)


def _member(source: str, key: str, parameters: Sequence[Any] = ()) -> Clause:
    """Membership in what ``source`` lists; looks into it are confined by its column ``key`` to the samples asked about."""
    return Clause(f"id IN ({source} /*here:{key}*/)", tuple(parameters), source)


def _yes(value: str, term: str) -> bool:
    if value not in ("yes", "no"):
        raise UsageError(f"{term}:{value} - write {term}:yes or {term}:no.")
    return value == "yes"


def _among(column: str, allowed: tuple[str, ...], *, indexed: bool = True) -> Callable[[str], Clause]:
    def build(value: str) -> Clause:
        value = unquoted(value)
        chosen = tuple(part for part in value.split(",") if part)
        for part in chosen or (value,):
            if part not in allowed:
                close = difflib.get_close_matches(part, allowed, n=1)
                hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(allowed)}."
                raise UsageError(f"{column}:{part} - {hint}")
        test = f"{column} IN ({_marks(len(chosen))})"
        return Clause(test, chosen, f"SELECT id FROM sample WHERE {test}" if indexed else "")

    return build


def _numbers(value: str, term: str) -> tuple[int, ...]:
    parts = unquoted(value).split(",")
    if not all(re.fullmatch(r"\d{1,18}", part) for part in parts):
        raise UsageError(f"{term}:{value} - a number is needed, such as {term}:418.")
    return tuple(map(int, parts))


def _number(value: str, term: str) -> int:
    found = _numbers(value, term)
    if len(found) > 1:
        raise UsageError(f"{term}:{value} - one number is needed, such as {term}:418.")
    return found[0]


def _named(value: str, term: str, example: str) -> tuple[str, ...]:
    names = values(value)
    if not names or not all(names):
        raise UsageError(f"{term}:{value} - name one, such as {term}:{example}.")
    return names


def _label(value: str) -> Clause:
    if value == "none":
        return Clause("label IS NULL")
    names = values(value)
    if not all(names) or not names:
        raise UsageError(f"label:{value} - name a label, or write label:none for samples that have none.")
    marks = _marks(len(names))
    plain = f"label_key IN ({marks})"
    both = "SELECT id FROM sample WHERE {} {}UNION ALL SELECT sample_id FROM label_set WHERE label IN ({}) {}"
    here = both.format(plain, "/*here:id*/ ", marks, "/*here:sample_id*/")
    sets = Clause(
        f"id IN ({here})", names * 2, both.format(plain, "", marks, ""), f"(label IS NOT NULL AND id NOT IN ({here}))"
    )
    return Clause(plain, names, f"SELECT id FROM sample WHERE {plain}", sets=sets)


def _dropped(value: str) -> Clause:
    value = unquoted(value)
    if value == "no":
        return Clause("dropped = 0")
    if value == "yes":
        return Clause("dropped > 0", (), "SELECT id FROM sample WHERE dropped > 0")
    # A join from the verdict's own index, not a test per sample.
    return _member("SELECT sample_id FROM verdict WHERE filter = ? AND active", "sample_id", [value])


def _repair(value: str) -> Clause:
    value = unquoted(value)
    repaired = "SELECT sample_id FROM repair WHERE active AND"
    if value == "open":
        return Clause(
            f"(status IN ('pending', 'flagged') AND id IN ({repaired} NOT applied /*here:sample_id*/) AND NOT EXISTS "
            "(SELECT 1 FROM opinion WHERE opinion.sample_id = sample.id AND opinion.label IS NOT NULL))",
            (),
            f"{repaired} NOT applied",
        )
    if value == "applied":
        return _member(f"{repaired} applied", "sample_id")
    return _member(f"{repaired} technique = ?", "sample_id", [value])


def _flag(term: str, sql: str, source: str = "") -> Callable[[str], Clause]:
    return lambda value: Clause(sql, (), source) if _yes(unquoted(value), term) else Clause(f"NOT {sql}")


def _by(value: str) -> Clause:
    said = " OR ".join(f"{part} IS NOT NULL" for part in ("label", "status", "note", "fields", "reason", "tags"))
    return _member(
        f"SELECT sample_id FROM opinion WHERE annotator_id = (SELECT id FROM annotator WHERE name = ?) AND ({said})",
        "sample_id",
        [unquoted(value)],
    )


def _group(value: str) -> Clause:
    number = _number(value, "group")
    kept = (
        f"ifnull((SELECT other_id FROM verdict WHERE sample_id = ? AND filter IN {_REPEATS} AND active "
        "AND other_id IS NOT NULL LIMIT 1), ?)"
    )
    source = (
        f"SELECT sample_id FROM verdict WHERE filter IN {_REPEATS} AND active AND other_id = {kept} UNION SELECT {kept}"
    )
    return Clause(f"id IN ({source})", (number,) * 4, source)


def _cluster(value: str) -> Clause:
    numbers = _numbers(value, "cluster")
    return _member(
        f"SELECT sample_id FROM score WHERE name = 'cluster' AND value IN ({_marks(len(numbers))})",
        "sample_id",
        [float(number) for number in numbers],
    )


#: The newest evaluation that has samples behind a number of that name.
_NEWEST = (
    "(SELECT evaluation.id FROM evaluation WHERE EXISTS (SELECT 1 FROM behind WHERE evaluation_id = evaluation.id AND name = ?) "
    "ORDER BY evaluation.id DESC LIMIT 1)"
)
_EVALUATION = re.compile(r"^(\d{1,18}):(.+)$", re.DOTALL)


def evaluation_and_name(value: str) -> tuple[int | None, str]:
    """The evaluation's number (None: the newest that has it) and the name in the value of ``behind:``."""
    value = unquoted(value)
    numbered = _EVALUATION.match(value)
    return (int(numbered[1]), numbered[2]) if numbered else (None, value)


def _behind(value: str) -> Clause:
    evaluation_id, name = evaluation_and_name(value)
    if not name:
        raise UsageError("behind: - name a number, such as behind:benchmark.validation_accuracy/wrong.")
    which, given = (_NEWEST, (name, name)) if evaluation_id is None else ("?", (evaluation_id, name))
    clause = _member(f"SELECT sample_id FROM behind WHERE evaluation_id = {which} AND name = ?", "sample_id", given)
    return replace(clause, order="ORDER BY position")


def _ids(value: str) -> Clause:
    numbers = _numbers(value, "id")
    test = f"id IN ({_marks(len(numbers))})"
    return Clause(test, numbers, f"SELECT id FROM sample WHERE {test}")


def _job(value: str) -> Clause:
    return Clause("sample.job_id = ?", (_number(value, "job"),), "SELECT id FROM sample WHERE sample.job_id = ?")


def _opinion(column: str, source: str, example: str) -> Callable[[str], Clause]:
    def build(value: str) -> Clause:
        names = _named(value, column, example)
        return _member(source.format(_marks(len(names))), "sample_id", names)

    return build


def opinions(compared: str, number: int) -> Clause:
    """Samples about which so many people have said a label or a status; samples without any have no row."""
    compared = "=" if compared == ":" else compared
    opposite = {"<": ">=", "<=": ">"}
    if compared == "=" and number == 0:
        compared, number = "<", 1
    if compared in opposite:
        found = _member(f"SELECT sample_id FROM spoken WHERE people {opposite[compared]} ?", "sample_id", [number])
        return Clause(f"NOT {found.sql}", found.parameters, without=found.sql)
    if number == 0 and compared == ">=":
        return Clause("? = 0", (0,))
    return _member(f"SELECT sample_id FROM spoken WHERE people {compared} ?", "sample_id", [number])


def score(name: str, compared: str, number: float) -> Clause:
    """Samples whose score compares so."""
    # A look per sample, after all cheaper tests: a list of all that compare so would be made for each range of samples.
    return Clause(
        f"EXISTS (SELECT 1 FROM score WHERE score.sample_id = sample.id AND name = ? AND value {compared} ?)",
        (name, number),
        f"SELECT sample_id FROM score WHERE name = ? AND value {compared} ?",
    )


def matching(query: str) -> Clause:
    """Samples whose text matches a query of the full-text index."""
    return _member("SELECT rowid FROM sample_fts WHERE sample_fts MATCH ?", "rowid", [query])


BUILD: dict[str, Callable[[str], Clause]] = {
    "label": _label,
    "status": _among("status", _STATUSES),
    "origin": _among("origin", _ORIGINS),
    "split": _among("split", _SPLITS, indexed=False),
    "dropped": _dropped,
    "repair": _repair,
    "set": _flag("set", DATA_SET),
    "edited": _flag("edited", "(fields IS NOT NULL)", "SELECT id FROM sample WHERE fields IS NOT NULL"),
    "noted": _flag(
        "noted",
        "(id IN (SELECT sample_id FROM opinion WHERE note IS NOT NULL /*here:sample_id*/))",
        "SELECT sample_id FROM opinion WHERE note IS NOT NULL",
    ),
    "relabelled": _flag(
        "relabelled", "(label IS NOT original_label)", "SELECT id FROM sample WHERE label IS NOT original_label"
    ),
    "by": _by,
    "tag": _opinion("tag", "SELECT sample_id FROM opinion_tag WHERE tag IN ({})", "slang"),
    "reason": _opinion("reason", "SELECT sample_id FROM opinion WHERE reason IN ({})", "off_topic"),
    "disagreed": _flag(
        "disagreed",
        "(id IN (SELECT sample_id FROM spoken WHERE disagreed = 1 /*here:sample_id*/))",
        "SELECT sample_id FROM spoken WHERE disagreed = 1",
    ),
    "opinions": lambda value: opinions(":", _number(value, "opinions")),
    "job": _job,
    "recipe": lambda value: Clause(
        "(SELECT series_id FROM request WHERE request.id = request_id) IN (SELECT series.id FROM series WHERE recipe = ?)",
        (unquoted(value),),
    ),
    "id": _ids,
    "near": lambda value: Clause(
        "id IN (SELECT other_id FROM neighbour WHERE sample_id = ?)",
        (_number(value, "near"),),
        "SELECT other_id FROM neighbour WHERE sample_id = ?",
    ),
    "group": _group,
    "cluster": _cluster,
    "behind": _behind,
}
