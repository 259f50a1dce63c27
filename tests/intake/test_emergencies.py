"""Emergencies: told at once, and to their end, without a word about persons."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake.clocks.watch import strike_due
from shared.events.intake import EmergencyReportFiled, SlaBreached, SlaClock
from shared.testing import Stage
from tests.intake.people import STREET, People, kinds

FIRE = {
    "category": "0101",
    "location": {"address": "北方苑小区北侧"},
    "households": ["HH-0001"],
    "emergency": {
        "place": "shop front north of the compound",
        "damage": "one shop",
        "called": "119 called by a grid worker at 10:02",
        "actions": "micro fire station on the spot",
    },
}


async def test_a_fire_reported_by_staff_reaches_the_street_in_the_same_step(
    stage: Stage, people: People
) -> None:
    fire = await people.report(people.worker, **FIRE)
    assert (fire["state"], fire["urgency"], fire["colour"], fire["version"]) == ("accepted", "U0", "red", 3)
    told: list[Any] = list(await stage.emitted())
    assert kinds(told) == ["IssueReported", "IssueAccepted", "EmergencyReportFiled", "EscalationSent"]
    accepted, filed, sent = told[1:]
    assert accepted.households == ("HH-0001",)
    assert (filed.stage, filed.report_no, filed.issue.version) == ("first", 1, 3)
    assert filed.called == "119 called by a grid worker at 10:02"
    notice = sent.escalation
    assert (notice.type, notice.state, notice.target) == ("emergency_notice", "sent", STREET)
    assert notice.due_ack.isoformat() == "2026-03-05T02:15:00+00:00"
    assert "火情火灾" in sent.dossier.facts
    assert await people.steps(fire) == ["report", "accept", "report-emergency"]


async def test_an_emergency_that_a_clerk_accepts_is_told_as_well(stage: Stage, people: People) -> None:
    issue = await people.report()
    await stage.emitted()
    said = {"category": "0503", "urgency": "U0", "households": ["HH-7"], "emergency": {"place": "the yard"}}
    after = (await people.tell("accept", issue, people.clerk, **said)).json()
    assert (after["state"], after["urgency"], after["version"]) == ("accepted", "U0", 3)
    told: list[Any] = list(await stage.emitted())
    assert kinds(told) == ["IssueAccepted", "EmergencyReportFiled", "EscalationSent"]
    assert told[0].households == ("HH-7",)


async def test_an_emergency_is_told_even_while_nothing_more_is_known(stage: Stage, people: People) -> None:
    await people.report(people.worker, category="0102")
    filed: Any = (await stage.emitted())[2]
    assert (filed.place, filed.casualties) == ("", 0)


async def test_reports_follow_one_another_to_the_final_one(stage: Stage, people: People) -> None:
    fire = await people.report(people.worker, **FIRE)
    path = f"/issues/{fire['id']}/emergency-reports"
    await stage.emitted()
    again = await people.clerk.post(path, json={"stage": "first"})
    assert again.json()["errors"][0]["field"] == "stage"
    for no, stage_name in ((2, "follow_up"), (3, "follow_up"), (4, "final")):
        answer = await people.clerk.post(path, json={"stage": stage_name, "trend": "under control"})
        assert (answer.status_code, answer.json()["no"]) == (201, no)
    late = await people.clerk.post(path, json={"stage": "follow_up"})
    assert late.status_code == 409
    assert late.json()["type"] == "urn:sanlian:problem:emergency-reports-ended"
    told: list[Any] = list(await stage.emitted())
    assert [(one.report_no, one.issue.version) for one in told] == [(2, 4), (3, 5), (4, 6)]
    for reader in (people.clerk, people.officer):
        assert [one["no"] for one in (await reader.get(path)).json()] == [1, 2, 3, 4]


@pytest.mark.parametrize("field", ["place", "damage", "trend", "actions", "called", "on_site_lead"])
async def test_no_number_of_a_person_leaves_in_an_emergency_report(people: People, field: str) -> None:
    fire = await people.report(people.worker, **FIRE)
    for secret in ("call 13912345678", "620102199001011234"):
        body = {"stage": "follow_up", field: secret}
        answer = await people.clerk.post(f"/issues/{fire['id']}/emergency-reports", json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
        assert secret not in answer.text


async def test_only_an_accepted_emergency_is_reported_on(people: People) -> None:
    ordinary, unsorted = await people.issue("accepted"), await people.report(category="0101")
    for issue in (ordinary, unsorted):
        body = {"stage": "first"}
        answer = await people.clerk.post(f"/issues/{issue['id']}/emergency-reports", json=body)
        assert answer.json()["type"] == "urn:sanlian:problem:not-an-emergency"


async def test_who_found_the_fire_goes_on_telling_of_it(people: People) -> None:
    fire = await people.report(people.worker, **FIRE)
    body = {"stage": "follow_up", "trend": "under control"}
    answer = await people.worker.post(f"/issues/{fire['id']}/emergency-reports", json=body)
    assert answer.status_code == 201
    await people.add_photo(fire, by=people.worker)


async def test_emergency_reports_are_for_staff_of_the_area_and_the_street(people: People) -> None:
    fire = await people.report(people.worker, **FIRE)
    path = f"/issues/{fire['id']}/emergency-reports"
    assert (await people.other_worker.post(path, json={"stage": "final"})).status_code == 403
    assert (await people.resident.get(path)).status_code == 403
    assert (await people.officer.post(path, json={"stage": "final"})).status_code == 403
    unknown = "/issues/00000000-0000-7000-8000-000000000000/emergency-reports"
    assert (await people.clerk.get(unknown)).status_code == 404
    assert (await people.clerk.post(unknown, json={"stage": "final"})).status_code == 404


async def test_what_turns_out_to_be_an_emergency_after_all_is_told_anew(stage: Stage, people: People) -> None:
    fire = await people.report(people.worker, **FIRE)
    smoke = await people.tell("recategorise", fire, people.clerk, category="0603")
    assert (smoke.json()["urgency"], smoke.json()["due_resolve"]) != ("U0", None)
    await stage.emitted()
    stage.clock.advance(timedelta(hours=3))
    while await strike_due(stage.host):
        pass
    # Nobody reports on what burns no more, and nobody is late with it.
    late = [event for event in await stage.emitted() if isinstance(event, SlaBreached)]
    assert SlaClock.emergency_report not in [event.clock for event in late]
    again = await people.tell(
        "recategorise", fire, people.clerk, category="0101", emergency={"place": "here"}
    )
    assert again.is_success, again.text
    told = [one for one in await stage.emitted() if isinstance(one, EmergencyReportFiled)]
    assert [(one.stage, one.report_no, one.place) for one in told] == [("first", 2, "here")]
    follow_up = {"stage": "follow_up", "place": "still here"}
    filed = await people.worker.post(f"/issues/{fire['id']}/emergency-reports", json=follow_up)
    assert (filed.status_code, filed.json()["no"]) == (201, 3)
