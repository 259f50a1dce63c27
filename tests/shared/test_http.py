"""The HTTP client against real servers on this machine, good and bad."""

import asyncio
import gzip
import ipaddress
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.http import HttpAnswer, HttpClient, HttpFailure, OutboundPolicy

LOOPBACK = OutboundPolicy((ipaddress.ip_network("127.0.0.0/8"),), http=True, ports=None)
Stream = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def local(host: str, family: int) -> list[tuple[int, str]]:
    return [(2, "127.0.0.1")]


@pytest.fixture
async def client() -> AsyncGenerator[HttpClient]:
    async with HttpClient(LOOPBACK, lookup=local) as client:
        yield client


@asynccontextmanager
async def street(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncGenerator[str]:
    server = web.Server(handler)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://street.example:{runner.addresses[0][1]}"
    await runner.cleanup()


@asynccontextmanager
async def raw(handler: Stream, tls: ssl.SSLContext | None = None) -> AsyncGenerator[int]:
    writers: list[asyncio.StreamWriter] = []

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await handler(reader, writer)
        except (ConnectionError, EOFError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(closing, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]
        # Since Python 3.12 a server that closes waits for its connections, and our client keeps them a while.
        for writer in writers:
            writer.close()


async def request_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(2)


def answering(answer: bytes) -> Stream:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(answer)
        await writer.drain()

    return handler


async def post(client: HttpClient, port: int, timeout_s: float = 5, scheme: str = "http") -> HttpAnswer:
    return await client.post(f"{scheme}://street.example:{port}/", b"{}", {}, timeout_s=timeout_s)


async def test_an_answer_is_brought_back_whatever_its_status(client: HttpClient) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        assert await request.read() == b'{"a":1}'
        assert request.headers["Webhook-Id"] == "msg_1"
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(status=503, text="later", headers={"Retry-After": "7"})

    async with street(handler) as url:
        answer = await client.post(f"{url}/hook", b'{"a":1}', {"Webhook-Id": "msg_1"})
    assert (answer.status, answer.body, answer.truncated) == (503, b"later", False)
    assert answer.headers["retry-after"] == "7"
    assert answer.remote_ip == "127.0.0.1"


async def test_a_new_connection_is_timed_in_its_parts_and_a_kept_one_has_none(client: HttpClient) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(text="ok")

    async with street(handler) as url:
        first = (await client.post(url, b"{}", {})).timing
        second = (await client.post(url, b"{}", {})).timing
    assert first.dns is not None
    assert first.connect is not None
    assert 0 < first.dns + first.connect <= first.first_byte <= first.total
    assert (second.dns, second.connect) == (None, None)


async def test_a_redirect_is_an_answer_and_is_not_followed(client: HttpClient) -> None:
    asked: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/other"})

    async with street(handler) as url:
        assert (await client.post(f"{url}/hook", b"{}", {})).status == 307
    assert asked == ["/hook"]


async def test_nothing_is_kept_from_one_call_to_the_next_and_no_proxy_is_taken_from_the_environment(
    client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    cookies: list[str | None] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        return web.Response(headers={"Set-Cookie": "a=b"})

    async with street(handler) as url:
        for _ in range(2):
            await client.post(url, b"{}", {})
    assert cookies == [None, None]


@pytest.mark.parametrize(
    ("size", "truncated"), [(16 * 1024, False), (16 * 1024 + 1, True), (5_000_000, True)]
)
async def test_of_a_long_body_the_first_16_kib_are_kept(
    client: HttpClient, size: int, truncated: bool
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"x" * size)

    async with street(handler) as url:
        answer = await client.post(url, b"{}", {})
        again = await client.post(url, b"{}", {})
    assert (len(answer.body), answer.truncated) == (16 * 1024, truncated)
    assert again.status == 200


async def test_a_compressed_body_is_not_unpacked(client: HttpClient) -> None:
    bomb = gzip.compress(b"0" * 1_000_000)

    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with street(handler) as url:
        assert (await client.post(url, b"{}", {})).body == bomb


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def dribbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def chattering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("handler", [silent, dribbling, chattering])
async def test_who_does_not_finish_in_time_is_left(client: HttpClient, handler: Stream) -> None:
    async with raw(handler) as port:
        with pytest.raises(HttpFailure, match="No whole answer came in time") as failed:
            await post(client, port, timeout_s=0.3)
    assert failed.value.error_class == "timeout"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "error_class"),
    [
        (b"", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", "reset"),
        (CHUNKED + b"5\r\nhal", "reset"),
        (CHUNKED + b"zz\r\nnonsense\r\n", "protocol"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "protocol"),
    ],
)
async def test_a_broken_answer_is_a_failure_of_its_class(
    client: HttpClient, answer: bytes, error_class: str
) -> None:
    async with raw(answering(answer)) as port:
        with pytest.raises(HttpFailure) as failed:
            await post(client, port)
    assert failed.value.error_class == error_class


async def test_a_connection_reset_in_the_middle_of_the_body_is_a_reset(client: HttpClient) -> None:
    async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        await writer.drain()
        writer.transport.abort()

    async with raw(resetting) as port:
        with pytest.raises(HttpFailure) as failed:
            await post(client, port)
    assert failed.value.error_class == "reset"


async def test_a_kept_connection_that_broke_is_replaced_once_without_a_word(client: HttpClient) -> None:
    requests: list[int] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        requests.append(1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await request_of(reader)
        requests.append(2)

    async with raw(handler) as port:
        assert (await post(client, port)).body == b"ok"
        assert (await post(client, port)).body == b"ok"
    assert requests == [1, 2, 1]


async def test_a_server_that_is_not_there_is_a_failure_to_connect(client: HttpClient) -> None:
    async with raw(silent) as port:
        pass
    with pytest.raises(HttpFailure) as failed:
        await post(client, port)
    assert failed.value.error_class == "connect"


async def test_a_host_without_an_address_is_a_failure_of_dns() -> None:
    def unknown(host: str, family: int) -> list[tuple[int, str]]:
        raise OSError(-2, "Name or service not known")

    async with HttpClient(OutboundPolicy(), lookup=unknown) as client:
        with pytest.raises(HttpFailure) as failed:
            await client.post("https://nowhere.example/", b"", {})
    assert failed.value.error_class == "dns"


async def test_the_systems_own_resolver_is_asked_where_none_is_given() -> None:
    async with HttpClient(LOOPBACK) as client, raw(answering(b"HTTP/1.1 204 No Content\r\n\r\n")) as port:
        assert (await client.post(f"http://localhost:{port}/", b"{}", {})).status == 204


@pytest.mark.parametrize(
    "addresses", [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["127.0.0.1", "::ffff:10.0.0.1"]]
)
async def test_a_host_of_which_any_address_is_inner_is_not_dialled_at_all(addresses: list[str]) -> None:
    dialled: list[int] = []

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dialled.append(1)

    def mixed(host: str, family: int) -> list[tuple[int, str]]:
        return [(10 if ":" in address else 2, address) for address in addresses]

    async with raw(counting) as port, HttpClient(LOOPBACK, lookup=mixed) as client:
        with pytest.raises(HttpFailure, match="not one that may be called") as failed:
            await post(client, port)
    assert failed.value.error_class == "refused_address"
    assert dialled == []


async def test_a_url_that_would_be_refused_at_registration_is_refused_at_the_call_too(
    client: HttpClient,
) -> None:
    with pytest.raises(HttpFailure) as failed:
        await client.post("ftp://street.example/", b"", {})
    assert failed.value.error_class == "refused_address"


async def test_a_client_that_is_not_open_says_so() -> None:
    closed = HttpClient(LOOPBACK)
    with pytest.raises(RuntimeError, match="async context manager"):
        await closed.post("http://street.example/", b"", {})
    await closed.__aexit__(None, None, None)


async def test_a_json_document_is_fetched(client: HttpClient) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.json_response({"keys": ["k" * 100_000]})

    async with street(handler) as url:
        assert await client.get_json(f"{url}/jwks") == {"keys": ["k" * 100_000]}


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"{}"), (302, b"{}"), (200, b"<html>"), (200, b'"' + b"x" * 300_000 + b'"')]
)
async def test_anything_but_a_json_document_is_a_failure(
    client: HttpClient, status: int, body: bytes
) -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(status=status, body=body)

    async with street(handler) as url:
        with pytest.raises(HttpFailure, match="Expected a JSON document") as failed:
            await client.get_json(url)
    assert isinstance(failed.value, OSError), "which is what the fetch of RemoteKeys may raise"


