"""From the answer of a receiver to what becomes of the delivery, and the line about it that stays."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from uuid_utils.compat import uuid7

from services.notify.deliveries.claims import Job
from services.notify.deliveries.outcomes import Change, Outcome
from services.notify.rules.retries import SCHEDULE_S, TEST_SCHEDULE_S, judge
from services.notify.rules.states import DeliveryState, Trigger
from shared.http import HttpAnswer, HttpFailure

FINAL = frozenset({DeliveryState.succeeded, DeliveryState.exhausted})


@dataclass(frozen=True, slots=True)
class Try:
    """One call that was made: when it began, how long it took in milliseconds, and what came back."""

    started_at: datetime
    ended_at: datetime
    total_ms: float
    result: HttpAnswer | HttpFailure


def released(job: Job, now: datetime) -> Outcome:
    """The delivery was not tried; somebody else may have it at once."""
    change = Change(
        job=job,
        state=DeliveryState.pending,
        attempts=job.attempts,
        step=job.step,
        next_at=now,
        status=None,
        finished_at=None,
    )
    return Outcome(change=change)


def attempted(job: Job, made: Try, schedule: Sequence[int] = SCHEDULE_S) -> Outcome:
    """Judge the call and write it down."""
    answer = made.result if isinstance(made.result, HttpAnswer) else None
    verdict = judge(
        answer.status if answer else None,
        step=job.step,
        now=made.ended_at,
        chance=random.random(),
        retry_after=answer.headers.get("retry-after") if answer else None,
        schedule=TEST_SCHEDULE_S if job.trigger is Trigger.test else schedule,
    )
    succeeded = verdict.state is DeliveryState.succeeded
    change = Change(
        job=job,
        state=verdict.state,
        attempts=job.attempts + 1,
        step=job.step if succeeded else job.step + 1,
        next_at=verdict.next_at or made.ended_at,
        status=answer.status if answer else None,
        finished_at=made.ended_at if verdict.state in FINAL else None,
    )
    return Outcome(
        change=change,
        attempt=_line(job, made),
        pause=verdict.pause,
        gone=verdict.gone,
        verified=succeeded and job.trigger is Trigger.test,
    )


def _line(job: Job, made: Try) -> dict[str, object]:
    line: dict[str, object] = {
        "id": uuid7(),
        "delivery_id": job.id,
        "n": job.attempts + 1,
        "trigger": job.trigger.value,
        "started_at": made.started_at,
        "total_ms": round(made.total_ms, 3),
        "remote_ip": None,
        "status": None,
        "error_class": None,
        "response": None,
    }
    if isinstance(made.result, HttpFailure):
        line["error_class"] = made.result.error_class
    else:
        # PostgreSQL keeps no NUL in a text.
        text = made.result.body.decode("utf-8", "replace").replace("\0", "\ufffd")
        line |= {"remote_ip": made.result.remote_ip, "status": made.result.status, "response": text or None}
    return line
