"""A project with many samples, for measuring the screen: python benchmarks/make_project.py DIR --samples 1000000

Texts, labels, scores and suggestions are drawn from a fixed seed, so that two runs give the same project.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

from workbench.project import Project, create
from workbench.store import curation, samples
from workbench.store.connection import Store
from workbench.store.samples import NewSample

LABELS = [
    "card_arrival", "card_delivery_estimate", "change_pin", "exchange_rate", "lost_or_stolen_card", "pin_blocked",
    "top_up_failed", "transfer_timing", "verify_my_identity", "card_not_working", "cash_withdrawal_charge", "refund",
]  # fmt: skip
OPENINGS = ["I am still waiting on", "Where can I change", "How do I", "Why was I charged for", "Can you tell me about",
            "Please help me with", "hi, question about", "What is going on with",
            "I cannot find", "Something is wrong with"]  # fmt: skip
THINGS = ["my card", "my PIN", "the exchange rate", "a transfer to my sister", "my new account", "the top-up", "a refund",
          "the cash withdrawal fee", "my identity check",
          "the delivery of my card", "a payment abroad", "the mobile app"]  # fmt: skip
ENDINGS = ["?", " - it has been two weeks now.", " since yesterday evening, thanks", ", and nobody answers me.",
           " please!",
           " because the shop said that it was declined twice.",
           "? I am travelling to Lisbon on Monday and need it."]  # fmt: skip
CHUNK = 10_000


def build(folder: Path, count: int, *, scored: float = 0.05, suggested: int = 2_000, seed: int = 0) -> Project:
    """Make a project of ``count`` pending synthetic samples; ``scored`` is the share with an uncertainty score."""
    project = create(folder, labels=LABELS, description="Messages to a bank's help desk.")
    draw = random.Random(seed)
    with Store(project) as store:
        for start in range(0, count, CHUNK):
            samples.add(
                store,
                (
                    NewSample(
                        {"text": f"{draw.choice(OPENINGS)} {draw.choice(THINGS)}{draw.choice(ENDINGS)} ({number})"},
                        draw.choice(LABELS),
                    )
                    for number in range(start + 1, min(start + CHUNK, count) + 1)
                ),
            )
            sys.stderr.write(f"\r{min(start + CHUNK, count):,}/{count:,}")
        picked = sorted(draw.sample(range(1, count + 1), int(count * scored)))
        curation.save_scores(
            store, "uncertainty", [(number, draw.random()) for number in picked], version=1, job_id=None
        )
        curation.save_suggestions(
            store, "tfidf",
            [(number, _guess(draw)) for number in range(1, min(suggested, count) + 1)], job_id=None,
        )  # fmt: skip
        curation.save_neighbours(
            store,
            [
                (
                    number,
                    [(other, 0.99 - 0.04 * rank) for rank, other in enumerate(draw.sample(range(1, count + 1), 5))],
                )
                for number in range(1, min(suggested, count) + 1)
            ]
            if count > 5
            else [],
        )
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sys.stderr.write("\n")
    return project


def _guess(draw: random.Random) -> list[tuple[str, float]]:
    left, found = 1.0, []
    for label in draw.sample(LABELS, 3):
        share = round(left * draw.uniform(0.5, 0.9), 3)
        found.append((label, share))
        left -= share
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=1_000_000)
    arguments = parser.parse_args()
    started = time.perf_counter()
    build(arguments.folder, arguments.samples)
    print(f"{arguments.samples:,} samples in {time.perf_counter() - started:.0f} s: {arguments.folder}")
