"""Settling a dispute: voluntary, told of one's rights, agreed on, performed in its parts, looked at again."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from services.intake.mediation.models import Party
from services.intake.mediation.rules import MOVES, allowed
from services.intake.models import READ_LOG
from shared.events.intake import MediationState
from shared.testing import Stage
from tests.intake.people import People, kinds, located, proposed
from tests.intake.test_guards import refused_as

TENANT, LANDLORD = "孙租客", "钱房东"
OPENING: dict[str, Any] = {
    "rights_told": True,
    "parties": [
        {"side": "applicant", "name": TENANT, "phone": "13912345678"},
        {"side": "respondent", "name": LANDLORD},
    ],
}
# A deposit of 28,000 yuan, paid in two halves.
HALF = 1_400_000
DUTIES = [{"due_on": "2026-03-10", "amount_fen": HALF}, {"due_on": "2026-03-20", "amount_fen": HALF}]
BODIES: dict[str, dict[str, Any]] = {
    "consent": {"party": 1, "agrees": True},
    "find-facts": {"facts": "the deposit was paid, the flat was left in order"},
    "hold-session": {"held_at": "2026-03-05T02:00:00Z"},
    "prolong": {"until": "2026-04-20T02:00:00Z", "all_agree": True},
    "sign": {
        "terms": "28000 yuan in two halves, in cash, at the office",
        "instalments": DUTIES,
        "signed_by": [1, 2],
    },
    "confirm": {"asked_on": "2026-03-05", "confirmed_on": "2026-03-05"},
    "perform": {"instalment": 1, "on": "2026-03-05", "paid_fen": HALF},
    "follow-up": {"holds": True},
    "fail": {"reason_code": "no_agreement", "rights_told": True},
    "breach": {"reason_code": "not_paid", "rights_told": True},
}
# How one comes into each state.
Steps = tuple[tuple[str, dict[str, Any]], ...]
AGREED: Steps = (("consent", {}), ("consent", {"party": 2}))
MET: Steps = (*AGREED, ("find-facts", {}), ("hold-session", {}))
PAID: Steps = (*MET, ("sign", {}), ("perform", {}), ("perform", {"instalment": 2}))
ROADS: dict[MediationState, Steps] = {
    MediationState.consent_asked: (),
    MediationState.both_agreed: AGREED,
    MediationState.refused_by_party: (("consent", {"agrees": False}),),
    MediationState.fact_finding: (*AGREED, ("find-facts", {})),
    MediationState.session: MET,
    MediationState.failed: (*MET, ("fail", {})),
    MediationState.performance_due: (*MET, ("sign", {})),
    MediationState.performed: PAID,
    MediationState.breached: (*PAID, ("breach", {})),
}


async def dispute(people: People) -> dict[str, Any]:
    """A deposit that is not paid back, with the worker at work on it."""
    issue = await people.report()
    await people.tell("accept", issue, people.clerk, category="0202")
    await people.stage.give(located(issue), proposed(issue))
    assert (await people.tell("start", issue, people.worker)).is_success
    return issue


async def opened(people: People, issue: dict[str, Any]) -> dict[str, Any]:
    answer = await people.worker.post(f"/issues/{issue['id']}/mediations", json=OPENING)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def take(people: People, mediation: dict[str, Any], command: str, **said: Any) -> httpx.Response:
    path = f"/mediations/{mediation['id']}/{command}"
    return await people.worker.post(path, json={**BODIES[command], **said})


async def brought(people: People, mediation: dict[str, Any], state: MediationState) -> None:
    for command, said in ROADS[state]:
        answer = await take(people, mediation, command, **said)
        assert answer.is_success, (command, answer.text)


async def test_a_deposit_is_paid_back_in_two_halves_and_the_matter_closes_in_the_grid(
    stage: Stage, people: People
) -> None:
    issue = await dispute(people)
    await stage.emitted()
    mediation = await opened(people, issue)
    await brought(people, mediation, MediationState.performance_due)
    stage.clock.advance(timedelta(days=5))
    await people.add_photo(issue)
    half = (await take(people, mediation, "perform", on="2026-03-10")).json()
    assert (half["state"], half["instalments"][0]["performed_on"]) == ("performance_due", "2026-03-10")
    assert refused_as(await people.tell("resolve", issue, people.worker), "parts-open")
    paid = (await take(people, mediation, "perform", instalment=2)).json()
    assert (paid["state"], len(paid["follow_ups"])) == ("performed", 2)
    assert refused_as(await take(people, mediation, "follow-up"), "too-early")
    stage.clock.advance(timedelta(days=7))
    assert (await take(people, mediation, "follow-up")).json()["state"] == "follow_up_ok"
    told = [one for one in await stage.emitted() if one.about == "mediation"]
    assert kinds(told) == [
        "MediationOpened", *["MediationProgressed"] * 4, "MediationAgreed", *["MediationProgressed"] * 2,
        "MediationPerformed", "MediationEnded",
    ]  # fmt: skip
    assert [one.snapshot.version for one in told] == list(range(1, len(told) + 1))
    for command, who in (("resolve", people.worker), ("verify", people.leader), ("call-back", people.clerk)):
        assert (await people.tell(command, issue, who)).is_success
    after = await people.look(issue)
    assert (after["state"], after["max_level"]) == ("closed", 1)
    # The second look, after thirty days, is taken though the matter is closed.
    stage.clock.advance(timedelta(days=23))
    assert (await take(people, mediation, "follow-up")).json()["state"] == "follow_up_ok"
    assert (await take(people, mediation, "follow-up")).status_code == 404


async def test_a_landlord_who_refuses_ends_it_and_the_tenant_is_told_of_the_court(
    stage: Stage, people: People
) -> None:
    issue = await dispute(people)
    mediation = await opened(people, issue)
    ended = (await take(people, mediation, "consent", party=2, agrees=False)).json()
    assert (ended["state"], ended["commands"]) == ("refused_by_party", [])
    assert set(ended["rights"]) == {"zh", "en"}
    seen = (await people.nobody.get(f"/track/{issue['no']}", params={"code": issue["track_code"]})).json()
    assert seen["steps"][-1]["said"] == " ".join(ended["rights"].values())
    # The issue is free to be handed up, or mediated once more.
    again = await opened(people, issue)
    assert again["no"] == 2
    await brought(people, again, MediationState.failed)
    said = {"criteria": ["mediation_failed"], "to_level": 2}
    assert (await people.tell("escalate", issue, people.worker, **said)).status_code == 201


@pytest.mark.parametrize("state", sorted(ROADS))
async def test_each_command_of_a_mediation_is_legal_in_its_states_only(
    people: People, state: MediationState
) -> None:
    mediation = await opened(people, await dispute(people))
    await brought(people, mediation, state)
    found = (await people.worker.get(f"/mediations/{mediation['id']}")).json()
    assert (found["state"], found["commands"]) == (state, list(allowed(state)))
    for command in set(MOVES) - set(allowed(state)):
        answer = await take(people, mediation, command)
        assert refused_as(answer, "illegal-transition"), (state, command)
        assert answer.json()["allowed"] == list(allowed(state))


async def test_who_is_at_odds_leaves_only_by_a_logged_reading(stage: Stage, people: People) -> None:
    mediation = await opened(people, await dispute(people))
    await brought(people, mediation, MediationState.performance_due)
    path = f"/mediations/{mediation['id']}"
    shown = (await people.clerk.get(path)).text
    assert TENANT not in shown
    assert "28000" not in shown
    assert (await people.clerk.post(f"{path}/file", json={"reason": "?"})).status_code == 422
    keyed = {"Idempotency-Key": "one-reading"}
    said = {"reason": "the tenant asks for a copy"}
    assert (await people.clerk.post(f"{path}/file", json=said, headers=keyed)).status_code == 422
    file = (await people.worker.post(f"{path}/file", json=said)).json()
    assert [party["name"] for party in file["parties"]] == [TENANT, LANDLORD]
    assert "2345" not in file["parties"][0]["phone"]
    whole = (await people.clerk.post(f"{path}/file", json=said)).json()
    assert whole["parties"][0]["phone"].endswith("13912345678")
    async with stage.host.look() as work:
        subjects = list(await work.session.scalars(select(READ_LOG.c.subject)))
        parties = list(await work.session.scalars(select(Party)))
    assert subjects == [f"mediation:{mediation['id']}"] * 2
    assert all(party.signed and party.agrees for party in parties)


async def test_only_a_dispute_at_work_is_mediated_and_once_at_a_time(people: People) -> None:
    lamp = await people.issue("in_progress")
    path = f"/issues/{lamp['id']}/mediations"
    assert refused_as(await people.worker.post(path, json=OPENING), "not-a-dispute")
    waiting = await people.report()
    answer = await people.clerk.post(f"/issues/{waiting['id']}/mediations", json=OPENING)
    assert refused_as(answer, "illegal-transition")
    issue = await dispute(people)
    path = f"/issues/{issue['id']}/mediations"
    assert (await people.other_worker.post(path, json=OPENING)).status_code == 403
    assert (await people.resident.post(path, json=OPENING)).status_code == 403
    one_sided = [OPENING["parties"][0]] * 2
    wrongs: tuple[dict[str, Any], ...] = ({"rights_told": False}, {"parties": one_sided}, {"parties": []})
    for wrong in wrongs:
        assert (await people.worker.post(path, json={**OPENING, **wrong})).status_code == 422
    await opened(people, issue)
    assert refused_as(await people.worker.post(path, json=OPENING), "mediation-under-way")
    assert [one["no"] for one in (await people.clerk.get(path)).json()] == [1]


async def test_an_agreement_needs_all_signatures_and_days_that_lie_ahead(people: People) -> None:
    mediation = await opened(people, await dispute(people))
    await brought(people, mediation, MediationState.session)
    assert refused_as(await take(people, mediation, "sign", signed_by=[1, 1]), "signatures-missing")
    past: list[dict[str, Any]] = [{"due_on": "2026-03-04", "amount_fen": 1}]
    wrongs: tuple[dict[str, Any], ...] = (
        {"instalments": past},
        {"instalments": []},
        {"instalments": [{**past[0], "amount_fen": 0}]},
    )
    for wrong in wrongs:
        assert (await take(people, mediation, "sign", **wrong)).status_code == 422
    ahead = await take(people, mediation, "hold-session", held_at="2026-03-06T02:00:00Z")
    assert ahead.json()["errors"][0]["field"] == "held_at"


async def test_a_sum_is_performed_when_all_of_it_was_paid(people: People) -> None:
    mediation = await opened(people, await dispute(people))
    await brought(people, mediation, MediationState.session)
    work: list[dict[str, Any]] = [DUTIES[0], {"due_on": "2026-03-06"}]
    await take(people, mediation, "sign", instalments=work)
    for wrong in ({"paid_fen": HALF + 1}, {"paid_fen": None}, {"on": "2026-03-06"}):
        assert (await take(people, mediation, "perform", **wrong)).status_code == 422
    assert (await take(people, mediation, "perform", instalment=3)).status_code == 404
    part = (await take(people, mediation, "perform", paid_fen=HALF - 1)).json()
    assert part["instalments"][0]["performed_on"] is None
    assert (await take(people, mediation, "perform", paid_fen=1)).json()["state"] == "performance_due"
    assert (await take(people, mediation, "perform", instalment=2)).status_code == 422
    done = (await take(people, mediation, "perform", instalment=2, paid_fen=None)).json()
    assert done["state"] == "performed"


async def test_peace_that_does_not_hold_is_a_breach_of_which_the_parties_hear(
    stage: Stage, people: People
) -> None:
    mediation = await opened(people, await dispute(people))
    await brought(people, mediation, MediationState.performed)
    assert (await take(people, mediation, "follow-up", holds=False)).status_code == 422
    await stage.emitted()
    broken = (await take(people, mediation, "follow-up", holds=False, rights_told=True)).json()
    assert broken["state"] == "breached"
    told: Any = await stage.emitted()
    assert (kinds(told), told[0].reason_code) == (["MediationEnded"], "did_not_hold")


async def test_a_court_confirms_what_both_asked_it_to_within_thirty_days(
    stage: Stage, people: People
) -> None:
    mediation = await opened(people, await dispute(people))
    await brought(people, mediation, MediationState.performance_due)
    stage.clock.advance(timedelta(days=40))
    for asked_on, confirmed_on in (
        ("2026-04-05", "2026-04-10"),
        ("2026-03-20", "2026-04-15"),
        ("2026-03-20", "2026-03-19"),
    ):
        answer = await take(people, mediation, "confirm", asked_on=asked_on, confirmed_on=confirmed_on)
        assert answer.status_code == 422
    answer = await take(people, mediation, "confirm", asked_on="2026-04-04", confirmed_on="2026-04-14")
    assert answer.json()["confirmed_on"] == "2026-04-14"


async def test_a_mediation_takes_a_month_and_another_one_where_all_agree(people: People) -> None:
    mediation = await opened(people, await dispute(people))
    await brought(people, mediation, MediationState.session)
    assert mediation["due_at"] == "2026-04-04T02:00:00Z"
    assert (await take(people, mediation, "prolong", until="2026-05-04T02:00:01Z")).status_code == 422
    longer = (await take(people, mediation, "prolong")).json()
    assert (longer["due_at"], longer["state"]) == ("2026-04-20T02:00:00Z", "session")
    assert (await take(people, mediation, "prolong", until="2026-04-25T02:00:00Z")).status_code == 422


async def test_a_dispute_that_is_taken_back_is_mediated_no_longer(stage: Stage, people: People) -> None:
    issue = await dispute(people)
    mediation = await opened(people, issue)
    await stage.emitted()
    await people.tell("withdraw", issue, people.resident)
    assert kinds(await stage.emitted()) == ["MediationEnded", "IssueWithdrawn"]
    assert refused_as(await take(people, mediation, "consent"), "illegal-transition")
    unknown = {"id": "00000000-0000-7000-8000-000000000000"}
    assert (await take(people, unknown, "consent")).status_code == 404
    assert (await people.worker.get(f"/mediations/{unknown['id']}")).status_code == 404
