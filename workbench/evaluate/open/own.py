"""What one person's choices come to, in words: for the screen and for judging line by line, which load no numpy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workbench.evaluate.open.words import ends, percent
from workbench.learn.intervals import score_ends
from workbench.text import clean

#: Of the standard normal distribution: 95 %.
_Z = 1.959964
#: Characters of a contender's name.
_NAME = 40


def in_words(contenders: Sequence[str], tally: Iterable[tuple[int, int, str, int]]) -> list[str]:
    """One sentence for each pair of contenders.

    ``tally``: (first, second, verdict, how many). A draw counts half; the interval is Wilson's for that share, a little
    wide where there are draws.
    """
    counted: dict[tuple[int, int], list[int]] = {}
    for first, second, verdict, n in tally:
        if first == second or verdict == "unread":
            continue
        turned = first > second
        place = 2 if verdict == "tie" else int((verdict == "second") != turned)
        counted.setdefault((min(first, second), max(first, second)), [0, 0, 0])[place] += n
    return [_sentence(contenders[a], contenders[b], *numbers) for (a, b), numbers in sorted(counted.items())]


def _sentence(a: str, b: str, wins: int, losses: int, ties: int) -> str:
    n = wins + losses + ties
    names = [clean(name, limit=_NAME) for name in (a, b)]
    share = (wins + ties / 2) / n
    if share < 0.5:
        names.reverse()
        wins, losses, share = losses, wins, 1 - share
    low, high = score_ends(share, n, _Z)
    equal = f", equal {ties}" if ties else ""
    said = (
        f"{names[0]} {wins}, {names[1]} {losses}{equal}: {names[0]} wins {percent(share)} "
        f"{ends(max(0, low), min(1, high))} of {n:,} pair{'' if n == 1 else 's'}"
    )
    return said + (", which may be chance." if low <= 0.5 else ".")
