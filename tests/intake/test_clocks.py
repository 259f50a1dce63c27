"""The clocks of an issue: each strikes once, in running time, and what follows from it is told."""

import asyncio
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.intake.app import PLAN, ROUTERS
from services.intake.clocks import striking
from services.intake.clocks.watch import strike_due, watch_clocks
from services.intake.issues import record
from shared.clock import FakeClock
from shared.events.intake import IssueSnapshot
from shared.runtime import Runtime
from shared.testing import COMMUNITY, MASTER_KEYS, NotingBus, Stage, staged
from tests.intake.conftest import GRID_PUBLIC_KEY, MORNING
from tests.intake.people import People, kinds, proposed
from tests.patience import PATIENCE_S

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def office_hours(tmp_path: Path) -> Path:
    """Clock rules of a site where ordinary matters have office hours."""
    rules, own = Path("services/intake/rules/clocks.yaml"), tmp_path / "clocks.yaml"
    text = rules.read_text(encoding="utf-8")
    own.write_text(text.replace("urgencies: []", "urgencies: [U2, U3]"), encoding="utf-8")
    return own


async def after(stage: Stage, span: timedelta) -> list[Any]:
    """What is told when that much time has passed and the clocks were looked at."""
    stage.clock.advance(span)
    while await strike_due(stage.host):
        pass
    return list(await stage.emitted())


def heard(events: list[Any]) -> list[tuple[str, str]]:
    """Which clocks struck, and how."""
    return [
        (event.type.split(".")[2], event.clock) for event in events if event.type.startswith("intake.sla")
    ]


async def test_a_report_that_nobody_accepts_warns_breaches_and_rises(stage: Stage, people: People) -> None:
    issue = await people.report()
    await stage.emitted()
    assert await after(stage, 0.8 * DAY - SECOND) == []
    warned = await after(stage, SECOND)
    assert (heard(warned), warned[0].used_percent) == ([("warning", "accept")], 80)
    breached = await after(stage, 0.2 * DAY)
    assert (heard(breached), breached[0].minutes_late) == ([("breached", "accept")], 0)
    risen = (await after(stage, DAY / 2))[0]
    assert (risen.clock, risen.from_level, risen.to_level, risen.escalation_id) == ("accept", 0, 1, None)
    assert (await people.look(issue))["level"] == 1
    assert await after(stage, 30 * DAY) == []
    assert [line for line in await people.steps(issue) if line.startswith("sla")] == [
        "sla-warning", "sla-breached", "sla-escalated",
    ]  # fmt: skip


async def test_each_clock_of_the_work_strikes_until_it_is_answered(stage: Stage, people: People) -> None:
    issue = await people.issue("accepted")
    await stage.emitted()
    assert heard(await after(stage, 10 * MINUTE)) == [("breached", "assign")]
    await stage.give(proposed(issue))
    await stage.emitted()
    assert heard(await after(stage, 14 * HOUR)) == [("warning", "same_day")]
    assert heard(await after(stage, 0.8 * DAY - 14 * HOUR - 10 * MINUTE)) == [("warning", "respond")]
    assert (await people.tell("start", issue, people.worker)).is_success
    await stage.emitted()
    assert heard(await after(stage, 0.8 * 3 * DAY - 0.8 * DAY)) == [("warning", "resolve")]
    assert heard(await after(stage, 0.2 * 3 * DAY)) == [("breached", "resolve")]


