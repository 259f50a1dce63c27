"""How an event travels: as one CloudEvent (JSON, structured), serialised once, when it is emitted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from shared.events import Event, catalogue

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


class Unreadable(ValueError):
    """The bytes are no event of ours; no retry can help."""


# These three are made for each event on each hop. Nobody changes one; to freeze them would triple their cost.
@dataclass(slots=True, kw_only=True)
class Packed:
    """An event ready for the wire; `body` is its whole CloudEvent."""

    id: UUID
    type: str
    body: bytes


@dataclass(slots=True, kw_only=True)
class Cause:
    """Why something happens: the chain it belongs to, the event before it, and its trace."""

    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None


@dataclass(slots=True, kw_only=True)
class Envelope:
    """An event as it came off the wire: `data` is parsed JSON that `open` holds against its contract."""

    id: UUID
    type: str
    subject: str
    version: int
    occurred_at: datetime
    cause: Cause
    data: dict[str, Any]
    attempt: int = 1

    @property
    def as_cause(self) -> Cause:
        """What an event that follows from this one carries."""
        return Cause(
            correlation_id=self.cause.correlation_id, causation_id=self.id, traceparent=self.cause.traceparent
        )

    def open(self) -> Event:
        """The event itself. Raises `Unreadable` where no contract of that type fits."""
        contract = catalogue().get(self.type)
        if contract is None:
            raise Unreadable(f"no contract is called {self.type}")
        try:
            return contract.model_validate(self.data)
        except ValueError as error:
            raise Unreadable(f"{self.type} {self.id}: {error}") from error

    def again(self, attempt: int) -> Self:
        """The same event on its n-th way (1-based)."""
        return replace(self, attempt=attempt)

    def pack(self) -> Packed:
        """The same CloudEvent as bytes once more."""
        body = orjson.dumps(
            _document(
                id=self.id,
                type=self.type,
                subject=self.subject,
                version=self.version,
                occurred_at=self.occurred_at,
                cause=self.cause,
                data=self.data,
            )
        )
        return Packed(id=self.id, type=self.type, body=body)


def seal(event: Event, *, occurred_at: datetime, cause: Cause) -> Packed:
    """Serialise an event with a new, time-ordered id. `occurred_at` must be aware."""
    snapshot, identity = event.snapshot, uuid7()
    document = _document(
        id=identity,
        type=event.type,
        subject=f"{event.about}/{snapshot.id}",
        version=snapshot.version,
        occurred_at=occurred_at,
        cause=cause,
        data=orjson.Fragment(event.model_dump_json()),
    )
    return Packed(id=identity, type=event.type, body=orjson.dumps(document))


def unpack(body: bytes, *, attempt: int = 1) -> list[Envelope]:
    """Read one CloudEvent, or a batch of them. Raises `Unreadable`."""
    try:
        parsed = orjson.loads(body)
        return [_envelope(one, attempt) for one in (parsed if isinstance(parsed, list) else [parsed])]
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        # Whatever a stranger may send in place of a field: a number for an id, text for an object.
        raise Unreadable(f"not a CloudEvent of ours: {error!r}") from error


def join(messages: Sequence[Packed]) -> bytes:
    """Several events in the batch form of CloudEvents."""
    return b"[" + b",".join(message.body for message in messages) + b"]"


def _document(
    *, id: UUID, type: str, subject: str, version: int, occurred_at: datetime, cause: Cause, data: object
) -> dict[str, object]:
    document: dict[str, object] = {
        "specversion": "1.0",
        "id": id,
        "source": f"/{type.partition('.')[0]}",
        "type": type,
        "subject": subject,
        "time": occurred_at,
        "datacontenttype": "application/json",
        "aggregateversion": version,
        "correlationid": cause.correlation_id,
    }
    if cause.causation_id is not None:
        document["causationid"] = cause.causation_id
    if cause.traceparent is not None:
        document["traceparent"] = cause.traceparent
    document["data"] = data
    return document


def _envelope(parsed: dict[str, Any], attempt: int) -> Envelope:
    causation, traceparent = parsed.get("causationid"), parsed.get("traceparent")
    occurred_at = datetime.fromisoformat(parsed["time"])
    if occurred_at.tzinfo is None or not isinstance(parsed["data"], dict):
        raise ValueError("time needs an offset and data must be an object")
    return Envelope(
        id=UUID(parsed["id"]),
        type=str(parsed["type"]),
        subject=str(parsed["subject"]),
        version=int(parsed["aggregateversion"]),
        occurred_at=occurred_at,
        cause=Cause(
            correlation_id=UUID(parsed["correlationid"]),
            causation_id=None if causation is None else UUID(causation),
            traceparent=traceparent if isinstance(traceparent, str) else None,
        ),
        data=parsed["data"],
        attempt=attempt,
    )
