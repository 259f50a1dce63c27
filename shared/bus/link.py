"""One supervised connection to RabbitMQ, to any node of it: whatever breaks, all of it is built anew."""

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable
from time import monotonic

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from shared.bus import Unavailable

log = logging.getLogger(__name__)

# Beats find a peer that vanished without a word; the broker's default of a minute is too long for us.
HEARTBEAT_S = 10
CONNECT_TIMEOUT_S = 10.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 5.0

BROKEN: tuple[type[Exception], ...] = CONNECTION_EXCEPTIONS
AWAY: tuple[type[Exception], ...] = (Unavailable, *BROKEN)

Session = Callable[[AbstractConnection], Awaitable[None]]

# Where one URL ends and the next begins; a bare comma may be part of somebody's password.
_BETWEEN_URLS = re.compile(r"\s*,\s*(?=amqps?://)")


async def connect(urls: str, name: str) -> AbstractConnection:
    """Connect to the broker, or to any node of a cluster whose URLs stand in `urls` with commas between.

    The nodes are asked in a random order, so that many connections spread. Raises what the last one said;
    a node that says nothing is given up after `CONNECT_TIMEOUT_S` seconds.
    """
    nodes = _BETWEEN_URLS.split(urls)
    *others, last = random.sample(nodes, len(nodes))
    for url in others:
        try:
            return await _connect(url, name)
        except BROKEN as error:
            log.info("%s: a node is away, trying another: %r", name, error)
    return await _connect(last, name)


async def _connect(url: str, name: str) -> AbstractConnection:
    return await aio_pika.connect(
        url,
        timeout=CONNECT_TIMEOUT_S,
        heartbeat=HEARTBEAT_S,
        client_properties={"connection_name": name},
    )


class Link:
    """Keeps `session` running on a live connection until `close`.

    The session declares, consumes and publishes; it returns or raises when its channels are of no more
    use. Nothing survives a broken connection, so there is no half-restored state to be stuck in.
    """

    def __init__(self, url: str, name: str, session: Session) -> None:
        self._url, self._name, self._session = url, name, session
        self._task: asyncio.Task[None] | None = None
        self._connection: AbstractConnection | None = None

    def start(self) -> None:
        """Connect in the background, and again whenever needed."""
        if self._task is None:
            self._task = asyncio.create_task(self._supervise(), name=self._name)

    async def close(self) -> None:
        """Disconnect for good."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._connection is not None:
            # The end may have struck while a failed session said goodbye; nobody else knows that connection.
            await _hang_up(self._connection)
            self._connection = None

    async def _supervise(self) -> None:
        pause = SHORTEST_PAUSE_S
        while True:
            began = monotonic()
            try:
                await self._connected()
            except AWAY as error:
                log.warning("%s: the broker is away, next try in %.2f s: %r", self._name, pause, error)
            except Exception:
                # Whatever else went wrong must not end the supervision: that is how services wedge.
                log.exception("%s: session failed, next try in %.2f s", self._name, pause)
            await asyncio.sleep(pause)
            # What stood for a while was sound: the next break is news, and no part of a row of failures.
            lasted = monotonic() - began > LONGEST_PAUSE_S * 2
            pause = SHORTEST_PAUSE_S if lasted else min(pause * 2, LONGEST_PAUSE_S)

    async def _connected(self) -> None:
        connection = await connect(self._url, self._name)
        self._connection = connection
        session = asyncio.ensure_future(self._session(connection))
        lost = asyncio.ensure_future(connection.closed())
        try:
            await asyncio.wait({session, lost}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            session.cancel()
            lost.cancel()
            outcome, _ = await asyncio.gather(session, lost, return_exceptions=True)
            await _hang_up(connection)
        # A session that failed says why; one that a lost connection ended has nothing to add.
        if isinstance(outcome, Exception):
            raise outcome


async def _hang_up(connection: AbstractConnection) -> None:
    try:
        async with asyncio.timeout(2):
            await connection.close()
    except BROKEN as error:
        # The peer may be gone already; the socket is closed either way.
        log.debug("unclean goodbye: %r", error)
