"""The public HTTP doors, as somebody outside knows them: a base URL, a token or a key, JSON in and out."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import httpx

PATIENCE_S = 30.0
TRY_AGAIN = frozenset({502, 503, 504})


class Unexpected(Exception):
    """A door answered otherwise than was relied upon; `problem` is the document that it gave, if any."""

    def __init__(self, message: str, problem: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.problem = problem or {}


class Unreachable(Unexpected):
    """Nobody is at the door."""


class Door:
    """Everything one caller may ask. A change carries an Idempotency-Key, so it may be sent again."""

    def __init__(self, base_url: str, credentials: str | None, *, patience_s: float = PATIENCE_S) -> None:
        headers = {} if credentials is None else {"Authorization": f"Bearer {credentials}"}
        # A proxy of the environment has no business with a server on this machine or in this network.
        self._client = httpx.Client(base_url=base_url, headers=headers, timeout=15, trust_env=False)
        self._patience_s = patience_s

    def get(self, path: str, *, expect: int = 200, **query: str | int) -> Any:
        return self._ask("GET", path, expect=expect, params=query)

    def put(self, path: str, body: object, *, expect: int | None = None) -> Any:
        return self._ask("PUT", path, expect=expect, json=body)

    def post(self, path: str, body: object = None, *, expect: int | None = None) -> Any:
        return self._ask("POST", path, expect=expect, json=body)

    def read(self, path: str, body: object, *, expect: int = 200) -> Any:
        """Post a reading that is written down: its answer is kept nowhere, so it takes no Idempotency-Key."""
        return self._ask("POST", path, expect=expect, keyed=False, json=body)

    def upload(self, path: str, name: str, content: bytes, media_type: str, **fields: str) -> Any:
        """Send a file in a form, as a browser does."""
        return self._ask("POST", path, expect=201, files={"file": (name, content, media_type)}, data=fields)

    def send(self, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Post bytes as they are, with the caller's own headers, and return whatever comes."""
        return self._patiently(lambda: self._client.post(path, content=body, headers=dict(headers)))

    def close(self) -> None:
        self._client.close()

    def _ask(self, method: str, path: str, *, expect: int | None, keyed: bool = True, **what: Any) -> Any:
        headers = {"Idempotency-Key": str(uuid4())} if keyed and method != "GET" else {}
        answer = self._patiently(lambda: self._client.request(method, path, headers=headers, **what))
        wanted = answer.is_success if expect is None else answer.status_code == expect
        if not wanted:
            wish = "success" if expect is None else expect
            said = f"{method} {path}: {answer.status_code} instead of {wish}: {answer.text[:800]}"
            raise Unexpected(said, _problem(answer))
        return answer.json() if answer.content else None

    def _patiently(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        """A service that is being restarted is no reason to give up."""
        deadline = time.monotonic() + self._patience_s
        pause = 0.2
        while True:
            try:
                answer = request()
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise Unreachable(f"{self._client.base_url} does not answer: {error}") from error
            else:
                if answer.status_code not in TRY_AGAIN or time.monotonic() > deadline:
                    return answer
            time.sleep(pause)
            pause = min(pause * 2, 2.0)


def _problem(answer: httpx.Response) -> dict[str, Any] | None:
    if answer.headers.get("content-type") != "application/problem+json":
        return None
    problem: dict[str, Any] = answer.json()
    return problem


def until(found: Callable[[], Any], what: str, *, patience_s: float = PATIENCE_S) -> Any:
    """Ask until there is something, and return it. Raises `Unexpected` when it takes too long."""
    deadline = time.monotonic() + patience_s
    pause = 0.02
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Unexpected(f"{what}: not within {patience_s:.0f} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
