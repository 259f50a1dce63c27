"""What a report must be before it is taken: who may say what, and whether it makes sense. Pure."""

from dataclasses import dataclass

from services.intake.catalogue import OTHER, Catalogue, Category
from services.intake.issues.bodies import Channel, ReportIn
from services.intake.issues.rules import STAFF
from shared.auth import Caller, CallerKind, Role
from shared.errors import FieldError, Forbidden, Invalid
from shared.events.intake import Urgency

_OWN_CHANNELS = {
    Role.RESIDENT: (Channel.resident_app, Channel.xiaolan_bangban, Channel.party_paper_hotline),
    Role.PARTNER_CONTACT: (Channel.partner,),
}
# What staff find themselves; through any other channel they write down what somebody else reports.
_FOUND_BY_STAFF = frozenset({Channel.grid_patrol, Channel.visit, Channel.party_member})
_STAFF_ONLY = ("urgency", "households", "help", "emergency")


@dataclass(frozen=True, slots=True)
class Report:
    """A report that may be taken. `certain` means that its category was given by somebody who knows."""

    body: ReportIn
    channel: Channel
    category: Category | None
    urgency: Urgency | None
    certain: bool
    reporter_subject: str | None


def checked(body: ReportIn, caller: Caller, catalogue: Catalogue) -> Report:
    """Raise `Forbidden` for what is for staff to say, `Invalid` for what makes no sense."""
    is_staff = caller.has(*STAFF)
    if not is_staff:
        _hold_to_own_words(body)
    category = known_category(catalogue, body.category)
    if body.anonymous and body.reporter is not None:
        raise _invalid("reporter", "leave it out of an anonymous report")
    channel = _channel(body.channel, caller, is_staff=is_staff)
    own = not body.anonymous and (not is_staff or channel in _FOUND_BY_STAFF)
    return Report(
        body=body,
        channel=channel,
        category=category,
        urgency=body.urgency or (category.urgency if category else None),
        certain=is_staff and category is not None and category.code != OTHER,
        reporter_subject=caller.subject if own else None,
    )


def known_category(catalogue: Catalogue, code: str | None) -> Category | None:
    """The category of that code. Raises `Invalid` for a code that is not in the catalogue."""
    category = catalogue.find(code)
    if code is not None and category is None:
        raise _invalid("category", f"{code} is not in the catalogue: see GET /intake/v1/categories")
    return category


def _hold_to_own_words(body: ReportIn) -> None:
    given = [name for name in _STAFF_ONLY if getattr(body, name)]
    if given:
        raise Forbidden(f"{given[0]} is for staff to say")


def _channel(channel: Channel | None, caller: Caller, *, is_staff: bool) -> Channel:
    if is_staff:
        return channel or Channel.grid_patrol
    role = Role.PARTNER_CONTACT if caller.kind is CallerKind.PARTNER else Role.RESIDENT
    role = role if caller.has(role) else Role.PARTNER_CONTACT
    if channel is not None and channel not in _OWN_CHANNELS[role]:
        names = ", ".join(_OWN_CHANNELS[role])
        raise _invalid("channel", f"you report through {names}")
    return channel or _OWN_CHANNELS[role][0]


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(f"{field}: {message}", fields=[FieldError(field, message)])
