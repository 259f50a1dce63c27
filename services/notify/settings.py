"""What notify needs to know beyond what every service does."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from services.notify.rules.retries import SCHEDULE_S
from shared.http import OutboundPolicy
from shared.settings import Listed, ServiceSettings

RULES = Path(__file__).resolve().parent / "rules"

Seconds = Annotated[int, Field(ge=1, le=604_800)]


class NotifySettings(ServiceSettings):
    """`webhook_slots` bounds the calls under way at once; a quarter of them is the most for one endpoint.

    `webhook_schedule_s` are the seconds between tries; the number of tries is one more.
    `relief_public_key` is partners': amounts of money that a street gave to a household are sealed to it.
    """

    webhook_slots: Annotated[int, Field(ge=4, le=1024)] = 128
    webhook_schedule_s: Annotated[tuple[Seconds, ...], Listed] = SCHEDULE_S
    webhook_engine_file: Path = RULES / "engine.yaml"
    message_keep_days: Annotated[int, Field(ge=1)] = 30
    relief_public_key: str | None = None
    # How often an office hands a matter back by its own word; intake's limits.yaml says the same.
    street_returns: Annotated[int, Field(ge=0)] = 1

    @field_validator("webhook_schedule_s", mode="before")
    @classmethod
    def _split_schedule(cls, value: object) -> object:
        return [part for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @property
    def outbound(self) -> OutboundPolicy:
        """Which endpoints may be called: https on the usual ports, unless the deployment says otherwise."""
        if self.outbound_http or self.outbound_networks:
            return OutboundPolicy(self.outbound_networks, http=self.outbound_http, ports=None)
        return OutboundPolicy()
