"""How many households are helped."""

from datetime import date

from shared.events.base import Event, Part, Snapshot


class CaseCountSnapshot(Snapshot):
    """The cases of one community in a month, which `month` names by its first day."""

    community_code: str
    month: date


class ProgrammeCount(Part):
    """The cases of one programme, or of one reason to help: open now, and looked at again in the month."""

    programme: str
    active: int
    reviewed: int


class CasesCounted(Event, type="partners.case.counted.v1", about="case_count"):
    """A month has ended: how many households are helped, and how many plans were looked at again."""

    case_count: CaseCountSnapshot
    programmes: tuple[ProgrammeCount, ...] = ()
