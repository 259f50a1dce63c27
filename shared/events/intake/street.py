"""What followed from the words of a street office: on an escalation, on an issue, or as a new issue."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.events.intake.escalations import EscalationEvent
from shared.events.intake.issues import IssueEvent
from shared.events.notify import ReliefGoods


class EscalationDepartmentAssigned(EscalationEvent, type="intake.escalation.department_assigned.v1"):
    """The street gave the escalation to one of its departments."""

    unit: str
    due: datetime | None


class EscalationCheckedIn(EscalationEvent, type="intake.escalation.checked_in.v1"):
    """A unit that was called by a whistle has come; `late` says that its time was over."""

    unit: str
    at: datetime
    late: bool


class EscalationReliefGiven(EscalationEvent, type="intake.escalation.relief_given.v1"):
    """Relief was given to a household, once for each `relief_id`; the amount is sealed for partners alone."""

    relief_id: UUID
    household_code: str | None
    office: str
    given_at: datetime
    form: Literal["money", "goods", "referral"]
    goods: tuple[ReliefGoods, ...] = ()
    amount_sealed: str | None = None


class IssueSupervised(IssueEvent, type="intake.issue.supervised.v1"):
    """The street put the issue under its supervision (督办): `grade` 1 is the mildest, 3 the strictest."""

    grade: int
    due: datetime
    by: str


class IssueReminded(IssueEvent, type="intake.issue.reminded.v1"):
    """The street asks for haste (催办)."""

    by: str


class IssueEvaluated(IssueEvent, type="intake.issue.evaluated.v1"):
    """The street judged how the issue was dealt with: `score` is 1 to 5."""

    score: int
    by: str


class IssueDispatched(IssueEvent, type="intake.issue.dispatched.v1"):
    """A matter of the street is here as this issue; what is `off_list` is not for grid workers."""

    street_no: str
    reporter_ref: str | None
    off_list: bool
