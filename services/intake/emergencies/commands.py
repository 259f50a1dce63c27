"""Telling the street of an emergency: at once when it is accepted, and again as it goes on."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.intake.catalogue import Category
from services.intake.emergencies.bodies import EmergencyIn, EmergencyReportIn
from services.intake.emergencies.models import EmergencyReport
from services.intake.escalations.clocks import set_timer, start_clocks
from services.intake.escalations.models import Escalation
from services.intake.escalations.record import about, snapshot_of
from services.intake.escalations.rules import STREET_LEVEL
from services.intake.issues.clocks import Clocks
from services.intake.issues.models import Issue
from services.intake.issues.record import NOTHING, Note, actor_of, locked, move, permit_concerned, read_issue
from shared.errors import FieldError, Invalid, Refused
from shared.events.intake import (
    Dossier,
    EmergencyReportFiled,
    EmergencyStage,
    EscalationSent,
    EscalationState,
    EscalationType,
    IssueSnapshot,
    Urgency,
)
from shared.service import Work


class NotAnEmergency(Refused):
    """Emergency reports are for issues of urgency U0 that are ours."""

    type, title = "not-an-emergency", "The issue is no accepted emergency"


class ReportsEnded(Refused):
    """The final report has been filed."""

    type, title = "emergency-reports-ended", "The emergency was reported to its end"


def raise_alarm(
    work: Work, issue: IssueSnapshot, category: Category, emergency: EmergencyIn | None, *, no: int = 1
) -> None:
    """File the first report and send the street its information copy; the issue stays where it is.

    `issue` is the snapshot of its own step, one version after the acceptance; `no` counts its reports.
    """
    told = emergency or EmergencyIn()
    report = EmergencyReportIn(**told.model_dump(), stage=EmergencyStage.first)
    _store(work, issue, report, no)
    dossier = Dossier(
        facts="; ".join(
            filter(None, (f"{category.zh} ({category.code})", told.place, told.damage, told.trend))
        ),
        tried=tuple(filter(None, (told.called, told.actions))),
        ask="for information; to take the lead where the law says so",
    )
    notice = Escalation(
        id=uuid7(),
        version=1,
        **about(issue),
        type=EscalationType.emergency_notice,
        state=EscalationState.sent,
        to_level=category.notice_level or STREET_LEVEL,
        target=issue.street_code,
        returns=0,
        dossier=dossier.model_dump(mode="json"),
        criteria=[],
        requested_by=actor_of(work)[0],
        requested_at=work.now,
    )
    start_clocks(work, notice)
    work.session.add(notice)
    work.emit(EscalationSent(escalation=snapshot_of(notice), dossier=dossier))


async def raise_alarm_late(
    work: Work, issue: Issue, category: Category, emergency: EmergencyIn | None
) -> None:
    """Do the same for what turns out to be an emergency later on, maybe for the second time."""
    last = await _last_report(work, issue)
    no = 1 if last is None else last.no + 1
    raise_alarm(work, next_step(work, issue), category, emergency, no=no)


async def call_off(work: Work, issue: Issue) -> None:
    """Let the street wait for no further report: it turned out to be no emergency. The issue is locked."""
    for notice in await _notices(work, issue):
        notice.due_report = None
        set_timer(work, notice, issue)


async def file_report(work: Work, issue_id: UUID, body: EmergencyReportIn) -> EmergencyReport:
    """File the next report. Raises `NotAnEmergency`, `ReportsEnded`, `Invalid` for a stage out of turn."""
    issue = await locked(work, issue_id)
    permit_concerned(work, issue)
    work.expect(issue.version)
    if issue.urgency != Urgency.U0 or issue.accepted_at is None:
        raise NotAnEmergency(f"the issue is {issue.state}, its urgency {issue.urgency or 'not known'}")
    last = await _last_report(work, issue)
    if last is not None and last.stage == EmergencyStage.final:
        raise ReportsEnded(f"report {last.no} was the final one")
    if (body.stage == EmergencyStage.first) != (last is None):
        message = "the first report has been filed" if last else "the first report must come first"
        raise Invalid(message, fields=[FieldError("stage", message)])
    no = 1 if last is None else last.no + 1
    await _expect_next(work, issue, body.stage)
    note = Note(data={"report_no": no, "stage": body.stage})
    return _store(work, move(work, issue, "report-emergency", issue.state, note), body, no)


def next_step(work: Work, issue: Issue) -> IssueSnapshot:
    """The step of the issue under which its first report stands."""
    return move(work, issue, "report-emergency", issue.state, NOTHING)


async def _expect_next(work: Work, issue: Issue, stage: EmergencyStage) -> None:
    """Let the clock of the reports begin anew, or end; it stands with the information copy of the street."""
    pause = timedelta(minutes=work.part(Clocks).rules.emergency.follow_up_minutes)
    for notice in (await _notices(work, issue))[-1:]:
        notice.due_report = None if stage is EmergencyStage.final else work.now + pause
        set_timer(work, notice, issue)


async def _notices(work: Work, issue: Issue) -> Sequence[Escalation]:
    """The information copies of the street, locked, in the order in which they were sent."""
    query = select(Escalation).where(
        Escalation.issue_id == issue.id, Escalation.type == EscalationType.emergency_notice
    )
    return (await work.session.scalars(query.order_by(Escalation.id).with_for_update())).all()


async def _last_report(work: Work, issue: Issue) -> EmergencyReport | None:
    query = select(EmergencyReport).where(EmergencyReport.issue_id == issue.id)
    return await work.session.scalar(query.order_by(EmergencyReport.no.desc()).limit(1))


def _store(work: Work, issue: IssueSnapshot, body: EmergencyReportIn, no: int) -> EmergencyReport:
    actor, _ = actor_of(work)
    said = body.model_dump()
    report = EmergencyReport(issue_id=issue.id, no=no, filed_by=actor, filed_at=work.now, **said)
    work.session.add(report)
    work.emit(EmergencyReportFiled(issue=issue, report_no=no, **said))
    return report


async def list_reports(work: Work, issue_id: UUID) -> Sequence[EmergencyReport]:
    """The reports filed so far, in their order. Raises `Absent`, `Forbidden`."""
    await read_issue(work, issue_id)
    query = select(EmergencyReport).where(EmergencyReport.issue_id == issue_id).order_by(EmergencyReport.no)
    return (await work.session.scalars(query)).all()
