"""Every link of every page leads somewhere, and every count leads to exactly as many rows as it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.doors import demo
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from tests.service_fixture import caller_of, prepared_folder
from tests.web.test_quarantine_api import BAD
from tools.crawl import Link, Page, crawl, figures, links

CONTACTS = 4_000


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A small demonstration, measured with all that can be explained; its tests only read."""
    folder: Path = prepared_folder(tmp_path_factory.mktemp("links"), tmp_path_factory)
    service = bootstrap.open_service(ServiceSettings(data=folder))
    demo.fill(service, say=lambda _: None, contacts=CONTACTS)
    # Two records wait to be corrected, so that what is set aside is a count, too.
    caller_of(service)(Role.ADMINISTRATOR).post("/api/v1/contacts?source=pbx", json=[BAD, {**BAD, "contact_id": "x"}])
    bootstrap.open_worker(service).drain()
    yield service
    service.close()


def visitor(service: Service, role: Role) -> TestClient:
    one = next(one for one in demo.ACCOUNTS if one.role is role)
    client = caller_of(service)(role, *one.teams, agent_id=one.agent_id)
    client.headers["accept"] = "text/html"
    return client


def visited(client: TestClient, *, each: int = 2, counts: bool = False) -> dict[str, Page]:
    """Pages by address: some of each kind, and all that counts lead to where asked for."""

    def get(address: str) -> tuple[int, str]:
        answer = client.get(address)
        return answer.status_code, answer.text

    found = crawl(get, each=each, wanted=lambda link: counts and link.counts)
    return {page.address: page for page in found}


@pytest.fixture(scope="module")
def pages(demonstration: Service) -> dict[str, Page]:
    """What a manager, who may see contacts, comes to by links, each count's rows among it."""
    return visited(visitor(demonstration, Role.MANAGER), counts=True)


def counted(pages: dict[str, Page]) -> list[Link]:
    found = {(link.address, link.text): link for page in pages.values() for link in page.links if link.counts}
    return list(found.values())


def test_every_count_leads_to_as_many_rows(pages: dict[str, Page]) -> None:
    """A count, and the n of an estimate, is the number of rows that the page behind it states."""
    found = counted(pages)
    wrong = [
        f"{link.source}: {link.text} -> {pages[link.address].total} at {link.address}"
        for link in found
        if pages[link.address].total not in figures(link.text)[:1]
    ]
    assert wrong == [], "\n".join(wrong)
    assert len(found) > 100
    assert len({link.source.partition("?")[0] for link in found}) > 5
    asked = "\n".join(link.address for link in found)
    kinds = ("measure=root_cause", "measure=opportunity", "measure=channel_path", "part=excluded", "known=yes")
    sides = ("verdict=no&says=", "verdict=yes&says=", "differ=own", "/quality/waited?")
    assert [kind for kind in (*kinds, *sides) if kind not in asked] == []


@pytest.mark.parametrize("role", [one.role for one in demo.ACCOUNTS])
def test_every_link_leads_somewhere(role: Role, demonstration: Service) -> None:
    """Whoever sees a link may follow it: pages and files answer, each with 200, for every role."""
    client = visitor(demonstration, role)
    found = visited(client)
    assert {page.address: page.status for page in found.values() if page.status != 200} == {}
    files = {
        link.address.partition("&")[0]: link
        for page in found.values()
        for link in links(page.text, page.address)
        if link.address.startswith(("/take.xlsx", "/api/"))  # of PDF, test_page_paper
    }
    answers = {link.address: client.get(link.address).status_code for link in files.values()}
    assert {address: status for address, status in answers.items() if status != 200} == {}
