"""Messages: written once about an event, kept for a while."""
