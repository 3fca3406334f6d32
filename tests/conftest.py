"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.endpoint import Endpoint, start_endpoint

# Before anything loads numpy: test processes run beside each other, as jobs do.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@pytest.fixture
def endpoint() -> Iterator[Callable[..., Endpoint]]:
    """``endpoint(latency=0.05, share_429=0.05)`` starts a local OpenAI-compatible server; it ends with the test."""
    started: list[Endpoint] = []

    def start(**options: object) -> Endpoint:
        started.append(start_endpoint(**options))
        return started[-1]

    yield start
    for server in started:
        server.stop()
