"""Scenario 9, 租房押金, in its two ways: paid back in two halves, or refused and handed up to 司法所."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from sanlian.demo.loop import PHOTO
from sanlian.demo.people import CLERK, COMMUNITY, RESIDENT, SECOND_CLERK, SECRETARY, Person
from shared.auth import Role
from shared.clock import local_date
from tests.chaos.story import ISSUES, UPLOAD, Ask, Story, call, get, in_state, post, wait

# 段家滩小学旁林勘院家属院 lies in the second grid.
GRID = f"{COMMUNITY}002"
MEMBER = Person(
    f"{GRID}:party_branch_secretary", Role.GRID_WORKER, GRID, "网格党员", "party member, 2nd grid"
)
LEADER = Person(f"{GRID}:grid_leader", Role.GRID_LEADER, GRID, "第二网格网格长", "leader, second grid")
# 28,000 yuan in two halves, in fen.
HALF = 1_400_000
RIGHTS = {"rights_told": True}
PARTIES = [
    {"side": "applicant", "name": "孙租客", "phone": "13912345678"},
    {"side": "respondent", "name": "钱房东"},
]


def tell_deposit(name: str, *, now: datetime) -> Story:
    """Both agree, one session settles it, both halves are paid, and after a week and a month it holds."""
    path = yield from _taken_up(name)
    yield wait(hours=20)
    yield post(MEMBER, f"{path}/start", {})
    mediation = yield from _agreed_to(path)
    yield wait(hours=28)
    yield post(MEMBER, f"{mediation}/hold-session", {"held_at": (now + timedelta(hours=47)).isoformat()})
    yield from _given_time(path, now)
    yield from _paid_in_halves(mediation, now)
    yield wait(days=7, minutes=1)
    yield post(MEMBER, f"{mediation}/follow-up", {"holds": True})
    yield from _struck_off(path)
    yield wait(days=23)
    yield post(MEMBER, f"{mediation}/follow-up", {"holds": True})
    return {"issue": (yield get(CLERK, path)), "mediation": (yield get(CLERK, mediation))}


def tell_refusal(name: str, *, now: datetime) -> Story:
    """The landlord does not pay: handed up twice, handed back once, and 司法所 answers through the street."""
    path = yield from _taken_up(name)
    yield post(MEMBER, f"{path}/start", {})
    mediation = yield from _agreed_to(path)
    begun = yield get(MEMBER, mediation)
    yield post(MEMBER, f"{mediation}/hold-session", {"held_at": begun["started_at"]})
    failed = {"reason_code": "landlord_refuses", **RIGHTS}
    yield post(MEMBER, f"{mediation}/fail", failed)
    yield from _taken_by_community(path)
    before = yield get(CLERK, path)
    first = yield from _hand_up(path)
    yield call("escalation.return", {**first, "reason_code": "incomplete", "text": "缺少租赁合同"})
    back = yield get(CLERK, path, until=in_state("in_progress"))
    second = yield from _hand_up(path)
    yield call("escalation.ack", {**second, "street_no": "GXD-0009"})
    # What overtakes an acknowledgement is told before it; here each word waits for the one before.
    above = f"/intake/v1/escalations/{second['escalation_id']}"
    yield get(CLERK, above, until=in_state("acknowledged"))
    answer = {"outcome": "legal_aid", "text": "司法所已受理,告知双方可以向人民法院起诉。"}
    yield call("escalation.reply", {**second, **answer})
    yield get(CLERK, path, until=in_state("resolved"))
    yield post(LEADER, f"{path}/verify", {})
    yield post(SECOND_CLERK, f"{path}/call-back", {"reached": True, "solved": True, "rating": 4})
    told = {"before": before, "back": back, "issue": (yield get(CLERK, path))}
    told["mediation"] = yield get(CLERK, mediation)
    told["timeline"] = yield get(RESIDENT, f"{path}/timeline")
    told["escalations"] = yield get(CLERK, "/intake/v1/escalations", {"issue_id": before["id"]})
    return told


def _taken_up(name: str) -> Generator[Ask, Any, str]:
    """A tenant reports, the office accepts, and the grid's leader names the party member; the path of it."""
    text = "退租两周,房东不退押金。"
    report = {"title": f"租房押金 {name}", "text": text, "location": {"compound": "林勘院家属院"}}
    issue = yield post(RESIDENT, ISSUES, report)
    path = f"{ISSUES}/{issue['id']}"
    yield get(CLERK, path, until=lambda found: found["area_code"].startswith(GRID))
    yield post(CLERK, f"{path}/accept", {"category": "0202"})
    yield get(CLERK, path, until=in_state("assigned"))
    yield post(LEADER, f"{path}/assign", {"person": MEMBER.subject, "unit": GRID})
    return path


