"""A project's kept features: counted grams per distinct text, from which TF-IDF rows are made when they are asked for.

What is kept is what costs time, the cutting and counting (``learn.grams``); document frequencies are those of the texts
asked for. So the same texts give the same rows whatever else is kept and in whatever order it came, and rows equal those
of ``features.text_rows``. Grams are hashes, so there is no dictionary that grows, that processes would have to agree on,
or that spells out words after their texts are gone; columns are numbered anew for each request.

A text takes 6 bytes per distinct gram and 32 more: about 870 for a sentence of 60 characters, at most some 4 MB
(``grams.LONGEST``). All together take not much over ``LARGEST``: texts beyond that are counted each time.

Forgetting (``purge``, ``retain``) rewrites the files without the texts. Kept hashes do not give a text away as such, but
whoever guesses words can test whether a text holds them: they count as the text's data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.learn.features import Progress, fitted_rows
from workbench.learn.grams import SCHEME, Grams, count_grams
from workbench.learn.kept import Damaged, KeptArrays, key_of

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: Bytes from which nothing more is kept: two and a half million short texts.
LARGEST = 1 << 31
#: Characters of new texts that are counted before they are written.
_CHARACTERS = 1 << 21


class FeatureStore:
    """The kept features in ``folder``, which is made when something is first kept. Several processes may use one folder.

    Where nothing can be written (a full disk, a folder without permission), results are the same and nothing is kept;
    ``problem`` then says why.
    """

    def __init__(self, folder: Path) -> None:
        self._kept = KeptArrays(folder, SCHEME, {"hashes": "<u4", "counts": "<u2"})
        self.problem = ""

    def __len__(self) -> int:
        """How many distinct texts are kept."""
        return len(self._kept)

    @property
    def size(self) -> int:
        """Bytes that the files take on the disk."""
        return self._kept.size()

    def rows(self, texts: Sequence[str], progress: Progress | None = None) -> csr_matrix:
        """``features.text_rows(texts)``: ``(len(texts), v)`` float32, each row of length 1 (or 0). New texts are kept.

        Raises ``WorkbenchError`` when no text has a token.
        """
        return fitted_rows(self.grams(texts, progress))[1]

    def grams(self, texts: Sequence[str], progress: Progress | None = None) -> Grams:
        """``count_grams(texts)``, counting only what is not kept yet; ``progress`` counts the new texts."""
        keys = [key_of(text) for text in texts]
        try:
            for _ in range(2):
                self._add(texts, keys, progress)
                places = self._kept.find(keys)
                if (places < 0).any():
                    continue  # another process has just purged, or there is no more room
                try:
                    indptr, found = self._kept.read(places)
                except Damaged:
                    self._kept.clear()
                    continue
                return Grams(found["hashes"], found["counts"], indptr)
        except OSError as error:
            self.problem = f"{self._kept.folder}: features are not kept ({error.strerror or error})."
        return count_grams(texts)

    def add(self, texts: Sequence[str], progress: Progress | None = None) -> None:
        """Count and keep the texts that are new. Raises ``WorkbenchError`` where that is impossible."""
        try:
            self._add(texts, [key_of(text) for text in texts], progress)
        except OSError as error:
            raise WorkbenchError(
                f"{self._kept.folder}: features cannot be kept ({error.strerror or error}); check space and permissions."
            ) from error

    def retain(self, texts: Iterable[str]) -> int:
        """Delete all that is kept of other texts than ``texts``; returns how many those were. Raises as ``add``."""
        if not self._kept.folder.exists():
            return 0
        try:
            return self._kept.retain(key_of(text) for text in texts)
        except OSError as error:
            raise WorkbenchError(
                f"{self._kept.folder}: kept features could not be deleted ({error.strerror or error}); delete the folder."
            ) from error

    def _add(self, texts: Sequence[str], keys: Sequence[bytes], progress: Progress | None) -> None:
        missing = (self._kept.find(keys) < 0).nonzero()[0].tolist()
        new = list({keys[i]: i for i in missing}.values())
        done = 0
        for part in _parts(texts, new):
            if self.size > LARGEST:
                self.problem = f"{self._kept.folder}: holds {self.size:,} bytes; more features are not kept."
                return
            grams = count_grams([texts[i] for i in part])
            self._kept.append([keys[i] for i in part], grams.indptr, {"hashes": grams.hashes, "counts": grams.counts})
            done += len(part)
            if progress is not None:
                progress(done, len(new))


def _parts(texts: Sequence[str], chosen: Sequence[int]) -> Iterator[list[int]]:
    part: list[int] = []
    size = 0
    for i in chosen:
        part.append(i)
        size += len(texts[i])
        if size >= _CHARACTERS:
            yield part
            part, size = [], 0
    if part:
        yield part
