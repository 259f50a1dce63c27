"""Each request is traced, counted and logged, without being delayed by more than a few microseconds."""

import logging
from time import perf_counter
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.telemetry import Metrics, continued

log = logging.getLogger("sanlian.access")


class Observe:
    """Continues the caller's W3C trace, measures by route template, and writes one log line a request."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = perf_counter()
        with continued(Headers(scope=scope).get("traceparent"), f"{scope['method']} request"):
            try:
                await self._app(scope, receive, watch)
            finally:
                self._note(scope, status, perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        # The template, not the path: paths hold ids, and one series an id would drown the metrics.
        route: Any = scope.get("route")
        template = getattr(route, "path", None) or "unrouted"
        self._metrics.requested(scope["method"], template, status, seconds)
        if log.isEnabledFor(logging.INFO):
            log.info(
                "request",
                extra={
                    "method": scope["method"],
                    "route": template,
                    "status": status,
                    "ms": round(seconds * 1000, 2),
                },
            )
