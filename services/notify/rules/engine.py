"""The figures by which deliveries are paced; `engine.yaml` says what each means."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1, le=100_000)]
Seconds = Annotated[float, Field(gt=0, le=604_800)]
Share = Annotated[float, Field(gt=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BreakerRules(_Strict):
    """When an endpoint is left alone, and for how long."""

    outages_in_row: Count
    share: Share
    of_at_least: Count
    window_s: Seconds
    first_rest_s: Seconds
    longest_rest_s: Seconds

    def rest(self, level: int) -> timedelta:
        """How long the endpoint rests after `level` tries that failed."""
        return timedelta(seconds=min(self.first_rest_s * 2.0 ** min(level, 32), self.longest_rest_s))


class CapRules(_Strict):
    """How many calls may be under way at once."""

    share: Share
    slow_slots: Count
    slow_for_s: Seconds
    successes_a_step: Count


class AheadRules(_Strict):
    """How far ahead of their slots deliveries are claimed."""

    seconds: Seconds
    most: Count


class LeaseRules(_Strict):
    """For how long a delivery is ours alone."""

    grace_s: Seconds
    test_s: Seconds


class GivingUpRules(_Strict):
    """When an endpoint is disabled because nothing reaches it any more."""

    after_days: Annotated[float, Field(gt=0, le=366)]
    failures: Count
    over_hours: Annotated[float, Field(ge=0)]
    warn_percent: tuple[Annotated[int, Field(ge=1, le=99)], ...]


class Engine(_Strict):
    """All figures of the delivery engine."""

    breaker: BreakerRules
    caps: CapRules
    ahead: AheadRules
    leases: LeaseRules
    release_per_minute: Count
    giving_up: GivingUpRules
