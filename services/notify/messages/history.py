"""Messages for people to look at, and their end: what is told and done is kept for a while, and no longer."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from services.notify.listing import inside, last_seen
from services.notify.models import Attempt, Delivery, InboundCall, Message
from services.notify.rules.states import DeliveryState
from services.notify.settings import NotifySettings
from shared.db import Database
from shared.host import Host
from shared.service import Work
from shared.web import Page

AT_ONCE = 1000
EVERY_S = 3600.0
UNDER_WAY = (DeliveryState.pending, DeliveryState.leased)


async def list_messages(
    work: Work, page: Page[str], *, type: str | None, subject: str | None
) -> Sequence[Message]:
    """The messages about the caller's areas, the newest first, one more than the page holds."""
    query = select(Message).where(inside(Message.area_code, work.areas()))
    if type is not None:
        query = query.where(Message.type == type)
    if subject is not None:
        query = query.where(Message.subject == subject)
    before = last_seen(page)
    if before is not None:
        query = query.where(Message.id < before)
    return (await work.session.scalars(query.order_by(Message.id.desc()).limit(page.limit + 1))).all()


async def forget(database: Database, settings: NotifySettings, now: datetime) -> int:
    """Delete what is older than the settings say and no longer on its way; say how many messages went.

    In small portions, so that nobody waits long for a row. The calls of street offices are kept as long:
    more than the thirty days in which the same call may come again (webhooks standard of the house).
    """
    before, forgotten = now - timedelta(days=settings.message_keep_days), 0
    while went := await _forget_some(database, before):
        forgotten += went
    async with database.transaction() as session:
        await session.execute(delete(InboundCall).where(InboundCall.received_at < before))
    return forgotten


async def _forget_some(database: Database, before: datetime) -> int:
    waiting = select(Delivery.id).where(Delivery.message_id == Message.id, Delivery.state.in_(UNDER_WAY))
    old = select(Message.id).where(Message.stored_at < before, ~waiting.exists()).limit(AT_ONCE)
    async with database.transaction() as session:
        ids = (await session.scalars(old)).all()
        if ids:
            theirs = select(Delivery.id).where(Delivery.message_id.in_(ids))
            await session.execute(delete(Attempt).where(Attempt.delivery_id.in_(theirs)))
            await session.execute(delete(Delivery).where(Delivery.message_id.in_(ids)))
            await session.execute(delete(Message).where(Message.id.in_(ids)))
    return len(ids)


async def keep_history_short(host: Host) -> None:
    """The background work that forgets."""
    settings = host.parts[NotifySettings]
    if not isinstance(settings, NotifySettings):
        raise TypeError("the settings are a part of the service")
    while True:
        await forget(host.database, settings, host.clock.now())
        await asyncio.sleep(EVERY_S)
