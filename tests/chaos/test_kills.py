"""Each service is killed with signal 9 at the worst of lines, and the story ends as if nothing had been."""

import signal
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sanlian.demo.doors import until
from sanlian.demo.people import OPERATOR
from tests.chaos.conftest import Stack
from tests.chaos.story import Told, alike, commands
from tests.chaos.telling import PATIENCE_S, Book, tell_town
from tests.chaos.victim import BEFORE_ACK, BEFORE_DELETION, BEFORE_RESULT
from tests.e2e.processes import Served

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


@dataclass(frozen=True, slots=True)
class Death:
    """Who dies, at which line, and at which passage of it."""

    service: str
    line: str
    nth: int

    @property
    def name(self) -> str:
        """A name for the story, as short as a unit of measure must be."""
        return f"tale {DEATHS.index(self)}"

    def __str__(self) -> str:
        return f"{self.service}-{self.line}"


DEATHS = [
    Death("intake", BEFORE_ACK, 2),
    Death("intake", BEFORE_DELETION, 3),
    Death("grid", BEFORE_ACK, 2),
    Death("grid", BEFORE_DELETION, 1),
    Death("partners", BEFORE_ACK, 1),
    Death("partners", BEFORE_DELETION, 2),
    Death("notify", BEFORE_ACK, 4),
    Death("notify", BEFORE_DELETION, 1),
    Death("notify", BEFORE_RESULT, 3),
]


@pytest.fixture(scope="module")
def undisturbed(stack: Stack) -> Told:
    told = tell_town(stack.town, UNDISTURBED)
    assert commands(told) == TIMELINE
    assert told_to_street(stack.book, told) == SENT
    return alike(told, UNDISTURBED)


@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_a_story_ends_alike_although_a_service_was_killed(
    stack: Stack, undisturbed: Told, death: Death, tmp_path: Path
) -> None:
    served, mark = stack.processes[death.service], tmp_path / "mark"
    victim = doomed(served, death, mark)
    served.stop()
    victim.start()
    victim.wait()
    with ThreadPoolExecutor(1) as thread:
        succession = thread.submit(succeed, victim, served)
        try:
            told = tell_town(stack.town, death.name)
            code = succession.result()
        finally:
            # Where the story broke off, the victim may be alive still.
            victim.kill()
    assert (code, mark.exists()) == (-signal.SIGKILL, True), "it died elsewhere"
    assert commands(told) == TIMELINE
    assert alike(told, death.name) == undisturbed
    assert told_to_street(stack.book, told) == SENT
    assert all(len(bodies) == 1 for bodies in stack.book.bodies.values())
    assert not stack.book.inbox.refused
    # An answer that was lost with the process is asked for again, under the same id.
    repeated = death.line == BEFORE_RESULT
    assert (max(arrivals(stack, told)) > 1) == repeated


def arrivals(stack: Stack, told: Told) -> list[int]:
    """How often each message about the issue arrived, once nothing is under way any more."""
    operator = stack.town.person(OPERATOR)

    def all_done() -> bool:
        mine = {"endpoint_id": stack.endpoint}
        return not any(
            operator.get("/notify/v1/deliveries", expect=200, state=state, **mine)
            for state in ("pending", "leased")
        )

    until(all_done, "every delivery has its result", patience_s=PATIENCE_S)
    ids = [message["id"] for message in stack.book.about(told["issue"]["no"])]
    return [stack.book.arrivals[id] for id in ids]


def doomed(served: Served, death: Death, mark: Path) -> Served:
    port = urlsplit(served.origin).port
    module = ("-m", "tests.chaos.victim")
    return served.replaced_by(
        sys.executable, *module, death.service, str(port), death.line, str(death.nth), str(mark)
    )


def succeed(victim: Served, served: Served) -> int:
    """Wait for the death, start the service anew as its keeper would, and return how the victim ended."""
    code = victim.ended()
    served.start()
    return code


def told_to_street(book: Book, told: Told) -> Counter[str]:
    """The types of what arrived about the issue, once there are as many as there should be."""
    no = told["issue"]["no"]
    until(lambda: len(book.about(no)) >= SENT.total(), f"the street hears of {no}", patience_s=PATIENCE_S)
    return Counter(message["type"] for message in book.about(no))
