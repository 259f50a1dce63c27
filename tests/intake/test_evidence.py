"""Evidence: who may add what, and who may read it."""

from hashlib import sha256

from sqlalchemy import select

from services.intake.evidence.commands import MOST_BYTES
from services.intake.evidence.models import EvidenceContent
from shared.testing import Stage
from tests.intake.people import JPEG, People


async def test_a_photo_is_kept_encrypted_and_given_back_as_it_was(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    photo = await people.add_photo(issue)
    assert (photo["size"], photo["sha256"]) == (len(JPEG), sha256(JPEG).hexdigest())
    answer = await people.leader.get(f"/issues/{issue['id']}/evidence/{photo['id']}")
    assert answer.content == JPEG
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    async with stage.host.look() as work:
        stored = (await work.session.scalars(select(EvidenceContent.content))).one()
    assert b"a photo" not in stored
    assert "add-evidence" in await people.steps(issue)


async def test_a_caption_is_kept_and_evidence_is_listed_in_order(people: People) -> None:
    issue = await people.issue("in_progress")
    path = f"/issues/{issue['id']}/evidence"
    for caption in ("before", "after"):
        files = {"file": ("a.jpg", JPEG, "image/jpeg")}
        assert (await people.worker.post(path, files=files, data={"caption": caption})).status_code == 201
    assert [one["caption"] for one in (await people.clerk.get(path)).json()] == ["before", "after"]


async def test_what_is_no_photo_or_document_is_refused(people: People) -> None:
    issue = await people.issue("in_progress")
    path = f"/issues/{issue['id']}/evidence"
    for media_type, content, status in (
        ("text/html", b"<script>", 415),
        ("image/jpeg", b"<script>", 422),
        ("image/png", JPEG, 422),
        ("image/png", b"", 422),
        ("image/jpeg", JPEG + bytes(MOST_BYTES), 413),
    ):
        answer = await people.worker.post(path, files={"file": ("a", content, media_type)})
        assert answer.status_code == status, (media_type, answer.text)
    assert (await people.worker.post(path, data={"caption": "x"})).status_code == 422


async def test_a_document_as_large_as_allowed_is_taken(people: People) -> None:
    issue = await people.issue("in_progress")
    content = b"%PDF-" + bytes(MOST_BYTES - 5)
    files = {"file": ("a.pdf", content, "application/pdf")}
    answer = await people.worker.post(f"/issues/{issue['id']}/evidence", files=files)
    assert answer.status_code == 201
    assert answer.json()["size"] == MOST_BYTES


async def test_an_issue_that_has_ended_takes_no_more(people: People) -> None:
    issue = await people.issue("withdrawn")
    files = {"file": ("a.jpg", JPEG, "image/jpeg")}
    answer = await people.clerk.post(f"/issues/{issue['id']}/evidence", files=files)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:sanlian:problem:issue-ended"


async def test_evidence_stays_among_those_whom_the_issue_concerns(people: People) -> None:
    issue, other = await people.issue("in_progress"), await people.issue("in_progress")
    photo = await people.add_photo(issue)
    path = f"/issues/{issue['id']}/evidence"
    files = {"file": ("a.jpg", JPEG, "image/jpeg")}
    for stranger in (people.neighbour, people.other_worker, people.partner):
        assert (await stranger.post(path, files=files)).status_code == 403
    assert (await people.other_worker.get(path)).status_code == 403
    assert (await people.resident.get(path)).status_code == 403
    assert (await people.other_worker.get(f"{path}/{photo['id']}")).status_code == 403
    wrong = f"/issues/{other['id']}/evidence/{photo['id']}"
    assert (await people.clerk.get(wrong)).status_code == 404
    unknown = "/issues/00000000-0000-7000-8000-000000000000/evidence"
    assert (await people.clerk.get(unknown)).status_code == 404
