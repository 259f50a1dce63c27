"""The demo's own tools: a caller that waits for a restart, and a street office that trusts nobody."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from sanlian.demo.doors import Door, Unexpected, Unreachable, until
from sanlian.demo.street import StreetOffice, sign_call

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@contextmanager
def answering(*statuses: int) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these answers in turn, and notes the idempotency keys that it saw."""
    keys: list[str] = []
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            keys.append(self.headers["idempotency-key"])
            body = json.dumps({"said": left[0]}).encode()
            self.send_response(left.pop(0))
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", keys
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_service_that_is_being_restarted_is_asked_again_under_the_same_key() -> None:
    with answering(503, 502, 201) as (url, keys), closing(Door(url, "token")) as door:
        assert door.post("/x", {}, expect=201) == {"said": 201}
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_an_answer_that_was_not_expected_is_shown_whole() -> None:
    shown = pytest.raises(Unexpected, match=r"POST /x: 409 instead of success: .*said")
    with answering(409) as (url, _), closing(Door(url, None)) as door, shown:
        door.post("/x", {})


def test_nobody_at_the_door_is_one_clear_line() -> None:
    said = pytest.raises(Unreachable, match=r"127\.0\.0\.1:9 does not answer")
    with closing(Door("http://127.0.0.1:9", None, patience_s=0)) as door, said:
        door.get("/x")


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(Unexpected, match="the moon"):
        until(lambda: None, "the moon", patience_s=0.05)


def test_the_street_keeps_a_signed_message_once_and_refuses_a_forged_one() -> None:
    call = sign_call(SECRET, {"type": "issue.emergency", "data": {"issue_no": "WLD-1"}})
    with StreetOffice() as office:
        assert httpx.post(office.url, content=call.body, headers=dict(call.headers)).status_code == 503
        office.secret = SECRET
        for body, status in [(call.body, 204), (call.body, 204), (call.body + b" ", 401)]:
            assert httpx.post(office.url, content=body, headers=dict(call.headers)).status_code == status
        assert len(office.inbox.messages) == 1
        assert office.inbox.refused == 1
        assert len(office.inbox.find("issue.emergency", "WLD-1")) == 1
        assert office.inbox.find("issue.emergency", "WLD-2") == []
