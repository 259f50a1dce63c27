"""How an app is served: uvicorn on uvloop, one socket that is bound before anything else happens."""

import fcntl
import gc
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import uvicorn
from starlette.types import ASGIApp

from sanlian.deployed import find
from sanlian.footings import settings_of
from sanlian.front import asyncapi_yaml, front
from sanlian.ports import FRONT
from shared.settings import BadSettings
from shared.telemetry import configure_logging
from shared.web.app import build

DRAIN_S = 15
# Tells the worker processes what to serve; uvicorn hands them nothing but an import path.
_SERVED = "SANLIAN_SERVES"


class Server(uvicorn.Server):
    """A server that says when it has begun to answer."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._say_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._say_started()


def bind(host: str, port: int) -> socket.socket:
    """Take the port, or say who cannot have it; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise BadSettings(f"{host}:{port} cannot be had ({error.strerror}); choose another --port") from error
    taken.listen(2048)
    return taken


def serve(app: ASGIApp, taken: socket.socket, *, started: Callable[[], None] = lambda: None) -> bool:
    """Serve until a signal comes, and say whether the app had started at all."""
    server = Server(_config(app), started)
    try:
        server.run(sockets=[taken])
    except KeyboardInterrupt:
        # The server has stopped in order by now; Ctrl-C is how one asks it to.
        return True
    return server.started


def serve_in_workers(name: str, host: str, port: int, workers: int) -> None:
    """Serve one service from several processes that share a port."""
    # The workers would each complain of a port that is taken; this says it once.
    bind(host, port).close()
    os.environ[_SERVED] = name
    uvicorn.run(
        "sanlian.serving:served",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
    )


def served() -> ASGIApp:
    """The app that this process was told to serve."""
    name = os.environ[_SERVED]
    if name == FRONT:
        configure_logging(FRONT, "INFO")
        # Importing every service takes a while; nobody shall wait for it once we answer.
        asyncapi_yaml()
        return front()
    service = find(name)
    settings = settings_of(service)
    configure_logging(name, settings.log_level)
    app = build(service.plan, service.routers, settings)
    collect_seldom()
    return app


def collect_seldom() -> None:
    """Let the garbage collector pass over what lives as long as the process, and come less often.

    A batch makes thousands of short-lived objects, nearly all freed by counting; looking through all that
    was ever imported for each 700 of them took a tenth of a busy process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def serve_one(name: str, taken: socket.socket) -> bool:
    """Serve one service from this process, and say whether it had started at all."""
    os.environ[_SERVED] = name
    return serve(served(), taken)


def hold(folder: Path) -> TextIO:
    """Keep the state folder for this process: of two, each would miss the other's events."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise BadSettings(
            f"another process serves {folder} already; stop it, or set SANLIAN_STATE_DIR"
        ) from error
    return lock


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
    )
