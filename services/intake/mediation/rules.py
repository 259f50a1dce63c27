"""The state table of a mediation (domain.md §2.3). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.events.intake import MediationState as S

# Category 02: only disputes are mediated.
DISPUTES = "02"
# While it is in one of these, its issue cannot be said to be done.
UNDER_WAY = frozenset({
    S.consent_asked,
    S.both_agreed,
    S.fact_finding,
    S.session,
    S.agreement_signed,
    S.performance_due,
    S.performed,
})
# As long as this lasts an agreement is sought, which is to take a month.
SEEKING = frozenset({S.consent_asked, S.both_agreed, S.fact_finding, S.session})
# It came to nothing: the parties are told of court and arbitration.
CAME_TO_NOTHING = frozenset({S.refused_by_party, S.failed, S.breached})
RIGHTS = {
    "zh": "双方可以就争议向人民法院起诉或者依法申请仲裁,也可以由司法所提供帮助。",
    "en": "Either party may turn to a court, or to arbitration; the judicial office (司法所) gives help.",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table; several targets where the facts decide."""

    sources: frozenset[S]
    targets: frozenset[S]


def _line(sources: str, targets: str) -> Move:
    return Move(
        frozenset(S(name) for name in sources.split()), frozenset(S(name) for name in targets.split())
    )


MOVES: Mapping[str, Move] = {
    "consent": _line("consent_asked", "consent_asked both_agreed refused_by_party"),
    "find-facts": _line("both_agreed fact_finding", "fact_finding"),
    "hold-session": _line("fact_finding session", "session"),
    "prolong": _line("both_agreed fact_finding session", "both_agreed fact_finding session"),
    "sign": _line("session", "agreement_signed performance_due"),
    "confirm": _line("performance_due performed follow_up_ok", "performance_due performed follow_up_ok"),
    "perform": _line("performance_due", "performance_due performed"),
    # The first look decides; a later one may still find that it did not hold.
    "follow-up": _line("performed follow_up_ok", "follow_up_ok breached"),
    "fail": _line("consent_asked both_agreed fact_finding session", "failed"),
    "breach": _line("performance_due performed", "breached"),
}


def allowed(state: str) -> tuple[str, ...]:
    """The moves that are legal in a state, in the order of the table."""
    return tuple(name for name, move in MOVES.items() if state in move.sources)
