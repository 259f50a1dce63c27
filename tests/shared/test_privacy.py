"""Personal data: encrypted at rest, sealed in transit, masked on screens, every reading written down."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, LargeBinary, Table, Uuid, insert, literal_column, select, text, update

from shared.auth import ANONYMOUS, Caller, Role
from shared.db import Database, new_metadata
from shared.privacy import (
    Encrypted,
    Keyring,
    Undecipherable,
    Vault,
    mask_id,
    mask_name,
    mask_phone,
    new_key_pair,
    new_master_key,
    normalised_phone,
    read_log_table,
    record_read,
    seal,
    unseal,
)

OLD, NEW = new_master_key("2025"), new_master_key("2026")
RING = Keyring.parse(OLD)
ROTATED = Keyring.parse(f"{NEW}, {OLD}")
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

vault = Vault()
metadata = new_metadata()
reporters = Table(
    "reporters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Encrypted(vault, "intake.reporter.name")),
    Column("phone", Encrypted(vault, "intake.reporter.phone")),
    Column("phone_index", LargeBinary, index=True),
)
read_log = read_log_table(metadata)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database]:
    vault.unlock(RING)
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/intake.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


@given(st.binary(max_size=200), st.text(max_size=40))
def test_what_was_encrypted_is_read_back_under_its_purpose(plain: bytes, purpose: str) -> None:
    blob = RING.encrypt(purpose, plain)
    assert RING.decrypt(purpose, blob) == plain
    with pytest.raises(Undecipherable):
        RING.decrypt(purpose + "x", blob)


def test_two_encryptions_of_one_value_differ() -> None:
    assert RING.encrypt("p", b"same") != RING.encrypt("p", b"same")


def test_no_byte_of_a_ciphertext_can_be_changed_unnoticed() -> None:
    blob = RING.encrypt("p", b"secret")
    for position in range(len(blob)):
        changed = bytearray(blob)
        changed[position] ^= 1
        with pytest.raises(Undecipherable):
            RING.decrypt("p", bytes(changed))


@pytest.mark.parametrize(
    "blob",
    [b"", b"\x01", b"\x01\x04", b"plain text", RING.encrypt("p", b"x")[:-20]],
    ids=["nothing", "one byte", "two bytes", "a text", "cut off"],
)
def test_what_is_no_ciphertext_of_ours_is_undecipherable(blob: bytes) -> None:
    with pytest.raises(Undecipherable):
        RING.decrypt("p", blob)


def test_after_a_rotation_old_cells_are_read_and_told_apart() -> None:
    old, new = RING.encrypt("p", b"x"), ROTATED.encrypt("p", b"x")
    assert ROTATED.decrypt("p", old) == b"x"
    assert ROTATED.needs_rotation(old)
    assert not ROTATED.needs_rotation(new)
    with pytest.raises(Undecipherable, match="master key '2026', which is not on the ring"):
        RING.decrypt("p", new)


def test_a_blind_index_finds_equal_values_of_one_purpose_and_survives_a_rotation() -> None:
    index = RING.blind_index("p", "13800138000")
    assert index == RING.blind_index("p", "13800138000")
    assert index != RING.blind_index("p", "13800138001")
    assert index != RING.blind_index("q", "13800138000")
    assert ROTATED.blind_index("p", "13800138000") != index
    assert index in ROTATED.blind_indexes("p", "13800138000")


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ("", "at least one master key"),
        ("k1:AAAA", "'k1' is not 32 bytes"),
        (f"{OLD},k2:!!!", r"not of the form id:base64 \(entry 2\)"),
        (OLD.replace("2025", "with space"), "plain characters"),
    ],
    ids=["none", "too short", "no base64", "a space"],
)
def test_a_keyring_refuses_what_is_no_key(keys: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Keyring.parse(keys)


def test_the_current_key_must_be_on_the_ring() -> None:
    with pytest.raises(ValueError, match="'k2' is not among the keys"):
        Keyring({"k1": bytes(32)}, "k2")


def test_a_locked_vault_says_how_to_open_it() -> None:
    with pytest.raises(RuntimeError, match=r"call unlock\(\)"):
        Vault().encrypt("p", "x")


async def test_a_column_holds_ciphertext_and_shows_text(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(insert(reporters), [{"id": 1, "name": "王小明", "phone": None}])
        await session.execute(update(reporters).values(phone="13800138000"))
    async with database.reading() as session:
        row = (await session.execute(select(reporters.c.name, reporters.c.phone))).one()
        raw = (await session.execute(text("SELECT name, phone FROM reporters"))).one()
    assert tuple(row) == ("王小明", "13800138000")
    assert raw.name[:6] == b"\x01\x042025"
    assert "王小明".encode() not in raw.name
    assert vault.decrypt("intake.reporter.phone", raw.phone) == "13800138000"


async def test_a_cell_moved_to_another_column_cannot_be_read(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(insert(reporters).values(id=1, name="王小明"))
        await session.execute(update(reporters).values(phone=literal_column("name", LargeBinary)))
    async with database.reading() as session:
        with pytest.raises(Undecipherable, match=r"intake\.reporter\.phone"):
            (await session.execute(select(reporters.c.phone))).all()


async def test_a_row_is_found_by_its_blind_index_and_by_whether_there_is_a_value(database: Database) -> None:
    index = vault.keyring.blind_index("phone", normalised_phone("+86 138-0013-8000"))
    async with database.transaction() as session:
        await session.execute(insert(reporters).values(id=1, phone="138 0013 8000", phone_index=index))
        await session.execute(insert(reporters).values(id=2))
    wanted = vault.keyring.blind_indexes("phone", normalised_phone("13800138000"))
    async with database.reading() as session:
        found = await session.scalars(select(reporters.c.id).where(reporters.c.phone_index.in_(wanted)))
        empty = await session.scalars(select(reporters.c.id).where(reporters.c.phone.is_(None)))
        assert found.all() == [1]
        assert empty.all() == [2]


def test_an_encrypted_column_refuses_comparisons_that_could_never_be_true() -> None:
    with pytest.raises(TypeError, match="search its blind index"):
        _ = reporters.c.phone == "13800138000"
    with pytest.raises(TypeError, match="search its blind index"):
        reporters.c.phone.desc()


async def test_a_reading_is_written_down_in_the_transaction_that_reads(database: Database) -> None:
    li = Caller("staff-1", frozenset({Role.GRID_WORKER, Role.GRID_LEADER}))
    async with database.transaction() as session:
        entry = await record_read(
            session,
            read_log,
            li,
            at=NOW,
            subject="reporter:1",
            fields={"phone", "name"},
            reason=" call back ",
        )
        await record_read(
            session, read_log, ANONYMOUS, at=NOW, subject="reporter:1", fields=(), reason="own number"
        )
    async with database.reading() as session:
        rows = (await session.execute(select(read_log).order_by(read_log.c.reason.desc()))).all()
    assert tuple(rows[1]) == (
        entry, NOW, "staff-1", "grid_leader grid_worker", "reporter:1", ["name", "phone"], "call back",
    )  # fmt: skip
    assert rows[0].role == "anonymous"
    assert isinstance(read_log.c.id.type, Uuid)


async def test_a_service_may_note_more_about_a_reading_in_columns_of_its_own(tmp_path: Path) -> None:
    own = new_metadata()
    log = read_log_table(own, Column("persons", Integer, nullable=False))
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/own.db")
    async with database.engine.begin() as connection:
        await connection.run_sync(own.create_all)
    async with database.transaction() as session:
        await record_read(
            session, log, ANONYMOUS, at=NOW, subject="export", fields=["name"], reason="the report", persons=7
        )
    async with database.reading() as session:
        assert await session.scalar(select(log.c.persons)) == 7
    await database.close()


async def test_a_reading_without_a_reason_is_refused(database: Database) -> None:
    async with database.transaction() as session:
        with pytest.raises(ValueError, match="needs a reason"):
            await record_read(
                session, read_log, ANONYMOUS, at=NOW, subject="reporter:1", fields=["phone"], reason="  "
            )


@pytest.mark.parametrize(
    ("phone", "normalised"),
    [
        ("13800138000", "13800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("0086-138-0013-8000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("(0931) 876-5432", "09318765432"),
        ("12345", "12345"),
        ("+44 20 7946 0958", "442079460958"),
    ],
)
def test_a_phone_number_has_one_spelling(phone: str, normalised: str) -> None:
    assert normalised_phone(phone) == normalised


@pytest.mark.parametrize(
    "phone", ["", "110", "none", "138001380001380013800", "+860000", "１３８００１３８０００"]
)
def test_what_is_no_phone_number_is_refused_without_being_quoted(phone: str) -> None:
    with pytest.raises(ValueError, match=r"^A phone number has 5 to 15 digits$"):
        normalised_phone(phone)


@pytest.mark.parametrize(
    ("mask", "plain", "shown"),
    [
        (mask_phone, "13800138000", "138****8000"),
        (mask_phone, "8765432", "*****32"),
        (mask_phone, "12", "**"),
        (mask_phone, "", ""),
        (mask_name, "王小明", "王**"),
        (mask_name, "张三", "张*"),
        (mask_name, "欧阳修", "欧阳*"),
        (mask_name, "司空", "司*"),
        (mask_name, "王", "*"),
        (mask_name, "Jane", "J***"),
        (mask_name, "", ""),
        (mask_id, "620102199001011234", "6****************4"),
        (mask_id, "1234", "****"),
    ],
)
def test_a_mask_shows_enough_to_tell_apart_and_no_more(mask: object, plain: str, shown: str) -> None:
    assert callable(mask)
    assert mask(plain) == shown


def test_a_sealed_contact_is_opened_by_its_owner_only() -> None:
    private, public = new_key_pair()
    blob = seal(public, b"13800138000")
    assert len(blob) == 11 + 48
    assert unseal(private, blob) == b"13800138000"
    stranger, _ = new_key_pair()
    for key, sealed in ((stranger, blob), (private, blob[:-1]), (private, b"")):
        with pytest.raises(Undecipherable, match="Sealed to another key"):
            unseal(key, sealed)


@pytest.mark.parametrize("key", ["AAAA", "not base64"])
def test_a_contact_key_is_32_bytes(key: str) -> None:
    with pytest.raises(ValueError, match="base64 of 32 bytes"):
        seal(key, b"x")
