"""Open311 at the front door: where its standard has it, on both footings, by a client that is not ours."""

import httpx
from georeport import GeoReport

from sanlian.demo.people import CLERK, COMMUNITY
from sanlian.demo.town import Town


def test_a_client_finds_reports_and_reads_at_the_addresses_of_the_standard(town: Town) -> None:
    found = httpx.get(f"{town.base_url}/discovery.json", trust_env=False).json()
    assert [one["url"].partition("/open311")[2] for one in found["endpoints"]] == ["/v2", "/test/v2"]
    assert httpx.get(f"{town.base_url}/discovery.xml", trust_env=False).text.startswith("<?xml")
    address = f"{town.base_url}/open311/v2"
    made = town.person(CLERK).post(
        "/intake/v1/open311-keys", {"client": "e2e", "label": "a client"}, expect=201
    )
    lamp = {"service_code": "0503", "lat": "36.0519", "long": "103.8797", "description": "灯不亮 & <暗>"}
    answer = httpx.post(f"{address}/requests.xml", data={**lamp, "api_key": made["key"]}, trust_env=False)
    assert answer.status_code == 200, answer.text
    for form in ("xml", "json"):
        client = GeoReport(address, jurisdiction=COMMUNITY, output_format=form)
        (newest, *_) = _listed(client.get_service_requests(status="open", service_code="0503"))
        assert newest["description"] == lamp["description"]
        assert newest["service_request_id"] in answer.text
    absent = httpx.get(f"{address}/requests/none.json", trust_env=False)
    assert (absent.status_code, absent.json()[0]["code"]) == (404, 404)


def _listed(found: object) -> list[dict[str, str]]:
    # The client gives one child of an XML answer as itself.
    return found if isinstance(found, list) else [found]  # type: ignore[list-item]  # It is one record then.