def _agreed_to(path: str) -> Generator[Ask, Any, str]:
    """Both are told their rights, and want to be mediated; the path of the mediation."""
    opened = yield post(MEMBER, f"{path}/mediations", {"parties": PARTIES, **RIGHTS})
    mediation = f"/intake/v1/mediations/{opened['id']}"
    for party in (1, 2):
        yield post(MEMBER, f"{mediation}/consent", {"party": party, "agrees": True})
    yield post(MEMBER, f"{mediation}/find-facts", {"facts": "押金收据属实,房屋无损坏。"})
    return mediation


def _given_time(path: str, now: datetime) -> Generator[Ask, Any, None]:
    """A week is too short for what is paid in parts and looked at again after a week."""
    until = (now + timedelta(days=10, hours=11)).isoformat()
    yield post(MEMBER, f"{path}/ask-extension", {"reason_code": "mediation", "until": until})
    yield post(CLERK, f"{path}/decide-extension", {"granted": True})


def _paid_in_halves(mediation: str, now: datetime) -> Generator[Ask, Any, None]:
    second_day, third_day, fourth_day = (local_date(now + timedelta(days=n)).isoformat() for n in (2, 3, 4))
    agreement = {
        "terms": "押金两万八千元,分两次在居委会当面退还。",
        "instalments": [{"due_on": day, "amount_fen": HALF} for day in (third_day, fourth_day)],
        "signed_by": [1, 2],
    }
    yield post(MEMBER, f"{mediation}/sign", agreement)
    yield post(MEMBER, f"{mediation}/perform", {"instalment": 1, "on": second_day, "paid_fen": HALF})
    yield wait(days=1)
    yield post(MEMBER, f"{mediation}/perform", {"instalment": 2, "on": third_day, "paid_fen": HALF})


def _struck_off(path: str) -> Generator[Ask, Any, None]:
    yield Ask(who=MEMBER, method=UPLOAD, path=f"{path}/evidence", body=PHOTO)
    yield post(MEMBER, f"{path}/resolve", {"outcome_code": "settled"})
    yield post(LEADER, f"{path}/verify", {})
    yield post(SECOND_CLERK, f"{path}/call-back", {"reached": True, "solved": True, "rating": 5})


def _taken_by_community(path: str) -> Generator[Ask, Any, None]:
    dossier = {"facts": "房东拒绝退还押金,调解一次未成。", "ask": "请社区出面。"}
    wish = {"to_level": 2, "criteria": ["mediation_failed"], "dossier": dossier}
    escalation = yield post(MEMBER, f"{path}/escalate", wish)
    above = f"/intake/v1/escalations/{escalation['id']}"
    yield post(CLERK, f"{above}/acknowledge", {})
    answer = {"outcome_code": "try_street", "text": "社区也未谈成", "needs_community_action": True}
    yield post(CLERK, f"{above}/reply", answer)


def _hand_up(path: str) -> Generator[Ask, Any, dict[str, str]]:
    """To 司法所 by way of the street; returns what the street needs to name in its answers."""
    dossier = {"facts": "调解未成,当事人愿意走法律途径。", "ask": "请司法所介入。"}
    wish = {"target": "ST-JUST", "criteria": ["other_department"], "dossier": dossier}
    escalation = yield post(SECRETARY, f"{path}/escalate", wish)
    # The street can only answer what it was told.
    subject = {"subject": f"escalation/{escalation['id']}"}
    yield get(SECRETARY, "/notify/v1/messages", subject, until=len)
    return {"escalation_id": escalation["id"], "issue_no": escalation["issue_no"]}
