"""What runs yielded: refusals by recipes and acceptance by people, by the job that made the samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.project import create
from workbench.store import acts, curation, jobs, samples, yields
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.curation import Drop
from workbench.store.samples import NewSample


@pytest.mark.parametrize("chunk", [2, 20_000])
def test_counts_by_the_job_that_made_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(yields, "CHUNK", chunk)
    with Store(create(tmp_path / "p", labels=["a", "b"])) as store:
        first, second = (jobs.create(store, "generate", {}) for _ in range(2))
        samples.add(store, [NewSample({"text": f"t{n}"}, "a", job_id=first if n < 6 else second) for n in range(10)])

        def drop(sample: int, name: str) -> Drop:
            return Drop(sample, name, 1, {}, "why", None, None)

        curation.save_drops(
            store, first, [drop(1, "recipe.length"), drop(1, "recipe.keywords"), drop(2, "recipe.length")]
        )
        # The second job decided what the first had left: sample 5 is the first one's. A filter's drop is no refusal.
        curation.save_drops(store, second, [drop(5, "recipe.length"), drop(7, "recipe.length"), drop(8, "length")])
        assert yields.refused(store, first) == {first: 2}
        assert yields.refused(store, second) == {first: 1, second: 1}

        assert (yields.accepted(store), yields.last_annotation(store)) == ({}, 0)
        person = acts.annotator(store, "anna")
        acts.apply(store, person, [1, 3, 4, 9], Change(status="accepted"), kind="accept")
        assert yields.accepted(store) == {first: 3, second: 1}
        assert yields.last_annotation(store) == 4
