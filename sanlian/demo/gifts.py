"""Scenario 5, 海通党员献爱心: seven sets of grain and oil for seven households, and not one more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sanlian.demo.doors import Unexpected, until
from sanlian.demo.people import CLERK, worker_of
from sanlian.demo.records import Household, demo_data
from sanlian.demo.timeline import Timeline
from sanlian.demo.town import Town
from shared.clock import LOCAL_ZONE

UNIT = "PU-HTZQ"
SETS = 7


@dataclass(frozen=True, slots=True)
class Given:
    """How the story ended, as its tests look at it."""

    offer: dict[str, Any]
    needs: tuple[dict[str, Any], ...]
    pledges: tuple[dict[str, Any], ...]
    seen_before: tuple[dict[str, Any], ...]
    refusal: dict[str, Any]


def tell_gifts(town: Town, timeline: Timeline) -> Given:
    timeline.title("海通党员献爱心:七份粮油", "Seven sets of grain and oil")
    # Each telling has a tag of its own, so that what an earlier one left is not mistaken for this one's.
    tag = f"march_fifth_{uuid4().hex[:8]}"
    needs = _ask(town, timeline, tag)
    seen = _seen_by_unit(town, timeline, needs)
    offer = _offer(town, timeline, tag)
    pledges = _accept(town, timeline, offer, needs)
    refusal = _ask_for_more(town, timeline, offer, tag)
    _deliver(town, timeline, pledges, needs)
    clerk, unit = town.person(CLERK), town.unit(UNIT)
    return Given(
        unit.get(f"/partners/v1/offers/{offer['id']}"),
        tuple(clerk.get(f"/partners/v1/needs/{need['id']}") for need in needs),
        tuple(clerk.get(f"/partners/v1/pledges/{pledge['id']}") for pledge in pledges),
        seen,
        refusal,
    )


def _ask(town: Town, timeline: Timeline, tag: str) -> list[dict[str, Any]]:
    helped = [household for household in demo_data().households if household.code.startswith("H-01")]
    needs = [_need(town, household, tag) for household in helped[:SETS]]
    timeline.tell(
        f"社区公布 {len(needs)} 条粮油需求(低保户、困难残疾人、孤寡老人)",
        f"{len(needs)} needs are published, no name in them",
    )
    return needs


def _need(town: Town, household: Household, tag: str) -> dict[str, Any]:
    compound = demo_data().compound(household.compound)
    need: dict[str, Any] = town.person(CLERK).post(
        "/partners/v1/needs",
        {
            "origin": "wish",
            "kind": "goods",
            "tags": ["rice_oil", tag],
            "measure": "set",
            "quantity": 1,
            "area_code": compound.grid,
            "public_text": "一户困难家庭需要一份米面油",
            "recipient": {"ref": household.code, "place": compound.name, "addressee": household.head[:4]},
            "consent_id": f"consent-{household.code}",
        },
        expect=201,
    )
    return need


def _seen_by_unit(
    town: Town, timeline: Timeline, needs: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any], ...]:
    unit = town.unit(UNIT)
    seen = tuple(unit.get(f"/partners/v1/needs/{need['id']}") for need in needs)
    timeline.tell(
        "成员单位只看到网格和数量,看不到住户和门牌",
        "the unit sees grid and quantity, no household and no address",
    )
    return seen


def _offer(town: Town, timeline: Timeline, tag: str) -> dict[str, Any]:
    unit = town.unit(UNIT)
    form = {
        "kind": "goods",
        "title": "米面油爱心包",
        "tags": ["rice_oil", tag],
        "measure": "set",
        "total": SETS,
        "valid_to": (march_fifth() + timedelta(days=30)).isoformat(),
        "external_ref": tag,
    }
    offer: dict[str, Any] = unit.post("/partners/v1/offers", form, expect=201)
    unit.post("/partners/v1/offers", form, expect=200)
    if offer["state"] != "published":
        town.person(CLERK).post(f"/partners/v1/offers/{offer['id']}/publish")
    timeline.tell(
        f"海通证券甘肃分公司第二党支部用自己的密钥发布 {SETS} 份粮油(重复发送不重复登记)",
        f"the unit posts {SETS} sets with its own API key; sending it twice makes no second offer",
    )
    return offer


def _accept(
    town: Town, timeline: Timeline, offer: dict[str, Any], needs: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    clerk, unit = town.person(CLERK), town.unit(UNIT)
    matches = [_match(town, offer, need) for need in needs]
    timeline.tell(
        f"系统自动对接 {len(matches)} 条,得分 {matches[0]['score']:.1f},附理由",
        f"{len(matches)} matches are proposed with their reasons, score {matches[0]['score']:.1f}",
    )
    pledges = []
    for match in matches:
        clerk.post(f"/partners/v1/matches/{match['id']}/offer")
        pledges.append(unit.post(f"/partners/v1/matches/{match['id']}/accept"))
    timeline.tell("社区确认、单位逐条认领", "the community offers, the unit accepts each of them")
    return pledges


def _match(town: Town, offer: dict[str, Any], need: dict[str, Any]) -> dict[str, Any]:
    """The engine's match of the two; where it had found another offer first, the clerk's own."""
    clerk = town.person(CLERK)
    found: list[dict[str, Any]] = until(
        lambda: clerk.get("/partners/v1/matches", need_id=need["id"]), "every need is matched with an offer"
    )
    ours = [match for match in found if match["offer_id"] == offer["id"]]
    if ours:
        return ours[0]
    by_hand: dict[str, Any] = clerk.post(
        "/partners/v1/matches", {"need_id": need["id"], "offer_id": offer["id"], "quantity": 1}, expect=201
    )
    return by_hand


def _ask_for_more(town: Town, timeline: Timeline, offer: dict[str, Any], tag: str) -> dict[str, Any]:
    """An eighth household asks; of seven sets none is left to promise."""
    clerk = town.person(CLERK)
    eighth = _need(town, demo_data().households[0], tag)
    claim = {"need_id": eighth["id"], "offer_id": offer["id"], "quantity": 1}
    try:
        match = clerk.post("/partners/v1/matches", claim)
        clerk.post(f"/partners/v1/matches/{match['id']}/offer")
        refusal: dict[str, Any] = town.unit(UNIT).post(
            f"/partners/v1/matches/{match['id']}/accept", expect=409
        )
    except Unexpected as refused:
        refusal = refused.problem
    clerk.post(f"/partners/v1/needs/{eighth['id']}/withdraw", {"reason": "demo_over"})
    timeline.tell(f"第八户认领被拒:{refusal['status']}", f"an eighth claim is refused: {refusal['type']}")
    return refusal


def _deliver(
    town: Town, timeline: Timeline, pledges: Sequence[dict[str, Any]], needs: Sequence[dict[str, Any]]
) -> None:
    unit = town.unit(UNIT)
    grids = {need["id"]: need["area_code"] for need in needs}
    day = march_fifth()
    for pledge in pledges:
        path = f"/partners/v1/pledges/{pledge['id']}"
        unit.post(f"{path}/contact")
        unit.post(f"{path}/schedule", {"at": day.isoformat()})
        unit.post(f"{path}/deliver", {"quantity": 1})
        town.person(worker_of(grids[pledge["need_id"]])).post(f"{path}/confirm")
    timeline.tell(
        f"约定 {day:%Y年%m月%d日} 送达,各网格的网格员逐户签收确认",
        f"agreed for {day:%d %B %Y}, delivered, and signed for by each household's own grid worker",
    )


def march_fifth() -> datetime:
    """The coming 5 March, nine in the morning where the community is."""
    now = datetime.now(LOCAL_ZONE)
    this_year = datetime(now.year, 3, 5, 9, tzinfo=LOCAL_ZONE)
    return this_year if this_year > now else this_year.replace(year=now.year + 1)
