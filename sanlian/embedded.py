"""All services in one process: one bus in memory, one SQLite file a service, one door for all of them.

The URLs are those of the distributed footing, where nginx does what `Dispatcher` does here.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from sanlian.deployed import Deployed
from sanlian.footings import embedded_settings
from sanlian.front import front
from sanlian.ports import behind
from shared.bus.memory import MemoryBus
from shared.clock import Clock, SystemClock
from shared.runtime import Runtime
from shared.web.app import build


class Dispatcher:
    """Hands a request to the service that its first path segment names, and all else to the front."""

    def __init__(self, services: dict[str, ASGIApp], front: ASGIApp) -> None:
        self._services, self._front = services, front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = behind(scope.get("path", ""))
        if path != scope.get("path", ""):
            scope = {**scope, "path": path, "raw_path": quote(path).encode()}
        segment = path.lstrip("/").partition("/")[0]
        await self._services.get(segment, self._front)(scope, receive, send)


def embedded(services: Sequence[Deployed], *, public_url: str, clock: Clock | None = None) -> Dispatcher:
    """One ASGI app for all these services; its lifespan starts and stops them together."""
    clock = clock or SystemClock()
    settings = [embedded_settings(service, public_url=public_url) for service in services]
    bus = MemoryBus(clock, delays_s=settings[0].retry_ladder_s)
    apps: dict[str, FastAPI] = {
        service.name: build(service.plan, service.routers, own, bus=bus, clock=clock, lifespan=False)
        for service, own in zip(services, settings, strict=True)
    }

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with running([app.state.runtime for app in apps.values()], bus):
            yield

    return Dispatcher({**apps}, front(lifespan))


@asynccontextmanager
async def running(runtimes: Sequence[Runtime[Any]], bus: MemoryBus) -> AsyncGenerator[None]:
    """All services at work; afterwards none takes anything new before the first one loses its database."""
    for runtime in runtimes:
        await runtime.listen()
    for runtime in runtimes:
        await runtime.start()
    try:
        yield
    finally:
        for runtime in runtimes:
            await runtime.quiesce()
        await bus.close()
        for runtime in runtimes:
            await runtime.close()
