"""The signed calls of street offices: taken once each, held against their subject, passed on as events."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import select
from uuid_utils.compat import uuid7

from services.notify.calls.judging import Judgement, judge, subject_of
from services.notify.calls.reading import read_call
from services.notify.calls.signatures import SignedCall
from services.notify.models import InboundCall, table_of
from services.notify.rules.states import Verdict
from services.notify.rules.street_calls import Call
from services.notify.rules.street_words import OfEscalation
from services.notify.settings import NotifySettings
from shared import bulk
from shared.errors import Problem, Refused
from shared.events.notify import InboundSnapshot
from shared.privacy import seal
from shared.service import Work

# What the event's moment is called where the office may leave it out: then it is the one of the call.
AT = "at"


class IdReused(Refused):
    """The id stood on another body before: an id names one call."""

    type, title = "webhook-id-reused", "webhook-id used for another body"


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that was noted: `is_new` where it had its effect now, `problem` where a rule is against it."""

    call: InboundCall
    is_new: bool = False
    problem: Problem | None = None


async def take_call(work: Work, signed: SignedCall) -> Taken:
    """Take a call once: the same id with the same body has no second effect.

    What the domain has against it is returned and not raised, since that it came is noted all the same; a
    call that was refused is judged anew when it comes again. Raises Malformed, Invalid and IdReused.
    """
    said, digest = read_call(signed.body), sha256(signed.body).digest()
    call = await _noted(work, signed, said, digest)
    if call.sha256 != digest:
        raise IdReused("take a new webhook-id for a new message")
    if call.verdict != Verdict.refused:
        return Taken(call)
    judgement = await judge(work, signed.source, said)
    problem = judgement.problem
    if problem is None:
        call.verdict, call.problem = Verdict.stale if judgement.stale else Verdict.accepted, None
        _pass_on(work, signed, said, call, judgement)
    else:
        call.problem = problem.type
    await work.session.flush()
    return Taken(call, problem is None, problem)


async def _noted(work: Work, signed: SignedCall, said: Call, digest: bytes) -> InboundCall:
    row = {
        "id": uuid7(),
        "source_id": signed.source.id,
        "webhook_id": signed.webhook_id,
        "sha256": digest,
        "type": said.type,
        "escalation_id": said.data.escalation_id if isinstance(said.data, OfEscalation) else None,
        "about": subject_of(said),
        "seq": said.seq,
        # A body that was read as JSON is text; its words stay here under lock until it is forgotten.
        "body": signed.body.decode(),
        "verdict": Verdict.refused.value,
        "received_at": work.now,
    }
    # Of several at once one is stored; the others wait for it here, and then find it.
    await bulk.insert_new(work.session, table_of(InboundCall), [row], key="id")
    query = select(InboundCall).where(
        InboundCall.source_id == signed.source.id, InboundCall.webhook_id == signed.webhook_id
    )
    return (await work.session.scalars(query.with_for_update())).one()


def _pass_on(work: Work, signed: SignedCall, said: Call, call: InboundCall, judgement: Judgement) -> None:
    event = said.verb.event
    if event is None or not judgement.is_told:
        return
    about = InboundSnapshot(
        id=call.id,
        version=1,
        source=signed.source.office,
        webhook_id=signed.webhook_id,
        received_at=call.received_at,
    )
    facts = {**_words_of(work, said, call), **judgement.facts, event.about: about}
    work.emit(event.model_validate(facts))


def _words_of(work: Work, said: Call, call: InboundCall) -> Mapping[str, object]:
    """What was said, in the names of our events; an amount of money is sealed, or stays here."""
    facts = said.data.model_dump()
    if AT in facts:
        facts[AT] = facts[AT] or call.received_at
    amount, key = facts.pop("amount", None), work.part(NotifySettings).relief_public_key
    if amount is not None and key is not None:
        facts["amount_sealed"] = b64encode(seal(key, str(amount).encode())).decode()
    return facts
