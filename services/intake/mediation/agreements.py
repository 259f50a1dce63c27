"""What follows an agreement: it is signed, performed in its parts, looked at again, or broken."""

from datetime import timedelta
from uuid import UUID

from services.intake.issues.checks import invalid
from services.intake.issues.record import Note
from services.intake.limits import Limits
from services.intake.mediation.bodies import ConfirmIn, EndIn, FollowUpIn, PerformIn, SignIn
from services.intake.mediation.commands import end
from services.intake.mediation.models import FollowUp, Instalment, Mediation
from services.intake.mediation.steps import (
    follow_ups_of,
    instalments_of,
    move_mediation,
    parties_of,
    taken_mediation,
)
from services.intake.settings import IntakeSettings
from shared.clock import local_date
from shared.errors import Absent, FieldError, Invalid, Refused
from shared.events.intake import (
    MediationAgreed,
    MediationEnded,
    MediationPerformed,
    MediationProgressed,
    MediationState,
)
from shared.service import Work


class SignaturesMissing(Refused):
    """An agreement binds those who signed it: all of them."""

    type, title = "signatures-missing", "Not all parties have signed"


class TooEarly(Refused):
    """The day to look at it again has not come."""

    type, title = "too-early", "The day has not come"


async def sign_agreement(work: Work, mediation_id: UUID, body: SignIn) -> Mediation:
    """Note what was agreed on, with its duties. Raises `SignaturesMissing`, `Invalid` for a day gone by."""
    mediation, issue = await taken_mediation(work, mediation_id, "sign")
    parties = await parties_of(work, mediation.id)
    missing = sorted({party.no for party in parties} - set(body.signed_by))
    if missing:
        raise SignaturesMissing(f"party {missing[0]} has not signed")
    today = local_date(work.now, work.part(IntakeSettings).zone)
    if any(one.due_on < today for one in body.instalments):
        message = "a duty cannot be due before the agreement"
        raise Invalid(message, fields=[FieldError("instalments", message)])
    for party in parties:
        party.signed = True
    mediation.agreement, mediation.agreed_at = body.terms, work.now
    for no, duty in enumerate(body.instalments, 1):
        instalment = Instalment(
            mediation_id=mediation.id, no=no, due_on=duty.due_on, amount_fen=duty.amount_fen, paid_fen=0
        )
        work.session.add(instalment)
    note = Note(text=body.note, data={"instalments": len(body.instalments)})
    # Signed and due are two states, and one moment.
    signed = move_mediation(work, mediation, issue, "sign", MediationState.agreement_signed, note=note)
    work.emit(MediationAgreed(mediation=signed, instalments=len(body.instalments)))
    due = move_mediation(work, mediation, issue, "sign", MediationState.performance_due, note=Note())
    work.emit(MediationProgressed(mediation=due))
    return mediation


async def confirm_agreement(work: Work, mediation_id: UUID, body: ConfirmIn) -> Mediation:
    """Note that a court has confirmed it. The parties must have asked within 30 days of agreeing [LAW]."""
    mediation, issue = await taken_mediation(work, mediation_id, "confirm")
    zone, days = work.part(IntakeSettings).zone, work.part(Limits).mediation.confirmation_days
    agreed_on = local_date(mediation.agreed_at or work.now, zone)
    today = local_date(work.now, zone)
    if not agreed_on <= body.asked_on <= min(agreed_on + timedelta(days=days), body.confirmed_on):
        message = f"must lie within {days} days of the agreement, and before the confirmation"
        raise Invalid(f"asked_on {message}", fields=[FieldError("asked_on", message)])
    if body.confirmed_on > today:
        message = "must not lie ahead"
        raise Invalid(f"confirmed_on {message}", fields=[FieldError("confirmed_on", message)])
    mediation.confirmed_on = body.confirmed_on
    state = MediationState(mediation.state)
    snapshot = move_mediation(work, mediation, issue, "confirm", state, note=Note())
    work.emit(MediationProgressed(mediation=snapshot))
    return mediation


async def note_performance(work: Work, mediation_id: UUID, body: PerformIn) -> Mediation:
    """Note what was done of a duty; when all is done, the looks afterwards are planned.

    Raises `Absent` for a duty that is not in the agreement, `Invalid` for a sum or a day that do not fit.
    """
    mediation, issue = await taken_mediation(work, mediation_id, "perform")
    duties = {duty.no: duty for duty in await instalments_of(work, mediation.id)}
    if body.instalment not in duties:
        raise Absent(f"the agreement has no instalment {body.instalment}")
    _pay(work, duties[body.instalment], body)
    done = all(duty.performed_on is not None for duty in duties.values())
    target = MediationState.performed if done else MediationState.performance_due
    note = Note(text=body.note, data={"instalment": body.instalment, "paid_fen": body.paid_fen})
    if done:
        mediation.performed_at = work.now
        work.session.add_all([
            FollowUp(mediation_id=mediation.id, no=no, due_at=work.now + timedelta(days=days))
            for no, days in enumerate(work.part(Limits).mediation.follow_up_days, 1)
        ])
    snapshot = move_mediation(work, mediation, issue, "perform", target, note=note)
    work.emit(MediationPerformed(mediation=snapshot) if done else MediationProgressed(mediation=snapshot))
    return mediation


def _pay(work: Work, duty: Instalment, body: PerformIn) -> None:
    if duty.performed_on is not None:
        raise invalid("instalment", f"{duty.no} was performed on {duty.performed_on}")
    if body.on > local_date(work.now, work.part(IntakeSettings).zone):
        raise invalid("on", "must not lie ahead")
    if duty.amount_fen is None:
        if body.paid_fen is not None:
            raise invalid("paid_fen", "this duty is no sum")
        duty.performed_on = body.on
        return
    left = duty.amount_fen - duty.paid_fen
    if body.paid_fen is None or body.paid_fen > left:
        raise invalid("paid_fen", f"say how much was paid: {left} are left")
    duty.paid_fen += body.paid_fen
    if duty.paid_fen == duty.amount_fen:
        duty.performed_on = body.on


async def follow_up(work: Work, mediation_id: UUID, body: FollowUpIn) -> Mediation:
    """Note the next look. Raises `TooEarly`, `Absent` when all were done, `Invalid` for rights not told."""
    mediation, issue = await taken_mediation(work, mediation_id, "follow-up")
    look = next((one for one in await follow_ups_of(work, mediation.id) if one.done_at is None), None)
    if look is None:
        raise Absent("every look that was planned has been taken")
    if body.holds and work.now < look.due_at:
        raise TooEarly(f"look again at {look.due_at.isoformat()}")
    if not (body.holds or body.rights_told):
        raise invalid("rights_told", "tell the parties of court and arbitration, and offer 司法所")
    look.done_at, look.done_by, look.holds = work.now, work.actor().subject, body.holds
    note = Note(text=body.note, data={"follow_up": look.no, "holds": body.holds})
    target = MediationState.follow_up_ok if body.holds else MediationState.breached
    first = mediation.state == MediationState.performed
    if first or not body.holds:
        mediation.ended_at = work.now
    snapshot = move_mediation(work, mediation, issue, "follow-up", target, note=note)
    work.emit(
        MediationEnded(mediation=snapshot, reason_code=None if body.holds else "did_not_hold")
        if first or not body.holds
        else MediationProgressed(mediation=snapshot)
    )
    return mediation


async def breach_agreement(work: Work, mediation_id: UUID, body: EndIn) -> Mediation:
    """Note that what was agreed on is not done, and that the parties know where they may turn now."""
    return await end(work, mediation_id, "breach", MediationState.breached, body)
