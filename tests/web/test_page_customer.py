"""A customer is found by an identifier that stands in no address, is seen as one's teams allow, and joined or split."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact import bootstrap
from firstcontact.doors.web.pages.customer import DECISIONS
from firstcontact.kernel.time_id import time_id
from firstcontact.services.access import Role
from firstcontact.services.decide_identity import Decision
from firstcontact.services.service import Service
from tests.service_fixture import caller_of

HTML = {"Accept": "text/html"}
MAIL = "dana.levi@example.com"


@pytest.fixture
def filled(sqlite_service: Service) -> Service:
    """Two customers who may be one; the first has a return, an event, a survey and a profile."""
    service = sqlite_service

    def days(ago: float) -> str:
        return f"{(service.now() - timedelta(days=ago)).isoformat()}Z"

    def contact(number: str, ago: float, mail: str, **more: object) -> dict[str, object]:
        who = [{"kind": "email", "value": mail}]
        same = {"reason": "<b>billing</b>", "channel": "phone", "team": "North"}
        return {"contact_id": number, "started_at": days(ago), "identifiers": who, **same, **more}

    sender = caller_of(service)(Role.ADMINISTRATOR)
    sent = [
        contact("c1", 90, MAIL, customer_id="K7"),
        contact("c2", 87, MAIL, team="South", channel="email"),
        contact("c3", 2, MAIL, direction="outbound"),
        contact("c4", 40, "danalevi+x@example.com"),
    ]
    assert sender.post("/api/v1/contacts?source=crm", json=sent).status_code == 202
    beside = {
        "customers": {"customer_id": "K7", "segment": "gold"},
        "case_events": {"contact_id": "c1", "at": days(89), "kind": "reopen"},
        "surveys": {"contact_id": "c1", "answered_at": days(88), "resolved": False, "nps": 3},
    }
    for table, row in beside.items():
        assert sender.post(f"/api/v1/records/{table}?source=crm", json=[row]).status_code == 202
    bootstrap.open_worker(service).drain()
    return service


def browser(service: Service, role: Role, *teams: str) -> TestClient:
    made = caller_of(service)(role, *teams)
    made.headers.update(HTML)
    return made


def found(client: TestClient, value: str = MAIL) -> str:
    """The page of whoever goes by an identifier."""
    answer = client.post("/customers", data={"kind": "email", "value": value}, follow_redirects=False)
    assert answer.status_code == 303
    assert MAIL not in answer.headers["location"]
    return str(answer.headers["location"])


def test_a_customer_is_found_and_seen_on_a_timeline(filled: Service) -> None:
    """Across channels, with what was a repeat of what, gap and window, events, survey, profile; each look is noted,
    names are escaped."""
    client = browser(filled, Role.QUALITY)
    place = found(client)
    page = client.get(place).text
    page = page[page.index("<main") :]
    assert page.index("c3") < page.index("c2") < page.index("c1")
    for text in ("repeat", "3.0 days after the one before", "came back after 3.0 days", "opened again", "gold", MAIL):
        assert text in page, text
    for text in ("says not resolved", "outbound: the centre called", "&lt;b&gt;billing", "What happened to it (2)"):
        assert text in page, text
    assert "<b>billing" not in page
    assert {one.action for one in filled.audit.page(person_id=int(place.rpartition("/")[2]))} == {"person.look"}
    to = client.get("/customers/of-contact?source=crm&contact_id=c1", follow_redirects=False).headers["location"]
    assert to.partition("#")[0] == place
    assert f'id="{to.partition("#")[2]}"' in page


def test_a_long_timeline_comes_by_page_and_a_contact_leads_to_its_own(
    sqlite_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages hold each contact once; a link from a list of contacts opens the page on which the contact stands,
    without reading the pages between."""
    who = [{"kind": "email", "value": MAIL}]
    sent = [
        {"contact_id": f"m{n}", "started_at": f"2026-01-{1 + n // 12:02}T{n % 12:02}:00:00Z", "identifiers": who}
        for n in range(120)
    ]
    assert caller_of(sqlite_service)(Role.ADMINISTRATOR).post("/api/v1/contacts", json=sent).status_code == 202
    bootstrap.open_worker(sqlite_service).drain()
    client = browser(sqlite_service, Role.QUALITY)
    page = client.get(found(client)).text
    seen = re.findall(r'<li id="(c\w+)"', page)
    while more := re.search(r'href="([^"]*)" rel="next"', page):
        page = client.get(html.unescape(more[1])).text
        seen += re.findall(r'<li id="(c\w+)"', page)
    assert len(seen) == len(set(seen)) == 120
    read: list[int] = []
    plain = type(sqlite_service.people).person

    def noting(self: Any, number: int, teams: Any, limit: int, before: Any = None) -> Any:
        read.append(limit)
        return plain(self, number, teams, limit, before)

    monkeypatch.setattr(type(sqlite_service.people), "person", noting)
    for number in (0, 60, 119):
        read.clear()
        asked = f"/customers/of-contact?source=api&contact_id=m{number}"
        to = client.get(asked, follow_redirects=False).headers["location"]
        assert sum(read) <= 50
        assert f'id="{to.partition("#")[2]}"' in client.get(to).text


