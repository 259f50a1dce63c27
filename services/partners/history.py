"""The trail: who did what to which record, in the transaction that did it."""

from uuid_utils.compat import uuid7

from services.partners.lifecycle import Lifecycle
from services.partners.models import HistoryEntry, Record
from shared.service import Work

ENGINE = "partners"


def change(
    work: Work,
    lifecycle: Lifecycle,
    record: Record,
    command: str,
    *,
    reason: str | None = None,
    note: str | None = None,
) -> None:
    """Take a record one step on: new state, next version, and an entry in the trail.

    Raises `IllegalTransition`; `reason` is a code, `note` a person's words.
    """
    before, after = record.state, lifecycle.step(record.state, command)
    record.state, record.version, record.changed_at = after, record.version + 1, work.now
    _add(work, lifecycle.word, record, command, before=before, reason=reason, note=note)


def begin(work: Work, lifecycle: Lifecycle, record: Record, command: str) -> None:
    """Write down that a record has come to be, in the state that it has."""
    _add(work, lifecycle.word, record, command, before=None, reason=None, note=None)


def _add(
    work: Work,
    word: str,
    record: Record,
    command: str,
    *,
    before: str | None,
    reason: str | None,
    note: str | None,
) -> None:
    work.session.add(
        HistoryEntry(
            id=uuid7(),
            record=word,
            record_id=record.id,
            version=record.version,
            at=work.now,
            who=work.caller.subject if work.caller else ENGINE,
            role=" ".join(sorted(work.caller.roles)) if work.caller else ENGINE,
            command=command,
            from_state=before,
            to_state=record.state,
            reason=reason,
            note=note,
        )
    )
