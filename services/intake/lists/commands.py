"""Views of the problem list under a name: kept, found, let go."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from uuid_utils.compat import uuid7

from services.intake.limits import Limits
from services.intake.lists.bodies import ViewIn, filter_of
from services.intake.lists.models import SavedView
from shared.errors import Absent, Refused
from shared.service import Work


class TooManyViews(Refused):
    """Nobody finds anything in a drawer without a bottom."""

    type, title = "too-many-views", "You keep as many views as you may"


async def save_view(work: Work, body: ViewIn) -> SavedView:
    """Keep a filter. Raises `Invalid` for what is none, `Forbidden` for an area that is not the caller's."""
    owner = work.actor().subject
    work.permit_own(owner)
    if body.area is not None:
        work.permit(body.area)
    query = filter_of(body.query).query()
    most = work.part(Limits).lists.views
    count = await work.session.scalar(select(func.count()).where(SavedView.owner == owner))
    if (count or 0) >= most:
        raise TooManyViews(f"you keep {most} views; let one go first")
    view = SavedView(
        id=uuid7(), owner=owner, area_code=body.area, name=body.name, query=query, saved_at=work.now
    )
    work.session.add(view)
    return view


async def list_views(work: Work) -> Sequence[SavedView]:
    """The caller's own, and those shared with an area that the caller has, or works in."""
    query = select(SavedView).where(_visible(work)).order_by(SavedView.name, SavedView.id)
    return (await work.session.scalars(query.limit(work.part(Limits).lists.shown_views))).all()


async def read_view(work: Work, view_id: UUID) -> SavedView:
    """One of those. Raises `Absent`."""
    view = await work.session.scalar(select(SavedView).where(SavedView.id == view_id, _visible(work)))
    if view is None:
        raise Absent("you have no such view")
    return view


async def drop_view(work: Work, view_id: UUID) -> None:
    """Let a view of one's own go. Raises `Absent`, `Forbidden` for somebody else's."""
    view = await read_view(work, view_id)
    work.permit_own(view.owner)
    await work.session.delete(view)


def _visible(work: Work) -> ColumnElement[bool]:
    # A view of the community serves its grids too: it names no issue, and shows what one may see anyway.
    around = {area[:length] for area in work.areas() for length in (9, 12, 15, 18) if length <= len(area)}
    beneath = [SavedView.area_code.between(area, area.ljust(18, "9")) for area in work.areas()]
    return or_(SavedView.owner == work.actor().subject, SavedView.area_code.in_(around), *beneath)
