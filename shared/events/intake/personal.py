"""Oversight of those who read personal data; who was read is told to nobody."""

from datetime import date, datetime
from enum import StrEnum

from shared.events.base import Event, Snapshot


class AlarmKind(StrEnum):
    """What was unusual: more persons than one reads in an hour, or far more than on a usual day."""

    in_an_hour = "in_an_hour"
    above_usual = "above_usual"


class ReadAlarmSnapshot(Snapshot):
    """Somebody read the data of `persons` persons where `bound` is what passes without a word.

    Who it was stands with the community, which looks into it.
    """

    community_code: str
    street_code: str
    area_code: str
    day: date
    kind: AlarmKind
    persons: int
    bound: int
    raised_at: datetime


class ReadAlarmRaised(Event, type="intake.personal.alarm_raised.v1", about="alarm"):
    """Somebody read the personal data of unusually many persons."""

    alarm: ReadAlarmSnapshot
