"""What grid makes of an issue's events, whatever their order and however often they come."""

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from uuid import UUID, uuid4

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.grid.areas.models import Area
from services.grid.atlas import MAP, new_edition
from services.grid.issues.models import assignments, issue_copies, places
from shared.events import Event
from shared.events.grid import AssignmentDeclined, AssignmentEvent, AssignmentProposed, IssueLocated
from shared.events.intake import (
    EmergencyReportFiled,
    Handler,
    IssueAccepted,
    IssueAssigned,
    IssueClosed,
    IssueDeclined,
    IssueReported,
    IssueState,
    Point,
)
from shared.privacy import new_key_pair, seal
from shared.testing import Stage
from tests.grid.conftest import PUBLIC_KEY
from tests.grid.town import COMPOUND, EAST, WEST, WEST_LEADER, WEST_WORKER, Town, issue, put

IN_THE_WEST = Point(longitude=103.882, latitude=36.052)


def reported(issue_id: UUID, **more: object) -> IssueReported:
    place: dict[str, object] = {"point": IN_THE_WEST, **more}
    return IssueReported.model_validate({"issue": issue(issue_id, 1, IssueState.reported), **place})


def accepted(issue_id: UUID, **more: object) -> IssueAccepted:
    return IssueAccepted(issue=issue(issue_id, 2, IssueState.accepted, **more))


def declined(issue_id: UUID, version: int, round: int, by: Handler) -> IssueDeclined:
    opened = issue(
        issue_id, version, IssueState.accepted, assignment_round=round, decline_count=round, area_code=WEST
    )
    return IssueDeclined(issue=opened, declined_by=by, reason_code="not_my_area")


async def told(stage: Stage, *events: Event) -> list[Event]:
    assert not await stage.give(*events)
    return await stage.emitted()


def proposals(events: Sequence[Event]) -> list[tuple[int, str | None, str | None]]:
    found = [event.assignment for event in events if isinstance(event, AssignmentProposed)]
    return [(one.round, one.handler.person if one.handler else None, one.role) for one in found]


async def test_a_reported_issue_is_located_in_the_smallest_area_around_its_point(town: Town) -> None:
    events = await told(town.stage, reported(uuid4()))
    assert [event.placement.area_code for event in events if isinstance(event, IssueLocated)] == [
        WEST + "001"
    ]
    assert len(events) == 1


async def test_an_issue_that_is_reported_and_accepted_in_one_batch_is_proposed_once(town: Town) -> None:
    issue_id = uuid4()
    events = await told(town.stage, reported(issue_id), accepted(issue_id))
    assert [event.type for event in events] == [IssueLocated.type, AssignmentProposed.type]
    assert proposals(events) == [(0, WEST_WORKER.person, "full_time_worker")]
    assert await told(town.stage, reported(issue_id), accepted(issue_id)) == []


async def test_an_accepted_issue_waits_for_its_place(town: Town) -> None:
    issue_id = uuid4()
    assert await told(town.stage, accepted(issue_id)) == []
    assert proposals(await told(town.stage, reported(issue_id))) == [
        (0, WEST_WORKER.person, "full_time_worker")
    ]


async def test_the_head_of_the_micro_grid_is_asked_before_the_worker_of_the_grid(town: Town) -> None:
    await put(town, f"/force/{WEST}001/micro_grid_head/head-1", {})
    issue_id = uuid4()
    events = await told(town.stage, reported(issue_id), accepted(issue_id))
    assert proposals(events) == [(0, "head-1", "micro_grid_head")]


async def test_a_new_worker_is_proposed_and_one_who_stood_down_is_not(town: Town) -> None:
    path = f"/force/{WEST}/full_time_worker"
    await put(town, f"{path}/a-new-worker", {})
    assert (await town.secretary.delete(f"{path}/{WEST_WORKER.person}")).status_code == 204
    issue_id = uuid4()
    events = await told(town.stage, reported(issue_id), accepted(issue_id))
    assert proposals(events) == [(0, "a-new-worker", "full_time_worker")]


async def test_above_the_grids_level_the_community_decides(town: Town) -> None:
    issue_id = uuid4()
    events = await told(town.stage, reported(issue_id), accepted(issue_id, level=2))
    assert proposals(events) == [(0, None, None)]


