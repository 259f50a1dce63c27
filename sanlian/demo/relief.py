"""Scenario 11, 街道妇联慰问: relief for whom a fire struck, and her name by a logged reading."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sanlian.demo.centre import Centre, command_centre
from sanlian.demo.doors import until
from sanlian.demo.people import CLERK, OFFICER, SECRETARY, WORKER
from sanlian.demo.timeline import Timeline
from sanlian.demo.town import Town

HOUSEHOLD, NAME = "H-0002", "宋阿姨"
WOMENS_FEDERATION = "街道妇联"


@dataclass(frozen=True, slots=True)
class Relieved:
    """How the story went: the answers to the relief that was told twice, and what each side sees then."""

    issue: dict[str, Any]
    escalation: dict[str, Any]
    notices: tuple[dict[str, Any], ...]
    person: dict[str, Any]
    readings: list[dict[str, Any]]
    opened_again: str
    told: tuple[int, int]
    delivered: list[dict[str, Any]]
    household: dict[str, Any]


def tell_relief(town: Town, timeline: Timeline, *, receiver_host: str = "127.0.0.1") -> Relieved:
    timeline.title("街道妇联慰问宋阿姨", "Relief by the street's women's federation")
    with command_centre(town, timeline, receiver_host) as centre:
        issue = _fire(town, timeline)
        made = _ask(town, timeline, issue)
        notice = centre.asked(made)
        centre.say(notice, "escalation.ack", street_no="GXD-0011")
        centre.stands(notice, "acknowledged")
        timeline.tell("街道签收", "the street acknowledges")
        person, again, readings = _read_identity(town, timeline, made)
        when = datetime.now(UTC)
        told = _give(centre, timeline, notice, when)
        escalation = centre.stands(notice, "replied")
        delivered = _delivered(town, timeline, when)
        heard = tuple(one["data"] for one in list(centre.office.inbox.messages))
    household = town.person(WORKER).get(f"/grid/v1/households/{HOUSEHOLD}")
    return Relieved(issue, escalation, heard, person, readings, again, told, delivered, household)


def _fire(town: Town, timeline: Timeline) -> dict[str, Any]:
    report = {
        "title": "厨房起火",
        "channel": "grid_patrol",
        "category": "0101",
        "location": {"compound": "北方苑小区"},
        "households": [HOUSEHOLD],
        "reporter": {"name": NAME, "phone": "13912345678"},
        "emergency": {"place": "北方苑小区", "casualties": 0, "called": "网格员已拨打 119"},
    }
    issue: dict[str, Any] = town.person(WORKER).post("/intake/v1/issues", report, expect=201)
    timeline.tell(f"火情 {issue['no']} 受理,{HOUSEHOLD} 受灾", f"{issue['no']}: a fire struck {HOUSEHOLD}")
    return issue


def _ask(town: Town, timeline: Timeline, issue: dict[str, Any]) -> dict[str, Any]:
    dossier = {
        "facts": "火灾后生活困难。",
        "ask": "请街道妇联慰问。",
        "need_kind": "goods",
        "household_size": "1",
    }
    wish = {"type": "relief_request", "to_level": 3, "household": HOUSEHOLD, "dossier": dossier}
    made: dict[str, Any] = town.person(SECRETARY).post(
        f"/intake/v1/issues/{issue['id']}/escalate", wish, expect=201
    )
    timeline.tell("社区请求街道救助,不报姓名", "the community asks the street for relief, and names nobody")
    return made


def _read_identity(
    town: Town, timeline: Timeline, made: dict[str, Any]
) -> tuple[dict[str, Any], str, list[dict[str, Any]]]:
    """The street opens the one-time link; the second time it is spent."""
    officer, path = town.person(OFFICER), f"/intake/v1/escalations/{made['id']}/identity-links"
    link = officer.read(path, {"reason": "上门慰问"}, expect=201)
    opening = {"token": link["token"]}
    person: dict[str, Any] = officer.read("/intake/v1/identity-links/open", opening)
    again = officer.read("/intake/v1/identity-links/open", opening, expect=409)
    readings: list[dict[str, Any]] = town.person(CLERK).get(path)
    timeline.tell(
        "街道凭一次性链接查看身份,查看人和理由留痕;链接再用即失效",
        "the street reads who it is by a link that opens once; who read it, and why, is written down",
    )
    return person, str(again["type"]).rpartition(":")[2], readings


def _give(centre: Centre, timeline: Timeline, notice: dict[str, Any], when: datetime) -> tuple[int, int]:
    given = {"who": WOMENS_FEDERATION, "when": when.isoformat(), "form": "goods"}
    goods = [{"what": "棉被", "quantity": 2, "measure": "床"}]
    call = centre.sign(notice, "escalation.relief_result", **given, goods=goods, text="已慰问")
    told = (centre.send(call), centre.send(call))
    timeline.tell(
        f"街道妇联送去两床棉被并回告;重复的回告({told[1]})没有作用",
        f"two quilts are brought and told of; told again ({told[1]}) it changes nothing",
    )
    return told


def _delivered(town: Town, timeline: Timeline, when: datetime) -> list[dict[str, Any]]:
    """What stands in her plan as given at that moment, once it does."""
    clerk, path = town.person(CLERK), "/partners/v1/cases"
    case = until(lambda: clerk.get(path, household_code=HOUSEHOLD), "a case is opened")[0]

    def given() -> list[dict[str, Any]]:
        file = clerk.read(f"{path}/{case['id']}/file", {"reason": "核对慰问"})
        return [one for one in file["ledger"] if datetime.fromisoformat(one["given_at"]) == when]

    delivered: list[dict[str, Any]] = until(given, "what was given stands in the plan")
    timeline.tell("慰问物资记入帮扶方案", "what was given stands in her plan")
    return delivered
