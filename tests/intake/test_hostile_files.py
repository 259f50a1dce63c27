"""Files that somebody made to do harm: each is refused for what it is, and none is a fault of ours."""

import io
from collections.abc import Callable
from zipfile import ZIP_BZIP2, ZIP_LZMA, ZIP_STORED, ZipFile

import pytest

from tests.intake.people import People
from tests.intake.test_imports import HEADINGS, LAMP, as_xlsx, bring

WHOLE = as_xlsx(HEADINGS, LAMP)


def locked() -> bytes:
    """A workbook that asks for a password."""
    content = bytearray(WHOLE)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + flags] |= 1
            at = content.find(mark, at + 1)
    return bytes(content)


def packed(how: int, **changes: bytes) -> bytes:
    """The same workbook, packed in another way, with some of its parts as they are given."""
    written = io.BytesIO()
    with ZipFile(io.BytesIO(WHOLE)) as source, ZipFile(written, "w", how) as archive:
        for name in source.namelist():
            archive.writestr(name, changes.get(name.rpartition("/")[2].partition(".")[0], source.read(name)))
    return written.getvalue()


def spoilt(content: bytes) -> bytes:
    return content[:60] + bytes(byte ^ 0x55 for byte in content[60:90]) + content[90:]


@pytest.mark.parametrize(
    "make",
    [
        locked,
        lambda: spoilt(packed(ZIP_LZMA)),
        lambda: spoilt(packed(ZIP_BZIP2)),
        lambda: packed(ZIP_STORED, **{"[Content_Types]": b"<a/>"}),
        lambda: packed(ZIP_STORED, sheet1=b""),
    ],
    ids=["locked", "lzma", "bzip2", "no workbook in it", "an empty sheet"],
)
async def test_a_workbook_that_cannot_be_read_is_refused(people: People, make: Callable[[], bytes]) -> None:
    answer = await bring(people, make())
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file"), answer.text
