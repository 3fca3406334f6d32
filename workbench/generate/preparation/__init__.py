"""What recipes ask before the first sample."""
