"""What was asked for in time and comes when the matter is over changes nothing any more."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake.escalations.rules import STREET_LEVEL
from tests.intake.people import BODIES, DOSSIER, People
from tests.intake.test_guards import refused_as

HELP = {"to_level": STREET_LEVEL, "criteria": [], "dossier": DOSSIER}


@pytest.mark.parametrize("kind", ["whistle", "relief_request"])
async def test_the_street_is_not_asked_to_help_with_what_has_ended(people: People, kind: str) -> None:
    issue = await people.issue("in_progress")
    asked = await people.tell("escalate", issue, people.worker, **HELP, type=kind)
    assert (asked.status_code, asked.json()["state"]) == (201, "requested")
    assert (await people.tell("withdraw", issue, people.resident, **BODIES["withdraw"])).is_success
    approved = await people.secretary.post(f"/escalations/{asked.json()['id']}/approve")
    assert approved.status_code == 409, approved.text


async def test_time_that_was_given_before_an_issue_was_reopened_is_not_given_again(people: People) -> None:
    issue = await people.issue("in_progress")
    assert (await people.tell("ask-extension", issue, people.worker)).is_success
    assert (await people.tell("decide-extension", issue, people.clerk)).is_success
    await reopened(people, issue)
    sorted_anew = (await people.tell("recategorise", issue, people.clerk, category="0602")).json()
    assert sorted_anew["due_resolve"] == "2026-03-08T03:00:00Z", "72 hours from the reopening"


async def test_time_that_was_asked_for_before_an_issue_was_reopened_is_not_given_after_it(
    people: People,
) -> None:
    issue = await people.issue("in_progress")
    assert (await people.tell("ask-extension", issue, people.worker)).is_success
    await reopened(people, issue)
    assert refused_as(await people.tell("decide-extension", issue, people.clerk), "extension-decided")


async def reopened(people: People, issue: dict[str, Any]) -> None:
    """Have it seen to its end, and brought back by its reporter an hour later."""
    await people.add_photo(issue)
    for command, who in (("resolve", people.worker), ("verify", people.leader), ("call-back", people.clerk)):
        assert (await people.tell(command, issue, who)).is_success
    people.stage.clock.advance(timedelta(hours=1))
    assert (await people.tell("reopen", issue, people.resident)).is_success
