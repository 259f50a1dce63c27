"""Evidence: who may add what, what is left of it, and who may read it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from PIL import Image

from services.intake.evidence.commands import erase_evidence
from services.intake.evidence.files import Files
from services.intake.evidence.rules import DOOR_BYTES, load_evidence_rules
from services.intake.evidence.stores import Store
from services.intake.evidence.sweep import sweep_once
from services.intake.issues.models import Issue
from services.intake.models import READ_LOG
from shared.events.intake import EscalationSent
from shared.testing import Stage
from tests.intake.people import DOSSIER, JPEG, People
from tests.intake.photos import COMMENT, MAKER, PLACE, film, photo, wide_webp

WHY = {"reason": "for the street's records"}
RULES = load_evidence_rules()


async def send(
    people: People, issue: dict[str, Any], content: bytes, media_type: str = "image/jpeg", **headers: str
) -> httpx.Response:
    files = {"file": ("a", content, media_type)}
    path = f"/issues/{issue['id']}/evidence"
    return await people.worker.post(path, files=files, headers=headers)


def lies_in(folder: Path) -> list[Path]:
    return [path for path in (folder / "evidence").rglob("*") if path.is_file()]


async def test_a_photo_is_kept_encrypted_and_downloaded_as_a_file(
    stage: Stage, people: People, tmp_path: Path
) -> None:
    issue = await people.issue("in_progress")
    kept = await people.add_photo(issue)
    answer = await people.leader.get(f"/issues/{issue['id']}/evidence/{kept['id']}")
    assert (kept["size"], kept["sha256"]) == (len(answer.content), sha256(answer.content).hexdigest())
    assert Image.open(BytesIO(answer.content)).size == (40, 30)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == f'attachment; filename="evidence-{kept["id"]}.jpg"'
    assert "sandbox" in answer.headers["content-security-policy"]
    [stored] = lies_in(tmp_path)
    assert stored.relative_to(tmp_path / "evidence").as_posix() == f"2026/03/05/{kept['id']}"
    assert answer.content[:20] not in stored.read_bytes()
    assert stored.stat().st_mode & 0o077 == 0
    assert "add-evidence" in await people.steps(issue)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_photo_tells_nothing_but_its_picture(people: People, kind: str) -> None:
    issue = await people.issue("in_progress")
    taken = photo(kind, upright=False)
    assert MAKER.encode() in taken
    assert COMMENT in taken
    # What the sender says that it is counts for nothing.
    kept = (await send(people, issue, taken, "application/pdf")).json()
    assert kept["media_type"] == f"image/{kind.lower()}"
    got = (await people.clerk.get(f"/issues/{issue['id']}/evidence/{kept['id']}")).content
    for told in (MAKER.encode(), PLACE, COMMENT):
        assert told not in got
    shown = Image.open(BytesIO(got))
    assert not shown.getexif()
    # The phone was held sideways: the picture stands upright by itself now.
    assert shown.size == (30, 40)
    assert shown.convert("L").getpixel((15, 2)) == pytest.approx(255, abs=12)
    assert shown.convert("L").getpixel((15, 37)) == pytest.approx(0, abs=12)


async def test_a_large_photo_is_made_smaller_and_a_film_loses_its_place(people: People) -> None:
    issue = await people.issue("in_progress")
    kept = [
        (await send(people, issue, content)).json()
        for content in (photo(size=(5000, 100)), film(), b"%PDF-1.7 a receipt")
    ]
    assert [one["media_type"] for one in kept] == ["image/jpeg", "video/mp4", "application/pdf"]
    path = f"/issues/{issue['id']}/evidence"
    picture, moving, paper = [(await people.clerk.get(f"{path}/{one['id']}")).content for one in kept]
    assert Image.open(BytesIO(picture)).size == (RULES.images.longest_edge, 51)
    assert len(moving) == len(film())
    assert b"pictures" in moving
    assert PLACE not in moving
    assert COMMENT not in moving
    assert paper == b"%PDF-1.7 a receipt"


async def test_what_is_no_photo_or_document_is_refused(people: People) -> None:
    issue = await people.issue("in_progress")
    for content, status, word in (
        (b"<script>alert(1)</script>", 415, "JPEG"),
        (b"", 415, "JPEG"),
        (b"\0\0\0\x18ftypheic" + bytes(40), 415, "send the HEIC"),
        (b"\xff\xd8\xff\xe0 a photo", 422, "no readable JPEG"),
        (photo("PNG")[:60], 422, "no readable PNG"),
        (JPEG[:200], 422, "no readable JPEG"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(30), 422, "no readable WEBP"),
        (wide_webp(), 413, "pixels"),
        (b"\0\0\0\x18ftypisom" + b"\xff" * 40, 422, "does not fit"),
        (film()[:-300], 422, "does not fit"),
        (b"\0\0\0\x10ftypmp42" + bytes(4), 422, "no film"),
        (b"\0\0\0\x10ftypmp42" + bytes(4) + b"\0\0\0\x08moov" * 20_001, 422, "too many"),
        (b"%PDF-" + bytes(RULES.most_bytes), 413, "bytes at most"),
        (b"%PDF-" + bytes(DOOR_BYTES + 100_000), 413, "at most"),
    ):
        answer = await send(people, issue, content)
        assert (answer.status_code, word in answer.text) == (status, True), (content[:20], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    path = f"/issues/{issue['id']}/evidence"
    assert (await people.worker.post(path, data={"caption": "x"})).status_code == 422
    assert (await people.worker.post(path, content=b"%PDF-")).status_code == 422


async def test_a_document_as_large_as_allowed_is_taken(people: People) -> None:
    issue = await people.issue("in_progress")
    answer = await send(people, issue, b"%PDF-" + bytes(RULES.most_bytes - 5))
    assert answer.status_code == 201
    assert answer.json()["size"] == RULES.most_bytes


async def test_an_issue_that_has_ended_takes_no_more(people: People) -> None:
    issue = await people.issue("withdrawn")
    files = {"file": ("a.jpg", JPEG, "image/jpeg")}
    answer = await people.clerk.post(f"/issues/{issue['id']}/evidence", files=files)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:sanlian:problem:issue-ended"


async def test_an_issue_takes_so_many_files_and_no_more(people: People, stage: Stage, tmp_path: Path) -> None:
    issue = await people.issue("in_progress")
    for _ in range(RULES.most_files):
        assert (await send(people, issue, b"%PDF-1.7")).status_code == 201
    answer = await send(people, issue, JPEG)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:sanlian:problem:enough-evidence")
    assert len(lies_in(tmp_path)) == RULES.most_files


async def test_a_repeated_upload_is_kept_once(people: People, tmp_path: Path) -> None:
    issue = await people.issue("in_progress")
    # A form has a boundary that its sender invents; who repeats a request repeats it to the letter.
    request = people.worker.build_request(
        "POST",
        f"/issues/{issue['id']}/evidence",
        files={"file": ("a.jpg", JPEG, "image/jpeg")},
        data={"caption": "二单元门口"},
        headers={"Idempotency-Key": "a-1"},
    )
    first, second = [await people.worker.send(request) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert len(lies_in(tmp_path)) == 1
    [listed] = (await people.clerk.get(f"/issues/{issue['id']}/evidence")).json()
    assert listed["caption"] == "二单元门口"
    other = await send(people, issue, b"%PDF-1.7", **{"Idempotency-Key": "a-1"})
    assert other.json()["type"] == "urn:sanlian:problem:idempotency-key-reused"


async def test_evidence_stays_among_those_whom_the_issue_concerns(people: People) -> None:
    issue, other = await people.issue("in_progress"), await people.issue("in_progress")
    kept = await people.add_photo(issue)
    path = f"/issues/{issue['id']}/evidence"
    files = {"file": ("a.jpg", JPEG, "image/jpeg")}
    for stranger in (people.neighbour, people.other_worker, people.partner):
        assert (await stranger.post(path, files=files)).status_code == 403
    assert (await people.nobody.post(path, files=files)).status_code == 401
    assert (await people.resident.post(path, files=files)).status_code == 201
    for mine in (path, f"{path}/{kept['id']}"):
        assert (await people.other_worker.get(mine)).status_code == 403
        assert (await people.resident.get(mine)).status_code == 403
    link = f"{path}/{kept['id']}/links"
    assert (await people.other_worker.post(link, json=WHY)).status_code == 403
    assert (await people.clerk.get(f"/issues/{other['id']}/evidence/{kept['id']}")).status_code == 404
    assert (await people.clerk.post(f"/issues/{other['id']}/evidence/{kept['id']}/links", json=WHY)).is_error
    unknown = "/issues/00000000-0000-7000-8000-000000000000/evidence"
    assert (await people.clerk.get(unknown)).status_code == 404
    assert (await people.clerk.post(unknown, files=files)).status_code == 404


async def test_a_link_opens_one_file_for_anybody_until_it_expires(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    kept, other = await people.add_photo(issue), await people.add_photo(issue)
    path = f"/issues/{issue['id']}/evidence/{kept['id']}"
    made = await people.clerk.post(f"{path}/links", json={**WHY, "minutes": 5})
    assert made.status_code == 201, made.text
    url = httpx.URL(made.json()["url"])
    assert str(url).startswith(f"http://127.0.0.1:8000/intake/v1/evidence/{kept['id']}?")
    opened = await people.nobody.get(f"/evidence/{kept['id']}", params=url.params)
    assert opened.content == (await people.clerk.get(path)).content
    assert opened.headers["content-disposition"].startswith("attachment")
    longer = {**url.params, "expires": str(int(url.params["expires"]) + 60)}
    for wrong in (
        people.nobody.get(f"/evidence/{other['id']}", params=url.params),
        people.nobody.get(f"/evidence/{kept['id']}", params=longer),
        people.nobody.get(f"/evidence/{kept['id']}", params={**url.params, "signature": "天" * 40}),
        people.nobody.get("/evidence/00000000-0000-7000-8000-000000000000", params=url.params),
    ):
        assert (await wrong).status_code == 404
    for wrong in (
        people.nobody.get(f"/evidence/{kept['id']}"),
        people.nobody.get(f"/evidence/{kept['id']}", params={**longer, "expires": "9" * 30}),
        people.clerk.post(f"{path}/links", json={**WHY, "minutes": RULES.link.most_minutes + 1}),
        people.clerk.post(f"{path}/links", json={"reason": "   "}),
    ):
        assert (await wrong).status_code == 422
    assert (await people.nobody.get("/evidence")).status_code == 404
    stage.clock.advance(timedelta(minutes=5))
    late = await people.nobody.get(f"/evidence/{kept['id']}", params=url.params)
    assert (late.status_code, late.json()["type"]) == (410, "urn:sanlian:problem:link-expired")


async def test_files_of_a_sensitive_matter_take_a_reason_that_is_written_down(
    stage: Stage, people: People
) -> None:
    issue = await people.issue("in_progress")
    answer = await people.worker.post(
        f"/issues/{issue['id']}/evidence", files={"file": ("a", JPEG)}, data={"caption": "at her bed"}
    )
    kept = answer.json()
    async with stage.host.work() as work:
        (await work.session.get_one(Issue, UUID(issue["id"]))).privacy_class = 2
    path = f"/issues/{issue['id']}/evidence"
    [listed] = (await people.clerk.get(path)).json()
    assert listed["caption"] is None
    refused = await people.clerk.get(f"{path}/{kept['id']}")
    assert (refused.status_code, "link" in refused.json()["detail"]) == (403, True)
    link = await people.clerk.post(f"{path}/{kept['id']}/links", json=WHY)
    url = httpx.URL(link.json()["url"])
    assert (await people.nobody.get(f"/evidence/{kept['id']}", params=url.params)).is_success
    async with stage.host.look() as work:
        [entry] = (await work.session.execute(READ_LOG.select())).all()
    assert (entry.reader, entry.subject) == ("c-1", f"evidence:{kept['id']}")
    assert (entry.fields, entry.reason) == (["content", "link"], WHY["reason"])


class SlowStore:
    """A store that is a while about it: meanwhile something happens."""

    def __init__(self, store: Store, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._store, self._meanwhile = store, meanwhile
        self.get, self.remove, self.keys = store.get, store.remove, store.keys

    async def put(self, key: str, content: bytes) -> None:
        await self._store.put(key, content)
        await self._meanwhile()


async def test_a_file_whose_issue_ends_while_it_is_stored_is_refused_and_swept_away(
    stage: Stage, people: People, tmp_path: Path
) -> None:
    issue = await people.issue("in_progress")
    files: Files = stage.host.parts[Files]  # type: ignore[assignment]  # The parts stand under their types.
    files.store = SlowStore(files.store, lambda: people.tell("withdraw", issue, people.resident))
    answer = await send(people, issue, JPEG)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:sanlian:problem:issue-ended")
    assert (await people.clerk.get(f"/issues/{issue['id']}/evidence")).json() == []
    assert len(lies_in(tmp_path)) == 1
    stage.clock.advance(timedelta(days=RULES.sweep.after_days))
    assert await sweep_once(stage.host) == 1
    assert lies_in(tmp_path) == []


async def test_files_that_nothing_names_are_swept_away_and_named_ones_stay(
    stage: Stage, people: People, tmp_path: Path
) -> None:
    issue = await people.issue("in_progress")
    kept = await people.add_photo(issue)
    day = tmp_path / "evidence" / "2026" / "03" / "05"
    for name in ("00000000-0000-7000-8000-00000000abcd", f"{kept['id']}.part", "notes"):
        (day / name).write_bytes(b"left behind by a crash")
    assert await sweep_once(stage.host) == 0
    stage.clock.advance(timedelta(days=RULES.sweep.after_days))
    assert await sweep_once(stage.host) == 3
    assert [path.name for path in lies_in(tmp_path)] == [kept["id"]]
    assert (await people.clerk.get(f"/issues/{issue['id']}/evidence/{kept['id']}")).is_success


async def test_erased_evidence_keeps_its_entry_and_loses_its_content(
    stage: Stage, people: People, tmp_path: Path
) -> None:
    issue = await people.issue("in_progress")
    kept = await people.add_photo(issue)
    path = f"/issues/{issue['id']}/evidence"
    link = httpx.URL((await people.clerk.post(f"{path}/{kept['id']}/links", json=WHY)).json()["url"])
    async with stage.host.work() as work:
        assert await erase_evidence(work, UUID(issue["id"])) == 1
    assert await sweep_once(stage.host) == 1
    assert lies_in(tmp_path) == []
    [listed] = (await people.clerk.get(path)).json()
    assert listed["erased_at"] is not None
    assert (await people.clerk.get(f"{path}/{kept['id']}")).status_code == 404
    assert (await people.nobody.get(f"/evidence/{kept['id']}", params=link.params)).status_code == 404
    assert (await people.clerk.post(f"{path}/{kept['id']}/links", json=WHY)).status_code == 404
    async with stage.host.work() as work:
        assert await erase_evidence(work, UUID(issue["id"])) == 0
    assert await sweep_once(stage.host) == 0


async def test_a_file_that_the_store_lost_is_named_as_gone(people: People, tmp_path: Path) -> None:
    issue = await people.issue("in_progress")
    kept = await people.add_photo(issue)
    lies_in(tmp_path)[0].unlink()
    answer = await people.clerk.get(f"/issues/{issue['id']}/evidence/{kept['id']}")
    assert (answer.status_code, answer.json()["detail"]) == (404, "its content is gone")


async def test_a_dossier_takes_links_along_to_files_of_its_own_issue(stage: Stage, people: People) -> None:
    issue, other = await people.issue("in_progress"), await people.issue("in_progress")
    kept, strange = await people.add_photo(issue), await people.add_photo(other)
    for wrong in (strange["id"], "00000000-0000-7000-8000-000000000000"):
        dossier = {**DOSSIER, "evidence_ids": [kept["id"], wrong]}
        refused = await people.tell("escalate", issue, people.worker, dossier=dossier)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "dossier.evidence_ids")
    await stage.emitted()
    dossier = {**DOSSIER, "evidence_ids": [kept["id"]]}
    assert (await people.tell("escalate", issue, people.worker, dossier=dossier)).status_code == 201
    [sent] = [event for event in await stage.emitted() if isinstance(event, EscalationSent)]
    [link] = map(httpx.URL, sent.dossier.evidence_links)
    assert str(link).startswith(f"http://127.0.0.1:8000/intake/v1/evidence/{kept['id']}?")
    assert (await people.nobody.get(f"/evidence/{kept['id']}", params=link.params)).is_success
    stage.clock.advance(timedelta(minutes=RULES.link.dossier_minutes))
    late = await people.nobody.get(f"/evidence/{kept['id']}", params=link.params)
    assert late.status_code == 410


async def test_no_file_of_a_sensitive_matter_goes_along_by_itself(stage: Stage, people: People) -> None:
    issue = await people.issue("in_progress")
    kept = await people.add_photo(issue)
    async with stage.host.work() as work:
        (await work.session.get_one(Issue, UUID(issue["id"]))).privacy_class = 2
    dossier = {**DOSSIER, "evidence_ids": [kept["id"]]}
    assert (await people.tell("escalate", issue, people.worker, dossier=dossier)).status_code == 201
    [sent] = [event for event in await stage.emitted() if isinstance(event, EscalationSent)]
    assert (len(sent.dossier.evidence_ids), sent.dossier.evidence_links) == (1, ())
