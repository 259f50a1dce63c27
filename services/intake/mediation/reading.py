"""Reading mediations, and the logged reading of their words."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from services.intake.issues.models import Issue
from services.intake.issues.record import permit
from services.intake.issues.rules import By
from services.intake.mediation.colours import mediation_colour
from services.intake.mediation.models import FollowUp, Instalment, Mediation, Party
from services.intake.mediation.steps import follow_ups_of, instalments_of, parties_of
from services.intake.oversight.readings import note_reading
from shared.errors import Absent
from shared.events.grid import Colour
from shared.service import Work


@dataclass(frozen=True, slots=True)
class Whole:
    """A mediation with all that belongs to it, and in the colour that it has now."""

    mediation: Mediation
    colour: Colour
    parties: Sequence[Party]
    instalments: Sequence[Instalment]
    follow_ups: Sequence[FollowUp]


async def whole_of(work: Work, mediation: Mediation) -> Whole:
    """The mediation and its parts; what this unit of work has changed is in it."""
    await work.session.flush()
    identity, issue = mediation.id, await work.session.get_one(Issue, mediation.issue_id)
    return Whole(
        mediation,
        mediation_colour(mediation.state, issue.state, issue.level),
        await parties_of(work, identity),
        await instalments_of(work, identity),
        await follow_ups_of(work, identity),
    )


async def read_mediation(work: Work, mediation_id: UUID) -> Whole:
    """One mediation, for the handler of its issue and staff of the area. Raises `Absent`, `Forbidden`."""
    mediation = await work.session.get(Mediation, mediation_id)
    if mediation is None:
        raise Absent("there is no such mediation")
    permit(work, await work.session.get_one(Issue, mediation.issue_id), By.HANDLER_OR_AREA)
    return await whole_of(work, mediation)


async def list_mediations(work: Work, issue_id: UUID) -> Sequence[Whole]:
    """The mediations of an issue, in their order. Raises `Absent`, `Forbidden`."""
    issue = await work.session.get(Issue, issue_id)
    if issue is None:
        raise Absent("there is no such issue")
    permit(work, issue, By.HANDLER_OR_AREA)
    query = select(Mediation).where(Mediation.issue_id == issue_id).order_by(Mediation.no)
    return [await whole_of(work, one) for one in await work.session.scalars(query)]


async def read_file(work: Work, mediation_id: UUID, reason: str) -> Whole:
    """The words of a mediation; the reading is written down with its reason, or does not happen."""
    whole = await read_mediation(work, mediation_id)
    told = ("parties", "facts", "agreement")
    await note_reading(work, f"mediation:{mediation_id}", told, reason, persons=len(whole.parties))
    return whole