async def test_an_issue_outside_of_all_areas_is_left_to_the_community_and_not_located(town: Town) -> None:
    issue_id = uuid4()
    far = Point(longitude=100, latitude=30)
    events = await told(town.stage, reported(issue_id, point=far), accepted(issue_id))
    assert [type(event) for event in events] == [AssignmentProposed]
    assert proposals(events) == [(0, None, None)]


async def test_a_compound_places_an_issue_whose_point_is_outside(town: Town) -> None:
    far = Point(longitude=100, latitude=30)
    events = await told(town.stage, reported(uuid4(), point=far, compound=COMPOUND))
    placed = [event.placement for event in events if isinstance(event, IssueLocated)]
    assert [(one.area_code, one.method) for one in placed] == [(WEST + "002", "compound")]


async def test_a_sealed_address_places_an_issue_and_its_words_are_not_kept(town: Town) -> None:
    words = orjson.dumps({"point": None, "address": "城关区北方苑小区 2单元501", "compound": None})
    sealed = b64encode(seal(PUBLIC_KEY, words)).decode()
    issue_id = uuid4()
    events = await told(town.stage, reported(issue_id, point=None, place_sealed=sealed))
    placed = [event.placement for event in events if isinstance(event, IssueLocated)]
    assert [(one.area_code, one.method) for one in placed] == [(WEST + "002", "address")]
    async with town.stage.host.look() as work:
        row = (await work.session.execute(select(places).where(places.c.issue_id == issue_id))).one()
    assert "501" not in str(row)


async def test_a_sealed_place_without_a_key_waits_for_one_and_harms_nobody(embedded: Stage) -> None:
    sealed = b64encode(seal(PUBLIC_KEY, b"{}")).decode()
    (failure,) = await embedded.give(reported(uuid4(), point=None, place_sealed=sealed), reported(uuid4()))
    assert "contact_private_key" in failure.reason
    assert not failure.poison


async def test_a_place_sealed_to_another_key_fails_alone(town: Town) -> None:
    _, other = new_key_pair()
    sealed = b64encode(seal(other, b"{}")).decode()
    good = uuid4()
    bad = town.stage.enveloped(reported(uuid4(), point=None, place_sealed=sealed))
    failures = await town.stage.give(bad, reported(good), accepted(good))
    assert [failure.envelope.id for failure in failures] == [bad.id]
    assert proposals(await town.stage.emitted()) == [(0, WEST_WORKER.person, "full_time_worker")]


async def test_who_declines_is_noted_and_the_leader_is_asked_next_and_then_the_community(town: Town) -> None:
    issue_id = uuid4()
    await told(town.stage, reported(issue_id), accepted(issue_id))
    first = await told(town.stage, declined(issue_id, 4, 1, WEST_WORKER))
    noted = [event for event in first if isinstance(event, AssignmentDeclined)]
    assert [(one.assignment.round, one.assignment.version, one.assignment.handler) for one in noted] == [
        (0, 2, WEST_WORKER)
    ]
    assert proposals(first) == [(1, WEST_LEADER.person, "grid_leader")]
    assert proposals(await told(town.stage, declined(issue_id, 6, 2, WEST_LEADER))) == [(2, None, None)]


async def test_a_leader_who_declined_in_the_first_round_is_not_asked_again(town: Town) -> None:
    issue_id = uuid4()
    await told(town.stage, reported(issue_id), accepted(issue_id))
    events = await told(town.stage, declined(issue_id, 4, 1, WEST_LEADER))
    assert proposals(events) == [(1, None, None)]


async def test_a_change_of_the_map_by_another_replica_is_noticed_at_once(town: Town) -> None:
    assert (await town.clerk.get("/locate?longitude=103.882&latitude=36.052")).status_code == 200
    async with town.stage.runtime.database.transaction() as elsewhere:
        area = await elsewhere.get_one(Area, WEST + "001")
        area.shape = None
        await elsewhere.flush()
        await new_edition(elsewhere, MAP)
    answer = await town.clerk.get("/locate?longitude=103.882&latitude=36.052")
    assert answer.json()["area_code"] == WEST


