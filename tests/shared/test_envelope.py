"""An event on the wire is one CloudEvent, written once and read without trust."""

from uuid import uuid4

import orjson
import pytest

from shared.envelope import Cause, Envelope, Unreadable, join, seal, unpack
from shared.events import Event
from tests.shared.toys import LOCATED, NOW, enveloped, located, packed

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_an_event_is_written_as_a_cloud_event() -> None:
    event, cause = located(version=3), full_cause()
    sealed = seal(event, occurred_at=NOW, cause=cause)
    assert orjson.loads(sealed.body) == {
        "specversion": "1.0",
        "id": str(sealed.id),
        "source": "/grid",
        "type": LOCATED,
        "subject": f"placement/{event.placement.id}",
        "time": "2026-03-05T08:30:00+00:00",
        "datacontenttype": "application/json",
        "aggregateversion": 3,
        "correlationid": str(cause.correlation_id),
        "causationid": str(cause.causation_id),
        "traceparent": TRACE,
        "data": orjson.loads(event.model_dump_json()),
    }


def full_cause() -> Cause:
    return Cause(correlation_id=uuid4(), causation_id=uuid4(), traceparent=TRACE)


@pytest.mark.parametrize("cause", [full_cause(), Cause(correlation_id=uuid4())])
def test_what_is_read_is_what_was_written(cause: Cause) -> None:
    event = located()
    sealed = seal(event, occurred_at=NOW, cause=cause)
    (envelope,) = unpack(sealed.body, attempt=2)
    assert (envelope.id, envelope.type, envelope.attempt) == (sealed.id, LOCATED, 2)
    assert (envelope.occurred_at, envelope.version, envelope.cause) == (NOW, 1, cause)
    assert envelope.open() == event
    assert envelope.pack() == sealed


def test_ids_rise_with_time() -> None:
    ids = [packed().id for _ in range(20)]
    assert ids == sorted(ids)


def test_several_events_travel_as_one_batch() -> None:
    messages = [packed() for _ in range(3)]
    assert [one.id for one in unpack(join(messages))] == [message.id for message in messages]
    assert unpack(b"[]") == []


def test_an_event_is_the_cause_of_what_follows_in_the_same_chain() -> None:
    envelope = enveloped(cause=full_cause())
    follows = envelope.as_cause
    assert follows.causation_id == envelope.id
    assert follows.correlation_id == envelope.cause.correlation_id
    assert follows.traceparent == TRACE


def test_a_trace_that_is_no_text_is_left_out() -> None:
    document = orjson.loads(packed().body) | {"traceparent": 5}
    (envelope,) = unpack(orjson.dumps(document))
    assert envelope.cause.traceparent is None


@pytest.mark.parametrize("version", [b"1e400", b"-1e999", b'"two"', b"null", b"{}"])
def test_a_version_that_is_no_number_is_unreadable(version: bytes) -> None:
    body = packed().body.replace(b'"aggregateversion":1', b'"aggregateversion":' + version)
    with pytest.raises(Unreadable):
        unpack(body)


def test_what_no_contract_fits_is_unreadable() -> None:
    known = enveloped()
    unknown = Envelope(
        id=known.id,
        type="grid.issue.lost.v1",
        subject="",
        version=1,
        occurred_at=NOW,
        cause=known.cause,
        data={},
    )
    with pytest.raises(Unreadable, match=r"no contract is called grid\.issue\.lost\.v1"):
        unknown.open()


def test_a_type_that_breaks_the_form_is_refused_when_it_is_declared() -> None:
    with pytest.raises(TypeError, match="past_tense"):

        class Shouted(Event, type="Grid.Issue.Located"):
            """Not declared."""


def test_a_type_is_declared_once() -> None:
    with pytest.raises(TypeError, match="declared twice"):

        class Again(Event, type=LOCATED):
            """Not declared."""
