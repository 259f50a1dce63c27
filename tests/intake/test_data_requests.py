"""What people ask of their data is answered in fifteen working days, and what is wrong is put right."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services.intake.models import READ_LOG
from services.intake.oversight.watch import oversee
from services.intake.personal.retention import forget
from shared.auth import Role
from shared.calendar import WorkingCalendar
from shared.clock import LOCAL_ZONE
from shared.testing import Stage
from tests.intake.people import People
from tests.intake.test_mediations import OPENING, dispute

WHY = {"reason": "the person stands at the counter"}
NOWHERE = "00000000-0000-7000-8000-000000000000"
PHONE, NEW_PHONE = "13912345678", "13987654321"


async def asked(people: People, **said: Any) -> dict[str, Any]:
    answer = await people.clerk.post("/people/requests", json={"kind": "see", "phone": PHONE, **said})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    ("asked_on", "due"),
    [
        # Three plain weeks.
        ((2026, 3, 5), (2026, 3, 27)),
        # National Day takes 1 to 7 October, and Saturday the 10th is worked for it.
        ((2026, 9, 25), (2026, 10, 23)),
        # Asked on a Saturday, as on the Friday before it.
        ((2026, 3, 7), (2026, 3, 28)),
    ],
)
async def test_a_request_is_due_at_the_end_of_the_fifteenth_working_day(
    stage: Stage, people: People, asked_on: tuple[int, int, int], due: tuple[int, int, int]
) -> None:
    stage.clock.set(datetime(*asked_on, 12, 0, tzinfo=LOCAL_ZONE))
    request = await asked(people)
    assert datetime.fromisoformat(request["due_at"]) == datetime(*due, tzinfo=LOCAL_ZONE)


async def test_what_is_due_in_a_year_that_is_not_published_moves_with_its_notice(
    stage: Stage, people: People
) -> None:
    stage.clock.set(datetime(2026, 12, 24, 12, 0, tzinfo=LOCAL_ZONE))
    request = await asked(people)
    # By statutory days and weekends: five in December, and ten from the 4th to the 15th of January.
    assert datetime.fromisoformat(request["due_at"]) == datetime(2027, 1, 16, tzinfo=LOCAL_ZONE)
    # The notice frees the Monday too, and so the Monday after the 15th is the fifteenth.
    notice = WorkingCalendar({date(2027, 1, 4): False}, published=frozenset({2027}))
    stage.host.parts[WorkingCalendar] = notice
    for _ in range(2):
        await oversee(stage.host)
        (moved,) = (await people.clerk.get("/people/requests")).json()
        assert datetime.fromisoformat(moved["due_at"]) == datetime(2027, 1, 19, tzinfo=LOCAL_ZONE)


async def test_people_ask_for_themselves_and_the_office_for_those_who_call(
    stage: Stage, people: People
) -> None:
    own = await people.resident.post("/people/requests", json={"kind": "erase", "words": "all of it, please"})
    assert (own.status_code, own.json()["subject"], own.json()["state"]) == (201, "resident:1", "asked")
    for_another = await asked(people, words="his neighbour's name is wrong", kind="correct")
    assert (for_another["subject"], for_another["asked_by"]) == (None, "c-1")
    assert PHONE not in str(for_another)
    listed = (await people.clerk.get("/people/requests")).json()
    assert [one["id"] for one in listed] == [own.json()["id"], for_another["id"]]
    assert [one["id"] for one in (await people.resident.get("/people/requests")).json()] == [own.json()["id"]]
    assert (await people.neighbour.get("/people/requests")).json() == []
    async with stage.client(Role.COMMUNITY_CLERK, areas=("620102014007",)) as elsewhere:
        assert (await elsewhere.get("/people/requests")).json() == []
        assert (
            await elsewhere.post("/people/requests", json={"kind": "see", "phone": PHONE})
        ).status_code == 403
        assert (
            await elsewhere.post(f"/people/requests/{listed[0]['id']}/words", json=WHY)
        ).status_code == 403
    read = await people.clerk.post(f"/people/requests/{for_another['id']}/words", json=WHY)
    assert read.json() == {"phone": PHONE, "words": "his neighbour's name is wrong", "answer": None}
    async with stage.host.look() as work:
        logged = (await work.session.execute(select(READ_LOG.c.subject, READ_LOG.c.persons))).all()
    assert [tuple(one) for one in logged] == [(f"data request:{for_another['id']}", 1)]
    paged = await people.clerk.get("/people/requests", params={"limit": 1, "state": "asked"})
    assert (
        len((await people.clerk.get(str(paged.links["next"]["url"]).removeprefix("/intake/v1"))).json()) == 1
    )


async def test_a_request_is_answered_once_and_with_a_reason_where_it_is_refused(
    stage: Stage, people: People
) -> None:
    own = (await people.resident.post("/people/requests", json={"kind": "erase"})).json()
    path = f"/people/requests/{own['id']}/answer"
    assert (await people.clerk.post(path, json={"outcome": "refused"})).status_code == 422
    assert (await people.resident.post(path, json={"outcome": "done"})).status_code == 403
    said = {"outcome": "refused", "text": "the matter is still open"}
    answered = (await people.clerk.post(path, json=said)).json()
    assert (answered["state"], answered["outcome"], answered["answered_by"]) == ("answered", "refused", "c-1")
    assert (await people.clerk.post(path, json=said)).json()["type"].endswith("request-answered")
    assert (await people.clerk.post(path.replace(own["id"], NOWHERE), json=said)).status_code == 404
    told = await people.resident.post(f"/people/requests/{own['id']}/words", json={"reason": "mine"})
    assert told.json()["answer"] == said["text"]
    assert (await people.neighbour.post(f"/people/requests/{own['id']}/words", json=WHY)).status_code == 403
    assert (await people.clerk.get("/people/requests", params={"state": "asked"})).json() == []
    await people.report()
    dossier = (await people.resident.post("/people/me/dossier", json={"reason": "I want to know"})).json()
    assert [(one["kind"], one["answer"]) for one in dossier["requests"]] == [("erase", said["text"])]
    async with stage.client(Role.COMMUNITY_CLERK, Role.RESIDENT, subject="c-7") as clerk:
        mine = (await clerk.post("/people/requests", json={"kind": "see", "subject": "c-7"})).json()
        done = await clerk.post(f"/people/requests/{mine['id']}/answer", json={"outcome": "done"})
        assert done.status_code == 403


async def test_a_request_without_an_answer_is_noticed_once_a_second_after_it_is_due(
    stage: Stage, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    request = await asked(people)
    stage.clock.set(datetime.fromisoformat(request["due_at"]))
    await oversee(stage.host)
    assert "no answer in time" not in caplog.text
    assert [one["is_late"] for one in (await people.clerk.get("/people/requests")).json()] == [False]
    stage.clock.advance(timedelta(seconds=1))
    for _ in range(2):
        await oversee(stage.host)
    assert caplog.text.count(f"no answer in time to the data request {request['id']}") == 1
    assert [one["is_late"] for one in (await people.clerk.get("/people/requests")).json()] == [True]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("clerk", {"kind": "see"}),
        ("clerk", {"kind": "see", "phone": PHONE, "subject": "resident:1"}),
        ("clerk", {"kind": "sell", "phone": PHONE}),
        ("clerk", {"kind": "see", "phone": "12"}),
        ("clerk", {"kind": "see", "subject": "a\x00"}),
        ("resident", {"kind": "see", "phone": PHONE}),
        ("resident", {"kind": "see", "subject": "resident:2"}),
        ("resident", {"kind": "see", "words": ""}),
    ],
)
async def test_a_request_names_one_person(people: People, who: str, said: dict[str, Any]) -> None:
    answer = await getattr(people, who).post("/people/requests", json=said)
    assert (answer.status_code, answer.json()["status"]) == (422, 422)


async def test_an_erasure_answers_what_was_asked_and_leaves_no_name_in_it(
    stage: Stage, people: People
) -> None:
    issue = await people.report()
    (
        await people.resident.post("/people/requests", json={"kind": "erase", "words": "please"})
    ).raise_for_status()
    assert (await people.resident.post(f"/issues/{issue['id']}/withdraw", json={})).is_success
    erased = await people.secretary.post("/people/erasure", json={**WHY, "subject": "resident:1"})
    assert erased.json() == {"erased": [issue["no"]]}
    (request,) = (await people.clerk.get("/people/requests")).json()
    assert (request["state"], request["outcome"], request["answered_by"]) == ("answered", "done", "s-1")
    assert (request["subject"], request["asked_by"]) == (None, "anonymised")
    read = await people.clerk.post(f"/people/requests/{request['id']}/words", json=WHY)
    assert read.json() == {"phone": None, "words": None, "answer": None}


async def test_an_answered_request_is_kept_three_years_as_proof_and_an_open_one_for_good(
    stage: Stage, people: People
) -> None:
    request = await asked(people)
    await asked(people)
    done = await people.clerk.post(f"/people/requests/{request['id']}/answer", json={"outcome": "done"})
    assert done.is_success
    stage.clock.advance(timedelta(days=1096))
    await forget(stage.host)
    assert len((await people.clerk.get("/people/requests")).json()) == 2
    stage.clock.advance(timedelta(seconds=1))
    await forget(stage.host)
    assert [one["state"] for one in (await people.clerk.get("/people/requests")).json()] == ["asked"]


async def test_a_right_name_and_number_stand_wherever_the_wrong_ones_stood(
    stage: Stage, people: People
) -> None:
    reporter = {"name": "王小名", "phone": PHONE}
    first = await people.report(people.clerk, channel="phone", reporter=reporter)
    said = {"name": "王小名", "phone": PHONE, "relation": "son"}
    second = await people.report(
        people.clerk, channel="phone", reporter={"name": "王父", "phone": "13911112222"}, beneficiary=said
    )
    third = await dispute(people)
    parties = [{**OPENING["parties"][0], "name": "王小名", "phone": PHONE}, OPENING["parties"][1]]
    opened = await people.clerk.post(
        f"/issues/{third['id']}/mediations", json={**OPENING, "parties": parties}
    )
    assert opened.status_code == 201, opened.text
    right = {**WHY, "phone": PHONE, "right_name": "王小明", "right_phone": f"+86 {NEW_PHONE}"}
    answer = await people.clerk.post("/people/correction", json=right)
    assert set(answer.json()["corrected"]) == {first["no"], second["no"], third["no"]}
    assert (await people.clerk.post("/people/dossier", json={**WHY, "phone": PHONE})).status_code == 404
    told = (await people.clerk.post("/people/dossier", json={**WHY, "phone": NEW_PHONE})).json()["issues"]
    assert [one["reporter_name"] for one in told] == ["王小明", None, None]
    assert [one["party_name"] for one in told] == [None, None, "王小明"]
    assert [one["beneficiary_name"] for one in told] == [None, "王小明", None]
    others = await people.clerk.post(f"/issues/{second['id']}/reporter", json=WHY)
    assert others.json()["name"] == "王父"
    file = await people.clerk.post(f"/mediations/{opened.json()['id']}/file", json=WHY)
    assert "王小明" in file.text
    assert "王小名" not in file.text
    assert (await people.steps(first))[-1] == "correct-person"


async def test_an_account_is_corrected_where_it_reported_for_itself(stage: Stage, people: People) -> None:
    said: dict[str, Any] = {
        "reporter": {"name": "wrong"},
        "beneficiary": {"name": "his mother", "phone": "13900001111"},
    }
    issue = await people.report(**said)
    body = {**WHY, "subject": "resident:1", "right_name": "right"}
    assert (await people.clerk.post("/people/correction", json=body)).json() == {"corrected": [issue["no"]]}
    read = (await people.clerk.post(f"/issues/{issue['id']}/reporter", json=WHY)).json()
    assert (read["name"], read["beneficiary_name"]) == ("right", "his mother")
    for client, wrong, status in (
        (people.clerk, {"right_name": None}, 422),
        (people.clerk, {"right_phone": "x"}, 422),
        (people.clerk, {"subject": "resident:9"}, 404),
        (people.worker, {}, 403),
        (people.resident, {}, 403),
    ):
        answer = await client.post("/people/correction", json={**body, **wrong})
        assert answer.status_code == status, (wrong, answer.text)
