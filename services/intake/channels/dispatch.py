"""上级交办: orders of the street become issues here, accepted at once and to the date that it set."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson

from services.intake.catalogue import Catalogue
from services.intake.channels.bodies import DispatchIn, OffListIn
from services.intake.channels.off_list import OffList
from services.intake.channels.rules import Channels
from services.intake.channels.sources import note_reporter_ref
from services.intake.issues.acceptance import accept_issue
from services.intake.issues.bodies import AcceptIn, Channel, ReportIn
from services.intake.issues.checks import checked, invalid
from services.intake.issues.models import Issue
from services.intake.issues.record import Note, jot, locked, move
from services.intake.issues.reports import report_issues
from services.intake.issues.rules import OPEN
from services.intake.settings import IntakeSettings
from shared.errors import Forbidden
from shared.events.intake import IssueDispatched
from shared.service import Work


async def take_dispatch(work: Work, body: DispatchIn) -> Issue:
    """Take the order in, flagged where it is off the list of grid work.

    Raises `AlreadyReported` for a number of the street that came before, `Invalid` for a date that is past.
    """
    if body.due <= work.now:
        raise invalid("due", "must lie in the future")
    return await take_in(work, body)


async def take_in(
    work: Work, body: DispatchIn, *, reporter_ref: str | None = None, their_category: str | None = None
) -> Issue:
    """Take in what the door let in, even where its date has passed on the way; raises `AlreadyReported`.

    `reporter_ref` and `their_category` are the street's own words for whom and what it is about.
    """
    work.permit(work.part(IntakeSettings).community)
    channels = work.part(Channels)
    report = checked(
        _report_of(body), work.actor(), work.part(Catalogue), channels, door=Channel.street_dispatch
    )
    (answer,) = await report_issues(work, [(replace(report, certain=False), work.actor())])
    issue = await locked(work, UUID(orjson.loads(answer.body)["id"]))
    issue.off_list = body.category not in channels.dispatch.grid_items
    due = min(body.due, work.now + timedelta(days=channels.dispatch.most_days))
    issue = await accept_issue(work, issue.id, AcceptIn(), due=due)
    await note_reporter_ref(work.session, report.channel, body.street_no, reporter_ref)
    data: dict[str, object] = {
        "street_no": body.street_no,
        "reporter_ref": reporter_ref,
        "their_category": their_category,
    }
    snapshot = move(work, issue, "dispatch", issue.state, Note(data=data))
    work.emit(
        IssueDispatched(
            issue=snapshot,
            street_no=body.street_no,
            reporter_ref=reporter_ref,
            off_list=issue.off_list,
        )
    )
    return issue


def _report_of(body: DispatchIn) -> ReportIn:
    return ReportIn(
        title=body.title,
        text=body.text,
        location=body.location,
        reporter=body.reporter,
        anonymous=body.reporter is None,
        source_ref=body.street_no,
        category=body.category,
        urgency=body.urgency,
    )


async def allow_off_list(work: Work, issue_id: UUID, body: OffListIn) -> Issue:
    """Let grid workers do an urgent matter that is off their list, until a date.

    Raises `Forbidden` for whom the rules do not name, `OffList` where nothing is to be allowed.
    """
    rules = work.part(Channels).dispatch
    issue = await locked(work, issue_id)
    work.permit(issue.area_code)
    work.expect(issue.version)
    if not work.actor().has(*rules.approvers):
        raise Forbidden(f"this needs one of the roles {', '.join(sorted(rules.approvers))}")
    if not issue.off_list or issue.state not in OPEN:
        raise OffList("only an open matter that is off the list can be allowed")
    if issue.urgency not in rules.urgent:
        raise OffList(f"only what is as urgent as {', '.join(sorted(rules.urgent))} can be allowed")
    if not work.now < body.until <= work.now + timedelta(days=rules.approval_days):
        raise invalid("until", f"must lie within the next {rules.approval_days} days")
    issue.off_list_until = body.until
    jot(work, issue, "allow-off-list", Note(text=body.reason, data={"until": body.until.isoformat()}))
    return issue
