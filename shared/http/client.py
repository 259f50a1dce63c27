"""The HTTP client: bounded in time and size, follows nothing, calls only what the policy allows."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from types import MappingProxyType, SimpleNamespace, TracebackType
from typing import Self

import aiohttp
import orjson
from yarl import URL

from shared.http.addresses import OutboundPolicy
from shared.http.failures import CALL_ERRORS, HttpFailure, failure_of
from shared.http.resolver import Lookup, VettingResolver, getaddrinfo
from shared.http.urls import check_url

ANSWER_BYTES = 16 * 1024
DOCUMENT_BYTES = 256 * 1024
_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds; `dns` and `connect` (with TLS) are None where a kept connection was used again."""

    first_byte: float
    total: float
    dns: float | None = None
    connect: float | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer: header names in lower case, the body as sent, `truncated` beyond its bound."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    truncated: bool
    timing: Timing
    remote_ip: str | None


@dataclass(slots=True)
class _Call:
    """One request, and what happens to it on the way."""

    method: str
    url: str
    body: bytes | None
    headers: Mapping[str, str]
    most: int
    marks: dict[str, float] = field(default_factory=dict)


class HttpClient:
    """Use as an async context manager; one for a service, so that connections are kept and used again."""

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        private_ca: Path | None = None,
        connections: int = 256,
        lookup: Lookup = getaddrinfo,
    ) -> None:
        self._policy = policy
        self._tls = ssl.create_default_context()
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        if private_ca is not None:
            self._tls.load_verify_locations(private_ca)
        self._connections = connections
        self._lookup = lookup
        self._open: tuple[aiohttp.ClientSession, VettingResolver] | None = None

    async def __aenter__(self) -> Self:
        resolver = VettingResolver(self._policy, self._lookup)
        connector = aiohttp.TCPConnector(
            limit=self._connections,
            resolver=resolver,
            socket_factory=self._vetted_socket,
            ssl=self._tls,
            keepalive_timeout=30,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "sanlian", "Accept-Encoding": "identity"},
            response_class=_Response,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
            trace_configs=[_tracing()],
            trust_env=False,
        )
        self._open = session, resolver
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None:
            session, resolver = self._open
            self._open = None
            await session.close()
            await resolver.close()

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float = 15.0
    ) -> HttpAnswer:
        """Send the body and return whatever answer comes, with up to 16 KiB of its body; else HttpFailure.

        The time limit covers everything up to the end of the answer. If a kept connection turns out to be
        broken before any byte of an answer, the request is sent once more: it may then arrive twice.
        """
        return await self.request("POST", url, body=body, headers=headers, timeout_s=timeout_s)

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        timeout_s: float = 15.0,
        most: int = ANSWER_BYTES,
    ) -> HttpAnswer:
        """Do the same with another method, or another bound for the body of the answer, in bytes."""
        return await self._within(timeout_s, _Call(method, url, body, headers, most))

    async def get_json(self, url: str, *, timeout_s: float = 10.0) -> object:
        """Fetch a JSON document of up to 256 KiB; anything but that, under status 200, is an HttpFailure."""
        accept = {"Accept": "application/json"}
        answer = await self.request("GET", url, headers=accept, timeout_s=timeout_s, most=DOCUMENT_BYTES)
        if answer.status != 200 or answer.truncated:
            raise HttpFailure("protocol", f"Expected a JSON document, but the answer was {answer.status}")
        try:
            document: object = orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise HttpFailure("protocol", "Expected a JSON document, but the answer is none") from error
        return document

    async def _within(self, timeout_s: float, call: _Call) -> HttpAnswer:
        try:
            async with asyncio.timeout(timeout_s):
                call.url = check_url(call.url, self._policy)
                try:
                    return await self._exchange(call)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                    # aiohttp repeats idempotent requests by itself, but not a POST.
                    if "reused" not in call.marks or "answered" in call.marks:
                        raise
                    call.marks.clear()
                    return await self._exchange(call)
        except CALL_ERRORS as error:
            raise failure_of(error) from error

    async def _exchange(self, call: _Call) -> HttpAnswer:
        if self._open is None:
            raise RuntimeError("The HTTP client is not open: use it as an async context manager")
        began = perf_counter()
        async with self._open[0].request(
            call.method,
            URL(call.url, encoded=True),
            data=call.body,
            headers=call.headers,
            allow_redirects=False,
            trace_request_ctx=call.marks,
        ) as response:
            call.marks["answered"] = perf_counter()
            body = await _read(response, call.most + 1)
            if len(body) > call.most:
                response.close()
            return HttpAnswer(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=body[: call.most],
                truncated=len(body) > call.most,
                timing=_timing(began, call.marks),
                remote_ip=response.remote_ip if isinstance(response, _Response) else None,
            )

    def _vetted_socket(self, found: aiohttp.AddrInfoType) -> socket.socket:
        """Called by the connector for every dial, also for a literal address that no resolver has seen."""
        self._policy.vet(str(found[4][0]))
        return socket.socket(found[0], found[1], found[2])


class _Response(aiohttp.ClientResponse):
    """Remembers whom it came from: the connection is given back before a caller can ask."""

    remote_ip: str | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        transport = connection.transport
        peer = transport.get_extra_info("peername") if transport is not None else None
        self.remote_ip = str(peer[0]) if peer else None
        return await super().start(connection)


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    body = await response.content.read(most)
    while len(body) < most and not response.content.at_eof():
        body += await response.content.read(most - len(body))
    return body


def _timing(began: float, marks: Mapping[str, float]) -> Timing:
    def span(first: str, last: str) -> float | None:
        return (marks[last] - marks[first]) * 1000 if last in marks else None

    dns, connect = span("dns_start", "dns_end"), span("connect_start", "connect_end")
    return Timing(
        first_byte=(marks["answered"] - began) * 1000,
        total=(perf_counter() - began) * 1000,
        dns=dns,
        connect=None if connect is None else connect - (dns or 0.0),
    )


def _tracing() -> aiohttp.TraceConfig:
    config = aiohttp.TraceConfig()
    config.on_dns_resolvehost_start.append(_marker("dns_start"))
    config.on_dns_resolvehost_end.append(_marker("dns_end"))
    config.on_connection_create_start.append(_marker("connect_start"))
    config.on_connection_create_end.append(_marker("connect_end"))
    config.on_connection_reuseconn.append(_marker("reused"))
    return config


def _marker(name: str) -> Callable[[aiohttp.ClientSession, SimpleNamespace, object], Awaitable[None]]:
    async def mark(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx[name] = perf_counter()

    return mark
