"""One story through every service: reported, assigned, helped, handed up, answered, resolved, closed.

It is told by a generator that yields what somebody asks of a public door and is sent the answer. Who drives
it decides where the doors are: real processes (`tests/chaos/telling.py`), or four services in this one
(`tests/chaos/stages.py`).
"""

import json
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sanlian.demo.loop import PHOTO
from sanlian.demo.people import CLERK, LEADER, SECOND_CLERK, SECRETARY, WORKER, Person

UNIT, OFFICE = "PU-HTZQ", "ST-CMD"
SETS = 7
UPLOAD, CALL, WAIT = "UPLOAD", "CALL", "WAIT"
ISSUES, PARTNERS = "/intake/v1/issues", "/partners/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What `who` (a person, or a unit by its code) asks; with `until`, again and again until it is so.

    `UPLOAD` sends the body as a photo, `CALL` is the street office's signed call with this content, and
    `WAIT` lets so much time pass.
    """

    who: Person | str
    method: str
    path: str
    body: Any = None
    query: Mapping[str, str | int] = field(default_factory=dict)
    until: Callable[[Any], Any] | None = None


Told = Mapping[str, Any]
Story = Generator[Ask, Any, Told]


def tell(name: str, *, now: datetime) -> Story:
    """The story; stories of different names on one town have nothing to do with one another."""
    issue = yield post(WORKER, ISSUES, report(name))
    path = f"{ISSUES}/{issue['id']}"
    yield get(CLERK, path, until=in_state("assigned"))
    yield post(WORKER, f"{path}/start", {})
    yield post(WORKER, f"{path}/request-help", help_wanted(name))
    yield from _be_helped(name, issue["id"], now)
    yield from _hand_up(path, issue)
    yield Ask(who=WORKER, method=UPLOAD, path=f"{path}/evidence", body=PHOTO)
    yield post(WORKER, f"{path}/resolve", {"outcome_code": "repaired"})
    yield post(LEADER, f"{path}/verify", {})
    yield post(SECOND_CLERK, f"{path}/call-back", {"reached": True, "solved": True, "rating": 5})
    return (yield from look(issue["id"]))


def report(name: str, **more: object) -> dict[str, object]:
    """A report that staff make, whose category is certain: it is accepted at once."""
    return {
        "title": f"二单元楼道灯不亮 {name}",
        "channel": "grid_patrol",
        "category": "0503",
        "location": {"compound": "北方苑小区"},
        **more,
    }


def help_wanted(name: str) -> dict[str, object]:
    """What no other story's offer can be counted in."""
    return {
        "kind": "goods",
        "tags": ["rice_oil"],
        "quantity": SETS,
        "unit": f"set-{name}",
        "public_text": "几户困难家庭需要米面油",
    }


def offer(name: str, now: datetime, **more: object) -> dict[str, object]:
    """What fits the wish of the story of that name, and no other's."""
    return {
        "kind": "goods",
        "title": "米面油爱心包",
        "tags": ["rice_oil"],
        "measure": f"set-{name}",
        "total": SETS,
        "valid_to": (now + timedelta(days=30)).isoformat(),
        **more,
    }


def _be_helped(name: str, issue_id: str, now: datetime) -> Generator[Ask, Any, None]:
    of_issue = {"issue_id": issue_id}
    yield get(CLERK, f"{PARTNERS}/needs", of_issue, until=len)
    offered = yield post(UNIT, f"{PARTNERS}/offers", offer(name, now, external_ref=name))
    of_offer = {"offer_id": offered["id"]}
    [match] = yield get(CLERK, f"{PARTNERS}/matches", of_offer, until=len)
    yield post(CLERK, f"{PARTNERS}/matches/{match['id']}/offer")
    pledge = yield post(UNIT, f"{PARTNERS}/matches/{match['id']}/accept")
    path = f"{PARTNERS}/pledges/{pledge['id']}"
    yield post(UNIT, f"{path}/contact")
    yield post(UNIT, f"{path}/schedule", {"at": (now + timedelta(hours=1)).isoformat()})
    yield post(UNIT, f"{path}/deliver", {"quantity": SETS})
    yield post(WORKER, f"{path}/confirm", {})
    yield get(CLERK, f"{ISSUES}/{issue_id}/timeline", until=lambda steps: _commands(steps) >= HELPED)


# Intake hears of the help that was promised, brought and signed for, and notes each.
HELPED = {"help-promised", "help-delivered", "help-confirmed"}


