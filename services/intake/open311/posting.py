"""A request that a client posts, taken on the same road as any report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import orjson
from sqlalchemy import Table
from uuid_utils.compat import uuid7

from services.intake.channels.additions import ADD
from services.intake.evidence.commands import Kept, Stored, columns_of
from services.intake.evidence.models import Evidence
from services.intake.issues.checks import Report
from services.intake.issues.models import TimelineEntry
from services.intake.issues.reports import report_issues
from services.intake.issues.tracking import new_code
from services.intake.open311.formats import Format, Value, written
from services.intake.open311.forms import Posted
from services.intake.open311.models import PostedRequest
from services.intake.open311.rules import GeoReport
from shared import bulk
from shared.auth import Caller
from shared.events.intake import IssueState
from shared.idempotency import Answer
from shared.service import Work
from shared.web import Grouped

POSTED, TIMELINE, EVIDENCE = (
    cast(Table, model.__table__) for model in (PostedRequest, TimelineEntry, Evidence)
)


@dataclass(frozen=True, slots=True)
class Posting:
    """A report by a client, with what came beside it and the format in which it is answered."""

    report: Report
    posted: Posted
    form: Format
    media: tuple[Kept, ...] = ()


class Postings(Grouped[Posting]):
    """Takes the requests that are posted at the same time in one commit."""

    def __init__(self) -> None:
        super().__init__(take_postings, most=200)


async def take_postings(work: Work, items: Sequence[tuple[Posting, Caller]]) -> Sequence[Answer]:
    """Store the reports as any others, and beside them what only Open311 has; answer in each one's format."""
    answers = await report_issues(work, [(posting.report, caller) for posting, caller in items])
    said = [orjson.loads(answer.body) for answer in answers]
    kept = [_row(*item, UUID(one["id"])) for item, one in zip(items, said, strict=True)]
    await bulk.insert(work.session, POSTED, kept)
    files = [_files(work, *item, UUID(one["id"])) for item, one in zip(items, said, strict=True)]
    await bulk.insert(work.session, EVIDENCE, [row for rows in files for row in rows])
    told = [_for_staff(work, *item, UUID(one["id"])) for item, one in zip(items, said, strict=True)]
    await bulk.insert(work.session, TIMELINE, [line for lines in told for line in lines])
    notice = work.part(GeoReport).rules.notice
    return [
        Answer(
            200,
            {"content-type": posting.form.media_type},
            receipt(posting.form, notice, one["no"], row["token"]),
        )
        for (posting, _), one, row in zip(items, said, kept, strict=True)
    ]


def receipt(form: Format, notice: str, no: str, token: object = None) -> bytes:
    """What a client gets for its request: the number, or the token that stands for it; never both."""
    name = {"service_request_id": no} if token is None else {"token": str(token)}
    requests: list[Value] = [{**name, "service_notice": notice, "account_id": None}]
    return written(form, "service_requests", requests)


def _row(posting: Posting, caller: Caller, issue_id: UUID) -> dict[str, object]:
    posted = posting.posted
    return {
        "issue_id": issue_id,
        "client": caller.unit,
        "token": new_code() if posted.service.rule.batch else None,
        "media_url": posted.media_url,
        "attributes": orjson.dumps(posted.attributes).decode() if posted.attributes else None,
    }


def _files(work: Work, posting: Posting, caller: Caller, issue_id: UUID) -> list[dict[str, object]]:
    stored = (Stored(kept, issue_id) for kept in posting.media)
    return [columns_of(work, one, caller, by_staff=False) for one in stored]


def _for_staff(work: Work, posting: Posting, caller: Caller, issue_id: UUID) -> list[dict[str, object]]:
    """Lines of the timeline with what the client sent beside the report; words are encrypted, like notes."""
    posted = posting.posted
    told = [f"{code}: {', '.join(values)}" for code, values in posted.attributes.items()]
    told += [posted.media_url] if posted.media_url else []
    line = {
        "issue_id": issue_id,
        "version": 1,
        "at": work.now,
        "actor": caller.subject,
        "role": caller.kind.value,
        "from_state": IssueState.reported,
        "to_state": IssueState.reported,
    }
    words = [{**line, "id": uuid7(), "command": ADD, "note": "\n".join(told), "evidence": []}]
    shown = [str(one.id) for one in posting.media]
    files = [{**line, "id": uuid7(), "command": "add-evidence", "note": None, "evidence": shown}]
    return (words if told else []) + (files if shown else [])
