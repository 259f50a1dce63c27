"""The memory bus loses nothing either: letters in the database, and one service's trouble stays its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from shared.bus import Failure, Letter, Unavailable
from shared.bus.memory import MemoryBus, MemoryDeadLetters
from shared.clock import FakeClock
from shared.db import Database, new_metadata
from shared.envelope import Envelope
from shared.letters import Letters, letters_table
from tests.shared.toys import LOCATED, NOW, Listener, enveloped, eventually, packed


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
async def letters(database: Database) -> Letters:
    return await letters_of("intake", database)


async def letters_of(service: str, database: Database) -> Letters:
    metadata = new_metadata()
    table = letters_table(metadata)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return Letters(service, database, table)


@pytest.fixture
async def bus(clock: FakeClock, letters: Letters) -> AsyncIterator[MemoryBus]:
    made = MemoryBus(clock, delays_s=(1, 10), sweep_s=0.01)
    made.keep_letters(letters)
    yield made
    await made.close()


async def test_an_event_counts_as_published_only_when_its_subscriber_is_done(bus: MemoryBus) -> None:
    listener, message = Listener(), packed()
    await bus.subscribe("intake", [LOCATED], listener)
    await bus.publish([message])
    assert listener.ids == {message.id}


async def test_a_subscriber_that_cannot_be_asked_keeps_the_event_unpublished(bus: MemoryBus) -> None:
    listener = Listener()
    listener.away = 1
    await bus.subscribe("intake", [LOCATED], listener)
    with pytest.raises(Unavailable):
        await bus.publish([packed()])


async def test_a_failed_publication_waits_for_the_subscribers_that_work(
    bus: MemoryBus, letters: Letters
) -> None:
    finished = asyncio.Event()

    async def slowly(envelopes: object) -> list[Failure]:
        await asyncio.sleep(0.05)
        finished.set()
        return []

    away = Listener()
    away.away = 1
    await bus.subscribe("intake", [LOCATED], away)
    letters.service = "partners"
    bus.keep_letters(letters)
    await bus.subscribe("partners", [LOCATED], slowly)
    with pytest.raises(Unavailable):
        await bus.publish([packed()])
    assert finished.is_set()


async def test_the_ladder_follows_the_clock(bus: MemoryBus, clock: FakeClock) -> None:
    listener, guilty = Listener(), packed()
    listener.failing[guilty.id] = 99
    await bus.subscribe("intake", [LOCATED], listener)
    await bus.publish([guilty])
    assert await bus.retry_due() == 0
    clock.advance(timedelta(seconds=1))
    assert await bus.retry_due() == 1
    clock.advance(timedelta(seconds=9))
    assert await bus.retry_due() == 0
    clock.advance(timedelta(seconds=1))
    assert await bus.retry_due() == 1
    clock.advance(timedelta(days=1))
    assert await bus.retry_due() == 0
    assert listener.attempts(guilty) == [1, 2, 3]


async def test_a_letter_waits_while_its_service_is_away_and_the_others_do_not(
    bus: MemoryBus, clock: FakeClock, letters: Letters, tmp_path: Path
) -> None:
    first, second, message = Listener(), Listener(), packed()
    other_database = Database(f"sqlite+aiosqlite:///{tmp_path}/other.db")
    bus.keep_letters(await letters_of("partners", other_database))
    first.failing[message.id] = second.failing[message.id] = 1
    await bus.subscribe("intake", [LOCATED], first)
    await bus.subscribe("partners", [LOCATED], second)
    await bus.publish([message])
    clock.advance(timedelta(seconds=1))
    first.away = 1
    assert await bus.retry_due() == 1
    assert (first.attempts(message), second.attempts(message)) == ([1], [1, 2])
    assert await bus.retry_due() == 1
    assert first.attempts(message) == [1, 2]
    await other_database.close()


@pytest.mark.parametrize("fault", [ConnectionRefusedError("away"), LookupError("a mistake")])
async def test_letters_that_could_not_be_read_are_tried_again(
    bus: MemoryBus, database: Database, letters: Letters, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    listener, message = Listener(), packed()
    await bus.subscribe("intake", [LOCATED], listener)
    await letters.keep([Letter(message, 2, NOW, "once more")])
    asked = 0

    def away() -> None:
        nonlocal asked
        asked += 1
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(database, "reading", away)
        with pytest.raises((Unavailable, LookupError)):
            await letters.due(NOW)
        await bus.start()
        await eventually(lambda: asked > 3)
        assert not listener.seen
    await listener.has([message])


async def test_a_fault_of_ours_is_not_called_a_database_that_is_away(database: Database) -> None:
    absent = Letters("intake", database, letters_table(new_metadata()))
    with pytest.raises(Exception, match="letters"):
        await absent.due(NOW)


async def test_a_letter_takes_the_place_of_what_was_known_of_the_event(letters: Letters) -> None:
    message = packed()
    await letters.keep([])
    await letters.keep([Letter(message, 2, NOW, "first")])
    await letters.keep([Letter(message, 3, NOW, "second")])
    (kept,) = await letters.due(NOW)
    assert (kept.attempt, kept.reason, kept.message) == (3, "second", message)


async def test_letters_are_due_in_the_order_of_their_time_and_in_slices(letters: Letters) -> None:
    late, early, future, dead = (packed() for _ in range(4))
    await letters.keep([
        Letter(late, 2, NOW, ""),
        Letter(early, 2, NOW - timedelta(seconds=5), ""),
        Letter(future, 2, NOW + timedelta(seconds=1), ""),
        Letter(dead, 3, NOW - timedelta(days=1), "", is_dead=True),
    ])
    assert [one.message.id for one in await letters.due(NOW)] == [early.id, late.id]
    assert [one.message.id for one in await letters.due(NOW, limit=1)] == [early.id]


async def test_dead_letters_are_listed_replayed_and_dropped(
    bus: MemoryBus, clock: FakeClock, letters: Letters
) -> None:
    listener, messages = Listener(), [packed() for _ in range(4)]
    listener.poison = {message.id for message in messages}
    await bus.subscribe("intake", [LOCATED], listener)
    await bus.publish(messages)
    tool = MemoryDeadLetters(clock, [letters])
    assert {one.id for one in await tool.list("intake")} == {str(message.id) for message in messages}
    assert len(await tool.list("intake", limit=2)) == 2
    assert await tool.drop("intake", [str(messages[0].id), str(uuid4())]) == 1
    listener.poison.clear()
    assert await tool.replay("intake", [str(messages[1].id)]) == 1
    assert await bus.retry_due() == 1
    assert listener.attempts(messages[1]) == [1, 1]
    assert await tool.replay("intake") == 2
    assert await bus.retry_due() == 2
    assert await tool.list("intake") == []
    assert await tool.drop("intake") == 0


async def test_the_sweeper_of_a_started_bus_takes_what_is_due(bus: MemoryBus, clock: FakeClock) -> None:
    listener, message = Listener(), packed()
    listener.failing[message.id] = 1
    await bus.subscribe("intake", [LOCATED], listener)
    await bus.start()
    await bus.publish([message])
    clock.advance(timedelta(seconds=1))
    await eventually(lambda: listener.attempts(message) == [1, 2])


async def test_a_reason_that_cannot_be_written_down_whole_stops_nothing(
    bus: MemoryBus, clock: FakeClock, letters: Letters
) -> None:
    async def confused(envelopes: Sequence[Envelope]) -> Sequence[Failure]:
        return [Failure(one, "half a character: \ud800" + "!" * 1000, poison=True) for one in envelopes]

    await bus.subscribe("intake", [LOCATED], confused)
    await bus.publish([packed()])
    (letter,) = await MemoryDeadLetters(clock, [letters]).list("intake")
    assert letter.reason.startswith("half a character: ?!!")
    assert len(letter.reason) == 500


async def test_a_repeated_envelope_carries_the_number_of_its_try() -> None:
    envelope = enveloped()
    assert (envelope.attempt, envelope.again(3).attempt, envelope.again(3).id) == (1, 3, envelope.id)
