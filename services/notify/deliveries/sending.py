"""One call to a receiver: signed, sent, judged."""

from collections.abc import Sequence
from time import perf_counter

from services.notify.deliveries.attempts import Try, attempted
from services.notify.deliveries.jobs import Job
from services.notify.deliveries.outcomes import Outcome
from services.notify.endpoints.addressees import Addressee
from services.notify.messages.telling import webhook_id
from services.notify.rules.signing import sign
from shared.clock import Clock
from shared.http import HttpAnswer, HttpClient, HttpFailure


async def call(
    http: HttpClient, job: Job, to: Addressee, clock: Clock, schedule: Sequence[int]
) -> tuple[Outcome, float, bool]:
    """Send a message; returns what comes of it, the seconds that it took, and whether time ran out."""
    started_at, began = clock.now(), perf_counter()
    name, timestamp = webhook_id(job.message_id), int(started_at.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(to.keys, name, timestamp, job.body),
    }
    result: HttpAnswer | HttpFailure
    try:
        result = await http.post(to.url, job.body, headers, timeout_s=to.timeout_s)
    except HttpFailure as failure:
        result = failure
    seconds = perf_counter() - began
    made = Try(started_at, clock.now(), seconds * 1000, result)
    return attempted(job, made, schedule), seconds, made.timed_out
