"""Endpoints of street offices: registered, tested, enabled and disabled, given new secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from services.notify.deliveries.courier import Courier
from services.notify.endpoints.fares import locked_healths, store_healths
from services.notify.endpoints.secrets import add_secret, rotate_secret
from services.notify.endpoints.turns import turn
from services.notify.listing import inside, last_seen
from services.notify.messages.telling import add_test
from services.notify.models import Delivery, Endpoint
from services.notify.rules.states import DeliveryState, EndpointState, Scheme
from services.notify.settings import NotifySettings
from shared.errors import Absent, IllegalTransition
from shared.http import check_url
from shared.service import Work
from shared.web import Page

MANUAL = "manual"
# The commands that an endpoint's state allows.
COMMANDS = {
    EndpointState.unverified: ("test", "enable", "disable", "rotate-secret"),
    EndpointState.active: ("test", "disable", "rotate-secret", "replay"),
    EndpointState.disabled: ("test", "enable", "rotate-secret", "replay"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a street office wants to be told, and where."""

    office: str
    area_code: str
    url: str
    description: str
    events: list[str]
    categories: list[str]
    urgencies: list[str]
    offices: list[str]
    timeout_s: float
    max_concurrency: int
    rate_per_min: int | None
    ordering: str
    scheme: str


async def register_endpoint(work: Work, wish: Wish) -> tuple[Endpoint, str]:
    """Register an endpoint and send it a test; what it asked for waits until the test is answered.

    Returns the only readable copy of its secret, or its public key.
    """
    work.permit(wish.area_code)
    url = check_url(wish.url, work.part(NotifySettings).outbound)
    endpoint = Endpoint(
        office=wish.office,
        area_code=wish.area_code,
        url=url,
        description=wish.description,
        events=wish.events,
        categories=wish.categories,
        urgencies=wish.urgencies,
        offices=wish.offices,
        timeout_s=wish.timeout_s,
        max_concurrency=wish.max_concurrency,
        rate_per_min=wish.rate_per_min,
        ordering=wish.ordering,
        scheme=wish.scheme,
        state=EndpointState.unverified,
        version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(endpoint)
    await work.session.flush()
    secret = await add_secret(work, endpoint.id, Scheme(endpoint.scheme))
    await add_test(work, endpoint)
    _tell_courier(work)
    return endpoint, secret


async def find_endpoint(work: Work, endpoint_id: UUID, *, to_change: bool = False) -> Endpoint:
    """The endpoint, locked where it is to be changed. Raises Absent and Forbidden."""
    query = select(Endpoint).where(Endpoint.id == endpoint_id)
    endpoint = await work.session.scalar(query.with_for_update() if to_change else query)
    if endpoint is None:
        raise Absent(f"there is no endpoint {endpoint_id}")
    work.permit(endpoint.area_code)
    if to_change:
        work.expect(endpoint.version)
    return endpoint


async def list_endpoints(work: Work, page: Page[str]) -> Sequence[Endpoint]:
    """The endpoints in the caller's areas, one more than the page holds, in the order of their making."""
    query = select(Endpoint).where(inside(Endpoint.area_code, work.areas()))
    after = last_seen(page)
    if after is not None:
        query = query.where(Endpoint.id > after)
    return (await work.session.scalars(query.order_by(Endpoint.id).limit(page.limit + 1))).all()


async def enable_endpoint(work: Work, endpoint_id: UUID) -> Endpoint:
    """Let deliveries flow; those that waited become due now, the oldest first. Raises IllegalTransition."""
    await find_endpoint(work, endpoint_id)
    healths = await locked_healths(work.session, [endpoint_id])
    endpoint = await find_endpoint(work, endpoint_id, to_change=True)
    _hold_to(endpoint, "enable")
    turn(endpoint, EndpointState.active, work)
    endpoint.ready_at = None
    await store_healths(work.session, {id: one.started_over() for id, one in healths.items()})
    waiting = update(Delivery).where(
        Delivery.endpoint_id == endpoint_id,
        Delivery.state == DeliveryState.pending,
        Delivery.next_at > work.now,
    )
    await work.session.execute(waiting.values(next_at=work.now))
    await work.session.flush()
    _tell_courier(work)
    return endpoint


async def disable_endpoint(work: Work, endpoint_id: UUID) -> Endpoint:
    """Let deliveries wait until somebody enables the endpoint again. Raises IllegalTransition."""
    endpoint = await find_endpoint(work, endpoint_id, to_change=True)
    _hold_to(endpoint, "disable")
    turn(endpoint, EndpointState.disabled, work, reason=MANUAL)
    await work.session.flush()
    _tell_courier(work)
    return endpoint


async def rotate_endpoint_secret(
    work: Work, endpoint_id: UUID, overlap: timedelta, scheme: Scheme | None
) -> tuple[Endpoint, str]:
    """Give the endpoint a new secret; the old one signs beside it until the overlap ends.

    With another scheme both kinds of signature stand side by side for that long.
    """
    endpoint = await find_endpoint(work, endpoint_id, to_change=True)
    endpoint.scheme = scheme or endpoint.scheme
    secret = await rotate_secret(work, endpoint.id, overlap, Scheme(endpoint.scheme))
    endpoint.version += 1
    endpoint.updated_at = work.now
    await work.session.flush()
    _tell_courier(work)
    return endpoint, secret


async def test_endpoint(work: Work, endpoint_id: UUID) -> UUID:
    """Send a test message, whatever the endpoint's state; returns the delivery to look at."""
    endpoint = await find_endpoint(work, endpoint_id, to_change=True)
    delivery_id = await add_test(work, endpoint)
    _tell_courier(work)
    return delivery_id


def _hold_to(endpoint: Endpoint, command: str) -> None:
    state = EndpointState(endpoint.state)
    if command not in COMMANDS[state]:
        raise IllegalTransition(f"the endpoint is {state}", allowed=COMMANDS[state])


def _tell_courier(work: Work) -> None:
    work.afterwards.append(work.part(Courier).renew)
