"""Scenario 4, 小事立即办: a light is out; on the same day it shines again and the loop is closed."""

from dataclasses import dataclass
from typing import Any

from sanlian.demo import loop
from sanlian.demo.people import CLERK, RESIDENT
from sanlian.demo.timeline import Timeline
from sanlian.demo.town import Town


@dataclass(frozen=True, slots=True)
class Closed:
    """How the story ended: the issue as its last reader saw it, and the states on its timeline."""

    issue: dict[str, Any]
    states: tuple[str, ...]


def tell_light(town: Town, timeline: Timeline) -> Closed:
    timeline.title("小事立即办:北方苑小区二单元的灯", "Small now: the light of the second unit")
    path = _report(town, timeline)
    issue = loop.assigned(town, path)
    handler = issue["handler"]["person"]
    timeline.tell(
        f"网格自动定位并交办给 {handler}", f"grid finds the place and the handler by itself: {handler}"
    )
    loop.handle(town, timeline, path, outcome="repaired", done=("换好灯泡", "the bulb is changed"))
    closed = loop.close(town, timeline, path)
    return Closed(closed, loop.states(town, path))


def _report(town: Town, timeline: Timeline) -> str:
    issue = town.person(RESIDENT).post(
        "/intake/v1/issues",
        {
            "title": "二单元楼道灯不亮",
            "text": "北方苑小区二单元的灯坏了,老人晚上回家看不见路。",
            "channel": "party_paper_hotline",
            "location": {"compound": "北方苑小区"},
        },
        expect=201,
    )
    no = issue["no"]
    timeline.tell(
        f"居民经党报热线反映路灯不亮,编号 {no}", f"a resident reports by the party-paper hotline: {no}"
    )
    path = f"/intake/v1/issues/{issue['id']}"
    town.person(CLERK).post(f"{path}/accept", {"category": "0503"})
    timeline.tell("社区受理:0503 公共照明", "the community accepts it as 0503, public lighting")
    return path
