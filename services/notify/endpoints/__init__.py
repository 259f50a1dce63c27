"""Endpoints of street offices, with their secrets."""
