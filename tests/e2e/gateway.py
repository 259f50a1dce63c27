"""One door in front of the distributed services, as nginx is in compose."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from sanlian.ports import behind

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "host", "date", "server"}


def kept(headers: Message | httpx.Headers) -> dict[str, str]:
    """Those headers that are for both ends and not for one hop."""
    return {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}


@contextmanager
def gateway(services: Mapping[str, str], front: str) -> Iterator[str]:
    """Serve on a free port; `services` says the base URL behind each first path segment."""
    with httpx.Client(timeout=30, trust_env=False) as client:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler(client, services, front))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def handler(client: httpx.Client, services: Mapping[str, str], front: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            path = behind(self.path)
            service = services.get(path.lstrip("/").partition("/")[0], front)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = kept(self.headers)
            try:
                got = client.request(self.command, service + path, content=body, headers=headers)
            except httpx.TransportError:
                got = httpx.Response(502)
            self.send_response(got.status_code)
            for name, value in kept(got.headers).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(got.content)))
            self.end_headers()
            self.wfile.write(got.content)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def do_PUT(self) -> None:
            self.answer()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
