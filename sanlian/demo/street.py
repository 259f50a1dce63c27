"""A street office as an outsider would build it: it verifies what it gets, and signs what it answers.

Both are done with the `standardwebhooks` library from the package index, which shares no line with ours.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST = 512 * 1024


@dataclass(slots=True)
class Inbox:
    """What arrived with a good signature, in order, each message once; and how many had a bad one."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    _seen: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, id: str, message: dict[str, Any]) -> None:
        with self._lock:
            if id not in self._seen:
                self._seen.add(id)
                self.messages.append(message)

    def find(self, type: str, issue_no: str) -> list[dict[str, Any]]:
        """The messages of that type about that issue."""
        return [
            message
            for message in list(self.messages)
            if message["type"] == type and message["data"].get("issue_no") == issue_no
        ]


class StreetOffice:
    """A small receiver on a free port. `secret` is what the registration of its endpoint answered."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.inbox = Inbox()
        self.secret: str | None = None
        self._server = ThreadingHTTPServer((host, 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="street office", daemon=True)

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/webhooks"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def receive(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Verify one call and keep it; return the status to answer with."""
        if self.secret is None:
            # Registration is not finished: the sender tries again.
            return 503
        try:
            message = Webhook(self.secret).verify(body, dict(headers))
        except WebhookVerificationError:
            self.inbox.refused += 1
            return 401
        self.inbox.take(headers["webhook-id"], message)
        return 204

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        office = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                size = int(self.headers.get("content-length", 0))
                if size > LARGEST:
                    self.close_connection = True
                    status = 413
                else:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    status = office.receive(self.rfile.read(size), headers)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """The story tells what matters."""

        return Handler


@dataclass(frozen=True, slots=True)
class Signed:
    """A call ready to be sent: the same bytes and headers again are the same call again."""

    body: bytes
    headers: Mapping[str, str]


def sign_call(secret: str, content: Mapping[str, object]) -> Signed:
    """Sign an answer of the street as Standard Webhooks asks."""
    id, now = f"msg_{uuid4().hex}", datetime.now(UTC)
    body = json.dumps(content, ensure_ascii=False)
    headers = {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, now, body),
    }
    return Signed(body.encode(), headers)
