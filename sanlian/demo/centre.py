"""The street's command centre in a story: it listens at its own address, and answers with its signature."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sanlian.demo.doors import until
from sanlian.demo.people import CLERK, OPERATOR, STREET
from sanlian.demo.street import Signed, StreetOffice, sign_call
from sanlian.demo.timeline import Timeline
from sanlian.demo.town import Town

OFFICE = "ST-CMD"
ASKING = ("escalation.requested", "escalation.relief_requested")


@dataclass(frozen=True, slots=True)
class Centre:
    """What the centre has heard, and what it says about an escalation (`notice` is the news of it)."""

    town: Town
    office: StreetOffice

    def heard(self, type: str, issue_no: str, *, least: int = 1) -> list[dict[str, Any]]:
        """The data of the messages of that type about the issue, once there are so many."""

        def found() -> list[dict[str, Any]] | None:
            some = self.office.inbox.find(type, issue_no)
            return [one["data"] for one in some] if len(some) >= least else None

        arrived: list[dict[str, Any]] = until(found, f"{least} × {type} about {issue_no} at the street")
        return arrived

    def asked(self, escalation: dict[str, Any]) -> dict[str, Any]:
        """The news of the escalation, once it is there: what an answer needs to name."""
        no, id = escalation["issue_no"], escalation["id"]

        def found() -> list[dict[str, Any]]:
            some = [one["data"] for type in ASKING for one in self.office.inbox.find(type, no)]
            return [one for one in some if one["escalation_id"] == id]

        (notice,) = until(found, f"the street hears of the escalation of {no}")
        return dict(notice)

    def sign(self, notice: dict[str, Any], type: str, **said: object) -> Signed:
        """A call about the escalation, which may be sent as often as one likes."""
        about = {"escalation_id": notice["escalation_id"], "issue_no": notice["issue_no"]}
        content = {"type": type, "timestamp": datetime.now(UTC).isoformat(), "data": {**about, **said}}
        return sign_call(self.town.source(OFFICE).secret, content)

    def send(self, call: Signed) -> int:
        """The status with which the door answers; the signature is all the credentials there are."""
        path = self.town.source(OFFICE).path
        return self.town.stranger().send(path, call.body, call.headers).status_code

    def say(self, notice: dict[str, Any], type: str, **said: object) -> int:
        return self.send(self.sign(notice, type, **said))

    def stands(self, notice: dict[str, Any], state: str) -> dict[str, Any]:
        """The escalation as the community sees it, once it is in that state."""
        path = f"/intake/v1/escalations/{notice['escalation_id']}"

        def found() -> dict[str, Any] | None:
            escalation: dict[str, Any] = self.town.person(CLERK).get(path)
            return escalation if escalation["state"] == state else None

        escalation: dict[str, Any] = until(found, f"intake hears that it is {state}")
        return escalation


@contextmanager
def command_centre(town: Town, timeline: Timeline, host: str) -> Iterator[Centre]:
    """The centre at work at this address of ours, until the story is told."""
    with StreetOffice(host) as office:
        endpoint = _register(town, timeline, office)
        yield Centre(town, office)
        town.person(OPERATOR).post(f"/notify/v1/endpoints/{endpoint}/disable")


def _register(town: Town, timeline: Timeline, office: StreetOffice) -> str:
    """The street's receiver gives its URL and gets a secret; it is believed when its first test succeeds."""
    operator = town.person(OPERATOR)
    endpoint = operator.post(
        "/notify/v1/endpoints",
        {
            "office": OFFICE,
            "area_code": STREET,
            "url": office.url,
            "description": "sanlian demo play",
            "events": ["issue.*", "escalation.*"],
        },
        expect=201,
    )
    office.secret = endpoint["secret"]
    path = f"/notify/v1/endpoints/{endpoint['id']}"
    until(lambda: operator.get(path)["state"] == "active", "the endpoint answers its test")
    timeline.tell(
        "街道综治中心登记接收端,测试签名通过",
        "the street's receiver is registered and passes its signed test",
    )
    return str(endpoint["id"])
