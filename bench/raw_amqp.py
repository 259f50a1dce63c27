"""The limit of publishing: frames written straight to a socket, confirms read off it, and nothing else."""

import socket
import time
from typing import Any
from urllib.parse import unquote, urlsplit

from pamqp import base as amqp_base
from pamqp import body, commands, frame, header
from pamqp.exceptions import UnmarshalingException

WINDOW = 500


class RawChannel:
    """One connection with one confirming channel, blocking, without any comfort."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        vhost = unquote(parts.path[1:]) or "/"
        self._socket = socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5672))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._socket.sendall(b"AMQP\x00\x00\x09\x01")
        self._read()
        login = f"\x00{unquote(parts.username or 'guest')}\x00{unquote(parts.password or 'guest')}"
        self._send(commands.Connection.StartOk({}, "PLAIN", login, "en_US"), 0)
        tune = self._read()
        self._send(commands.Connection.TuneOk(tune.channel_max, tune.frame_max, 0), 0)
        self._call(commands.Connection.Open(vhost), 0)
        self._call(commands.Channel.Open(), 1)
        self._call(commands.Confirm.Select(), 1)

    def declare(self, queue: str) -> None:
        """A durable quorum queue."""
        self._call(commands.Queue.Declare(queue=queue, durable=True, arguments={"x-queue-type": "quorum"}), 1)

    def delete(self, queue: str) -> None:
        """Remove the queue and what is in it."""
        self._call(commands.Queue.Delete(queue=queue), 1)

    def publish(self, queue: str, payload: bytes, count: int) -> float:
        """Publish `count` times, persistent and confirmed; return messages per second."""
        properties = commands.Basic.Properties(delivery_mode=2, content_type="application/json")
        message = b"".join((
            frame.marshal(commands.Basic.Publish(exchange="", routing_key=queue), 1),
            frame.marshal(header.ContentHeader(0, len(payload), properties), 1),
            frame.marshal(body.ContentBody(payload), 1),
        ))
        sent = confirmed = 0
        began = time.perf_counter()
        while confirmed < count:
            room = min(WINDOW - (sent - confirmed), count - sent)
            if room >= WINDOW // 5 or (room and sent + room == count):
                self._socket.sendall(message * room)
                sent += room
            answer = self._read()
            if not isinstance(answer, commands.Basic.Ack):
                raise RuntimeError(f"not confirmed: {answer}")
            confirmed = answer.delivery_tag if answer.multiple else confirmed + 1
        return count / (time.perf_counter() - began)

    def close(self) -> None:
        """Say goodbye."""
        self._call(commands.Connection.Close(200, "", 0, 0), 0)
        self._socket.close()

    def _call(self, command: amqp_base.Frame, channel: int) -> None:
        self._send(command, channel)
        self._read()

    def _send(self, command: amqp_base.Frame, channel: int) -> None:
        self._socket.sendall(frame.marshal(command, channel))

    def _read(self) -> Any:
        while True:
            if self._buffer:
                try:
                    used, _, value = frame.unmarshal(self._buffer)
                except UnmarshalingException:
                    # Half a frame; the rest is on its way.
                    value = None
                if value is not None:
                    self._buffer = self._buffer[used:]
                    return value
            chunk = self._socket.recv(65536)
            if not chunk:
                raise ConnectionResetError("the broker hung up")
            self._buffer += chunk
