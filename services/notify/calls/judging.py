"""Whether a word of a street office fits what it is about, and what it leaves there.

Each aim has its own judge. It finds the subject, locked, says what the rules have against the word, and
moves our copy ahead of the news from intake, so that what follows at once is judged by this.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import uuid5

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.notify.calls.models import CategoryCode, IssueCopy, StreetNumber, TimeAsked
from services.notify.models import Escalation, Source, table_of
from services.notify.rules import street_words as words
from services.notify.rules.street_calls import ONLY_WHERE_ASKED, Aim, Call, allowed_in, allowed_of_issue
from services.notify.settings import NotifySettings
from shared import bulk
from shared.errors import Absent, FieldError, IllegalTransition, Invalid, Problem, Refused
from shared.events.intake import EscalationType
from shared.service import Work

TITLE = 60


class DispatchedAlready(Refused):
    """The office gave us a matter under this number before."""

    type, title = "dispatched-already", "A matter came under this number before"


class ReturnedAlready(Refused):
    """An issue may be handed back once; after that it takes the leader's own word."""

    type, title = "returned-already", "The issue was handed back before"


class ReturnTooLate(Refused):
    """An issue may be handed back within the time for acknowledging it."""

    type, title = "return-too-late", "The issue can no longer be handed back"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`problem` is what a rule has against it; `facts` are what the event says beside the office's words.

    What is stale was overtaken by a newer word; `is_told` says whether the others hear of it all the same.
    """

    problem: Problem | None = None
    stale: bool = False
    is_told: bool = True
    facts: Mapping[str, object] = field(default_factory=dict)


async def judge(work: Work, source: Source, call: Call) -> Judgement:
    """Hold the call against its subject; where nothing is against it, take it."""
    if isinstance(call.data, words.Supervision | words.Dispatch) and call.data.due <= work.now:
        fault = FieldError("data.due", "must lie in the future")
        return Judgement(Invalid(f"{fault.field}: {fault.message}", fields=[fault]))
    return await _JUDGES[call.verb.aim](work, source, call)


def subject_of(call: Call) -> str:
    """What the call is about, for whoever looks through the calls."""
    said = call.data
    match said:
        case words.OfEscalation():
            return f"escalation/{said.escalation_id}"
        case words.OfIssue():
            return f"issue/{said.issue_no}"
        case words.Dispatch():
            return f"dispatch/{said.street_no}"
        case words.CategoryMap():
            return f"category/{said.their_code}"
    raise TypeError(f"{type(said).__name__} is about nothing")


async def _of_escalation(work: Work, source: Source, call: Call) -> Judgement:
    said, verb = call.data, call.verb
    if not isinstance(said, words.OfEscalation):
        raise TypeError(call.type)
    query = select(Escalation).where(Escalation.id == said.escalation_id).with_for_update()
    found = await work.session.scalar(query)
    if found is None or not found.area_code.startswith(source.area_code) or found.issue_no != said.issue_no:
        return Judgement(Absent(f"there is no escalation {said.escalation_id} of that issue for you"))
    facts = {"escalation_id": found.id, "issue_no": found.issue_no}
    if call.seq is not None and call.seq <= found.seq:
        return Judgement(stale=True, is_told=verb.good_late, facts=facts)
    kind = EscalationType(found.type)
    if found.state not in verb.of or kind not in verb.types:
        detail = f"the escalation is {found.state}, and a {kind}"
        return Judgement(IllegalTransition(detail, allowed=allowed_in(found.state, kind)))
    refusal = _against_return(work, found, said) if isinstance(said, words.Return) else None
    if refusal is not None:
        return Judgement(refusal)
    found.state, found.seq = verb.to or found.state, call.seq or found.seq
    return Judgement(facts=facts)


def _against_return(work: Work, escalation: Escalation, said: words.Return) -> Problem | None:
    """Why it cannot be handed back, as intake would have it too; the leader's word may always."""
    if said.by_leader:
        return None
    if escalation.returns >= work.part(NotifySettings).street_returns:
        return ReturnedAlready("a second return needs the leader's word (by_leader)")
    if escalation.due_ack is not None and work.now > escalation.due_ack:
        return ReturnTooLate("the time for it has passed; now it needs the leader's word (by_leader)")
    return None


