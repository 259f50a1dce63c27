"""Parameters as clients send them: an empty one is an absent one, a list has commas or comes many times."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.datastructures import FormData, QueryParams

from services.intake.open311.refusals import fault, unknown
from services.intake.open311.rules import Open311Rules
from shared.errors import Invalid

_MOST_IDS = 1000
_MOST_PAGES = 100_000
_YEARS = range(1970, 9000)
# A plus sign that nobody escaped arrives as a blank.
_BLANK_OFFSET = re.compile(r" (?=\d{2}:?\d{2}$)")


# What the names of requests, services and tokens are made of; anything else is the name of nothing.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def is_name(text: str) -> bool:
    """Whether something could be called that."""
    return _NAME.fullmatch(text) is not None


class Given:
    """What a request carries, by name."""

    def __init__(self, *sources: QueryParams | FormData) -> None:
        self._values: dict[str, list[str]] = {}
        for source in sources:
            for name, value in source.multi_items():
                if isinstance(value, str) and value.strip():
                    self._values.setdefault(name, []).append(value)

    def names(self) -> Sequence[str]:
        return list(self._values)

    def all(self, name: str) -> list[str]:
        """Each value of that name, as it was sent."""
        return self._values.get(name, [])

    def one(self, name: str) -> str | None:
        """The first value of that name, without blanks around it."""
        values = self._values.get(name)
        return values[0].strip() if values else None

    def listed(self, name: str) -> list[str] | None:
        """The parts of a list with commas, or None where nothing is asked."""
        parts = [part.strip() for value in self.all(name) for part in value.split(",")]
        return [part for part in parts if part] or None

    def names_in(self, name: str) -> list[str] | None:
        """The same, without what cannot be a name of anything."""
        parts = self.listed(name)
        return None if parts is None else [part for part in parts if is_name(part)]

    def moment(self, name: str) -> datetime | None:
        """A date in W3C form, in UTC. Raises `Invalid` for one without an offset, or beyond any calendar."""
        text = self.one(name)
        if text is None:
            return None
        try:
            at = datetime.fromisoformat(_BLANK_OFFSET.sub("+", text))
            if at.tzinfo is None or at.year not in _YEARS:
                raise ValueError
            return at.astimezone(UTC)
        except ValueError as error:
            raise fault(name, "must be a date with time and offset, such as 2026-03-05T10:00:00Z") from error

    def count(self, name: str, usual: int, most: int) -> int:
        """A number from 1 to `most`. Raises `Invalid` for anything else."""
        text = self.one(name)
        if text is None:
            return usual
        if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
            raise fault(name, f"must be a number from 1 to {most}")
        return int(text)

    def flag(self, name: str) -> bool:
        return (self.one(name) or "").lower() in {"true", "1", "yes"}


@dataclass(frozen=True, slots=True)
class Paged:
    """One page, counted from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which requests a client asks for; `ids` stand for themselves, whatever else was said."""

    ids: list[str] | None = None
    codes: list[str] | None = None
    statuses: list[str] | None = None
    span: tuple[datetime, datetime] | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None


def page_of(given: Given, rules: Open311Rules) -> Paged:
    """The page asked for; without a word the first one, as large as an answer may be."""
    size = given.count("page_size", rules.most_rows, _MOST_PAGES)
    return Paged(given.count("page", 1, _MOST_PAGES), min(size, rules.most_rows))


def wanted(given: Given, now: datetime, rules: Open311Rules) -> Wanted:
    """What is asked for. Raises `Invalid` for a status that is none and for dates too far apart."""
    ids = given.names_in("service_request_id")
    if ids is not None:
        if len(ids) > _MOST_IDS:
            raise fault("service_request_id", f"may name {_MOST_IDS} requests at most")
        return Wanted(ids=ids)
    statuses = given.listed("status")
    if not {"open", "closed"}.issuperset(statuses or ()):
        raise fault("status", "must be open or closed")
    return Wanted(
        codes=given.names_in("service_code"),
        statuses=statuses,
        span=span(given, now, rules),
        updated_after=given.moment("updated_after"),
        updated_before=given.moment("updated_before"),
    )


def span(given: Given, now: datetime, rules: Open311Rules) -> tuple[datetime, datetime]:
    """From when to when; one end alone reaches as far as it may, none at all means until now."""
    start, end = given.moment("start_date"), given.moment("end_date")
    most = timedelta(days=rules.most_days)
    if start is not None and end is not None:
        if end - start > most:
            raise Invalid(f"start_date and end_date may lie {rules.most_days} days apart at most")
        return start, end
    if start is not None:
        return start, start + most
    end = end or now
    return end - most, end


def hold_to_jurisdiction(given: Given, community: str, rules: Open311Rules) -> None:
    """Raise `Absent` for a jurisdiction that is another's; this server has one, so none need be named."""
    named = given.one("jurisdiction_id")
    if named is not None and named not in {community, *rules.jurisdiction_ids}:
        raise unknown(f"jurisdiction_id {named[:80]}")
