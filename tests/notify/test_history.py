"""What is told and done is forgotten in time; what is still on its way is not."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import func, select

from services.notify.messages.history import forget
from services.notify.models import Attempt, Delivery, InboundCall, Message
from services.notify.settings import NotifySettings
from tests.notify.conftest import Office, Sink, event_of

MakeSink = Callable[[], Awaitable[Sink]]


async def count(office: Office) -> tuple[int, ...]:
    async with office.stage.host.look() as work:
        return tuple([
            await work.session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Message, Delivery, Attempt, InboundCall)
        ])


async def test_messages_go_after_their_time_with_all_that_hangs_on_them(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink)
    await office.stage.give(event_of("issue.closed"))
    await office.send()
    sink.status = 500
    await office.stage.give(event_of("issue.accepted"))
    await office.send()
    assert await count(office) == (3, 3, 3, 0)
    settings = office.stage.host.parts[NotifySettings]
    assert isinstance(settings, NotifySettings)
    database, now = office.stage.host.database, office.stage.clock.now()
    assert await forget(database, settings, now + timedelta(days=29)) == 0
    assert await forget(database, settings, now + timedelta(days=31)) == 2
    assert await count(office) == (1, 1, 1, 0)
    [left] = await office.deliveries()
    assert (left["type"], left["state"]) == ("issue.accepted", "pending")
