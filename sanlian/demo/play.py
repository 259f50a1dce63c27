"""The stories by their names, and the machine's address as a street's receiver must give it."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from sanlian.demo.fire import tell_fire
from sanlian.demo.gifts import tell_gifts
from sanlian.demo.handback import tell_handback
from sanlian.demo.light import tell_light
from sanlian.demo.relief import tell_relief
from sanlian.demo.timeline import Timeline
from sanlian.demo.town import Town

STORIES = ("light", "fire", "gifts", "handback", "relief")


def play(town: Town, timeline: Timeline, names: Sequence[str], *, receiver_host: str) -> None:
    """Tell the stories named. Raises `Unexpected` where one goes otherwise than it should."""
    tellers: dict[str, Callable[[], object]] = {
        "light": lambda: tell_light(town, timeline),
        "fire": lambda: tell_fire(town, timeline, receiver_host=receiver_host),
        "gifts": lambda: tell_gifts(town, timeline),
        "relief": lambda: tell_relief(town, timeline, receiver_host=receiver_host),
        "handback": lambda: tell_handback(town, timeline, receiver_host=receiver_host),
    }
    for name in names:
        tellers[name]()


def own_address(base_url: str) -> str:
    """The address under which the services at this URL can reach this machine."""
    parts = urlsplit(base_url)
    found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    # No packet is sent: connecting a datagram socket only asks the routing table.
    with socket.socket(family, kind, protocol) as asked:
        asked.connect(address)
        own = str(asked.getsockname()[0])
    return f"[{own}]" if ipaddress.ip_address(own).version == 6 else own
