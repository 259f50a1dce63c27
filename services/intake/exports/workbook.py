"""A workbook as bytes, sheet by sheet. Pure.

It is written by hand: the libraries for it gather the whole workbook in a file before the first byte
leaves, which outlasts the patience of every proxy at a million rows.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from services.intake.exports.values import Record, Value

# What XML 1.0 cannot hold.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Excel's own bounds: of a sheet, and of a cell.
SHEET_ROWS, CELL_CHARACTERS = 1_048_576, 32_767
_EXCEL_DAY_ONE = datetime(1899, 12, 30)  # noqa: DTZ001  # Excel's calendar knows no zones.
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OOXML = "application/vnd.openxmlformats"
_KIND = f"{_OOXML}-officedocument.spreadsheetml"


class Xlsx:
    """A workbook of one sheet, or of more where the rows are too many for one. Texts stay texts."""

    def __init__(self, names: Sequence[str], heads: Sequence[str], zone: ZoneInfo) -> None:
        self._names, self._zone = names, zone
        self._head = _row(heads, zone)
        self._out = _Pipe()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._sheets, self._rows = 0, 0
        self._sheet = self._new_sheet()

    def begin(self) -> bytes:
        return self._out.taken()

    def write(self, records: Sequence[Record]) -> bytes:
        for record in records:
            if self._rows == SHEET_ROWS:
                self._close_sheet()
                self._sheet = self._new_sheet()
            self._sheet.write(_row([record.values.get(name) for name in self._names], self._zone))
            self._rows += 1
        return self._out.taken()

    def end(self) -> bytes:
        self._close_sheet()
        for path, content in _workbook(self._sheets).items():
            self._zip.writestr(path, _XML + content)
        self._zip.close()
        return self._out.taken()

    def _new_sheet(self) -> IO[bytes]:
        self._sheets, self._rows = self._sheets + 1, 1
        sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml", "w", force_zip64=True)
        sheet.write(f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'.encode() + self._head)
        return sheet

    def _close_sheet(self) -> None:
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()


class _Pipe(io.RawIOBase):
    """Where the archive writes to; nothing is ever read back or sought in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]  # Whatever has a buffer.
        self._parts.append(part)
        return len(part)

    def taken(self) -> bytes:
        """What was written since the last call."""
        parts, self._parts = b"".join(self._parts), []
        return parts


def _row(values: Iterable[Value], zone: ZoneInfo) -> bytes:
    return f"<row>{''.join(_cell(value, zone) for value in values)}</row>".encode()


def _cell(value: Value, zone: ZoneInfo) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, datetime):
        local = value.astimezone(zone).replace(tzinfo=None)
        return f'<c s="1"><v>{(local - _EXCEL_DAY_ONE).total_seconds() / 86400:.8f}</v></c>'
    if isinstance(value, int):
        return f"<c><v>{int(value)}</v></c>"
    text = escape(_UNWRITABLE.sub("", value)[:CELL_CHARACTERS])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _workbook(sheets: int) -> dict[str, str]:
    numbers = range(1, sheets + 1)
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{no}.xml" ContentType="{_KIND}.worksheet+xml"/>'
        for no in numbers
    )
    names = "".join(f'<sheet name="issues {no}" sheetId="{no}" r:id="rId{no}"/>' for no in numbers)
    links = "".join(
        f'<Relationship Id="rId{no}" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet{no}.xml"/>'
        for no in numbers
    )
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            f'<Default Extension="rels" ContentType="{_OOXML}-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>{parts}</Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
            f' Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{names}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships">{links}<Relationship Id="rId0"'
            f' Type="{_DOCUMENT}/styles" Target="styles.xml"/></Relationships>'
        ),
        "xl/styles.xml": (
            f'<styleSheet xmlns="{_MAIN}"><numFmts count="1">'
            '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm:ss"/></numFmts>'
            '<fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill>'
            '<fill><patternFill patternType="gray125"/></fill></fills>'
            '<borders count="1"><border/></borders>'
            '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/>'
            '<xf numFmtId="164" applyNumberFormat="1"/></cellXfs><cellStyles count="1">'
            '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
        ),
    }
