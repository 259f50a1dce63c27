"""What a street office answers through its webhooks: twice, late, in any order."""

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

from shared.events import Event
from shared.events.notify import (
    InboundSnapshot,
    StreetAcknowledged,
    StreetProgressed,
    StreetReplied,
    StreetReturned,
)
from shared.testing import Stage
from tests.intake.people import DOSSIER, STREET, People, kinds

HANDOVER = {"to_level": 3, "criteria": ["law_enforcement"], "dossier": DOSSIER}


class Street:
    """Speaks for the street about one escalation."""

    def __init__(self, stage: Stage, escalation: dict[str, Any]) -> None:
        self.stage = stage
        self._about: dict[str, Any] = {
            "escalation_id": UUID(escalation["id"]),
            "issue_no": escalation["issue_no"],
        }

    def _inbound(self, ago: timedelta = timedelta()) -> dict[str, Any]:
        at = self.stage.clock.now() - ago
        call = InboundSnapshot(id=uuid4(), version=1, source=STREET, webhook_id="msg_1", received_at=at)
        return {**self._about, "inbound": call}

    def acknowledged(self, street_no: str | None = "GX-17") -> Event:
        at = self.stage.clock.now() + timedelta(minutes=1)
        return StreetAcknowledged(**self._inbound(), street_no=street_no, at=at)

    def progressed(self) -> Event:
        return StreetProgressed(**self._inbound(), text="a car is on its way")

    def returned(self, *, by_leader: bool = False, ago: timedelta = timedelta()) -> Event:
        inbound = self._inbound(ago)
        return StreetReturned(**inbound, reason_code="incomplete", text="?", by_leader=by_leader)

    def replied(self, *, leaves_work: bool = False) -> Event:
        return StreetReplied(
            **self._inbound(), outcome_code="settled", text="settled", needs_community_action=leaves_work
        )


async def handed_up(people: People) -> tuple[dict[str, Any], dict[str, Any]]:
    issue = await people.issue("in_progress")
    answer = await people.tell("escalate", issue, people.secretary, **HANDOVER)
    await people.stage.emitted()
    return issue, dict(answer.json())


async def look(people: People, escalation: dict[str, Any]) -> dict[str, Any]:
    return dict((await people.clerk.get(f"/escalations/{escalation['id']}")).json())


async def test_the_street_takes_it_works_on_it_and_answers(stage: Stage, people: People) -> None:
    issue, escalation = await handed_up(people)
    street = Street(stage, escalation)
    for event, state in (
        (street.acknowledged(), "acknowledged"),
        (street.progressed(), "handling"),
        (street.replied(), "replied"),
    ):
        assert await stage.give(event) == []
        assert (await look(people, escalation))["state"] == state
    after = await people.look(issue)
    assert (after["state"], after["outcome_code"], after["max_level"]) == ("resolved", "settled", 3)
    told: list[Any] = list(await stage.emitted())
    expected = ["EscalationAcknowledged", "EscalationProgressed", "EscalationReplied", "IssueResolved"]
    assert kinds(told) == expected
    assert told[0].street_no == "GX-17"
    assert (await people.tell("verify", issue, people.leader)).is_success


async def test_every_order_of_the_streets_words_ends_alike(stage: Stage, people: People) -> None:
    ends = set()
    for order in permutations(range(3)):
        issue, escalation = await handed_up(people)
        street = Street(stage, escalation)
        words = [street.acknowledged(), street.progressed(), street.replied()]
        for index in order:
            envelope = stage.enveloped(words[index])
            assert await stage.give(envelope, envelope) == []
            assert await stage.give(envelope) == []
        after, kept = await people.look(issue), await look(people, escalation)
        ends.add((after["state"], after["max_level"], kept["state"], kept["street_no"]))
        told = kinds(await stage.emitted())
        assert told.count("EscalationAcknowledged") == 1
        assert told.count("IssueResolved") == 1
    assert ends == {("resolved", 3, "replied", "GX-17")}


async def test_a_reply_that_leaves_work_brings_the_issue_home(stage: Stage, people: People) -> None:
    issue, escalation = await handed_up(people)
    await stage.give(Street(stage, escalation).replied(leaves_work=True))
    assert (await people.look(issue))["state"] == "in_progress"
    told: list[Any] = list(await stage.emitted())
    assert kinds(told) == ["EscalationReplied", "IssueReturned"]
    assert told[1].reason_code == "needs_community_action"


async def test_a_second_acknowledgement_says_nothing_new(stage: Stage, people: People) -> None:
    _, escalation = await handed_up(people)
    street = Street(stage, escalation)
    await stage.give(street.acknowledged(), street.acknowledged("GX-18"))
    assert (await look(people, escalation))["street_no"] == "GX-17"
    assert kinds(await stage.emitted()) == ["EscalationAcknowledged"]


async def test_a_return_counts_once_until_the_leader_speaks(stage: Stage, people: People) -> None:
    issue, first = await handed_up(people)
    await stage.give(Street(stage, first).returned())
    after = await people.look(issue)
    assert (after["state"], after["level"], after["max_level"]) == ("in_progress", 2, 1)
    told: list[Any] = list(await stage.emitted())
    assert kinds(told) == ["EscalationReturned", "IssueReturned"]
    assert told[0].escalation.returns == 1
    answer = await people.tell("escalate", issue, people.secretary, **HANDOVER)
    second = dict(answer.json())
    await stage.give(Street(stage, second).returned())
    assert (await look(people, second))["state"] == "sent"
    await stage.give(Street(stage, second).returned(by_leader=True))
    assert (await look(people, second))["state"] == "returned"


async def test_words_after_the_end_change_nothing(stage: Stage, people: People) -> None:
    issue, escalation = await handed_up(people)
    await people.clerk.post(f"/escalations/{escalation['id']}/recall")
    await stage.emitted()
    street = Street(stage, escalation)
    await stage.give(street.progressed(), street.returned(), street.replied())
    assert (await look(people, escalation))["state"] == "recalled"
    assert (await people.look(issue))["state"] == "in_progress"
    assert await stage.emitted() == []


async def test_an_information_copy_is_acknowledged_while_the_issue_goes_on(
    stage: Stage, people: People
) -> None:
    fire = await people.report(people.worker, category="0101")
    sent: Any = (await stage.emitted())[-1]
    notice = {"id": str(sent.escalation.id), "issue_no": fire["no"]}
    street = Street(stage, notice)
    await stage.give(street.acknowledged(), street.replied())
    after = await people.look(fire)
    assert (after["state"], after["max_level"]) == ("accepted", 2)
    assert kinds(await stage.emitted()) == ["EscalationAcknowledged", "EscalationReplied"]
    assert (await people.steps(fire))[-2:] == ["acknowledge-escalation", "reply-escalation"]


async def test_a_word_about_an_escalation_that_is_not_here_climbs_the_ladder(
    stage: Stage, people: People
) -> None:
    unknown = Street(stage, {"id": str(uuid4()), "issue_no": "WLD-20260305-9999"})
    failures = await stage.give(unknown.acknowledged())
    assert [failure.poison for failure in failures] == [False]
