"""Help for issues: needs come and go with them, however often and in whatever order one hears of it."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.partners.app import PLAN, ROUTERS
from services.partners.matches.models import Match
from services.partners.needs.models import Need
from services.partners.offers.models import Offer
from shared.clock import FakeClock
from shared.envelope import Envelope
from shared.events import Event
from shared.events.intake import (
    IssueClosed,
    IssueMerged,
    IssueRejected,
    IssueState,
    IssueWithdrawn,
    Urgency,
)
from shared.events.partners import MatchLapsed, MatchProposed, NeedPublished, NeedWithdrawn, PledgeCancelled
from shared.testing import Stage, staged
from tests.partners.actors import Actors, help_requested, issue_snapshot
from tests.partners.conftest import NOW

ISSUE = UUID(int=7)


def closed(version: int, issue_id: UUID = ISSUE) -> IssueClosed:
    snapshot = issue_snapshot(issue_id, version, IssueState.closed, now=NOW)
    return IssueClosed(issue=snapshot, reached=True, solved=True, rating=5, closed_at=NOW)


def ended(state: IssueState, version: int) -> Event:
    snapshot = issue_snapshot(ISSUE, version, state, now=NOW)
    if state is IssueState.rejected:
        return IssueRejected(issue=snapshot, reason_code="not_ours")
    if state is IssueState.merged:
        return IssueMerged(issue=snapshot, master_id=uuid4(), master_no="WLD-20270301-0001")
    return IssueWithdrawn(issue=snapshot) if state is IssueState.withdrawn else closed(version)


async def needs_in(stage: Stage) -> list[Need]:
    async with stage.runtime.database.reading() as session:
        return list((await session.scalars(select(Need).order_by(Need.help_no))).all())


async def test_a_call_for_help_becomes_one_need_however_often_it_is_told(stage: Stage) -> None:
    asked = help_requested(NOW, issue_id=ISSUE)
    assert await stage.give(asked, asked, help_requested(NOW, issue_id=ISSUE, version=5)) == []
    assert await stage.give(asked) == []
    (need,) = await needs_in(stage)
    assert (need.state, need.origin, need.quantity, need.area_code) == (
        "published",
        "issue",
        1,
        "620102014006001",
    )
    assert (need.issue_id, need.help_no, need.urgency) == (ISSUE, 1, "U1")
    (event,) = await stage.emitted()
    assert isinstance(event, NeedPublished)
    assert event.need == need.snapshot()


async def test_two_calls_of_one_issue_are_two_needs(stage: Stage) -> None:
    await stage.give(
        help_requested(NOW, issue_id=ISSUE), help_requested(NOW, issue_id=ISSUE, version=6, no=2)
    )
    assert [need.help_no for need in await needs_in(stage)] == [1, 2]


async def test_a_need_is_split_over_offers_with_the_reasons_of_each(stage: Stage, actors: Actors) -> None:
    for code, total in (("PU-A", 4), ("PU-B", 5)):
        await actors.offer(await actors.unit(code), total=total)
    await stage.emitted()
    await stage.give(help_requested(NOW, issue_id=ISSUE, quantity=8))
    matches = [event.match for event in await stage.emitted() if isinstance(event, MatchProposed)]
    assert {(one.unit_code, one.quantity) for one in matches} == {("PU-B", 5), ("PU-A", 3)}
    shown = await actors.matches(issue_id=str(ISSUE))
    assert {one["id"] for one in shown} == {str(one.id) for one in matches}
    for one in shown:
        assert sum(one["reasons"].values()) == pytest.approx(one["score"], abs=0.1)
    assert {one["band"] for one in shown} == {"auto"}


async def test_one_batch_shares_an_offer_and_leaves_the_rest_with_a_reason(
    stage: Stage, actors: Actors
) -> None:
    offer = await actors.offer(await actors.unit(), total=3)
    await stage.give(*(help_requested(NOW) for _ in range(5)))
    assert len(await actors.matches(offer_id=offer["id"])) == 3
    held = [need.hold for need in await needs_in(stage) if need.hold is not None]
    assert held == [{"why": "no_offer_fits", "obstacles": {"quantity": 1}}] * 2


@pytest.mark.parametrize(
    "state", [IssueState.closed, IssueState.rejected, IssueState.merged, IssueState.withdrawn]
)
async def test_a_need_ends_with_its_issue_and_everybody_is_let_go(
    sqlite_stage: Stage, state: IssueState
) -> None:
    actors = Actors(sqlite_stage)
    unit = await actors.unit()
    offer = await actors.offer(unit, total=9)
    await sqlite_stage.give(help_requested(NOW, issue_id=ISSUE, quantity=9))
    match = (await actors.matches())[0]
    await actors.clerk.post(f"/matches/{match['id']}/offer")
    pledge = (await unit.post(f"/matches/{match['id']}/accept", json={"quantity": 2})).json()
    await actors.settle()
    other = await actors.offer(await actors.unit("PU-OTHER"))
    assert await sqlite_stage.give(ended(state, 9)) == []
    kinds = [type(event) for event in await actors.settle()]
    assert kinds.count(NeedWithdrawn) == kinds.count(PledgeCancelled) == kinds.count(MatchLapsed) == 1
    assert (await unit.get(f"/pledges/{pledge['id']}")).json()["closed_reason"] == "need_withdrawn"
    async with sqlite_stage.runtime.database.reading() as session:
        rows = (await session.execute(select(Offer.reserved, Offer.proposed))).all()
        need = (await session.scalars(select(Need))).one()
    assert [tuple(row) for row in rows] == [(0, 0), (0, 0)]
    assert (need.state, need.proposed, need.open_quantity) == ("withdrawn", 0, 9)
    assert {offer["state"], other["state"]} == {"published"}


async def test_help_that_has_arrived_is_still_signed_for_after_the_issue_is_closed(
    stage: Stage, actors: Actors
) -> None:
    unit = await actors.unit()
    await actors.offer(unit)
    await stage.give(help_requested(NOW, issue_id=ISSUE))
    pledge = await actors.pledge(unit)
    at = (NOW + timedelta(days=1)).isoformat()
    for command, body in (("contact", None), ("schedule", {"at": at}), ("deliver", {"quantity": 1})):
        await unit.post(f"/pledges/{pledge['id']}/{command}", json=body)
    await stage.give(closed(9))
    await actors.settle()
    assert (await actors.worker.post(f"/pledges/{pledge['id']}/confirm")).status_code == 200
    assert (await actors.clerk.get(f"/needs/{pledge['need_id']}")).json()["state"] == "fulfilled"


async def test_help_asked_for_after_a_reopening_is_not_ended_by_the_old_closing(stage: Stage) -> None:
    again = help_requested(NOW, issue_id=ISSUE, version=12, no=2)
    for event in (again, closed(9), help_requested(NOW, issue_id=ISSUE)):
        assert await stage.give(event) == []
    assert [need.state for need in await needs_in(stage)] == ["withdrawn", "published"]


async def test_an_emergency_never_waits_for_matching(stage: Stage, actors: Actors) -> None:
    await actors.offer(await actors.unit())
    asked = help_requested(NOW, issue_id=ISSUE)
    emergency = asked.model_copy(update={"issue": asked.issue.model_copy(update={"urgency": Urgency.U0})})
    await stage.give(emergency)
    assert await actors.matches() == []
    assert (await needs_in(stage))[0].hold == {"why": "emergency"}


STORY: Sequence[Event] = (
    help_requested(NOW, issue_id=ISSUE),
    closed(9),
    help_requested(NOW, issue_id=ISSUE, version=12, no=2),
    help_requested(NOW, issue_id=UUID(int=8), quantity=3),
    ended(IssueState.withdrawn, 3),
)


@settings(max_examples=15, deadline=None)
@given(order=st.permutations([*range(len(STORY)), *range(len(STORY))]), cut=st.integers(1, 9))
def test_any_order_and_any_repetition_end_in_the_same_state(order: list[int], cut: int) -> None:
    assert asyncio.run(play(order, cut)) == {
        (ISSUE, 1, "withdrawn", 0),
        (ISSUE, 2, "published", 1),
        (UUID(int=8), 1, "published", 3),
    }


async def play(order: Sequence[int], cut: int) -> set[tuple[UUID | None, int | None, str, int]]:
    """Tell the story in this order, as two batches, and return each need with what is proposed for it."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/partners.db"
        async with staged(PLAN, ROUTERS, database_url=url, clock=FakeClock(NOW)) as stage:
            actors = Actors(stage)
            await actors.offer(await actors.unit())
            told: list[Envelope] = [stage.enveloped(event) for event in STORY]
            for batch in (order[:cut], order[cut:]):
                assert await stage.give(*(told[number] for number in batch)) == []
                await actors.settle()
            return await outcome(stage)


async def outcome(stage: Stage) -> set[tuple[UUID | None, int | None, str, int]]:
    found = set()
    async with stage.runtime.database.reading() as session:
        open_matches = (await session.scalars(select(Match).where(Match.state == "proposed"))).all()
        for need in await session.scalars(select(Need)):
            quantity = sum(match.quantity for match in open_matches if match.need_id == need.id)
            assert quantity == need.proposed
            found.add((need.issue_id, need.help_no, need.state, quantity))
        offer = (await session.scalars(select(Offer))).one()
        assert offer.proposed == sum(match.quantity for match in open_matches)
    return found
