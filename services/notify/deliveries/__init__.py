"""Deliveries: claimed, sent, recorded, and sent again."""
