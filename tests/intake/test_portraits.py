"""Photos of people are kept as long as they agree, read by a logged link alone, and stay in the community."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from services.intake.evidence.files import Files
from services.intake.evidence.sweep import sweep_once
from services.intake.models import READ_LOG
from services.intake.personal.retention import forget
from shared.auth import Role
from shared.testing import Stage
from tests.intake.people import DOSSIER, People

NOWHERE = "00000000-0000-7000-8000-000000000000"
WHY = {"reason": "to see who was hurt"}
AGREED = {"purpose": "photos_of_people", "channel": "in_person", "name": "欧阳修远"}


async def agreed(people: People, issue: dict[str, Any], **said: Any) -> str:
    answer = await people.clerk.post(f"/issues/{issue['id']}/consents", json={**AGREED, **said})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def portrait(people: People) -> tuple[dict[str, Any], str, str]:
    """An issue, the path of a photo of somebody, and the id of their consent."""
    issue = await people.issue("in_progress")
    consent_id = await agreed(people, issue)
    path = f"/issues/{issue['id']}/evidence/{(await people.add_photo(issue))['id']}"
    marked = await people.worker.post(f"{path}/portraits", json={"consent_id": consent_id})
    assert marked.status_code == 201, marked.text
    return issue, path, consent_id


async def is_there(people: People, issue: dict[str, Any]) -> bool:
    (photo,) = (await people.clerk.get(f"/issues/{issue['id']}/evidence")).json()
    return photo["erased_at"] is None


async def test_a_photo_of_somebody_is_read_by_a_logged_link_alone(stage: Stage, people: People) -> None:
    issue, path, consent_id = await portrait(people)
    refused = await people.clerk.get(path)
    assert (refused.status_code, "ask for a link" in refused.json()["detail"]) == (403, True)
    link = (await people.clerk.post(f"{path}/links", json=WHY)).json()["url"]
    assert (await people.nobody.get("/evidence" + link.partition("/evidence")[2])).is_success
    async with stage.host.look() as work:
        logged = set(await work.session.scalars(select(READ_LOG.c.reason)))
    assert WHY["reason"] in logged
    again = await people.worker.post(f"{path}/portraits", json={"consent_id": consent_id})
    assert (again.status_code, again.json()["marked_by"]) == (201, "w-1")
    assert (await people.steps(issue)).count("mark-portrait") == 1


async def test_a_photo_of_somebody_does_not_leave_with_a_dossier(people: People) -> None:
    issue, path, _ = await portrait(people)
    dossier = {**DOSSIER, "evidence_ids": [path.rpartition("/")[2]]}
    said = {"to_level": 3, "criteria": ["other_department"], "dossier": dossier}
    answer = await people.secretary.post(f"/issues/{issue['id']}/escalate", json=said)
    assert (answer.status_code, "stays here" in answer.json()["detail"]) == (422, True), answer.text


async def test_a_photo_goes_with_the_consent_that_is_taken_back(stage: Stage, people: People) -> None:
    issue, path, consent_id = await portrait(people)
    second = await agreed(people, issue)
    assert (await people.clerk.post(f"{path}/portraits", json={"consent_id": second})).is_success
    # One of the two is enough to take it away.
    assert (await people.resident.post(f"/consents/{consent_id}/withdraw")).is_success
    assert not await is_there(people, issue)
    assert (await people.steps(issue))[-2:] == ["erase-evidence", "withdraw-consent"]
    await sweep_once(stage.host)
    files = stage.host.parts[Files]
    assert isinstance(files, Files)
    assert list(await files.store.keys(stage.clock.now().date())) == []
    assert (await people.clerk.post(f"{path}/links", json=WHY)).status_code == 404


async def test_a_photo_goes_when_the_consent_has_run_out(stage: Stage, people: People) -> None:
    issue, _, _ = await portrait(people)
    stage.clock.advance(timedelta(days=365) - timedelta(seconds=1))
    await forget(stage.host)
    assert await is_there(people, issue)
    stage.clock.advance(timedelta(seconds=1))
    await forget(stage.host)
    assert not await is_there(people, issue)
    assert (await people.steps(issue))[-1] == "erase-evidence"


async def test_only_a_consent_to_photos_that_stands_covers_a_photo(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    photo = await people.add_photo(issue)
    path = f"/issues/{issue['id']}/evidence/{photo['id']}"
    other = await agreed(people, issue, purpose="contact_by_partner")
    elsewhere = await agreed(people, await people.report())
    ended = await agreed(people, issue)
    assert (await people.worker.post(f"/consents/{ended}/withdraw")).is_success
    for wrong in (other, elsewhere, ended, NOWHERE, "x"):
        answer = await people.worker.post(f"{path}/portraits", json={"consent_id": wrong})
        assert answer.status_code == 422, wrong
    stands = {"consent_id": await agreed(people, issue)}
    nothing = f"/issues/{issue['id']}/evidence/{NOWHERE}/portraits"
    assert (await people.worker.post(nothing, json=stands)).status_code == 404
    assert (await people.other_worker.post(f"{path}/portraits", json=stands)).status_code == 403
    assert (await people.resident.post(f"{path}/portraits", json=stands)).status_code == 403


async def test_the_office_lets_a_photo_go_of_somebody_who_did_not_agree(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    photo = await people.add_photo(issue)
    path = f"/issues/{issue['id']}/evidence/{photo['id']}/erase"
    assert (await people.worker.post(path, json=WHY)).status_code == 403
    assert (await people.clerk.post(path, json={})).status_code == 422
    async with stage.client(Role.COMMUNITY_CLERK, areas=("620102014007",)) as elsewhere:
        assert (await elsewhere.post(path, json=WHY)).status_code == 403
    assert (await people.clerk.post(path, json=WHY)).json()["erased_at"] is not None
    assert not await is_there(people, issue)
    assert (await people.clerk.post(path, json=WHY)).status_code == 404
    lines = (await people.clerk.get(f"/issues/{issue['id']}/timeline")).json()
    assert (lines[-1]["command"], lines[-1]["note"]) == ("erase-evidence", WHY["reason"])
