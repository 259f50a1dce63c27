"""Rows as reports: each one is checked like any report, and what is wrong is told by row and column. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

from pydantic import ValidationError

from services.intake.catalogue import Catalogue
from services.intake.channels.rules import Channels
from services.intake.imports.rules import PATHS, ImportRules
from services.intake.imports.tables import Line
from services.intake.issues.bodies import Channel, ReportIn
from services.intake.issues.checks import Report, checked
from shared.auth import Caller
from shared.errors import FieldError, Invalid

_COLUMNS = {".".join(path): name for name, path in PATHS.items()}
# A spreadsheet takes the leading nought off what looks like a number.
_CODE_DIGITS = 4


class UnfitTable(Invalid):
    """Rows of the file cannot be taken, and nothing of it was kept; `errors` says which and why."""

    type, title = "unfit-table", "The file was not taken in"


@dataclass(frozen=True, slots=True)
class Row:
    """A report, and the row of the file that it stands in."""

    number: int
    report: Report


@dataclass(slots=True)
class Findings:
    """What is wrong, as `rows.<row>.<column>`: of one cell only what was found first."""

    rules: ImportRules
    faults: dict[str, str] = field(default_factory=dict)

    def note(self, row: int, column: str, message: str) -> None:
        """Write one down, as the columns are called."""
        said = self.rules.columns.get(column)
        self.faults.setdefault(f"rows.{row}.{column}", f"{said.zh}: {message}" if said else message)

    def settle(self) -> None:
        """Raise `UnfitTable` if there are any; of very many the first ones are told."""
        if self.faults:
            told = [FieldError(*one) for one in islice(self.faults.items(), self.rules.most_problems)]
            raise UnfitTable(
                f"{len(self.faults)} 处有问题,未导入 · problems, nothing was taken in", fields=told
            )


@dataclass(frozen=True, slots=True)
class Table:
    """The reports of a file, all of them fit."""

    rows: Sequence[Row]


def read_rows(
    lines: Sequence[Line],
    caller: Caller,
    channel: Channel | None,
    *,
    rules: ImportRules,
    catalogue: Catalogue,
    channels: Channels,
) -> Table:
    """All rows as reports. Raises `UnfitTable` with everything that is wrong, row by row."""
    if len(lines) < 2:
        raise UnfitTable("表头以下没有内容 · nothing stands beneath the headings")
    findings = Findings(rules)
    names = _headings(lines[0], findings)
    findings.settle()
    rows: list[Row] = []
    for line in lines[1:]:
        body = _body(line, names, channel or rules.channel, findings)
        if body is not None:
            try:
                rows.append(Row(line.number, checked(body, caller, catalogue, channels)))
            except Invalid as error:
                for fault in error.fields:
                    findings.note(line.number, _COLUMNS.get(fault.field, fault.field), fault.message)
    _find_doubles(rows, findings)
    findings.settle()
    return Table(rows)


def _headings(line: Line, findings: Findings) -> list[str | None]:
    names: list[str | None] = []
    for place, heading in enumerate(line.cells, 1):
        name = findings.rules.column(heading or "")
        if heading != "" and name is None:
            findings.note(line.number, f"column_{place}", findings.rules.problem("unknown_column"))
        elif name is not None and name in names:
            findings.note(line.number, name, findings.rules.problem("double_column"))
        names.append(name)
    if "title" not in names:
        findings.note(line.number, "title", findings.rules.problem("missing"))
    return names


def _body(line: Line, names: Sequence[str | None], channel: Channel, findings: Findings) -> ReportIn | None:
    before = len(findings.faults)
    said: dict[str, object] = {"channel": channel}
    for place, cell in enumerate(line.cells):
        name = names[place] if place < len(names) else None
        if cell == "":
            continue
        if name is None or cell is None:
            kind = "formula" if cell is None else "beyond"
            findings.note(line.number, name or f"column_{place + 1}", findings.rules.problem(kind))
        else:
            _put(said, PATHS[name], _value(line.number, name, cell, findings))
    try:
        body = ReportIn.model_validate(said)
    except ValidationError as error:
        for fault in error.errors():
            place_of = ".".join(str(part) for part in fault["loc"])
            message = findings.rules.problem(str(fault["type"]))
            if fault["type"] == "value_error":
                message = f"{message}: {fault['msg'].removeprefix('Value error, ')}"
            findings.note(line.number, _COLUMNS.get(place_of, place_of), message)
        return None
    return body if len(findings.faults) == before else None


def _value(row: int, name: str, cell: str, findings: Findings) -> object:
    rules = findings.rules
    if name == "category" and cell.isdigit() and len(cell) == _CODE_DIGITS - 1:
        return cell.zfill(_CODE_DIGITS)
    if name != "anonymous":
        return cell
    if cell.lower() not in rules.yes_words | rules.no_words:
        findings.note(row, name, rules.problem("yes_or_no"))
    return cell.lower() in rules.yes_words


def _put(said: dict[str, object], path: Sequence[str], value: object) -> None:
    for step in path[:-1]:
        said = cast("dict[str, object]", said.setdefault(step, {}))
    said[path[-1]] = value


def _find_doubles(rows: Sequence[Row], findings: Findings) -> None:
    seen: set[str] = set()
    for row in rows:
        ref = row.report.body.source_ref
        if ref is not None and ref in seen:
            findings.note(row.number, "source_ref", findings.rules.problem("double"))
        elif ref is not None:
            seen.add(ref)


def find_known(rows: Sequence[Row], known: Mapping[str, str], rules: ImportRules) -> None:
    """Raise `UnfitTable` for rows whose work orders have come in before."""
    findings = Findings(rules)
    for row in rows:
        no = known.get(row.report.body.source_ref or "")
        if no is not None:
            findings.note(row.number, "source_ref", f"{rules.problem('known')} {no}")
    findings.settle()
