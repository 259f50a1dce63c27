"""Stories that take weeks, by a clock that is put forward, on both footings."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from sanlian.demo.people import CLERK
from sanlian.ports import NAMES
from tests.chaos.deposit import HALF, MEMBER, tell_deposit
from tests.chaos.telling import play_town
from tests.conftest import EMBEDDED
from tests.e2e.processes import figures
from tests.e2e.turned import Turned, turned_distributed, turned_embedded


@pytest.fixture(scope="module")
def turned(
    footing: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Turned]:
    folder = tmp_path_factory.mktemp(f"turned-{footing}")
    if footing == EMBEDDED:
        with turned_embedded(folder) as made:
            yield made
        return
    databases = request.getfixturevalue("postgres_general").for_test()
    broker = request.getfixturevalue("rabbit_general").for_test()
    urls = {name: databases.create_database(name) for name in NAMES}
    with turned_distributed(folder, urls, broker.url) as made:
        yield made
    databases.drop_databases()
    broker.drop_vhosts()


def test_a_deposit_is_paid_back_in_two_halves_and_the_matter_stays_in_the_grid(turned: Turned) -> None:
    began = turned.clock.now()
    told = play_town(turned.town, tell_deposit("周", now=began), advance=turned.clock.advance)
    issue, mediation = told["issue"], told["mediation"]
    assert (issue["state"], issue["max_level"], issue["solved"]) == ("closed", 1, True)
    assert issue["handler"]["person"] == MEMBER.subject
    reported, responded = (datetime.fromisoformat(issue[name]) for name in ("reported_at", "responded_at"))
    assert timedelta(hours=20) <= responded - reported <= timedelta(hours=24)
    assert (mediation["state"], mediation["sessions"]) == ("follow_up_ok", 1)
    assert [part["paid_fen"] for part in mediation["instalments"]] == [HALF, HALF]
    assert [look["holds"] for look in mediation["follow_ups"]] == [True, True]
    performed = datetime.fromisoformat(mediation["performed_at"])
    looks = [datetime.fromisoformat(look["done_at"]) - performed for look in mediation["follow_ups"]]
    assert [look.days for look in looks] == [7, 30]
    assert turned.town.person(CLERK).get("/intake/v1/escalations", issue_id=issue["id"]) == []
    counted = figures(turned.town, turned.given, since=began, category="0202")
    assert (counted["K2"], counted["K3"], counted["K12"]) == ((1, 1),) * 3
