"""Making issues anonymous: what was done, when and by which office stays; every word and every name goes.

What a table holds of people is listed here once. Keys of the vault are of no help afterwards: nothing is
hidden, all of it is gone.
"""

import os
from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, func, literal, select, tuple_, update

from services.intake.channels.models import Source
from services.intake.emergencies.models import EmergencyReport
from services.intake.escalations.models import Escalation
from services.intake.evidence.commands import erase_evidence
from services.intake.evidence.models import Evidence
from services.intake.identity.models import IdentityLink
from services.intake.issues.models import Issue, Reporter, TimelineEntry
from services.intake.mediation.models import Mediation, Party
from services.intake.models import READ_LOG, VAULT
from services.intake.open311.models import PostedRequest
from services.intake.oversight.models import ReadReview
from services.intake.personal.models import Consent
from services.intake.service import intake
from services.intake.street.models import StreetWord
from services.intake.tasks.models import Task
from shared.auth import Role
from shared.idempotency import PURPOSE as ANSWER
from shared.service import Work

NOBODY = "anonymised"
TITLE = "（已匿名）"
_DOSSIER: dict[str, object] = {"facts": TITLE, "ask": TITLE}
# What stands in place of words and names, by table; rows are found by their issue.
_BLANKED: Mapping[type, dict[str, object]] = {
    TimelineEntry: {"note": None},
    Escalation: {"answer": None, "dossier": _DOSSIER, "household_code": None},
    EmergencyReport: dict.fromkeys(("place", "damage", "trend", "actions", "called", "on_site_lead"), ""),
    Mediation: {"facts": None, "agreement": None},
    Task: {"title": TITLE},
    PostedRequest: {"media_url": None, "attributes": None},
    Consent: {"name": None, "guardian": None},
    StreetWord: {"text": None},
    IdentityLink: {"reason": None},
}
# Where the account of whoever reported may stand.
_SIGNED = tuple(
    (cast(Table, model.__table__), name)
    for model, name in ((TimelineEntry, "actor"), (Evidence, "added_by"), (Consent, "recorded_by"))
)
_REVIEWS = cast(Table, ReadReview.__table__)
_DROPPED: tuple[type, ...] = (Reporter, Source)
_ANSWERS_AT_ONCE = 500


async def make_anonymous(work: Work, issues: Sequence[Issue]) -> None:
    """Take every word and every name from these issues, wherever intake keeps them. They are locked."""
    ids = [issue.id for issue in issues]
    accounts = sorted({issue.reporter_subject for issue in issues if issue.reporter_subject})
    parties = select(Mediation.id).where(Mediation.issue_id.in_(ids))
    await work.session.execute(delete(Party).where(Party.mediation_id.in_(parties)))
    for model, blanks in _BLANKED.items():
        table = cast(Table, model.__table__)  # type: ignore[attr-defined]  # Every model has its table.
        await work.session.execute(update(table).where(table.c.issue_id.in_(ids)).values(blanks))
    for model in _DROPPED:
        table = cast(Table, model.__table__)  # type: ignore[attr-defined]  # As above.
        await work.session.execute(delete(table).where(table.c.issue_id.in_(ids)))
    for table, name in _SIGNED:
        renamed = update(table).where(table.c.issue_id.in_(ids), table.c[name].in_(accounts))
        await work.session.execute(renamed.values({name: NOBODY}))
    about = READ_LOG.c.subject.in_([f"issue:{id}" for id in ids])
    await _forget_readers(work, about & READ_LOG.c.reader.in_(accounts))
    readings = select(READ_LOG.c.id).where(about)
    await work.session.execute(update(_REVIEWS).where(_REVIEWS.c.reading_id.in_(readings)).values(note=None))
    for issue in issues:
        await erase_evidence(work, issue.id)
        _blank(work, issue, accounts)


def _blank(work: Work, issue: Issue, accounts: Sequence[str]) -> None:
    issue.title, issue.text, issue.place = TITLE, None, None
    issue.reporter_subject, issue.help_asked, issue.households = None, None, []
    # A code that nobody was given: the old one shows nothing any more.
    issue.track_hash = os.urandom(32)
    if issue.reported_by in accounts:
        issue.reported_by = NOBODY
    issue.anonymised_at = work.now


async def forget_account(work: Work, account: str) -> None:
    """Take the account from what it read of its own, and from the answers that it was given."""
    await _forget_readers(work, READ_LOG.c.reader == account)
    answers = intake.answers
    await work.session.execute(delete(answers).where(answers.c.subject == f"person:{account}"))


async def _forget_readers(work: Work, which: ColumnElement[bool]) -> None:
    # Whoever reads for the community answers for it, also where they once reported something themselves.
    own = update(READ_LOG).where(which, READ_LOG.c.role == Role.RESIDENT)
    await work.session.execute(own.values(reader=NOBODY))


async def forget_answers(work: Work, ids: Sequence[UUID]) -> None:
    """Answers to repeated requests are kept for a day, and may show one of these issues with its words."""
    table, last = intake.answers, ("", "")
    wanted = [str(one).encode() for one in ids]
    key = (table.c.subject, table.c.key)
    while True:
        query = (
            select(*key, table.c.body, table.c.headers)
            .where(tuple_(*key) > tuple_(*map(literal, last)))
            .order_by(*key)
        )
        rows = (await work.session.execute(query.limit(_ANSWERS_AT_ONCE))).all()
        for row in rows:
            shown = VAULT.keyring.decrypt(ANSWER, row.body) + str(row.headers).encode()
            if any(one in shown for one in wanted):
                found = (table.c.subject == row.subject) & (table.c.key == row.key)
                await work.session.execute(delete(table).where(found))
        if len(rows) < _ANSWERS_AT_ONCE:
            return
        last = (rows[-1].subject, rows[-1].key)


async def black_out_reasons(work: Work, words: Sequence[str]) -> None:
    """Take a person's name and number from the reasons in the read log: who read what, and when, stays."""
    reason = READ_LOG.c.reason
    for word in words:
        blacked = update(READ_LOG).where(reason.contains(word, autoescape=True))
        await work.session.execute(blacked.values(reason=func.replace(reason, word, "***")))
