"""Visits to households: owed, made, missed."""
