"""A service's work is done once, whole or not at all, and every event knows why it happened."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Column, String, Table, Uuid, event, insert, select

from shared import bulk
from shared.auth import Caller
from shared.bus import Unavailable
from shared.clock import FakeClock
from shared.db import Database, new_metadata
from shared.envelope import Cause, Envelope, Packed, unpack
from shared.errors import Forbidden, Stale
from shared.events import Event
from shared.events.grid import AssignmentProposed, IssueLocated
from shared.events.intake import IssueResumed
from shared.host import Host
from shared.service import Service, Work
from shared.telemetry import Metrics
from tests.shared.toys import AREA, NOW, enveloped, located, packed, proposed

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Toy:
    """The service `grid` in small: it notes what it hears, and answers a proposal with a place."""

    def __init__(self, database: Database) -> None:
        self.database, self.metrics, self.handed = database, Metrics("grid"), list[Packed]()
        metadata = new_metadata()
        self.notes = Table(
            "notes", metadata, Column("id", Uuid, primary_key=True), Column("text", String(200), unique=True)
        )
        self.service = Service("grid", metadata)
        self.host = Host(
            self.service, database, FakeClock(NOW), metrics=self.metrics, parts={str: "part"}, hand=self.hand
        )
        self.service.on_batch(IssueLocated)(self.note)
        self.service.on(AssignmentProposed)(self.answer)

    def hand(self, positions: Sequence[int], messages: Sequence[Packed]) -> None:
        assert len(positions) == len(messages)
        self.handed.extend(messages)

    async def note(self, events: Sequence[IssueLocated], work: Work) -> None:
        rows = [{"id": uuid4(), "text": one.placement.method} for one in events]
        await bulk.insert(work.session, self.notes, rows)
        if any(one.placement.method == "boom" for one in events):
            raise LookupError("boom")

    async def answer(self, event: AssignmentProposed, work: Work) -> None:
        work.emit(located(event.assignment.role or ""))

    async def texts(self) -> set[str]:
        async with self.database.reading() as session:
            return set(await session.scalars(select(self.notes.c.text)))

    async def waiting(self) -> list[Envelope]:
        async with self.database.reading() as session:
            table = self.service.outbox
            bodies = await session.scalars(select(table.c.body).order_by(table.c.position))
            return [unpack(body)[0] for body in bodies]


@pytest.fixture
async def toy(database: Database) -> Toy:
    made = Toy(database)
    async with database.engine.begin() as connection:
        await connection.run_sync(made.service.metadata.create_all)
    return made


async def test_a_change_and_its_event_are_stored_together_and_then_handed_to_the_relay(toy: Toy) -> None:
    async with toy.host.work() as work:
        await work.session.execute(insert(toy.notes).values(id=uuid4(), text="a"))
        work.emit(located("a"))
    assert await toy.texts() == {"a"}
    assert [one.type for one in await toy.waiting()] == [IssueLocated.type]
    assert len(toy.handed) == 1


async def test_work_that_fails_leaves_neither_change_nor_event(toy: Toy) -> None:
    with pytest.raises(LookupError):
        await work_and_fail(toy)
    assert (await toy.texts(), await toy.waiting(), toy.handed) == (set(), [], [])


async def work_and_fail(toy: Toy) -> None:
    async with toy.host.work() as work:
        await work.session.execute(insert(toy.notes).values(id=uuid4(), text="a"))
        work.emit(located("a"))
        work.afterwards.append(partial(toy.handed.append, packed()))
        raise LookupError


async def test_what_is_to_be_done_afterwards_is_done_after_the_commit(toy: Toy) -> None:
    called: list[str] = []
    async with toy.host.work() as work:
        work.afterwards.append(lambda: called.append("after"))
        assert not called
    assert called == ["after"]


async def test_what_only_reads_may_not_leave_an_event(toy: Toy) -> None:
    with pytest.raises(RuntimeError, match="only reads"):
        await look_and_emit(toy)


async def look_and_emit(toy: Toy) -> None:
    async with toy.host.look() as work:
        work.emit(located())


async def test_nobody_emits_what_another_service_owns(toy: Toy) -> None:
    resumed = IssueResumed.model_construct(None)  # type: ignore[call-arg]  # Its owner is all that matters.
    async with toy.host.work() as work:
        with pytest.raises(TypeError, match="grid may not emit intake"):
            work.emit(resumed)


async def test_an_event_carries_the_moment_of_the_work_and_its_subject(toy: Toy) -> None:
    id = uuid4()
    async with toy.host.work() as work:
        work.emit(located(id=id, version=4))
    (event,) = await toy.waiting()
    assert (event.occurred_at, event.subject, event.version) == (NOW, f"placement/{id}", 4)


async def test_the_parts_of_a_service_are_at_hand(toy: Toy) -> None:
    async with toy.host.work() as work:
        assert work.part(str) == "part"


async def test_work_knows_what_its_caller_may(toy: Toy) -> None:
    caller = Caller("u-1", areas=(AREA[:12],))
    async with toy.host.look(caller=caller) as work:
        assert work.actor() is caller
        work.permit(AREA)
        work.permit_own("u-1")
        assert work.areas() == (AREA[:12],)
        with pytest.raises(Forbidden):
            work.permit("620102014007")
        with pytest.raises(Forbidden):
            work.permit_own("u-2")
        with pytest.raises(Forbidden):
            work.permit_own(None)
    async with toy.host.look() as work:
        with pytest.raises(Forbidden):
            work.actor()


async def test_a_version_that_the_caller_did_not_read_is_stale(toy: Toy) -> None:
    async with toy.host.look() as work:
        work.expect(7)
        work.expected_version = 6
        work.expect(6)
        with pytest.raises(Stale, match="you read version 6, it is now version 7"):
            work.expect(7)


async def test_an_event_is_handled_once_however_often_it_comes(toy: Toy) -> None:
    one = enveloped(located("a"))
    assert await toy.host.receive([one, one]) == []
    assert await toy.host.receive([one]) == []
    assert await toy.texts() == {"a"}
    assert b'sanlian_inbox_duplicates_total{service="grid"} 2.0' in toy.metrics.render()


async def test_an_event_that_follows_knows_its_cause_and_its_trace(toy: Toy) -> None:
    first = enveloped(proposed("one"), cause=Cause(correlation_id=uuid4(), traceparent=TRACE))
    second = enveloped(proposed("two"))
    assert await toy.host.receive([first, second]) == []
    (one, two) = await toy.waiting()
    assert one.cause == Cause(
        correlation_id=first.cause.correlation_id, causation_id=first.id, traceparent=TRACE
    )
    assert (two.cause.correlation_id, two.cause.causation_id) == (second.cause.correlation_id, second.id)


async def test_a_batch_handler_says_which_event_it_answers(database: Database) -> None:
    toy = Toy(database)
    toy.service.subscriptions.clear()
    seen: list[UUID] = []

    @toy.service.on_batch(IssueLocated, AssignmentProposed)
    async def answer_all(events: Sequence[Event], work: Work) -> None:
        for one in reversed(events):
            seen.append(work.envelope(one).id)
            work.emit(located(), because=one)
        work.emit(located())

    async with database.engine.begin() as connection:
        await connection.run_sync(toy.service.metadata.create_all)
    first, second = enveloped(located()), enveloped(proposed())
    assert await toy.host.receive([first, second]) == []
    assert seen == [second.id, first.id]
    assert [one.cause.causation_id for one in await toy.waiting()] == [second.id, first.id, first.id]


async def test_the_handlers_of_one_type_leave_no_cause_to_those_of_another(toy: Toy) -> None:
    @toy.service.on_batch(IssueLocated)
    async def follow(events: Sequence[IssueLocated], work: Work) -> None:
        work.emit(located("followed"))

    first, second = enveloped(located("a")), enveloped(proposed())
    assert await toy.host.receive([first, second]) == []
    assert [one.cause.causation_id for one in await toy.waiting()] == [second.id, first.id]


async def test_only_the_guilty_event_of_a_batch_fails(toy: Toy) -> None:
    good, guilty, better = (enveloped(located(word)) for word in ("good", "boom", "better"))
    (failure,) = await toy.host.receive([good, guilty, better])
    assert (failure.envelope, failure.reason, failure.poison) == (guilty, "LookupError: boom", False)
    assert await toy.texts() == {"good", "better"}
    assert b'sanlian_events_retried_total{service="grid"} 1.0' in toy.metrics.render()


async def test_a_broken_rule_of_the_database_fails_the_event_and_no_other(toy: Toy) -> None:
    first, same, other = (enveloped(located(word)) for word in ("a", "a", "b"))
    (failure,) = await toy.host.receive([first, same, other])
    assert failure.envelope.id == same.id
    assert await toy.texts() == {"a", "b"}


async def test_an_event_at_its_last_try_is_counted_among_the_dead(toy: Toy) -> None:
    (failure,) = await toy.host.receive([enveloped(located("boom")).again(5)])
    assert not failure.poison
    counted = f'sanlian_events_dead_lettered_total{{service="grid",type="{IssueLocated.type}"}} 1.0'
    assert counted.encode() in toy.metrics.render()


async def test_what_no_contract_fits_is_poison_and_hurts_nobody(toy: Toy) -> None:
    unknown = Envelope(
        id=uuid4(), type="grid.issue.lost.v1", subject="", version=1, occurred_at=NOW,
        cause=Cause(correlation_id=uuid4()), data={},
    )  # fmt: skip
    misshapen = Envelope(
        id=uuid4(), type=IssueLocated.type, subject="", version=1, occurred_at=NOW,
        cause=Cause(correlation_id=uuid4()), data={"placement": 5},
    )  # fmt: skip
    failures = await toy.host.receive([unknown, enveloped(located("good")), misshapen])
    assert [(one.envelope, one.poison) for one in failures] == [(unknown, True), (misshapen, True)]
    assert await toy.texts() == {"good"}
    assert [one.poison for one in await toy.host.receive([unknown])] == [True]


async def test_a_database_that_is_away_is_no_fault_of_the_events(toy: Toy) -> None:
    def away(*_: object) -> None:
        raise ConnectionRefusedError("the database is away")

    event.listen(toy.database.engine.sync_engine, "before_cursor_execute", away)
    one = enveloped(located("a"))
    with pytest.raises(Unavailable, match="away"):
        await toy.host.receive([one])
    event.remove(toy.database.engine.sync_engine, "before_cursor_execute", away)
    assert await toy.host.receive([one]) == []
    assert await toy.texts() == {"a"}


async def test_an_event_that_matters_to_no_handler_now_is_let_go_and_leaves_no_trace(
    database: Database,
) -> None:
    toy, wanted, heard = Toy(database), set[str](), list[UUID]()

    async def heed(work: Work) -> frozenset[str]:
        return frozenset(wanted)

    async def hear(events: Sequence[IssueResumed], work: Work) -> None:
        heard.extend(work.envelope(event).id for event in events)

    toy.service.on_batch(IssueResumed, heed=heed)(hear)
    async with database.engine.begin() as connection:
        await connection.run_sync(toy.service.metadata.create_all)
    resumed, misshapen = enveloped(located("a")), enveloped(located("b"))
    resumed.type = misshapen.type = IssueResumed.type
    assert await toy.host.receive([misshapen, enveloped(located("c"))]) == []
    assert (heard, await toy.texts()) == ([], {"c"})
    wanted.add(IssueResumed.type)
    assert [one.poison for one in await toy.host.receive([misshapen])] == [True]
