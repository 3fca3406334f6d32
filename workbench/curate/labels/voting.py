"""The labels that several sources give samples, as ``learn.crowd`` takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.curate.base import Context, Item
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import numpy

    from workbench.learn.crowd import Votes

    Array = numpy.ndarray[Any, Any]

#: The source that a sample's own label counts as: no other source is called so.
OWN = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """The items that have a vote: their ``places``, ``votes`` with items in this order, the names of ``sources`` and
    ``labels``, and ``given`` (n,), the column of each item's label (-1 without one)."""

    places: list[int]
    votes: Votes
    sources: list[str]
    labels: list[str]
    given: Array


def poll(name: str, items: Sequence[Item], context: Context, own: bool) -> Poll:
    """The votes of all items that have one. ``own``: an item's label counts as a vote of a source of its own.

    A vote for what is no label (of the project or of any sample) does not count. Raises ``WorkbenchError`` where there
    are items and none has a vote.
    """
    import numpy

    from workbench.learn.crowd import Votes

    allowed = {*context.labels, *(item.label for item in items if item.label is not None)}
    heard = [
        {source: label for source, label in item.votes.items() if label in allowed or not context.labels}
        for item in items
    ]
    places = [place for place, said in enumerate(heard) if said]
    if items and not places:
        raise WorkbenchError(
            f"{name} compares the labels that several sources gave, and no sample here has any: have models suggest labels "
            "or people label first, or take it out of the chain."
        )
    if own:
        for place in places:
            label = items[place].label
            if label is not None:
                heard[place] = {**heard[place], OWN: label}
    sources = sorted({source for place in places for source in heard[place]})
    given_labels = {str(items[place].label) for place in places if items[place].label is not None}
    voted = {label for place in places for label in heard[place].values()}
    labels = list(dict.fromkeys([*context.labels, *sorted(voted | given_labels)]))
    row, column = ({one: at for at, one in enumerate(names)} for names in (sources, labels))
    triples = [
        (at, row[source], column[label])
        for at, place in enumerate(places)
        for source, label in sorted(heard[place].items())
    ]
    flat = numpy.array(triples, numpy.int64).reshape(-1, 3)
    votes = Votes(flat[:, 0], flat[:, 1], flat[:, 2], len(places), len(sources), len(labels))
    given = numpy.array([column.get(str(items[place].label), -1) for place in places], numpy.int64)
    given[[items[place].label is None for place in places]] = -1
    return Poll(places, votes, sources, labels, given)
