"""How the story ends, whatever happened to those who tell it."""

from collections import Counter

from sanlian.demo.doors import Door, until
from tests.chaos.story import Told, commands
from tests.chaos.telling import Book
from tests.patience import PATIENCE_S

UNDISTURBED = "calm"
TIMELINE = [
    "report",
    "accept",
    "assign",
    "start",
    "request-help",
    "help-promised",
    "help-delivered",
    "help-confirmed",
    "escalate",
    "acknowledge-escalation",
    "return",
    "add-evidence",
    "resolve",
    "verify",
    "call-back",
]
# What the street office is told of one story: each of these once, under one id.
SENT = Counter([
    *("issue.reported", "issue.accepted", "issue.assigned", "issue.responded", "issue.help_requested"),
    *("issue.escalated", "issue.returned", "issue.resolved", "issue.verified", "issue.closed"),
    *("escalation.requested", "escalation.acknowledged", "escalation.replied"),
    *("need.published", "need.fulfilled", "match.proposed", "match.offered", "match.accepted"),
    *("pledge.made", "pledge.contacted", "pledge.scheduled", "pledge.delivered"),
    "partner.delivery_confirmed",
])


def check_end(told: Told, book: Book) -> None:
    """The issue went its way in order, and the street heard of each step once, from us, in one wording."""
    assert commands(told) == TIMELINE
    assert told_to_street(told, book) == SENT
    assert all(len(bodies) == 1 for bodies in book.bodies.values())
    assert not book.inbox.refused


def told_to_street(told: Told, book: Book) -> Counter[str]:
    """The types of what arrived about the issue, once there are as many as there should be."""
    no = told["issue"]["no"]
    until(lambda: len(book.about(no)) >= SENT.total(), f"the street hears of {no}", patience_s=PATIENCE_S)
    return Counter(message["type"] for message in book.about(no))


def arrivals(told: Told, book: Book, operator: Door, endpoint: str) -> dict[str, int]:
    """How often each message about the issue arrived, by its id, once no delivery is under way any more."""
    mine = {"endpoint_id": endpoint}

    def done(state: str) -> bool:
        return not operator.get("/notify/v1/deliveries", expect=200, state=state, **mine)

    until(lambda: done("pending") and done("leased"), "every delivery has its result", patience_s=PATIENCE_S)
    return {message["id"]: book.arrivals[message["id"]] for message in book.about(told["issue"]["no"])}
