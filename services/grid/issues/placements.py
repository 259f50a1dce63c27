"""Where issues are: each is placed once, by what its report says."""

from base64 import b64decode
from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from services.grid.areas.shapes import AreaMap, Location, Place
from services.grid.issues.models import places
from services.grid.settings import GridSettings
from shared import bulk
from shared.events.grid import IssueLocated, PlacementSnapshot
from shared.events.intake import IssueReported
from shared.privacy import unseal
from shared.service import Work


class KeyMissing(Exception):
    """A place came sealed and this service holds no key: set `contact_private_key` and replay the event."""


class SealedPlace(BaseModel):
    """What intake sealed for grid; see `IssueReported`."""

    model_config = ConfigDict(extra="ignore")

    point: tuple[float, float] | None = None
    compound: str | None = None
    address: str | None = None


async def place_issues(work: Work, reports: Sequence[IssueReported], area_map: AreaMap) -> dict[UUID, str]:
    """Place the issues that have no place yet, and return their areas; tell only what is news."""
    if not reports:
        return {}
    said = [_said(report, work.part(GridSettings)) for report in reports]
    points = [place.point for place in said if place.point is not None]
    found = iter(area_map.locate_all(points))
    located: dict[UUID, tuple[IssueReported, Location]] = {}
    for report, place in zip(reports, said, strict=True):
        at_point = next(found) if place.point is not None else None
        issue = report.issue
        location = area_map.place(
            place, within=issue.community_code, otherwise=issue.area_code, at_point=at_point
        )
        located.setdefault(issue.id, (report, location))
    new = await bulk.insert_new(
        work.session, places, [_row(*one) for one in located.values()], key="issue_id"
    )
    for issue_id in located.keys() & new:
        _tell(work, *located[issue_id])
    return {issue_id: located[issue_id][1].area_code for issue_id in new}


async def known_places(work: Work, issue_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The areas of those of these issues that have been placed."""
    if not issue_ids:
        return {}
    query = select(places.c.issue_id, places.c.area_code).where(places.c.issue_id.in_(issue_ids))
    return {row.issue_id: row.area_code for row in await work.session.execute(query)}


def _tell(work: Work, report: IssueReported, location: Location) -> None:
    if location.area_code == report.issue.area_code:
        return
    placement = PlacementSnapshot(
        id=report.issue.id, version=1, area_code=location.area_code, method=location.method
    )
    work.emit(IssueLocated(placement=placement), because=report)


def _row(report: IssueReported, location: Location) -> dict[str, object]:
    return {
        "issue_id": report.issue.id,
        "area_code": location.area_code,
        "method": location.method,
        "compound_code": location.compound,
    }


def _said(report: IssueReported, settings: GridSettings) -> Place:
    if report.place_sealed is None:
        point = report.point
        return Place((point.longitude, point.latitude) if point else None, report.compound)
    if settings.contact_private_key is None:
        raise KeyMissing("the place of an issue is sealed, and contact_private_key is not set")
    plain = unseal(settings.contact_private_key.get_secret_value(), b64decode(report.place_sealed))
    sealed = SealedPlace.model_validate_json(plain)
    return Place(sealed.point, sealed.compound, sealed.address)
