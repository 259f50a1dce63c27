"""When a mediation is looked at: begun in two days, agreed on in a month, performed, and looked at again."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake.mediation.colours import mediation_colour
from shared.events.intake import IssueState, MediationState
from shared.testing import Stage
from tests.intake.people import DOSSIER, People
from tests.intake.test_clocks import DAY, HOUR, after, heard
from tests.intake.test_mediations import PAID, dispute, opened, take


def awaited(events: list[Any]) -> list[tuple[str, int]]:
    """What was told to be due, and its number."""
    return [(event.awaited, event.no) for event in events if event.type == "intake.mediation.due.v1"]


async def test_a_dispute_is_to_be_mediated_within_two_days(stage: Stage, people: People) -> None:
    await dispute(people)
    await stage.emitted()
    assert ("warning", "mediation") not in heard(await after(stage, 38 * HOUR))
    assert heard(await after(stage, HOUR)) == [("warning", "mediation")]
    assert heard(await after(stage, 9 * HOUR)) == [("breached", "mediation")]
    begun = await dispute(people)
    await opened(people, begun)
    told = await after(stage, 2 * DAY)
    assert [
        event for event in told if event.type.startswith("intake.sla") and event.clock == "mediation"
    ] == []


async def test_an_agreement_has_a_month_and_longer_where_all_parties_say_so(
    stage: Stage, people: People
) -> None:
    mediation = await opened(people, await dispute(people))
    for body in ({}, {"party": 2}):
        await take(people, mediation, "consent", **body)
    assert awaited(await after(stage, 30 * DAY - timedelta(seconds=1))) == []
    assert awaited(await after(stage, timedelta(seconds=1))) == [("agreement", 1)]
    assert awaited(await after(stage, DAY)) == []
    assert (await take(people, mediation, "prolong")).is_success
    assert awaited(await after(stage, 14 * DAY)) == []
    assert awaited(await after(stage, 2 * DAY)) == [("agreement", 1)]
    steps = await people.steps({"id": mediation["issue_id"]})
    assert steps.count("mediation-due") == 2


async def test_each_duty_and_each_look_afterwards_is_told_on_its_day(stage: Stage, people: People) -> None:
    issue = await dispute(people)
    mediation = await opened(people, issue)
    for command, said in PAID[:5]:
        assert (await take(people, mediation, command, **said)).is_success
    # The first duty is due on the 10th of March, and late when that day is over in Lanzhou.
    assert awaited(await after(stage, 5 * DAY + 13 * HOUR)) == []
    assert awaited(await after(stage, HOUR)) == [("performance", 1)]
    for no in (1, 2):
        assert (await take(people, mediation, "perform", instalment=no, on="2026-03-10")).is_success
    assert awaited(await after(stage, 10 * DAY)) == [("follow_up", 1)]
    assert (await take(people, mediation, "follow-up")).is_success
    await people.add_photo(issue)
    for command, who in (("resolve", people.worker), ("verify", people.leader), ("call-back", people.clerk)):
        assert (await people.tell(command, issue, who)).is_success
    # The issue is closed; whether the peace holds is asked all the same.
    assert awaited(await after(stage, 20 * DAY)) == [("follow_up", 2)]
    assert (await take(people, mediation, "follow-up")).is_success
    assert awaited(await after(stage, 60 * DAY)) == []


async def test_what_came_to_nothing_is_awaited_no_longer(stage: Stage, people: People) -> None:
    mediation = await opened(people, await dispute(people))
    assert (await take(people, mediation, "consent", agrees=False)).is_success
    taken_back = await dispute(people)
    await opened(people, taken_back)
    assert (await people.tell("withdraw", taken_back, people.resident)).is_success
    assert awaited(await after(stage, 60 * DAY)) == []


@pytest.mark.parametrize(
    ("state", "issue_state", "level", "colour"),
    [
        (MediationState.consent_asked, IssueState.in_progress, 1, "yellow"),
        (MediationState.session, IssueState.escalated, 2, "yellow"),
        (MediationState.session, IssueState.escalated, 3, "red"),
        (MediationState.performance_due, IssueState.escalated, 4, "red"),
        (MediationState.failed, IssueState.in_progress, 2, "yellow"),
        (MediationState.breached, IssueState.escalated, 3, "red"),
        (MediationState.performed, IssueState.in_progress, 1, "blue"),
        (MediationState.follow_up_ok, IssueState.closed, 1, "blue"),
    ],
)
def test_the_colour_says_who_leads_the_mediation(
    state: MediationState, issue_state: IssueState, level: int, colour: str
) -> None:
    assert mediation_colour(state, issue_state, level) == colour


async def test_a_mediation_that_the_street_leads_is_red_until_it_succeeds(people: People) -> None:
    issue = await dispute(people)
    mediation = await opened(people, issue)
    assert (mediation["colour"], mediation["led_by"]) == ("yellow", "area_team")
    said = {"to_level": 3, "criteria": ["violence_risk"], "dossier": DOSSIER}
    assert (await people.secretary.post(f"/issues/{issue['id']}/escalate", json=said)).status_code == 201
    seen = (await people.clerk.get(f"/mediations/{mediation['id']}")).json()
    assert (seen["colour"], seen["led_by"]) == ("red", "street_leader")
    assert (await people.look(issue))["colour"] == "red"
    for command, body in PAID:
        assert (await take(people, mediation, command, **body)).is_success
    seen = (await people.clerk.get(f"/mediations/{mediation['id']}")).json()
    assert (seen["colour"], seen["led_by"]) == ("blue", "grid_worker")
