"""Event contracts: one module a producing service, one class an event and version."""

from shared.events.base import Event, Snapshot, catalogue

__all__ = ["Event", "Snapshot", "catalogue"]
