"""What clients send to the clocks."""

from pydantic import BaseModel, ConfigDict

from services.intake.words import Text


class InterimReplyIn(BaseModel):
    """How the matter stands, in words for its reporter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Text
