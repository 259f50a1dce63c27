"""Who reads personal data is watched over: a second look at some readings, an alarm on very many."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from services.intake.models import READ_LOG
from services.intake.oversight.watch import keep_oversight, oversee
from services.intake.personal.retention import forget
from services.intake.personal.rules import PersonalRules
from shared import bulk
from shared.auth import Role
from shared.clock import LOCAL_ZONE
from shared.events.intake import ReadAlarmRaised
from shared.testing import Stage
from tests.intake.background import at_work, until
from tests.intake.people import People

WHY = {"reason": "to call back"}
NOWHERE = "00000000-0000-7000-8000-000000000000"


def rules_of(stage: Stage) -> PersonalRules:
    return cast(PersonalRules, stage.host.parts[PersonalRules])


def lower(stage: Stage, **bounds: Any) -> None:
    """Other bounds than the house's, so that a few readings are many."""
    rules = rules_of(stage)
    oversight = rules.oversight.model_copy(update=bounds)
    stage.host.parts[PersonalRules] = rules.model_copy(update={"oversight": oversight})


async def read_of(stage: Stage, reader: str, persons: int, at: datetime) -> None:
    """Somebody read of so many persons, one by one."""
    row = {
        "at": at,
        "reader": reader,
        "role": "r",
        "fields": ["name"],
        "reason": "to call back",
        "persons": 1,
    }
    rows = [{**row, "id": uuid7(), "subject": f"issue:{uuid4()}"} for _ in range(persons)]
    async with stage.host.work() as work:
        await bulk.insert(work.session, READ_LOG, rows)


