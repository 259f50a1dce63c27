"""The command against a town at work: what a newcomer types, on both footings."""

import json

import httpx

from sanlian.demo.people import PEOPLE
from sanlian.ports import NAMES
from shared.auth import Role
from tests.e2e.conftest import Running
from tests.e2e.processes import run
from tests.patience import PATIENCE_S


def get(url: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=PATIENCE_S, trust_env=False)


def test_the_stories_are_told_to_their_end_by_the_command(running: Running) -> None:
    told = run("demo", "play", "--base-url", running.town.base_url, given=running.given)
    assert "小事立即办" in told
    assert "瓜子店火情" in told
    assert "七份粮油" in told
    assert "提级退回" in told
    assert "街道妇联慰问" in told
    assert "the stories are told" in told


def test_loading_the_demo_twice_changes_neither_areas_nor_keys(running: Running) -> None:
    def known() -> object:
        shown = run("demo", "access", "--json", given=running.given)
        areas = get(f"{running.town.base_url}/grid/v1/areas?limit=200", headers=bearer(shown)).json()
        return json.loads(shown)["partner_keys"], json.loads(shown)["sources"], areas

    def bearer(shown: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {json.loads(shown)['tokens']['operator']}"}

    before = known()
    run("demo", "load", "--base-url", running.town.base_url, given=running.given)
    assert known() == before


def test_what_access_shows_opens_the_doors(running: Running) -> None:
    access = json.loads(
        run("demo", "access", "--json", "--base-url", running.town.base_url, given=running.given)
    )
    assert set(access["people"]) == {person.subject for person in PEOPLE}
    assert set(access["tokens"]) == set(Role)
    clerk = {"Authorization": f"Bearer {access['tokens']['community_clerk']}"}
    unit = {"Authorization": f"Bearer {access['partner_keys']['PU-HTZQ']}"}
    base = access["base_url"]
    assert get(f"{base}/intake/v1/issues", headers=clerk).status_code == 200
    assert get(f"{base}/partners/v1/offers", headers=unit).status_code == 200
    assert get(f"{base}/intake/v1/issues").status_code == 401


def test_the_page_at_the_root_links_what_is_there_and_loads_nothing_from_elsewhere(running: Running) -> None:
    base = running.town.base_url
    page = get(f"{base}/")
    links = [part.partition('"')[0] for part in page.text.split('href="')[1:]]
    assert page.status_code == 200
    assert len(links) >= 16
    assert all(link.startswith("/") for link in links)
    assert "src=" not in page.text
    for link in links:
        assert get(base + link).status_code == 200, link
    assert get(f"{base}/nothing/here").status_code == 404


def test_there_are_no_dead_letters_after_the_stories(running: Running) -> None:
    listed = run("dead", "list", given=running.given)
    assert listed.splitlines() == [f"{service}: 0 dead letters" for service in NAMES]
