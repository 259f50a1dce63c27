"""Every endpoint of intake with a request that would do, were it made by somebody whose matter it is."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.intake.app import ROUTERS
from services.intake.issues.rules import COMMANDS
from services.intake.mediation.rules import MOVES as MEDIATION
from services.intake.tasks.rules import MOVES as TASKS
from shared.auth import Role
from shared.testing import COMMUNITY
from shared.web.access import Access
from tests.intake.people import BODIES, DOSSIER, JPEG, People
from tests.intake.scenes import ANSWERS
from tests.intake.test_mediations import BODIES as MEDIATION_BODIES
from tests.intake.test_mediations import OPENING
from tests.intake.test_tasks import NEEDS as TASK_BODIES

TITLE, NAME, PHONE = "租金的事情没有说清楚", "欧阳修远", "13912345678"
WHY = {"reason": "to see whether one may"}
PERSON = {**WHY, "phone": PHONE}
RELIEF = {"type": "relief_request", "to_level": 3, "criteria": [], "dossier": DOSSIER}
YES = {"purpose": "contact_by_partner", "channel": "web"}
EMERGENCY = {"stage": "first"}
FILE = {"file": ("light.jpg", JPEG, "image/jpeg")}
SOON = {"until": "2026-03-09T02:00:00Z"}
MONTH = {"from": "2026-03-01", "to": "2026-03-31"}
Made = dict[str, str]


def access_of(route: APIRoute) -> Access:
    """The one check of the caller that the route makes."""
    (found,) = _checks(route.dependant)
    return found


def _checks(dependant: Dependant) -> list[Access]:
    own = [dependant.call] if isinstance(dependant.call, Access) else []
    return own + [one for inner in dependant.dependencies for one in _checks(inner)]


@cache
def routes() -> Mapping[tuple[str, str], APIRoute]:
    """Every route by its method and path, those of Open311 left out: they are public, and have their own."""
    found = {
        (method, route.path): route
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    return {key: route for key, route in found.items() if not key[1].startswith("/open311/")}


def _commands(prefix: str, names: Iterator[str], bodies: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    return {("POST", f"{prefix}/{name}"): {"json": bodies[name]} for name in names}


SENT: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/escalations/{escalation_id}/pass-on"): {"json": {"dossier": DOSSIER}},
    ("POST", "/escalations/{escalation_id}/identity-links"): {"json": WHY},
    ("POST", "/mediations/{mediation_id}/file"): {"json": WHY},
    ("POST", "/issues/{issue_id}/mediations"): {"json": OPENING},
    ("POST", "/issues/{issue_id}/reporter"): {"json": WHY},
    ("POST", "/issues/{issue_id}/consents"): {"json": YES},
    ("POST", "/issues/{issue_id}/evidence"): {"files": FILE},
    ("POST", "/issues/{issue_id}/evidence/{evidence_id}/links"): {"json": WHY},
    ("POST", "/issues/{issue_id}/evidence/{evidence_id}/erase"): {"json": WHY},
    ("POST", "/issues/{issue_id}/evidence/{evidence_id}/portraits"): {
        "json": {"consent_id": "00000000-0000-7000-8000-000000000000"}
    },
    ("POST", "/issues/{issue_id}/suggestions/answers"): {
        "json": {"kind": "category", "taken": True, "category": "0503", "note": "it is so"}
    },
    ("POST", "/issues/{issue_id}/emergency-reports"): {"json": EMERGENCY},
    ("POST", "/issues/{issue_id}/allow-off-list"): {"json": {**SOON, "reason": "it is urgent"}},
    ("POST", "/issues/{issue_id}/additions"): {"json": {"text": "it got worse"}},
    ("POST", "/issues/search"): {"json": PERSON},
    ("POST", "/suggestions"): {"json": {"title": TITLE}},
    ("POST", "/exports/issues.{kind}"): {"json": WHY},
    ("POST", "/views"): {"json": {"name": "red", "query": "colour=red", "area": COMMUNITY}},
    ("GET", "/kpis"): {"params": MONTH},
    ("POST", "/people/requests"): {"json": {"kind": "see", "phone": PHONE}},
    ("POST", "/people/requests/{request_id}/words"): {"json": WHY},
    ("POST", "/people/requests/{request_id}/answer"): {"json": {"outcome": "done"}},
    ("POST", "/oversight/reviews/{review_id}/verdict"): {"json": {"verdict": "fine", "note": "seen"}},
    ("POST", "/oversight/alarms/{alarm_id}/answer"): {"json": {"note": "seen"}},
    ("POST", "/people/dossier"): {"json": PERSON},
    ("POST", "/people/me/dossier"): {"json": WHY},
    ("POST", "/people/erasure"): {"json": PERSON},
    ("POST", "/people/correction"): {"json": {**PERSON, "right_name": NAME}},
    ("POST", "/dispatches"): {
        "json": {"street_no": "J-9", "title": "t", "category": "0502", "due": "2026-03-09T02:00:00Z"}
    },
    ("POST", "/open311-keys"): {"json": {"client": "fixmystreet", "label": "theirs"}},
}


def requests(made: Made) -> dict[tuple[str, str], dict[str, Any]]:
    """What is sent to each route that takes more than its path."""
    issues = {
        **BODIES,
        "merge": {"master_id": made["other_id"]},
        "ask-extension": {**SOON, "reason_code": "x1"},
    }
    tasks = {**TASK_BODIES, "finish": {"evidence": [made["evidence_id"]]}}
    return {
        **_commands("/issues/{issue_id}", iter(COMMANDS), issues),
        **_commands("/tasks/{task_id}", iter(TASKS), tasks),
        **_commands("/mediations/{mediation_id}", iter(MEDIATION), MEDIATION_BODIES),
        **_commands("/escalations/{escalation_id}", iter(ANSWERS), ANSWERS),
        **SENT,
        ("POST", "/identity-links/open"): {"json": {"token": made["token"]}},
    }


async def everything(people: People) -> Made:
    """One matter of this community with all that can hang on one, and the ids of it all."""
    by = {"title": TITLE, "channel": "phone", "category": "0202", "reporter": {"name": NAME, "phone": PHONE}}
    issue = await people.report(people.clerk, **by)
    path = f"/issues/{issue['id']}"
    await people.tell("assign", issue, people.clerk, person="w-1", unit=COMMUNITY)
    await people.tell("start", issue, people.worker)
    await people.tell("split", issue, people.clerk)
    soon = (people.stage.clock.now() + timedelta(days=7, hours=1)).isoformat()
    assert (await people.tell("ask-extension", issue, people.worker, until=soon)).is_success
    photo = await people.add_photo(issue)
    relief = await people.tell("escalate", issue, people.secretary, **RELIEF)
    asked = relief.json()["id"]
    posts: dict[str, tuple[Any, str, Any]] = {
        "mediation_id": (people.worker, f"{path}/mediations", OPENING),
        "consent_id": (people.clerk, f"{path}/consents", YES),
        "view_id": (people.clerk, "/views", {"name": "v", "query": "colour=red", "area": COMMUNITY}),
        "request_id": (people.clerk, "/people/requests", {"kind": "see", "phone": PHONE}),
        "key": (people.clerk, "/open311-keys", {"client": "fixmystreet", "label": "theirs"}),
        "link": (people.officer, f"/escalations/{asked}/identity-links", WHY),
    }
    answers = {name: await who.post(to, json=said) for name, (who, to, said) in posts.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(posts, 201)
    (task,) = (await people.clerk.get(f"{path}/tasks")).json()
    return {
        "issue_id": issue["id"],
        "issue_no": issue["no"],
        "other_id": (await people.report(people.clerk, channel="phone"))["id"],
        "task_id": task["id"],
        "escalation_id": asked,
        "evidence_id": photo["id"],
        "key_id": answers["key"].json()["key_id"],
        "token": answers["link"].json()["token"],
        "review_id": str(uuid4()),
        "alarm_id": str(uuid4()),
        "kind": "csv",
        **{name: answer.json()["id"] for name, answer in answers.items() if name.endswith("_id")},
    }


ELSEWHERE = "620102014007"
STRANGERS: Mapping[str, tuple[Role, tuple[str, ...]]] = {
    "a worker of another community": (Role.GRID_WORKER, (f"{ELSEWHERE}001",)),
    "a leader of another community": (Role.GRID_LEADER, (f"{ELSEWHERE}001",)),
    "a clerk of another community": (Role.COMMUNITY_CLERK, (ELSEWHERE,)),
    "a secretary of another community": (Role.COMMUNITY_SECRETARY, (ELSEWHERE,)),
    "an officer of another street": (Role.STREET_OFFICER, ("620102015",)),
    "an operator of another community": (Role.OPERATOR, (ELSEWHERE,)),
    "a clerk without an area": (Role.COMMUNITY_CLERK, ()),
    "a secretary without an area": (Role.COMMUNITY_SECRETARY, ()),
    "an officer without an area": (Role.STREET_OFFICER, ()),
    "a contact of a unit": (Role.PARTNER_CONTACT, (COMMUNITY,)),
    "a resident next door": (Role.RESIDENT, (COMMUNITY,)),
}
