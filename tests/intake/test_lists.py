"""The problem list by every filter, page by page, and its views under a name."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from services.intake.issues.rules import ENDED
from services.intake.lists.bodies import filter_of
from shared.auth import Role
from shared.migrations import scripts_of
from shared.testing import COMMUNITY, Stage
from tests.intake.people import GRID, OTHER_GRID, People

# Moments at the ends of the calendar, which have no name in UTC.
NAMELESS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")


def forged(*parts: str) -> str:
    """A cursor that nobody gave out."""
    return urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


HOSTILE: tuple[dict[str, Any], ...] = (
    {"level": "9"},
    {"urgency": "U9"},
    {"colour": "green"},
    {"area": "62'; --"},
    {"no": "WLD-1"},
    {"no": "WLD-20260305-\x00"},
    {"reported_from": "yesterday"},
    {"closed_to": "0000-01-01T00:00:00Z"},
    {"overdue": "perhaps"},
    {"state": ["closed"] * 21},
    {"cursor": "WyJ4Il0"},
    {"cursor": "WyIyMDI2LTAzLTA1VDAyOjAwOjAwIiwgIngiXQ"},
    *({"cursor": forged(moment, str(UUID(int=0)))} for moment in NAMELESS),
)


async def found(people: People, **params: Any) -> int:
    answer = await people.clerk.get("/issues", params=params)
    assert answer.status_code == 200, answer.text
    return len(answer.json())


async def test_a_list_is_narrowed_by_each_filter_and_by_all_of_them(stage: Stage, people: People) -> None:
    done = await people.issue("closed")
    plain = await people.report()
    await people.report(people.clerk, category="0104", channel="visit")
    stage.clock.advance(timedelta(days=4))
    late = await people.issue("assigned")
    await people.tell("request-help", late, people.worker)
    stage.clock.advance(timedelta(days=4))
    day = done["no"][4:12]
    for params, count in (
        ({"level": [0]}, 1),
        ({"level": [1]}, 3),
        ({"urgency": ["U1", "U0"]}, 1),
        ({"urgency": ["U1", "U2"]}, 3),
        ({"channel": ["visit", "walk_in"]}, 1),
        ({"category": "01"}, 1),
        ({"no": done["no"]}, 1),
        ({"no": f"WLD-{day}"}, 3),
        ({"no": day}, 3),
        ({"no": f"{day}-000"}, 3),
        ({"no": plain["no"][4:]}, 1),
        ({"no": "XYZ-" + day}, 0),
        ({"overdue": True}, 2),
        ({"overdue": False}, 2),
        ({"overdue": True, "open": False}, 0),
        ({"has_help": True}, 1),
        ({"has_help": False}, 3),
        ({"reopened": True}, 0),
        ({"reported_from": "2026-03-06T00:00:00+08:00"}, 1),
        ({"reported_to": "2026-03-06T00:00:00+08:00"}, 3),
        ({"closed_from": "2026-03-05T00:00:00Z", "closed_to": "2026-03-06T00:00:00Z"}, 1),
        ({"open": True, "area": GRID, "handler": "w-1", "state": ["assigned", "closed"]}, 1),
        ({"area": OTHER_GRID}, 0),
    ):
        assert await found(people, **params) == count, params


async def test_pages_of_open_and_ended_issues_join_without_gap_or_double(
    stage: Stage, people: People
) -> None:
    made = []
    for number in range(6):
        issue = await people.report()
        if number % 2:
            await people.tell("withdraw", issue, people.resident)
        made.append(issue["id"])
        stage.clock.advance(timedelta(minutes=number % 3))
    seen, path = [], "/issues?limit=2&channel=resident_app"
    while path:
        answer = await people.clerk.get(path)
        seen += [one["id"] for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "").removeprefix("/intake/v1")
        if len(seen) == 2:
            await people.report()
    assert seen == made[::-1]


async def test_hostile_filters_are_refused_with_a_problem_document(people: People) -> None:
    for wrong in HOSTILE:
        answer = await people.clerk.get("/issues", params=wrong)
        assert (answer.status_code, answer.json()["status"]) == (422, 422), wrong


async def test_a_view_is_kept_in_one_spelling_shared_with_an_area_and_let_go_by_its_owner(
    stage: Stage, people: People
) -> None:
    query = "?open=True&state=reported&colour=blue&state=accepted"
    body = {"name": "新来的", "query": query, "area": COMMUNITY}
    view = (await people.clerk.post("/views", json=body)).json()
    assert view["query"] == "colour=blue&open=true&state=accepted&state=reported"
    own = (await people.leader.post("/views", json={"name": "mine", "query": "handler=l-1"})).json()
    await people.report()
    for reader in (people.worker, people.secretary, people.leader):
        assert (await reader.get(f"/views/{view['id']}")).json() == view
    shown = await people.clerk.get(view["href"].removeprefix("/intake/v1"))
    assert len(shown.json()) == 1
    assert [one["name"] for one in (await people.leader.get("/views")).json()] == ["mine", "新来的"]
    assert [one["name"] for one in (await people.officer.get("/views")).json()] == ["新来的"]
    async with stage.client(Role.COMMUNITY_CLERK, areas=("620102014007",), subject="c-7") as elsewhere:
        assert (await elsewhere.get("/views")).json() == []
        assert (await elsewhere.get(f"/views/{view['id']}")).status_code == 404
    assert (await people.secretary.get(f"/views/{own['id']}")).status_code == 404
    assert (await people.worker.delete(f"/views/{view['id']}")).status_code == 403
    assert (await people.clerk.delete(f"/views/{view['id']}")).status_code == 204
    assert (await people.clerk.get(f"/views/{view['id']}")).status_code == 404


async def test_a_view_of_nothing_or_of_somebody_elses_area_is_refused(people: People) -> None:
    for query in ("colour=green", "colr=red", "limit=5", "state=reported&state=happy", "no=\x00", "open"):
        answer = await people.clerk.post("/views", json={"name": "x", "query": query})
        assert answer.status_code == 422, query
    body = {"name": "x", "query": "open=true", "area": OTHER_GRID}
    assert (await people.worker.post("/views", json=body)).status_code == 403
    assert (await people.resident.post("/views", json={"name": "x", "query": ""})).status_code == 403


async def test_one_person_keeps_no_more_views_than_the_rules_say(people: People) -> None:
    for number in range(100):
        answer = await people.clerk.post("/views", json={"name": f"view {number}", "query": ""})
        assert answer.status_code == 201
    refused = await people.clerk.post("/views", json={"name": "one more", "query": ""})
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "too-many-views")


@pytest.mark.parametrize(
    "query", ["", "area=620102014006&open=false", "reported_from=2026-03-05T00%3A00%3A00Z"]
)
def test_a_filter_reads_back_what_it_wrote(query: str) -> None:
    assert filter_of(query).query() == query


def test_the_migration_indexes_every_state_in_which_an_issue_ends() -> None:
    states = ", ".join(f"'{state}'" for state in sorted(ENDED))
    written = scripts_of("intake").joinpath("0006_people.py").read_text()
    assert f'ENDED = "state IN ({states})"' in written
    assert f'OPEN = "state NOT IN ({states})"' in written
