"""Pure: what a street office may say, about what, when, and where that leaves it: one row a verb."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.notify.rules import street_words as words
from services.notify.rules.street_words import Said
from shared.events import Event, notify
from shared.events.intake import EscalationState as State
from shared.events.intake import EscalationType, IssueState


class Aim(StrEnum):
    """What a call is about."""

    escalation = "escalation"
    issue = "issue"
    community = "community"
    codes = "codes"


@dataclass(frozen=True, slots=True)
class Verb:
    """How something is said, in which states it may be, and the state that it leaves its subject in.

    `types` are the escalations that it fits, all where none is named. A verb that is `good_late` is passed
    on although a newer word overtook it; any other is only kept then. `event` is what the others hear.
    """

    aim: Aim
    body: type[Said]
    event: type[Event] | None = None
    of: frozenset[str] = frozenset()
    to: State | None = None
    types: frozenset[EscalationType] = frozenset(EscalationType)
    good_late: bool = False


def _verb(
    aim: Aim,
    body: type[Said],
    event: type[Event] | None = None,
    of: str = "",
    to: State | None = None,
    *,
    types: frozenset[EscalationType] = frozenset(EscalationType),
    good_late: bool = False,
) -> Verb:
    return Verb(aim, body, event, frozenset(of.split()), to, types, good_late)


_OPEN = "sent acknowledged handling"
_AT_WORK = " ".join(
    set(IssueState) - {IssueState.closed, IssueState.rejected, IssueState.merged, IssueState.withdrawn}
)
_E, _I = Aim.escalation, Aim.issue
_WHISTLE = frozenset({EscalationType.whistle})
_RELIEF = frozenset({EscalationType.relief_request})
# Intake's own tables say the same; who gets past this one and not past that is only late.
RULES = {
    "escalation.ack": _verb(
        _E, words.Acknowledgement, notify.StreetAcknowledged, "sent", State.acknowledged, good_late=True
    ),
    "escalation.return": _verb(_E, words.Return, notify.StreetReturned, "sent acknowledged", State.returned),
    "escalation.assign_department": _verb(
        _E, words.Department, notify.StreetDepartmentAssigned, _OPEN, State.handling
    ),
    "escalation.check_in": _verb(
        _E, words.CheckIn, notify.StreetCheckedIn, _OPEN, State.handling, types=_WHISTLE, good_late=True
    ),
    "escalation.progress": _verb(_E, words.Progress, notify.StreetProgressed, _OPEN, State.handling),
    "escalation.reply": _verb(_E, words.Reply, notify.StreetReplied, _OPEN, State.replied),
    "escalation.relief_result": _verb(
        _E, words.Relief, notify.StreetReliefGiven, _OPEN, State.replied, types=_RELIEF
    ),
    "escalation.recall_confirm": _verb(
        _E, words.Confirmation, notify.StreetRecallConfirmed, "recalled", State.closed
    ),
    "escalation.close_confirm": _verb(
        _E, words.Confirmation, notify.StreetCloseConfirmed, "replied returned closed", State.closed
    ),
    "issue.supervise": _verb(_I, words.Supervision, notify.StreetSupervised, _AT_WORK),
    "issue.remind": _verb(_I, words.Reminder, notify.StreetReminded, _AT_WORK),
    "issue.extension_decision": _verb(
        _I, words.ExtensionDecision, notify.StreetExtensionDecided, "assigned in_progress"
    ),
    "issue.evaluate": _verb(_I, words.Evaluation, notify.StreetEvaluated, "resolved verified closed"),
    "issue.dispatch": _verb(Aim.community, words.Dispatch, notify.StreetDispatched),
    "category.map": _verb(Aim.codes, words.CategoryMap),
}
# Decided once, and only where it was asked for.
ONLY_WHERE_ASKED = "issue.extension_decision"


class Framed(BaseModel):
    """What every call begins with; `seq` orders the calls about one subject, where the office counts them."""

    model_config = ConfigDict(frozen=True)

    type: str
    timestamp: AwareDatetime
    seq: Annotated[int, Field(ge=1, le=2**53)] | None = None
    data: object


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is understood."""

    type: str
    seq: int | None
    data: Said

    @property
    def verb(self) -> Verb:
        """The row of the table that it stands in."""
        return RULES[self.type]


def allowed_in(state: str, kind: EscalationType = EscalationType.handover) -> tuple[str, ...]:
    """What a street office may say about an escalation of that kind in this state."""
    return tuple(
        type
        for type, verb in RULES.items()
        if verb.aim is Aim.escalation and state in verb.of and kind in verb.types
    )


def allowed_of_issue(state: str, *, time_is_asked_for: bool) -> tuple[str, ...]:
    """What a street office may say about an issue in this state."""
    return tuple(
        type
        for type, verb in RULES.items()
        if verb.aim is Aim.issue and state in verb.of and (time_is_asked_for or type != ONLY_WHERE_ASKED)
    )
