"""A third story: help is on its way when the matter is taken back, and everybody must be let go."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sanlian.demo.people import CLERK, WORKER
from tests.chaos.story import ISSUES, PARTNERS, UNIT, Story, get, help_wanted, in_state, offer, post, report

# How far the help had come when the matter was taken back.
REACHES = ("asked for", "matched", "offered", "promised")


def tell_farewell(reach: str) -> "partial[Story]":
    """The story up to there."""
    return partial(_tell, reach)


def _tell(reach: str, name: str, *, now: datetime) -> Story:
    offered = yield post(UNIT, f"{PARTNERS}/offers", offer(name, now))
    issue = yield post(WORKER, ISSUES, report(name, help=help_wanted(name)))
    path = f"{ISSUES}/{issue['id']}"
    yield get(CLERK, path, until=in_state("assigned"))
    of_issue = {"issue_id": issue["id"]}
    if reach != "asked for":
        [match] = yield get(CLERK, f"{PARTNERS}/matches", of_issue, until=len)
        if reach != "matched":
            yield post(CLERK, f"{PARTNERS}/matches/{match['id']}/offer")
        if reach == "promised":
            yield post(UNIT, f"{PARTNERS}/matches/{match['id']}/accept")
    yield post(WORKER, f"{path}/withdraw", {})
    return {"issue": issue, "offer": offered}


def look_back(told: Mapping[str, Any]) -> Story:
    """What is left of it in partners."""
    of_issue = {"issue_id": told["issue"]["id"]}
    return {
        "needs": (yield get(CLERK, f"{PARTNERS}/needs", of_issue)),
        "matches": (yield get(CLERK, f"{PARTNERS}/matches", of_issue)),
        "pledges": (yield get(CLERK, f"{PARTNERS}/pledges", of_issue)),
        "offer": (yield get(CLERK, f"{PARTNERS}/offers/{told['offer']['id']}")),
    }
