"""What was asked for in time and comes when the matter is over changes nothing any more."""

import pytest

from services.intake.escalations.rules import STREET_LEVEL
from tests.intake.people import BODIES, DOSSIER, People

HELP = {"to_level": STREET_LEVEL, "criteria": [], "dossier": DOSSIER}


@pytest.mark.parametrize("kind", ["whistle", "relief_request"])
async def test_the_street_is_not_asked_to_help_with_what_has_ended(people: People, kind: str) -> None:
    issue = await people.issue("in_progress")
    asked = await people.tell("escalate", issue, people.worker, **HELP, type=kind)
    assert (asked.status_code, asked.json()["state"]) == (201, "requested")
    assert (await people.tell("withdraw", issue, people.resident, **BODIES["withdraw"])).is_success
    approved = await people.secretary.post(f"/escalations/{asked.json()['id']}/approve")
    assert approved.status_code == 409, approved.text