async def alarms(people: People, **params: Any) -> list[dict[str, Any]]:
    answer = await people.secretary.get("/oversight/alarms", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def contact(people: People, issue: dict[str, Any]) -> None:
    answer = await people.clerk.post(f"/issues/{issue['id']}/reporter", json=WHY)
    assert answer.status_code == 200, answer.text


async def test_more_persons_than_one_reads_in_an_hour_raise_one_alarm_a_day(
    stage: Stage, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    lower(stage, persons_an_hour=3)
    issues = [await people.report() for _ in range(4)]
    for issue in (*issues[:3], *issues[:3]):
        await contact(people, issue)
    # The same three twice are three.
    assert await alarms(people) == []
    await stage.emitted()
    stage.clock.advance(timedelta(minutes=59))
    await contact(people, issues[3])
    (alarm,) = await alarms(people)
    assert (alarm["reader"], alarm["kind"], alarm["persons"], alarm["bound"]) == ("c-1", "in_an_hour", 4, 3)
    (event,) = await stage.emitted()
    assert isinstance(event, ReadAlarmRaised)
    assert "c-1" not in event.model_dump_json()
    assert issues[0]["id"] not in event.model_dump_json()
    assert "unusual reading of personal data" in caplog.text
    await contact(people, issues[0])
    assert len(await alarms(people)) == 1
    assert await stage.emitted() == []
    stage.clock.advance(timedelta(days=1))
    await read_of(stage, "c-1", 3, stage.clock.now())
    await contact(people, issues[0])
    assert [one["day"] for one in await alarms(people)] == ["2026-03-06", "2026-03-05"]


async def test_what_was_read_an_hour_ago_is_past(stage: Stage, people: People) -> None:
    lower(stage, persons_an_hour=3)
    await read_of(stage, "c-1", 3, stage.clock.now() - timedelta(minutes=60, seconds=1))
    await contact(people, await people.report())
    assert await alarms(people) == []


async def test_a_day_is_unusual_by_what_the_reader_reads_on_other_days(stage: Stage, people: People) -> None:
    lower(stage, persons_an_hour=1000, persons_a_day_at_least=4, times_usual=2, usual_days=30)
    today = stage.clock.now()
    # Two days with three and five: four on a day, eight may pass; what lies further back is forgotten.
    for days, persons in ((1, 3), (2, 5), (40, 90)):
        await read_of(stage, "c-1", persons, today - timedelta(days=days))
    issue = await people.report()
    await read_of(stage, "c-1", 7, today)
    await contact(people, issue)
    assert await alarms(people) == []
    await contact(people, await people.report())
    (alarm,) = await alarms(people)
    assert (alarm["kind"], alarm["persons"], alarm["bound"]) == ("above_usual", 9, 8)


async def test_somebody_new_is_held_to_the_least(stage: Stage, people: People) -> None:
    lower(stage, persons_an_hour=1000, persons_a_day_at_least=2)
    for _ in range(3):
        await contact(people, await people.report())
    assert [one["bound"] for one in await alarms(people)] == [2]


async def test_a_list_that_is_taken_away_counts_with_all_that_are_on_it(stage: Stage, people: People) -> None:
    lower(stage, persons_an_hour=3)
    for _ in range(4):
        await people.report()
    answer = await people.clerk.post("/exports/issues.csv", json=WHY)
    assert answer.status_code == 200
    assert [one["persons"] for one in await alarms(people)] == [4]


async def test_ones_own_data_and_a_search_that_finds_nobody_alarm_nobody(
    stage: Stage, people: People
) -> None:
    lower(stage, persons_an_hour=1, persons_a_day_at_least=1)
    for _ in range(3):
        await people.report()
        assert (await people.resident.post("/people/me/dossier", json=WHY)).is_success
        body = {**WHY, "phone": "13900000000"}
        assert (await people.clerk.post("/issues/search", json=body)).json() == []
    assert await alarms(people) == []


async def test_an_alarm_is_answered_once_and_not_by_whom_it_is_about(stage: Stage, people: People) -> None:
    lower(stage, persons_an_hour=1)
    for _ in range(2):
        issue = await people.report()
        assert (await people.secretary.post(f"/issues/{issue['id']}/reporter", json=WHY)).is_success
    (alarm,) = await alarms(people, open=True)
    path, said = f"/oversight/alarms/{alarm['id']}/answer", {"note": "a gas leak: the whole yard was called"}
    assert (await people.secretary.post(path, json=said)).status_code == 403
    async with stage.client(Role.OPERATOR, subject="op-1") as operator:
        answered = await operator.post(path, json=said)
        assert (answered.json()["note"], answered.json()["answered_by"]) == (said["note"], "op-1")
        assert (await operator.post(path, json=said)).json()["type"].endswith("alarm-answered")
        assert (await operator.post(path.replace(alarm["id"], NOWHERE), json=said)).status_code == 404
        assert (await operator.post(path, json={"note": " "})).status_code == 422
    assert (await alarms(people, open=True), len(await alarms(people, open=False))) == ([], 1)


async def reviews(people: People, **params: Any) -> list[dict[str, Any]]:
    answer = await people.secretary.get("/oversight/reviews", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


@pytest.mark.parametrize(("read", "picked"), [(0, 0), (1, 1), (50, 1), (51, 2), (120, 3)])
async def test_of_each_months_readings_two_percent_are_picked_and_one_at_least(
    stage: Stage, people: People, read: int, picked: int
) -> None:
    await oversee(stage.host)
    await read_of(stage, "c-1", read, stage.clock.now())
    stage.clock.set(datetime(2026, 4, 1, 0, 9, tzinfo=LOCAL_ZONE))
    await oversee(stage.host)
    assert await reviews(people) == []
    # Of April, and for April's list.
    await read_of(stage, "c-2", 5, stage.clock.now())
    stage.clock.advance(timedelta(minutes=1))
    for _ in range(2):
        await oversee(stage.host)
    found = await reviews(people)
    assert len(found) == picked
    whose = {(one["month"], one["reading"]["reader"]) for one in found}
    assert whose == ({("2026-03-01", "c-1")} if picked else set())


async def test_a_picked_reading_is_judged_once_by_somebody_else(stage: Stage, people: People) -> None:
    await oversee(stage.host)
    issue = await people.report()
    assert (await people.secretary.post(f"/issues/{issue['id']}/reporter", json=WHY)).is_success
    stage.clock.advance(timedelta(days=31))
    await oversee(stage.host)
    (review,) = await reviews(people, open=True, month="2026-03-17")
    assert (review["reading"]["subject"], review["reading"]["reason"]) == (
        f"issue:{issue['id']}",
        WHY["reason"],
    )
    path, said = (
        f"/oversight/reviews/{review['id']}/verdict",
        {"verdict": "fine", "note": "the caller confirms"},
    )
    assert (await people.secretary.post(path, json=said)).status_code == 403
    assert (await people.clerk.post(path, json=said)).status_code == 403
    async with stage.client(Role.COMMUNITY_SECRETARY, subject="s-2") as other:
        for wrong in ({"verdict": "good"}, {"note": ""}, {"note": "a\x00"}, {"reason": "x"}):
            assert (await other.post(path, json={**said, **wrong})).status_code == 422, wrong
        judged = await other.post(path, json=said)
        assert (judged.json()["verdict"], judged.json()["reviewed_by"]) == ("fine", "s-2")
        assert (await other.post(path, json=said)).json()["type"].endswith("already-reviewed")
        assert (await other.post(path.replace(review["id"], NOWHERE), json=said)).status_code == 404
    assert await reviews(people, open=True) == []
    assert len(await reviews(people, open=False)) == 1
    assert await reviews(people, month="2026-04-01") == []


async def test_what_was_said_of_a_reading_goes_with_the_words_of_its_issue(
    stage: Stage, people: People
) -> None:
    await oversee(stage.host)
    issue = await people.report()
    await contact(people, issue)
    stage.clock.advance(timedelta(days=31))
    await oversee(stage.host)
    (review,) = await reviews(people)
    said = {"verdict": "fine", "note": "Mr Ouyang says so himself"}
    assert (await people.secretary.post(f"/oversight/reviews/{review['id']}/verdict", json=said)).is_success
    assert (await people.tell("withdraw", issue, people.resident)).is_success
    body = {"subject": "resident:1", "reason": "asked for in writing"}
    assert (await people.secretary.post("/people/erasure", json=body)).is_success
    judged = [one for one in await reviews(people) if one["id"] == review["id"]]
    assert [(one["verdict"], one["note"]) for one in judged] == [("fine", None)]


async def test_oversight_is_the_communitys_and_its_lists_are_paged(stage: Stage, people: People) -> None:
    lower(stage, review_percent=100, persons_an_hour=1)
    await oversee(stage.host)
    for reader in ("a", "b", "c"):
        async with stage.client(Role.COMMUNITY_CLERK, subject=reader) as clerk:
            for _ in range(2):
                issue = await people.report()
                assert (await clerk.post(f"/issues/{issue['id']}/reporter", json=WHY)).is_success
    stage.clock.advance(timedelta(days=31))
    await oversee(stage.host)
    for path, there in (("/oversight/reviews", 6), ("/oversight/alarms", 3)):
        seen, page = [], f"{path}?limit=2"
        while page:
            answer = await people.secretary.get(page)
            seen += [one["id"] for one in answer.json()]
            page = str(answer.links["next"]["url"]).removeprefix("/intake/v1") if answer.links else ""
        assert (len(seen), len(set(seen))) == (there, there)
        assert (await people.clerk.get(path)).status_code == 403
        assert (await people.secretary.get(path, params={"cursor": "x"})).status_code == 422
        async with stage.client(Role.COMMUNITY_SECRETARY, areas=("620102014007",)) as elsewhere:
            assert (await elsewhere.get(path)).status_code == 403


async def test_readings_their_reviews_and_alarms_are_kept_five_years(stage: Stage, people: People) -> None:
    # Ids are made by the machine's clock, so that this begins today.
    stage.clock.set(datetime.now(UTC))
    lower(stage, persons_an_hour=1)
    await oversee(stage.host)
    for _ in range(2):
        await contact(people, await people.report())
    stage.clock.advance(timedelta(days=40))
    await oversee(stage.host)
    kept = rules_of(stage).retention.read_log_days
    stage.clock.advance(timedelta(days=kept - 41))
    await forget(stage.host)
    assert (len(await reviews(people)), len(await alarms(people))) == (1, 1)
    stage.clock.advance(timedelta(days=2))
    await forget(stage.host)
    assert (await reviews(people), await alarms(people)) == ([], [])
    async with stage.host.look() as work:
        assert await work.session.scalar(select(func.count()).select_from(READ_LOG)) == 0


async def test_the_background_work_oversees_by_itself(stage: Stage, people: People) -> None:
    await oversee(stage.host)
    await contact(people, await people.report())
    stage.clock.set(datetime.combine(date(2026, 4, 2), datetime.min.time(), LOCAL_ZONE))

    async def is_picked() -> bool:
        return len(await reviews(people)) == 1

    async with at_work(keep_oversight, stage.host):
        await until(is_picked)
