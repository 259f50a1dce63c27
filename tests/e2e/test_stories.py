"""The stories of `sanlian demo play`, held to how domain.md §11 says they end, on both footings."""

from datetime import UTC, datetime, timedelta

import pytest

from sanlian.demo.centre import command_centre
from sanlian.demo.fire import Outcome, tell_fire
from sanlian.demo.gifts import SETS, UNIT, march_fifth, tell_gifts
from sanlian.demo.handback import tell_handback
from sanlian.demo.light import tell_light
from sanlian.demo.people import CLERK, FIRST_GRID, RESIDENT, WORKER
from sanlian.demo.records import demo_data
from sanlian.demo.relief import HOUSEHOLD, NAME, WOMENS_FEDERATION, tell_relief
from sanlian.demo.timeline import Timeline
from sanlian.demo.town import Town
from tests.chaos.deposit import tell_refusal
from tests.chaos.telling import play_town
from tests.e2e.conftest import Running
from tests.e2e.processes import figures


@pytest.fixture
def timeline() -> Timeline:
    return Timeline(quiet=True)


def test_a_broken_light_is_mended_verified_and_struck_off_the_same_day(
    running: Running, timeline: Timeline
) -> None:
    closed = tell_light(running.town, timeline)
    issue = closed.issue
    assert closed.states == (
        *("reported", "accepted", "assigned", "in_progress", "resolved", "verified", "closed"),
    )
    assert (issue["category"], issue["urgency"], issue["max_level"]) == ("0503", "U2", 1)
    assert issue["area_code"].startswith(FIRST_GRID)
    assert issue["handler"]["person"] == WORKER.subject
    assert (issue["reached"], issue["solved"], issue["rating"]) == (True, True, 5)
    reported, closed_at = (datetime.fromisoformat(issue[name]) for name in ("reported_at", "closed_at"))
    assert closed_at - reported < timedelta(days=1)
    lights = running.town.person(CLERK).get("/intake/v1/issues", state="closed", category="0503", limit=200)
    assert issue["no"] in {light["no"] for light in lights}
    counted = figures(running.town, running.given, since=reported, category="0503")
    assert (counted["K7"], counted["K9"]) == ((len(lights), len(lights)),) * 2


def test_the_one_who_reported_can_follow_the_matter_without_an_account(town: Town) -> None:
    report = {"title": "垃圾没有清运", "location": {"compound": "北方苑小区"}}
    made = town.person(RESIDENT).post("/intake/v1/issues", report, expect=201)
    stranger = town.stranger()
    seen = stranger.get(f"/intake/v1/track/{made['no']}", code=made["track_code"])
    assert (seen["no"], seen["state"]) == (made["no"], "reported")
    stranger.get(f"/intake/v1/track/{made['no']}", code="0" * len(made["track_code"]), expect=404)


def test_the_street_hears_of_a_fire_and_its_signed_answers_come_home(town: Town, timeline: Timeline) -> None:
    answered = tell_fire(town, timeline)
    issue, escalation = answered.issue, answered.escalation
    assert (issue["urgency"], issue["state"], issue["max_level"]) == ("U0", "closed", 2)
    reported, accepted = (datetime.fromisoformat(issue[name]) for name in ("reported_at", "accepted_at"))
    assert accepted - reported <= timedelta(minutes=15)
    assert answered.stages == ("first", "follow_up", "final")
    assert answered.ack == Outcome(first=202, repeated=200, forged=401)
    assert (escalation["type"], escalation["state"], escalation["street_no"]) == (
        *("emergency_notice", "replied", "GXD-0001"),
    )
    assert {visit["household_code"] for visit in answered.visits} == {"H-0002", "POI-SHOP"}
    for visit in answered.visits:
        assert visit["colour"] == "red"
        assert _counted_hard(town, visit["household_code"])
        assert datetime.fromisoformat(visit["due_at"]) - reported <= timedelta(hours=24)
    needs = town.person(CLERK).get("/partners/v1/needs", issue_id=issue["id"])
    assert needs == []


