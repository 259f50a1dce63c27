"""What staff can do with a need."""

from uuid import UUID

from services.partners.forms import Reason
from services.partners.history import begin, change
from services.partners.matches.engine import seek
from services.partners.needs.models import Need
from services.partners.needs.rules import NEED
from services.partners.needs.views import NeedForm
from services.partners.records import locked
from services.partners.settings import Terms
from shared.errors import FieldError, Invalid
from shared.events.partners import NeedClosed, NeedPublished, NeedWithdrawn
from shared.service import Work


async def post_need(work: Work, form: NeedForm) -> Need:
    """Put a need on the list, or let it wait for consent where it has a recipient and no consent yet."""
    work.permit(form.area_code)
    _check(work, form)
    waits = form.recipient is not None and form.consent_id is None
    need = Need(
        version=1,
        state="consent_pending" if waits else "published",
        community_code=form.area_code[:12],
        created_at=work.now,
        changed_at=work.now,
        open_quantity=form.quantity,
        proposed=0,
        confirmed_quantity=0,
        missed_rounds=0,
        tried_at=work.now,
        beneficiary_ref=None if form.recipient is None else form.recipient.ref,
        place=None if form.recipient is None else form.recipient.place,
        addressee=None if form.recipient is None else form.recipient.addressee,
        tags=list(form.tags),
        blocked_units=list(form.blocked_units),
        **form.model_dump(exclude={"recipient", "tags", "blocked_units"}),
    )
    work.session.add(need)
    await work.session.flush()
    begin(work, NEED, need, "post")
    if not waits:
        await _list(work, need)
    return need


def _check(work: Work, form: NeedForm) -> None:
    kinds = work.part(Terms).kinds.root
    faults = []
    if form.kind not in kinds:
        faults.append(FieldError("kind", f"must be one of {', '.join(sorted(kinds))}"))
    if form.needed_by is not None and form.needed_by <= work.now:
        faults.append(FieldError("needed_by", "must lie ahead"))
    if form.min_slice > form.quantity:
        faults.append(FieldError("min_slice", "must not exceed quantity"))
    if faults:
        raise Invalid("; ".join(f"{one.field}: {one.message}" for one in faults), fields=faults)


async def _list(work: Work, need: Need) -> None:
    work.emit(NeedPublished(need=need.snapshot()))
    await seek(work, [need.id])


async def record_consent(work: Work, need_id: UUID, consent_id: str) -> Need:
    """Note that the person agrees, and put the need on the list."""
    need = await _own(work, need_id)
    change(work, NEED, need, "consent")
    need.consent_id = consent_id
    await _list(work, need)
    return need


async def withdraw_consent(work: Work, need_id: UUID) -> Need:
    """Note that the person no longer agrees: from now on no unit is told where to go."""
    need = await _own(work, need_id)
    change(work, NEED, need, "withdraw-consent")
    need.consent_id = None
    return need


async def withdraw_need(work: Work, need_id: UUID, form: Reason) -> Need:
    """Take the need off the list; open matches lapse, what is promised and not yet given is called off."""
    need = await _own(work, need_id)
    change(work, NEED, need, "withdraw", reason=form.reason, note=form.note)
    work.emit(NeedWithdrawn(need=need.snapshot()))
    return need


async def mark_unsuitable(work: Work, need_id: UUID, form: Reason) -> Need:
    """Say that partners cannot meet such a need."""
    need = await _own(work, need_id)
    change(work, NEED, need, "mark-unsuitable", reason=form.reason, note=form.note)
    work.emit(NeedWithdrawn(need=need.snapshot()))
    return need


async def close_need(work: Work, need_id: UUID) -> Need:
    """Strike a fulfilled need off the list."""
    need = await _own(work, need_id)
    change(work, NEED, need, "close")
    work.emit(NeedClosed(need=need.snapshot()))
    return need


async def _own(work: Work, need_id: UUID) -> Need:
    need = await locked(work, Need, need_id)
    work.permit(need.area_code)
    work.expect(need.version)
    return need
