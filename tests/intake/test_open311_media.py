"""Pictures beside an Open311 request: cleaned and kept as evidence, for staff; no address is fetched."""

from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from services.intake.evidence.models import Evidence
from services.intake.issues.models import Issue
from shared.testing import Stage
from tests.intake.geo_desk import LAMP, V2, Desk, told
from tests.intake.people import JPEG, People

Files = list[tuple[str, tuple[str, bytes, str]]]
PICTURE = ("lamp.jpg", JPEG, "image/jpeg")


@pytest.fixture
async def desk(people: People) -> Desk:
    made = Desk(people)
    await made.open()
    return made


async def send(desk: Desk, files: Files, path: str = f"{V2}/requests.json", **said: Any) -> httpx.Response:
    form = {"api_key": desk.key, **LAMP, **said}
    return await desk.nobody.post(path, data=form, files=files)


async def count(stage: Stage, model: type[Issue] | type[Evidence]) -> int:
    async with stage.host.look() as work:
        return int(await work.session.scalar(select(func.count()).select_from(model)) or 0)


async def test_pictures_become_evidence_that_staff_see_and_the_public_does_not(
    stage: Stage, people: People, desk: Desk
) -> None:
    answer = await send(desk, [("media[]", PICTURE), ("media[]", PICTURE), ("media", PICTURE)])
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()
    issue = await desk.issue(one["service_request_id"])
    home = f"/issues/{issue['id']}/evidence"
    shown = (await people.clerk.get(home)).json()
    assert [(file["media_type"], file["by_staff"]) for file in shown] == [("image/jpeg", False)] * 3
    content = await people.clerk.get(f"{home}/{shown[0]['id']}")
    # Made anew from its pixels: the place in the sender's EXIF is gone.
    assert (content.status_code, b"Exif" in content.content) == (200, False)
    line = (await people.clerk.get(f"/issues/{issue['id']}/timeline")).json()[-1]
    assert (line["command"], line["evidence"]) == ("add-evidence", [file["id"] for file in shown])
    await people.tell("accept", issue, people.clerk)
    (public,) = await desk.get(f"/requests/{issue['no']}.json")
    assert public["media_url"] is None
    assert (await desk.nobody.get(f"{home}/{shown[0]['id']}")).status_code == 401
    # What its reporter sends does not show that the work was done.
    await people.tell("assign", issue, people.clerk, person="w-1")
    await people.tell("start", issue, people.worker)
    assert (await people.tell("resolve", issue, people.worker)).json()["type"].endswith("evidence-missing")


async def test_an_address_is_kept_beside_the_pictures_and_shown_once_staff_have_looked(
    people: People, desk: Desk
) -> None:
    # Nothing listens there: whoever fetched it would fail.
    url = "http://127.0.0.1:1/secret.jpg"
    answer = await send(desk, [("media[]", PICTURE)], media_url=url)
    (one,) = answer.json()
    issue = await desk.issue(one["service_request_id"])
    lines = (await people.clerk.get(f"/issues/{issue['id']}/timeline")).json()
    assert [line["command"] for line in lines] == ["report", "add", "add-evidence"]
    (before,) = await desk.get(f"/requests/{issue['no']}.json")
    await people.tell("accept", issue, people.clerk)
    (after,) = await desk.get(f"/requests/{issue['no']}.json")
    assert (before["media_url"], after["media_url"]) == (None, url)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([("media[]", PICTURE)] * 6, "media[] may have 5 files at most"),
        ([("media[]", ("a.jpg", b"<html>", "image/jpeg"))], "media[] evidence is JPEG"),
        ([("media[]", ("a.jpg", JPEG[: len(JPEG) // 2], "image/jpeg"))], "media[] "),
        ([("media[]", PICTURE), ("media[]", ("a.svg", b"<svg/>", "image/svg+xml"))], "media[] "),
    ],
)
async def test_what_is_no_picture_is_refused_with_the_whole_request(
    stage: Stage, desk: Desk, files: Files, message: str
) -> None:
    for path in (f"{V2}/requests.json", f"{V2}/requests.xml", "/open311/test/v2/requests.json"):
        answer = await send(desk, files, path)
        assert answer.status_code == 400, answer.text
        assert told(answer)[0].startswith(message)
    assert (await count(stage, Issue), await count(stage, Evidence)) == (0, 0)


async def test_trying_out_keeps_no_picture_and_without_a_key_none_is_looked_at(
    stage: Stage, desk: Desk
) -> None:
    tried = await send(desk, [("media[]", PICTURE)], "/open311/test/v2/requests.json")
    assert tried.status_code == 200
    keyless = await send(desk, [("media[]", ("a.jpg", b"<html>", "image/jpeg"))], api_key="slk_no")
    assert keyless.status_code == 403
    empty = await send(desk, [("media[]", ("", b"", "application/octet-stream"))])
    assert empty.status_code == 200
    assert (await count(stage, Issue), await count(stage, Evidence)) == (1, 0)


async def test_a_request_that_is_sent_again_has_its_pictures_once(stage: Stage, desk: Desk) -> None:
    form = {"api_key": desk.key, **LAMP}
    request = desk.nobody.build_request(
        "POST", f"{V2}/requests.json", data=form, files=[("media[]", PICTURE)],
        headers={"Idempotency-Key": "once-and-again"},
    )  # fmt: skip
    content = request.read()
    answers = [
        await desk.nobody.post(f"{V2}/requests.json", content=content, headers=request.headers) for _ in "ab"
    ]
    assert answers[0].json() == answers[1].json()
    assert (await count(stage, Issue), await count(stage, Evidence)) == (1, 1)
