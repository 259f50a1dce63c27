"""Events become messages: once each, for whoever asked, in one body that is two standards."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import permutations
from uuid import UUID

import pytest

from services.notify.rules.feeds import FEEDS, feed_of, told
from services.notify.rules.filters import Filter
from services.notify.rules.subjects import subject_of
from shared.auth import Role
from shared.events import catalogue
from shared.events.grid import Colour, HouseholdColourChanged, HouseholdSnapshot
from shared.testing import Stage
from tests.notify.conftest import STREET, Office, Sink, event_of

MakeSink = Callable[[], Awaitable[Sink]]


async def test_what_an_endpoint_subscribed_to_arrives_signed_and_nothing_else(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink, events=["issue.accepted", "pledge.*"])
    await office.stage.give(
        event_of("issue.accepted"),
        event_of("issue.closed"),
        event_of("pledge.made"),
        event_of("need.published"),
    )
    await office.send()
    assert sorted(sink.types) == ["issue.accepted", "pledge.made"]
    assert not sink.refused


async def test_the_body_is_standard_webhooks_and_cloudevents_at_once(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    await office.open(sink)
    envelope = office.stage.enveloped(event_of("issue.accepted"))
    office.later(seconds=30)
    await office.stage.give(envelope)
    await office.send()
    [(webhook_id, body)] = sink.came
    assert webhook_id == body["id"]
    assert "." not in webhook_id
    assert body["timestamp"] == body["time"] == envelope.occurred_at.isoformat()
    assert (body["specversion"], body["type"]) == ("1.0", "issue.accepted")
    assert (body["subject"], body["sequence"]) == (envelope.subject, "000000000003")
    data = body["data"]
    assert isinstance(data, dict)
    assert data["community"] == {"code": "620102014006"}
    assert data["street"] == {"code": STREET}
    assert data["grid_code"] == "620102014006001"
    assert data["pii"] == "none"
    assert data["links"]["self"].endswith(f"/intake/v1/issues/{data['issue_id']}")


@pytest.mark.parametrize(
    ("wish", "takes"),
    [
        (Filter(("*",), "620102014006"), True),
        (Filter(("*",), "620102014006001"), True),
        (Filter(("*",), "620102014007"), False),
        (Filter(("escalation.*",), STREET), True),
        (Filter(("issue.*", "escalation.requested"), STREET), True),
        (Filter(("issue.*",), STREET), False),
        (Filter(("*",), STREET, categories=("01",)), True),
        (Filter(("*",), STREET, categories=("0101", "02")), True),
        (Filter(("*",), STREET, categories=("02",)), False),
        (Filter(("*",), STREET, urgencies=("U0",)), True),
        (Filter(("*",), STREET, urgencies=("U1", "U2")), False),
        (Filter(("*",), STREET, offices=("620102014",)), True),
        (Filter(("*",), STREET, offices=("ST-WF",)), False),
    ],
)
def test_a_filter_takes_what_it_asks_for_and_no_more(wish: Filter, takes: bool) -> None:
    about = subject_of(event_of("escalation.requested"), "escalation.requested").about
    assert wish.takes(about) is takes


async def test_the_figures_of_a_day_come_with_numerator_and_denominator_of_each_place(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink, events=["kpi.*"])
    place = {"community_code": "620102014006", "area_code": "620102014006"}
    await office.stage.give(event_of("kpi.daily", **place), event_of("kpi.monthly", **place))
    await office.send()
    assert sorted(sink.types) == ["kpi.daily", "kpi.monthly"]
    data = sink.came[0][1]["data"]
    assert (data["first"], data["grid_code"], data["pii"]) == ("2026-03-05", None, "none")
    assert data["kpis"] == [
        {"code": "K1", "numerator": 19, "denominator": 20, "value": 0.95},
        {"code": "K4", "numerator": 6, "denominator": 7, "value": None},
    ]
    assert [grid["area_code"] for grid in data["grids"]] == ["620102014006001"]
    assert data["links"]["self"].endswith("/intake/v1/kpis?from=2026-03-05&to=2026-03-05")


async def test_an_endpoint_gets_only_what_its_filters_ask_for(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    await office.open(sink, categories=["02"], urgencies=["U1"], offices=["ST-WF"])
    await office.stage.give(
        event_of("escalation.requested"),
        event_of("escalation.requested", category="0203", urgency="U1", target="ST-WF"),
    )
    await office.send()
    assert [body["data"]["category"] for _, body in sink.came] == ["0203"]


@pytest.mark.parametrize(
    ("type", "goes_out_as", "pii"),
    [
        ("handover", "escalation.requested", "masked"),
        ("emergency_notice", "escalation.requested", "masked"),
        ("whistle", "escalation.whistle", "masked"),
        ("relief_request", "escalation.relief_requested", "reference"),
    ],
)
def test_an_escalation_goes_out_under_the_name_of_what_it_asks(type: str, goes_out_as: str, pii: str) -> None:
    feed = feed_of(event_of("escalation.requested", type=type))
    assert feed is not None
    assert (feed.type, feed.pii) == (goes_out_as, pii)


def test_a_handover_inside_the_community_is_no_affair_of_the_street() -> None:
    assert feed_of(event_of("escalation.requested", type="handover", from_level=1, to_level=2)) is None
    assert feed_of(event_of("escalation.requested", type="emergency_notice", to_level=2)) is not None


async def test_the_colour_of_a_household_never_leaves_the_house(office: Office, sinks: MakeSink) -> None:
    sink = await sinks()
    await office.open(sink)
    household = HouseholdSnapshot(
        id=UUID(int=1), version=2, code="HH-1", area_code="620102014006001", colour=Colour.red
    )
    changed = HouseholdColourChanged(household=household, previous=Colour.blue)
    assert feed_of(changed) is None
    assert changed.type not in office.stage.host.service.types


async def test_every_type_in_the_catalogue_has_an_example_that_says_its_type(stage: Stage) -> None:
    async with stage.client() as client:
        answer = await client.get("/event-types")
        one = await client.get("/event-types/escalation.whistle")
        none = await client.get("/event-types/issue.unheard_of")
    assert {entry["type"] for entry in answer.json()} == set(told())
    assert all(entry["example"]["type"] == entry["type"] for entry in answer.json())
    assert all(entry["description"].endswith(".") for entry in answer.json())
    assert one.json()["example"]["data"]["ask"] == "Send the safety office"
    assert (none.status_code, none.json()["type"]) == (404, "urn:sanlian:problem:not-found")


async def test_messages_are_kept_where_somebody_asked_for_them(office: Office, sinks: MakeSink) -> None:
    await office.register(await sinks(), events=["issue.closed", "need.*"])
    await office.stage.give(event_of("issue.closed"), event_of("need.published"), event_of("issue.accepted"))
    async with office.stage.client(Role.OPERATOR, areas=(STREET,)) as client:
        all_of_them = (await client.get("/messages")).json()
        closed = (await client.get("/messages", params={"type": "issue.closed"})).json()
        page = await client.get("/messages", params={"limit": 2})
        rest = await client.get(f"http://test{page.links['next']['url']}")
    async with office.stage.client(Role.OPERATOR, areas=("620102015",)) as client:
        elsewhere = (await client.get("/messages")).json()
    assert {one["type"] for one in all_of_them} == {"webhook.test", "need.published", "issue.closed"}
    assert [one["body"]["data"]["solved"] for one in closed] == [True]
    assert [one["webhook_id"] for one in page.json() + rest.json()] == [
        one["webhook_id"] for one in all_of_them
    ]
    assert elsewhere == []


async def test_one_event_gives_one_message_however_often_and_in_what_order_it_comes(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink)
    types = ("issue.reported", "issue.accepted", "issue.assigned", "need.published")
    story = [office.stage.enveloped(event_of(type)) for type in types]
    for order in permutations(story):
        await office.stage.give(*order, order[0])
    await office.send()
    assert sorted(sink.types) == sorted(types)
    assert len({webhook_id for webhook_id, _ in sink.came}) == len(types)


async def test_two_services_that_take_the_same_event_at_once_write_one_message(
    office: Office, sinks: MakeSink
) -> None:
    sink = await sinks()
    await office.open(sink)
    envelope = office.stage.enveloped(event_of("issue.closed"))
    await asyncio.gather(*(office.stage.give(envelope) for _ in range(5)))
    await office.send()
    assert sink.types == ["issue.closed"]


def test_it_is_decided_for_every_event_whether_the_street_is_told() -> None:
    """A new event fails here until somebody says yes (a feed) or no (this list)."""
    untold = {
        # The work of grids and households is the community's; a household's colour never leaves it.
        "grid.assignment.*",
        "grid.household.*",
        "grid.issue.*",
        "grid.visit.*",
        # Whether a hand-up is asked for at all is decided inside.
        "intake.escalation.requested.v1",
        "intake.escalation.refused.v1",
        # Who is at odds with whom, and which unit does which part, stays in the community.
        "intake.mediation.*",
        "intake.task.*",
        # Who read how much of personal data is looked into where it was read.
        "intake.personal.*",
        # What units offer, and how they are rated, is between them and the community.
        "partners.need.unsuitable.v1",
        "partners.offer.*",
        "partners.pledge.rated.v1",
        "partners.unit.joined.v1",
        "partners.unit.changed.v1",
        "partners.unit.suspended.v1",
        # Our own.
        "notify.delivery.*",
        "notify.endpoint.*",
        "notify.street.*",
    }
    known = {feed.event.type for feed in FEEDS}
    undecided = {
        type
        for type in catalogue()
        if type not in known | untold and ".".join(type.split(".")[:2]) + ".*" not in untold
    }
    assert not undecided
