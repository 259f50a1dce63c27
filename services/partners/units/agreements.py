"""Agreements that end soon are told of, once for each end."""

from datetime import timedelta

from sqlalchemy import or_, select

from services.partners.settings import PartnersSettings, Terms
from services.partners.units.models import Unit
from shared.clock import local_date
from shared.events.partners import UnitAgreementExpiring
from shared.service import Work

MOST = 200


async def warn_of_agreements(work: Work) -> None:
    """Tell of the members whose agreement ends within the days that the rules name."""
    today = local_date(work.now, work.part(PartnersSettings).zone)
    last = today + timedelta(days=work.part(Terms).rules.agreement_warn_days)
    untold = or_(Unit.agreement_warned.is_(None), Unit.agreement_warned != Unit.agreement_until)
    query = select(Unit).where(Unit.state == "active", Unit.agreement_until.between(today, last), untold)
    held = query.order_by(Unit.id).limit(MOST).with_for_update(skip_locked=True, key_share=True)
    for unit in await work.session.scalars(held):
        until = unit.agreement_until
        if until is not None:
            unit.agreement_warned = until
            unit.version, unit.changed_at = unit.version + 1, work.now
            work.emit(UnitAgreementExpiring(partner_unit=unit.snapshot(), until=until))