def certificate(folder: Path, *, host: str = "street.example", days: int = 1) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS and the file of the authority that signed it (itself)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509
        .CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{host}{days}.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    return context, pem


NO_CONTENT = answering(b"HTTP/1.1 204 No Content\r\n\r\n")


async def test_a_private_authority_may_be_trusted_beside_the_public_ones(tmp_path: Path) -> None:
    tls, authority = certificate(tmp_path)
    async with (
        raw(NO_CONTENT, tls) as port,
        HttpClient(LOOPBACK, private_ca=authority, lookup=local) as client,
    ):
        assert (await post(client, port, scheme="https")).status == 204


@pytest.mark.parametrize(
    ("host", "days", "trusted"),
    [("street.example", 1, False), ("other.example", 1, True), ("street.example", -1, True)],
)
async def test_an_untrusted_wrong_or_expired_certificate_is_refused(
    tmp_path: Path, host: str, days: int, trusted: bool
) -> None:
    tls, authority = certificate(tmp_path, host=host, days=days)
    private_ca = authority if trusted else None
    async with (
        raw(NO_CONTENT, tls) as port,
        HttpClient(LOOPBACK, private_ca=private_ca, lookup=local) as client,
    ):
        with pytest.raises(HttpFailure) as failed:
            await post(client, port, scheme="https")
    assert failed.value.error_class == "tls"
