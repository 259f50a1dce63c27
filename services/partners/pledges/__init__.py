"""Promises of units, from yes to signed for."""