async def test_replicas_that_take_the_events_of_an_issue_at_the_same_time_propose_it_once(town: Town) -> None:
    await town.stage.emitted()
    issues = [uuid4() for _ in range(20)]
    halves: list[list[Event]] = [
        [reported(one) for one in issues],
        [accepted(one) for one in reversed(issues)],
    ]
    batches = [half[start : start + 5] for half in halves for start in range(0, 20, 5)]
    outcomes = await asyncio.gather(*(town.stage.give(*batch) for batch in batches))
    assert not any(outcomes)
    events = [event for event in await town.stage.emitted() if isinstance(event, AssignmentProposed)]
    assert sorted(event.assignment.issue_id for event in events) == sorted(issues)


def story(issue_id: UUID) -> list[Event]:
    """An issue's life with two declines, an emergency report in between, and more than grid needs to know."""
    first, second = {"assignment_round": 0}, {"assignment_round": 1, "decline_count": 1}
    filed = EmergencyReportFiled(
        issue=issue(issue_id, 4, IssueState.accepted, **second),
        report_no=2,
        stage="follow_up",
        place="北侧",
        casualties=0,
        damage="",
        trend="",
        actions="",
        called="119",
        on_site_lead="leader",
    )
    return [
        reported(issue_id),
        accepted(issue_id),
        IssueAssigned(issue=issue(issue_id, 3, IssueState.assigned, handler=WEST_WORKER, **first)),
        declined(issue_id, 4, 1, WEST_WORKER),
        filed,
        IssueAssigned(issue=issue(issue_id, 5, IssueState.assigned, handler=WEST_LEADER, **second)),
        declined(issue_id, 6, 2, WEST_LEADER),
        IssueClosed(
            issue=issue(issue_id, 9, IssueState.closed, assignment_round=2, decline_count=2),
            reached=True,
            solved=True,
            rating=5,
            closed_at="2026-03-10T08:00:00Z",
        ),
    ]


def said(event: Event) -> tuple[object, ...]:
    """What an emitted event says, apart from whose issue it is about."""
    if isinstance(event, AssignmentEvent):
        one = event.assignment
        return (
            event.type,
            one.version,
            one.round,
            one.area_code,
            one.handler,
            one.role,
            one.level,
            one.reasons,
        )
    assert isinstance(event, IssueLocated)
    return (event.type, event.placement.version, event.placement.area_code, event.placement.method)


async def kept(stage: Stage, issue_id: UUID) -> list[object]:
    """The rows that grid keeps of an issue, without ids and times."""
    columns = [assignments.c.round, assignments.c.state, assignments.c.version, assignments.c.person]
    async with stage.host.look() as work:
        rounds = await work.session.execute(
            select(*columns).where(assignments.c.issue_id == issue_id).order_by(assignments.c.round)
        )
        place = await work.session.execute(
            select(places.c.area_code, places.c.method).where(places.c.issue_id == issue_id)
        )
        copy = await work.session.execute(
            select(issue_copies.c.version, issue_copies.c.state).where(issue_copies.c.id == issue_id)
        )
        return [tuple(row) for result in (rounds, place, copy) for row in result]


@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_order_and_repetition_of_the_events_ends_in_the_same_state(
    town: Town, data: st.DataObject
) -> None:
    await town.stage.emitted()
    usual, unusual = uuid4(), uuid4()
    for event in story(usual):
        assert not await town.stage.give(event)
    expected = await town.stage.emitted()
    envelopes = [town.stage.enveloped(event) for event in story(unusual)]
    order = data.draw(
        st.permutations([*envelopes, *data.draw(st.lists(st.sampled_from(envelopes), max_size=6))])
    )
    while order:
        size = data.draw(st.integers(1, len(order)))
        assert not await town.stage.give(*order[:size])
        order = order[size:]
    found = await town.stage.emitted()
    assert sorted(map(repr, map(said, found))) == sorted(map(repr, map(said, expected)))
    assert await kept(town.stage, unusual) == await kept(town.stage, usual)


async def test_a_worker_of_the_other_grid_is_never_proposed(town: Town) -> None:
    issue_id = uuid4()
    east = Point(longitude=103.895, latitude=36.052)
    events = await told(town.stage, reported(issue_id, point=east), accepted(issue_id))
    assert proposals(events) == [(0, f"{EAST}:full_time_worker", "full_time_worker")]
