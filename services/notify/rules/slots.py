"""Pure: who may be called how often at once, so that no endpoint can hold up another.

A call holds its slot for as long as the receiver likes to take, up to the timeout: a receiver that hangs
would soon own every slot. So each endpoint has a lane with a share of its own, and those that were slow a
moment ago stand in a small pool of their own, where they only wait for each other.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from services.notify.rules.engine import Engine

J = TypeVar("J")

# What a call is expected to take before the first one is over, and how much the last one tells of the next.
FIRST_GUESS_S = 0.5
WEIGHT = 0.2
SHORTEST_S = 0.001


@dataclass(slots=True)
class Lane(Generic[J]):
    """One endpoint's deliveries: those that wait for a slot, and how many are on their way.

    `more` says that there may be more to claim, once there is room.
    """

    endpoint_id: UUID
    cap: int = 1
    waiting: deque[J] = field(default_factory=deque)
    flying: int = 0
    pace_s: float = FIRST_GUESS_S
    slow_until: datetime | None = None
    queued: bool = False
    more: bool = True

    def is_slow(self, now: datetime) -> bool:
        return self.slow_until is not None and now < self.slow_until


@dataclass(frozen=True, slots=True)
class Grant:
    """How many deliveries may be claimed for each endpoint, and for all of them together."""

    most: int
    each: dict[UUID, int]


@dataclass(frozen=True, slots=True)
class Start(Generic[J]):
    """A delivery that goes out now, in the pool of the slow or of the quick."""

    lane: Lane[J]
    job: J
    slow: bool


class Slots(Generic[J]):
    """The account of all slots of one process."""

    def __init__(self, total: int, engine: Engine) -> None:
        self._total, self._engine = total, engine
        self._lanes: dict[UUID, Lane[J]] = {}
        self._free = {False: total, True: engine.caps.slow_slots}
        self._ready: dict[bool, deque[Lane[J]]] = {False: deque(), True: deque()}
        self._turn = 0

    def share(self, asked: int) -> int:
        """The most calls at once to one endpoint: what it asked for, and at most its share of all."""
        return max(1, min(asked, int(self._total * self._engine.caps.share)))

    def lane(self, endpoint_id: UUID) -> Lane[J]:
        """The lane of an endpoint, made at first need."""
        if endpoint_id not in self._lanes:
            self._lanes[endpoint_id] = Lane(endpoint_id)
        return self._lanes[endpoint_id]

    def grants(self, wanted: Sequence[tuple[UUID, int]], now: datetime) -> tuple[Grant, Grant]:
        """What may be claimed now, for quick endpoints and for slow ones: (endpoint, cap) each.

        Who comes first changes with every call, since the last may find nothing left.
        """
        self._turn += 1
        start = self._turn % len(wanted) if wanted else 0
        each: dict[bool, dict[UUID, int]] = {False: {}, True: {}}
        held = {False: 0, True: 0}
        for endpoint_id, cap in (*wanted[start:], *wanted[:start]):
            lane = self.lane(endpoint_id)
            lane.cap = self.share(cap)
            slow, mine = lane.is_slow(now), len(lane.waiting) + lane.flying
            held[slow] += mine
            room = self._room(lane, mine, slow=slow)
            lane.more = True
            if room > 0:
                each[slow][endpoint_id] = room
        quick = self._total * self._engine.ahead.most - held[False]
        return Grant(max(0, quick), each[False]), Grant(max(0, self._free[True]), each[True])

    def _room(self, lane: Lane[J], mine: int, *, slow: bool) -> int:
        """How many more may be claimed; a quick lane is filled up in few strokes."""
        if slow:
            return lane.cap - mine
        ahead = self._engine.ahead
        window = int(lane.cap * min(max(ahead.seconds / lane.pace_s, 1.0), ahead.most))
        free = window - mine
        return free if free * 2 >= window else 0

    def put(self, endpoint_id: UUID, job: J, now: datetime) -> None:
        """This was claimed."""
        lane = self.lane(endpoint_id)
        lane.waiting.append(job)
        self._queue(lane, now)

    def came_short(self, endpoint_id: UUID) -> None:
        """A claim found less than it might have taken: until somebody says otherwise there is no more."""
        self.lane(endpoint_id).more = False

    def next(self, now: datetime) -> Start[J] | None:
        """Take the next delivery for which there is a slot, from each endpoint in turn."""
        for slow, ready in self._ready.items():
            while ready and self._free[slow]:
                lane = ready.popleft()
                lane.queued = False
                if lane.is_slow(now) != slow or not lane.waiting or lane.flying >= lane.cap:
                    self._queue(lane, now)
                    continue
                job = lane.waiting.popleft()
                lane.flying += 1
                self._free[slow] -= 1
                self._queue(lane, now)
                return Start(lane, job, slow)
        return None

    def done(self, start: Start[J], now: datetime) -> None:
        """The slot is free again."""
        start.lane.flying -= 1
        self._free[start.slow] += 1
        self._queue(start.lane, now)

    def mark(self, lane: Lane[J], *, seconds: float, timed_out: bool, now: datetime) -> None:
        """Note how the last call went: a timeout makes an endpoint slow for a while, an answer quick."""
        lane.pace_s += WEIGHT * (max(seconds, SHORTEST_S) - lane.pace_s)
        slow_for = timedelta(seconds=self._engine.caps.slow_for_s)
        lane.slow_until = now + slow_for if timed_out else None

    def fit(self, endpoint_id: UUID, cap: int, now: datetime) -> None:
        """So many calls at once are right for the endpoint from now on."""
        lane = self.lane(endpoint_id)
        lane.cap = self.share(cap)
        self._queue(lane, now)

    def empty(self, endpoint_id: UUID, *, but: Callable[[J], bool]) -> list[J]:
        """Take out all that wait for a slot to one endpoint, except what is to stay."""
        lane = self.lane(endpoint_id)
        out = [job for job in lane.waiting if not but(job)]
        lane.waiting = deque(job for job in lane.waiting if but(job))
        return out

    def empty_all(self) -> list[J]:
        """Take out all that wait for a slot."""
        return [job for endpoint_id in self._lanes for job in self.empty(endpoint_id, but=lambda _: False)]

    def _queue(self, lane: Lane[J], now: datetime) -> None:
        if not lane.queued and lane.waiting and lane.flying < lane.cap:
            lane.queued = True
            self._ready[lane.is_slow(now)].append(lane)
