"""Embeddings from an endpoint for curation and evaluation: in chunks, paced, and no text sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.generate.asking import ATTEMPTS
from workbench.learn.embeddings import local_embedder
from workbench.models.base import RateLimited, Transient
from workbench.models.limits import Backoff
from workbench.models.openai import EMBEDDED_AT_ONCE, OpenAIModel
from workbench.pipeline import setting
from workbench.pipeline.features import embeddings_of
from workbench.project import Project
from workbench.text import clean

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

#: Requests for embeddings under way at once, and characters of a text that are sent.
AT_ONCE, LONGEST = 8, 8_000
#: Runs a coroutine in the event loop's thread and waits for it; raises where the job is to stop.
Run = Callable[[Coroutine[Any, Any, "list[list[float]]"]], "list[list[float]]"]


class Embedder:
    """The embedding model that ``spec`` names: ``openai:NAME`` at the project's endpoint, or ``local:NAME`` on this machine
    (``learn.embeddings.local_embedder``). ``sent`` counts texts that were embedded anew.

    Raises ``UsageError`` for any other.
    """

    def __init__(self, project: Project, spec: str, log: Callable[[str, str], None]) -> None:
        provider, _, self._name = spec.partition(":")
        if provider not in ("openai", "local") or not self._name.strip():
            raise UsageError(
                f"curate.embeddings is {clean(spec, limit=80)!r}: write openai:NAME, the name of an embedding model at the "
                "endpoint, or local:NAME for a model2vec model on this machine."
            )
        self.model: OpenAIModel | None = None
        self.sent = 0
        self._log = log
        self._backoff = Backoff(seed=0)
        known_as = spec
        if provider == "openai":
            lane = setting.lanes_of(project, {"model": spec, "seed": 0}, [])[0]
            assert isinstance(lane.model, OpenAIModel)
            self.model, self._gate = lane.model, lane.gate
            known_as = f"{lane.model.group} {spec}"
        self._cache = embeddings_of(project, known_as)

    def rows(self, texts: Sequence[str], run: Run) -> Array:
        """One row of length 1 per text, ``(n, d)`` float32 (0 where a model gives no direction).

        Of a text over ``LONGEST`` characters the beginning counts. Raises a ``ModelError`` when the endpoint refuses or
        fails for good; what it gave by then is kept.
        """
        fit = [text[:LONGEST].encode("utf-8", "replace").decode() for text in texts]
        return self._cache.get(fit, self._local() if self.model is None else lambda wanted: run(self._together(wanted)))

    def _local(self) -> Callable[[list[str]], Sequence[Sequence[float]]]:
        compute = local_embedder(self._name)

        def counted(texts: list[str]) -> Sequence[Sequence[float]]:
            self.sent += len(texts)
            return compute(texts)

        return counted

    async def close(self) -> None:
        if self.model is not None:
            await self.model.close()

    async def _together(self, texts: list[str]) -> list[list[float]]:
        free = asyncio.Semaphore(AT_ONCE)

        async def one(chunk: list[str]) -> list[list[float]]:
            async with free:
                return await self._chunk(chunk)

        chunks = [texts[start : start + EMBEDDED_AT_ONCE] for start in range(0, len(texts), EMBEDDED_AT_ONCE)]
        tasks = [asyncio.ensure_future(one(chunk)) for chunk in chunks]
        try:
            return [row for rows in await asyncio.gather(*tasks) for row in rows]
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    async def _chunk(self, texts: list[str]) -> list[list[float]]:
        assert self.model is not None
        attempts = limited = 0
        loop = asyncio.get_running_loop()
        while True:
            await self._gate.turn(sum(map(len, texts)) // 4)
            began = loop.time()
            try:
                rows = await self.model.embed(texts)
            except RateLimited as error:
                self._gate.limited(error.retry_after, loop.time() - began)
                limited += 1
                await asyncio.sleep(self._backoff.wait(min(limited, 4), error.retry_after))
            except Transient as error:
                self._gate.failed(loop.time() - began)
                attempts += 1
                if attempts >= ATTEMPTS:
                    raise
                self._log("warning", str(error))
                await asyncio.sleep(self._backoff.wait(min(attempts, 4), error.retry_after))
            except BaseException:
                self._gate.dropped()
                raise
            else:
                self._gate.ok(loop.time() - began, 0)
                self.sent += len(texts)
                return rows
