"""Why there was no answer, in seven classes."""

import ssl
from typing import Literal

import aiohttp

from shared.errors import Invalid
from shared.http.addresses import RefusedAddress

ErrorClass = Literal["dns", "connect", "tls", "timeout", "reset", "protocol", "refused_address"]

# The first that fits counts. What a failure says is the same for every port and host of its class, so that
# nobody can map a network through us; the cause is chained for our own logs.
_CLASSES: tuple[tuple[tuple[type[Exception], ...], ErrorClass, str], ...] = (
    ((RefusedAddress, Invalid), "refused_address", "The address is not one that may be called"),
    ((TimeoutError,), "timeout", "No whole answer came in time"),
    ((aiohttp.ClientConnectorDNSError,), "dns", "The host name cannot be resolved"),
    ((aiohttp.ClientSSLError, ssl.SSLError), "tls", "No trusted TLS connection could be made"),
    ((aiohttp.ClientConnectorError,), "connect", "No connection could be made"),
    (
        (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, OSError),
        "reset",
        "The connection broke before the answer was whole",
    ),
    ((aiohttp.ClientError,), "protocol", "What came back is no HTTP answer"),
)
CALL_ERRORS = tuple(kind for kinds, _, _ in _CLASSES for kind in kinds)


class HttpFailure(ConnectionError):
    """There was no answer; an answer of any status is not a failure."""

    def __init__(self, error_class: ErrorClass, detail: str) -> None:
        super().__init__(detail)
        self.error_class = error_class
        self.detail = detail


def failure_of(error: Exception) -> HttpFailure:
    """Put one of `CALL_ERRORS` into its class."""
    return next(HttpFailure(name, text) for kinds, name, text in _CLASSES if isinstance(error, kinds))