async def _of_issue(work: Work, source: Source, call: Call) -> Judgement:
    said = call.data
    if not isinstance(said, words.OfIssue):
        raise TypeError(call.type)
    query = select(IssueCopy).where(IssueCopy.no == said.issue_no).with_for_update()
    found = await work.session.scalar(query)
    if found is None or not found.area_code.startswith(source.area_code):
        return Judgement(Absent(f"there is no issue {said.issue_no} for you"))
    facts = {"issue_id": found.id, "issue_no": found.no}
    if call.seq is not None and call.seq <= found.seq:
        return Judgement(stale=True, is_told=False, facts=facts)
    asked = await work.session.get(TimeAsked, found.id, with_for_update=True)
    is_asked = asked is not None and asked.is_open
    if found.state not in call.verb.of or (call.type == ONLY_WHERE_ASKED and not is_asked):
        detail = f"the issue is {found.state}" + ("" if is_asked else ", and nobody asks you for time")
        allowed = allowed_of_issue(found.state, time_is_asked_for=is_asked)
        return Judgement(IllegalTransition(detail, allowed=allowed))
    if asked is not None and call.type == ONLY_WHERE_ASKED:
        asked.is_open = False
    found.seq = call.seq or found.seq
    return Judgement(facts=facts)


async def _of_community(work: Work, source: Source, call: Call) -> Judgement:
    said, community = call.data, work.part(NotifySettings).community
    if not isinstance(said, words.Dispatch):
        raise TypeError(call.type)
    if not community.startswith(source.area_code):
        return Judgement(Absent(f"there is no community of {source.area_code} here"))
    row = {"id": uuid7(), "source_id": source.id, "street_no": said.street_no, "at": work.now}
    if not await bulk.insert_new(work.session, table_of(StreetNumber), [row], key="id"):
        return Judgement(DispatchedAlready(f"{said.street_no} is here; take another number"))
    facts = {
        "area_code": source.area_code,
        "title": said.title or _first_words(said.text),
        "category": await _ours(work, source, said.their_category),
    }
    return Judgement(facts=facts)


async def _of_codes(work: Work, source: Source, call: Call) -> Judgement:
    said = call.data
    if not isinstance(said, words.CategoryMap):
        raise TypeError(call.type)
    row = {
        "id": uuid5(source.id, said.their_code),
        "source_id": source.id,
        "their_code": said.their_code,
        "ours": said.ours,
        "changed_at": work.now,
    }
    if not await bulk.insert_new(work.session, table_of(CategoryCode), [row], key="id"):
        known = await work.session.get_one(CategoryCode, row["id"], with_for_update=True)
        known.ours, known.changed_at = said.ours, work.now
    return Judgement()


_JUDGES: Mapping[Aim, Callable[[Work, Source, Call], Awaitable[Judgement]]] = {
    Aim.escalation: _of_escalation,
    Aim.issue: _of_issue,
    Aim.community: _of_community,
    Aim.codes: _of_codes,
}


async def _ours(work: Work, source: Source, theirs: str) -> str | None:
    """Our code for one of theirs: as they mapped it, or where it looks like one of ours, that."""
    known = await work.session.get(CategoryCode, uuid5(source.id, theirs))
    if known is not None:
        return known.ours
    return theirs if theirs.isascii() and theirs.isdigit() and len(theirs) in {2, 4} else None


def _first_words(text: str) -> str:
    line = next(line.strip() for line in text.splitlines() if line.strip())
    return line if len(line) <= TITLE else line[: TITLE - 1] + "…"
