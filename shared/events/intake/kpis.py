"""The figures of a period that is over."""

from datetime import date, datetime

from shared.events.base import Event, Part, Snapshot


class KpiFigure(Part):
    """One figure of domain.md §8. A composite has neither numerator nor denominator of its own.

    `value` is a share from 0 to 1; it is missing where there are too few cases for a percentage.
    """

    code: str
    numerator: int | None
    denominator: int | None
    value: float | None


class KpiPlace(Part):
    """The figures of one place."""

    area_code: str
    figures: tuple[KpiFigure, ...]


class KpiReportSnapshot(Snapshot):
    """The figures of the community and of each grid in which anything counted, from `first` to `last`.

    They are told once, as they stood at `counted_at`. What is found out later, such as a matter that is
    reopened, changes what can be asked for since, and the month that the day lies in, not what was told.
    """

    community_code: str
    street_code: str
    area_code: str
    first: date
    last: date
    counted_at: datetime
    small_sample: int
    community: tuple[KpiFigure, ...]
    grids: tuple[KpiPlace, ...]


class KpiEvent(Event, about="report"):
    """Any fact about the figures of a period."""

    report: KpiReportSnapshot


class KpiDayCounted(KpiEvent, type="intake.kpi.daily.v1"):
    """A day is over and its figures are counted."""


class KpiMonthCounted(KpiEvent, type="intake.kpi.monthly.v1"):
    """A month is over and its figures are counted."""
