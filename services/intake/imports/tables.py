"""A file as rows of text: CSV as Excel and others write it, or XLSX; bounded, and nothing is carried out."""

import csv
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from xml.etree.ElementTree import ParseError
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from services.intake.imports.rules import ImportRules
from shared.errors import FieldError, Invalid, TooLarge

_ZIP = b"PK\x03\x04"
# How Excel and all others pack a workbook; further ways are a stranger's, and unpack without a bound.
_PACKINGS = frozenset({ZIP_STORED, ZIP_DEFLATED})
_LOCKED = 0x1
# More columns than anybody has headings for.
_MOST_COLUMNS = 64
# Excel writes the first where somebody chose "CSV UTF-8", the second where they did not.
_ENCODINGS = ("utf-8-sig", "gb18030")
# Whatever a damaged workbook makes its reader stumble over; it lies in memory, so no disk is at fault.
_UNREADABLE = (
    BadZipFile, InvalidFileException, ParseError, DefusedXmlException, zlib.error, EOFError, OSError,
    KeyError, ValueError, TypeError, AttributeError, IndexError, NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number in the file, counted from 1, and its cells; a cell with a formula is `None`."""

    number: int
    cells: Sequence[str | None]


def read_lines(content: bytes, rules: ImportRules) -> list[Line]:
    """The rows that hold anything. Raises `TooLarge`, and `Invalid` for what is no table at all."""
    if len(content) > rules.most_bytes:
        raise TooLarge(f"a file has {rules.most_bytes} bytes at most")
    found: list[Line] = []
    for line in _workbook(content, rules) if content.startswith(_ZIP) else _text(content):
        if any(cell is None or cell for cell in line.cells):
            found.append(line)
        if len(found) > rules.most_rows + 1:
            raise TooLarge(f"a file has {rules.most_rows} rows at most, beside its headings")
    return found


def _text(content: bytes) -> Iterator[Line]:
    text = _decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            # What begins so is carried out by whichever spreadsheet opens the list later.
            yield Line(reader.line_num, [None if cell.startswith("=") else cell.strip() for cell in cells])
    except csv.Error as error:
        raise _unfit(f"line {reader.line_num} is not CSV: {error}") from error


def _decoded(content: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unfit("write the file as CSV in UTF-8 (or GB 18030), or as XLSX")


def _workbook(content: bytes, rules: ImportRules) -> Iterator[Line]:
    try:
        _hold_to_size(content, rules)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        try:
            # A sheet may claim a million rows; what lies beyond the bound is not asked for.
            rows = book.worksheets[0].iter_rows(max_row=rules.most_rows * 2 + 2, max_col=_MOST_COLUMNS)
            for number, cells in enumerate(rows, 1):
                yield Line(number, [_written_or_formula(one.data_type, one.value) for one in cells])
        finally:
            book.close()
    except _UNREADABLE as error:
        raise _unfit("the workbook cannot be read: save it anew as XLSX") from error


def _hold_to_size(content: bytes, rules: ImportRules) -> None:
    # The sizes that the directory states are the most that its reader unpacks.
    with ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
    if any(one.flag_bits & _LOCKED or one.compress_type not in _PACKINGS for one in members):
        raise BadZipFile("locked, or packed in another way")
    size = sum(member.file_size for member in members)
    if size > rules.most_unpacked_bytes:
        raise TooLarge(f"a workbook has {rules.most_unpacked_bytes} bytes at most once it is unpacked")


def _written_or_formula(kind: str, value: object) -> str | None:
    return None if kind == "f" else _written(value)


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value).strip()


def _unfit(message: str) -> Invalid:
    return Invalid(message, fields=[FieldError("file", message)])