def test_who_is_not_found_is_said_so(filled: Service) -> None:
    """Nobody, nothing typed, no such number: in words, with what was typed kept in the form and in no address."""
    client = browser(filled, Role.MANAGER)
    nobody = client.post("/customers", data={"kind": "email", "value": '"><i>x@y.org'})
    assert (nobody.status_code, "Nobody is known by this" in nobody.text, "<i>x" in nobody.text) == (200, True, False)
    assert client.post("/customers", data={"kind": "email", "value": " "}).status_code == 422
    odd = client.post("/customers", data={"kind": "email", "value": "x" * 201})
    assert (odd.status_code, "No identifier looks like this" in odd.text, "x" * 201 in odd.text) == (422, True, True)
    assert client.get("/customers/424242").status_code == 404
    assert client.get("/customers/of-contact?source=crm&contact_id=nothing").status_code == 404


def test_a_team_sees_its_own_contacts_of_a_customer(filled: Service) -> None:
    """An agent of the other team sees the one contact; a contact of a team not their own leads nowhere."""
    agent = browser(filled, Role.AGENT, "South")
    page = agent.get(found(agent)).text
    assert ("c2" in page, 'id="c' in page, ">c1<" in page, ">c3<" in page) == (True, True, False, False)
    assert ("contacts of your teams only" in page, "Split them off" in page) == (True, False)
    assert agent.get("/customers/of-contact?source=crm&contact_id=c1").status_code == 404
    assert agent.get("/customers/proposals").status_code == 403
    for role in (Role.ADMINISTRATOR, Role.WALLBOARD):
        assert browser(filled, role).get("/customers").status_code == 403


def test_two_are_joined_split_and_it_is_taken_back(filled: Service) -> None:
    """With a reason, by whoever may; without one the form says so and keeps what was typed; twice does no harm."""
    client = browser(filled, Role.QUALITY)
    first, second = found(client), found(client, "danalevi+x@example.com")
    assert first != second
    number, other = (place.rpartition("/")[2] for place in (first, second))
    bad = client.post("/customers/merge", data={"person_id": number, "other": other, "note": " "})
    assert (bad.status_code, "Say why" in bad.text, f'value="{other}"' in bad.text) == (422, True, True)
    assert 'aria-invalid="true" aria-describedby="note-fault"' in bad.text
    assert 'id="note-fault">Say why<' in bad.text
    parted = client.post("/customers/split", data={"person_id": number, "note": ""}).text
    assert ('id="note-split-fault">Say why<' in parted, 'id="note-fault"' in parted) == (True, False)
    asked = {"person_id": number, "other": other, "note": "same <voice>"}
    assert "The two are joined" in client.post("/customers/merge", data=asked).text
    bootstrap.open_worker(filled).drain()
    page = client.get(found(client, "danalevi+x@example.com")).text
    assert ("c1" in page, "same &lt;voice&gt;" in page) == (True, True)
    undo = re.search(r'action="(/customers/decisions/\w+/undo)"', page)
    assert undo
    assert "taken back" in client.post(undo[1], data={"back": number}).text
    assert client.post(undo[1], data={"back": number}).status_code == 409
    bootstrap.open_worker(filled).drain()
    assert found(client) != found(client, "danalevi+x@example.com")
    assert client.post("/customers/split", data={"person_id": number, "note": "x"}).status_code == 422
    page = client.get(found(client)).text
    every = re.findall(r'name="contact" form="split" value="([\w-]+)"', page)
    nothing = client.post("/customers/split", data={"person_id": number, "contact": every, "note": "x"})
    assert (nothing.status_code, nothing.text.count(" checked>")) == (422, len(every))
    assert 'id="contact-fault">All contacts of this customer are ticked' in nothing.text
    token = re.search(r'name="contact" form="split" value="([\w-]+)"', page)
    assert token
    split = client.post("/customers/split", data={"person_id": number, "contact": token[1], "note": "another"})
    assert "split off" in split.text
    for path in ("merge", "split"):
        assert browser(filled, Role.MANAGER).post(f"/customers/{path}", data=asked).status_code == 403


