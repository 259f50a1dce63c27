"""A request that a client posts, taken on the same road as any report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import orjson
from sqlalchemy import Table
from uuid_utils.compat import uuid7

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

POSTED, TIMELINE = (cast(Table, model.__table__) for model in (PostedRequest, TimelineEntry))


@dataclass(frozen=True, slots=True)
class Posting:
    """A report by a client, with what came beside it and the format in which it is answered."""

    report: Report
    posted: Posted
    form: Format


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


def _for_staff(work: Work, posting: Posting, caller: Caller, issue_id: UUID) -> list[dict[str, object]]:
    """A line of the timeline with what the client sent beside the report; it is encrypted, as notes are."""
    posted = posting.posted
    told = [f"{code}: {', '.join(values)}" for code, values in posted.attributes.items()]
    told += [posted.media_url] if posted.media_url else []
    if not told:
        return []
    line = {
        "id": uuid7(),
        "issue_id": issue_id,
        "version": 1,
        "at": work.now,
        "actor": caller.subject,
        "role": caller.kind.value,
        "command": "add",
        "from_state": IssueState.reported,
        "to_state": IssueState.reported,
        "note": "\n".join(told),
    }
    return [line]
