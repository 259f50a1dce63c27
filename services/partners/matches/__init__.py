"""Offers that could serve a need, with the reasons."""
