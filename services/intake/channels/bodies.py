"""What comes in through the channels that have doors of their own, and what is added to a report."""

from services.intake.issues.bodies import Body, CategoryCode, LocationIn, ReporterIn, SourceRef
from services.intake.words import Moment, Text, Title
from shared.events.intake import Urgency


class DispatchIn(Body):
    """上级交办: what the street puts on the community, under the street's own number and to its own date."""

    street_no: SourceRef
    title: Title
    text: Text | None = None
    category: CategoryCode
    urgency: Urgency | None = None
    due: Moment
    location: LocationIn = LocationIn()
    reporter: ReporterIn | None = None


class OffListIn(Body):
    """Why grid workers may do it all the same, and until when."""

    reason: Text
    until: Moment


class AdditionIn(Body):
    """Words that a reporter adds."""

    text: Text


class CodedAdditionIn(AdditionIn):
    """The same, by whoever has the code of the report."""

    code: str
