"""Metrics of one service, in a registry of its own: on the embedded footing several live in one process."""

from collections.abc import Generator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

METRICS_MEDIA_TYPE = CONTENT_TYPE_LATEST
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counts what the kernel does; a service adds its own collectors to `registry`.

    The labelled children are kept at hand, because finding one costs more than counting with it.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        self._requests = self._counter("http_requests", "Requests answered", "method", "route", "status")
        self._request_seconds = self._histogram(
            "http_request_seconds", "Time to the answer", "method", "route"
        )
        self._handled = self._counter("events_handled", "Events given to a handler", "handler", "outcome")
        self._handler_seconds = self._histogram(
            "handler_seconds", "Time of a handler for its batch", "handler"
        )
        self._dead = self._counter("events_dead_lettered", "Events given up on", "type")
        self._published = self._counter("events_published", "Events that the bus confirmed").labels(service)
        self._retried = self._counter("events_retried", "Events sent up the retry ladder").labels(service)
        self._duplicates = self._counter("inbox_duplicates", "Events that had come before").labels(service)
        self._noticed = self._counter("noticed", "Things that somebody should look into", "what")
        self._waiting = self._gauge("outbox_waiting", "Events that the bus does not have yet")
        self._oldest = self._gauge("outbox_oldest_seconds", "Age of the oldest event that waits")
        self._by_request: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._by_handler: dict[tuple[str, str], tuple[Counter, Histogram]] = {}

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answered request; `route` is the template (`/v1/issues/{id}`), never the path itself."""
        key = (method, route, status)
        found = self._by_request.get(key)
        if found is None:
            verb = method if method in _METHODS else "OTHER"
            found = (
                self._requests.labels(self.service, verb, route, str(status)),
                self._request_seconds.labels(self.service, verb, route),
            )
            # An invented method makes a new key each time, and must not fill the memory.
            if verb == method:
                self._by_request[key] = found
        found[0].inc()
        found[1].observe(seconds)

    @contextmanager
    def handled(self, handler: str, events: int = 1) -> Generator[None]:
        """Time the block that gives this many events to a handler, and count them as done or failed."""
        began = perf_counter()
        outcome = "failed"
        try:
            yield
            outcome = "done"
        finally:
            counter, histogram = self._of_handler(handler, outcome)
            counter.inc(events)
            histogram.observe(perf_counter() - began)

    def published(self, count: int) -> None:
        """Count events that the bus has confirmed."""
        self._published.inc(count)

    def retried(self, count: int = 1) -> None:
        """Count events that failed and will be tried again."""
        self._retried.inc(count)

    def dead_lettered(self, event_type: str, count: int = 1) -> None:
        """Count events that were given up on."""
        self._dead.labels(self.service, event_type).inc(count)

    def duplicates(self, count: int) -> None:
        """Count events that the inbox knew already."""
        self._duplicates.inc(count)

    def noticed(self, what: str) -> None:
        """Count something that somebody should look into; `what` is one of a few words."""
        self._noticed.labels(self.service, what).inc()

    def backlog(self, waiting: int, oldest_age_s: float) -> None:
        """Say how many events wait in the outbox, and for how long the oldest has (0 where none does)."""
        self._waiting.set(waiting)
        self._oldest.set(oldest_age_s)

    def render(self) -> bytes:
        """Return the page that Prometheus reads, of media type `METRICS_MEDIA_TYPE`."""
        return generate_latest(self.registry)

    def _of_handler(self, handler: str, outcome: str) -> tuple[Counter, Histogram]:
        found = self._by_handler.get((handler, outcome))
        if found is None:
            found = self._by_handler[handler, outcome] = (
                self._handled.labels(self.service, handler, outcome),
                self._handler_seconds.labels(self.service, handler),
            )
        return found

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"sanlian_{name}", text, ("service", *labels), registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"sanlian_{name}", text, ("service",), registry=self.registry).labels(self.service)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        labelled = ("service", *labels)
        return Histogram(f"sanlian_{name}", text, labelled, registry=self.registry, buckets=_SECONDS)
