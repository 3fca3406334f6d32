"""Generation conditions: what each sample should be."""
