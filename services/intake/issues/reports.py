"""Reporting an issue: the hot path. A group of reports is one transaction of array statements, no ORM."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, cast
from uuid import UUID

import orjson
from sqlalchemy import Table
from uuid_utils.compat import uuid7

from services.intake.catalogue import UNSORTED_PRIVACY
from services.intake.channels.sources import AlreadyReported, note_sources
from services.intake.clocks.timetable import first_look
from services.intake.emergencies.commands import raise_alarm
from services.intake.issues import places, tracking
from services.intake.issues.bodies import BeneficiaryIn, ReporterIn
from services.intake.issues.checks import Report
from services.intake.issues.clocks import Clocks, due_accept, due_after_acceptance
from services.intake.issues.models import Issue, Reporter, TimelineEntry
from services.intake.issues.numbers import take_numbers
from services.intake.models import VAULT
from services.intake.settings import IntakeSettings
from shared import bulk
from shared.auth import Caller
from shared.clock import local_date
from shared.events.grid import Colour
from shared.events.intake import IssueAccepted, IssueSnapshot, IssueState, Urgency
from shared.idempotency import Answer
from shared.service import Work
from shared.web import Grouped

ISSUES, REPORTERS, TIMELINE = (cast(Table, model.__table__) for model in (Issue, Reporter, TimelineEntry))
PHONE_INDEX = "intake.reporter.phone"
_ANSWERED = (
    "id", "no", "version", "state", "area_code", "category", "urgency", "level", "colour",
    "reported_at", "due_accept", "due_respond", "due_resolve",
)  # fmt: skip

Row: TypeAlias = dict[str, object]


@dataclass(slots=True)
class _Draft:
    report: Report
    caller: Caller
    row: Row
    code: str


class Reports(Grouped[Report]):
    """Takes the reports that come at the same time in one commit."""

    def __init__(self) -> None:
        super().__init__(report_issues, most=200)


async def report_issues(work: Work, items: Sequence[tuple[Report, Caller]]) -> Sequence[Answer]:
    """Store the reports with their numbers, accept those whose category is certain, and answer each."""
    settings = work.part(IntakeSettings)
    drafts = [_draft(work, settings, report, caller) for report, caller in items]
    await bulk.insert(work.session, REPORTERS, [row for draft in drafts for row in _reporter_rows(draft)])
    await note_sources(work.session, _sources(drafts), work.now)
    await bulk.insert(work.session, TIMELINE, [row for draft in drafts for row in _timeline_rows(draft)])
    day = local_date(work.now, settings.zone)
    numbers = await take_numbers(work.session, settings.issue_prefix, day, len(drafts))
    for draft, no in zip(drafts, numbers, strict=True):
        draft.row["no"] = no
        _tell(work, draft, settings.contact_public_key)
    await bulk.insert(work.session, ISSUES, [draft.row for draft in drafts])
    return [_answer(draft) for draft in drafts]


def _draft(work: Work, settings: IntakeSettings, report: Report, caller: Caller) -> _Draft:
    body, category = report.body, report.category
    level = category.first_level if category else 0
    code = tracking.new_code()
    # The order of the columns is the order of the table: it reads best beside it.
    row: Row = {
        "id": uuid7(),
        "version": len(_steps(report)),
        "no": "",
        "community_code": settings.community,
        "street_code": settings.community[:9],
        "area_code": settings.community,
        "state": IssueState.accepted if report.certain else IssueState.reported,
        "channel": report.channel,
        "title": body.title,
        "text": body.text,
        "place": places.written(body.location),
        "category": body.category,
        "urgency": report.urgency,
        "level": level,
        "max_level": level,
        "colour": Colour.red if report.urgency is Urgency.U0 else Colour.blue,
        "pillar": body.pillar,
        "privacy_class": category.privacy_class if category else UNSORTED_PRIVACY,
        "affected_households": body.affected_households,
        "households": list(body.households),
        "reporter_subject": report.reporter_subject,
        "reported_by": caller.subject,
        "track_hash": tracking.code_hash(code),
        "follows_no": body.follows,
        "help_asked": None if body.help is None else body.help.model_dump(mode="json"),
    }
    return _Draft(report, caller, row | _times(report, work.now, work.part(Clocks)), code)


def _times(report: Report, now: datetime, clocks: Clocks) -> Row:
    due, urgency = None, report.urgency or Urgency.U2
    if report.certain and report.category is not None and report.urgency is not None:
        due = due_after_acceptance(report.category, urgency, now, clocks)
    accept = due_accept(urgency, now, clocks)
    return {
        "reported_at": now,
        "accepted_at": now if due else None,
        "due_accept": accept,
        "due_respond": due.respond if due else None,
        "due_interim": due.interim if due else None,
        "due_resolve": due.resolve if due else None,
        "timer_at": first_look(urgency, now, accept, due, clocks=clocks),
    }


def _reporter_rows(draft: _Draft) -> Sequence[Row]:
    reporter, beneficiary = draft.report.body.reporter, draft.report.body.beneficiary
    if reporter is None and beneficiary is None:
        return ()
    by, whom = reporter or ReporterIn(), beneficiary or BeneficiaryIn()
    row: Row = {
        "issue_id": draft.row["id"],
        "name": by.name,
        "phone": by.phone,
        "phone_index": _phone_index(by.phone),
        "beneficiary_name": whom.name,
        "beneficiary_phone": whom.phone,
        "beneficiary_index": _phone_index(whom.phone),
        "beneficiary_relation": whom.relation,
    }
    return (row,)


def _phone_index(phone: str | None) -> bytes | None:
    return VAULT.keyring.blind_index(PHONE_INDEX, phone) if phone else None


def _sources(drafts: Sequence[_Draft]) -> dict[tuple[str, str], UUID]:
    """What came with a number of its own; two of one number cannot both be right."""
    given: dict[tuple[str, str], UUID] = {}
    for draft in drafts:
        ref = draft.report.body.source_ref
        if ref is not None:
            if (draft.report.channel, ref) in given:
                raise AlreadyReported(f"{ref} of {draft.report.channel} comes twice at once")
            given[draft.report.channel, ref] = cast(UUID, draft.row["id"])
    return given


def _steps(report: Report) -> list[tuple[str, IssueState | None, IssueState]]:
    """Each step is one version, one line of the timeline and one event."""
    steps: list[tuple[str, IssueState | None, IssueState]] = [("report", None, IssueState.reported)]
    if report.certain:
        steps.append(("accept", IssueState.reported, IssueState.accepted))
        if report.urgency is Urgency.U0:
            steps.append(("report-emergency", IssueState.accepted, IssueState.accepted))
    return steps


def _timeline_rows(draft: _Draft) -> list[Row]:
    role = " ".join(sorted(draft.caller.roles))
    return [
        {
            "id": uuid7(),
            "issue_id": draft.row["id"],
            "version": version,
            "at": draft.row["reported_at"],
            "actor": draft.caller.subject,
            "role": role,
            "command": command,
            "from_state": before,
            "to_state": after,
        }
        for version, (command, before, after) in enumerate(_steps(draft.report), 1)
    ]


def _tell(work: Work, draft: _Draft, grid_key: str | None) -> None:
    row, report, body = draft.row, draft.report, draft.report.body
    now = IssueSnapshot.model_validate(row | _UNTOUCHED)
    place = cast("str | None", row["place"])
    if report.category is None or not report.certain:
        work.emit(places.reported(now, body.location, place, grid_key))
        return
    before = {"version": 1, "state": IssueState.reported, "due_respond": None, "due_resolve": None}
    work.emit(places.reported(now.model_copy(update=before), body.location, place, grid_key))
    accepted = now.model_copy(update={"version": 2})
    work.emit(IssueAccepted(issue=accepted, households=body.households, automatic=True))
    if report.urgency is Urgency.U0:
        raise_alarm(work, now, report.category, body.emergency)


# What no issue has when it comes in.
_UNTOUCHED: Row = {
    "handler": None,
    "assignment_round": 0,
    "decline_count": 0,
    "reopen_count": 0,
    "outcome_code": None,
}


def _answer(draft: _Draft) -> Answer:
    row = draft.row
    shown = {name: row[name] for name in _ANSWERED} | {"track_code": draft.code}
    headers = {
        "content-type": "application/json",
        "location": f"/intake/v1/issues/{cast(UUID, row['id'])}",
        "etag": f'"{row["version"]}"',
    }
    return Answer(201, headers, orjson.dumps(shown, option=orjson.OPT_UTC_Z))
