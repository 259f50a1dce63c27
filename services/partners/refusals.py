"""What partners says no with, by names that clients may switch on."""

from shared.errors import Forbidden, Refused


class CapacityExhausted(Refused):
    """Less of the offer is free than the match takes."""

    type, title = "capacity-exhausted", "Nothing, or not enough, of the offer is left"


class NeedCovered(Refused):
    """Others have promised what was needed."""

    type, title = "need-covered", "The need is already covered"


class ExternalRefTaken(Refused):
    """The unit has used this reference for another offer."""

    type, title = "external-ref-taken", "external_ref stands on another offer of yours"


class NotInForce(Refused):
    """The unit is suspended, or its agreement has ended or not begun."""

    type, title = "unit-not-in-force", "The unit is no member in force"


class NotCompatible(Refused):
    """A hard rule keeps offer and need apart."""

    type, title = "not-compatible", "The offer cannot serve this need"


class QualificationMissing(Refused):
    """The offer asks for papers that the unit has not shown."""

    type, title = "qualification-missing", "Qualifications are missing"


class AlreadyMatched(Refused):
    """The two stand in an open match."""

    type, title = "already-matched", "Offer and need stand in an open match"


class AlreadyRated(Refused):
    """This side has rated the pledge before."""

    type, title = "already-rated", "You have rated this pledge"


class ConsentMissing(Forbidden):
    """The person has not agreed that the unit may know where to go."""

    type, title = "consent-missing", "Without consent nobody may see this"


class AccessEnded(Forbidden):
    """The time in which the unit may know where to go is over."""

    type, title = "access-ended", "Access to the recipient has ended"
