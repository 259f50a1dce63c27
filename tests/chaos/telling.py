"""Tells the story to a town of real processes, and keeps the book of what the street office was sent."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sanlian.demo.doors import Door, Unexpected, until
from sanlian.demo.people import STREET
from sanlian.demo.street import StreetOffice, sign_call
from sanlian.demo.town import Town
from tests.chaos.story import CALL, OFFICE, UPLOAD, WAIT, Ask, Story, Told, tell
from tests.patience import PATIENCE_S


class Book(StreetOffice):
    """A street office that notes every arrival with a good signature, repetitions and all.

    `on_arrival` is called with the type of each, before the sender has its answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.on_arrival: Callable[[str], None] = lambda type: None
        self.bodies: dict[str, set[str]] = {}
        self.arrivals: Counter[str] = Counter()

    def receive(self, body: bytes, headers: Mapping[str, str]) -> int:
        status = super().receive(body, headers)
        if status == 204:
            # A set's add and a dict's setdefault are whole steps for the threads that answer calls.
            self.bodies.setdefault(headers["webhook-id"], set()).add(hashlib.sha256(body).hexdigest())
            self.arrivals[headers["webhook-id"]] += 1
            self.on_arrival(json.loads(body)["type"])
        return status

    def about(self, issue_no: str) -> list[dict[str, Any]]:
        """What arrived about that issue, each message once, in the order of first arrival."""
        return [one for one in list(self.inbox.messages) if one["data"].get("issue_no") == issue_no]


def register(operator: Door, book: Book) -> str:
    """Make the book an endpoint that wants everything, and return its id once its test has succeeded."""
    wish = {
        "office": OFFICE,
        "area_code": STREET,
        "url": book.url,
        "description": "tests",
        "events": ["*"],
        "timeout_s": 2,
        "max_concurrency": 16,
    }
    endpoint = operator.post("/notify/v1/endpoints", wish, expect=201)
    book.secret = endpoint["secret"]
    path = f"/notify/v1/endpoints/{endpoint['id']}"
    until(
        lambda: operator.get(path)["state"] == "active",
        "the endpoint answers its test",
        patience_s=PATIENCE_S,
    )
    return str(endpoint["id"])


def tell_town(town: Town, name: str, *, after: Callable[[Ask], None] = lambda ask: None) -> Told:
    """Tell the story through the town's doors; a service that restarts meanwhile is waited for.

    `after` is called with each thing asked, once it is answered.
    """
    return play_town(town, tell(name, now=datetime.now(UTC)), after=after)


def play_town(
    town: Town,
    story: Story,
    *,
    after: Callable[[Ask], None] = lambda ask: None,
    advance: Callable[[timedelta], object] = lambda by: None,
) -> Told:
    """Carry a story out to its end; `advance` lets time pass, where the town's clock can be turned."""
    answer: Any = None
    while True:
        try:
            ask = story.send(answer)
        except StopIteration as end:
            return cast(Told, end.value)
        answer = _carry_out(town, ask) if ask.method != WAIT else advance(ask.body)
        after(ask)


def _carry_out(town: Town, ask: Ask) -> Any:
    if ask.method == CALL:
        return _call(town, ask)
    door = town.unit(ask.who) if isinstance(ask.who, str) else town.person(ask.who)
    if ask.method == UPLOAD:
        return door.upload(ask.path, "lamp.png", ask.body, "image/png")
    if ask.method == "POST":
        return door.post(ask.path, ask.body)
    wanted = ask.until
    if wanted is None:
        return door.get(ask.path, expect=200, **ask.query)
    return until(lambda: _fitting(door, ask), f"{ask.path} {ask.query}", patience_s=PATIENCE_S)


def _fitting(door: Door, ask: Ask) -> Any:
    found = door.get(ask.path, expect=200, **ask.query)
    return found if ask.until is None or (found and ask.until(found)) else None


def _call(town: Town, ask: Ask) -> None:
    """The very same call again until it is answered: that is how senders of webhooks do."""
    call = sign_call(town.source(OFFICE).secret, cast(Mapping[str, object], ask.body))
    stranger = town.stranger()

    def taken() -> bool:
        answer = stranger.send(ask.path, call.body, call.headers)
        if answer.status_code < 500 and not answer.is_success:
            raise Unexpected(f"{ask.path}: {answer.status_code} {answer.text[:500]}")
        return answer.is_success

    until(taken, f"the call {ask.path} is taken", patience_s=PATIENCE_S)
