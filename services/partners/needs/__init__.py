"""What somebody needs, without who."""
