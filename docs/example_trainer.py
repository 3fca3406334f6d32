"""A training program for ``evaluate.trainer.command``: reads what the workbench wrote, trains, predicts the test rows.

project.yaml::

    evaluate:
      trainer:
        command: [python, example_trainer.py, "{train}", "{test}", "{out}"]

Put your own model in the place of the four lines under ``main``'s first comment.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def read(path: str) -> list[dict[str, Any]]:
    with Path(path).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main(train: str, test: str, out: str) -> None:
    # A line each: {"id", "text", "fields", "label", "weight"}; test rows have neither label nor weight.
    rows, asked = read(train), read(test)

    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    vectoriser = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    features = vectoriser.fit_transform(row["text"] for row in rows)
    model = LinearSVC().fit(features, [row["label"] for row in rows], [row["weight"] for row in rows])
    labels = model.predict(vectoriser.transform(row["text"] for row in asked))

    # One line for each test row: the workbench computes accuracy, interval and pairs from it.
    with (Path(out) / "predictions.jsonl").open("w", encoding="utf-8") as file:
        for row, label in zip(asked, labels, strict=True):
            file.write(json.dumps({"id": row["id"], "label": str(label)}) + "\n")
    # Whatever else you want to see beside it; shown as your program reported it.
    metrics = {"features": features.shape[1]}
    (Path(out) / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
