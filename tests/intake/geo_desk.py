"""A client of Open311 with its key, and the community behind it."""

from typing import Any
from xml.etree.ElementTree import Element, fromstring

import httpx

from tests.intake.people import People

V2 = "/open311/v2"
LAMP = {"service_code": "0503", "lat": "36.0519", "long": "103.8797", "description": "The lamp is out"}
COMMUNITY_ID = "620102014006"


class Desk:
    """What a client does; `key` is its own."""

    def __init__(self, people: People) -> None:
        self.people, self.nobody, self.key = people, people.nobody, ""

    async def open(self, client: str = "fixmystreet") -> str:
        """Get a key from the office."""
        answer = await self.people.clerk.post("/open311-keys", json={"client": client, "label": "a site"})
        assert answer.status_code == 201, answer.text
        self.key = str(answer.json()["key"])
        return self.key

    async def send(self, path: str = "/requests.json", **form: Any) -> httpx.Response:
        """Post a form with the key; None leaves a field out."""
        said = {"api_key": self.key, **form}
        filled = {name: value for name, value in said.items() if value is not None}
        return await self.nobody.post(V2 + path, data=filled)

    async def post(self, **form: Any) -> str:
        """Report a lamp, or what is said, and return its number or its token."""
        answer = await self.send(**{**LAMP, **form})
        assert answer.status_code == 200, answer.text
        (one,) = answer.json()
        return str(one.get("service_request_id") or one["token"])

    async def get(self, path: str, **asked: Any) -> Any:
        """What a client reads as JSON."""
        answer = await self.nobody.get(V2 + path, params=asked)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        return answer.json()

    async def xml(self, path: str, **asked: Any) -> Element:
        """What a client reads as XML."""
        answer = await self.nobody.get(V2 + path, params=asked)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        assert answer.text.startswith("<?xml version='1.0' encoding='utf-8'?>\n")
        return fromstring(answer.content)

    async def ids(self, **asked: Any) -> list[str]:
        """The numbers of the requests found."""
        return [one["service_request_id"] for one in await self.get("/requests.json", **asked)]

    async def issue(self, no: str) -> dict[str, Any]:
        """The same matter as the office sees it."""
        (found,) = (await self.people.clerk.get("/issues", params={"no": no})).json()
        return dict(found)


def told(answer: httpx.Response) -> list[str]:
    """The descriptions of a refusal, whose code is that of the answer, in its format."""
    if answer.headers["content-type"].startswith("text/xml"):
        errors = [(one.findtext("code"), one.findtext("description")) for one in fromstring(answer.content)]
    else:
        assert answer.headers["content-type"] == "application/json; charset=utf-8", answer.text
        errors = [(str(one["code"]), one["description"]) for one in answer.json()]
        assert all(isinstance(one["code"], int) for one in answer.json())
    assert {code for code, _ in errors} == {str(answer.status_code)}
    return [str(description) for _, description in errors]
