"""``report``: an evaluation as a file to share."""
