"""Slots, rates and health: the pure rules by which endpoints are paced."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.rules.engine import Engine
from services.notify.rules.health import Call, Health, Sign
from services.notify.rules.rates import allowance, spend
from services.notify.rules.slots import Slots
from services.notify.rules.states import Breaker
from services.notify.settings import RULES
from shared.settings import load_yaml

NOW = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
ENGINE = load_yaml(RULES / "engine.yaml", Engine)
AHEAD, SLOW = ENGINE.ahead.most, ENGINE.caps.slow_slots
ASKED = 8


def call(status: int | None, at: float = 0.0, *, probe: bool = False, timed_out: bool = False) -> Call:
    """A call that began and ended so many seconds after ten o'clock."""
    when = NOW + timedelta(seconds=at)
    return Call(when, when, status, timed_out, probe)


def learnt(health: Health, *calls: Call) -> list[Sign | None]:
    return [health.learn(one, ASKED, ENGINE) for one in calls]


def flights(slots: Slots[int], now: datetime = NOW) -> Iterator[int]:
    while start := slots.next(now):
        yield start.job


def test_no_endpoint_gets_more_than_a_quarter_and_slow_ones_wait_only_for_each_other() -> None:
    slots, quick, slow = Slots[int](32, ENGINE), UUID(int=1), UUID(int=2)
    wanted = [(quick, 64), (slow, 4)]
    first, second = slots.grants(wanted, NOW)
    assert first.each == {quick: 16, slow: 8}, "a quarter of all; and twice as many are claimed ahead"
    assert (first.most, second.most, second.each) == (32 * AHEAD, SLOW, {})
    for number in range(20):
        slots.put(slow, number, NOW)
    starts = [slots.next(NOW) for _ in range(5)]
    assert [start is not None for start in starts] == [True] * 4 + [False]
    assert starts[0] is not None
    slots.mark(starts[0].lane, seconds=15, timed_out=True, now=NOW)
    first, second = slots.grants(wanted, NOW + timedelta(seconds=59))
    assert (first.each, second.each) == ({quick: 16}, {})
    slots.done(starts[0], NOW)
    start = slots.next(NOW)
    assert start is not None
    assert start.slow, "what waits goes on in the pool of the slow"
    assert slots.grants(wanted, NOW + timedelta(seconds=61))[1].each == {}
    slots.mark(start.lane, seconds=0.1, timed_out=False, now=NOW)
    slots.done(start, NOW)
    following = slots.next(NOW)
    assert following is not None
    assert not following.slow


def test_more_is_claimed_ahead_for_the_quick_and_never_for_more_than_a_second() -> None:
    slots, endpoint_id = Slots[int](32, ENGINE), UUID(int=1)
    rooms = {}
    for seconds in (0.001, 0.25, 4.0):
        for _ in range(50):
            slots.mark(slots.lane(endpoint_id), seconds=seconds, timed_out=False, now=NOW)
        rooms[seconds] = slots.grants([(endpoint_id, 8)], NOW)[0].each[endpoint_id]
    assert rooms == {0.001: 8 * AHEAD, 0.25: 32, 4.0: 8}
    for number in range(5):
        slots.put(endpoint_id, number, NOW)
    assert slots.grants([(endpoint_id, 8)], NOW)[0].each == {}, "half of the window must be free"


def test_who_comes_first_changes_from_claim_to_claim() -> None:
    slots, wanted = Slots[int](4, ENGINE), [(UUID(int=n), 1) for n in range(5)]
    firsts = {next(iter(slots.grants(wanted, NOW)[0].each)) for _ in range(5)}
    assert firsts == {endpoint_id for endpoint_id, _ in wanted}
    assert slots.grants([], NOW)[0].each == {}


def test_free_slots_go_to_endpoints_in_turn() -> None:
    slots, one, two = Slots[int](4, ENGINE), UUID(int=1), UUID(int=2)
    for endpoint_id in (one, two):
        slots.fit(endpoint_id, 8, NOW)
    slots.lane(one).cap = slots.lane(two).cap = 2
    for number in range(4):
        slots.put(one, number, NOW)
        slots.put(two, 10 + number, NOW)
    assert list(flights(slots)) == [0, 10, 1, 11]


def test_what_waits_for_an_endpoint_can_be_taken_out_again() -> None:
    slots, one = Slots[int](4, ENGINE), UUID(int=1)
    for number in range(4):
        slots.put(one, number, NOW)
    assert slots.empty(one, but=lambda job: job == 2) == [0, 1, 3]
    assert slots.empty_all() == [2]
    assert slots.next(NOW) is None


