"""What the street says of issues and escalations through its webhooks, and what follows here."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth import Role
from shared.events import Event
from shared.events.notify import (
    InboundSnapshot,
    StreetAcknowledged,
    StreetCheckedIn,
    StreetCloseConfirmed,
    StreetDepartmentAssigned,
    StreetDispatched,
    StreetEvaluated,
    StreetExtensionDecided,
    StreetRecallConfirmed,
    StreetReliefGiven,
    StreetReminded,
    StreetReplied,
    StreetSupervised,
)
from shared.testing import COMMUNITY, Stage
from tests.intake.people import DOSSIER, STREET, People, kinds, located, proposed

HANDOVER = {"to_level": 3, "criteria": ["law_enforcement"], "dossier": DOSSIER}


def inbound(stage: Stage) -> InboundSnapshot:
    now = stage.clock.now()
    return InboundSnapshot(
        id=uuid4(), version=1, source="ST-CMD", webhook_id=f"st_{uuid4()}", received_at=now
    )


def word(stage: Stage, kind: Any, issue: dict[str, Any], **said: object) -> Event:
    about = {"inbound": inbound(stage), "issue_id": UUID(issue["id"]), "issue_no": issue["no"]}
    event: Event = kind.model_validate({**about, "text": "", **said})
    return event


def answer(stage: Stage, kind: Any, escalation: dict[str, Any], **said: object) -> Event:
    named = {"escalation_id": UUID(escalation["id"]), "issue_no": escalation["issue_no"]}
    event: Event = kind.model_validate({"inbound": inbound(stage), **named, **said})
    return event


async def asked(people: People, kind: str, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An issue in progress, and what the street is asked about it."""
    issue = await people.issue("in_progress")
    wish = {
        **HANDOVER,
        "type": kind,
        "criteria": HANDOVER["criteria"] if kind == "handover" else [],
        **changes,
    }
    reply = await people.tell("escalate", issue, people.secretary, **wish)
    assert reply.status_code == 201, reply.text
    await people.stage.emitted()
    return issue, dict(reply.json())


async def look(people: People, escalation: dict[str, Any]) -> dict[str, Any]:
    return dict((await people.clerk.get(f"/escalations/{escalation['id']}")).json())


async def told_twice(stage: Stage, event: Event) -> list[str]:
    """Deliver it three times, and say what follows: it counts once."""
    envelope = stage.enveloped(event)
    assert await stage.give(envelope, envelope) == []
    assert await stage.give(envelope) == []
    return kinds(list(await stage.emitted()))


async def test_an_issue_that_the_street_looks_after_is_red_and_due_when_it_says(
    stage: Stage, people: People
) -> None:
    issue = await people.issue("in_progress")
    await stage.emitted()
    due = stage.clock.now() + timedelta(hours=5)
    order = word(stage, StreetSupervised, issue, level=2, due=due, text="today, please")
    assert await told_twice(stage, order) == ["IssueSupervised"]
    after = await people.look(issue)
    assert (after["colour"], after["supervised"], after["state"]) == ("red", 2, "in_progress")
    assert (
        datetime.fromisoformat(after["due_resolve"])
        == datetime.fromisoformat(after["supervised_until"])
        == due
    )
    [shown] = (await people.clerk.get(f"/issues/{issue['id']}/street-words")).json()
    assert (shown["kind"], shown["grade"], shown["text"], shown["office"]) == (
        "supervise",
        2,
        "today, please",
        "ST-CMD",
    )
    assert (await people.steps(issue))[-1] == "supervise"


