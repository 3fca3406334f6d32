"""A terminal workbench where people make data sets with language models."""

__version__ = "0.1.0"
