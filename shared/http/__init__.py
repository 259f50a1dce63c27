"""The way out: the only place from which anything is called over HTTP, and the guard that stands at it."""

from shared.http.addresses import OPERATOR_POLICY, OutboundPolicy, RefusedAddress
from shared.http.client import HttpAnswer, HttpClient, Timing
from shared.http.failures import ErrorClass, HttpFailure
from shared.http.urls import check_headers, check_url

__all__ = [
    "OPERATOR_POLICY",
    "ErrorClass",
    "HttpAnswer",
    "HttpClient",
    "HttpFailure",
    "OutboundPolicy",
    "RefusedAddress",
    "Timing",
    "check_headers",
    "check_url",
]
