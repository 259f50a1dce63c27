"""The clocks of the level that is asked: reminders, expiry, the time for handing back, emergency reports."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.intake.clocks.watch import strike_due
from shared.testing import Stage
from tests.intake.people import DOSSIER, People, kinds
from tests.intake.test_street_answers import Street

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
TO_STREET = {"to_level": 3, "criteria": ["law_enforcement"], "dossier": DOSSIER}
WHISTLE = {"type": "whistle", "to_level": 3, "criteria": [], "dossier": DOSSIER}


async def after(stage: Stage, span: timedelta) -> list[Any]:
    """What is told when that much time has passed and the clocks were looked at."""
    stage.clock.advance(span)
    while await strike_due(stage.host):
        pass
    return list(await stage.emitted())


async def asked(people: People, issue: dict[str, Any], **said: Any) -> dict[str, Any]:
    answer = await people.tell("escalate", issue, people.secretary, **{**TO_STREET, **said})
    assert answer.status_code == 201, answer.text
    await people.stage.emitted()
    return dict(answer.json())


async def go(by: httpx.AsyncClient, escalation: dict[str, Any], move: str, **said: Any) -> httpx.Response:
    return await by.post(f"/escalations/{escalation['id']}/{move}", json=said)


async def look(people: People, escalation: dict[str, Any]) -> dict[str, Any]:
    return dict((await people.clerk.get(f"/escalations/{escalation['id']}")).json())


async def test_who_does_not_answer_a_whistle_is_reminded_twice_and_then_called(
    stage: Stage, people: People
) -> None:
    issue = await people.report(people.worker, category="0502")
    whistle = await asked(people, issue, **WHISTLE)
    assert [kind for kind in kinds(await after(stage, 2 * HOUR)) if kind.startswith("Esc")] == [
        "EscalationReminded"
    ]
    second = [event for event in await after(stage, 15 * MINUTE) if event.about == "escalation"]
    assert (second[0].awaited, second[0].reminder_no) == ("acknowledgement", 2)
    expired = [event for event in await after(stage, 15 * MINUTE) if event.about == "escalation"]
    assert kinds(expired) == ["EscalationExpired"]
    assert (await look(people, whistle))["state"] == "expired"
    # The duty phone was called, and they come after all.
    assert (await go(people.officer, whistle, "acknowledge")).json()["state"] == "acknowledged"
    assert (await people.look(issue))["max_level"] == 3


async def test_office_hours_count_for_what_is_not_urgent(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    asking = await asked(people, issue)
    # Ten in the morning and four working hours: four in the afternoon; the last reminder is at five.
    assert asking["due_ack"] == "2026-03-05T08:00:00Z"
    await after(stage, 8 * HOUR - SECOND)
    assert (await look(people, asking))["state"] == "sent"
    assert "EscalationExpired" in kinds(await after(stage, SECOND))


async def test_a_level_took_the_issue_when_the_time_for_handing_back_is_over(
    stage: Stage, people: People
) -> None:
    issue = await people.issue("in_progress")
    asking = await asked(people, issue)
    await go(people.officer, asking, "acknowledge")
    await after(stage, 6 * HOUR - SECOND)
    assert (await people.look(issue))["max_level"] == 1
    await after(stage, 2 * SECOND)
    assert (await people.look(issue))["max_level"] == 3
    late = await go(people.officer, asking, "return", reason_code="incomplete")
    assert late.json()["type"] == "urn:sanlian:problem:return-too-late"
    await stage.give(Street(stage, asking).returned())
    assert (await people.steps(issue))[-1] == "refuse-return"
    said = {"reason_code": "incomplete", "by_leader": True}
    assert (await go(people.officer, asking, "return", **said)).is_success
    after_all = await people.look(issue)
    assert (after_all["state"], after_all["level"], after_all["max_level"]) == ("in_progress", 2, 3)


async def test_what_came_to_our_door_in_time_is_handed_back_however_late_it_is_told(
    stage: Stage, people: People
) -> None:
    issue = await people.issue("in_progress")
    asking = await asked(people, issue)
    await go(people.officer, asking, "acknowledge")
    await after(stage, 6 * HOUR + SECOND)
    await stage.give(Street(stage, asking).returned(ago=2 * SECOND))
    assert (await look(people, asking))["state"] == "returned"
    assert (await people.look(issue))["state"] == "in_progress"


async def test_an_answer_is_asked_for_before_and_when_it_is_due(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    asking = await asked(people, issue)
    await go(people.officer, asking, "acknowledge")
    await stage.emitted()
    told = [event for event in await after(stage, 7 * DAY) if event.about == "escalation"]
    assert [(event.awaited, event.reminder_no) for event in told] == [("reply", 1), ("reply", 2)]
    assert [event for event in await after(stage, 7 * DAY) if event.about == "escalation"] == []


async def test_nobody_is_reminded_of_what_was_taken_back(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    asking = await asked(people, issue)
    await go(people.clerk, asking, "recall")
    dropped = await people.issue("in_progress")
    whistle = await asked(people, dropped, **WHISTLE)
    await people.tell("withdraw", dropped, people.resident)
    await stage.emitted()
    told = {str(event.snapshot.id) for event in await after(stage, 30 * DAY)}
    assert not told & {asking["id"], whistle["id"]}


async def test_an_emergency_is_reported_on_until_its_end(stage: Stage, people: People) -> None:
    fire = await people.report(people.worker, category="0101")
    path = f"/issues/{fire['id']}/emergency-reports"

    def missed(told: list[Any]) -> list[Any]:
        return [one for one in told if getattr(one, "clock", "") == "emergency_report"]

    await stage.emitted()
    assert missed(await after(stage, 2 * HOUR - SECOND)) == []
    assert len(missed(await after(stage, SECOND))) == 1
    assert missed(await after(stage, 5 * HOUR)) == []
    assert (await people.clerk.post(path, json={"stage": "follow_up", "trend": "out"})).status_code == 201
    assert len(missed(await after(stage, 2 * HOUR))) == 1
    assert (await people.clerk.post(path, json={"stage": "final"})).status_code == 201
    assert missed(await after(stage, 3 * DAY)) == []


async def test_the_final_report_is_due_a_day_after_the_result(stage: Stage, people: People) -> None:
    fire = await people.report(people.worker, category="0101")
    await people.tell("assign", fire, people.clerk, person="w-1")
    await people.tell("start", fire, people.worker)
    await people.add_photo(fire)
    assert (await people.tell("resolve", fire, people.worker)).is_success
    await stage.emitted()
    told = [one for one in await after(stage, DAY) if getattr(one, "clock", "") == "emergency_report"]
    assert [(one.minutes_late, one.due_at.isoformat()) for one in told] == [(0, "2026-03-06T02:00:00+00:00")]


async def test_a_criterion_that_can_be_counted_has_to_be_so(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    said = {"to_level": 2, "dossier": DOSSIER}
    for code in ("clock_80", "five_households", "reopened", "mediation_failed"):
        answer = await people.tell("escalate", issue, people.worker, **said, criteria=[code])
        assert answer.status_code == 422
        assert f"{code} is not so" in answer.json()["errors"][0]["message"]
    await after(stage, 0.8 * 3 * DAY)
    found = (await people.worker.get(f"/issues/{issue['id']}/escalation-criteria")).json()
    met = {one["code"]: (one["value"], one["holds"]) for one in found}
    assert met["clock_80"] == (80, True)
    assert met["five_households"] == (1, False)
    assert met["law_enforcement"] == (None, None)
    answer = await people.tell("escalate", issue, people.worker, **said, criteria=["clock_80"])
    assert answer.status_code == 201


async def test_red_days_count_from_the_day_the_issue_turned_red(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    path = f"/issues/{issue['id']}/escalation-criteria"

    async def red_days() -> int:
        found = (await people.clerk.get(path)).json()
        return int(next(one["value"] for one in found if one["code"] == "red_seven_days"))

    await after(stage, 2 * DAY)
    assert await red_days() == 0
    await after(stage, DAY + SECOND)
    await after(stage, 7 * DAY)
    assert await red_days() == 7


@pytest.mark.parametrize("unknown", ["00000000-0000-7000-8000-000000000000"])
async def test_criteria_are_read_by_those_whom_the_issue_concerns(people: People, unknown: str) -> None:
    issue = await people.issue("in_progress")
    assert (await people.clerk.get(f"/issues/{unknown}/escalation-criteria")).status_code == 404
    assert (await people.neighbour.get(f"/issues/{issue['id']}/escalation-criteria")).status_code == 403


async def test_the_street_passes_on_to_the_district_and_answers_in_the_end(
    stage: Stage, people: People
) -> None:
    issue = await people.issue("in_progress")
    asking = await asked(people, issue)
    assert (await go(people.clerk, asking, "pass-on", dossier=DOSSIER)).status_code == 403
    passed = (await go(people.officer, asking, "pass-on", dossier=DOSSIER)).json()
    assert (passed["from_level"], passed["to_level"], passed["target"]) == (3, 4, "620102")
    assert passed["parent_id"] == asking["id"]
    again = await go(people.officer, asking, "pass-on", dossier=DOSSIER)
    assert again.json()["type"] == "urn:sanlian:problem:passed-on-already"
    seen = await people.look(issue)
    assert (seen["state"], seen["level"], seen["max_level"]) == ("escalated", 4, 3)
    said = {"outcome_code": "done", "text": "the district has mended it"}
    assert (await go(people.officer, passed, "reply", **said)).is_success
    seen = await people.look(issue)
    assert (seen["state"], seen["level"], seen["max_level"]) == ("escalated", 3, 4)
    assert (await go(people.officer, asking, "reply", **said)).is_success
    assert (await people.look(issue))["state"] == "resolved"


async def test_who_asked_takes_it_back_from_whom_was_asked(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    asking = await asked(people, issue)
    passed = (await go(people.officer, asking, "pass-on", dossier=DOSSIER, target="620102-works")).json()
    assert (await go(people.clerk, passed, "recall")).status_code == 403
    assert (await go(people.officer, asking, "recall")).status_code == 403
    assert (await go(people.officer, passed, "recall")).json()["state"] == "recalled"
    assert (await people.look(issue))["level"] == 3
    second = (await go(people.officer, asking, "pass-on", dossier=DOSSIER)).json()
    await stage.emitted()
    assert (await go(people.clerk, asking, "recall")).is_success
    assert (await look(people, second))["state"] == "recalled"
    told = kinds(await stage.emitted())
    assert told == ["EscalationRecalled", "IssueReturned", "EscalationRecalled", "IssueReturned"]
    seen = await people.look(issue)
    assert (seen["state"], seen["level"]) == ("in_progress", 1)


async def test_only_what_was_handed_to_the_street_is_passed_on(people: People) -> None:
    issue = await people.issue("in_progress")
    whistle = await asked(people, issue, **WHISTLE)
    answer = await go(people.officer, whistle, "pass-on", dossier=DOSSIER)
    assert answer.status_code == 422
