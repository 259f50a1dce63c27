"""Households and their colour of care."""
