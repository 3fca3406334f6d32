"""The terminal driver: keeps the cells that the terminal shows and sends only those that differ."""
