"""The names of the services, and the port of each on the distributed footing where nobody gives another."""

NAMES = ("intake", "grid", "partners", "notify")
FRONT = "front"
PORTS = {name: 8001 + place for place, name in enumerate((*NAMES, FRONT))}
