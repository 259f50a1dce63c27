"""Member units and their agreements."""

from datetime import date

from shared.events.base import Event, Snapshot


class UnitSnapshot(Snapshot):
    """A member unit of the joint party committee."""

    code: str
    name: str
    kind: str
    state: str
    community_code: str


class UnitEvent(Event, about="partner_unit"):
    """Any fact about a unit."""

    partner_unit: UnitSnapshot


class UnitJoined(UnitEvent, type="partners.unit.joined.v1"):
    """A unit signed the co-building agreement."""


class UnitChanged(UnitEvent, type="partners.unit.changed.v1"):
    """A unit has another name, kind or agreement than before, or is a member in force again."""


class UnitSuspended(UnitEvent, type="partners.unit.suspended.v1"):
    """Nothing is asked of the unit until it is a member in force again."""


class UnitAgreementExpiring(UnitEvent, type="partners.unit.agreement_expiring.v1"):
    """The co-building agreement of a unit ends soon, on the day named."""

    until: date