def test_a_matter_that_the_street_hands_back_goes_on_by_the_residents_clock(
    town: Town, timeline: Timeline
) -> None:
    told = tell_handback(town, timeline)
    before, back, closed = told.before, told.back, told.closed
    assert (told.returned, told.first["state"], told.first["reason_code"]) == (202, "returned", "incomplete")
    assert (back["state"], back["level"]) == ("in_progress", 2)
    # What came back was never the street's.
    assert back["max_level"] == before["max_level"] == 2
    for clock in ("due_accept", "due_respond", "due_resolve", "paused_s"):
        assert back[clock] == before[clock]
    assert told.again == 409
    assert (closed["state"], closed["max_level"]) == ("closed", 3)


def test_relief_reaches_the_plan_of_whom_a_fire_struck_and_her_name_leaves_by_a_logged_reading(
    town: Town, timeline: Timeline
) -> None:
    told = tell_relief(town, timeline)
    assert (told.escalation["type"], told.escalation["state"]) == ("relief_request", "replied")
    assert told.issue["urgency"] == "U0"
    assert told.told == (202, 200)
    [delivered] = told.delivered
    assert (delivered["office"], delivered["form"]) == (WOMENS_FEDERATION, "goods")
    assert told.household["colour"] == "red"
    assert _counted_hard(town, HOUSEHOLD)
    assert NAME not in repr(told.notices)
    assert told.person["name"] == NAME
    assert told.opened_again == "link-spent"
    [reading] = told.readings
    assert reading["used_at"] is not None


def test_a_landlord_who_refuses_is_no_end_and_the_tenant_reads_of_the_court(
    town: Town, timeline: Timeline
) -> None:
    with command_centre(town, timeline, "127.0.0.1"):
        told = play_town(town, tell_refusal("拒", now=datetime.now(UTC)))
    assert told["mediation"]["state"] == "failed"
    [said] = [step["note"] for step in told["timeline"] if step["command"] == "tell-rights"]
    assert "人民法院" in said
    assert (told["back"]["level"], told["back"]["due_resolve"]) == (2, told["before"]["due_resolve"])
    answered, returned, asked_above = told["escalations"]
    assert [one["target"] for one in (answered, returned)] == ["ST-JUST"] * 2
    assert (answered["state"], returned["state"], asked_above["to_level"]) == ("replied", "returned", 2)
    assert (told["issue"]["state"], told["issue"]["max_level"]) == ("closed", 3)


def _counted_hard(town: Town, household: str) -> bool:
    """Whether it is red by what happened to it, and not by its points."""
    path = f"/grid/v1/households/{household}/colour"
    colour = town.person(WORKER).get(path, reason="to see what was counted")
    return {reason["points"] for reason in colour["reasons"] if reason["code"] == "sudden_event"} == {None}


def test_seven_sets_reach_seven_households_and_an_eighth_claim_is_refused(
    town: Town, timeline: Timeline
) -> None:
    given = tell_gifts(town, timeline)
    assert (given.offer["total"], given.offer["reserved"], given.offer["state"]) == (SETS, SETS, "exhausted")
    assert [need["state"] for need in given.needs] == ["fulfilled"] * SETS
    assert [pledge["state"] for pledge in given.pledges] == ["confirmed"] * SETS
    assert {pledge["delivered_quantity"] for pledge in given.pledges} == {1}
    assert {datetime.fromisoformat(pledge["scheduled_for"]) for pledge in given.pledges} == {march_fifth()}
    signed_by = {pledge["area_code"]: pledge["confirmed_by"] for pledge in given.pledges}
    assert signed_by == {area: f"{area}:full_time_worker" for area in signed_by}
    assert (given.refusal["status"], given.refusal["type"].rpartition(":")[2]) == (409, "capacity-exhausted")


def test_a_unit_sees_neither_household_nor_address_before_it_accepts(town: Town, timeline: Timeline) -> None:
    seen = repr(tell_gifts(town, timeline).seen_before)
    helped = [household for household in demo_data().households if household.code.startswith("H-01")]
    assert "一户困难家庭" in seen
    for household in helped:
        assert household.code not in seen
        assert household.head[:4] not in seen
        assert demo_data().compound(household.compound).name not in seen


def test_another_unit_is_told_nothing_of_a_pledge_that_is_not_its_own(town: Town, timeline: Timeline) -> None:
    pledge = tell_gifts(town, timeline).pledges[0]["id"]
    assert town.unit(UNIT).get(f"/partners/v1/pledges/{pledge}")["id"] == pledge
    town.unit("PU-TAXI").get(f"/partners/v1/pledges/{pledge}", expect=404)
