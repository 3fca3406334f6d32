"""Outputs side by side in the store: pairs, blind choices of several people, undo, a model's word in both orders."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from workbench.errors import StoreError, UsageError
from workbench.project import Project
from workbench.store import acts, duel_changes, duels, jobs
from workbench.store.connection import Store
from workbench.store.duels import Comparison, Judged, NewDuel

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # fork beside pytest's threads


def made(store: Store, n: int = 4, name: str = "answers") -> Comparison:
    pairs = [NewDuel(f"question {at}", 0, 1, f"one {at}", f"other {at}") for at in range(n)]
    return duels.create(store, name, "Which answer is better?", ["zerogen", "attrprompt"], pairs)


def test_a_comparison_is_there_once_all_its_duels_are(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duels, "CHUNK", 3)
    one = made(store, 8)
    assert (one.name, one.contenders, one.duels) == ("answers", ("zerogen", "attrprompt"), 8)
    assert [duel.input for duel in duels.contents(store, one.id)] == [f"question {at}" for at in range(8)]
    assert duels.named(store, "answers") == one
    with pytest.raises(UsageError, match="There is a comparison 'answers' already"):
        made(store)
    with pytest.raises(UsageError, match="no comparison 'nothing'; there are: answers"):
        duels.named(store, "nothing")
    with store.write() as connection:  # as if its maker had been killed in the middle
        connection.execute("UPDATE comparison SET ready = 0")
    assert duels.listed(store) == []
    assert made(store).duels == 4
    with store.write() as connection:  # and a day has passed
        connection.execute("UPDATE comparison SET created_at = '2020-01-01T00:00:00.000Z' WHERE NOT ready")
    made(store, name="another")
    assert store.read("SELECT name FROM comparison ORDER BY name") == [("another",), ("answers",)]
    assert store.one("SELECT count(*) FROM duel") == (8,)


@pytest.mark.parametrize(
    ("contenders", "pairs", "wrong"),
    [
        (["a"], [NewDuel("x", 0, 0, "p", "q")], "needs two contenders"),
        (["a", "b"], [], "at least one pair"),
        (["a", "b"], [NewDuel("x", 0, 2, "p", "q")], "not in the comparison"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    store: Store, contenders: list[str], pairs: list[NewDuel], wrong: str
) -> None:
    with pytest.raises(UsageError, match=wrong):
        duels.create(store, "x", "?", contenders, pairs)
    assert duels.listed(store) == []


def test_a_choice_is_kept_in_the_duels_own_terms_whatever_stood_first(store: Store) -> None:
    one, me = made(store, 40), acts.annotator(store, "anna")
    turned = 0
    while found := duels.waiting(store, one.id, me):
        [seen] = found
        assert {seen.first[:3], seen.second[:3]} == {"one", "oth"}
        turned += seen.swapped
        duels.choose(store, me, seen, "second" if seen.swapped else "first", seconds=2.0)  # always zerogen's
    assert {choice.verdict for choice in duels.choices(store, one.id)} == {"first"}
    assert 10 <= turned <= 30  # half of them, by a hash that is the same every time
    assert duels.counts(store, one.id).people == {"anna": 40}


def test_people_go_in_the_same_order_and_see_their_own_sides(store: Store) -> None:
    one = made(store, 30)
    anna, ben = (acts.annotator(store, name) for name in ("anna", "ben"))
    seen = [duels.waiting(store, one.id, who, 30) for who in (anna, ben)]
    assert [duel.input for duel in seen[0]] == [duel.input for duel in seen[1]]
    assert [duel.swapped for duel in seen[0]] != [duel.swapped for duel in seen[1]]
    duels.choose(store, anna, seen[0][0], "tie")
    assert duels.waiting(store, one.id, ben)[0].input == "question 0"
    assert duels.waiting(store, one.id, anna, passing=[seen[0][1].duel_id])[0].input == "question 2"


def test_undo_takes_back_and_history_stays(store: Store) -> None:
    one, me = made(store), acts.annotator(store, "anna")
    sides: tuple[duels.Side, ...] = ("first", "tie")
    for preferred in sides:
        [seen] = duels.waiting(store, one.id, me)
        duels.choose(store, me, seen, preferred)
    back = duels.undo(store, me, one.id)
    assert back is not None
    assert back.input == "question 1"
    duels.choose(store, me, back, "second", seconds=500.0)
    duels.choose(store, me, back, "first", reason="clearer")
    rows = store.read("SELECT duel_id, active, seconds IS NULL FROM choice ORDER BY id")
    assert rows == [(1, 1, 1), (2, 0, 1), (2, 0, 1), (2, 1, 1)]
    assert [choice.reason for choice in duels.choices(store, one.id)] == ["", "clearer"]
    assert [duels.undo(store, me, one.id) is None for _ in range(3)] == [False, False, True]


def test_a_model_is_recorded_once_for_each_order(store: Store) -> None:
    one = made(store, 2)
    todo = list(duels.unjudged(store, one.id, "openai:judge"))
    assert [(duel.position, turned) for duel, turned in todo] == [(0, False), (0, True), (1, False), (1, True)]
    assert duels.as_shown(todo[1][0], True) == ("other 0", "one 0")
    said = [Judged(duel.id, turned, "first", "first seen") for duel, turned in todo[:3]]
    said.append(Judged(todo[3][0].id, True, None))
    assert duels.record(store, "openai:judge", said) == 4
    assert duels.record(store, "openai:judge", said) == 0  # a job that was resumed
    # It always takes what stands first: the order changes its mind.
    assert [choice.verdict for choice in duels.choices(store, one.id)] == ["first", "second", "first", "unread"]
    assert [turned for _, turned in duels.unjudged(store, one.id, "openai:judge")] == [True]
    assert duels.record(store, "openai:judge", [Judged(todo[3][0].id, True, "tie")]) == 1
    counts = duels.counts(store, one.id)
    assert (counts.models, counts.unread, counts.people) == ({"openai:judge": 4}, {}, {})
    assert duels.record(store, "openai:judge", [Judged(999, True, "tie")]) == 0  # purged meanwhile


def test_a_pair_that_was_purged_meanwhile_is_said(store: Store) -> None:
    one, me = made(store), acts.annotator(store, "anna")
    [seen] = duels.waiting(store, one.id, me)
    with store.write() as connection:
        connection.execute("DELETE FROM duel WHERE id = ?", (seen.duel_id,))
    with pytest.raises(StoreError, match="not there any more"):
        duels.choose(store, me, seen, "first")


def test_a_comparison_is_renamed_and_deleted_and_its_numbers_are_not_given_again(store: Store) -> None:
    one, other, me = made(store), made(store, name="other"), acts.annotator(store, "anna")
    with pytest.raises(UsageError, match="'other' already"):
        duel_changes.rename(store, one.id, " other ")
    with pytest.raises(UsageError, match="needs a name"):
        duel_changes.rename(store, one.id, " ")
    duels.keep_standings(store, one.id, {"comparison": "answers", "judges": []})
    renamed = duel_changes.rename(store, one.id, "replies")
    assert (renamed.name, renamed.details["standings"]["comparison"]) == ("replies", "replies")
    [seen] = duels.waiting(store, other.id, me)
    duels.choose(store, me, seen, "tie")
    [open_still] = duels.waiting(store, other.id, me)
    assert duel_changes.delete(store, other.id) == (4, 1)
    assert [left.name for left in duels.listed(store)] == ["replies"]
    assert made(store, name="other").id > other.id
    with pytest.raises(StoreError, match="or the comparison deleted"):
        duels.choose(store, me, open_still, "first")


def test_a_comparison_that_a_model_is_judging_is_not_deleted(store: Store) -> None:
    one = made(store)
    job = jobs.create(store, "judge", {"comparison": one.id})
    with pytest.raises(UsageError, match=f"Job {job} is judging it"):
        duel_changes.delete(store, one.id)


def test_hostile_texts_come_back_as_they_are_but_storable(store: Store) -> None:
    text = "\x1b]52;c;eA==\x07 [/] \ud800 \u202e"
    pair = NewDuel(text, 0, 1, text, text)
    duels.create(store, "[@click=x]", text, ["a", "b"], [pair])
    [duel] = duels.contents(store, duels.named(store, "[@click=x]").id)
    assert duel.first_text == text.replace("\ud800", "?")


def _judge(folder: str, name: str, comparison_id: int) -> None:
    with Store(Project(Path(folder)), durable=True) as store:
        me = acts.annotator(store, name)
        while found := duels.waiting(store, comparison_id, me):
            duels.choose(store, me, found[0], "first")


def test_several_people_judge_at_once(store: Store) -> None:
    one = made(store, 25)
    context = multiprocessing.get_context("fork")
    people = [
        context.Process(target=_judge, args=(str(store.project.folder), name, one.id)) for name in ("a", "b", "c")
    ]
    for person in people:
        person.start()
    for person in people:
        person.join(60)
    assert [person.exitcode for person in people] == [0, 0, 0]
    assert duels.counts(store, one.id).people == {"a": 25, "b": 25, "c": 25}
