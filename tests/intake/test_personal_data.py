"""What is kept of people: told to them, erased without a trace, forgotten in time, under keys that change."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, select, text, type_coerce

from services.intake.evidence.files import Files
from services.intake.evidence.sweep import sweep_once
from services.intake.issues.models import Issue, TimelineEntry
from services.intake.models import READ_LOG, VAULT, Base
from services.intake.personal.erasing import NOBODY, TITLE
from services.intake.personal.models import Consent
from services.intake.personal.retention import forget, keep_retention
from services.intake.personal.rotation import SECRETS
from shared.auth import Role
from shared.idempotency import PURPOSE as ANSWER
from shared.privacy import Keyring, new_master_key
from shared.rotation import cells_of, rotate
from shared.testing import COMMUNITY, MASTER_KEYS, Stage
from tests.intake.background import at_work, until
from tests.intake.people import JPEG, People

NAME, PHONE, MOTHER, WORDS = "欧阳修远", "13912345678", "司马青衫", "晚上摔了一跤"
ACCOUNT = "resident:ouyang"
WHY = {"reason": "the person asked for it in writing"}
SPOKEN = (NAME, PHONE, MOTHER, WORDS, ACCOUNT)


async def matter(stage: Stage, people: People) -> dict[str, Any]:
    """A closed matter in which somebody left a trace wherever intake can keep one."""
    said = {
        "title": f"{NAME}家门口",
        "text": WORDS,
        "location": {"address": f"{NAME}, 三单元"},
        "reporter": {"name": NAME, "phone": PHONE},
        "beneficiary": {"name": MOTHER, "phone": "13912345679", "relation": "mother"},
    }
    async with stage.client(Role.RESIDENT, areas=(), subject=ACCOUNT) as resident:
        issue = await people.report(resident, **said)
        headers = {"Idempotency-Key": "of-the-resident"}
        await resident.post("/issues", json={"title": f"{NAME} again"}, headers={"Idempotency-Key": "k-2"})
        await resident.post(f"/issues/{issue['id']}/consents", json=CONSENT, headers=headers)
        files = {"file": ("a.jpg", JPEG, "image/jpeg")}
        await resident.post(f"/issues/{issue['id']}/evidence", files=files, data={"caption": NAME})
    key = {"Idempotency-Key": "of-the-clerk"}
    accepted = {"category": "0503", "note": f"{NAME} called"}
    assert (await people.clerk.post(f"/issues/{issue['id']}/accept", json=accepted, headers=key)).is_success
    for step in ("propose", "start", "resolve", "verify"):
        await people._go(step, issue)
    why = {"reason": f"{NAME} asks, from {PHONE}"}
    assert (await people.clerk.post(f"/issues/{issue['id']}/reporter", json=why)).is_success
    assert (await people.clerk.post("/issues/search", json={**why, "phone": PHONE})).is_success
    await people._go("call-back", issue)
    return issue


CONSENT = {"purpose": "contact_by_partner", "channel": "web", "name": NAME}


async def traces(stage: Stage) -> set[str]:
    """What was said that can still be read in any table, decrypted or not."""
    found: set[str] = set()
    async with stage.host.look() as work:
        for table in Base.metadata.sorted_tables:
            for row in await work.session.execute(select(table)):
                told = [str(value) for value in row]
                if table.name == "answers":
                    told.append(VAULT.keyring.decrypt(ANSWER, row.body).decode())
                found |= {word for word in SPOKEN for value in told if word in value}
    return found


def packed(path: str) -> bytes:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(path).read_bytes()


async def raw(stage: Stage) -> bytes:
    """The database as it lies on the disk, or as a dump would show it."""
    database = stage.host.database
    if database.is_sqlite:
        return await asyncio.to_thread(packed, str(database.engine.url.database))
    async with stage.host.look() as work:
        dumps = [
            "\n".join(await work.session.scalars(text(f'SELECT t::text FROM "{table.name}" t')))
            for table in Base.metadata.sorted_tables
        ]
    return "\n".join(dumps).encode()


def lies_open(content: bytes) -> set[str]:
    return {word for word in SPOKEN if word.encode() in content or word.encode().hex().encode() in content}


async def test_nothing_of_a_person_is_left_after_the_erasure(stage: Stage, people: People) -> None:
    issue = await matter(stage, people)
    assert await traces(stage) == set(SPOKEN)
    # What is encrypted lies open nowhere; reasons and accounts are plain by their nature.
    assert lies_open(await raw(stage)) <= {NAME, PHONE, ACCOUNT}
    other = (await people.clerk.get("/issues?state=reported")).json()[0]
    refused = await people.secretary.post("/people/erasure", json={**WHY, "subject": ACCOUNT})
    assert (refused.status_code, other["no"] in refused.json()["detail"]) == (409, True)
    async with stage.client(Role.RESIDENT, areas=(), subject=ACCOUNT) as resident:
        assert (await resident.post(f"/issues/{other['id']}/withdraw", json={})).is_success
    erased = await people.secretary.post("/people/erasure", json={**WHY, "subject": ACCOUNT})
    assert erased.json() == {"erased": [issue["no"], other["no"]]}
    await sweep_once(stage.host)
    assert await traces(stage) == set()
    assert lies_open(await raw(stage)) == set()
    seen = await people.look(issue)
    assert (seen["title"], seen["text"], seen["state"], seen["rating"]) == (TITLE, None, "closed", 5)
    assert len(await people.steps(issue)) > 6
    files = stage.host.parts[Files]
    assert isinstance(files, Files)
    assert list(await files.store.keys(stage.clock.now().date())) == []
    again = await people.secretary.post("/people/erasure", json={**WHY, "subject": ACCOUNT})
    assert again.status_code == 404
    tracked = await people.nobody.get(f"/track/{issue['no']}", params={"code": issue["track_code"]})
    assert tracked.status_code == 404


async def test_somebody_named_only_by_phone_is_found_and_erased_too(stage: Stage, people: People) -> None:
    said = {"channel": "phone", "title": "x", "beneficiary": {"name": MOTHER, "phone": "+86 139-1234-5679"}}
    issue = await people.report(people.clerk, **said)
    body = {**WHY, "phone": "13912345679"}
    told = (await people.clerk.post("/people/dossier", json=body)).json()
    assert [one["beneficiary_name"] for one in told["issues"]] == [MOTHER]
    await people.tell("reject", issue, people.clerk)
    assert (await people.secretary.post("/people/erasure", json=body)).json()["erased"] == [issue["no"]]
    assert await traces(stage) == set()


async def test_people_are_told_all_that_is_kept_and_who_read_it(stage: Stage, people: People) -> None:
    issue = await matter(stage, people)
    told = (await people.clerk.post("/people/dossier", json={**WHY, "phone": PHONE})).json()
    (kept,) = told["issues"]
    assert (kept["no"], kept["text"], kept["reporter_name"]) == (issue["no"], WORDS, NAME)
    assert kept["location"]["address"] == f"{NAME}, 三单元"
    assert [file["caption"] for file in kept["files"] if file["caption"]] == [NAME]
    assert kept["consents"] == ["contact_by_partner"]
    assert f"{NAME} called" in [line["note"] for line in kept["said"]]
    assert WHY["reason"] in [reading["reason"] for reading in told["readings"]]
    async with stage.client(Role.RESIDENT, areas=(), subject=ACCOUNT) as resident:
        own = await resident.post("/people/me/dossier", json={"reason": "I want to know"})
        assert {one["no"] for one in own.json()["issues"]} == {issue["no"], own.json()["issues"][1]["no"]}
    async with stage.host.look() as work:
        readers = set(await work.session.scalars(select(READ_LOG.c.reader)))
    assert {"c-1", ACCOUNT} <= readers


async def test_personal_data_is_for_those_who_may_and_say_why(stage: Stage, people: People) -> None:
    await matter(stage, people)
    body = {**WHY, "phone": PHONE}
    for client, path, said, status in (
        (people.worker, "/people/dossier", body, 403),
        (people.resident, "/people/dossier", body, 403),
        (people.clerk, "/people/erasure", body, 403),
        (people.officer, "/people/erasure", body, 403),
        (people.clerk, "/people/dossier", {"phone": PHONE}, 422),
        (people.clerk, "/people/dossier", WHY, 422),
        (people.clerk, "/people/dossier", {**body, "subject": "x"}, 422),
        (people.clerk, "/people/dossier", {**WHY, "phone": "a\x00"}, 422),
        (people.clerk, "/people/dossier", {**WHY, "subject": "a\x00"}, 422),
        (people.clerk, "/people/dossier", {**WHY, "phone": "13900000001"}, 404),
        (people.neighbour, "/people/me/dossier", WHY, 404),
    ):
        answer = await client.post(path, json=said)
        assert (answer.status_code, answer.json()["status"]) == (status, status), (path, said)
    keyed = await people.clerk.post("/people/dossier", json=body, headers={"Idempotency-Key": "k"})
    assert keyed.status_code == 422
    async with stage.client(Role.COMMUNITY_SECRETARY, areas=("620102014007",)) as elsewhere:
        assert (await elsewhere.post("/people/erasure", json=body)).status_code == 403


async def test_an_identity_is_kept_three_years_from_the_last_that_happened(
    stage: Stage, people: People
) -> None:
    issue = await matter(stage, people)
    open_one = await people.report(text=WORDS)
    stage.clock.advance(timedelta(days=1096))
    assert await forget(stage.host) == 0
    stage.clock.advance(timedelta(seconds=1))
    assert await forget(stage.host) == 1
    assert await forget(stage.host) == 0
    async with stage.host.look() as work:
        gone = await work.session.get_one(Issue, UUID(issue["id"]))
        kept = await work.session.get_one(Issue, UUID(open_one["id"]))
        consents = (await work.session.scalars(select(Consent))).all()
        actors = set(
            await work.session.scalars(select(TimelineEntry.actor).where(TimelineEntry.command == "report"))
        )
    assert (gone.title, gone.reporter_subject, gone.anonymised_at) == (TITLE, None, stage.clock.now())
    assert (kept.text, kept.anonymised_at) == (WORDS, None)
    assert [consent.name for consent in consents] == [None]
    assert NOBODY in actors
    stage.clock.advance(timedelta(days=91))

    async def none_is_left() -> bool:
        async with stage.host.look() as work:
            return (await work.session.scalars(select(Consent))).all() == []

    async with at_work(keep_retention, stage.host):
        await until(none_is_left)


async def test_a_merged_matter_waits_for_its_master(stage: Stage, people: People) -> None:
    await people.issue("merged")
    stage.clock.advance(timedelta(days=3000))
    assert await forget(stage.host) == 0


async def test_a_consent_is_confirmed_withdrawn_and_shown_without_a_name(
    stage: Stage, people: People
) -> None:
    issue = await people.report()
    path = f"/issues/{issue['id']}/consents"
    said = {"purpose": "photos_of_people", "channel": "phone", "oral": True, "name": NAME, "guardian": MOTHER}
    consent = (await people.clerk.post(path, json=said)).json()
    assert (consent["text_version"], consent["confirmed_at"]) == ("1", None)
    assert NAME not in str(consent)
    assert (await people.neighbour.post(f"/consents/{consent['id']}/withdraw")).status_code == 403
    confirmed = await people.clerk.post(f"/consents/{consent['id']}/confirm")
    assert confirmed.json()["confirmed_at"] is not None
    assert (await people.clerk.post(f"/consents/{consent['id']}/confirm")).is_success
    withdrawn = (await people.resident.post(f"/consents/{consent['id']}/withdraw")).json()
    assert (await people.resident.post(f"/consents/{consent['id']}/withdraw")).json() == withdrawn
    assert (await people.clerk.post(f"/consents/{consent['id']}/confirm")).status_code == 409
    assert [one["id"] for one in (await people.resident.get(path)).json()] == [consent["id"]]
    steps = await people.steps(issue)
    assert steps[-3:] == ["record-consent", "confirm-consent", "withdraw-consent"]
    codes = [one["code"] for one in (await people.nobody.get("/consents/purposes")).json()]
    assert "identity_to_street" in codes
    for wrong in ({"purpose": "anything"}, {"purpose": "x", "channel": "smoke"}, {"channel": "web"}):
        assert (await people.clerk.post(path, json={"channel": "web", **wrong})).status_code == 422
    nowhere = "00000000-0000-7000-8000-000000000000"
    assert (await people.clerk.post(f"/consents/{nowhere}/confirm")).status_code == 404
    assert (await people.clerk.get(f"/issues/{nowhere}/consents")).status_code == 404
    await people.tell("withdraw", issue, people.resident)
    assert (await people.clerk.post(path, json=said)).status_code == 422


async def old_cells(stage: Stage, ring: Keyring) -> int:
    count = 0
    async with stage.host.look() as work:
        for table in Base.metadata.sorted_tables:
            for cell in cells_of(SECRETS, table):
                stored = select(type_coerce(cell.column, LargeBinary)).where(cell.column.is_not(None))
                count += sum(map(ring.needs_rotation, await work.session.scalars(stored)))
    return count


async def test_after_a_rotation_the_old_key_opens_nothing_that_is_needed(
    stage: Stage, people: People
) -> None:
    issue = await matter(stage, people)
    fresh = new_master_key("fresh")
    both, alone = Keyring.parse(f"{fresh},{MASTER_KEYS}"), Keyring.parse(fresh)
    VAULT.unlock(both)
    try:
        assert await old_cells(stage, both) > 10
        assert await rotate(stage.host, SECRETS) > 10
        assert (await old_cells(stage, both), await rotate(stage.host, SECRETS)) == (0, 0)
        VAULT.unlock(alone)
        body = {**WHY, "phone": PHONE}
        told = (await people.clerk.post("/people/dossier", json=body)).json()
        assert [one["text"] for one in told["issues"]] == [WORDS]
        files = (await people.clerk.get(f"/issues/{issue['id']}/evidence")).json()
        content = await people.clerk.get(f"/issues/{issue['id']}/evidence/{files[0]['id']}")
        assert content.is_success
    finally:
        VAULT.unlock(Keyring.parse(MASTER_KEYS))


async def test_each_side_of_a_dispute_is_told_of_itself_alone(people: People) -> None:
    theirs = "13912345670"
    said = {"channel": "phone", "category": "0202", "title": f"{NAME}的押金", "text": WORDS}
    issue = await people.report(people.clerk, **said, reporter={"name": NAME, "phone": PHONE})
    await people.tell("assign", issue, people.clerk, person="w-1", unit=COMMUNITY)
    await people.tell("start", issue, people.worker, note=f"{NAME} says that nothing was broken")
    parties = [
        {"side": "applicant", "name": NAME, "phone": PHONE},
        {"side": "respondent", "name": MOTHER, "phone": theirs},
    ]
    opening = {"rights_told": True, "parties": parties}
    assert (await people.worker.post(f"/issues/{issue['id']}/mediations", json=opening)).status_code == 201
    told = {
        phone: (await people.clerk.post("/people/dossier", json={**WHY, "phone": phone})).json()
        for phone in (PHONE, theirs)
    }
    (mine,), (other,) = (told[phone]["issues"] for phone in (PHONE, theirs))
    assert (mine["reporter_name"], mine["party_name"], mine["text"]) == (NAME, NAME, WORDS)
    assert (other["party_name"], other["party_phone"], other["mediated"]) == (MOTHER, theirs, True)
    assert not [word for word in (NAME, PHONE, WORDS) if word in str(other)]
    assert MOTHER not in str(mine)
