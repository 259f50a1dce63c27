"""What a unit can give."""
