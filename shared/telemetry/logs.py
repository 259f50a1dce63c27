"""Logs: one JSON object a line, with the trace and whatever the surrounding block has put beside it."""

import logging
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TextIO

from opentelemetry import trace
from pythonjsonlogger.orjson import OrjsonFormatter

_beside: ContextVar[Mapping[str, str]] = ContextVar("logged", default=MappingProxyType({}))


@contextmanager
def logged(**fields: str) -> Generator[None]:
    """Put fields (`service`, `correlation`, …) beside every line logged within the block, and its tasks."""
    token = _beside.set({**_beside.get(), **fields})
    try:
        yield
    finally:
        _beside.reset(token)


def configure_logging(service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Write all logs of the process as JSON lines to the stream (standard error), from this level on.

    Takes the place of whatever handlers there were. `service` stands where no block says another, as it does
    for each of the services that share a process on the embedded footing.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(service))
    logging.basicConfig(handlers=[handler], level=level, force=True)


class JsonLines(OrjsonFormatter):
    """Formats a record as one line: time (UTC), level, logger, message, service, trace, then the extras."""

    def __init__(self, service: str) -> None:
        super().__init__("%(message)s")
        self._service = service

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Called by the base class for each record."""
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["service"] = self._service
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            log_data["trace_id"] = trace.format_trace_id(span.trace_id)
            log_data["span_id"] = trace.format_span_id(span.span_id)
        log_data.update(_beside.get())
        super().add_fields(log_data, record, message_dict)
