"""Which addresses may be called: the public internet and the networks that a deployment names, nothing else.

The table is written out because `ipaddress.is_global` calls 6to4, NAT64, multicast, site-local and cloud
platform addresses global on Python 3.11 and 3.12, and some of them later still.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


def _networks(text: str) -> tuple[IPNetwork, ...]:
    return tuple(ip_network(entry) for entry in text.split())


# Keys of the machine are handed out here (AWS, Google, Azure, Alibaba, Oracle), and link-local addresses are
# never a partner's: no deployment can allow these.
_NEVER = _networks(
    "169.254.0.0/16 100.100.100.200/32 168.63.129.16/32 192.0.0.192/32 "
    "fe80::/10 fd00:ec2::254/128 fd00:ec2::23/128 fd20:ce::254/128"
)
# IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and on), multicast and reserved space.
_NOT_PUBLIC = _networks(
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 "
    "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
    "2001::/23 2001:db8::/32 2002::/16 3fff::/20"
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))


class RefusedAddress(Exception):
    """The address must not be called. Not an OSError, so that no other address is tried in its place."""


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """What a deployment lets out: `networks` are allowed though they are private, `http` allows the scheme.

    `ports` of None allows every port. IP addresses in place of a host name are allowed in `networks` only.
    """

    networks: tuple[IPNetwork, ...] = ()
    http: bool = False
    ports: frozenset[int] | None = frozenset({443, 8443})

    def lists(self, address: IPAddress) -> bool:
        """Whether the deployment named a network in which this address lies."""
        return any(address in network for network in self.networks)

    def allows(self, address: IPAddress) -> bool:
        """Whether this address, and any IPv4 address that it carries inside, may be called."""
        return all(self._allows_as_it_stands(form) for form in _forms(address))

    def vet(self, text: str) -> None:
        """Raise RefusedAddress for an address that may not be called, or that cannot be read."""
        try:
            address = ip_address(text)
        except ValueError as error:
            raise RefusedAddress("The address cannot be read") from error
        if not self.allows(address):
            raise RefusedAddress("The address is not one that may be called")

    def _allows_as_it_stands(self, address: IPAddress) -> bool:
        if any(address in network for network in _NEVER):
            return False
        return self.lists(address) or _is_public(address)


# For addresses that the operator configured, such as the keys of the sign-in: private networks are fine.
OPERATOR_POLICY = OutboundPolicy(_networks("0.0.0.0/0 ::/0"), http=True, ports=None)


def _is_public(address: IPAddress) -> bool:
    if isinstance(address, IPv6Address) and (address.scope_id or address not in _GLOBAL_UNICAST):
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def _forms(address: IPAddress) -> Iterator[IPAddress]:
    """The address and the IPv4 addresses within it; a mapped one is nothing but what is within it."""
    if isinstance(address, IPv4Address):
        yield address
        return
    inner = IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _MAPPED:
        yield inner
        return
    yield address
    if any(address in network for network in _NAT64):
        yield inner
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
