"""An evaluation as one HTML file: no scripts, nothing loaded, light and dark, charts with their numbers as text."""
