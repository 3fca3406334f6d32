"""Metrics, one technique to a file; each registers the names of the metrics that it gives."""
