"""Strategies that choose what a person should look at, one to a file."""

from workbench.curate.labels.selecting import STRATEGIES

__all__ = ["STRATEGIES"]
