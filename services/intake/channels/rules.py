"""Who brings a matter in through which channel (domain.md §2.1, §9), read from YAML."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.issues.bodies import CategoryCode, Channel
from services.intake.issues.rules import REPORTERS
from shared.auth import Caller, Role
from shared.errors import FieldError, Invalid
from shared.events.intake import Urgency
from shared.settings import load_yaml

Count = Annotated[int, Field(ge=1)]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ChannelRule(_Rules):
    """One channel: its names, the roles that may choose it, and whether who reports also found it."""

    zh: str
    en: str
    roles: frozenset[Role] = frozenset()
    found: bool = False


class DispatchRules(_Rules):
    """What the street may put on grid workers, who may let it do more and for how long, and how far ahead."""

    grid_items: frozenset[CategoryCode]
    urgent: frozenset[Urgency]
    approvers: Annotated[frozenset[Role], Field(min_length=1)]
    approval_days: Count
    most_days: Annotated[int, Field(ge=1, le=36_525)]


class AdditionRules(_Rules):
    """How often words may be added to one report."""

    most: Count


class Channels(_Rules):
    """All channels, and what holds for some of them."""

    channels: dict[Channel, ChannelRule]
    defaults: dict[Role, Channel]
    dispatch: DispatchRules
    additions: AdditionRules

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = {*Channel, *REPORTERS} - self.channels.keys() - self.defaults.keys()
        if missing:
            raise ValueError(f"{min(missing)} is missing")
        for role, channel in self.defaults.items():
            if role not in self.channels[channel].roles:
                raise ValueError(f"{role} may not use {channel}, which is its default")
        return self

    @cached_property
    def found(self) -> frozenset[Channel]:
        """The channels whose matters are those of whoever writes them down."""
        return frozenset(name for name, rule in self.channels.items() if rule.found)

    def chosen(self, wanted: Channel | None, caller: Caller) -> Channel:
        """The channel of a report by this caller. Raises `Invalid` for one that is not theirs to use."""
        if wanted is None:
            return next(channel for role, channel in self.defaults.items() if role in caller.roles)
        if not caller.has(*self.channels[wanted].roles):
            own = [name for name, rule in self.channels.items() if caller.has(*rule.roles)]
            message = f"you report through {', '.join(own)}"
            raise Invalid(f"channel: {message}", fields=[FieldError("channel", message)])
        return wanted


def load_channels(path: Path | None = None) -> Channels:
    """Read the file given, or ours; BadSettings names what is wrong in it."""
    return load_yaml(path or Path(__file__).parents[1] / "rules" / "channels.yaml", Channels)
