"""Samples a second of the embedded model alone: ``python benchmarks/models.py [--count N] [--project FOLDER]``.

Trains on the seeds of a sample project (``sample_projects/banking_intents/seeds.jsonl`` unless told otherwise), makes
N texts with empty tables, then N more with the tables that the first left, and prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from workbench.models.base import Request  # noqa: E402
from workbench.models.embedded import EmbeddedModel  # noqa: E402
from workbench.text import normalise  # noqa: E402


def measure(examples: list[tuple[str, str]], count: int, temperature: float) -> dict[str, float]:
    began = time.perf_counter()
    model = EmbeddedModel(examples)
    trained = time.perf_counter() - began
    texts: list[str] = []
    rates = []
    for start in (0, count):
        began = time.perf_counter()
        for draw in range(start, start + count):
            label = model.labels[draw % len(model.labels)]
            request = Request((), {"label": label}, {"temperature": temperature}, draw=draw)
            texts.append(model.complete_sync(request).text)
        rates.append(count / (time.perf_counter() - began))
    return {
        "seeds": len(examples),
        "labels": len(model.labels),
        "temperature": temperature,
        "train_seconds": round(trained, 3),
        "samples_per_second_cold": round(rates[0]),
        "samples_per_second_warm": round(rates[1]),
        "exact_duplicates": 2 * count - len({normalise(text) for text in texts}),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--project", type=Path, default=ROOT / "sample_projects" / "banking_intents")
    options = parser.parse_args()
    lines = (options.project / "seeds.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    print(json.dumps(measure([(row["text"], row["label"]) for row in rows], options.count, options.temperature)))


if __name__ == "__main__":
    main()
