"""What a street office answered through its webhooks."""

from services.intake.escalations import answers, street
from services.intake.escalations.answers import Answer
from services.intake.escalations.record import locked_pair
from services.intake.escalations.street import Arrival
from services.intake.service import intake
from shared.events.notify import (
    StreetAcknowledged,
    StreetCheckedIn,
    StreetCloseConfirmed,
    StreetDepartmentAssigned,
    StreetEvent,
    StreetProgressed,
    StreetRecallConfirmed,
    StreetReliefGiven,
    StreetReplied,
    StreetReturned,
)
from shared.service import Work


@intake.on(StreetAcknowledged)
async def note_acknowledgement(event: StreetAcknowledged, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    # Who came has taken it; the number is still to be known.
    is_new = escalation.acknowledged_at is None or (event.street_no and escalation.street_no is None)
    if is_new:
        answers.acknowledge(work, escalation, issue, Answer(by=_office(event), street_no=event.street_no))


@intake.on(StreetProgressed)
async def note_progress(event: StreetProgressed, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    if answers.fits(escalation, "progress"):
        answers.progress(work, escalation, issue, Answer(by=_office(event), text=event.text))


@intake.on(StreetReturned)
async def take_back(event: StreetReturned, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    answer = Answer(
        by=_office(event),
        said_at=event.inbound.received_at,
        text=event.text,
        code=event.reason_code,
        by_leader=event.by_leader,
    )
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


@intake.on(StreetDepartmentAssigned)
async def note_department(event: StreetDepartmentAssigned, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    said = Answer(by=_office(event))
    street.assign_department(work, escalation, issue, Arrival(event.unit, event.due), said)


@intake.on(StreetCheckedIn)
async def note_arrival(event: StreetCheckedIn, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    street.check_in(work, escalation, issue, Arrival(event.unit, event.at), Answer(by=_office(event)))


@intake.on(StreetReliefGiven)
async def take_relief(event: StreetReliefGiven, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    said = Answer(by=_office(event), text=event.text or None, code=f"relief_{event.form}")
    await street.note_relief(work, escalation, issue, event, said)


@intake.on(StreetRecallConfirmed)
async def take_recall_confirmation(event: StreetRecallConfirmed, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    street.confirm(work, escalation, issue, "confirm-recall", event.at)


@intake.on(StreetCloseConfirmed)
async def take_close_confirmation(event: StreetCloseConfirmed, work: Work) -> None:
    escalation, issue = await locked_pair(work, event.escalation_id)
    street.confirm(work, escalation, issue, "confirm-close", event.at)


def _office(event: StreetEvent) -> str:
    return f"office:{event.inbound.source}"