def test_a_number_that_went_away_leads_to_the_one_they_have(filled: Service) -> None:
    """After joining and after taking it back; what was done is said with links to those whose the contacts are, before
    they are linked anew and after. Who was never decided about is not there."""
    client = browser(filled, Role.QUALITY)
    first, second = found(client), found(client, "danalevi+x@example.com")
    number, other = (place.rpartition("/")[2] for place in (first, second))

    def links(page: str) -> list[str]:
        """Where the line below what is said leads."""
        line = re.search(r'<p class="said note">(?:Now|Until they are linked anew):(.*?)</p>', page)
        return re.findall(r'href="(/customers/\d+)"', line[1]) if line else []

    done = client.post("/customers/merge", data={"person_id": other, "other": number, "note": "same"})
    assert (done.url.path, links(done.text), ">Look again<" in done.text) == (second, sorted([first, second]), True)
    bootstrap.open_worker(filled).drain()
    led = client.get(done.url.raw_path.decode(), follow_redirects=False)
    assert (led.status_code, led.headers["location"].partition("?")[0]) == (303, first)
    page = client.get(done.url.raw_path.decode()).text
    assert f"Customer {other} is now customer {number}." in page
    assert (links(page), "anew" in page[: page.index('id="known"')]) == ([first], False)
    assert client.get(second, follow_redirects=False).headers["location"] == f"{first}?was={other}"
    undo = re.search(r'action="(/customers/decisions/\w+/undo)"', page)
    assert undo
    back = client.post(undo[1], data={"back": number})
    assert (links(back.text), ">Look again<" in back.text) == ([first], True)
    bootstrap.open_worker(filled).drain()
    third = found(client, "danalevi+x@example.com")
    assert links(client.get(back.url.raw_path.decode()).text) == [first, third]
    assert client.get(second, follow_redirects=False).headers["location"] == f"{third}?was={other}"
    assert client.get("/customers/424242").status_code == 404
    assert client.get(f"{first}?decision={'0' * 32}").status_code == 200
    agent = browser(filled, Role.AGENT, "South")
    assert agent.get(second).status_code == 404


def test_an_identifier_stands_once_however_it_was_written(filled: Service) -> None:
    """The plainest way first, the others small beside it; on the page and on that of a proposal."""
    sender = caller_of(filled)(Role.ADMINISTRATOR)
    who = [{"kind": "email", "value": "DANA.Levi@Example.com"}]
    late = {"contact_id": "c9", "started_at": "2026-01-05T09:00:00Z", "identifiers": who}
    assert sender.post("/api/v1/contacts?source=crm", json=[late]).status_code == 202
    bootstrap.open_worker(filled).drain()
    client = browser(filled, Role.QUALITY)
    to = re.search(r'href="(/customers/proposals/\w+)"', client.get("/customers/proposals").text)
    assert to
    for place in (found(client), to[1]):
        mails = re.findall(r"<dt>E-mail address</dt><dd>(.*?)</dd>", client.get(place).text)
        both = f'<bdi dir="ltr">{MAIL}</bdi> <small class="soft"><bdi dir="ltr">DANA.Levi@Example.com</bdi></small>'
        assert [one for one in mails if "evi@" in one] == [both]


def test_every_decision_can_be_taken_back_however_old(filled: Service) -> None:
    """A customer's page has the decisions about all of their contacts, wherever those stand on the timeline and however
    many decisions about others came since; the list of proposals has all. Both by page, each decision once."""
    client, now = browser(filled, Role.QUALITY), filled.now()
    numbers = iter(range(10**6))

    def decide(*contacts: str) -> str:
        made = time_id(now + timedelta(seconds=next(numbers)))
        keys = tuple(("crm", one) for one in contacts)
        filled.identities.decide(Decision(made, "merge", keys, None, "dana@example.org", now))
        return made

    about = [decide("c1", "c2") for _ in range(DECISIONS + 1)]
    others = [decide("c4") for _ in range(2 * DECISIONS)]

    def undone(place: str) -> list[str]:
        found, seen = [], client.get(place).text
        while True:
            found += re.findall(r'action="/customers/decisions/(\w+)/undo"', seen)
            more = re.search(r'href="([^"]*)">Earlier decisions', seen)
            if more is None:
                return found
            seen = client.get(html.unescape(more[1])).text

    assert undone(found(client)) == about[::-1]
    assert undone("/customers/proposals") == [*others[::-1], *about[::-1]]
    person = int(found(client).rpartition("/")[2])
    asked = {"person_id": person, "limit": 500}
    told = caller_of(filled)(Role.QUALITY).get("/api/v1/identity-decisions", params=asked).json()
    assert [one["id"] for one in told["items"]] == about[::-1]
    assert "taken back" in client.post(f"/customers/decisions/{about[0]}/undo", data={"back": person}).text


def test_a_proposal_shows_both_sides_and_is_decided_once(filled: Service) -> None:
    """Why, how likely, both timelines; accepted once, and the other try is told so."""
    client = browser(filled, Role.QUALITY)
    listed = client.get("/customers/proposals").text
    assert "once with dots or a tag" in listed
    place = re.search(r'href="(/customers/proposals/\w+)"', listed)
    assert place
    page = client.get(place[1]).text
    assert (MAIL in page, "danalevi+x@example.com" in page, "70%" in page) == (True, True, True)
    assert "The two are joined" in client.post(f"{place[1]}/accept").text
    again = client.post(f"{place[1]}/decline")
    assert (again.status_code, "FC9442" in again.text) == (409, True)
    assert "Nothing waits" in client.get("/customers/proposals").text
