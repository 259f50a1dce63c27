"""What must be true of every issue, read from the rows: its way, and what it was closed on."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from uuid import UUID

from sqlalchemy import select

from services.intake.evidence.models import Evidence
from services.intake.issues.models import CallBack, Issue, Reporter, TimelineEntry
from shared.clock import local_date
from shared.testing import Stage
from tests.intake.test_state_table import LINES

# Each pair of states that domain.md §2.1 has, and the two that an answer of the level above brings about.
WAYS = {(source, target) for source, _, _, target, _ in LINES} | {
    ("verified", "assigned"),
    ("escalated", "in_progress"),
    ("merged", "accepted"),
}
# Who did one of these, or had the work in hands for a time, does not judge it.
WORK, TAKEN_OVER = {"start", "resolve", "task-start", "task-finish"}, ("from_person", "to_person")
# Sent back: what was shown until then shows nothing any more.
BACK = {"in_progress", "assigned"}
JUDGED = {"resolved", "verified", "closed"}


async def hold_to_the_rules(stage: Stage, issue_id: UUID) -> bool:
    """Assert what must be true of the issue. Returns whether it was ever closed."""
    async with stage.host.look() as work:
        issue = await work.session.get_one(Issue, issue_id)
        query = select(TimelineEntry).where(TimelineEntry.issue_id == issue_id).order_by(TimelineEntry.id)
        lines = (await work.session.scalars(query)).all()
        family = select(Issue.id).where((Issue.id == issue_id) | (Issue.parent_id == issue_id))
        tries = (await work.session.scalars(select(CallBack).where(CallBack.issue_id.in_(family)))).all()
        shown = select(Evidence.id).where(Evidence.issue_id == issue_id, Evidence.by_staff)
        evidence = set(await work.session.scalars(shown))
        traced = await work.session.get(Reporter, issue_id) is not None
    _hold_to_way(issue, lines)
    if issue.state in {"merged", "closed"}:
        assert (issue.parent_id is None) == (issue.state == "closed")
    closings = [at for at, line in enumerate(lines) if line.to_state == "closed" != line.from_state]
    for round, at in enumerate(closings):
        _hold_to_proofs(lines[: at + 1], evidence)
        if traced or issue.reporter_subject not in {None, issue.handler_person}:
            rounds = [tried for tried in tries if tried.at <= lines[at].at]
            assert _asked(rounds), f"{issue.no} was closed in round {round}, and nobody was asked"
    return bool(closings)


def _hold_to_way(issue: Issue, lines: Sequence[TimelineEntry]) -> None:
    assert [lines[0].from_state, lines[0].to_state] == [None, "reported"]
    for before, after in pairwise(lines):
        assert after.from_state == before.to_state, (before.command, after.command)
        assert after.version in {before.version, before.version + 1}
    for line in lines[1:]:
        moved = line.from_state != line.to_state
        assert not moved or (line.from_state, line.to_state) in WAYS, (line.command, line.from_state)
    assert (lines[-1].to_state, lines[-1].version) == (issue.state, issue.version)
    assert issue.suspend_count <= 2
    assert issue.decline_count <= 2
    assert issue.extension_count <= 1


def _hold_to_proofs(lines: Sequence[TimelineEntry], evidence: set[UUID]) -> None:
    """The last result was shown by evidence of its own, and judged by somebody who had no part in it."""
    sent_back = [line.id for line in lines if line.from_state in JUDGED and line.to_state in BACK]
    resolved = next(line for line in reversed(lines) if line.to_state == "resolved" != line.from_state)
    verified = next(line for line in reversed(lines) if line.to_state == "verified" != line.from_state)
    proofs = {UUID(one) for one in resolved.evidence}
    assert proofs, "closed without evidence"
    assert proofs <= evidence
    assert all(one > last for one in proofs for last in sent_back[-1:]), "shown by what did not suffice"
    assert resolved.id < verified.id
    workers = {line.actor for line in lines if line.command in WORK}
    workers |= {str(line.data[key]) for line in lines if line.command == "transfer" for key in TAKEN_OVER}
    judges = {verified.actor, lines[-1].actor}
    assert not workers & judges, "judged by who did the work"


def _asked(tries: Sequence[CallBack]) -> bool:
    reached = any(one.reached and one.solved for one in tries)
    return reached or (len(tries) >= 3 and len(set(_days(tries))) >= 2)


def _days(tries: Sequence[CallBack]) -> Iterator[object]:
    return (local_date(one.at) for one in tries)
