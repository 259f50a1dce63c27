"""Every endpoint of every service says who may call it and where, what it does, and how it refuses."""

import importlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from sanlian.ports import NAMES
from shared.auth import key_text
from shared.privacy import new_key_pair
from shared.testing import COMMUNITY, MASTER_KEYS, NotingBus
from shared.web import GroupedRoute, WorkRoute
from shared.web.access import Access
from shared.web.app import build
from shared.web.problems import MEDIA_TYPE

CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Asked by machines that have no token; they tell nothing of any person.
PROBES = frozenset({"healthz", "readyz", "metrics"})

every_service = pytest.mark.parametrize("name", NAMES)


@cache
def app_of(name: str) -> FastAPI:
    """The service's app as it is deployed, on a database that nobody opens."""
    service = importlib.import_module(f"services.{name}.app")
    private, public = new_key_pair()
    settings = service.PLAN.settings.model_validate({
        "database_url": "sqlite+aiosqlite:///never-opened.db",
        "community": COMMUNITY,
        "master_keys": MASTER_KEYS,
        "local_public_key": key_text(Ed25519PrivateKey.generate().public_key()),
        "contact_public_key": public,
        "contact_private_key": private,
    })
    return build(service.PLAN, service.ROUTERS, settings, bus=NotingBus(), lifespan=False)


def endpoints(name: str) -> Iterator[tuple[RouteContext, APIRoute]]:
    """Yield what a client can call, probes left out, in each place where it stands and as it was declared."""
    for context in iter_route_contexts(app_of(name).routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema and route.name not in PROBES:
            yield context, route


def checks(dependant: Dependant) -> list[Access]:
    """Return every check of the caller among all that the endpoint depends on."""
    found = [dependant.call] if isinstance(dependant.call, Access) else []
    for inner in dependant.dependencies:
        found += checks(inner)
    return found


def operations(name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in app_of(name).openapi()["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


@every_service
def test_every_endpoint_says_once_who_may_call_it_and_where(name: str) -> None:
    wrong = [
        f"{sorted(route.methods or ())} {context.path}: {len(checks(route.dependant))} checks of the caller"
        for context, route in endpoints(name)
        if len(checks(route.dependant)) != 1
    ]
    assert not wrong, wrong


@every_service
def test_every_endpoint_runs_at_the_edge_that_commits(name: str) -> None:
    wrong = [
        f"{context.path} is a {type(route).__name__}"
        for context, route in endpoints(name)
        if not isinstance(route, WorkRoute | GroupedRoute)
    ]
    assert not wrong, wrong


@every_service
def test_every_endpoint_stands_under_its_service_and_version(name: str) -> None:
    found = [str(context.path) for context, _ in endpoints(name)]
    assert found, f"{name} has no endpoint at all"
    assert [path for path in found if not path.startswith(f"/{name}/v1/")] == []


@every_service
def test_every_endpoint_tells_a_reader_what_it_does(name: str) -> None:
    silent = [
        str(context.path)
        for context, route in endpoints(name)
        if not (route.summary or route.description or "").strip()
    ]
    assert not silent, silent


@every_service
def test_every_change_documents_how_it_is_refused(name: str) -> None:
    silent = [
        f"{method} {path}"
        for path, method, operation in operations(name)
        if method in CHANGES
        and not any(
            status.startswith("4") and MEDIA_TYPE in answer.get("content", {})
            for status, answer in operation["responses"].items()
        )
    ]
    assert not silent, f"no answer of {MEDIA_TYPE} with a 4xx: {silent}"


@every_service
def test_every_operation_has_an_id_of_its_own(name: str) -> None:
    counted = Counter(operation["operationId"] for _, _, operation in operations(name))
    assert [id for id, times in counted.items() if times > 1] == []


def test_what_is_no_json_is_not_documented_as_such() -> None:
    for name, path, media_type in (
        ("grid", "/grid/v1/areas/geojson", "application/geo+json"),
        ("grid", "/grid/v1/areas/{code}/geojson", "application/geo+json"),
        *((name, f"/{name}/metrics", "text/plain") for name in NAMES),
    ):
        answer = app_of(name).openapi()["paths"][path]["get"]["responses"]["200"]
        assert list(answer["content"]) == [media_type], path
