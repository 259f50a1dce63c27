"""Scenario 14, 提级退回: the street hands a matter back, once; the resident's clock runs on all the while."""

from dataclasses import dataclass
from typing import Any

from sanlian.demo import loop
from sanlian.demo.centre import Centre, command_centre
from sanlian.demo.people import CLERK, FIRST_GRID, RESIDENT, SECRETARY, WORKER
from sanlian.demo.timeline import Timeline
from sanlian.demo.town import Town

STREET_NO = "GXD-0014"
DOSSIER = {
    "facts": "底商餐馆油烟直排,十余户反映。",
    "tried": ["两次上门劝导,店主未整改"],
    "why_not_here": "社区没有执法权。",
    "ask": "请街道协调综合执法队现场检查。",
}


@dataclass(frozen=True, slots=True)
class HandedBack:
    """How the story went: the issue before it was handed up, after it came back, and at its end.

    `first` is the escalation that was returned; the statuses are what the door said to each return.
    """

    before: dict[str, Any]
    back: dict[str, Any]
    closed: dict[str, Any]
    first: dict[str, Any]
    returned: int
    again: int


def tell_handback(town: Town, timeline: Timeline, *, receiver_host: str = "127.0.0.1") -> HandedBack:
    timeline.title("提级退回:底商油烟", "Handed up, handed back: fumes from a kitchen")
    with command_centre(town, timeline, receiver_host) as centre:
        path = _at_work(town, timeline)
        before = town.person(CLERK).get(path)
        first = _hand_up(centre, timeline, path, DOSSIER)
        returned = centre.say(first, "escalation.return", reason_code="incomplete", text="请补充现场照片。")
        ended = centre.stands(first, "returned")
        back = town.person(CLERK).get(path)
        timeline.tell(
            f"街道退回:材料不全;事项回到社区处置(第 {back['level']} 级),居民的时限没有重新起算",
            f"the street returns it as incomplete: at level {back['level']} again, and due when it was due",
        )
        second = _complete(centre, timeline, path)
        again = centre.say(second, "escalation.return", reason_code="not_our_remit", text="不属本单位职责。")
        timeline.tell(
            f"第二次退回没有街道领导签字,不予接受({again})",
            f"a second return without the leader's word is refused: {again}",
        )
        _answer(centre, timeline, second)
        closed = loop.close(town, timeline, path)
    return HandedBack(before, back, closed, ended, returned, again)


def _at_work(town: Town, timeline: Timeline) -> str:
    report = {
        "title": "楼下餐馆油烟扰民",
        "text": "北方苑小区北门底商油烟直排,不敢开窗。",
        "location": {"compound": "北方苑小区"},
    }
    issue = town.person(RESIDENT).post("/intake/v1/issues", report, expect=201)
    path = f"/intake/v1/issues/{issue['id']}"
    town.person(CLERK).post(f"{path}/accept", {"category": "0603"})
    timeline.tell(
        f"居民反映油烟扰民,{issue['no']} 受理为 0603",
        f"a resident reports fumes: {issue['no']} is accepted as 0603",
    )
    town.person(CLERK).post(f"{path}/assign", {"person": WORKER.subject, "unit": FIRST_GRID})
    town.person(WORKER).post(f"{path}/start", {})
    timeline.tell("网格员上门劝导,店主不改", "the grid worker speaks with the owner, in vain")
    return path


def _hand_up(centre: Centre, timeline: Timeline, path: str, dossier: dict[str, Any]) -> dict[str, Any]:
    """The secretary hands it up; returns the news of it as the street has it."""
    wish = {"to_level": 3, "criteria": ["law_enforcement"], "dossier": dossier}
    made = centre.town.person(SECRETARY).post(f"{path}/escalate", wish, expect=201)
    notice = centre.asked(made)
    timeline.tell("社区书记提级到街道,材料随附", "the secretary hands it up to the street, with its dossier")
    return notice


def _complete(centre: Centre, timeline: Timeline, path: str) -> dict[str, Any]:
    photo = centre.town.person(WORKER).upload(f"{path}/evidence", "fumes.png", loop.PHOTO, "image/png")
    timeline.tell("网格员补拍现场照片", "the grid worker adds a photo of the place")
    return _hand_up(centre, timeline, path, {**DOSSIER, "evidence_ids": [photo["id"]]})


def _answer(centre: Centre, timeline: Timeline, notice: dict[str, Any]) -> None:
    centre.say(notice, "escalation.ack", street_no=STREET_NO)
    centre.stands(notice, "acknowledged")
    centre.say(notice, "escalation.reply", outcome="rectified", text="执法队已责令整改,油烟净化器已安装。")
    centre.stands(notice, "replied")
    timeline.tell(
        f"街道签收({STREET_NO})并答复:已责令整改",
        f"the street takes it as {STREET_NO}, and answers: the owner has put in a filter",
    )
