"""Power cuts: every process ends without a word, starts again, and what was accepted goes on."""

from sanlian.demo import loop
from sanlian.demo.people import CLERK, WORKER
from tests.e2e.conftest import Running


def test_an_issue_finds_its_handler_though_every_process_was_killed_when_it_was_accepted(
    running: Running,
) -> None:
    report = {"title": "楼道堆物", "category": "0503", "location": {"compound": "北方苑小区"}}
    made = running.town.person(WORKER).post("/intake/v1/issues", report, expect=201)
    for served in running.processes.values():
        served.kill()
    for served in running.processes.values():
        served.start()
    for served in running.processes.values():
        served.wait()
    path = f"/intake/v1/issues/{made['id']}"
    assert loop.assigned(running.town, path)["handler"]["person"] == WORKER.subject
    assert loop.states(running.town, path) == ("reported", "accepted", "assigned")
    again = running.town.person(CLERK).get("/intake/v1/issues", state="assigned")
    assert [issue["no"] for issue in again].count(made["no"]) == 1