async def test_the_colour_turns_when_the_limit_is_reached(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    for span, colour in ((0.8 * 3 * DAY, "yellow"), (0.2 * 3 * DAY + SECOND, "red")):
        told = await after(stage, span)
        assert told[-1].issue.colour == colour
        assert (await people.look(issue))["colour"] == colour


async def test_work_that_is_far_too_late_is_handed_up_with_a_dossier(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    await after(stage, 3 * DAY)
    told = await after(stage, 1.5 * DAY)
    assert kinds(told) == ["EscalationSent", "IssueEscalated", "SlaEscalated"]
    sent, _, risen = told
    assert (sent.escalation.from_level, sent.escalation.to_level, sent.escalation.type) == (1, 2, "handover")
    assert issue["no"] in sent.dossier.facts
    assert sent.dossier.tried[-1].endswith("start")
    assert (risen.escalation_id, risen.to_level) == (sent.escalation.id, 2)
    seen = await people.look(issue)
    assert (seen["state"], seen["level"], seen["max_level"]) == ("escalated", 2, 1)


async def test_what_waits_for_the_secretary_is_sent_by_the_clock(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    asked = {"to_level": 3, "criteria": ["law_enforcement"]}
    asking = (await people.tell("escalate", issue, people.worker, **asked)).json()
    await after(stage, 3 * DAY)
    told = await after(stage, 1.5 * DAY)
    assert (str(told[0].escalation.id), told[0].escalation.to_level) == (asking["id"], 3)
    assert kinds(told).count("EscalationSent") == 1


async def test_a_suspension_stops_the_clock_and_ends_by_itself(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    await after(stage, DAY)
    until = (stage.clock.now() + 10 * DAY).isoformat()
    await people.tell("suspend", issue, people.leader, until=until)
    await stage.emitted()
    shown = await after(stage, 7 * DAY)
    assert (heard(shown), shown[0].issue.colour) == ([("warning", "suspension")], "yellow")
    # Nobody looks for two days: the wait ends all the same when it was to end.
    resumed = await after(stage, 5 * DAY)
    assert kinds(resumed)[0] == "IssueResumed"
    seen = await people.look(issue)
    assert (seen["state"], seen["paused_s"]) == ("in_progress", 10 * 86_400)
    assert seen["due_resolve"] == "2026-03-18T02:00:00Z"
    assert heard(resumed) == [("warning", "resolve"), ("breached", "resolve")]


async def test_a_warning_that_was_heard_is_not_repeated_after_a_wait(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    assert ("warning", "resolve") in heard(await after(stage, 2.5 * DAY))
    until = (stage.clock.now() + DAY).isoformat()
    await people.tell("suspend", issue, people.leader, until=until)
    await stage.emitted()
    assert heard(await after(stage, DAY)) == []
    assert heard(await after(stage, DAY / 2)) == [("breached", "resolve")]


async def test_a_result_is_to_be_looked_at_and_the_reporter_called(stage: Stage, people: People) -> None:
    issue = await people.issue("resolved")
    await stage.emitted()
    assert heard(await after(stage, DAY)) == [("warning", "verify"), ("breached", "verify")]
    await people.tell("verify", issue, people.leader)
    await stage.emitted()
    assert heard(await after(stage, 3 * DAY)) == [("warning", "call_back"), ("breached", "call_back")]
    await people.tell("call-back", issue, people.clerk)
    await stage.emitted()
    assert await after(stage, 30 * DAY) == []


async def test_the_clocks_of_a_reopened_issue_begin_anew(stage: Stage, people: People) -> None:
    issue = await people.issue("verified")
    await after(stage, 2 * DAY)
    await people.tell("call-back", issue, people.clerk, solved=False)
    await stage.emitted()
    seen = await people.look(issue)
    assert (seen["due_respond"], seen["due_resolve"]) == ("2026-03-08T02:00:00Z", "2026-03-10T02:00:00Z")
    assert heard(await after(stage, DAY)) == [("warning", "respond"), ("breached", "respond")]


async def test_an_answer_in_between_stops_the_clock_that_asks_for_it(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    answer = await people.tell("interim-reply", issue, people.worker)
    assert answer.json()["interim_at"] == "2026-03-05T02:00:00Z"
    again = await people.tell("interim-reply", issue, people.clerk, text="it comes on Monday")
    assert again.is_success
    told = (await people.resident.get(f"/issues/{issue['id']}/timeline")).json()
    assert [line["note"] for line in told[-2:]] == ["the lamp has been ordered", "it comes on Monday"]
    assert (await people.tell("interim-reply", issue, people.neighbour)).status_code == 403
    assert ("breached", "interim") not in heard(await after(stage, 30 * DAY))


async def test_an_unanswered_matter_of_weeks_asks_for_word_in_between(stage: Stage, people: People) -> None:
    issue = await people.report()
    await people.tell("accept", issue, people.clerk, category="0902")
    await stage.give(proposed(issue))
    await people.tell("start", issue, people.worker)
    await stage.emitted()
    struck = heard(await after(stage, 3 * DAY))
    assert struck == [("warning", "interim"), ("breached", "interim")]


async def test_two_replicas_strike_each_clock_once(stage: Stage, people: People) -> None:
    for _ in range(6):
        await people.report()
    await stage.emitted()
    other: Runtime[Any] = Runtime(PLAN, stage.runtime.settings, bus=NotingBus(), clock=stage.clock)
    stage.clock.advance(DAY)
    try:
        await asyncio.gather(*(strike_due(host) for host in (stage.host, other.host) * 3))
    finally:
        await other.close()
    told = heard(list(await stage.emitted()))
    assert sorted(told) == [("breached", "accept")] * 6 + [("warning", "accept")] * 6


async def test_a_fault_before_the_commit_loses_no_stroke_and_doubles_none(
    stage: Stage, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people.report()
    await people.report()
    await stage.emitted()
    whole, left = record.move, [1]

    def dies_once(*given: Any) -> IssueSnapshot:
        done = whole(*given)
        if left and left.pop():
            raise RuntimeError("by mischance")
        return done

    monkeypatch.setattr(striking, "move", dies_once)
    stage.clock.advance(DAY)
    with pytest.raises(RuntimeError, match="by mischance"):
        await strike_due(stage.host)
    assert len(heard(list(await stage.emitted()))) == 2
    assert len(heard(await after(stage, SECOND))) == 2
    assert await after(stage, MINUTE) == []


async def test_replicas_of_which_one_is_killed_strike_each_clock_once(
    make_database: Callable[[str], str],
) -> None:
    url, clock = make_database("intake"), FakeClock(MORNING)
    async with staged(
        PLAN, ROUTERS, database_url=url, clock=clock, contact_public_key=GRID_PUBLIC_KEY
    ) as stage:
        people = People(stage)
        for _ in range(12):
            await people.report()
        clock.advance(DAY)
        settings = orjson.dumps({"database_url": url, "community": COMMUNITY, "master_keys": MASTER_KEYS})
        told = (sys.executable, "-m", "tests.intake.doomed", "5", clock.now().isoformat(), settings.decode())
        doomed = await asyncio.create_subprocess_exec(*told)
        assert await doomed.wait() == -signal.SIGKILL
        seen = len(heard(list(await stage.emitted())))
        assert 0 < seen < 24
        rest = heard(await after(stage, SECOND))
        assert len(rest) == 24 - seen
        assert await after(stage, MINUTE) == []
        await people.leave()


async def test_the_watch_strikes_by_itself(stage: Stage, people: People) -> None:
    await people.report()
    await stage.emitted()
    stage.clock.advance(DAY)
    watch = asyncio.create_task(watch_clocks(stage.host))
    told: list[Any] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(told) < 2:
            told += heard(list(await stage.emitted()))
            await asyncio.sleep(0.01)
    watch.cancel()
    assert told == [("warning", "accept"), ("breached", "accept")]


async def test_office_hours_leave_out_national_day_and_work_on_its_swapped_saturday(
    footing: str, office_hours: Path
) -> None:
    # Wednesday, the 30th of September 2026, three in the afternoon; the office works again on the 8th of
    # October, and on Saturday the 10th.
    clock = FakeClock(datetime(2026, 9, 30, 7, 0, tzinfo=UTC))
    async with staged(
        PLAN, ROUTERS, database_url=footing, clock=clock, intake_clocks_file=office_hours
    ) as stage:
        people = People(stage)
        issue = await people.issue("in_progress", category="0503")
        seen = await people.look(issue)
        # Three working days: three hours on the 30th, the 8th, the 9th, and four hours on the 10th.
        assert seen["due_resolve"] == "2026-10-10T07:00:00Z"
        assert heard(await after(stage, 7 * DAY)) == [("warning", "same_day")]
        warned = await after(stage, timedelta(days=2, hours=3))
        assert (heard(warned), stage.clock.now().isoformat()) == (
            [("warning", "resolve")],
            "2026-10-09T10:00:00+00:00",
        )
        await people.leave()
