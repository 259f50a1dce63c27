"""What is due in a year whose calendar is not published: marked, and reckoned anew when the notice comes."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.intake.app import PLAN, ROUTERS
from services.intake.clocks.renewal import reckon_anew
from services.intake.clocks.watch import strike_due
from shared.clock import FakeClock
from shared.events import Event
from shared.testing import Stage, staged
from tests.intake.people import DOSSIER, People, kinds, located, proposed
from tests.intake.test_clocks import heard

# Thursday, the 24th of December 2026, ten in the morning in Lanzhou. For 2027 statutory days and weekends
# stand in: the 1st of January is free, and the 4th is worked.
CHRISTMAS_EVE = datetime(2026, 12, 24, 2, 0, tzinfo=UTC)
# What the notice might say: the Saturday after New Year is worked, and the Monday is free.
NOTICE = "working: [2027-01-02, 2027-01-09]\nfree: [2027-01-04]\npublished: [2027]\n"
DAY = timedelta(days=1)


Issue = dict[str, Any]


class Site:
    """A community in office hours, started anew as often as its calendar changes."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.database_url, self.folder = database_url, folder
        self.clock = FakeClock(CHRISTMAS_EVE)
        self.clocks = folder / "clocks.yaml"
        rules = Path("services/intake/rules/clocks.yaml").read_text(encoding="utf-8")
        self.clocks.write_text(rules.replace("urgencies: []", "urgencies: [U2, U3]"), encoding="utf-8")

    @asynccontextmanager
    async def runs(self, notice: str | None = None) -> AsyncIterator[tuple[Stage, People]]:
        path = None
        if notice is not None:
            path = self.folder / "calendar.yaml"
            path.write_text(notice, encoding="utf-8")
        async with staged(
            PLAN,
            ROUTERS,
            database_url=self.database_url,
            clock=self.clock,
            anew=False,
            intake_clocks_file=self.clocks,
            calendar_file=path,
        ) as stage:
            people = People(stage)
            yield stage, people
            await people.leave()


@pytest.fixture
def site(footing: str, tmp_path: Path) -> Site:
    return Site(footing, tmp_path)


def of_type(events: Iterable[Event], kind: str) -> list[Any]:
    return [event for event in events if event.type == kind]


async def at_work(stage: Stage, people: People, code: str) -> Issue:
    """A matter of this kind, taken in by the clerk, on which work has begun."""
    issue = await people.report(people.clerk, category=code)
    await stage.give(located(issue), proposed(issue))
    assert (await people.tell("start", issue, people.worker)).is_success
    return issue


async def test_what_is_due_in_an_unpublished_year_says_so_and_moves_with_the_notice(site: Site) -> None:
    async with site.runs() as (stage, people):
        # Fifteen working days for a complex matter, seven for an ordinary one, three for a small one.
        issues = {code: await at_work(stage, people, code) for code in ("0504", "0203", "0503")}
        before = {code: await people.look(issue) for code, issue in issues.items()}
        assert [seen["provisional"] for seen in before.values()] == [True, True, False]
        assert [seen["due_resolve"] for seen in before.values()] == [
            "2027-01-15T02:00:00Z", "2027-01-05T02:00:00Z", "2026-12-29T02:00:00Z",
        ]  # fmt: skip
    async with site.runs(NOTICE) as (stage, people):
        assert await reckon_anew(stage.host) == 2
        after = {code: await people.look(issue) for code, issue in issues.items()}
        assert not any(seen["provisional"] for seen in after.values())
        # Two worked Saturdays and one free Monday: a day earlier; within the first week nothing has changed.
        assert [seen["due_resolve"] for seen in after.values()] == [
            "2027-01-14T02:00:00Z", "2027-01-05T02:00:00Z", "2026-12-29T02:00:00Z",
        ]  # fmt: skip
        told = of_type(await stage.emitted(), "intake.issue.rescheduled.v1")
        assert [event.issue.no for event in told] == [issues["0504"]["no"]]
        assert await people.steps(issues["0504"]) == [*await people.steps(issues["0203"]), "reckon-anew"]
        assert await reckon_anew(stage.host) == 0


async def test_each_clock_moves_and_strikes_by_the_calendar_that_is_known_now(site: Site) -> None:
    site.clock.set(datetime(2026, 12, 31, 9, 0, tzinfo=UTC))
    async with site.runs() as (stage, people):
        reported, started = await people.report(), await at_work(stage, people, "0503")
        accepted = await people.issue("accepted")
        resolved = await people.issue("resolved")
        # A report is marked when its clock is first looked at.
        site.clock.set(datetime(2027, 1, 4, 8, 0, tzinfo=UTC))
        await strike_due(stage.host)
        seen = await people.look(reported)
        assert (seen["due_accept"], seen["provisional"]) == ("2027-01-04T09:00:00Z", True)
        assert ("warning", "verify") in heard(list(await stage.emitted()))
    async with site.runs("free: [2027-01-04, 2027-01-05]\npublished: [2027]\n") as (stage, people):
        await reckon_anew(stage.host)
        assert (await people.look(reported))["due_accept"] == "2027-01-06T09:00:00Z"
        assert (await people.look(accepted))["due_respond"] == "2027-01-06T09:00:00Z"
        seen = await people.look(started)
        assert (seen["due_interim"], seen["due_resolve"]) == ("2027-01-08T09:00:00Z", "2027-01-08T09:00:00Z")
        await stage.emitted()
        # What was to be looked at on the 4th has time until the 6th.
        site.clock.set(datetime(2027, 1, 6, 8, 59, tzinfo=UTC))
        while await strike_due(stage.host):
            pass
        assert not of_type(await stage.emitted(), "intake.sla.breached.v1")
        site.clock.advance(timedelta(minutes=1))
        while await strike_due(stage.host):
            pass
        broken = of_type(await stage.emitted(), "intake.sla.breached.v1")
        assert {(one.clock, one.issue.no) for one in broken} == {
            ("accept", reported["no"]), ("respond", accepted["no"]), ("verify", resolved["no"]),
        }  # fmt: skip


