"""Suggesting, and what a clerk makes of it. Suggestions change nothing; only a clerk's yes does."""

import asyncio
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from services.intake.catalogue import Catalogue
from services.intake.families.merging import lock_family, merge_issue
from services.intake.issues import places
from services.intake.issues.acceptance import accept_issue
from services.intake.issues.bodies import AcceptIn, MergeIn
from services.intake.issues.checks import known_category
from services.intake.issues.complaints import hold_off
from services.intake.issues.models import Issue
from services.intake.issues.reading import of_caller
from services.intake.issues.record import Note, is_in, jot, locked, read_issue
from services.intake.issues.sorting import RecategoriseIn, recategorise_issue
from services.intake.issues.views import may_read_words
from services.intake.suggestions.advice import Advice, Adviser, Told
from services.intake.suggestions.bodies import AnswerIn, DraftIn
from services.intake.suggestions.candidates import find_candidates
from services.intake.suggestions.models import SuggestionAnswer
from services.intake.suggestions.views import CategoryOut, RecordOut, SuggestionsOut, duplicate_out
from shared.errors import Absent, FieldError, Invalid
from shared.events.intake import IssueState
from shared.service import Work


async def suggest_for_issue(work: Work, issue_id: UUID) -> SuggestionsOut:
    """What an issue may be, and which open ones may be the same. Raises `Absent`, `Forbidden`."""
    issue = await read_issue(work, issue_id)
    with_words = may_read_words(issue, work.actor())
    return await _suggest(work, _told(issue), issue, with_words=with_words)


async def suggest_for_draft(work: Work, body: DraftIn) -> SuggestionsOut:
    """The same for a matter that is being written. Raises `Invalid` for an unknown category."""
    known_category(work.part(Catalogue), body.category)
    told = Told(body.title, body.text, body.location, body.category, work.now)
    return await _suggest(work, told, None, with_words=True)


async def read_record(work: Work) -> list[RecordOut]:
    """How suggestions did in the caller's areas: answers that were the clerk's own idea do not count."""
    answered, taken = func.count(), func.count().filter(SuggestionAnswer.taken)
    by = (SuggestionAnswer.kind, SuggestionAnswer.rules_version)
    query = (
        select(*by, answered.label("answered"), taken.label("taken"))
        .join(Issue, Issue.id == SuggestionAnswer.issue_id)
        .where(SuggestionAnswer.score > 0, of_caller(work))
        .group_by(*by)
        .order_by(*by)
    )
    return [RecordOut(**row._mapping) for row in await work.session.execute(query)]


async def answer_suggestion(work: Work, issue_id: UUID, body: AnswerIn) -> Issue:
    """Write a clerk's yes or no down, and carry a yes out by the command that it stands for.

    Raises what `accept`, `recategorise` and `merge` raise, and `Invalid` for an unknown category.
    """
    if body.duplicate_id is not None:
        # Two that are taken for one another are held in the order in which all hold them.
        await lock_family(work, issue_id, body.duplicate_id)
    issue = await locked(work, issue_id)
    hold_off(work, issue)
    work.permit(issue.area_code)
    work.expect(issue.version)
    value = str(body.category or body.duplicate_id)
    score = await _score(work, issue, body)
    await _keep(work, issue, body, value, score)
    jot(work, issue, "answer-suggestion", Note(text=None if body.taken else body.note, data={
        "kind": body.kind, "value": value, "taken": body.taken, "score": score,
    }))  # fmt: skip
    if not body.taken:
        return issue
    if body.duplicate_id is not None:
        return await merge_issue(work, issue_id, MergeIn(master_id=body.duplicate_id, note=body.note))
    return await _sort(work, issue, body)


async def _suggest(work: Work, told: Told, issue: Issue | None, *, with_words: bool) -> SuggestionsOut:
    adviser, catalogue = work.part(Adviser), work.part(Catalogue)
    rules, area = adviser.rules, None if issue is None else issue.area_code
    but = None if issue is None else issue.id
    others = await find_candidates(work, rules.duplicates, told.at, area, but)
    # Hundreds of texts are compared: the loop goes on meanwhile.
    advice: Advice = await asyncio.to_thread(adviser.advise, told, [_told(other) for other in others])
    return SuggestionsOut(
        rules_version=rules.version,
        compared=len(others),
        categories=[CategoryOut.of(one, catalogue, with_words=with_words) for one in advice.categories],
        duplicates=[
            duplicate_out(others[at], like.score, like.reasons, work.actor(), rules.wording, mine=with_words)
            for at, like in advice.twins
        ],
    )


async def _score(work: Work, issue: Issue, body: AnswerIn) -> int:
    """How sure we were, per mille; nought where it was the clerk's own idea."""
    adviser = work.part(Adviser)
    if body.duplicate_id is None:
        known_category(work.part(Catalogue), body.category)
        found = adviser.sorter.sort(issue.title, issue.text)
        return round(1000 * next((one.share for one in found if one.code == body.category), 0.0))
    other = await work.session.get(Issue, body.duplicate_id)
    if other is None or other is issue:
        raise Absent("there is no such other issue")
    hold_off(work, other)
    work.permit(other.area_code)
    likeness = adviser.compare(_told(issue), _told(other))
    return 0 if likeness is None else round(1000 * likeness.score)


async def _keep(work: Work, issue: Issue, body: AnswerIn, value: str, score: int) -> None:
    query = select(SuggestionAnswer).where(
        SuggestionAnswer.issue_id == issue.id,
        SuggestionAnswer.kind == body.kind,
        SuggestionAnswer.value == value,
    )
    answer = await work.session.scalar(query) or SuggestionAnswer(
        id=uuid7(), issue_id=issue.id, kind=body.kind, value=value
    )
    answer.taken, answer.score, answer.at = body.taken, score, work.now
    answer.rules_version, answer.actor = work.part(Adviser).rules.version, work.actor().subject
    work.session.add(answer)


async def _sort(work: Work, issue: Issue, body: AnswerIn) -> Issue:
    if is_in(issue, IssueState.reported):
        return await accept_issue(work, issue.id, AcceptIn(category=body.category, note=body.note))
    if body.note is None:
        message = "say why an accepted issue is sorted anew"
        raise Invalid(message, fields=[FieldError("note", message)])
    return await recategorise_issue(work, issue.id, RecategoriseIn(category=body.category, note=body.note))


def _told(issue: Issue) -> Told:
    return Told(issue.title, issue.text, places.read(issue.place), issue.category, issue.reported_at)
