"""Name resolution that hands out vetted addresses only: what is dialled is exactly what was looked at."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from shared.http.addresses import OutboundPolicy

Found = tuple[int, str]
Lookup = Callable[[str, int], list[Found]]
# A name server that hangs holds a thread for as long as it likes; the loop's own few must not be spent on it.
_THREADS = 32


def getaddrinfo(host: str, family: int) -> list[Found]:
    """Ask the system for a host's addresses, as (family, address); OSError where there are none."""
    found = socket.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM)
    return [(entry[0], str(entry[4][0])) for entry in found]


class VettingResolver(AbstractResolver):
    """Resolves once and refuses a host of which ANY address is not allowed: nobody has half an intranet."""

    def __init__(self, policy: OutboundPolicy, lookup: Lookup = getaddrinfo) -> None:
        self._policy = policy
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses, or raise RefusedAddress, or OSError where the name cannot be resolved."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._lookup, host, family)
        for _, address in found:
            self._policy.vet(address)
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=numeric)
            for kind, address in found
        ]

    async def close(self) -> None:
        """Let go of the threads without waiting for those that hang."""
        self._threads.shutdown(wait=False, cancel_futures=True)
