from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest

from workbench.errors import WorkbenchError
from workbench.learn import embeddings
from workbench.learn.embeddings import EmbeddingCache, local_embedder, retain_embeddings


class Model:
    """Embeds a text as (its length, number of a's, 0...), ``width`` numbers in all; counts what it was asked."""

    def __init__(self, width: int = 2) -> None:
        self.width = width
        self.asked: list[list[str]] = []

    def __call__(self, texts: list[str]) -> list[list[float]]:
        self.asked.append(texts)
        return [[len(text), text.count("a"), *[0.0] * (self.width - 2)] for text in texts]


def test_rows_have_length_one_and_are_asked_for_once(tmp_path: Path) -> None:
    cache, model = EmbeddingCache(tmp_path, "m"), Model()
    first = cache.get(["aaaa", "bb", "aaaa"], model)
    assert first.dtype == numpy.float32
    assert first == pytest.approx(numpy.array([[0.7071068, 0.7071068], [1, 0], [0.7071068, 0.7071068]]))
    again = EmbeddingCache(tmp_path, "m").get(["bb", "abc", "aaaa", ""], model)
    assert model.asked == [["aaaa", "bb"], ["abc", ""]]
    assert again[[0, 2]] == pytest.approx(first[[1, 0]])
    assert again[3].tolist() == [0, 0]  # a row of zeros has no direction
    assert EmbeddingCache(tmp_path, "other").get(["bb"], model).shape == (1, 2)
    assert model.asked[-1] == ["bb"]
    assert cache.get([], model).shape == (0, 0)


def test_what_was_paid_for_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "BATCH", 2)
    cache, model = EmbeddingCache(tmp_path, "m"), Model()

    def fails(texts: list[str]) -> list[list[float]]:
        if "c" in texts:
            raise WorkbenchError("The endpoint does not answer.")
        return model(texts)

    with pytest.raises(WorkbenchError, match="does not answer"):
        cache.get(["a", "b", "c", "d"], fails)
    steps: list[tuple[int, int]] = []
    cache.get(["a", "b", "c", "d", "e"], model, lambda done, total: steps.append((done, total)))
    assert model.asked == [["a", "b"], ["c", "d"], ["e"]]
    assert steps == [(2, 3), (3, 3)]


def test_a_model_that_changed_is_asked_anew(tmp_path: Path) -> None:
    cache, longer = EmbeddingCache(tmp_path, "m"), Model(3)
    cache.get(["a", "b"], Model())
    assert cache.get(["a", "b", "c"], longer).shape == (3, 3)
    assert longer.asked == [["c"], ["a", "b"]]
    assert cache.get(["a", "b", "c"], Model(9)).shape == (3, 3)


def test_nonsense_is_a_sentence(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, "m")
    for wrong in ([[1.0]], [[1.0], [1.0, 2.0]], [[float("nan")]] * 2, [[], []], [["x"], ["y"]], "ab"):
        with pytest.raises(WorkbenchError, match=r"^m does not give"):
            cache.get(["a", "b"], lambda _, wrong=wrong: wrong)
    assert len(cache) == 0


def test_damage_is_found_and_purged_texts_leave_nothing(tmp_path: Path) -> None:
    cache, model = EmbeddingCache(tmp_path, "m"), Model()
    rows = cache.get(["a", "bba", "ccc"], model)
    path = next(tmp_path.rglob("numbers"))
    path.write_bytes(b"\1" * path.stat().st_size)
    assert EmbeddingCache(tmp_path, "m").get(["a", "bba", "ccc"], model).tolist() == rows.tolist()
    assert model.asked == [["a", "bba", "ccc"]] * 2
    assert retain_embeddings(tmp_path, lambda: ["a", "ccc"]) == 1
    assert len(cache) == 2
    assert rows[1].tobytes() not in next(tmp_path.rglob("numbers")).read_bytes()


def test_where_nothing_can_be_written_rows_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = EmbeddingCache(tmp_path / "file", "m")
    assert cache.get(["bb"], Model()).tolist() == [[1, 0]]
    assert "not kept" in cache.problem


def test_local_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(WorkbenchError, match=r"pip install 'workbench\[embeddings\]'"):
        local_embedder("some/model")

    def load(name: str) -> SimpleNamespace:
        if name == "missing":
            raise OSError("no such model")
        return SimpleNamespace(encode=lambda texts: numpy.ones((len(texts), 4), numpy.float32))

    fake = SimpleNamespace(StaticModel=SimpleNamespace(from_pretrained=load))
    monkeypatch.setitem(sys.modules, "model2vec", fake)
    assert local_embedder("some/model")(["a", "b"]).shape == (2, 4)
    with pytest.raises(WorkbenchError, match="'missing' could not be loaded"):
        local_embedder("missing")


def test_purging_reaches_every_model(tmp_path: Path) -> None:
    for name in ("one", "two"):
        EmbeddingCache(tmp_path, name).get(["a", "bb"], Model())
    assert retain_embeddings(tmp_path, lambda: ["a", "never"]) == 2
    assert [len(EmbeddingCache(tmp_path, name)) for name in ("one", "two")] == [1, 1]
    assert retain_embeddings(tmp_path / "none", lambda: ["bb"]) == 0
    assert retain_embeddings(tmp_path, lambda: ["bb"]) == 2
    assert [len(EmbeddingCache(tmp_path, name)) for name in ("one", "two")] == [0, 0]
