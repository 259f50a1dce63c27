"""The signed answers of street offices: taken once each, held against the escalation, passed on as events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

import orjson
from pydantic import ValidationError
from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.notify.endpoints.addressees import live_keys_of
from services.notify.models import Escalation, InboundCall, Source, table_of
from services.notify.rules.signing import is_signed
from services.notify.rules.states import Verdict
from services.notify.rules.street_calls import CALLS, RULES, Ack, Answered, GivenBack, Working, allowed_in
from shared import bulk
from shared.clock import as_utc
from shared.errors import Absent, FieldError, IllegalTransition, Invalid, Problem, Refused, Unauthorized
from shared.events.intake import EscalationState
from shared.events.notify import (
    InboundSnapshot,
    StreetAcknowledged,
    StreetEvent,
    StreetProgressed,
    StreetReplied,
    StreetReturned,
)
from shared.service import Work

TOLERANCE = timedelta(seconds=300)
LONGEST_ID = 255

StreetCall = Ack | GivenBack | Working | Answered


class SignatureMissing(Unauthorized):
    """One of the three headers is not there, or is not what it should be."""

    type, title = "signature-missing", "The call is not signed"


class SignatureInvalid(Unauthorized):
    """No secret in force made that signature over that body."""

    type, title = "signature-invalid", "The signature does not fit"


class OutOfTime(Unauthorized):
    """The call is older or newer than five minutes: perhaps somebody recorded it."""

    type, title = "timestamp-out-of-range", "The timestamp is too far from now"


class Malformed(Problem):
    """The body is signed, but it is no JSON."""

    status, type, title = 400, "malformed-json", "The body is not JSON"


class IdReused(Refused):
    """The id stood on another body before: an id names one call."""

    type, title = "webhook-id-reused", "webhook-id used for another body"


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A call as it came in: who, under which id, when by the caller's clock, and the very bytes."""

    source: Source
    webhook_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that was noted: `is_new` where it had its effect now, `problem` where a rule is against it."""

    call: InboundCall
    is_new: bool = False
    problem: Problem | None = None


async def authenticate(work: Work, code: str, headers: Mapping[str, str], body: bytes) -> SignedCall:
    """Hold the signature against the source's secrets, before anything of the body is read.

    Raises Absent for an unknown source, and Unauthorized in one of three kinds.
    """
    webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signature = headers.get("webhook-signature", "")
    if not (webhook_id and signature) or len(webhook_id) > LONGEST_ID or not webhook_id.isprintable():
        raise SignatureMissing("send webhook-id, webhook-timestamp and webhook-signature")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureMissing("webhook-timestamp must be whole seconds since 1970")
    if abs(work.now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise OutOfTime(f"it is now {int(work.now.timestamp())}; sign anew with the time of the attempt")
    source = await work.session.scalar(select(Source).where(Source.code == code))
    if source is None:
        raise Absent(f"there is no source {code[:64]}")
    keys = await live_keys_of(work.session, source.id, work.now)
    if not is_signed(keys, signature, webhook_id, int(timestamp), body):
        raise SignatureInvalid("sign id.timestamp.body with your secret by Standard Webhooks, scheme v1")
    return SignedCall(source, webhook_id, body)


def read_call(body: bytes) -> StreetCall:
    """What is said. Raises Malformed and Invalid, the latter with the fields at fault."""
    try:
        document: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON: {error.msg} at {error.pos}") from error
    try:
        return CALLS.validate_python(document)
    except ValidationError as error:
        fields = [
            FieldError(".".join(str(part) for part in fault["loc"]) or "body", fault["msg"])
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        named = "; ".join(f"{one.field}: {one.message}" for one in fields[:3])
        raise Invalid(named, fields=fields) from error


async def take_call(work: Work, signed: SignedCall) -> Taken:
    """Take a call once: the same id with the same body has no second effect.

    What the domain has against it is returned and not raised, since that it came is noted all the same; a
    call that was refused is judged anew when it comes again. Raises Malformed, Invalid and IdReused.
    """
    said, digest = read_call(signed.body), sha256(signed.body).digest()
    call = await _noted(work, signed, said, digest)
    if call.sha256 != digest:
        raise IdReused("take a new webhook-id for a new message")
    if call.verdict == Verdict.accepted:
        return Taken(call)
    escalation = await _escalation_of(work, signed.source, said)
    problem = _against(escalation, said)
    if problem is None and escalation is not None:
        # The copy moves ahead of the news from intake, so that what follows at once is judged by this.
        escalation.state = RULES[said.type].to
        call.verdict, call.problem = Verdict.accepted, None
        work.emit(_event_of(said, signed, call))
    else:
        call.verdict, call.problem = Verdict.refused, problem.type if problem else None
    await work.session.flush()
    return Taken(call, problem is None, problem)


async def _noted(work: Work, signed: SignedCall, said: StreetCall, digest: bytes) -> InboundCall:
    row = {
        "id": uuid7(),
        "source_id": signed.source.id,
        "webhook_id": signed.webhook_id,
        "sha256": digest,
        "type": said.type,
        "escalation_id": said.data.escalation_id,
        "verdict": Verdict.refused.value,
        "received_at": work.now,
    }
    # Of several at once one is stored; the others wait for it here, and then find it.
    await bulk.insert_new(work.session, table_of(InboundCall), [row], key="id")
    query = select(InboundCall).where(
        InboundCall.source_id == signed.source.id, InboundCall.webhook_id == signed.webhook_id
    )
    return (await work.session.scalars(query.with_for_update())).one()


async def _escalation_of(work: Work, source: Source, said: StreetCall) -> Escalation | None:
    query = select(Escalation).where(Escalation.id == said.data.escalation_id).with_for_update()
    found = await work.session.scalar(query)
    if found is None or not found.area_code.startswith(source.area_code):
        return None
    return found if found.issue_no == said.data.issue_no else None


def _against(escalation: Escalation | None, said: StreetCall) -> Problem | None:
    if escalation is None:
        return Absent(f"there is no escalation {said.data.escalation_id} of that issue for you")
    state = EscalationState(escalation.state)
    if state in RULES[said.type].of:
        return None
    return IllegalTransition(f"the escalation is {state}", allowed=allowed_in(state))


def _event_of(said: StreetCall, signed: SignedCall, call: InboundCall) -> StreetEvent:
    about = InboundSnapshot(
        id=call.id,
        version=1,
        source=signed.source.office,
        webhook_id=signed.webhook_id,
        received_at=call.received_at,
    )
    named = {"inbound": about, "escalation_id": said.data.escalation_id, "issue_no": said.data.issue_no}
    match said:
        case Ack(data=data):
            at = as_utc(data.at or call.received_at)
            return StreetAcknowledged.model_validate({**named, "street_no": data.street_no, "at": at})
        case GivenBack(data=data):
            facts = {"reason_code": data.reason_code, "text": data.text, "by_leader": data.by_leader}
            return StreetReturned.model_validate({**named, **facts})
        case Working(data=data):
            return StreetProgressed.model_validate({**named, "text": data.text})
        case Answered(data=data):
            facts = {"outcome_code": data.outcome, "needs_community_action": data.needs_community_action}
            return StreetReplied.model_validate({**named, **facts, "text": data.text})