def test_five_outages_in_a_row_let_an_endpoint_rest_and_the_rest_doubles_up_to_five_minutes() -> None:
    health = Health()
    learnt(health, *(call(500) for _ in range(4)), call(404), *(call(None) for _ in range(4)))
    assert health.breaker == Breaker.closed, "an answer, whatever it says, shows that somebody is there"
    learnt(health, call(503))
    assert (health.breaker, health.breaker_until) == (Breaker.open, NOW + timedelta(seconds=5))
    rests = []
    for _ in range(8):
        health.breaker = Breaker.half
        learnt(health, call(None, probe=True))
        assert health.breaker_until is not None
        rests.append((health.breaker_until - NOW).total_seconds())
    assert rests == [10, 20, 40, 80, 160, 300, 300, 300]
    assert health.has_rested(NOW + timedelta(seconds=300))
    assert not health.has_rested(NOW + timedelta(seconds=299))


def test_half_of_ten_calls_in_a_minute_let_an_endpoint_rest_and_over_more_time_they_do_not() -> None:
    often, seldom = Health(), Health()
    for number in range(10):
        learnt(often, call(500 if number % 2 == 0 else 200, at=number))
        learnt(seldom, call(500 if number % 2 == 0 else 200, at=number * 10))
    assert (often.breaker, seldom.breaker) == (Breaker.open, Breaker.closed)


def test_calls_that_were_under_way_when_the_breaker_opened_decide_nothing() -> None:
    health = Health()
    learnt(health, *(call(500) for _ in range(5)))
    learnt(health, call(200, 1.0), *(call(500, 2.0) for _ in range(20)))
    assert (health.breaker, health.breaker_until) == (Breaker.open, NOW + timedelta(seconds=5))


def test_after_a_try_that_went_well_calls_grow_from_one_to_the_cap() -> None:
    health = Health(breaker=Breaker.half, breaker_level=3)
    learnt(health, call(204, probe=True))
    rooms = [health.room(ASKED)]
    for _ in range(7):
        learnt(health, call(200))
        rooms.append(health.room(ASKED))
    assert rooms == [1, 2, 3, 4, 5, 6, 7, 8], "one more for each success doubles with each round of calls"
    assert (health.cap, health.breaker_level) == (None, 0)


def test_an_endpoint_that_fails_again_before_it_is_whole_rests_longer() -> None:
    health = Health(breaker=Breaker.half, breaker_level=3)
    learnt(health, call(204, probe=True), *(call(500) for _ in range(5)))
    assert health.breaker_until == NOW + timedelta(seconds=40)


@pytest.mark.parametrize(("status", "timed_out"), [(429, False), (502, False), (504, False), (None, True)])
def test_what_is_too_much_is_halved_once_a_round_and_grows_by_one_in_twenty(
    status: int | None, timed_out: bool
) -> None:
    health = Health()
    learnt(health, call(status, 10.0, timed_out=timed_out), call(status, 5.0, timed_out=timed_out))
    assert health.room(ASKED) == 4, "the second began before the first had told of it"
    learnt(health, call(status, 11.0, timed_out=timed_out))
    assert health.room(ASKED) == 2
    learnt(health, *(call(200, 12.0) for _ in range(20)))
    assert health.room(ASKED) == 3
    learnt(health, *(call(200, 12.0) for _ in range(100)))
    assert (health.room(ASKED), health.cap) == (ASKED, None)


def test_an_office_is_warned_three_times_before_its_endpoint_is_disabled_and_told_that_it_is_back() -> None:
    health = Health()
    signs = {}
    for hour in range(0, 124, 4):
        [sign] = learnt(health, call(500, hour * 3600.0))
        if sign is not None:
            signs[hour] = sign
    assert signs == {60: Sign.warned, 84: Sign.warned, 108: Sign.warned, 120: Sign.failing}
    again = health.started_over()
    assert (again.releasing, again.room(ASKED), again.failures) == (True, 1, 0)
    assert learnt(again, call(200), call(200)) == [Sign.recovered, None]


def test_a_few_failures_disable_nothing_however_long_ago_the_first_was() -> None:
    health = Health()
    signs = learnt(health, *(call(500, day * 86_400.0) for day in range(9)))
    assert Sign.failing not in signs
    assert learnt(health, call(500, 9 * 86_400.0)) == [Sign.failing]


def test_a_healthy_endpoint_is_not_written_down_for_every_success() -> None:
    health = Health()
    assert not health.is_unmoved_by([call(200)])
    learnt(health, call(200))
    assert health.is_unmoved_by([call(200, 30.0)])
    assert not health.is_unmoved_by([call(200, 90.0)])
    assert not health.is_unmoved_by([call(200, 1.0), call(404, 1.0)])


@given(
    per_minute=st.integers(1, 60_000),
    asks=st.lists(st.tuples(st.floats(0, 5), st.integers(0, 500)), min_size=1, max_size=40),
)
def test_no_more_goes_than_the_rate_and_one_second_ahead_of_it(
    per_minute: int, asks: list[tuple[float, int]]
) -> None:
    now, spent, gone = NOW, None, 0
    for wait, wish in asks:
        now += timedelta(seconds=wait)
        count = min(wish, allowance(spent, per_minute, now))
        spent = spend(spent, per_minute, count, now)
        gone += count
    elapsed = (now - NOW).total_seconds()
    assert gone <= (elapsed + 1) * per_minute / 60 + 1