async def test_a_later_date_of_the_street_gives_no_more_time(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    due = (await people.look(issue))["due_resolve"]
    later = datetime.fromisoformat(due) + timedelta(days=9)
    await stage.give(word(stage, StreetSupervised, issue, level=1, due=later, text="soon"))
    assert (await people.look(issue))["due_resolve"] == due


async def test_a_reminder_stands_on_the_timeline_and_is_told(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    await stage.emitted()
    assert await told_twice(stage, word(stage, StreetReminded, issue, text="please hurry")) == [
        "IssueReminded"
    ]
    lines = (await people.clerk.get(f"/issues/{issue['id']}/timeline")).json()
    assert (lines[-1]["command"], lines[-1]["note"]) == ("remind", "please hurry")
    assert lines[-1]["data"] == {"by": "office:ST-CMD"}


async def test_words_about_what_has_ended_are_kept_and_change_nothing(stage: Stage, people: People) -> None:
    issue = await people.issue("withdrawn")
    before = await people.look(issue)
    await stage.emitted()
    due = stage.clock.now() + timedelta(hours=5)
    await stage.give(
        word(stage, StreetReminded, issue),
        word(stage, StreetSupervised, issue, level=3, due=due, text="now"),
        word(stage, StreetExtensionDecided, issue, granted=True, new_due=None),
    )
    assert await stage.emitted() == []
    assert await people.look(issue) == before
    words = (await people.clerk.get(f"/issues/{issue['id']}/street-words")).json()
    assert {one["kind"] for one in words} == {"remind", "supervise", "decide-extension"}


async def test_the_street_judges_what_was_done(stage: Stage, people: People) -> None:
    issue = await people.issue("closed")
    await stage.emitted()
    judged = word(stage, StreetEvaluated, issue, score=4, text="well done")
    assert await told_twice(stage, judged) == ["IssueEvaluated"]
    assert (await people.look(issue))["state"] == "closed"
    [shown] = (await people.clerk.get(f"/issues/{issue['id']}/street-words")).json()
    assert (shown["kind"], shown["grade"], shown["due"]) == ("evaluate", 4, None)


async def raised(stage: Stage, people: People) -> tuple[dict[str, Any], datetime]:
    """An issue of the community's own level, for which the street is asked for two more days."""
    issue = await people.report()
    await people.tell("accept", issue, people.clerk, category="0902")
    assert await stage.give(located(issue), proposed(issue)) == []
    await people.tell("start", issue, people.worker)
    due = datetime.fromisoformat((await people.look(issue))["due_resolve"])
    until = due + timedelta(days=2)
    wish = {"reason_code": "parts_ordered", "until": until.isoformat()}
    reply = await people.tell("ask-extension", issue, people.worker, **wish)
    assert reply.is_success, reply.text
    assert [type(event).__name__ for event in await stage.emitted()][-1] == "IssueExtensionAsked"
    return issue, due


@pytest.mark.parametrize(
    ("granted", "hours", "given"), [(True, None, 48), (True, 30, 30), (True, 99, 48), (False, None, 0)]
)
async def test_the_street_gives_time_once_and_no_more_than_was_asked_for(
    stage: Stage, people: People, granted: bool, hours: int | None, given: int
) -> None:
    issue, due = await raised(stage, people)
    new_due = None if hours is None else due + timedelta(hours=hours)
    decided = word(stage, StreetExtensionDecided, issue, granted=granted, new_due=new_due)
    assert await told_twice(stage, decided) == ["IssueExtended" if granted else "IssueExtensionRefused"]
    after = await people.look(issue)
    assert datetime.fromisoformat(after["due_resolve"]) == due + timedelta(hours=given)
    await stage.give(word(stage, StreetExtensionDecided, issue, granted=not granted, new_due=None))
    assert await stage.emitted() == []
    assert (await people.look(issue))["due_resolve"] == after["due_resolve"]
    lines = (await people.clerk.get(f"/issues/{issue['id']}/timeline")).json()
    assert lines[-1]["data"] == {"by": "office:ST-CMD", "late": True}


def dispatched(stage: Stage, **changes: object) -> Event:
    order = {
        "inbound": inbound(stage),
        "area_code": STREET,
        "street_no": "GXD/2026-7",
        "title": "the wall by the school",
        "text": "the wall by the school leans",
        "category": "0105",
        "their_category": "S-77",
        "urgency": None,
        "due": stage.clock.now() + timedelta(days=3),
        "reporter_ref": "GXD-R-9",
        **changes,
    }
    return StreetDispatched.model_validate(order)


async def test_a_matter_of_the_street_becomes_an_issue_to_its_date_once(stage: Stage, people: People) -> None:
    order = dispatched(stage)
    assert await told_twice(stage, order) == ["IssueReported", "IssueAccepted", "IssueDispatched"]
    await stage.give(dispatched(stage))
    assert await stage.emitted() == []
    [line] = (await people.clerk.get("/issues", params={"channel": "street_dispatch"})).json()
    issue = await people.look(line)
    assert (issue["state"], issue["category"], issue["off_list"]) == ("accepted", "0105", True)
    assert datetime.fromisoformat(issue["due_resolve"]) == stage.clock.now() + timedelta(days=3)
    lines = (await people.clerk.get(f"/issues/{issue['id']}/timeline")).json()
    assert {line["actor"] for line in lines} == {"office:ST-CMD"}
    assert lines[-1]["data"] == {
        "street_no": "GXD/2026-7",
        "reporter_ref": "GXD-R-9",
        "their_category": "S-77",
    }
    assert issue["area_code"].startswith(COMMUNITY)


@pytest.mark.parametrize("category", [None, "7777"])
async def test_a_matter_of_no_known_category_waits_to_be_sorted(
    stage: Stage, people: People, category: str | None
) -> None:
    past = stage.clock.now() - timedelta(minutes=1)
    assert await told_twice(stage, dispatched(stage, category=category, due=past)) != []
    [line] = (await people.clerk.get("/issues", params={"channel": "street_dispatch"})).json()
    assert (line["category"], line["state"]) == ("99", "accepted")


async def test_who_does_it_at_the_street_is_shown(stage: Stage, people: People) -> None:
    issue, escalation = await asked(people, "handover")
    due = stage.clock.now() + timedelta(days=2)
    given = answer(stage, StreetDepartmentAssigned, escalation, unit="综合执法队", due=due)
    assert await told_twice(stage, given) == ["EscalationDepartmentAssigned"]
    kept = await look(people, escalation)
    assert (kept["state"], kept["department"]) == ("handling", "综合执法队")
    assert datetime.fromisoformat(kept["department_due"]) == due
    assert (await people.look(issue))["max_level"] == 3


@pytest.mark.parametrize(("hours", "late"), [(1, False), (30, True)])
async def test_a_unit_that_was_called_comes_in_time_or_late(
    stage: Stage, people: People, hours: int, late: bool
) -> None:
    issue, escalation = await asked(people, "whistle", dossier={**DOSSIER, "place": "the north gate"})
    at = stage.clock.now() + timedelta(hours=hours)
    came = answer(stage, StreetCheckedIn, escalation, unit="供热站", at=at)
    envelope = stage.enveloped(came)
    await stage.give(envelope, envelope)
    [told] = await stage.emitted()
    assert isinstance(told, object)
    assert (kinds([told]), getattr(told, "late", None)) == (["EscalationCheckedIn"], late)
    await stage.give(answer(stage, StreetCheckedIn, escalation, unit="another", at=at))
    kept = await look(people, escalation)
    assert (kept["state"], kept["checked_in_unit"], kept["dossier"]["place"]) == (
        "handling",
        "供热站",
        "the north gate",
    )
    assert await stage.emitted() == []
    assert (await people.steps(issue))[-1] == "check-in"


async def test_an_arrival_counts_although_the_answer_came_first(stage: Stage, people: People) -> None:
    _, escalation = await asked(people, "whistle")
    reply = answer(
        stage, StreetReplied, escalation, outcome_code="done", text="done", needs_community_action=False
    )
    await stage.give(reply, answer(stage, StreetCheckedIn, escalation, unit="供热站", at=stage.clock.now()))
    kept = await look(people, escalation)
    assert (kept["state"], kept["checked_in_unit"]) == ("replied", "供热站")
    assert kinds(list(await stage.emitted())) == ["EscalationReplied", "EscalationCheckedIn"]


async def test_what_was_given_answers_the_request_and_is_told_with_the_household(
    stage: Stage, people: People
) -> None:
    issue, escalation = await asked(people, "relief_request", household="HH-1-0007")
    goods = [{"what": "quilt", "quantity": 2, "measure": "piece"}]
    given = answer(
        stage,
        StreetReliefGiven,
        escalation,
        office="街道妇联",
        at=stage.clock.now(),
        form="goods",
        goods=goods,
        text="two quilts",
    )
    envelope = stage.enveloped(given)
    await stage.give(envelope, envelope)
    told: list[Any] = list(await stage.emitted())
    assert kinds(told) == ["EscalationReplied", "EscalationReliefGiven"]
    assert (told[0].outcome_code, told[1].household_code) == ("relief_goods", "HH-1-0007")
    assert told[1].relief_id == envelope.open().snapshot.id
    assert [one.model_dump() for one in told[1].goods] == goods
    assert (told[1].escalation.version, told[0].escalation.version) == (3, 2)
    assert (await look(people, escalation))["state"] == "replied"
    assert (await people.look(issue))["state"] == "in_progress"


async def test_what_was_given_after_the_request_was_taken_back_counts_as_well(
    stage: Stage, people: People
) -> None:
    _, escalation = await asked(people, "relief_request", household="HH-1-0007")
    await people.clerk.post(f"/escalations/{escalation['id']}/recall")
    await stage.emitted()
    given = answer(stage, StreetReliefGiven, escalation, office="民政", at=stage.clock.now(), form="referral")
    assert await told_twice(stage, given) == ["EscalationReliefGiven"]
    assert (await look(people, escalation))["state"] == "recalled"


async def test_the_street_confirms_that_it_is_over(stage: Stage, people: People) -> None:
    issue, escalation = await asked(people, "handover")
    await people.clerk.post(f"/escalations/{escalation['id']}/recall")
    await stage.emitted()
    now = stage.clock.now()
    assert await told_twice(stage, answer(stage, StreetRecallConfirmed, escalation, at=now)) == [
        "EscalationClosed"
    ]
    kept = await look(people, escalation)
    assert (kept["state"], datetime.fromisoformat(kept["confirmed_at"])) == ("closed", now)
    assert (await people.look(issue))["state"] == "in_progress"


async def test_the_street_confirms_what_the_community_has_closed(stage: Stage, people: People) -> None:
    _, escalation = await asked(people, "whistle")
    reply = answer(
        stage, StreetReplied, escalation, outcome_code="done", text="done", needs_community_action=False
    )
    await stage.give(reply)
    await people.clerk.post(f"/escalations/{escalation['id']}/close")
    await stage.emitted()
    confirmed = answer(stage, StreetCloseConfirmed, escalation, at=stage.clock.now())
    assert await told_twice(stage, confirmed) == []
    kept = await look(people, escalation)
    assert (kept["state"], kept["confirmed_at"] is not None) == ("closed", True)


async def test_only_staff_and_the_street_read_its_words(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    path = f"/issues/{issue['id']}/street-words"
    async with stage.client(Role.STREET_OFFICER, areas=(STREET,), subject="o-2") as officer:
        assert (await officer.get(path)).json() == []
    async with stage.client(Role.STREET_OFFICER, areas=("620102015",), subject="o-3") as stranger:
        assert (await stranger.get(path)).status_code == 403
    assert (await people.resident.get(path)).status_code == 403


async def test_every_order_of_a_whistles_words_ends_alike(stage: Stage, people: People) -> None:
    ends = set()
    for order in permutations(range(4)):
        _, escalation = await asked(people, "whistle")
        at = stage.clock.now()
        words = [
            answer(stage, StreetAcknowledged, escalation, street_no="GX-17", at=at),
            answer(stage, StreetCheckedIn, escalation, unit="供热站", at=at),
            answer(stage, StreetDepartmentAssigned, escalation, unit="供热站", due=None),
            answer(
                stage, StreetReplied, escalation, outcome_code="ok", text="ok", needs_community_action=False
            ),
        ]
        for index in (*order, *order):
            assert await stage.give(stage.enveloped(words[index])) == []
        kept = await look(people, escalation)
        ends.add((kept["state"], kept["street_no"], kept["checked_in_unit"], kept["acknowledged_at"] is None))
    assert ends == {("replied", "GX-17", "供热站", False)}
