"""What a repeated request is known by."""

from datetime import timedelta

import pytest

from shared.db import Database, new_metadata
from shared.errors import Invalid
from shared.idempotency import Answer, Answers, Claim, KeyReused, answers_table, fingerprint, prune, read_key
from shared.privacy import Keyring
from shared.testing import MASTER_KEYS
from tests.shared.toys import NOW

metadata = new_metadata()
TABLE = answers_table(metadata)
FIRST = Claim("person:u-1", "k", b"first")
GIVEN = Answer(201, {"etag": '"1"'}, b"body")


@pytest.fixture
async def answers(database: Database) -> Answers:
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return Answers(TABLE, Keyring.parse(MASTER_KEYS))


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (None, None),
        ("abc-123", "abc-123"),
        ('"abc-123"', "abc-123"),
        ('  "with a space"  ', "with a space"),
        ("x" * 255, "x" * 255),
    ],
)
def test_a_key_is_read_with_and_without_its_quotes(header: str | None, key: str | None) -> None:
    assert read_key(header) == key


@pytest.mark.parametrize("header", ["", '""', "a b", '"', 'a"b', "x" * 256, "é", "a\\b", '"a\x00"'])
def test_what_is_no_key_is_refused_by_name(header: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_key(header)
    assert caught.value.fields[0].field == "Idempotency-Key"


def test_requests_are_told_apart_by_method_target_and_body() -> None:
    seen = {
        fingerprint("POST", "/a", b"1"),
        fingerprint("PUT", "/a", b"1"),
        fingerprint("POST", "/b", b"1"),
        fingerprint("POST", "/a", b"2"),
    }
    assert len(seen) == 4
    assert fingerprint("POST", "/a", b"1") in seen


async def test_an_answer_is_given_again_to_the_same_claim_alone(database: Database, answers: Answers) -> None:
    async with database.transaction() as session:
        assert await answers.given(session, []) == {}
        await answers.keep(session, {FIRST: GIVEN}, NOW)
    other = Claim("person:u-2", "k", b"other")
    async with database.reading() as session:
        assert await answers.given(session, [FIRST, other]) == {FIRST: GIVEN}
        with pytest.raises(KeyReused):
            await answers.given(session, [Claim(FIRST.subject, FIRST.key, b"second")])


async def test_answers_are_forgotten_after_their_time(database: Database, answers: Answers) -> None:
    async with database.transaction() as session:
        await answers.keep(session, {FIRST: GIVEN}, NOW)
    day = timedelta(days=1)
    assert await prune(database, TABLE, now=NOW + day, keep_for=day) == 0
    assert await prune(database, TABLE, now=NOW + 2 * day, keep_for=day) == 1
    async with database.reading() as session:
        assert await answers.given(session, [FIRST]) == {}
