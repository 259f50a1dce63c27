"""Cases: opened for relief or by a clerk, planned, and with a ledger that counts each gift once."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.partners.app import PLAN, ROUTERS
from services.partners.cases.counting import count_last_month
from services.partners.cases.forgetting import forget_old_cases
from shared.auth import Role
from shared.clock import FakeClock
from shared.events.intake import (
    Dossier,
    EscalationReliefGiven,
    EscalationSent,
    EscalationSnapshot,
    EscalationState,
    EscalationType,
    Urgency,
)
from shared.events.notify import ReliefGoods
from shared.events.partners import CasesCounted
from shared.privacy import new_key_pair, seal
from shared.testing import COMMUNITY, Stage, staged
from tests.conftest import Tables
from tests.partners.actors import GRID, OTHER_GRID, Actors

PRIVATE, PUBLIC = new_key_pair()
WHY = {"reason": "the visit of this week"}
QUILTS = ({"what": "棉被", "quantity": 2, "measure": "床"},)


@pytest.fixture
async def stage(tables: Tables, clock: FakeClock) -> AsyncIterator[Stage]:
    """Partners with the key that opens amounts."""
    url = await tables(PLAN.service.metadata)
    async with staged(
        PLAN, ROUTERS, database_url=url, clock=clock, anew=False, relief_private_key=PRIVATE
    ) as made:
        yield made


class Street:
    """One request for relief, and what came of it."""

    def __init__(self, stage: Stage, household: str | None = "HH-1-0007") -> None:
        self.stage, self.household, self.id, self.version = stage, household, uuid4(), 1

    def _snapshot(self) -> EscalationSnapshot:
        self.version += 1
        return EscalationSnapshot(
            id=self.id,
            version=self.version,
            issue_id=UUID(int=7),
            issue_no="WLD-20270301-0001",
            community_code=COMMUNITY,
            street_code=COMMUNITY[:9],
            area_code=GRID,
            category="0307",
            urgency=Urgency.U2,
            type=EscalationType.relief_request,
            state=EscalationState.sent,
            from_level=2,
            to_level=3,
            target="ST-WF",
            due_ack=None,
            due_reply=None,
            returns=0,
            privacy_class=2,
        )

    def asked(self, **changes: Any) -> EscalationSent:
        dossier = Dossier(facts="a fire", ask="quilts", need_kind="bedding")
        snapshot = self._snapshot().model_copy(update=changes)
        return EscalationSent(escalation=snapshot, dossier=dossier, household_code=self.household)

    def gave(self, **changes: Any) -> EscalationReliefGiven:
        given = {
            "relief_id": uuid4(),
            "office": "街道妇联",
            "given_at": self.stage.clock.now(),
            "form": "goods",
            "goods": tuple(ReliefGoods.model_validate(one) for one in QUILTS),
            **changes,
        }
        return EscalationReliefGiven(escalation=self._snapshot(), household_code=self.household, **given)

    def paid(self, amount: str) -> EscalationReliefGiven:
        sealed = b64encode(seal(PUBLIC, amount.encode())).decode()
        return self.gave(form="money", goods=(), amount_sealed=sealed)


async def cases(by: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await by.get("/cases", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def file_of(by: httpx.AsyncClient, case: dict[str, Any]) -> dict[str, Any]:
    answer = await by.post(f"/cases/{case['id']}/file", json=WHY)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return dict(answer.json())


async def test_relief_that_is_asked_for_opens_a_case_and_what_comes_stands_in_its_ledger(
    stage: Stage, actors: Actors
) -> None:
    street = Street(stage)
    assert await stage.give(street.asked()) == []
    [case] = await cases(actors.clerk, household_code="HH-1-0007")
    assert (case["state"], case["area_code"], case["issue_no"]) == ("identified", GRID, "WLD-20270301-0001")
    before = await file_of(actors.clerk, case)
    assert [(one["what"], one["who"], one["state"]) for one in before["measures"]] == [
        ("bedding", "ST-WF", "planned")
    ]
    given = stage.enveloped(street.gave())
    assert await stage.give(given, given) == []
    assert await stage.give(given) == []
    after = await file_of(actors.clerk, case)
    [entry] = after["ledger"]
    assert (entry["office"], entry["form"], entry["goods"]) == ("街道妇联", "goods", list(QUILTS))
    assert entry["measure_id"] == after["measures"][0]["id"]
    assert after["measures"][0]["state"] == "done"


async def test_every_order_and_any_repetition_end_alike(stage: Stage, actors: Actors) -> None:
    for number, order in enumerate(permutations(range(3))):
        street = Street(stage, f"HH-{number}")
        news = [stage.enveloped(event) for event in (street.asked(), street.gave(), street.paid("500.00"))]
        for index in (*order, order[0]):
            assert await stage.give(news[index]) == []
        [case] = await cases(actors.clerk, household_code=f"HH-{number}")
        kept = await file_of(actors.clerk, case)
        assert len(kept["measures"]) == 1
        assert sorted((one["form"], one["amount"]) for one in kept["ledger"]) == [
            ("goods", None),
            ("money", "500.00"),
        ]


async def test_the_same_gift_under_another_event_counts_once(stage: Stage, actors: Actors) -> None:
    street = Street(stage)
    gift = street.gave()
    assert await stage.give(stage.enveloped(gift), stage.enveloped(gift)) == []
    [case] = await cases(actors.clerk)
    assert len((await file_of(actors.clerk, case))["ledger"]) == 1


async def test_money_is_for_those_who_lead_cases_and_every_reading_is_logged(
    stage: Stage, actors: Actors
) -> None:
    street = Street(stage)
    assert await stage.give(street.asked(), street.paid("500.00")) == []
    [case] = await cases(actors.worker)
    assert (await file_of(actors.worker, case))["ledger"][0]["amount"] is None
    assert (await file_of(actors.clerk, case))["ledger"][0]["amount"] == "500.00"
    async with stage.runtime.database.reading() as session:
        log = await session.execute(text("SELECT reader, subject, reason FROM read_log ORDER BY id"))
        rows = [tuple(row) for row in log]
        kept = await session.scalar(text("SELECT amount FROM case_ledger"))
    assert rows == [
        (f"{GRID}:full_time_worker", f"case:{case['id']}", WHY["reason"]),
        (f"{COMMUNITY}:clerk", f"case:{case['id']}", WHY["reason"]),
    ]
    assert b"500" not in bytes(kept or b"")


async def test_an_amount_without_its_key_waits_for_it(tables: Tables, clock: FakeClock) -> None:
    url = await tables(PLAN.service.metadata)
    async with staged(PLAN, ROUTERS, database_url=url, clock=clock, anew=False) as keyless:
        failures = await keyless.give(Street(keyless).paid("500.00"))
        assert [failure.poison for failure in failures] == [False]
        assert "relief_private_key" in failures[0].reason


@pytest.mark.parametrize(
    "changes",
    [{"type": EscalationType.handover}, {"type": EscalationType.whistle}],
)
async def test_what_asks_for_no_relief_opens_no_case(
    stage: Stage, actors: Actors, changes: dict[str, Any]
) -> None:
    assert await stage.give(Street(stage).asked(**changes), Street(stage, None).asked()) == []
    assert await stage.give(Street(stage, None).gave()) == []
    assert await cases(actors.clerk) == []


def opening(**changes: Any) -> dict[str, Any]:
    return {"household_code": "HH-9", "area_code": GRID, "opened_for": "dialysis", **changes}


def plan(**changes: Any) -> dict[str, Any]:
    measure = {"kind": "policy", "what": "医疗救助", "who": "民政所", "amount": "1200.50"}
    return {"goal": "稳定治疗", "lead": f"{COMMUNITY}:clerk", "measures": [measure], **changes}


async def opened(actors: Actors, **changes: Any) -> dict[str, Any]:
    answer = await actors.clerk.post("/cases", json=opening(**changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_case_is_opened_planned_worked_on_and_closed(stage: Stage, actors: Actors) -> None:
    case = await opened(actors)
    path = f"/cases/{case['id']}"
    early = await actors.clerk.post(f"{path}/activate")
    assert (early.status_code, early.json()["allowed"]) == (409, ["close", "give", "plan", "transfer"])
    assert (await actors.clerk.put(f"{path}/plan", json=plan(measures=[]))).json()["state"] == "planned"
    empty = await actors.clerk.post(f"{path}/activate")
    assert (empty.status_code, empty.json()["type"]) == (409, "urn:sanlian:problem:plan-incomplete")
    await actors.clerk.put(f"{path}/plan", json=plan())
    assert (await actors.clerk.post(f"{path}/activate")).json()["state"] == "active"
    [measure] = (await file_of(actors.clerk, case))["measures"]
    assert (measure["what"], measure["amount"]) == ("医疗救助", "1200.50")
    kept = {**measure, "state": "done"}
    more = {"kind": "party_member", "what": "每周走访", "who": "网格党支部"}
    changed = await actors.clerk.put(f"{path}/plan", json=plan(measures=[kept, more]))
    assert changed.json()["state"] == "active"
    await actors.clerk.put(f"{path}/plan", json=plan(measures=[]))
    assert [one["state"] for one in (await file_of(actors.clerk, case))["measures"]] == ["done", "dropped"]
    ended = await actors.clerk.post(f"{path}/close", json={"reason": "recovered"})
    assert (ended.json()["state"], ended.json()["commands"]) == ("completed", [])
    assert (await opened(actors))["id"] != case["id"]


async def test_what_staff_saw_given_is_added_and_nothing_is_taken_away(stage: Stage, actors: Actors) -> None:
    case = await opened(actors)
    path, now = f"/cases/{case['id']}", stage.clock.now()
    gift = {"office": "海通证券", "form": "goods", "given_at": now.isoformat(), "goods": list(QUILTS)}
    assert (await actors.worker.post(f"{path}/give", json=gift)).status_code == 200
    later = {**gift, "given_at": (now + timedelta(minutes=1)).isoformat()}
    wrong = (
        later,
        {**gift, "amount": "1.00"},
        {**gift, "goods": []},
        {**gift, "form": "money", "goods": []},
        {**gift, "measure_id": str(uuid4())},
        {**gift, "office": "x" * 65},
        {**gift, "office": "a\u0000b"},
        {**gift, "goods": [{"what": "x", "quantity": 0}]},
    )
    for body in wrong:
        assert (await actors.worker.post(f"{path}/give", json=body)).status_code == 422, body
    assert len((await file_of(actors.worker, case))["ledger"]) == 1
    for method in ("PUT", "PATCH", "DELETE"):
        assert (await actors.clerk.request(method, f"{path}/give", json=gift)).status_code == 405


async def test_the_database_itself_keeps_the_ledger(stage: Stage, actors: Actors) -> None:
    assert await stage.give(Street(stage).gave()) == []
    for statement in ("DELETE FROM case_ledger", "UPDATE case_ledger SET office = 'somebody else'"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with stage.runtime.database.transaction() as session:
                await session.execute(text(statement))
    [case] = await cases(actors.clerk)
    assert [one["office"] for one in (await file_of(actors.clerk, case))["ledger"]] == ["街道妇联"]


async def test_a_household_has_one_open_case_however_many_open_it(stage: Stage, actors: Actors) -> None:
    answers = await asyncio.gather(*(actors.clerk.post("/cases", json=opening()) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert len(await cases(actors.clerk)) == 1


async def test_cases_are_for_staff_of_the_area(stage: Stage, actors: Actors) -> None:
    case, other = await opened(actors), await opened(actors, household_code="HH-8", area_code=OTHER_GRID)
    unit = await actors.unit()
    assert [one["id"] for one in await cases(actors.worker)] == [case["id"]]
    for by, status in ((unit, 403), (actors.nobody, 401)):
        assert (await by.get("/cases")).status_code == status
        assert (await by.post(f"/cases/{case['id']}/file", json=WHY)).status_code == status
    assert (await actors.worker.get(f"/cases/{other['id']}")).status_code == 403
    assert (await actors.worker.post(f"/cases/{other['id']}/file", json=WHY)).status_code == 403
    assert (await actors.worker.put(f"/cases/{case['id']}/plan", json=plan())).status_code == 403
    assert (await actors.clerk.get(f"/cases/{uuid4()}")).status_code == 404
    async with stage.client(Role.STREET_OFFICER, areas=(COMMUNITY[:9],), subject="o-1") as officer:
        assert (await officer.get("/cases")).status_code == 403


async def test_what_is_wrong_with_a_case_or_a_plan_is_refused(stage: Stage, actors: Actors) -> None:
    case = await opened(actors)
    path = f"/cases/{case['id']}"
    for body in (
        opening(household_code="HH 9"),
        opening(household_code="x" * 65),
        opening(area_code="62"),
        opening(opened_for="Why Not"),
        {},
    ):
        assert (await actors.clerk.post("/cases", json=body)).status_code == 422, body
    foreign = {"id": str(uuid4()), "kind": "social", "what": "x", "who": "y"}
    backwards = {**foreign, "id": None, "starts_on": "2027-03-02", "ends_on": "2027-03-01"}
    for body in (plan(measures=[foreign]), plan(measures=[backwards]), plan(goal=""), plan(lead="a\u0000")):
        assert (await actors.clerk.put(f"{path}/plan", json=body)).status_code == 422, body
    stale = await actors.clerk.put(f"{path}/plan", json=plan(), headers={"If-Match": '"9"'})
    keyed = await actors.clerk.post(f"{path}/file", json=WHY, headers={"Idempotency-Key": '"k"'})
    mute = await actors.clerk.post(f"{path}/file", json={"reason": "  "})
    assert [answer.status_code for answer in (stale, keyed, mute)] == [412, 422, 422]
    assert (await cases(actors.clerk))[0]["version"] == 1


async def test_the_cases_of_a_month_are_counted_once_when_it_is_over(stage: Stage, actors: Actors) -> None:
    case = await opened(actors)
    await opened(actors, household_code="HH-8", opened_for="relief_request")
    await actors.clerk.put(f"/cases/{case['id']}/plan", json=plan())
    await actors.clerk.post(f"/cases/{case['id']}/activate")
    await actors.clerk.post(f"/cases/{case['id']}/review", json={"reason": "quarter"})
    await stage.emitted()
    for moment in ("2027-03-31T23:00:00+08:00", "2027-04-01T00:01:00+08:00", "2027-04-20T00:00:00+08:00"):
        stage.clock.set(datetime.fromisoformat(moment))
        for _ in range(2):
            async with stage.host.work() as work:
                await count_last_month(work)
    february, march = await stage.emitted()
    assert isinstance(february, CasesCounted)
    assert isinstance(march, CasesCounted)
    assert [event.case_count.month.isoformat() for event in (february, march)] == ["2027-02-01", "2027-03-01"]
    assert [one.model_dump() for one in march.programmes] == [
        {"programme": "dialysis", "active": 1, "reviewed": 1},
        {"programme": "relief_request", "active": 1, "reviewed": 0},
    ]


async def test_a_case_that_ended_long_ago_keeps_what_was_done_and_forgets_for_whom(
    stage: Stage, actors: Actors
) -> None:
    case, lasting = await opened(actors), await opened(actors, household_code="HH-8")
    path, now = f"/cases/{case['id']}", stage.clock.now()
    await actors.clerk.put(f"{path}/plan", json=plan())
    gift = {"office": "海通证券", "form": "money", "given_at": now.isoformat(), "amount": "300.00"}
    await actors.clerk.post(f"{path}/give", json=gift)
    await actors.clerk.post(f"{path}/close", json={"reason": "recovered", "note": "王女士已康复"})
    for days in (366, 1):
        async with stage.host.work() as work:
            await forget_old_cases(work)
        assert (await actors.clerk.get(path)).json()["household_code"] == "HH-9"
        stage.clock.advance(timedelta(days=days))
    for _ in range(2):
        async with stage.host.work() as work:
            await forget_old_cases(work)
    kept = await file_of(actors.clerk, case)
    assert kept["household_code"] == f"forgotten:{case['id']}"
    assert (kept["goal"], kept["lead"], kept["measures"][0]["what"]) == (None, None, "")
    assert [(one["office"], one["amount"]) for one in kept["ledger"]] == [("海通证券", None)]
    assert (await actors.clerk.get(f"/cases/{lasting['id']}")).json()["household_code"] == "HH-8"
    async with stage.runtime.database.reading() as session:
        notes = await session.scalars(text("SELECT note FROM history WHERE note IS NOT NULL"))
        assert list(notes) == []
