"""Which URLs and headers an outsider may give us to call with; read by the parser that will dial them."""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address

from yarl import URL

from shared.errors import FieldError, Invalid
from shared.http.addresses import OutboundPolicy

_LONGEST_URL = 2048
_LONGEST_HOST = 253
# Nothing that a parser might drop, fold or read as a separator where another does not.
_STRANGE = re.compile(r"[\s\\\x00-\x1f\x7f<>\"`{}|^]")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# No name ends in a number, but resolvers read 0x7f000001, 127.1 and 017700000001 as addresses.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_OWN_NAMES = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa")

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]{0,2000}")
_OUR_HEADERS = frozenset({
    "host", "content-length", "content-type", "transfer-encoding", "connection", "te", "trailer", "upgrade",
    "cookie", "forwarded", "keep-alive", "expect", "proxy-authorization", "proxy-connection",
})  # fmt: skip
_OUR_PREFIXES = ("webhook-", "ce-", "x-forwarded-")


def check_url(url: str, policy: OutboundPolicy, field: str = "url") -> str:
    """Return the URL in its normal form, or raise Invalid with the reason for the field.

    This is what can be said without a network; the guard at the dial has the last word on the address.
    """
    reason, normal = _judged(url, policy)
    if reason:
        raise Invalid(reason, fields=[FieldError(field, reason)])
    return normal


def check_headers(headers: Mapping[str, str], field: str = "headers") -> None:
    """Raise Invalid for headers that are not well formed, or that are ours (or the transport's) to set."""
    faults = []
    for name, value in headers.items():
        low = name.lower()
        if not _HEADER_NAME.fullmatch(name):
            faults.append(FieldError(field, f"{name[:100]!r} is not a header name"))
        elif low in _OUR_HEADERS or low.startswith(_OUR_PREFIXES):
            faults.append(FieldError(f"{field}.{name}", "is set by the sender and cannot be given"))
        elif not _HEADER_VALUE.fullmatch(value):
            faults.append(FieldError(f"{field}.{name}", "must be at most 2000 printable ASCII characters"))
    if faults:
        raise Invalid("Some headers cannot be sent", fields=faults)


@lru_cache(maxsize=4096)
def _judged(url: str, policy: OutboundPolicy) -> tuple[str, str]:
    """The reason against the URL and its normal form, one of them empty."""
    if len(url) > _LONGEST_URL or _STRANGE.search(url):
        return "must be at most 2048 characters, without spaces, quotes, braces or backslashes", ""
    if "#" in url:
        return "must not have a fragment", ""
    if "//[v" in url.lower():
        return "must name a host, not an IP address", ""
    try:
        parsed = URL(url)
        host = (parsed.host or "").removesuffix(".").lower()
        reason = _against_form(parsed, policy) or _against_host(host, policy)
        return reason, "" if reason else str(parsed.with_host(host))
    except ValueError:
        return "is not a URL", ""


def _against_form(url: URL, policy: OutboundPolicy) -> str:
    if url.scheme != "https" and not (policy.http and url.scheme == "http"):
        return "must begin with https://"
    if url.raw_user is not None or url.raw_password is not None:
        return "must not hold a user name or a password"
    if policy.ports is not None and url.port not in policy.ports:
        return f"must use one of the ports {', '.join(map(str, sorted(policy.ports)))}"
    return "" if url.port else "must not use port 0"


def _against_host(host: str, policy: OutboundPolicy) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return _against_name(host, policy)
    return "" if policy.lists(address) and policy.allows(address) else "must name a host, not an IP address"


def _against_name(host: str, policy: OutboundPolicy) -> str:
    name = URL.build(scheme="https", host=host).raw_host or ""
    labels = name.split(".")
    if len(name) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        return "must name a host of letters, digits, hyphens and dots"
    if _NUMBER.fullmatch(labels[-1]):
        return "must name a host, not an IP address"
    if not policy.networks and (len(labels) == 1 or name.endswith(_OWN_NAMES)):
        return "must name a host on the public internet"
    return ""
