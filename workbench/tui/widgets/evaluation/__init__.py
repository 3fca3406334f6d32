"""What Evaluate shows, a module a chart: pure functions from an evaluation's JSON to lines with places that open samples."""
