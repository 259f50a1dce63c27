"""API keys of units: shown once, kept as hashes, gone at once when revoked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update

from services.partners.units.commands import get_unit
from services.partners.units.models import Unit, UnitKey
from shared.auth import ApiKey, Caller, CallerKind, Role, new_api_key
from shared.errors import Absent, Unauthorized
from shared.host import Host
from shared.service import Work


class KeyUses:
    """When keys were last used. Reading requests change nothing in the database, so this is written later."""

    def __init__(self) -> None:
        self.seen: dict[str, datetime] = {}

    def note(self, key_id: str, at: datetime) -> None:
        self.seen[key_id] = at

    def take(self) -> dict[str, datetime]:
        """What was seen since the last time."""
        seen, self.seen = self.seen, {}
        return seen


async def write_down_uses(host: Host) -> None:
    """Store when keys were last used."""
    async with host.work() as work:
        for key_id, at in sorted(work.part(KeyUses).take().items()):
            older = or_(UnitKey.last_used_at.is_(None), UnitKey.last_used_at < at)
            await work.session.execute(
                update(UnitKey).where(UnitKey.key_id == key_id, older).values(last_used_at=at)
            )


async def issue_key(work: Work, code: str, label: str) -> tuple[UnitKey, str]:
    """Make a key for the unit and return it with its text, which is not kept anywhere."""
    unit = await get_unit(work, code)
    made = new_api_key()
    key = UnitKey(
        key_id=made.key_id,
        unit_code=unit.code,
        secret_hash=made.secret_hash,
        label=label,
        created_at=work.now,
        created_by=work.actor().subject,
        last_used_at=None,
        revoked_at=None,
    )
    work.session.add(key)
    return key, made.text


async def list_keys(work: Work, code: str) -> Sequence[UnitKey]:
    """The unit's keys, the newest first."""
    await get_unit(work, code)
    query = select(UnitKey).where(UnitKey.unit_code == code)
    keys = (await work.session.scalars(query.order_by(UnitKey.created_at.desc(), UnitKey.key_id))).all()
    for key in keys:
        seen = work.part(KeyUses).seen.get(key.key_id)
        key.last_used_at = seen or key.last_used_at
    return keys


async def revoke_key(work: Work, code: str, key_id: str) -> UnitKey:
    """Make the key worthless from the next request on; revoking it again changes nothing."""
    await get_unit(work, code)
    key = await work.session.get(UnitKey, key_id)
    if key is None or key.unit_code != code:
        raise Absent(f"unit {code} has no key {key_id}")
    key.revoked_at = key.revoked_at or work.now
    return key


async def identify_key(work: Work, presented: ApiKey) -> Caller:
    """The unit that the key stands for. Raises `Unauthorized`, alike for every way of being wrong."""
    query = select(UnitKey, Unit).join(Unit, Unit.code == UnitKey.unit_code)
    row = (await work.session.execute(query.where(UnitKey.key_id == presented.key_id))).first()
    if row is None or not presented.matches(row.UnitKey.secret_hash) or row.UnitKey.revoked_at is not None:
        raise Unauthorized("the API key is wrong or has been revoked; ask your community for a new one")
    work.part(KeyUses).note(presented.key_id, work.now)
    unit: Unit = row.Unit
    return Caller(
        subject=f"unit:{unit.code}",
        roles=frozenset({Role.PARTNER_CONTACT}),
        areas=(unit.community_code,),
        unit=unit.code,
        kind=CallerKind.PARTNER,
    )
