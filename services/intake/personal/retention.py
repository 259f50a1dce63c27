"""What is kept no longer than it is needed: identities of issues that ended long ago, old consents."""

import asyncio
import logging
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, delete, exists, or_, select
from sqlalchemy.orm import aliased

from services.intake.issues.models import Issue, TimelineEntry
from services.intake.kpis.folding import first_id_at
from services.intake.lists.models import HAS_ENDED
from services.intake.models import READ_LOG
from services.intake.oversight.models import DataRequest, ReadAlarm, ReadReview
from services.intake.personal.erasing import make_anonymous
from services.intake.personal.models import Consent
from services.intake.personal.portraits import forget_portraits
from services.intake.personal.rules import PersonalRules
from shared import bulk
from shared.host import Host
from shared.service import Work

log = logging.getLogger(__name__)
_REVIEWS, _ALARMS = (cast(Table, model.__table__) for model in (ReadReview, ReadAlarm))


async def forget_issues(work: Work) -> int:
    """Make the next issues anonymous whose time is over, and say how many.

    The time runs from the last that happened to an issue; one that was merged waits for its master.
    """
    rules = work.part(PersonalRules).retention
    before = work.now - timedelta(days=rules.issue_days)
    line, master = TimelineEntry, aliased(Issue)
    lately = exists().where(line.issue_id == Issue.id, line.at >= before)
    needed = exists().where(master.id == Issue.parent_id, master.anonymised_at.is_(None))
    query = select(Issue).where(
        HAS_ENDED, Issue.anonymised_at.is_(None), Issue.reported_at < before, ~lately, ~needed
    )
    query = query.order_by(Issue.reported_at).limit(rules.at_once).with_for_update(skip_locked=True, of=Issue)
    issues = (await work.session.scalars(query)).all()
    await make_anonymous(work, issues)
    return len(issues)


async def forget_consents(work: Work) -> int:
    """Delete consents whose proof is needed no longer, and say how many."""
    before = work.now - timedelta(days=work.part(PersonalRules).retention.consent_days)
    ended = or_(Consent.expires_at < before, Consent.withdrawn_at < before)
    done = await work.session.execute(delete(Consent).where(ended))
    return int(getattr(done, "rowcount", 0))


async def forget_requests(work: Work) -> int:
    """Delete requests that were answered so long ago that nobody needs the proof, and say how many."""
    before = work.now - timedelta(days=work.part(PersonalRules).retention.request_days)
    done = await work.session.execute(delete(DataRequest).where(DataRequest.answered_at < before))
    return int(getattr(done, "rowcount", 0))


async def forget_readings(host: Host) -> int:
    """Delete what is kept of readings once nobody may ask any more, a slice a transaction; say how many.

    Their ids tell when they were written; a review goes before its reading.
    """
    rules: PersonalRules = host.parts[PersonalRules]  # type: ignore[assignment]  # The parts stand under their types.
    limit = first_id_at(host.clock.now() - timedelta(days=rules.retention.read_log_days))
    await bulk.delete_where(host.database, _REVIEWS, _REVIEWS.c.reading_id < limit)
    await bulk.delete_where(host.database, _ALARMS, _ALARMS.c.id < limit)
    return await bulk.delete_where(host.database, READ_LOG, READ_LOG.c.id < limit)


async def keep_retention(host: Host) -> None:
    """Forget for good, as often as the rules say."""
    rules: PersonalRules = host.parts[PersonalRules]  # type: ignore[assignment]  # The parts stand under their types.
    while True:
        await forget(host)
        await asyncio.sleep(rules.retention.every_minutes * 60)


async def forget(host: Host) -> int:
    """Forget all whose time is over, a few issues a transaction, and say how many issues there were."""
    forgotten = 0
    while True:
        async with host.work() as work:
            found = await forget_issues(work)
        if not found:
            break
        forgotten += found
    expired = 1
    while expired:
        async with host.work() as work:
            expired = await forget_portraits(work)
    async with host.work() as work:
        await forget_consents(work)
        await forget_requests(work)
    await forget_readings(host)
    if forgotten:
        log.info("%d issues that ended long ago name nobody any more", forgotten)
    return forgotten
