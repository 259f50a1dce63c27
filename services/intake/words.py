"""Texts as they come in: what any text must be, and what a text must be that leaves in an event."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, StringConstraints

# Mainland mobile numbers, landlines with their area code, and identity numbers of GB 11643 (the date of
# birth in the middle tells them from the area codes of micro-grids, which have 18 digits as well).
_PHONE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)|(?<!\d)0\d{9,11}(?!\d)|(?<!\d)\d{11}(?!\d)")
_IDENTITY = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)"
)
_DIGIT, _FEWEST = re.compile(r"\d"), 10
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s\-\u2010-\u2015.·()]+(?=\d)")


def holds_personal_number(text: str) -> bool:
    """Whether a phone or identity number stands in the text, written plainly or spaced out."""
    plain = unicodedata.normalize("NFKC", text)
    if len(_DIGIT.findall(plain)) < _FEWEST:
        return False
    return any(
        pattern.search(form)
        for form in (plain, _BETWEEN_DIGITS.sub("", plain))
        for pattern in (_PHONE, _IDENTITY)
    )


def _writable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not hold the character NUL")
    return text


def _impersonal(text: str) -> str:
    if holds_personal_number(text):
        raise ValueError("must not hold a phone or identity number: it leaves the community")
    return text


def _unencumbered(bound: int, least: int = 1) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=bound)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must lie within the years 1 to 9999, in UTC as well") from error


# A moment with its offset; at the ends of the calendar not each one has a name in UTC.
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Title = Annotated[str, _unencumbered(200), AfterValidator(_writable)]
Text = Annotated[str, _unencumbered(4000), AfterValidator(_writable)]
Line = Annotated[str, _unencumbered(200), AfterValidator(_writable)]
PublicText = Annotated[str, _unencumbered(2000), AfterValidator(_writable), AfterValidator(_impersonal)]
# The same, but it may be empty: not every emergency has damage or a trend to tell of.
PublicNote = Annotated[str, _unencumbered(2000, 0), AfterValidator(_writable), AfterValidator(_impersonal)]
PublicWord = Annotated[str, _unencumbered(40), AfterValidator(_writable), AfterValidator(_impersonal)]
# The number of an issue, of this community or of another.
IssueNo = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,7}-[0-9]{8}-[0-9]{4,9}$")]
# Why, as a code: the word may leave in an event, so it cannot be free text.
ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
AreaCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{9,18}$")]
Subject = Annotated[str, _unencumbered(200), AfterValidator(_writable)]
# A household by the code that grid gave it.
HouseholdCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
