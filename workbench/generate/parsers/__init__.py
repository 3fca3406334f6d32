"""How answers become fields."""
