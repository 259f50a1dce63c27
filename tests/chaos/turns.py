"""A second story, of turns: handed back twice, decided by hand, not solved, reopened; meanwhile a fire."""

from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from typing import Any

from sanlian.demo.loop import PHOTO
from sanlian.demo.people import CLERK, FIRST_GRID, LEADER, RESIDENT, SECOND_CLERK, SECRETARY, WORKER, Person
from tests.chaos.story import ISSUES, UPLOAD, Ask, Story, call, get, in_state, post

HOUSEHOLD = "H-0002"


def tell_turns(name: str, *, now: datetime) -> Story:
    """The story of both matters; nothing in it depends on the time."""
    matter = yield post(RESIDENT, ISSUES, {"title": name, "location": {"compound": "北方苑小区"}})
    fire = yield post(WORKER, ISSUES, _alarm(name))
    path = f"{ISSUES}/{matter['id']}"
    # What is said of an issue names its smallest known area; so that it is the same one, it is found first.
    for issue in (matter, fire):
        yield get(CLERK, f"{ISSUES}/{issue['id']}", until=_is_located)
    yield post(CLERK, f"{path}/accept", {"category": "0503"})
    yield from _hand_round(path)
    yield from _answer_alarm(fire)
    yield from _work(WORKER, path)
    yield post(CLERK, f"{path}/verify", {})
    yield post(SECOND_CLERK, f"{path}/call-back", {"reached": True, "solved": False})
    yield from _work(WORKER, path)
    yield post(CLERK, f"{path}/verify", {})
    yield post(SECOND_CLERK, f"{path}/call-back", {"reached": True, "solved": True, "rating": 3})
    return (yield from _look(matter, fire))


def _alarm(name: str) -> dict[str, object]:
    return {
        "title": name,
        "channel": "grid_patrol",
        "category": "0101",
        "location": {"point": {"longitude": 103.8798, "latitude": 36.0526}},
        "households": [HOUSEHOLD],
        "emergency": {"place": "瓜子店", "casualties": 0, "called": "网格员已拨打 119"},
    }


def _hand_round(path: str) -> Generator[Ask, Any, None]:
    """The worker cannot, the leader cannot, and the community names the worker after all."""
    for handler in (WORKER, LEADER):
        yield get(CLERK, path, until=_handled_by(handler))
        yield post(handler, f"{path}/decline", {"reason_code": "absent"})
    yield get(CLERK, f"{path}/timeline", until=_tells("leave-to-community"))
    yield post(CLERK, f"{path}/assign", {"person": WORKER.subject})


def _answer_alarm(fire: Mapping[str, Any]) -> Generator[Ask, Any, None]:
    """The street is told at once and acknowledges; the household is red, and a visit is owed."""
    of_fire = {"issue_id": fire["id"]}
    [notice] = yield get(CLERK, "/intake/v1/escalations", of_fire, until=len)
    subject = {"subject": f"escalation/{notice['id']}"}
    yield get(SECRETARY, "/notify/v1/messages", subject, until=len)
    known = {"escalation_id": notice["id"], "issue_no": fire["no"]}
    yield call("escalation.ack", {**known, "street_no": "GXD-0002"})
    yield get(CLERK, f"/intake/v1/escalations/{notice['id']}", until=in_state("acknowledged"))
    for stage in ("follow_up", "final"):
        yield post(WORKER, f"{ISSUES}/{fire['id']}/emergency-reports", {"stage": stage, "trend": "已扑灭"})
    yield get(WORKER, f"/grid/v1/households/{HOUSEHOLD}", until=_is_red)


def _work(handler: Person, path: str) -> Generator[Ask, Any, None]:
    yield post(handler, f"{path}/start", {})
    yield Ask(who=handler, method=UPLOAD, path=f"{path}/evidence", body=PHOTO)
    yield post(handler, f"{path}/resolve", {"outcome_code": "repaired"})


def _look(matter: Mapping[str, Any], fire: Mapping[str, Any]) -> Story:
    found: dict[str, Any] = {}
    for name, issue in (("matter", matter), ("fire", fire)):
        found[name] = yield get(CLERK, f"{ISSUES}/{issue['id']}")
        found[f"{name} timeline"] = yield get(CLERK, f"{ISSUES}/{issue['id']}/timeline")
        found[f"{name} escalations"] = yield get(CLERK, "/intake/v1/escalations", {"issue_id": issue["id"]})
    owed = {"household": HOUSEHOLD}
    found["visits"] = yield get(WORKER, "/grid/v1/visits", owed, until=len)
    return found


def _is_located(issue: Mapping[str, Any]) -> bool:
    return str(issue["area_code"]).startswith(FIRST_GRID)


def _is_red(household: Mapping[str, Any]) -> bool:
    return str(household["colour"]) == "red"


def _handled_by(person: Person) -> Callable[[Mapping[str, Any]], bool]:
    return lambda issue: issue["state"] == "assigned" and issue["handler"]["person"] == person.subject


def _tells(command: str) -> Callable[[list[dict[str, Any]]], bool]:
    return lambda steps: any(step["command"] == command for step in steps)
