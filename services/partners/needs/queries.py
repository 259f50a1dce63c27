"""Needs as a caller may see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from services.partners.filters import InArea, IssueNo, Word
from services.partners.matches.models import Match
from services.partners.matches.rules import SHOWN_TO_UNIT
from services.partners.needs.models import Need
from services.partners.needs.rules import SEEKING, public_place
from services.partners.needs.views import NeedView, PublicNeedView
from services.partners.records import found, is_unit, newest, within, within_community
from services.partners.settings import Terms
from shared.errors import Absent, FieldError, Invalid
from shared.service import Work
from shared.web import Page


@dataclass(frozen=True, slots=True)
class NeedFilter:
    """What a list of needs is cut to; None cuts nothing."""

    state: Word = None
    kind: Word = None
    area: InArea = None
    issue_id: UUID | None = None
    issue_no: IssueNo = None


async def get_need(work: Work, need_id: UUID) -> NeedView | PublicNeedView:
    """The need, whole for staff of its area, in public for units. Raises `Absent`, `Forbidden`."""
    need = await found(work, Need, need_id)
    if not is_unit(work.actor()):
        work.permit(need.area_code)
        return NeedView.model_validate(need)
    seen = await work.session.scalar(select(Need.id).where(Need.id == need_id, _for_unit(work)))
    if seen is None:
        raise Absent(f"there is no need {need_id}")
    return (await in_public(work, [need]))[need.id]


async def list_needs(work: Work, page: Page[str], wanted: NeedFilter) -> Sequence[Need]:
    """The needs of the caller's areas, the newest first; a unit sees those that it could help with."""
    if is_unit(work.actor()):
        _refuse_probing(wanted)
        query = select(Need).where(_for_unit(work))
    else:
        query = select(Need).where(within(Need.area_code, work.areas()))
    if wanted.area is not None:
        query = query.where(Need.area_code.startswith(wanted.area))
    given = (
        (Need.state, wanted.state),
        (Need.kind, wanted.kind),
        (Need.issue_id, wanted.issue_id),
        (Need.issue_no, wanted.issue_no),
    )
    for column, value in given:
        if value is not None:
            query = query.where(column == value)
    return await newest(work, query, Need, page)


def _refuse_probing(wanted: NeedFilter) -> None:
    """A filter finer than the answer would tell what the answer hides."""
    faults = [
        FieldError(name, "is not for units to filter by")
        for name in ("area", "issue_id", "issue_no")
        if getattr(wanted, name) is not None
    ]
    if faults:
        raise Invalid(", ".join(one.field for one in faults) + ": not for units to filter by", fields=faults)


async def shown(work: Work, needs: Sequence[Need]) -> list[NeedView | PublicNeedView]:
    """The needs in the shape that is for the caller."""
    if not is_unit(work.actor()):
        return [NeedView.model_validate(need) for need in needs]
    public = await in_public(work, needs)
    return [public[need.id] for need in needs]


async def in_public(work: Work, needs: Iterable[Need]) -> dict[UUID, PublicNeedView]:
    """These needs as units see them, by id."""
    needs = list(needs)
    like = await _like_cases(work, {need.community_code for need in needs})
    least = work.part(Terms).rules.min_like_cases
    return {need.id: _public(need, like.get((need.grid_code, need.kind), 0), least) for need in needs}


def _public(need: Need, like_cases: int, least: int) -> PublicNeedView:
    return PublicNeedView(
        id=need.id,
        kind=need.kind,
        tags=tuple(need.tags),
        measure=need.measure,
        quantity=need.quantity,
        open_quantity=need.open_quantity,
        urgency=need.urgency,
        needed_by=need.needed_by,
        place=public_place(need.area_code, like_cases, least),
        public_text=need.public_text,
        state=need.state,
        version=need.version,
    )


def _for_unit(work: Work) -> ColumnElement[bool]:
    """What is on the list in the unit's community, and what the unit was asked for."""
    asked = select(Match.need_id).where(Match.unit_code == work.actor().unit, Match.state.in_(SHOWN_TO_UNIT))
    listed = within_community(Need.community_code, work.areas()) & Need.state.in_(SEEKING)
    return or_(listed, Need.id.in_(asked))


async def _like_cases(work: Work, communities: set[str]) -> dict[tuple[str, str], int]:
    grid = func.substr(Need.area_code, 1, 15)
    query = (
        select(grid, Need.kind, func.count())
        .where(Need.community_code.in_(sorted(communities)), Need.state.in_((*SEEKING, "matched")))
        .group_by(grid, Need.kind)
    )
    return {(code, kind): count for code, kind, count in await work.session.execute(query)}
