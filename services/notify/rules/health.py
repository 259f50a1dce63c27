"""Pure: how an endpoint fares, call by call, and what follows from it.

The breaker opens on outages: no answer, or one of 5xx. Any other answer shows that somebody is there. An
open breaker rests, then lets one delivery try; where that succeeds, calls start again with one at a time and
one more for each success, up to the cap. Calls that were under way when it opened decide nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.notify.rules.engine import Engine
from services.notify.rules.states import Breaker

# Answers with which a receiver, or what stands before it, says that it is too much (webhooks.md §4.3).
_TOO_MUCH = frozenset({429, 502, 504})
# The moment of the last success is for people to read: a minute is near enough, and saves a write a batch.
_NEAR_ENOUGH = timedelta(seconds=60)


class Sign(StrEnum):
    """What is worth telling about an endpoint."""

    warned = "warned"
    failing = "failing"
    recovered = "recovered"


@dataclass(frozen=True, slots=True)
class Call:
    """One try; `status` is None where nothing came back, a `probe` is the one of a resting endpoint."""

    started_at: datetime
    ended_at: datetime
    status: int | None
    timed_out: bool = False
    probe: bool = False

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_outage(self) -> bool:
        return self.status is None or self.status >= 500

    @property
    def is_too_much(self) -> bool:
        return self.timed_out or self.status in _TOO_MUCH


@dataclass(slots=True)
class Health:
    """How an endpoint fares.

    `breaker_until` ends the rest of an open breaker, or the lease of a half-open one's try;
    `breaker_level` counts the tries that failed. The window begins with its first outage. `cap` of None is
    all that the endpoint asked for; `cut_at` is when it was last halved. `failures` and `failing_since` count
    from the last success. While it is `releasing`, what waited goes out at a bounded rate; up to `rate_at`
    that rate is spent.
    """

    breaker: str = Breaker.closed
    breaker_until: datetime | None = None
    breaker_level: int = 0
    outages: int = 0
    window_at: datetime | None = None
    window_calls: int = 0
    window_outages: int = 0
    cap: float | None = None
    ramping: bool = False
    cut_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    warned_percent: int = 0
    last_success_at: datetime | None = None
    releasing: bool = False
    rate_at: datetime | None = None

    def is_unmoved_by(self, calls: Iterable[Call]) -> bool:
        """Whether nothing worth storing changes with these calls: all is well, and they went well."""
        since = self.last_success_at
        return (
            since is not None
            and self.breaker == Breaker.closed
            and self.cap is None
            and self.failing_since is None
            and self.window_at is None
            and all(call.succeeded and call.ended_at - since < _NEAR_ENOUGH for call in calls)
        )

    def has_rested(self, now: datetime) -> bool:
        """Whether it is time to see if the endpoint is back."""
        return self.breaker != Breaker.closed and self.breaker_until is not None and self.breaker_until <= now

    def room(self, asked: int) -> int:
        """How many calls may be under way of `asked` for."""
        return asked if self.cap is None else max(1, min(asked, int(self.cap)))

    def started_over(self) -> "Health":
        """Somebody enabled the endpoint: what was counted before does not count, and it begins gently."""
        kept = Health(last_success_at=self.last_success_at, warned_percent=self.warned_percent)
        kept.ramp()
        kept.releasing = True
        return kept

    def ramp(self) -> None:
        """Begin again with one call at a time."""
        self.cap, self.ramping = 1.0, True
        self.outages, self.window_at = 0, None

    def learn(self, call: Call, asked: int, engine: Engine) -> Sign | None:
        """Count one call to an endpoint that wants at most `asked` at once; say what is worth telling."""
        self._fit(call, asked, engine)
        self._break(call, engine)
        return self._succeeded(call) if call.succeeded else self._failed(call, engine)

    def _succeeded(self, call: Call) -> Sign | None:
        told, self.warned_percent = self.warned_percent, 0
        self.failures, self.failing_since, self.last_success_at = 0, None, call.ended_at
        return Sign.recovered if told else None

    def _failed(self, call: Call, engine: Engine) -> Sign | None:
        rules = engine.giving_up
        self.failures += 1
        self.failing_since = self.failing_since or call.started_at
        spent = call.ended_at - self.failing_since
        percent = spent / timedelta(days=rules.after_days) * 100
        if percent >= 100:
            long_enough = spent > timedelta(hours=rules.over_hours)
            return Sign.failing if long_enough and self.failures >= rules.failures else None
        reached = max((step for step in rules.warn_percent if step <= percent), default=0)
        if reached <= self.warned_percent:
            return None
        self.warned_percent = reached
        return Sign.warned

    def _break(self, call: Call, engine: Engine) -> None:
        if call.probe:
            self._judge_probe(call, engine)
            return
        self._count(call, engine)
        rules = engine.breaker
        many = self.window_calls >= rules.of_at_least
        too_many = many and self.window_outages >= rules.share * self.window_calls
        if self.breaker == Breaker.closed and (self.outages >= rules.outages_in_row or too_many):
            self._open(call, engine)

    def _judge_probe(self, call: Call, engine: Engine) -> None:
        if call.is_outage:
            self.breaker_level += 1
            self._open(call, engine)
        else:
            self.breaker, self.breaker_until = Breaker.closed, None
            self.ramp()

    def _open(self, call: Call, engine: Engine) -> None:
        self.breaker = Breaker.open
        self.breaker_until = call.ended_at + engine.breaker.rest(self.breaker_level)
        self.outages, self.window_at = 0, None

    def _count(self, call: Call, engine: Engine) -> None:
        self.outages = self.outages + 1 if call.is_outage else 0
        length = timedelta(seconds=engine.breaker.window_s)
        if self.window_at is not None and call.ended_at - self.window_at > length:
            self.window_at = None
        if self.window_at is None and call.is_outage:
            self.window_at, self.window_calls, self.window_outages = call.ended_at, 0, 0
        if self.window_at is not None:
            self.window_calls += 1
            self.window_outages += call.is_outage

    def _fit(self, call: Call, asked: int, engine: Engine) -> None:
        """Halve what may be under way once for each round of calls that were too much; else grow again."""
        now = asked if self.cap is None else min(self.cap, asked)
        if call.is_too_much:
            if self.cut_at is None or call.started_at >= self.cut_at:
                self.cap, self.ramping, self.cut_at = max(1.0, now / 2), False, call.ended_at
        elif call.succeeded and self.cap is not None:
            step = 1.0 if self.ramping else 1.0 / engine.caps.successes_a_step
            # Rounded, so that twenty twentieths are one.
            grown = round(now + step, 6)
            self.cap = grown if grown < asked else None
            if self.cap is None:
                # Only an endpoint that is whole again is trusted like a new one.
                self.ramping, self.breaker_level = False, 0
