"""Rules by which feedback recipes keep or drop what they made."""
