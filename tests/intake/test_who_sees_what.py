"""Nobody sees or does what is not theirs: every endpoint, whatever the role of the stranger."""

import pytest

from shared.auth import Role
from shared.testing import Stage
from shared.web import Scope
from tests.intake.matrix import NAME, PHONE, STRANGERS, TITLE, Made, access_of, everything, requests, routes
from tests.intake.people import People

# Whoever has an account may report, and ask for their own data; what a clerk brings in lies where it lies.
THEIR_OWN = {
    ("POST", "/people/requests", Role.RESIDENT),
    ("POST", "/issues", None),
    ("POST", "/imports", None),
}


@pytest.fixture
async def made(people: People) -> Made:
    return await everything(people)


@pytest.mark.parametrize("who", STRANGERS)
async def test_no_stranger_gets_through_any_door(stage: Stage, made: Made, who: str) -> None:
    role, areas = STRANGERS[who]
    sent = requests(made)
    secrets = (made["issue_id"], made["issue_no"], TITLE, NAME, PHONE)
    wrong: list[str] = []
    async with stage.client(role, areas=areas, subject="stranger") as stranger:
        for (method, path), route in routes().items():
            access = access_of(route)
            own = {(method, path, role), (method, path, None)} & THEIR_OWN
            if role not in access.roles or own:
                continue
            answer = await stranger.request(method, path.format(**made), **sent.get((method, path), {}))
            expected = {200, 404} if access.scope is Scope.list else {403, 404}
            shown = [secret for secret in secrets if secret in answer.text]
            if answer.status_code not in expected or (shown and answer.status_code < 400):
                wrong.append(f"{method} {path}: {answer.status_code} {shown} {answer.text[:90]}")
    assert wrong == []


async def test_nobody_gets_through_a_door_without_saying_who_they_are(stage: Stage, made: Made) -> None:
    sent = requests(made)
    async with stage.client() as nobody:
        answers = {
            (method, path): await nobody.request(
                method, path.format(**made), **sent.get((method, path), {"json": {}})
            )
            for (method, path), route in routes().items()
            if access_of(route).roles
        }
    assert {key: one.status_code for key, one in answers.items() if one.status_code != 401} == {}


async def test_a_wrong_role_opens_nothing_whatever_the_area(stage: Stage, made: Made) -> None:
    sent = requests(made)
    wrong: list[str] = []
    for role in Role:
        async with stage.client(role, subject="stranger") as stranger:
            for (method, path), route in routes().items():
                roles = access_of(route).roles
                if roles and role not in roles:
                    request = sent.get((method, path), {"json": {}})
                    answer = await stranger.request(method, path.format(**made), **request)
                    if answer.status_code != 403:
                        wrong.append(f"{role} {method} {path}: {answer.status_code}")
    assert wrong == []
