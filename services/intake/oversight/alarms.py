"""The alarm on unusual reading: more persons than one reads in an hour, or far more than on a usual day.

It tells the community once a reader and day, in the transaction of the reading that went too far. It stops
nobody: in an emergency a clerk may have to read much, and says so when asked.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import cast
from uuid import UUID

from sqlalchemy import Table, func, select
from uuid_utils.compat import uuid7

from services.intake.cursors import id_of
from services.intake.models import READ_LOG
from services.intake.oversight.models import ReadAlarm
from services.intake.personal.rules import Oversight, PersonalRules
from services.intake.settings import IntakeSettings
from shared import bulk
from shared.clock import local_date, local_midnight
from shared.errors import Absent, Forbidden, Refused
from shared.events.intake import AlarmKind, ReadAlarmRaised, ReadAlarmSnapshot
from shared.service import Work
from shared.web import Page

log = logging.getLogger(__name__)

_HOUR = timedelta(hours=1)
_STREET_DIGITS = 9
_ALARMS = cast(Table, ReadAlarm.__table__)


class AlarmAnswered(Refused):
    """What lay behind it is written down."""

    type, title = "alarm-answered", "The alarm has been answered"


async def watch_reader(work: Work) -> None:
    """Raise the alarm where the caller has read of too many; at most one a reader and day."""
    rules, reader = work.part(PersonalRules).oversight, work.actor().subject
    in_an_hour = await _persons_since(work, reader, work.now - _HOUR)
    if in_an_hour > rules.persons_an_hour:
        await _raise_alarm(work, AlarmKind.in_an_hour, in_an_hour, rules.persons_an_hour)
        return
    today = local_midnight(_today(work), work.part(IntakeSettings).zone)
    in_a_day = await _persons_since(work, reader, today)
    # Few cost no look at all the days before.
    if in_a_day > rules.persons_a_day_at_least:
        bound = await _bound_of_a_day(work, reader, today, rules)
        if in_a_day > bound:
            await _raise_alarm(work, AlarmKind.above_usual, in_a_day, bound)


async def _persons_since(work: Work, reader: str, since: datetime) -> int:
    log_of = READ_LOG.c
    query = select(func.max(log_of.persons).label("persons")).where(
        log_of.reader == reader, log_of.at > since
    )
    # Who reads the same twice has not read of two.
    each = query.group_by(log_of.subject).subquery()
    return int(await work.session.scalar(select(func.sum(each.c.persons))) or 0)


async def _bound_of_a_day(work: Work, reader: str, today: datetime, rules: Oversight) -> int:
    """So many times the reader's mean of those days on which they read at all."""
    log_of, zone = READ_LOG.c, work.part(IntakeSettings).zone
    query = select(log_of.at, log_of.subject, log_of.persons).where(
        log_of.reader == reader,
        log_of.at >= today - timedelta(days=rules.usual_days),
        log_of.at < today,
        log_of.persons > 0,
    )
    days: dict[object, dict[str, int]] = defaultdict(dict)
    for row in await work.session.execute(query):
        day = days[local_date(row.at, zone)]
        day[row.subject] = max(row.persons, day.get(row.subject, 0))
    mean = sum(sum(day.values()) for day in days.values()) / len(days) if days else 0
    return max(rules.persons_a_day_at_least, int(mean * rules.times_usual))


async def _raise_alarm(work: Work, kind: AlarmKind, persons: int, bound: int) -> None:
    reader, day = work.actor().subject, _today(work)
    row = {
        "id": uuid7(),
        "reader": reader,
        "day": day,
        "kind": kind,
        "persons": persons,
        "bound": bound,
        "raised_at": work.now,
    }
    # A second one of this reader and day is none.
    if not await bulk.insert_new(work.session, _ALARMS, [row], key="id"):
        return
    community = work.part(IntakeSettings).community
    snapshot = ReadAlarmSnapshot.model_validate({
        **row,
        "version": 1,
        "community_code": community,
        "street_code": community[:_STREET_DIGITS],
        "area_code": community,
    })
    work.emit(ReadAlarmRaised(alarm=snapshot))
    said = "unusual reading of personal data: alarm %s, %d persons, %s, %d pass"
    work.afterwards.append(partial(log.warning, said, row["id"], persons, kind, bound))
    work.afterwards.append(partial(work.host.metrics.noticed, "unusual_reading"))


async def list_alarms(work: Work, page: Page[str], *, is_open: bool | None) -> Sequence[ReadAlarm]:
    """The community's alarms, the newest first; `limit + 1` of them."""
    work.permit(work.part(IntakeSettings).community)
    query = select(ReadAlarm).order_by(ReadAlarm.id.desc()).limit(page.limit + 1)
    after = id_of(page.after)
    if after is not None:
        query = query.where(ReadAlarm.id < after)
    if is_open is not None:
        answered = ReadAlarm.answered_at
        query = query.where(answered.is_(None) if is_open else answered.is_not(None))
    return (await work.session.scalars(query)).all()


async def answer_alarm(work: Work, alarm_id: UUID, note: str) -> ReadAlarm:
    """Say what lay behind it. Raises `Absent`, `AlarmAnswered`, `Forbidden` for an alarm about oneself."""
    work.permit(work.part(IntakeSettings).community)
    alarm = await work.session.get(ReadAlarm, alarm_id, with_for_update=True)
    if alarm is None:
        raise Absent("there is no such alarm")
    if alarm.reader == work.actor().subject:
        raise Forbidden("nobody answers an alarm about themselves")
    if alarm.answered_at is not None:
        raise AlarmAnswered("somebody has looked into it")
    alarm.note, alarm.answered_by, alarm.answered_at = note, work.actor().subject, work.now
    return alarm


def _today(work: Work) -> date:
    return local_date(work.now, work.part(IntakeSettings).zone)
