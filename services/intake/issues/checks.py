"""What a report must be before it is taken: who may say what, and whether it makes sense. Pure."""

from dataclasses import dataclass

from services.intake.catalogue import OTHER, Catalogue, Category
from services.intake.channels.rules import Channels
from services.intake.issues.bodies import Channel, ReportIn
from services.intake.issues.rules import STAFF
from shared.auth import Caller
from shared.errors import FieldError, Forbidden, Invalid
from shared.events.intake import Urgency

_STAFF_ONLY = ("urgency", "households", "help", "emergency", "source_ref")


@dataclass(frozen=True, slots=True)
class Report:
    """A report that may be taken. `certain` means that its category was given by somebody who knows.

    Of a complaint on staff the office says first whom it is about.
    """

    body: ReportIn
    channel: Channel
    category: Category | None
    urgency: Urgency | None
    certain: bool
    reporter_subject: str | None


def checked(
    body: ReportIn, caller: Caller, catalogue: Catalogue, channels: Channels, *, door: Channel | None = None
) -> Report:
    """Raise `Forbidden` for what is for staff to say, `Invalid` for what makes no sense.

    A `door` is a channel that nobody chooses: the street's orders and Open311 come through their own.
    """
    is_staff = caller.has(*STAFF)
    if not is_staff and door is None:
        _hold_to_own_words(body)
    category = known_category(catalogue, body.category)
    if body.anonymous and body.reporter is not None:
        raise invalid("reporter", "leave it out of an anonymous report")
    channel = door or channels.chosen(body.channel, caller)
    own = door is None and not body.anonymous and (not is_staff or channel in channels.found)
    return Report(
        body=body,
        channel=channel,
        category=category,
        urgency=body.urgency or (category.urgency if category else None),
        certain=is_staff and category is not None and not (category.code == OTHER or category.about_staff),
        reporter_subject=caller.subject if own else None,
    )


def known_category(catalogue: Catalogue, code: str | None) -> Category | None:
    """The category of that code. Raises `Invalid` for a code that is not in the catalogue."""
    category = catalogue.find(code)
    if code is not None and category is None:
        raise invalid("category", f"{code} is not in the catalogue: see GET /intake/v1/categories")
    return category


def _hold_to_own_words(body: ReportIn) -> None:
    given = [name for name in _STAFF_ONLY if getattr(body, name)]
    if given:
        raise Forbidden(f"{given[0]} is for staff to say")


def invalid(field: str, message: str) -> Invalid:
    """A refusal that names one field, and says what is wrong with it."""
    return Invalid(f"{field}: {message}", fields=[FieldError(field, message)])
