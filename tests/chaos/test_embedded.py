"""`sanlian up` is killed with signal 9 in the middle of a story, started again, and the story goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from sanlian.demo.people import OPERATOR
from sanlian.demo.town import Town
from tests.chaos.ends import UNDISTURBED, arrivals, check_end
from tests.chaos.story import ISSUES, Ask, Told, alike
from tests.chaos.telling import Book, register, tell_town
from tests.e2e.conftest import embedded
from tests.e2e.processes import Served

# The ends of the paths after whose answer the process dies; events of the change are on their way then.
MOMENTS = [ISSUES, "/request-help", "/escalate"]


@dataclass(frozen=True, slots=True)
class House:
    """The one process with all services, who can be told, and how the story ends when nothing happens."""

    town: Town
    process: Served
    book: Book
    endpoint: str
    undisturbed: Told


@dataclass(slots=True)
class Axe:
    """Kills the process once and starts it again, at once, on what it left behind."""

    process: Served
    fell: list[str] = field(default_factory=list)

    def fall(self, moment: str) -> None:
        if not self.fell:
            self.fell.append(moment)
            self.process.kill()
            self.process.start()

    def after(self, path: str) -> Callable[[Ask], None]:
        """Fall when something was asked of a path with this end, right after the answer."""
        return lambda ask: self.fall(ask.path) if ask.method == "POST" and ask.path.endswith(path) else None


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with embedded(tmp_path_factory.mktemp("house")) as running, Book() as book:
        endpoint = register(running.town.person(OPERATOR), book)
        told = tell_town(running.town, UNDISTURBED)
        check_end(told, book)
        yield House(running.town, running.processes["up"], book, endpoint, alike(told, UNDISTURBED))


@pytest.mark.parametrize("path", MOMENTS)
def test_the_story_goes_on_when_the_process_is_killed_right_after_it_has_said_yes(
    house: House, path: str
) -> None:
    axe, name = Axe(house.process), f"axe {MOMENTS.index(path)}"
    told = tell_town(house.town, name, after=axe.after(path))
    assert axe.fell
    check_end(told, house.book)
    assert alike(told, name) == house.undisturbed


def test_a_message_whose_receiver_was_not_heard_is_sent_again_under_its_id(house: House) -> None:
    axe = Axe(house.process)
    house.book.on_arrival = lambda type: axe.fall(type) if type == "pledge.made" else None
    told = tell_town(house.town, "mid-call")
    assert axe.fell
    check_end(told, house.book)
    assert alike(told, "mid-call") == house.undisturbed
    times = arrivals(told, house.book, house.town.person(OPERATOR), house.endpoint)
    assert max(times.values()) > 1
