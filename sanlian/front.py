"""What stands at `/`: one plain page that says what runs here, and the document of the events.

The same on both footings: inside the one process, or as a process of its own beside the services.
"""

from functools import cache
from importlib.metadata import version
from importlib.resources import files

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Lifespan

from sanlian.deployed import find_all
from shared import asyncapi
from shared.errors import Absent
from shared.events import catalogue
from shared.web import problems

# The page loads nothing from anywhere and may be framed by nobody.
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class _Dumper(yaml.CSafeDumper):
    """Quick, being written in C; it writes a value that stands in two places twice, as people read it."""

    def ignore_aliases(self, data: object) -> bool:
        return True


@cache
def page() -> str:
    return files("sanlian").joinpath("data/front.html").read_text(encoding="utf-8")


@cache
def asyncapi_yaml() -> str:
    """The AsyncAPI document of all services, as it is committed in `docs/`."""
    services = [service.plan.service for service in find_all()]
    content = asyncapi.document(catalogue(), services, version=version("sanlian"))
    return yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)


async def show_page(_: Request) -> Response:
    return HTMLResponse(page(), headers=SAFE)


async def show_asyncapi(_: Request) -> Response:
    return Response(asyncapi_yaml(), media_type="application/yaml", headers=SAFE)


async def say_alive(_: Request) -> Response:
    return JSONResponse({"service": "front", "status": "alive"})


async def say_absent(request: Request, _: Exception) -> Response:
    path = request.url.path
    return problems.answer(Absent(f"nothing is at {path}; the page at / says what runs here"), path)


def front(lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    """The app of everything that belongs to no service."""
    routes = [
        Route("/", show_page),
        Route("/asyncapi.yaml", show_asyncapi),
        Route("/healthz", say_alive),
    ]
    return Starlette(routes=routes, exception_handlers={404: say_absent}, lifespan=lifespan)
