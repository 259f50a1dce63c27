"""The services: strangers to one another, who meet only in `shared.events`."""
