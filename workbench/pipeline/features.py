"""Where a project keeps what is computed from its texts once: counted features and embeddings, beside the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from workbench.learn.embeddings import EmbeddingCache, retain_embeddings
from workbench.learn.feature_store import FeatureStore
from workbench.project import Project


def folder_of(project: Project) -> Path:
    """The folder of all kept features: on the same disk as the database, for the same hosts. It may be deleted at any
    time; everything in it can be computed again (embeddings would be paid for again)."""
    return project.database.with_name(project.database.name + "-features")


def features_of(project: Project) -> FeatureStore:
    """The project's kept TF-IDF features; its ``rows`` is what ``curate.base.Context.features`` wants."""
    return FeatureStore(folder_of(project) / "grams")


def embeddings_of(project: Project, model_name: str) -> EmbeddingCache:
    """The project's kept embeddings by ``model_name`` ("openai:NAME" or "local:NAME")."""
    return EmbeddingCache(folder_of(project) / "embeddings", model_name)


def keep_only(project: Project, texts: Callable[[], Iterable[str]]) -> int:
    """Delete everything kept of other texts than ``texts()``: after samples were deleted for good, with all that the
    project still holds, so that earlier versions of the deleted ones go as well. Returns how many rows went. Raises
    ``WorkbenchError`` when the files cannot be written."""
    return features_of(project).retain(texts()) + retain_embeddings(folder_of(project) / "embeddings", texts)