async def test_a_wait_over_provisional_days_is_measured_anew(site: Site) -> None:
    site.clock.set(datetime(2026, 12, 30, 2, 0, tzinfo=UTC))
    async with site.runs() as (stage, people):
        issue = await at_work(stage, people, "0203")
        until = datetime(2027, 1, 5, 2, 0, tzinfo=UTC).isoformat()
        await people.tell("suspend", issue, people.leader, until=until)
        site.clock.set(datetime(2027, 1, 5, 3, 0, tzinfo=UTC))
        while await strike_due(stage.host):
            pass
        seen = await people.look(issue)
        # The 30th, the 31st and the 4th: three days were waited, and seven are left.
        assert (seen["paused_s"], seen["due_resolve"]) == (3 * 7 * 3600, "2027-01-14T02:00:00Z")
    async with site.runs("free: [2027-01-04]\npublished: [2027]\n") as (stage, people):
        assert await reckon_anew(stage.host) == 1
        seen = await people.look(issue)
        assert (seen["paused_s"], seen["due_resolve"]) == (2 * 7 * 3600, "2027-01-14T02:00:00Z")


async def test_dates_that_people_agreed_on_stay(site: Site) -> None:
    async with site.runs() as (stage, people):
        issue = await at_work(stage, people, "0203")
        until = datetime(2027, 1, 8, 2, 0, tzinfo=UTC).isoformat()
        asked = await people.tell("ask-extension", issue, people.worker, until=until)
        assert asked.is_success, asked.text
        assert (await people.tell("decide-extension", issue, people.worker)).status_code == 403
        granted = await people.tell("decide-extension", issue, people.officer, granted=True)
        assert granted.json()["due_resolve"] == "2027-01-08T02:00:00Z"
        order = {
            "street_no": "JD-7", "title": "sweep the yard", "category": "0601", "due": "2027-01-07T02:00:00Z",
        }  # fmt: skip
        ordered = (await people.officer.post("/dispatches", json=order)).json()
    async with site.runs(NOTICE) as (stage, people):
        await reckon_anew(stage.host)
        assert (await people.look(issue))["due_resolve"] == "2027-01-08T02:00:00Z"
        assert (await people.look(ordered))["due_resolve"] == "2027-01-07T02:00:00Z"
        sorted_anew = await people.tell("recategorise", ordered, people.clerk, category="0203")
        assert sorted_anew.json()["due_resolve"] == "2027-01-07T02:00:00Z"


async def test_the_street_has_its_working_hours_by_the_notice_too(site: Site) -> None:
    site.clock.set(datetime(2026, 12, 31, 8, 0, tzinfo=UTC))
    async with site.runs() as (stage, people):
        issue = await at_work(stage, people, "0203")
        said = {"to_level": 3, "criteria": ["law_enforcement"], "dossier": DOSSIER}
        asked = (await people.secretary.post(f"/issues/{issue['id']}/escalate", json=said)).json()
        # Four working hours: two are left of Thursday, and two are Monday's.
        assert (asked["due_ack"], asked["provisional"]) == ("2027-01-04T03:00:00Z", True)
        await stage.emitted()
    async with site.runs(NOTICE) as (stage, people):
        await reckon_anew(stage.host)
        seen = (await people.officer.get(f"/escalations/{asked['id']}")).json()
        assert (seen["due_ack"], seen["provisional"]) == ("2027-01-02T03:00:00Z", False)
        site.clock.set(datetime(2027, 1, 2, 3, 0, tzinfo=UTC))
        while await strike_due(stage.host):
            pass
        assert "EscalationReminded" in kinds(list(await stage.emitted()))
        acknowledged = await people.officer.post(f"/escalations/{asked['id']}/acknowledge", json={})
        assert acknowledged.json()["provisional"] is False


async def test_around_the_clock_nothing_is_provisional(footing: str) -> None:
    clock = FakeClock(CHRISTMAS_EVE)
    async with staged(PLAN, ROUTERS, database_url=footing, clock=clock, anew=False) as stage:
        people = People(stage)
        issue = await at_work(stage, people, "0504")
        assert (await people.look(issue))["provisional"] is False
        assert await reckon_anew(stage.host) == 0
        await people.leave()
