"""Scenario 10, “阿婆”瓜子店火情: a fire; the street knows of it at once, and answers with its signature."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sanlian.demo import loop
from sanlian.demo.centre import Centre, command_centre
from sanlian.demo.doors import until
from sanlian.demo.load import SHOP
from sanlian.demo.people import CLERK, FIRST_GRID, WORKER
from sanlian.demo.street import Signed
from sanlian.demo.timeline import Timeline
from sanlian.demo.town import Town
from shared.clock import LOCAL_ZONE

# 宋阿姨's household, and the shop.
STRUCK = ("H-0002", SHOP)
STREET_NO = "GXD-0001"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the door said to the street's call: at first, the second time, and to a forged copy of it."""

    first: int
    repeated: int
    forged: int


@dataclass(frozen=True, slots=True)
class Answered:
    """How the story ended, as its tests look at it."""

    issue: dict[str, Any]
    escalation: dict[str, Any]
    visits: tuple[dict[str, Any], ...]
    stages: tuple[str, ...]
    ack: Outcome


def tell_fire(town: Town, timeline: Timeline, *, receiver_host: str = "127.0.0.1") -> Answered:
    timeline.title("“阿婆”瓜子店火情:街道的签名回执", "The fire at the seed shop: the street's signed answer")
    with command_centre(town, timeline, receiver_host) as centre:
        issue = _report(town, timeline)
        no, path = issue["no"], f"/intake/v1/issues/{issue['id']}"
        centre.heard("issue.emergency", no)
        timeline.tell("街道收到首报,签名验证通过", "the street has the first report, its signature is good")
        [notice] = centre.heard("escalation.requested", no)
        ack = _acknowledge(centre, timeline, notice)
        visits = tuple(_visit_due(town, timeline, issue, household) for household in STRUCK)
        stages = _report_on(centre, timeline, issue)
        _put_out(town, timeline, path)
        escalation = _reply(centre, timeline, notice)
        closed = loop.close(town, timeline, path)
    return Answered(closed, escalation, visits, stages, ack)


def _report(town: Town, timeline: Timeline) -> dict[str, Any]:
    issue: dict[str, Any] = town.person(WORKER).post(
        "/intake/v1/issues",
        {
            "title": "“阿婆”瓜子店起火",
            "text": "北方苑小区北侧瓜子店冒烟起火,已疏散人员。",
            "channel": "grid_patrol",
            "category": "0101",
            "location": {"point": {"longitude": 103.8798, "latitude": 36.0526}, "address": "北方苑小区北侧"},
            "households": list(STRUCK),
            "emergency": {
                "place": "北方苑小区北侧瓜子店",
                "casualties": 0,
                "damage": "店内货物过火",
                "trend": "火势可控",
                "actions": "疏散周边住户,微型消防站已到场",
                "called": "网格员 10:02 已拨打 119",
                "on_site_lead": "社区党委书记",
            },
        },
        expect=201,
    )
    timeline.tell(
        f"网格员上报火情,119 已由其拨打;{issue['no']} 定为 {issue['urgency']},即时受理",
        f"a grid worker reports the fire and has called 119: {issue['no']}, {issue['urgency']}, accepted",
    )
    return issue


def _acknowledge(centre: Centre, timeline: Timeline, notice: dict[str, Any]) -> Outcome:
    """The street signs its acknowledgement; the same call again and a forged one change nothing."""
    call = centre.sign(notice, "escalation.ack", street_no=STREET_NO)
    forged = centre.send(Signed(call.body + b" ", call.headers))
    first = centre.send(call)
    timeline.tell(
        f"街道签名回执,编号 {STREET_NO}", f"the street acknowledges with its signature: {STREET_NO}"
    )
    repeated = centre.send(call)
    centre.stands(notice, "acknowledged")
    timeline.tell(
        f"社区看到街道已签收;重复的回执({repeated})和伪造的回执({forged})都没有作用",
        f"the community sees it; the call repeated ({repeated}) or forged ({forged}) changes nothing",
    )
    return Outcome(first, repeated, forged)


def _reply(centre: Centre, timeline: Timeline, notice: dict[str, Any]) -> dict[str, Any]:
    centre.say(notice, "escalation.reply", outcome="noted", text="已阅终报,同意办结。")
    escalation = centre.stands(notice, "replied")
    timeline.tell("街道签名答复:已阅终报", "the street replies, signed: it has read the final report")
    return escalation


def _visit_due(town: Town, timeline: Timeline, issue: dict[str, Any], struck: str) -> dict[str, Any]:
    """Whom the fire struck is red at once, and somebody must see them within a day."""
    worker = town.person(WORKER)

    def owed() -> dict[str, Any] | None:
        household = worker.get(f"/grid/v1/households/{struck}")
        visits: list[dict[str, Any]] = worker.get("/grid/v1/visits", household=struck, state="planned")
        mine = [
            one for one in visits if one["purpose"] == "sudden_event" and one["due_at"] > issue["reported_at"]
        ]
        return {**mine[-1], "colour": household["colour"]} if mine and household["colour"] == "red" else None

    visit: dict[str, Any] = until(owed, "the household turns red and a visit is due")
    due = datetime.fromisoformat(visit["due_at"]).astimezone(LOCAL_ZONE)
    timeline.tell(
        f"{struck} 标红,{due:%m月%d日 %H:%M} 前入户走访",
        f"{struck} is red, and must be visited by {due:%d %B %H:%M}",
    )
    return visit


def _put_out(town: Town, timeline: Timeline, path: str) -> None:
    """The community decides who sees to what is left, since no grid handles a fire by itself."""
    town.person(CLERK).post(f"{path}/assign", {"person": WORKER.subject, "unit": FIRST_GRID})
    timeline.tell("社区指定网格员负责善后", "the community names who sees to what is left")
    loop.handle(town, timeline, path, outcome="extinguished", done=("火已扑灭", "the fire is out"))


def _report_on(centre: Centre, timeline: Timeline, issue: dict[str, Any]) -> tuple[str, ...]:
    """续报 and 终报 follow the first report to the street."""
    worker = centre.town.person(WORKER)
    for stage, zh, trend in [("follow_up", "续报", "明火已扑灭"), ("final", "终报", "现场清理完毕")]:
        report = {"stage": stage, "trend": trend, "actions": "消防队到场处置"}
        worker.post(f"/intake/v1/issues/{issue['id']}/emergency-reports", report, expect=201)
        timeline.tell(f"{zh}:{trend}", f"{stage} report to the street")
    heard = centre.heard("issue.emergency", issue["no"], least=3)
    return tuple(report["stage"] for report in sorted(heard, key=lambda report: report["report_no"]))
