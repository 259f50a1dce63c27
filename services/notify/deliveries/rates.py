"""Claims that keep to the rate of an endpoint, which all senders spend together."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notify.deliveries.claims import Share, claim
from services.notify.deliveries.jobs import Job
from services.notify.endpoints.addressees import Addressee
from services.notify.endpoints.fares import locked_healths, store_healths
from services.notify.rules.engine import Engine
from services.notify.rules.health import Health
from services.notify.rules.rates import allowance, spend
from services.notify.rules.slots import Grant


async def claim_at_rate(
    session: AsyncSession,
    grant: Grant,
    directory: Mapping[UUID, Addressee],
    healths: Mapping[UUID, Health],
    engine: Engine,
    *,
    now: datetime,
) -> list[Job]:
    """Lease what the grant allows, and of endpoints with a rate no more than is left of it.

    What waited for an endpoint that was enabled again has a rate too, until nothing waits any more.
    """
    rates = _rates(grant, directory, healths, engine)
    bounds, spent = dict(grant.each), await locked_healths(session, rates) if rates else {}
    for endpoint_id, health in spent.items():
        left = allowance(health.rate_at, rates[endpoint_id], now)
        bounds[endpoint_id] = min(bounds[endpoint_id], left)
    shares = [
        Share(
            endpoint_id=endpoint_id,
            bound=bound,
            lease_s=directory[endpoint_id].timeout_s + engine.leases.grace_s,
            ordering=directory[endpoint_id].ordering,
        )
        for endpoint_id, bound in bounds.items()
        if bound > 0
    ]
    jobs = await claim(session, shares, grant.most, now)
    counts = Counter(job.endpoint_id for job in jobs)
    for endpoint_id, health in spent.items():
        count = counts[endpoint_id]
        health.rate_at = spend(health.rate_at, rates[endpoint_id], count, now)
        health.releasing = health.releasing and count >= bounds[endpoint_id]
    await store_healths(session, spent)
    return jobs


def _rates(
    grant: Grant, directory: Mapping[UUID, Addressee], healths: Mapping[UUID, Health], engine: Engine
) -> dict[UUID, int]:
    rates: dict[UUID, int] = {}
    for endpoint_id in grant.each:
        asked, health = directory[endpoint_id].rate_per_min, healths.get(endpoint_id)
        bounds = [] if asked is None else [asked]
        if health is not None and health.releasing:
            bounds.append(engine.release_per_minute)
        if bounds:
            rates[endpoint_id] = min(bounds)
    return rates
