"""A delivery under our lease."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify.rules.states import Trigger


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery that we hold; `attempts` were made before, `step` of them failed since the last start.

    It was due at `next_at`. As a `probe` it is the one try that a resting endpoint gets.
    """

    id: UUID
    message_id: UUID
    endpoint_id: UUID
    trigger: Trigger
    attempts: int
    step: int
    next_at: datetime
    lease_until: datetime
    token: UUID
    type: str
    body: bytes
    probe: bool = False
