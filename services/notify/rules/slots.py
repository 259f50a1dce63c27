"""Pure: who may be called how often at once, so that no endpoint can hold up another.

A call holds its slot for as long as the receiver likes to take, up to the timeout: a receiver that hangs
would soon own every slot. So each endpoint has a share, and those that were slow a moment ago stand in a
small pool of their own, where they only wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

SLOW_SLOTS = 16
SLOW_FOR = timedelta(seconds=60)
# Deliveries of a quick endpoint are claimed ahead of their slots, to save transactions: about as many as it
# takes in a second, so that none waits here until its lease is too short.
AHEAD_S = 1.0
MOST_AHEAD = 16
# What a call is expected to take before the first one is over, and how much the last one tells of the next.
FIRST_GUESS_S = 0.5
WEIGHT = 0.2


@dataclass(slots=True)
class Lane:
    """One endpoint's calls: how many are claimed, how long one takes, and until when it counts as slow."""

    cap: int
    claimed: int = 0
    pace_s: float = FIRST_GUESS_S
    slow_until: datetime | None = None

    def is_slow(self, now: datetime) -> bool:
        return self.slow_until is not None and now < self.slow_until

    def room(self, *, slow: bool) -> int:
        """How many more may be claimed; a quick lane is filled up in few strokes."""
        if slow:
            return self.cap - self.claimed
        window = int(self.cap * min(max(AHEAD_S / self.pace_s, 1.0), MOST_AHEAD))
        free = window - self.claimed
        return free if free * 2 >= window else 0


@dataclass(frozen=True, slots=True)
class Grant:
    """How many deliveries may be claimed for each endpoint, and for all of them together."""

    slow: bool
    most: int
    each: dict[UUID, int]


@dataclass(slots=True)
class Slots:
    """The account of all slots of one process."""

    total: int
    lanes: dict[UUID, Lane] = field(default_factory=dict)
    claimed: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})
    turn: int = 0

    def share(self, max_concurrency: int) -> int:
        """The most calls at once to one endpoint: what it asked for, and at most a quarter of all."""
        return max(1, min(max_concurrency, self.total // 4))

    def grants(self, wanted: Sequence[tuple[UUID, int]], now: datetime) -> tuple[Grant, Grant]:
        """What may be claimed now, for quick endpoints and for slow ones: (endpoint, max_concurrency) each.

        Who comes first changes with every call, since the last may find nothing left.
        """
        self.turn += 1
        start = self.turn % len(wanted) if wanted else 0
        each: dict[bool, dict[UUID, int]] = {False: {}, True: {}}
        for endpoint_id, max_concurrency in (*wanted[start:], *wanted[:start]):
            lane = self.lanes.setdefault(endpoint_id, Lane(1))
            lane.cap = self.share(max_concurrency)
            slow = lane.is_slow(now)
            room = lane.room(slow=slow)
            if room > 0:
                each[slow][endpoint_id] = room
        return self._grant(each, slow=False), self._grant(each, slow=True)

    def _grant(self, each: dict[bool, dict[UUID, int]], *, slow: bool) -> Grant:
        most = SLOW_SLOTS if slow else self.total * MOST_AHEAD
        return Grant(slow, max(0, most - self.claimed[slow]), each[slow])

    def take(self, endpoint_id: UUID, *, slow: bool) -> None:
        """A delivery was claimed."""
        self.lanes.setdefault(endpoint_id, Lane(1)).claimed += 1
        self.claimed[slow] += 1

    def give_back(self, endpoint_id: UUID, *, slow: bool) -> None:
        """A delivery is no longer ours to send."""
        self.lanes[endpoint_id].claimed -= 1
        self.claimed[slow] -= 1

    def mark(self, endpoint_id: UUID, *, seconds: float, timed_out: bool, now: datetime) -> None:
        """Note how the last call went: a timeout makes an endpoint slow for a minute, an answer quick."""
        lane = self.lanes[endpoint_id]
        lane.pace_s += WEIGHT * (max(seconds, 0.001) - lane.pace_s)
        lane.slow_until = now + SLOW_FOR if timed_out else None
