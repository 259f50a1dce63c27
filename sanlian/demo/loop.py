"""The second half of the closed loop, which every issue goes through: handle, verify, call back."""

from typing import Any

from sanlian.demo.doors import until
from sanlian.demo.people import CLERK, LEADER, SECOND_CLERK, WORKER
from sanlian.demo.timeline import Timeline
from sanlian.demo.town import Town

# A picture of one grey pixel stands for the photo that a handler takes.
PHOTO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)


def assigned(town: Town, path: str) -> dict[str, Any]:
    """The issue, once it has a handler."""

    def found() -> dict[str, Any] | None:
        issue: dict[str, Any] = town.person(CLERK).get(path)
        return issue if issue["state"] == "assigned" else None

    issue: dict[str, Any] = until(found, "the issue finds a handler")
    return issue


def handle(town: Town, timeline: Timeline, path: str, *, outcome: str, done: tuple[str, str]) -> None:
    """The grid worker of the first grid starts, adds a photo and resolves; `done` tells it in zh and en."""
    worker = town.person(WORKER)
    worker.post(f"{path}/start", {})
    timeline.tell("网格员联系居民,开始处置", "the grid worker calls the resident and starts")
    worker.upload(f"{path}/evidence", "photo.png", PHOTO, "image/png")
    worker.post(f"{path}/resolve", {"outcome_code": outcome})
    timeline.tell(f"{done[0]},上传照片,办结待核", f"{done[1]}, a photo is added, resolved")


def close(town: Town, timeline: Timeline, path: str) -> dict[str, Any]:
    """Somebody else looks, somebody else calls, and the issue is struck off."""
    town.person(LEADER).post(f"{path}/verify", {})
    timeline.tell("网格长到场核查(不是处置人)", "the grid leader, not the handler, verifies on the spot")
    town.person(SECOND_CLERK).post(f"{path}/call-back", {"reached": True, "solved": True, "rating": 5})
    issue: dict[str, Any] = town.person(CLERK).get(path)
    timeline.tell("社区回访:满意,销号", f"called back, satisfied: {issue['state']}")
    return issue


def states(town: Town, path: str) -> tuple[str, ...]:
    """The states that the issue went through, each once in a row."""
    entries = town.person(CLERK).get(f"{path}/timeline")
    passed = [entry["to_state"] for entry in sorted(entries, key=lambda entry: entry["version"])]
    return tuple(state for n, state in enumerate(passed) if n == 0 or state != passed[n - 1])
