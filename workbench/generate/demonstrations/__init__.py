"""In-context demonstrations: which examples a prompt shows."""
