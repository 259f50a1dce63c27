"""What attempts mean to others: an endpoint that is disabled, warned of or back, a delivery given up."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from services.notify.deliveries.outcomes import Change, Outcome
from services.notify.endpoints.turns import snapshot_of, turn
from services.notify.messages.telling import webhook_id
from services.notify.models import Endpoint
from services.notify.rules.health import Health, Sign
from services.notify.rules.states import DeliveryState, EndpointState, Trigger
from shared.events.notify import DeliveryExhausted, DeliverySnapshot, EndpointRecovered, EndpointWarned
from shared.service import Work

FAILING = "failing"
# Messages of these families tell of the sending itself: what became of them is not told in its turn.
OPERATIONAL = ("endpoint.", "delivery.")


async def turn_endpoints(
    batch: Sequence[Outcome], signs: Mapping[UUID, tuple[Sign, Health]], work: Work
) -> bool:
    """Do with the endpoints what the answers ask for; say whether any of them has changed."""
    asked = [one for one in batch if one.pause is not None or one.disable or one.verified]
    ids = {one.change.job.endpoint_id for one in asked} | signs.keys()
    if not ids:
        return False
    query = select(Endpoint).where(Endpoint.id.in_(ids)).order_by(Endpoint.id).with_for_update()
    found = {endpoint.id: endpoint for endpoint in await work.session.scalars(query)}
    for one in asked:
        if endpoint := found.get(one.change.job.endpoint_id):
            _obey(endpoint, one, work)
    for endpoint_id, (sign, health) in signs.items():
        if endpoint := found.get(endpoint_id):
            _heed(endpoint, sign, health, work)
    await work.session.flush()
    return True


def _obey(endpoint: Endpoint, outcome: Outcome, work: Work) -> None:
    """Do what the receiver asked for."""
    if outcome.pause is not None:
        endpoint.ready_at = outcome.pause
    if outcome.verified and endpoint.state == EndpointState.unverified:
        turn(endpoint, EndpointState.active, work)
    if outcome.disable and endpoint.state != EndpointState.disabled:
        turn(endpoint, EndpointState.disabled, work, reason=outcome.disable)


def _heed(endpoint: Endpoint, sign: Sign, health: Health, work: Work) -> None:
    """Do what follows from how it fares."""
    if sign is Sign.recovered:
        work.emit(EndpointRecovered(endpoint=snapshot_of(endpoint)))
    elif sign is Sign.failing and endpoint.state == EndpointState.active:
        turn(endpoint, EndpointState.disabled, work, reason=FAILING)
    elif sign is Sign.warned and health.failing_since is not None:
        work.emit(
            EndpointWarned(
                endpoint=snapshot_of(endpoint),
                percent=health.warned_percent,
                failing_since=health.failing_since,
                failures=health.failures,
            )
        )


async def tell_exhausted(batch: Sequence[Outcome], work: Work) -> None:
    """Say of each delivery that is given up that it is, but not of those that only tell of such things."""
    ended = [
        one.change
        for one in batch
        if one.change.state is DeliveryState.exhausted
        and one.change.job.trigger is not Trigger.test
        and not one.change.job.type.startswith(OPERATIONAL)
    ]
    if not ended:
        return
    ids = {change.job.endpoint_id for change in ended}
    endpoints = await work.session.scalars(select(Endpoint).where(Endpoint.id.in_(ids)))
    found = {endpoint.id: endpoint for endpoint in endpoints}
    for change in ended:
        work.emit(DeliveryExhausted(delivery=_snapshot(change, found[change.job.endpoint_id])))


def _snapshot(change: Change, endpoint: Endpoint) -> DeliverySnapshot:
    return DeliverySnapshot(
        id=change.job.id,
        version=change.attempts,
        endpoint_id=endpoint.id,
        office=endpoint.office,
        area_code=endpoint.area_code,
        webhook_id=webhook_id(change.job.message_id),
        type=change.job.type,
        last_status=change.status,
    )
