"""Each service is killed with signal 9 at the worst of lines, and the story ends as if nothing had been."""

import asyncio
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sanlian.demo.people import OPERATOR
from tests.chaos.conftest import Stack
from tests.chaos.ends import UNDISTURBED, arrivals, check_end
from tests.chaos.load import under_way
from tests.chaos.story import Told, alike
from tests.chaos.telling import tell_town
from tests.chaos.victim import BEFORE_ACK, BEFORE_DELETION, BEFORE_RESULT
from tests.e2e.processes import Served


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
    check_end(told, stack.book)
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
        succession = thread.submit(succeed, stack, victim, served)
        try:
            told = tell_town(stack.town, death.name)
            code, open_attempts = succession.result()
        finally:
            # Where the story broke off, the victim may be alive still.
            victim.kill()
    assert (code, mark.exists()) == (-signal.SIGKILL, True), "it died elsewhere"
    check_end(told, stack.book)
    assert alike(told, death.name) == undisturbed
    # An answer that was lost with the process is asked for again, under the same id; no other is.
    times = arrivals(told, stack.book, stack.town.person(OPERATOR), stack.endpoint)
    repeated = {id for id, count in times.items() if count > 1}
    assert repeated or death.line != BEFORE_RESULT
    assert repeated <= (open_attempts if death.service == "notify" else set())


def doomed(served: Served, death: Death, mark: Path) -> Served:
    port = urlsplit(served.origin).port
    module = ("-m", "tests.chaos.victim")
    return served.replaced_by(
        sys.executable, *module, death.service, str(port), death.line, str(death.nth), str(mark)
    )


def succeed(stack: Stack, victim: Served, served: Served) -> tuple[int, set[str]]:
    """Wait for the death, and start the service anew as its keeper would.

    Returns how the victim ended, and the ids of the messages that were on their way at that moment.
    """
    code = victim.ended()
    open_attempts = asyncio.run(under_way(stack.databases["notify"]))
    served.start()
    return code, open_attempts
