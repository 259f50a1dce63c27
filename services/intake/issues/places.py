"""Where an issue is, as it is kept (encrypted) and as it is told to grid. Pure."""

from base64 import b64encode

import orjson

from services.intake.issues.bodies import LocationIn
from shared.events.intake import IssueReported, IssueSnapshot, Point
from shared.privacy import seal


def written(location: LocationIn) -> str | None:
    """The place as JSON, or None where nothing is known."""
    point = location.point
    if point is None and location.compound is None and location.address is None:
        return None
    place = {
        "point": None if point is None else [point.longitude, point.latitude],
        "address": location.address,
        "compound": location.compound,
    }
    return orjson.dumps(place).decode()


def read(place: str | None) -> LocationIn:
    """The place again."""
    if place is None:
        return LocationIn()
    known = orjson.loads(place)
    if known["point"] is not None:
        known["point"] = dict(zip(("longitude", "latitude"), known["point"], strict=True))
    return LocationIn.model_validate(known)


def reported(
    snapshot: IssueSnapshot, location: LocationIn, place: str | None, grid_key: str | None
) -> IssueReported:
    """The event: a plain matter tells its point or compound openly, any other tells grid alone.

    Without grid's key (base64) a sealed place cannot leave; grid then takes the whole community.
    """
    is_plain = snapshot.privacy_class == 0 and (location.point or location.compound)
    if is_plain:
        point = location.point
        return IssueReported(
            issue=snapshot,
            point=None if point is None else Point(longitude=point.longitude, latitude=point.latitude),
            compound=location.compound,
        )
    if place is None or grid_key is None:
        return IssueReported(issue=snapshot)
    return IssueReported(issue=snapshot, place_sealed=b64encode(seal(grid_key, place.encode())).decode())
