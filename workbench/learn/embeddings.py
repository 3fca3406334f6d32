"""Kept embeddings: one float32 row of length 1 per distinct text and model, asked for once.

The rows come from an endpoint or from a model on this machine (``local_embedder``); here they are kept in the files of
``learn.kept``, mapped into memory, and never turned into Python numbers.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.learn.features import Progress
from workbench.learn.kept import Damaged, KeptArrays, key_of

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

SCHEME, COLUMNS = "embeddings-1", {"numbers": "<f4"}

#: Gives one row of numbers per text, all of the same length.
Compute = Callable[[list[str]], Sequence[Sequence[float]]]

#: Texts that are asked for, and then kept, at a time: what is lost when a process dies meanwhile.
BATCH = 2_048


class EmbeddingCache:
    """Embeddings by ``model_name`` in a folder of their own under ``folder``: 4 bytes per number and 32 per text.

    As with ``FeatureStore``, several processes may use it, damaged files are made anew, and where nothing can be written
    results are the same, nothing is kept, and ``problem`` says why.
    """

    def __init__(self, folder: Path, model_name: str) -> None:
        self.model_name = model_name
        home = folder / hashlib.blake2b(model_name.encode(), digest_size=8).hexdigest()
        self._kept = KeptArrays(home, SCHEME, COLUMNS)
        self.problem = ""

    def __len__(self) -> int:
        """How many distinct texts are kept."""
        return len(self._kept)

    @property
    def size(self) -> int:
        """Bytes that the files take on the disk."""
        return self._kept.size()

    def get(self, texts: Sequence[str], compute: Compute, progress: Progress | None = None) -> Array:
        """``(len(texts), d)`` float32, each row of length 1 (0 where the model gives only zeros).

        ``compute`` is called with at most ``BATCH`` texts at a time, none of them twice and none that is kept; what it
        gave is kept before it is called again, so that a cancelled job has not paid in vain. When it now gives rows of
        another length than the kept ones, the model has changed under its name, and all are asked for anew. Raises
        ``WorkbenchError`` when it does not give one row per text, all of one length, of finite numbers.
        """
        import numpy

        if not texts:
            return numpy.zeros((0, 0), numpy.float32)
        keys = [key_of(text) for text in texts]
        known, old = self._old(keys)
        missing = (~known).nonzero()[0].tolist()
        new = list({keys[i]: i for i in missing}.values())
        width = old.shape[1] if len(old) else None
        fresh = numpy.zeros((0, 0), numpy.float32)
        for start in range(0, len(new), BATCH):
            part = [texts[i] for i in new[start : start + BATCH]]
            rows = self._computed(part, compute)
            if len(old) and not start and width != rows.shape[1]:
                self._discard()
                return self.get(texts, _again(compute, part, rows), progress)
            if not start:
                width = rows.shape[1]
                fresh = numpy.empty((len(new), width), numpy.float32)
            if rows.shape[1] != width:
                raise WorkbenchError(
                    f"{self.model_name} gives embeddings of {width} and then of {rows.shape[1]} numbers."
                )
            fresh[start : start + len(part)] = rows
            self._keep([keys[i] for i in new[start : start + BATCH]], rows)
            if progress is not None:
                progress(start + len(part), len(new))
        if not missing:
            return old
        found = numpy.empty((len(texts), fresh.shape[1]), numpy.float32)
        if len(old):
            found[known] = old
        where = {keys[i]: place for place, i in enumerate(new)}
        found[missing] = fresh[[where[keys[i]] for i in missing]]
        return found

    def _computed(self, texts: list[str], compute: Compute) -> Array:
        import numpy

        try:
            rows = numpy.array(compute(texts), numpy.float32)
        except (TypeError, ValueError) as error:  # rows of different lengths, or no numbers
            raise WorkbenchError(f"{self.model_name} does not give rows of numbers as embeddings: {error}.") from error
        if rows.ndim != 2 or len(rows) != len(texts) or not rows.shape[1] or not numpy.isfinite(rows).all():
            raise WorkbenchError(
                f"{self.model_name} does not give one row of finite numbers for each of {len(texts):,} texts."
            )
        lengths = numpy.sqrt((rows.astype(numpy.float64) ** 2).sum(axis=1, keepdims=True))
        return (rows / numpy.where(lengths > 0, lengths, 1)).astype(numpy.float32)

    def _old(self, keys: Sequence[bytes]) -> tuple[Array, Array]:
        """(which keys are kept (n,) bool, their rows in order); what is damaged is discarded."""
        import numpy

        try:
            places = self._kept.find(keys)
            known = places >= 0
            indptr, columns = self._kept.read(places[known])
            sizes = numpy.diff(indptr)
            if not len(sizes) or (sizes == sizes[0]).all():
                return known, columns["numbers"].reshape(len(sizes), -1 if len(sizes) else 0)
            self._discard()
        except Damaged:
            self._discard()
        except OSError as error:
            self._failed(error)
        return numpy.zeros(len(keys), bool), numpy.zeros((0, 0), numpy.float32)

    def _keep(self, keys: Sequence[bytes], rows: Array) -> None:
        import numpy

        try:
            self._kept.append(keys, numpy.arange(len(keys) + 1) * rows.shape[1], {"numbers": rows.ravel()})
        except OSError as error:
            self._failed(error)

    def _discard(self) -> None:
        try:
            self._kept.clear()
        except OSError as error:
            raise WorkbenchError(
                f"{self._kept.folder}: kept embeddings are of no use and could not be replaced "
                f"({error.strerror or error}); delete the folder."
            ) from error

    def _failed(self, error: OSError) -> None:
        self.problem = f"{self._kept.folder}: embeddings are not kept ({error.strerror or error})."


def retain_embeddings(folder: Path, texts: Callable[[], Iterable[str]]) -> int:
    """Delete the embeddings of other texts than ``texts()`` by every model kept under ``folder``; returns how many there were.
    Raises ``WorkbenchError`` when the files cannot be written."""
    return sum(_deleting(kept, texts) for kept in _models(folder))


def _models(folder: Path) -> list[KeptArrays]:
    homes = sorted(home for home in folder.iterdir() if home.is_dir()) if folder.is_dir() else []
    return [KeptArrays(home, SCHEME, COLUMNS) for home in homes]


def _deleting(kept: KeptArrays, texts: Callable[[], Iterable[str]]) -> int:
    try:
        return kept.retain(key_of(text) for text in texts())
    except OSError as error:
        raise WorkbenchError(
            f"{kept.folder}: kept embeddings could not be deleted ({error.strerror or error}); delete the folder."
        ) from error


def _again(compute: Compute, texts: list[str], rows: Array) -> Compute:
    """``compute``, which need not be asked again for the texts whose rows are there."""
    there = dict(zip(texts, rows, strict=True))

    def either(wanted: list[str]) -> Any:
        import numpy

        rest = [text for text in wanted if text not in there]
        new = dict(zip(rest, compute(rest), strict=True)) if rest else {}
        return numpy.array([there[text] if text in there else new[text] for text in wanted], numpy.float32)

    return either


def local_embedder(name: str) -> Compute:
    """Embeddings on this machine, without a server: ``name`` is a model2vec model, a folder or a name on the model hub
    (e.g. ``minishlab/potion-base-8M``, 30 MB, fetched once when first used). Needs the extra ``embeddings``.

    model2vec looks each token up in a table and takes the mean: no neural network runs, nothing as heavy as torch is
    installed, and 10,000 short texts take about a second. Raises ``WorkbenchError`` when the extra or the model is
    missing.
    """
    try:
        library = importlib.import_module("model2vec")
    except ImportError as error:
        raise WorkbenchError(
            f"local:{name} needs the extra: pip install 'workbench[embeddings]' (or name an endpoint, openai:MODEL)."
        ) from error
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        model = library.StaticModel.from_pretrained(name)
    except Exception as error:  # the hub's client raises many kinds; all mean that it is not there
        raise WorkbenchError(
            f"The embedding model {name!r} could not be loaded ({type(error).__name__}); give the folder of a model2vec "
            "model, or a name on the model hub while there is a network."
        ) from error

    def compute(texts: list[str]) -> Any:
        return model.encode(texts)

    return compute
