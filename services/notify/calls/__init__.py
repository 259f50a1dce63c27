"""Calls of street offices: their signed answers to escalations."""
