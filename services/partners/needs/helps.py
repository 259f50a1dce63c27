"""Needs born of issues: the hot path in, and the way out when the issue ends.

The two may come in any order. A need is withdrawn if its issue ended at a later version than the one at
which the help was asked for; both sides touch the issue's row first, so that neither misses the other.
"""

from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Table, select
from uuid_utils.compat import uuid7

from services.partners.history import change
from services.partners.matches.allocation import Allocation, allocate
from services.partners.matches.engine import place
from services.partners.matches.facts import offers_for
from services.partners.matches.scoring import NeedFacts
from services.partners.models import EndedIssue
from services.partners.needs.models import Need
from services.partners.needs.rules import LIVE, NEED
from services.partners.pledges.models import Pledge
from services.partners.pledges.rules import AHEAD
from services.partners.records import locked_all
from services.partners.settings import Terms
from shared import bulk
from shared.events.intake import IssueEvent, IssueHelpRequested
from shared.events.partners import NeedPublished, NeedSnapshot, NeedWithdrawn
from shared.service import Work

_NEEDS, _ENDED = cast(Table, Need.__table__), cast(Table, EndedIssue.__table__)
_DEFAULT_URGENCY = "U2"

Asked = Mapping[UUID, IssueHelpRequested]


async def take_help_requests(work: Work, events: Sequence[IssueHelpRequested]) -> None:
    """Put what handlers ask for on the need list and propose offers, in few statements for many events.

    The trail of such a need begins with its own row, which names the issue and the version that asked.
    """
    ended = await _ends_of(work, {event.issue.id for event in events})
    asked: Asked = {uuid7(): event for event in events}
    live = {
        need: event for need, event in asked.items() if ended.get(event.issue.id, 0) <= event.issue.version
    }
    found = await _match(work, [_facts(work, need, event) for need, event in live.items()])
    proposed = dict.fromkeys(asked, 0)
    for one in found.proposals:
        proposed[one.need.id] += one.quantity
    rows = [
        _row(work, need, event, state="published" if need in live else "withdrawn")
        | {"proposed": proposed[need], "hold": found.holds.get(need)}
        for need, event in asked.items()
    ]
    new = await bulk.insert_new(work.session, _NEEDS, rows, key="id")
    added = [row for row in rows if row["id"] in new]
    _tell(work, added, asked)
    await place(work, [one for one in found.proposals if one.need.id in new], asked.__getitem__)


async def _ends_of(work: Work, issues: set[UUID]) -> dict[UUID, int]:
    # A row with version 0 changes nothing, and makes whoever ends the issue at this moment wait for us.
    await bulk.upsert_newer(work.session, _ENDED, [{"id": id, "version": 0} for id in issues], key="id")
    found = await bulk.fetch(work.session, _ENDED, ("id", "version"), issues, key="id")
    return {row["id"]: row["version"] for row in found if row["version"]}


async def _match(work: Work, needs: Sequence[NeedFacts]) -> Allocation:
    if not needs:
        return Allocation([], {})
    terms = work.part(Terms)
    offers = await offers_for(work.session, needs, at=work.now, terms=terms)
    return allocate(needs, offers, at=work.now, terms=terms)


def _tell(work: Work, rows: Sequence[Mapping[str, object]], asked: Asked) -> None:
    for row in rows:
        event = asked[cast(UUID, row["id"])]
        snapshot = NeedSnapshot.model_validate(row)
        told = NeedPublished if row["state"] == "published" else NeedWithdrawn
        work.emit(told(need=snapshot), because=event)


def _facts(work: Work, need: UUID, event: IssueHelpRequested) -> NeedFacts:
    issue, help = event.issue, event.help
    return NeedFacts(
        id=need,
        community_code=issue.community_code,
        area_code=issue.area_code,
        kind=help.kind,
        tags=help.tags,
        measure=help.unit,
        wanted=help.quantity,
        min_slice=1,
        urgency=issue.urgency or _DEFAULT_URGENCY,
        needed_by=help.needed_by,
        created_at=work.now,
        issue_id=issue.id,
        issue_no=issue.no,
    )


def _row(work: Work, need: UUID, event: IssueHelpRequested, *, state: str) -> dict[str, object]:
    issue, help = event.issue, event.help
    return {
        "id": need,
        "version": 1,
        "state": state,
        "community_code": issue.community_code,
        "created_at": work.now,
        "changed_at": work.now,
        "area_code": issue.area_code,
        "origin": "issue",
        "kind": help.kind,
        "tags": help.tags,
        "measure": help.unit,
        "quantity": help.quantity,
        "open_quantity": help.quantity,
        "confirmed_quantity": 0,
        "min_slice": 1,
        "urgency": issue.urgency or _DEFAULT_URGENCY,
        "needed_by": help.needed_by,
        "public_text": help.public_text,
        "issue_id": issue.id,
        "issue_no": issue.no,
        "issue_version": issue.version,
        "help_no": help.no,
        "blocked_units": [],
        "missed_rounds": 0,
        "tried_at": work.now,
    }


async def note_ended_issues(work: Work, events: Sequence[IssueEvent]) -> None:
    """Withdraw what was asked for before its issue ended, but for help that has all arrived."""
    rows = [{"id": event.issue.id, "version": event.issue.version} for event in events]
    newer = await bulk.upsert_newer(work.session, _ENDED, rows, key="id")
    if not newer:
        return
    because = {event.issue.id: event for event in events}
    ended = select(Need.id).join(_ENDED, _ENDED.c.id == Need.issue_id)
    outlived = ended.where(
        Need.issue_id.in_(sorted(newer)), Need.state.in_(LIVE), Need.issue_version < _ENDED.c.version
    )
    need_ids = (await work.session.scalars(outlived)).all()
    needs = await locked_all(work, Need, need_ids) if need_ids else []
    coming = await _still_coming(work, need_ids) if need_ids else set()
    for need in needs:
        has_arrived = need.open_quantity == 0 and need.id not in coming
        if need.state in LIVE and not has_arrived and need.issue_id is not None:
            change(work, NEED, need, "withdraw", reason="issue_ended")
            work.emit(NeedWithdrawn(need=need.snapshot()), because=because[need.issue_id])


async def _still_coming(work: Work, need_ids: Sequence[UUID]) -> set[UUID]:
    query = select(Pledge.need_id).where(Pledge.need_id.in_(need_ids), Pledge.state.in_(AHEAD))
    return set(await work.session.scalars(query))
