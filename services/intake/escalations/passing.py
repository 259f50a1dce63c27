"""The street passes on to the district what was handed up to it, and takes it back (domain.md §2.2, L4)."""

from uuid import UUID

from services.intake.escalations.answers import Answer, held, progress
from services.intake.escalations.bodies import PassOnIn
from services.intake.escalations.models import Escalation
from services.intake.escalations.record import draft, open_handovers, returns_so_far, send
from services.intake.escalations.rules import HANDS_OVER, STREET_LEVEL
from services.intake.evidence.handing_on import hold_to_issue
from shared.errors import FieldError, Invalid, Refused
from shared.events.intake import EscalationType
from shared.service import Work

DISTRICT_LEVEL = 4


class PassedOnAlready(Refused):
    """The district has been asked already."""

    type, title = "passed-on-already", "The hand-over was passed on already"


async def pass_on(work: Work, escalation_id: UUID, body: PassOnIn) -> Escalation:
    """Ask the district in the street's stead; it is the street that answers the community in the end.

    Raises `Invalid` for what is no hand-over to the street, `PassedOnAlready`.
    """
    escalation, issue = await held(work, escalation_id, "progress")
    if escalation.type not in HANDS_OVER or escalation.to_level != STREET_LEVEL:
        message = "only what was handed over to the street is passed on"
        raise Invalid(message, fields=[FieldError("escalation_id", message)])
    if any(one.parent_id == escalation.id for one in await open_handovers(work, issue.id)):
        raise PassedOnAlready("take it back from the district first, or wait for the answer")
    await hold_to_issue(work, issue.id, body.dossier.evidence_ids)
    said = Answer(by=work.actor().subject, text=body.dossier.ask)
    progress(work, escalation, issue, said)
    passed = draft(work, issue, EscalationType.handover, DISTRICT_LEVEL)
    passed.parent_id, passed.target = escalation.id, body.target or passed.target
    passed.returns = await returns_so_far(work, passed)
    passed.dossier, passed.decided_by = body.dossier.model_dump(mode="json"), work.actor().subject
    work.session.add(passed)
    send(work, passed, issue)
    return passed
