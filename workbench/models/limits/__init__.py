"""Limits of an endpoint and of a job: ``Gate`` (when to send), ``Backoff`` (when to ask again), ``Budget`` (what to spend).

``Gate`` holds all limits of one endpoint: its pace as learnt from refusals, requests and tokens per minute, and how many
requests may be under way at once.
"""

from __future__ import annotations

from workbench.models.limits.backoff import Backoff
from workbench.models.limits.buckets import Bucket
from workbench.models.limits.budget import Budget, Usage
from workbench.models.limits.concurrency import Width
from workbench.models.limits.gate import Gate
from workbench.models.limits.pace import Pace
from workbench.models.limits.prices import FREE, Listed, Prices, known

__all__ = ["FREE", "Backoff", "Bucket", "Budget", "Gate", "Listed", "Pace", "Prices", "Usage", "Width", "known"]
