"""What an attempt means: done, to be tried again and when, or the end of the endpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from services.notify.rules.states import DeliveryState

# Seconds between tries by the specification's example: ten tries over 75 hours and 35 minutes.
SCHEDULE_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
# A test tells whether the endpoint works now; a few tries are enough to sit out a restart of the receiver.
TEST_SCHEDULE_S = SCHEDULE_S[:3]
JITTER = 0.2
_LONGEST_PAUSE_S = 86_400
# Answers with which a receiver asks to be left alone for a while (RFC 9110 §10.2.3, RFC 6585 §4).
_PAUSING = frozenset({429, 503})
_GONE_STATUS = 410
# Why an endpoint is disabled by what it answered: it is no more, or it no longer consents.
GONE, CONSENT = "gone", "consent"
# The header by which a receiver steers, and its two words (a convention of the hosted Svix).
_STEERS, _ABORT, _DISABLE = "webhook-delivery", "abort-message", "disable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a delivery stands after an attempt.

    `pause` asks to leave the whole endpoint alone until then, `disable` to do so for good and says why.
    """

    state: DeliveryState
    next_at: datetime | None = None
    pause: datetime | None = None
    disable: str | None = None


_DONE = Verdict(DeliveryState.succeeded)


def judge(
    status: int | None,
    *,
    step: int,
    now: datetime,
    chance: float,
    headers: Mapping[str, str] = MappingProxyType({}),
    schedule: Sequence[int] = SCHEDULE_S,
) -> Verdict:
    """Judge one attempt: 2xx is success and all else failure, redirects too; no status means no answer.

    `step` counts the failures before this one (0 for the first attempt); `chance`, 0 to 1, spreads the
    retries over ±20 % of the step. `headers` are the answer's, in lower case: a receiver may ask for longer
    with `Retry-After`, up to a day, and with `webhook-delivery` to end this message, or all.
    """
    succeeded = status is not None and 200 <= status < 300
    steer = headers.get(_STEERS)
    if succeeded and steer is None:
        return _DONE
    word = (steer or "").strip().lower()
    disable = CONSENT if word == _DISABLE else GONE if status == _GONE_STATUS else None
    if succeeded:
        return Verdict(DeliveryState.succeeded, disable=disable)
    if word == _ABORT:
        return Verdict(DeliveryState.cancelled)
    if disable is not None:
        return Verdict(DeliveryState.pending, next_at=now, disable=disable)
    if step >= len(schedule):
        return Verdict(DeliveryState.exhausted)
    asked = read_retry_after(headers.get("retry-after"), now)
    by_schedule = now + timedelta(seconds=schedule[step] * (1 + JITTER * (2 * chance - 1)))
    if asked is None:
        return Verdict(DeliveryState.pending, next_at=by_schedule)
    return Verdict(
        DeliveryState.pending, next_at=max(by_schedule, asked), pause=asked if status in _PAUSING else None
    )


def read_retry_after(header: str | None, now: datetime) -> datetime | None:
    """The moment that `Retry-After` names, at least a second and at most a day away; None for nonsense."""
    if header is None:
        return None
    text = header.strip()
    # A number of twenty digits is as good as a day, and int() of a thousand digits is an attack.
    is_number = text.isascii() and text.isdigit()
    seconds = float(text[:12]) if is_number else _seconds_until(text, now)
    if seconds is None:
        return None
    return now + timedelta(seconds=min(max(seconds, 1.0), _LONGEST_PAUSE_S))


def _seconds_until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - now).total_seconds()
