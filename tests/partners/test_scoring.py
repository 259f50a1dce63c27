"""The score of domain.md §7: its worked examples, its hard rules, and what allocation never does."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.partners.matches.allocation import allocate
from services.partners.matches.scoring import (
    NeedFacts,
    OfferFacts,
    band,
    distance_m,
    obstacle,
    score,
    total,
)
from services.partners.settings import Places, Terms, load_terms
from services.partners.units.rules import is_in_force, reliability
from shared.testing import COMMUNITY, MASTER_KEYS

AT = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
GRID, OTHER_GRID = f"{COMMUNITY}001", f"{COMMUNITY}002"
HERE = (103.88, 36.05)
# One metre northwards, in degrees of latitude.
METRE = 1 / 111_195.08


def terms() -> Terms:
    from services.partners.settings import PartnersSettings

    given = {"database_url": "sqlite://", "community": COMMUNITY, "master_keys": MASTER_KEYS}
    loaded = load_terms(PartnersSettings.model_validate(given))
    return Terms(loaded.rules, loaded.kinds, Places.model_validate({COMMUNITY: HERE}))


TERMS = terms()


def need(number: int = 1, **changes: Any) -> NeedFacts:
    facts: dict[str, Any] = {
        "id": UUID(int=number),
        "community_code": COMMUNITY,
        "area_code": GRID,
        "kind": "goods",
        "tags": ("rice_oil",),
        "measure": "set",
        "wanted": 1,
        "min_slice": 1,
        "urgency": "U2",
        "needed_by": None,
        "created_at": AT,
    }
    return NeedFacts(**{**facts, **changes})


def offer(number: int = 1, *, metres: float = 0, **changes: Any) -> OfferFacts:
    facts: dict[str, Any] = {
        "id": UUID(int=1000 + number),
        "unit_code": f"PU-{number}",
        "community_code": COMMUNITY,
        "kind": "goods",
        "tags": ("rice_oil",),
        "measure": "set",
        "free": 7,
        "min_slice": 1,
        "valid_from": AT - timedelta(days=1),
        "valid_to": AT + timedelta(days=30),
        "area_code": COMMUNITY,
        "radius_m": None,
        "qualifications": (),
        "with_minors": False,
        "place": (HERE[0], HERE[1] + metres * METRE),
        "home_area": OTHER_GRID,
        "provides_programme": False,
        "reliability": 0.7,
        "used": 0,
    }
    return OfferFacts(**{**facts, **changes})


def points(one: NeedFacts, other: OfferFacts) -> float:
    return total(score(one, other, at=AT, terms=TERMS))


def test_goods_nine_hundred_metres_away_come_to_81_7() -> None:
    waited = need(created_at=AT - timedelta(days=2))
    assert points(waited, offer(metres=900, reliability=0.8)) == 81.7


def test_a_ride_to_dialysis_in_the_same_grid_comes_to_89_6() -> None:
    ride: dict[str, Any] = {"kind": "transport", "tags": ("dialysis", "ride"), "measure": "ride"}
    patient = need(**ride, wanted=12, urgency="U1", created_at=AT - timedelta(days=5))
    team = offer(**ride, metres=650, free=12, home_area=GRID, qualifications=("driving_licence", "insurance"))
    assert obstacle(patient, team, at=AT, terms=TERMS) is None
    assert points(patient, team) == 89.6


def test_all_weights_together_make_a_hundred_points() -> None:
    best = need(urgency="U0", created_at=AT - timedelta(days=14))
    assert points(best, offer(reliability=1.0, home_area=GRID)) == 100.0


def test_missed_rounds_count_as_days_waited() -> None:
    once_missed = need(created_at=AT - timedelta(days=2), missed_rounds=1)
    assert points(once_missed, offer()) == points(need(created_at=AT - timedelta(days=5)), offer())


def test_where_a_place_is_unknown_half_of_the_distance_counts() -> None:
    assert points(need(), offer(place=None)) == points(need(), offer(metres=1500))


def test_half_the_tags_half_the_time_and_half_the_quantity_count_half() -> None:
    much = need(tags=("rice_oil", "delivered"), wanted=14, needed_by=AT + timedelta(days=10))
    half = score(much, offer(valid_to=AT + timedelta(days=5)), at=AT, terms=TERMS)
    assert (half["tags"], half["time"], half["quantity"]) == (15.0, 7.5, 7.5)


@pytest.mark.parametrize(
    ("expected", "needed", "offered"),
    [
        ("emergency", {"urgency": "U0"}, {}),
        ("community", {}, {"community_code": "620102014007"}),
        ("kind", {"kind": "venue"}, {}),
        ("measure", {"measure": "box"}, {}),
        ("qualification", {}, {"tags": ("cooked_food",)}),
        ("qualification", {"kind": "transport"}, {"kind": "transport", "qualifications": ("insurance",)}),
        ("qualification", {"kind": "activity"}, {"kind": "activity", "with_minors": True}),
        ("programme", {"kind": "medical"}, {"kind": "medical", "qualifications": ("medical_licence",)}),
        ("blocked", {"blocked_units": ("PU-1",)}, {}),
        ("area", {}, {"area_code": OTHER_GRID}),
        ("distance", {}, {"metres": 3001}),
        ("distance", {}, {"metres": 600, "radius_m": 500}),
        ("window", {}, {"valid_to": AT}),
        ("window", {"needed_by": AT + timedelta(days=1)}, {"valid_from": AT + timedelta(days=2)}),
        (None, {"kind": "volunteer_hours"}, {"kind": "skilled_service"}),
        (None, {}, {"metres": 4000, "radius_m": 5000}),
        (None, {}, {"tags": ("cooked_food", "rice_oil"), "qualifications": ("food_licence",)}),
    ],
)
def test_a_hard_rule_keeps_offer_and_need_apart_and_says_which(
    expected: str | None, needed: dict[str, Any], offered: dict[str, Any]
) -> None:
    assert obstacle(need(**needed), offer(**offered), at=AT, terms=TERMS) == expected


@pytest.mark.parametrize(
    ("figure", "name"), [(75.0, "auto"), (74.9, "clerk"), (55.0, "clerk"), (54.9, "hold")]
)
def test_the_bands_begin_where_the_rules_say(figure: float, name: str) -> None:
    assert band(figure, TERMS) == name


def test_a_need_is_split_over_offers_and_never_gets_more_than_it_wants() -> None:
    found = allocate([need(wanted=10)], [offer(1, free=6), offer(2, free=9, used=3)], at=AT, terms=TERMS)
    assert [(one.offer.unit_code, one.quantity) for one in found.proposals] == [("PU-2", 9), ("PU-1", 1)]
    assert found.holds == {}


def test_among_equals_the_older_need_comes_first_and_then_the_unit_used_least() -> None:
    young, old = need(1), need(2, created_at=AT - timedelta(minutes=5))
    one_set = [offer(1, free=1, used=4), offer(2, free=1, used=3)]
    found = allocate([young, old], one_set, at=AT, terms=TERMS)
    assert [(one.need.id.int, one.offer.unit_code) for one in found.proposals] == [(2, "PU-2"), (1, "PU-1")]


def test_what_is_not_proposed_is_told_why() -> None:
    found = allocate(
        [need(1)], [offer(measure="box"), offer(2, tags=(), reliability=0.0)], at=AT, terms=TERMS
    )
    assert found.proposals == []
    assert found.holds[UUID(int=1)] == {"why": "no_offer_fits", "obstacles": {"measure": 1, "score": 1}}
    assert allocate([need(1)], [], at=AT, terms=TERMS).holds[UUID(int=1)] == {"why": "no_offer"}
    assert allocate([need(1, urgency="U0")], [offer()], at=AT, terms=TERMS).holds[UUID(int=1)] == {
        "why": "emergency"
    }


def test_a_pair_that_has_met_is_not_proposed_again() -> None:
    met = {(UUID(int=1), UUID(int=1001))}
    found = allocate([need(1)], [offer(1), offer(2)], at=AT, terms=TERMS, met=met)
    assert [one.offer.unit_code for one in found.proposals] == ["PU-2"]


def test_an_offer_gives_no_less_than_its_slice() -> None:
    found = allocate([need(1, wanted=2)], [offer(min_slice=3)], at=AT, terms=TERMS)
    assert found.holds[UUID(int=1)] == {"why": "no_offer_fits", "obstacles": {"quantity": 1}}


@given(
    wanted=st.lists(st.integers(1, 30), min_size=1, max_size=8),
    free=st.lists(st.integers(1, 30), min_size=1, max_size=8),
)
def test_allocation_never_gives_more_than_is_wanted_or_there(wanted: list[int], free: list[int]) -> None:
    needs = [need(number, wanted=quantity) for number, quantity in enumerate(wanted, 1)]
    offers = [offer(number, free=quantity) for number, quantity in enumerate(free, 1)]
    found = allocate(needs, offers, at=AT, terms=TERMS)
    for one in needs:
        given = sum(proposal.quantity for proposal in found.proposals if proposal.need.id == one.id)
        assert given <= one.wanted
        assert (one.id in found.holds) == (given < one.wanted)
    for other in offers:
        assert sum(one.quantity for one in found.proposals if one.offer.id == other.id) <= other.free
    assert allocate(needs, offers, at=AT, terms=TERMS).proposals == found.proposals


def test_distance_is_measured_on_the_sphere() -> None:
    assert distance_m(HERE, HERE) == 0
    assert distance_m((103.88, 36.05), (103.88, 36.06)) == pytest.approx(1112, abs=1)


def test_a_unit_counts_by_its_kept_promises_and_its_agreement() -> None:
    assert reliability(0, 0, 0, new_unit=0.7) == 0.7
    assert reliability(4, 1, 0, new_unit=0.7) == 0.8
    until = AT.date()
    assert is_in_force("active", until, until)
    assert not is_in_force("active", until, until + timedelta(days=1))
    assert not is_in_force("suspended", None, until)
