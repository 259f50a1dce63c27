"""What a street office answered through its webhooks."""

from services.intake.escalations import answers
from services.intake.escalations.answers import Answer
from services.intake.escalations.record import locked_pair
from services.intake.service import intake
from shared.events.notify import (
    StreetAcknowledged,
    StreetEvent,
    StreetProgressed,
    StreetReplied,
    StreetReturned,
)
from shared.service import Work


@intake.on(StreetAcknowledged)
async def note_acknowledgement(event: StreetAcknowledged, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    if escalation.acknowledged_at is None:
        answers.acknowledge(work, escalation, issue, Answer(by=_office(event), street_no=event.street_no))


@intake.on(StreetProgressed)
async def note_progress(event: StreetProgressed, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    if answers.fits(escalation, "progress"):
        answers.progress(work, escalation, issue, Answer(by=_office(event), text=event.text))


@intake.on(StreetReturned)
async def take_back(event: StreetReturned, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    answer = Answer(by=_office(event), text=event.text, code=event.reason_code, by_leader=event.by_leader)
    if not answers.fits(escalation, "return"):
        return
    if answers.refusal_of_return(work, escalation, answer) is None:
        await answers.hand_back(work, escalation, issue, answer)
    else:
        answers.refuse_return(work, escalation, issue, answer)


@intake.on(StreetReplied)
async def take_reply(event: StreetReplied, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    if not answers.fits(escalation, "reply"):
        return
    answer = Answer(
        by=_office(event),
        text=event.text,
        code=event.outcome_code,
        needs_community_action=event.needs_community_action,
    )
    await answers.reply(work, escalation, issue, answer)


def _office(event: StreetEvent) -> str:
    return f"office:{event.inbound.source}"
