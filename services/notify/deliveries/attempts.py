"""From the answer of a receiver to what becomes of the delivery, and the line about it that stays."""

import os
import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from uuid_utils.compat import uuid7

from services.notify.deliveries.jobs import Job
from services.notify.deliveries.outcomes import Change, Outcome
from services.notify.rules.health import Call
from services.notify.rules.retries import TEST_SCHEDULE_S, judge
from services.notify.rules.states import DeliveryState, Trigger
from shared.http import HttpAnswer, HttpFailure

FINAL = frozenset({DeliveryState.succeeded, DeliveryState.exhausted, DeliveryState.cancelled})
# By which process a try was made, for whoever reads the history after something went wrong.
WORKER = f"{socket.gethostname()}:{os.getpid()}"[:64]


@dataclass(frozen=True, slots=True)
class Try:
    """One call that was made: when it began, how long it took in milliseconds, and what came back."""

    started_at: datetime
    ended_at: datetime
    total_ms: float
    result: HttpAnswer | HttpFailure

    @property
    def timed_out(self) -> bool:
        return isinstance(self.result, HttpFailure) and self.result.error_class == "timeout"


def released(job: Job) -> Outcome:
    """The delivery was not tried; it keeps its turn, and somebody else may have it at once."""
    return Outcome(Change(job, DeliveryState.pending, job.attempts, job.step, job.next_at))


def attempted(job: Job, made: Try, schedule: Sequence[int]) -> Outcome:
    """Judge the call and write it down."""
    answer = made.result if isinstance(made.result, HttpAnswer) else None
    status = answer.status if answer else None
    is_test = job.trigger is Trigger.test
    verdict = judge(
        status,
        step=job.step,
        now=made.ended_at,
        chance=random.random(),
        headers=answer.headers if answer else {},
        schedule=TEST_SCHEDULE_S if is_test else schedule,
    )
    succeeded = verdict.state is DeliveryState.succeeded
    change = Change(
        job,
        verdict.state,
        job.attempts + 1,
        job.step if succeeded else job.step + 1,
        verdict.next_at or made.ended_at,
        status,
        made.ended_at if verdict.state in FINAL else None,
    )
    return Outcome(
        change,
        _line(job, made),
        # A test tells of the endpoint, not of how it fares.
        None if is_test else Call(made.started_at, made.ended_at, status, made.timed_out, job.probe),
        verdict.pause,
        verdict.disable,
        succeeded and is_test,
    )


def _line(job: Job, made: Try) -> dict[str, object]:
    by_itself = job.trigger is Trigger.auto
    line: dict[str, object] = {
        "id": uuid7(),
        "delivery_id": job.id,
        "n": job.attempts + 1,
        "trigger": Trigger.probe.value if by_itself and job.probe else job.trigger.value,
        "started_at": made.started_at,
        "dns_ms": None,
        "connect_ms": None,
        "first_byte_ms": None,
        "total_ms": made.total_ms,
        "worker": WORKER,
        "remote_ip": None,
        "status": None,
        "error_class": None,
        "response": None,
    }
    result = made.result
    if isinstance(result, HttpFailure):
        line["error_class"] = result.error_class
        return line
    timing = result.timing
    line["remote_ip"], line["status"] = result.remote_ip, result.status
    line["dns_ms"], line["connect_ms"], line["first_byte_ms"] = timing.dns, timing.connect, timing.first_byte
    if result.body:
        # PostgreSQL keeps no NUL in a text.
        line["response"] = result.body.decode("utf-8", "replace").replace("\0", "\ufffd")
    return line
