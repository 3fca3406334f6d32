"""Near duplicates by a peer: ``curation.py --peers`` runs this in a virtual environment of its own.

``python dedup_peers.py rensa TEXTS.json`` prints one JSON object: seconds, CPU seconds, memory (MB), and for each dropped
text the pair of its place and the place of the kept text that it repeats. Texts are cut at white space in lower case,
128 permutations, threshold 0.7 (a signature's estimate of Jaccard), as rensa's own examples have it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path


def rensa(texts: list[str]) -> list[tuple[int, int]]:
    from rensa import RMinHash, RMinHashDeduplicator  # type: ignore[import-not-found]

    seen = RMinHashDeduplicator(threshold=0.7, num_perm=128, use_lsh=True)
    found = []
    for place, text in enumerate(texts):
        signature = RMinHash(num_perm=128, seed=42)
        signature.update(text.lower().split())
        twins = seen.get_duplicates(signature)
        if twins:
            found.append((place, min(map(int, twins))))
        else:
            seen.add(str(place), signature)
    return found


def main() -> None:
    texts = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    began, cpu = time.perf_counter(), time.process_time()
    found = {"rensa": rensa}[sys.argv[1]](texts)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": memory, "found": found}))


if __name__ == "__main__":
    main()
