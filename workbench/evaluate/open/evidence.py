"""What judges said of duels, brought into one shape: scores of a contender, by the order in which it was shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from workbench.learn.win_rate import score_of_duel
from workbench.store.duels import Choice, Duel

#: All people together, as a judge.
PEOPLE = "people together"
#: What is known to be right, as a judge.
GOLD = "gold"
_SCORES: Mapping[str, float] = {"first": 1.0, "tie": 0.5, "second": 0.0}
#: A's score where A was shown first, and where it was shown second; None where that was not judged.
Orders = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Fact:
    """A duel without its texts. ``a`` < ``b``: places of the contenders; ``unit``: the input, by its hash; lengths in
    characters; ``gold``: A's score; ``turned``: A is the duel's second output."""

    a: int
    b: int
    unit: bytes
    length_a: int
    length_b: int
    gold: float | None
    turned: bool


@dataclass(slots=True)
class Judge:
    """One judge: A's scores by duel. ``unread``: answers that named neither output."""

    name: str
    person: bool
    said: dict[int, Orders] = field(default_factory=dict)
    unread: int = 0

    def score(self, duel_id: int) -> float:
        """A's score by both orders together: a half where they differ, or where both say that there is no difference."""
        return score_of_duel(*self.said[duel_id])


def facts(duels: Iterable[Duel]) -> dict[int, Fact]:
    """Facts by number of the duel. A duel of a contender with itself says nothing and is left out."""
    found: dict[int, Fact] = {}
    for one in duels:
        if one.first == one.second:
            continue
        turned = one.first > one.second
        lengths = (len(one.first_text), len(one.second_text))
        gold = None if one.gold is None else _SCORES[one.gold]
        found[one.id] = Fact(
            min(one.first, one.second),
            max(one.first, one.second),
            blake2b(one.input.encode("utf-8", "replace"), digest_size=8).digest(),
            lengths[turned],
            lengths[not turned],
            1 - gold if gold is not None and turned else gold,
            turned,
        )
    return found


def judges(known: Mapping[int, Fact], choices: Iterable[Choice]) -> list[Judge]:
    """Everybody who judged, people first and each by name; after several people, all of them together."""
    found: dict[tuple[bool, str], Judge] = {}
    for choice in choices:
        fact = known.get(choice.duel_id)
        if fact is None:
            continue
        judge = found.setdefault((not choice.person, choice.judge), Judge(choice.judge, choice.person))
        if choice.verdict == "unread":
            judge.unread += 1
            continue
        score = _SCORES[choice.verdict]
        score = 1 - score if fact.turned else score
        first, second = judge.said.get(choice.duel_id, (None, None))
        a_first = fact.turned == choice.swapped
        judge.said[choice.duel_id] = (score, second) if a_first else (first, score)
    people = [found[key] for key in sorted(found) if not key[0]]
    models = [found[key] for key in sorted(found) if key[0]]
    return [*people, *([_together(people)] if len(people) > 1 else []), *models]


def _together(people: Sequence[Judge]) -> Judge:
    """What most people say of each duel; as many on either side are a draw."""
    judge = Judge(PEOPLE, person=True)
    for duel_id in sorted({one for person in people for one in person.said}):
        scores = [person.score(duel_id) for person in people if duel_id in person.said]
        mean = sum(scores) / len(scores)
        judge.said[duel_id] = (1.0 if mean > 0.5 else 0.0 if mean < 0.5 else 0.5, None)
    return judge


def gold(known: Mapping[int, Fact]) -> Judge:
    """What is known, as a judge."""
    return Judge(GOLD, False, {duel_id: (fact.gold, None) for duel_id, fact in known.items() if fact.gold is not None})
