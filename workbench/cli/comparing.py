"""``compare``: outputs side by side."""
