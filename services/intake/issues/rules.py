"""The state table of an issue (domain.md §2.1): every command, where it is legal, who may give it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.auth import Role
from shared.events.intake import IssueState as S

STAFF = frozenset({Role.GRID_WORKER, Role.GRID_LEADER, Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY})
OFFICE = frozenset({Role.COMMUNITY_CLERK, Role.COMMUNITY_SECRETARY})
LEADERS = OFFICE | {Role.GRID_LEADER}
# Somebody whose matter it may be: anyone with an account.
REPORTERS = STAFF | {Role.RESIDENT, Role.PARTNER_CONTACT}

OPEN = frozenset({
    S.reported,
    S.accepted,
    S.assigned,
    S.in_progress,
    S.suspended,
    S.escalated,
    S.resolved,
    S.verified,
})
# What came to an end elsewhere, or for good.
ENDED = frozenset(S) - OPEN


class By(StrEnum):
    """Whose command it is, beside the role: of the area, of the handler, of either, of the reporter."""

    AREA = "area"
    HANDLER = "handler"
    HANDLER_OR_AREA = "handler_or_area"
    REPORTER = "reporter"


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the table. `targets` has several states where a guard decides, none where nothing moves."""

    sources: frozenset[S]
    targets: frozenset[S]
    roles: frozenset[Role]
    by: By = By.AREA


def _line(sources: str, targets: str, roles: frozenset[Role], by: By = By.AREA) -> Command:
    return Command(
        frozenset(S(name) for name in sources.split()),
        frozenset(S(name) for name in targets.split()),
        roles,
        by,
    )


COMMANDS: Mapping[str, Command] = {
    "accept": _line("reported", "accepted", STAFF),
    "reject": _line("reported", "rejected", OFFICE),
    "merge": _line("reported accepted", "merged", OFFICE),
    "unmerge": _line("merged", "reported accepted", OFFICE),
    # The grid proposes; a leader may name another as long as work has not begun.
    "assign": _line("accepted assigned", "assigned", LEADERS),
    # Later on another one takes it over, and goes on where the first one stood.
    "transfer": _line("in_progress suspended escalated", "", LEADERS),
    "recategorise": _line("accepted assigned in_progress suspended", "", LEADERS),
    "decline": _line("assigned", "accepted", STAFF, By.HANDLER),
    "start": _line("assigned", "in_progress", STAFF, By.HANDLER),
    "suspend": _line("in_progress", "suspended", LEADERS),
    # What a big matter gets in time even where it is not solved: an answer that says how it stands.
    "interim-reply": _line("assigned in_progress suspended escalated", "", STAFF, By.HANDLER_OR_AREA),
    "resume": _line("suspended", "in_progress", STAFF, By.HANDLER_OR_AREA),
    "request-help": _line("assigned in_progress", "", STAFF, By.HANDLER),
    "split": _line("assigned in_progress", "", LEADERS),
    "ask-extension": _line("assigned in_progress", "", STAFF, By.HANDLER),
    # Who may say yes follows from the level that is asked: it is one above the issue's own.
    "decide-extension": _line("assigned in_progress", "", LEADERS | {Role.STREET_OFFICER}),
    "escalate": _line("in_progress", "escalated", STAFF, By.HANDLER_OR_AREA),
    "resolve": _line("in_progress escalated", "resolved", STAFF, By.HANDLER),
    "rework": _line("resolved", "in_progress", LEADERS),
    "verify": _line("resolved", "verified", LEADERS),
    # Who reported a merged matter is asked before its master is closed.
    "call-back": _line("verified merged", "closed assigned verified merged", OFFICE),
    "reopen": _line("closed merged", "assigned merged", REPORTERS, By.REPORTER),
    "withdraw": _line("reported accepted assigned in_progress", "withdrawn", REPORTERS, By.REPORTER),
}


def allowed(state: str) -> tuple[str, ...]:
    """The commands that are legal in a state, in the order of the table."""
    return tuple(name for name, command in COMMANDS.items() if state in command.sources)
