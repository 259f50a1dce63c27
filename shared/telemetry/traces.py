"""Traces by the W3C trace context: ids travel through HTTP, outbox and bus even where nothing is sampled."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from random import getrandbits
from typing import cast

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

_OTLP_MODULE = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
# Version 00 exactly; a later version may append fields, which a reader of version 00 ignores (section 4.3).
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
# The API's stand-in for the provider that `start` installs: it finds it whenever that happens.
_tracer = trace.get_tracer("sanlian")


class Provider(TracerProvider):
    """A tracer provider that knows the share of the traces beginning here that it samples."""

    ratio: float = 0.0


def start(service: str, *, otlp_endpoint: str | None = None, ratio: float = 0.0) -> TracerProvider:
    """Install the process's tracer provider, or return the one that is already installed.

    A process has one, so on the embedded footing all services share it.
    """
    installed = trace.get_tracer_provider()
    if isinstance(installed, TracerProvider):
        return installed
    provider = new_provider(service, otlp_endpoint=otlp_endpoint, ratio=ratio)
    trace.set_tracer_provider(provider)
    return provider


def new_provider(service: str, *, otlp_endpoint: str | None = None, ratio: float = 0.0) -> TracerProvider:
    """Make a provider that samples what its caller sampled, and this share (0 to 1) of what begins here.

    Spans are sent to the OTLP/HTTP endpoint if one is given, and are otherwise only ids.
    """
    resource = Resource.create({"service.name": service})
    provider = Provider(sampler=ParentBasedTraceIdRatio(ratio), resource=resource)
    provider.ratio = ratio
    if otlp_endpoint is not None:
        provider.add_span_processor(BatchSpanProcessor(_otlp_exporter(otlp_endpoint)))
    return provider


def current_traceparent() -> str | None:
    """Return the `traceparent` to send along from here, or None outside any trace."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return None
    return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"


@contextmanager
def continued(traceparent: str | None, name: str) -> Generator[trace.Span]:
    """Run the block in a span of the trace that came with a request or an event.

    None, or what is no traceparent, begins a new trace: a stranger's broken header is no reason to refuse.
    """
    parent = _parent(traceparent)
    share = getattr(trace.get_tracer_provider(), "ratio", 0.0)
    if (parent.trace_flags & trace.TraceFlags.SAMPLED) or (share and not parent.is_valid):
        context = trace.set_span_in_context(trace.NonRecordingSpan(parent), Context())
        with _tracer.start_as_current_span(name, context=context) as span:
            yield span
    else:
        # Nobody will look at this span: its ids are enough, and cost a tenth of what the SDK asks.
        with _only_ids(parent) as span:
            yield span


@contextmanager
def _only_ids(parent: trace.SpanContext) -> Generator[trace.Span]:
    trace_id = parent.trace_id if parent.is_valid else getrandbits(127) + 1
    own = trace.SpanContext(trace_id, getrandbits(63) + 1, is_remote=False)
    span = trace.NonRecordingSpan(own)
    token = attach(trace.set_span_in_context(span, Context()))
    try:
        yield span
    finally:
        detach(token)


def _parent(traceparent: str | None) -> trace.SpanContext:
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None or (found[1] == "00" and found[5]):
        return trace.INVALID_SPAN_CONTEXT
    flags = trace.TraceFlags(int(found[4], 16) & trace.TraceFlags.SAMPLED)
    return trace.SpanContext(int(found[2], 16), int(found[3], 16), is_remote=True, trace_flags=flags)


def _otlp_exporter(endpoint: str) -> SpanExporter:
    try:
        module = import_module(_OTLP_MODULE)
    except ImportError as error:
        raise RuntimeError(
            "An OTLP endpoint is set, but the exporter is not installed: "
            "add the package opentelemetry-exporter-otlp-proto-http or unset SANLIAN_OTLP_ENDPOINT"
        ) from error
    return cast(SpanExporter, module.OTLPSpanExporter(endpoint=endpoint))
