"""The names of the services, and the port of each on the distributed footing where nobody gives another."""

NAMES = ("intake", "grid", "partners", "notify")
FRONT = "front"
# Addresses that a standard prescribes, and where the service that answers has them: every door leads there.
ALIASES = {
    "/open311/": "/intake/v1/open311/",
    "/discovery.": "/intake/v1/open311/discovery.",
    "/.well-known/webhook-keys": "/notify/v1/webhook-keys",
}
PORTS = {name: 8001 + place for place, name in enumerate((*NAMES, FRONT))}


def behind(path: str) -> str:
    """Where a path of the door is answered; most are their own."""
    for prefix, own in ALIASES.items():
        if path.startswith(prefix):
            return own + path.removeprefix(prefix)
    return path
