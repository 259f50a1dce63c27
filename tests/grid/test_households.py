"""Households and their colour through the doors: entered, struck, judged by people and by the night."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from services.grid.households.models import AlarmRow, Household
from services.grid.models import Change, read_log
from services.grid.tending import tend_once
from shared.auth import Role
from shared.events import Event
from shared.events.grid import HouseholdColourChanged, VisitPlanned
from shared.events.intake import IssueAccepted, IssueClosed, IssueState
from shared.testing import Stage
from tests.grid.town import COMPOUND, EAST, WEST, Town, issue

DIALYSIS = ("dibao", "life_sustaining_treatment")
BECAUSE = {"reason": "入户走访前核对"}


def fire(*households: str, **more: object) -> IssueAccepted:
    given = {"urgency": "U0", "category": "0101", "level": 2, **more}
    return IssueAccepted(issue=issue(uuid4(), 2, IssueState.accepted, **given), households=households)


def colours(events: list[Event]) -> list[tuple[str, str, str]]:
    found = [event for event in events if isinstance(event, HouseholdColourChanged)]
    return [(event.household.code, event.previous.value, event.household.colour.value) for event in found]


def planned(events: list[Event]) -> list[tuple[str, str]]:
    found = [event.visit for event in events if isinstance(event, VisitPlanned)]
    return [(visit.purpose, visit.due_on.isoformat()) for visit in found]


async def nights(town: Town, count: int) -> None:
    for _ in range(count):
        town.stage.clock.advance(timedelta(days=1))
        await tend_once(town.stage.host)


async def test_a_household_with_dialysis_and_dibao_is_red_and_seen_within_seven_days(town: Town) -> None:
    entered = await town.enter("H-0001", *DIALYSIS)
    assert (entered["colour"], entered["area_code"]) == ("red", f"{WEST}002")
    events = await town.stage.emitted()
    assert colours(events) == [("H-0001", "blue", "red")]
    assert planned(events) == [("regular", "2026-03-17")]
    answer = await town.clerk.get("/households/H-0001/colour", params=BECAUSE)
    body = answer.json()
    assert (body["score"], body["inputs"], body["rule_set"]) == (80, list(DIALYSIS), "2026-1")
    assert [(one["code"], one["points"]) for one in body["reasons"]] == [(DIALYSIS[0], 20), (DIALYSIS[1], 60)]


async def test_a_name_leaves_only_by_a_reading_that_is_written_down(town: Town) -> None:
    await town.enter("H-0001", "dibao")
    for shown in (await town.household("H-0001"), *(await town.clerk.get("/households")).json()):
        assert "唐先生" not in str(shown)
        assert "dibao" not in str(shown)
    assert (await town.clerk.get("/households/H-0001/head")).status_code == 422
    answer = await town.clerk.get("/households/H-0001/head", params=BECAUSE)
    assert answer.json() == {"code": "H-0001", "head_name": "唐先生"}
    async with town.stage.host.look() as work:
        noted = (await work.session.execute(select(read_log))).mappings().one()
        stored = (await work.session.execute(select(Household.__table__))).mappings().one()
    assert (noted["reader"], noted["subject"]) == (f"{WEST[:12]}:clerk", "household:H-0001")
    assert (noted["fields"], noted["reason"]) == (["head_name"], BECAUSE["reason"])
    assert stored["head_name"] == "唐先生"


async def test_what_is_personal_lies_encrypted_in_the_database(town: Town) -> None:
    await town.enter("H-0001", "dibao")
    async with town.stage.runtime.database.engine.connect() as connection:
        raw = (await connection.exec_driver_sql("SELECT head_name, tags, reasons FROM households")).one()
    assert not any("唐先生".encode() in bytes(cell) or b"dibao" in bytes(cell) for cell in raw)


async def test_a_household_struck_by_a_fire_is_red_and_seen_within_a_day_once(town: Town) -> None:
    await town.enter("H-0002")
    await town.stage.emitted()
    told = town.stage.enveloped(fire("H-0002", "H-0002"))
    assert not await town.stage.give(told)
    events = await town.stage.emitted()
    assert colours(events) == [("H-0002", "blue", "red")]
    assert planned(events) == [("sudden_event", "2026-03-11")]
    assert not await town.stage.give(told, told.open())
    assert colours(await town.stage.emitted()) == []
    visits = await town.visits("H-0002")
    assert [visit["due_at"] for visit in visits if visit["purpose"] == "sudden_event"] == [
        "2026-03-11T02:00:00Z"
    ]


async def test_a_household_that_is_entered_after_its_fire_is_red_all_the_same(town: Town) -> None:
    assert not await town.stage.give(fire("H-0003"))
    assert colours(await town.stage.emitted()) == []
    assert (await town.enter("H-0003"))["colour"] == "red"
    assert ("sudden_event", "2026-03-11") in planned(await town.stage.emitted())


async def test_households_of_an_ordinary_issue_keep_their_colour(town: Town) -> None:
    await town.enter("H-0004")
    assert not await town.stage.give(fire("H-0004", urgency="U2", category="0503"))
    assert (await town.household("H-0004"))["colour"] == "blue"


async def test_after_a_fire_red_goes_down_one_step_when_all_agree(town: Town) -> None:
    await town.enter("H-0002")
    struck = fire("H-0002")
    assert not await town.stage.give(struck)
    visits = await town.visits("H-0002")
    for visit in visits:
        assert (
            await town.worker().post(f"/visits/{visit['id']}/done", json={"wellbeing": 4})
        ).status_code == 200
    town.stage.clock.advance(timedelta(days=32))
    await town.worker().post(f"/visits/{(await town.visits('H-0002'))[-1]['id']}/done", json={"wellbeing": 4})
    await nights(town, 2)
    assert (await town.household("H-0002"))["awaits_approval"] is False, "its emergency is still open"
    closed = issue(struck.issue.id, 9, IssueState.closed, urgency="U0", category="0101")
    done = IssueClosed(issue=closed, reached=True, solved=True, rating=5, closed_at=town.stage.clock.now())
    assert not await town.stage.give(done)
    await nights(town, 1)
    waiting = await town.household("H-0002")
    assert (waiting["colour"], waiting["awaits_approval"]) == ("red", True)
    path, word = "/households/H-0002/colour/approve-step-down", {"reason": "恢复正常生活"}
    assert (await town.worker().post(path, json=word)).status_code == 403
    approved = await town.clerk.post(path, json=word)
    assert (approved.json()["colour"], approved.json()["awaits_approval"]) == ("yellow", False)
    assert (await town.clerk.post(path, json=word)).status_code == 409


async def test_red_is_confirmed_by_a_person_once(town: Town) -> None:
    entered = await town.enter("H-0001", *DIALYSIS)
    assert (entered["confirm_by"], entered["confirmed_at"]) == ("2026-03-13T02:00:00Z", None)
    path = "/households/H-0001/colour/confirm"
    assert (await town.clerk.post(path, json={"reason": "已核实"})).json()[
        "confirmed_at"
    ] == "2026-03-10T02:00:00Z"
    again = await town.clerk.post(path, json={"reason": "已核实"})
    assert (again.status_code, again.json()["allowed"]) == (409, ["override"])
    async with town.stage.host.look() as work:
        trail = await work.session.scalars(select(Change.after).where(Change.subject == "household:H-0001"))
        assert trail.all() == ["red", "red"]


async def test_a_colour_set_by_hand_expires_is_lifted_or_ends_with_an_alarm(town: Town) -> None:
    await town.enter("H-0001", *DIALYSIS)
    path, by_hand = "/households/H-0001/colour", {"colour": "blue", "reason": "住院中", "until": "2026-03-20"}
    assert (await town.clerk.post(f"{path}/override", json=by_hand)).json()["colour"] == "blue"
    lifted = await town.clerk.post(f"{path}/lift-override", json={"reason": "出院"})
    assert (lifted.json()["colour"], lifted.json()["override_until"]) == ("red", None)
    assert (await town.clerk.post(f"{path}/lift-override", json={"reason": "出院"})).status_code == 409
    await town.clerk.post(f"{path}/override", json=by_hand)
    assert not await town.stage.give(fire("H-0001"))
    assert (await town.household("H-0001"))["colour"] == "red"
    await town.clerk.post(f"{path}/override", json=by_hand)
    await nights(town, 10)
    assert (await town.household("H-0001"))["colour"] == "blue"
    await nights(town, 1)
    assert (await town.household("H-0001"))["colour"] == "red"


async def test_colours_are_evaluated_once_a_night_and_not_before_its_hour(town: Town) -> None:
    await town.enter("H-0001")
    evaluated = select(Household.evaluated_on)
    for hours, day in [(15, 10), (1, 11), (12, 11)]:
        town.stage.clock.advance(timedelta(hours=hours))
        await tend_once(town.stage.host)
        async with town.stage.host.look() as work:
            assert (await work.session.scalars(evaluated)).one() == date(2026, 3, day)


@pytest.mark.parametrize("until", ["2026-03-09", "2026-06-09"])
async def test_a_colour_by_hand_holds_for_ninety_days_at_most(town: Town, until: str) -> None:
    await town.enter("H-0001")
    by_hand = {"colour": "red", "reason": "住院中", "until": until}
    answer = await town.clerk.post("/households/H-0001/colour/override", json=by_hand)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "until")


async def test_staff_put_down_a_threat_and_the_household_is_red(town: Town) -> None:
    await town.enter("H-0005")
    alarm = {"kind": "threat_of_violence", "at": "2026-03-10T09:30:00+08:00", "reason": "邻居反映"}
    for _ in range(2):
        answer = await town.worker().post("/households/H-0005/alarms", json=alarm)
        assert (answer.status_code, answer.json()["colour"]) == (201, "red")
    async with town.stage.host.look() as work:
        assert await work.session.scalar(select(func.count()).select_from(AlarmRow)) == 1
    for wrong in ({"kind": "a_rumour"}, {"at": "2026-03-11T09:30:00+08:00"}, {"at": "2026-03-10T09:30:00"}):
        refused = await town.worker().post("/households/H-0005/alarms", json={**alarm, **wrong})
        assert refused.status_code == 422, refused.text


async def test_a_correction_evaluates_anew_and_the_same_again_changes_nothing(town: Town) -> None:
    assert (await town.enter("H-0006", "dibao"))["colour"] == "blue"
    risen = await town.enter("H-0006", "dibao", "disability_1_2")
    assert risen["colour"] == "red"
    assert (await town.enter("H-0006", "disability_1_2", "dibao"))["version"] == risen["version"]
    body = {"compound_code": COMPOUND, "tags": []}
    stale = await town.clerk.put("/households/H-0006", json=body, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    kept = await town.clerk.put("/households/H-0006", json=body)
    assert kept.json()["colour"] == "red", "down goes slowly"
    assert (await town.clerk.get("/households/H-0006/head", params=BECAUSE)).json()["head_name"] == "唐先生"


async def test_a_household_that_moves_takes_its_visits_along(town: Town) -> None:
    await town.enter("H-0007", *DIALYSIS)
    moved = await town.clerk.put("/households/H-0007", json={"area_code": EAST, "tags": list(DIALYSIS)})
    assert (moved.json()["area_code"], moved.json()["compound_code"]) == (EAST, None)
    assert {visit["area_code"] for visit in await town.visits("H-0007")} == {EAST}
    assert (await town.worker(WEST).get("/households/H-0007")).status_code == 403
    assert (await town.worker(EAST).get("/households/H-0007")).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tags": []}, "area_code"),
        ({"compound_code": "CP-NONE", "tags": []}, "compound_code"),
        ({"area_code": f"{WEST[:12]}099", "tags": []}, "area_code"),
        ({"area_code": EAST, "compound_code": COMPOUND, "tags": []}, "area_code"),
        ({"compound_code": COMPOUND, "tags": ["dibao", "rich"]}, "tags.1"),
        ({"compound_code": COMPOUND, "head_name": ""}, "head_name"),
    ],
)
async def test_a_wrong_household_is_refused_with_its_field(
    town: Town, body: dict[str, object], field: str
) -> None:
    answer = await town.clerk.put("/households/H-0008", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_lists_are_cut_to_the_areas_and_colours_asked_for(town: Town, stage: Stage) -> None:
    for number, tags in enumerate([DIALYSIS, (), ("alone_60_79",)], 1):
        await town.enter(f"H-000{number}", *tags)
    assert [one["code"] for one in (await town.worker(WEST).get("/households")).json()] == [
        "H-0001",
        "H-0002",
        "H-0003",
    ]
    assert (await town.worker(EAST).get("/households")).json() == []
    assert (await stage.client(Role.GRID_WORKER, areas=()).get("/households")).json() == []
    yellow = await town.clerk.get("/households", params={"colour": "yellow", "within": WEST})
    assert [one["code"] for one in yellow.json()] == ["H-0003"]
    first = await town.clerk.get("/households", params={"limit": 2})
    following = first.headers["link"].split(">")[0].removeprefix("</grid/v1")
    assert [one["code"] for one in (await town.clerk.get(following)).json()] == ["H-0003"]
