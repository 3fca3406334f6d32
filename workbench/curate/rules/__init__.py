"""What the rule filters share: a sample's texts one by one, counts, phrases, finders. Pure functions on texts."""
