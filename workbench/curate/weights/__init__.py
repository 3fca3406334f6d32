"""Weightings: every sample stays, and counts more or less. One file each."""