def _hand_up(path: str, issue: Mapping[str, Any]) -> Generator[Ask, Any, None]:
    dossier = {"facts": "线路老化,社区无力整改", "ask": "请街道协调供电部门"}
    wish = {"to_level": 3, "criteria": ["other_department"], "dossier": dossier}
    escalation = yield post(SECRETARY, f"{path}/escalate", wish)
    known = {"escalation_id": escalation["id"], "issue_no": issue["no"]}
    subject = {"subject": f"escalation/{escalation['id']}"}
    # The street can only answer what it was told.
    yield get(SECRETARY, "/notify/v1/messages", subject, until=len)
    yield call("escalation.ack", {**known, "street_no": "GXD-0001"})
    above = f"/intake/v1/escalations/{escalation['id']}"
    yield get(CLERK, above, until=in_state("acknowledged"))
    reply = {"outcome": "answered", "text": "供电部门已派单", "needs_community_action": True}
    yield call("escalation.reply", {**known, **reply})
    yield get(CLERK, path, until=in_state("in_progress"))


def look(issue_id: str) -> Story:
    """The end of the story as its last reader sees it, in every service."""
    of_issue = {"issue_id": issue_id}
    path = f"{ISSUES}/{issue_id}"
    issue = yield get(CLERK, path)
    timeline = yield get(CLERK, f"{path}/timeline")
    escalations = yield get(CLERK, "/intake/v1/escalations", of_issue)
    needs = yield get(
        CLERK, f"{PARTNERS}/needs", of_issue, until=lambda found: in_state("fulfilled")(found[0])
    )
    matches = yield get(CLERK, f"{PARTNERS}/matches", {"need_id": needs[0]["id"]})
    pledges = yield get(CLERK, f"{PARTNERS}/pledges", {"need_id": needs[0]["id"]})
    return {
        "issue": issue,
        "timeline": timeline,
        "escalations": escalations,
        "needs": needs,
        "matches": matches,
        "pledges": pledges,
    }


# What differs between two tellings of one story, and means nothing.
_OWN = [
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)"), "TIME"),
    (re.compile(r"msg_[0-9a-f]{32}"), "MSG"),
    (re.compile(r"WLD-\d{8}-\d{4,}"), "NO"),
]
# How well an offer fits depends on what its unit gave before.
_PASSING = ("score", "reasons")


def alike(told: Told, name: str) -> Told:
    """The end of the story without ids, times, numbers and its name: equal for equal stories."""
    plain: Told = json.loads(plainly(told).replace(name, "NAME"), object_hook=_lasting)
    return plain


def plainly(found: object) -> str:
    """Any data as text, with a word in the place of each id, time and number."""
    text = json.dumps(found, ensure_ascii=False, sort_keys=True, default=_written)
    for pattern, word in _OWN:
        text = pattern.sub(word, text)
    return text


def _written(found: object) -> object:
    if isinstance(found, datetime):
        return found.isoformat()
    if isinstance(found, bytes):
        # What is sent is kept as its very bytes; anything else in bytes is a hash or a secret.
        return json.loads(found) if found.startswith(b'{"') else "BYTES"
    return str(found)


def _lasting(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in _PASSING}


def commands(told: Told) -> list[str]:
    """What happened to the issue, in order."""
    return [step["command"] for step in told["timeline"]]


def _commands(steps: list[dict[str, Any]]) -> set[str]:
    return {step["command"] for step in steps}


def in_state(state: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda record: record["state"] == state


def get(
    who: Person,
    path: str,
    query: Mapping[str, str | int] | None = None,
    *,
    until: Callable[[Any], Any] | None = None,
) -> Ask:
    return Ask(who=who, method="GET", path=path, query=query or {}, until=until)


def post(who: Person | str, path: str, body: object = None) -> Ask:
    return Ask(who=who, method="POST", path=path, body=body)


def wait(*, days: int = 0, hours: int = 0, minutes: int = 0) -> Ask:
    """Let time pass, by a clock that can be turned."""
    return Ask(who="", method=WAIT, path="", body=timedelta(days=days, hours=hours, minutes=minutes))


def call(type: str, data: Mapping[str, object]) -> Ask:
    content = {"type": type, "timestamp": datetime.now(UTC).isoformat(), "data": data}
    return Ask(who=OFFICE, method=CALL, path=f"/notify/v1/hooks/{OFFICE}", body=content)
