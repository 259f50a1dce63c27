"""What runs beside the requests: one row that is broken, or two that work on it, harm nobody else."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from services.intake.clocks.watch import strike_due
from services.intake.evidence.commands import erase_evidence
from services.intake.evidence.files import Files
from services.intake.evidence.sweep import sweep_once
from services.intake.issues.models import Issue
from services.intake.models import READ_LOG, VAULT
from services.intake.personal.retention import forget
from services.intake.personal.rotation import rotate_files
from shared.privacy import Keyring, new_master_key
from shared.testing import MASTER_KEYS, Stage
from tests.intake.people import People, kinds
from tests.intake.test_escalation_clocks import WHISTLE, asked


async def test_an_issue_that_no_clock_can_read_holds_up_no_other_clock(stage: Stage, people: People) -> None:
    broken = await people.report()
    await asked(people, await people.report(people.worker, category="0502"), **WHISTLE)
    async with stage.host.work() as work:
        spoilt = update(Issue).where(Issue.id == UUID(broken["id"]))
        await work.session.execute(spoilt.values(state="no such state", timer_at=work.now))
    stage.clock.advance(timedelta(hours=2))
    with pytest.raises(ValueError, match="no such state"):
        await strike_due(stage.host)
    assert {"SlaWarned", "EscalationReminded"} <= set(kinds(await stage.emitted()))


async def test_forgetting_what_staff_once_found_forgets_nothing_of_what_they_read(
    stage: Stage, people: People
) -> None:
    found = await people.report(people.worker, channel="grid_patrol", category="0503")
    assert (await people.tell("withdraw", found, people.worker)).is_success
    stage.clock.advance(timedelta(days=3 * 366))
    other, key = await people.issue("assigned"), {"Idempotency-Key": "once"}
    reading = {"reason": "to ask where the lamp hangs"}
    assert (await people.worker.post(f"/issues/{other['id']}/reporter", json=reading)).is_success
    first = await people.worker.post("/issues", json={"title": "a wire hangs down"}, headers=key)
    assert await forget(stage.host) == 1
    async with stage.host.look() as work:
        readers = list(await work.session.scalars(select(READ_LOG.c.reader)))
    again = await people.worker.post("/issues", json={"title": "a wire hangs down"}, headers=key)
    assert (readers, again.json()["no"]) == (["w-1"], first.json()["no"])


async def test_a_file_that_is_erased_while_its_key_is_changed_does_not_come_back(
    stage: Stage, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = await people.issue("in_progress")
    await people.add_photo(issue)
    files = stage.host.parts[Files]
    assert isinstance(files, Files)
    put = files.store.put

    async def late(key: str, content: bytes) -> None:
        async with stage.host.work() as work:
            assert await erase_evidence(work, UUID(issue["id"])) == 1
        await sweep_once(stage.host)
        await put(key, content)

    monkeypatch.setattr(files.store, "put", late)
    VAULT.unlock(Keyring.parse(f"{new_master_key('fresh')},{MASTER_KEYS}"))
    try:
        assert await rotate_files(stage.host) == 1
    finally:
        VAULT.unlock(Keyring.parse(MASTER_KEYS))
    assert list(await files.store.keys(stage.clock.now().date())) == []
