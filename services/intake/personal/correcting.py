"""Putting right how somebody is called, or reached, wherever intake keeps it (PIPL, article 46)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from services.intake.issues.models import Issue, Reporter
from services.intake.issues.record import Note, jot
from services.intake.issues.reports import PHONE_INDEX
from services.intake.mediation.models import Mediation, Party
from services.intake.models import VAULT
from services.intake.oversight.readings import note_reading
from services.intake.personal.bodies import CorrectionIn
from services.intake.personal.finding import Person, find_issues
from shared.service import Work


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where one table names a person: by name, phone and the index by which the phone is found."""

    name: str
    phone: str
    index: str


_REPORTER = _Spot("name", "phone", "phone_index")
_BENEFICIARY = _Spot("beneficiary_name", "beneficiary_phone", "beneficiary_index")
_PARTY = _Spot("name", "phone", "phone_index")


async def correct(work: Work, body: CorrectionIn) -> list[str]:
    """Write the right name or number wherever this person stands, and return the numbers of the issues.

    An account stands where it reported for itself; a phone number wherever it was left. Raises `Absent`, and
    `Forbidden` where a part of it lies outside of the caller's areas.
    """
    issues = await find_issues(work, Person(body.phone, body.subject))
    is_meant = _meant_by(body)
    spots = [(one, spot) for one, spot in await _spots(work, issues) if is_meant(one, spot)]
    for one, spot in spots:
        _put_right(one, spot, body)
    fields = [name for name in ("name", "phone") if getattr(body, f"right_{name}") is not None]
    for number, issue in enumerate(issues):
        # All of them are one person's.
        persons = int(number == 0)
        await note_reading(work, f"issue:{issue.id}", ["correction", *fields], body.reason, persons=persons)
        jot(work, issue, "correct-person", Note(data={"fields": fields}))
    return [issue.no for issue in issues]


async def _spots(work: Work, issues: Sequence[Issue]) -> list[tuple[Reporter | Party, _Spot]]:
    ids = [issue.id for issue in issues]
    reporters = await work.session.scalars(select(Reporter).where(Reporter.issue_id.in_(ids)))
    parties = select(Party).join(Mediation, Mediation.id == Party.mediation_id)
    named = await work.session.scalars(parties.where(Mediation.issue_id.in_(ids)))
    return [
        *((one, spot) for one in reporters for spot in (_REPORTER, _BENEFICIARY)),
        *((one, _PARTY) for one in named),
    ]


def _meant_by(body: CorrectionIn) -> Callable[[Reporter | Party, _Spot], bool]:
    if body.phone is None:
        return lambda one, spot: spot is _REPORTER
    indexes = VAULT.keyring.blind_indexes(PHONE_INDEX, body.phone)
    return lambda one, spot: getattr(one, spot.index) in indexes


def _put_right(one: Reporter | Party, spot: _Spot, body: CorrectionIn) -> None:
    if body.right_name is not None:
        setattr(one, spot.name, body.right_name)
    if body.right_phone is not None:
        setattr(one, spot.phone, body.right_phone)
        setattr(one, spot.index, VAULT.keyring.blind_index(PHONE_INDEX, body.right_phone))
