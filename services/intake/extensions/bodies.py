"""What is said when more time is asked for, and when it is decided."""

from services.intake.issues.bodies import Body
from services.intake.words import Moment, ReasonCode, Text


class ExtensionIn(Body):
    """Why, and until when at the latest."""

    reason_code: ReasonCode
    until: Moment
    note: Text | None = None


class DecisionIn(Body):
    """Yes or no; a no says why."""

    granted: bool
    note: Text | None = None
