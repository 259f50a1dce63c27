"""Relief that the street is asked for, and gives: it opens a case, and stands in its plan and its ledger.

The asking and what was given may come in any order, and each more than once.
"""

from base64 import b64decode
from typing import cast
from uuid import UUID, uuid5

from sqlalchemy import Table

from services.partners.cases.ledger import enter
from services.partners.cases.models import Case, Measure
from services.partners.cases.opening import open_case
from services.partners.cases.rules import MeasureKind, MeasureState
from services.partners.settings import PartnersSettings
from shared import bulk
from shared.events.intake import EscalationReliefGiven, EscalationSent, EscalationSnapshot, EscalationType
from shared.privacy import unseal
from shared.service import Work

_MEASURES = cast(Table, Measure.__table__)
FOR_RELIEF = "relief_request"
STREET = "street"


class KeyMissing(Exception):
    """An amount came sealed and this service holds no key: set `relief_private_key` and replay the event."""


async def follow_request(work: Work, event: EscalationSent) -> None:
    """Open a case for the household, with what is asked for as its measure."""
    if event.escalation.type is EscalationType.relief_request and event.household_code is not None:
        case = await _case(work, event.escalation, event.household_code)
        await _plan(work, case, event.escalation, event.dossier.need_kind or FOR_RELIEF)


async def note_relief(work: Work, event: EscalationReliefGiven) -> None:
    """Write down what was given; its measure is done. Raises `KeyMissing` for an amount that stays shut."""
    if event.household_code is None:
        return
    amount = _opened(work, event.amount_sealed)
    case = await _case(work, event.escalation, event.household_code)
    measure = await _plan(work, case, event.escalation, FOR_RELIEF)
    new = await enter(
        work,
        case,
        event.relief_id,
        source=STREET,
        office=event.office,
        form=event.form,
        given_at=event.given_at,
        goods=[one.model_dump() for one in event.goods],
        amount=amount,
        measure_id=measure.id,
    )
    if new:
        measure.state = MeasureState.done


async def _case(work: Work, escalation: EscalationSnapshot, household_code: str) -> Case:
    case, _ = await open_case(
        work,
        household_code,
        escalation.area_code,
        opened_for=FOR_RELIEF,
        issue_id=escalation.issue_id,
        issue_no=escalation.issue_no,
    )
    return case


async def _plan(work: Work, case: Case, escalation: EscalationSnapshot, what: str) -> Measure:
    row = {
        "id": uuid5(escalation.id, "measure"),
        "case_id": case.id,
        "kind": MeasureKind.social.value,
        "what": what,
        "who": escalation.target,
        "state": MeasureState.planned.value,
        "escalation_id": escalation.id,
    }
    await bulk.insert_new(work.session, _MEASURES, [row], key="id")
    return await work.session.get_one(Measure, cast(UUID, row["id"]), with_for_update=True)


def _opened(work: Work, sealed: str | None) -> str | None:
    if sealed is None:
        return None
    key = work.part(PartnersSettings).relief_private_key
    if key is None:
        raise KeyMissing("an amount is sealed, and relief_private_key is not set")
    return unseal(key.get_secret_value(), b64decode(sealed)).decode()
