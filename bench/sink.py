"""A street office that takes everything at once and notes when each message came."""

import asyncio
import re
import time

_SUBJECT = re.compile(rb'"issue_no":"([^"]+)"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Sink:
    """`arrived` maps the issue's number to the moment its first message came (`time.perf_counter`)."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen on a free port and return the URL."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Office(self.arrived), "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()


class _Office(asyncio.Protocol):
    def __init__(self, arrived: dict[str, float]) -> None:
        self._arrived, self._buffer = arrived, b""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head, separator, rest = self._buffer.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if not separator or length is None or len(rest) < int(length[1]):
                return
            body, self._buffer = rest[: int(length[1])], rest[int(length[1]) :]
            found = _SUBJECT.search(body)
            if found is not None:
                self._arrived.setdefault(found[1].decode(), time.perf_counter())
            self._transport.write(_ANSWER)  # type: ignore[union-attr]  # uvloop's own kind of transport.
