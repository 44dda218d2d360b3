"""From an empty service to what a file brought, by pages alone: seen, corrected, taken in, taken back."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact.doors.api.app import create_app
from firstcontact.doors.web import form_stream
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services import upload_stream
from firstcontact.services.access import Role
from firstcontact.services.service import Service
from firstcontact.services.upload import NO_ROOM
from tests.service_fixture import caller_of
from tests.web.test_accounts_api import CHEAP, WORDS, account
from tests.web.test_imports import drain, kept, rows

HTML = {"Accept": "text/html"}


@pytest.fixture
def client(sqlite_service: Service) -> TestClient:
    made = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    made.headers.update(HTML)
    return made


def bring(client: TestClient, data: bytes, name: str = "log.csv", **fields: str) -> Any:
    return client.post("/imports/new", data=fields, files={"file": (name, data)})


def choices(text: str) -> dict[str, str]:
    """What the form says as it stands, as a browser without scripts would send it."""
    form = text[text.index('<form id="understood"') :]
    form = form[: form.index("</form>")]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        fields = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if fields.get("type") != "checkbox":
            found[fields["name"]] = html.unescape(fields.get("value", ""))
    for name, inner in re.findall(r'<select\b[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.findall(r'<option value="([^"]*)" selected', inner)
        found[name] = html.unescape(chosen[0]) if chosen else ""
    for name, inner in re.findall(r'<textarea\b[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = html.unescape(inner)
    return found


def test_a_file_is_brought_corrected_and_taken_in(sqlite_service: Service, client: TestClient) -> None:
    """Without scripts: the guess is shown without values, one choice is corrected, what changed is looked into before
    it counts, the page leads to measuring, and pressing twice takes the file in once."""
    brought = bring(client, rows(60).replace(b"why", b"topic"), source="pbx")
    place = str(brought.url.path)
    assert "is being looked into" in brought.text
    drain(sqlite_service)
    page = client.get(place).text
    assert "What your columns mean" in page
    assert "c3" not in re.sub(r"<[^>]*>", " ", page)
    form = choices(page)
    assert (form["columns.started_at"], form["source"]) == ("c:opened", "pbx")
    changed = client.post(f"{place}/start", data=form | {"columns.agent_id": "c:who"})
    assert "You changed something" in changed.text
    drain(sqlite_service)
    form = choices(client.get(place).text)
    assert form["columns.agent_id"] == "c:who"
    for _ in range(2):
        assert "is being taken in" in client.post(f"{place}/start", data=form).text
    drain(sqlite_service)
    done = client.get(place).text
    assert "Now measure" in done
    assert re.search(r"New</th><td class=\"number\">60</td>", done)
    assert len(kept(sqlite_service)) == 60
    assert ">60</td>" in client.get("/imports").text


def test_what_is_wrong_stands_beside_its_field(sqlite_service: Service, client: TestClient) -> None:
    """A file in which nothing says when a contact began, a column taken away, a zone that is none: each is said at its
    field, what was typed stays, and nothing is taken in."""
    place = str(bring(client, b"alpha;beta\nx;anna\ny;ben\n").url.path)
    drain(sqlite_service)
    page = client.get(place).text
    assert 'id="columns.started_at-fault"' in page
    assert ">Take it in</button>" not in page
    place = str(bring(client, rows(5)).url.path)
    drain(sqlite_service)
    form = choices(client.get(place).text)
    wrong = client.post(f"{place}/start", data=form | {"zone": "Nowhere/<b>", "columns.started_at": ""})
    assert wrong.status_code == 422
    assert 'id="zone-fault"' in wrong.text
    assert 'id="columns.started_at-fault"' in wrong.text
    assert 'value="Nowhere/&lt;b&gt;"' in wrong.text
    drain(sqlite_service)
    assert kept(sqlite_service) == {}


def test_a_way_of_reading_is_kept_and_used_again(sqlite_service: Service, client: TestClient) -> None:
    """It is kept under a name, offered for the next file, and one without a name is refused in words."""
    place = str(bring(client, rows(5)).url.path)
    drain(sqlite_service)
    form = choices(client.get(place).text)
    client.post(f"{place}/preview", data=form | {"columns.team": "c:who"})
    drain(sqlite_service)
    assert client.post(f"{place}/mapping", data={"name": "a/b"}).status_code == 422
    assert "is kept under its name" in client.post(f"{place}/mapping", data={"name": "pbx log"}).text
    other = str(bring(client, rows(6)).url.path)
    drain(sqlite_service)
    page = client.get(other).text
    assert ("<option>pbx log</option>" in page, choices(page)["columns.team"]) == (True, "")
    client.post(f"{other}/preview", data={"way": "saved", "saved": "pbx log"})
    drain(sqlite_service)
    assert choices(client.get(other).text)["columns.team"] == "c:who"
    assert client.post(f"{other}/preview", data={"way": "saved", "saved": "none"}).status_code == 422


def test_a_file_is_taken_back_whole_after_a_question(sqlite_service: Service, client: TestClient) -> None:
    """The question says what will go; asked twice it is done once."""
    place = str(bring(client, rows(7)).url.path)
    drain(sqlite_service)
    client.post(f"{place}/start", data=choices(client.get(place).text))
    drain(sqlite_service)
    asked = client.get(f"{place}/undo").text
    assert "Take back this file?" in asked
    assert "<dd>7</dd>" in asked
    for _ in range(2):
        client.post(f"{place}/undo")
    drain(sqlite_service)
    assert "was taken back" in client.get(place).text
    assert kept(sqlite_service) == {}


def test_names_of_files_and_columns_do_no_harm(sqlite_service: Service, client: TestClient) -> None:
    """A name is shown and never followed: as text in the page, and never as part of a path."""
    evil = "<script>alert(1)</script>"
    data = f'"{evil}",opened,id\nx,2026-01-05 09:00,1\ny,2026-01-06 09:00,2\n'.encode()
    assert bring(client, data, name="<b>.csv").status_code == 422
    place = str(bring(client, data, name="../../log.csv").url.path)
    drain(sqlite_service)
    page = client.get(place).text
    assert (evil in page, html.escape(evil, quote=False) in page) == (False, True)
    assert "<h1>log.csv</h1>" in page


@pytest.mark.parametrize("order", ["none", "wrong", "after"])
def test_a_foreign_page_brings_no_file(sqlite_service: Service, order: str) -> None:
    """The session's token stands before the file and is compared before anything is kept: without it, with another, or
    with one that comes after the file, nothing arrives."""
    service = replace(sqlite_service, passwords=CHEAP)
    made = account(service, Role.MANAGER)
    browser = TestClient(create_app(service), base_url=service.settings.url, headers=HTML)
    browser.post("/login", data={"email": made.email, "password": WORDS})
    token = re.findall(r'name="csrf" value="(\w+)"', browser.get("/imports/new").text)[0]
    fields: list[Any] = [("file", ("log.csv", rows(3)))]
    if order == "after":
        fields.append(("csrf", (None, token)))
    if order == "wrong":
        fields.insert(0, ("csrf", (None, token[::-1])))
    refused = browser.post("/imports/new", files=fields)
    assert refused.status_code == 403
    assert service.imports.page(before=None, limit=5) == []
    elsewhere = {"Origin": "https://evil.example"}
    sent = [("csrf", (None, token)), ("file", ("log.csv", rows(3)))]
    assert browser.post("/imports/new", files=sent, headers=elsewhere).status_code == 403
    assert browser.post("/imports/new", files=sent).status_code == 200
    assert len(service.imports.page(before=None, limit=5)) == 1


def test_a_file_too_large_or_empty_leaves_nothing(
    sqlite_service: Service, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said at the field, and neither the import nor its parts stay."""
    monkeypatch.setattr(upload_stream, "MOST_STREAM", 1_000)
    monkeypatch.setattr("firstcontact.doors.web.pages.bring.PIECE", 100)
    large = bring(client, rows(200))
    assert (large.status_code, "This file is too large." in large.text) == (422, True)
    empty = bring(client, b"")
    assert (empty.status_code, "This file is empty." in empty.text) == (422, True)
    assert {one.state for one in sqlite_service.imports.page(before=None, limit=5)} == {"cancelled"}
    assert not list((sqlite_service.settings.data / "uploads").glob("*/*"))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b"no form"),
        (
            "multipart/form-data; boundary=a",
            b'--a\r\nContent-Disposition: form-data; name="source"\r\n\r\n' + b"x" * 9_000,
        ),
        (
            "multipart/form-data; boundary=a",
            b'--a\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nid,opened\r\n1,2026',
        ),
    ],
)
def test_a_broken_form_is_refused(client: TestClient, sqlite_service: Service, kind: str, body: bytes) -> None:
    """FC9301: what is no form, has fields without end or breaks off is refused, and leaves nothing that goes on."""
    answer = client.post("/imports/new", content=body, headers={"Content-Type": kind, "Accept": "*/*"})
    assert answer.json()["code"] == "FC9301"
    assert {one.state for one in sqlite_service.imports.page(before=None, limit=5)} <= {"cancelled"}
    assert form_stream.MOST_FIELD < 9_000


class Sent:
    """A form with a file as it arrives: piece by piece, and perhaps never whole."""

    def __init__(self, app: Any, body: bytes, *, whole: bool) -> None:
        self._app, self._left, self._whole = app, [body[at : at + 1000] for at in range(0, len(body), 1000)], whole
        self.taken = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def piece() -> Any:
            if not self._left and not self._whole:
                return {"type": "http.disconnect"}
            self.taken += 1
            return {"type": "http.request", "body": self._left.pop(0), "more_body": bool(self._left)}

        await self._app(scope, piece if scope["path"] == "/imports/new" else receive, send)


@pytest.mark.parametrize("whole", [True, False])
def test_a_form_is_heard_to_its_end_whatever_goes_wrong(
    sqlite_service: Service, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    """A disk that is full is said on a page, after all that the browser sends has passed, for it looks at no answer
    before; a form that breaks off is called that. Neither leaves anything, and clearing away holds nobody up."""
    made = caller_of(sqlite_service)(Role.ADMINISTRATOR)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    body = head + rows(2_000) + b"\r\n--x--\r\n"
    sent = Sent(made.app, body if whole else body[:-500], whole=whole)
    client = TestClient(sent, base_url=sqlite_service.settings.url, headers=HTML, raise_server_exceptions=False)
    cleared = []
    abandon = upload_stream.UploadStream.abandon

    def watched(*given: Any) -> None:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        cleared.append(abandon(*given))

    monkeypatch.setattr(upload_stream.UploadStream, "abandon", watched)
    monkeypatch.setattr("firstcontact.doors.web.pages.bring.PIECE", 5_000)
    if whole:

        def full(*_given: Any) -> None:
            raise FirstcontactError([NO_ROOM.fault(where="the disk", saw="no room", allowed="some", cure="make some")])

        monkeypatch.setattr(upload_stream.UploadStream, "write", full)
    answer = client.post("/imports/new", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code == (507 if whole else 422)
    assert answer.headers["content-type"].startswith("text/html")
    assert ("FC9455" if whole else "FC9301") in answer.text
    assert sent.taken == len(body if whole else body[:-500]) // 1000 + 1
    assert cleared == [None]
    assert {one.state for one in sqlite_service.imports.page(before=None, limit=5)} == {"cancelled"}


def test_what_arrives_by_a_form_has_no_share(sqlite_service: Service, client: TestClient) -> None:
    """How large a file of a form will be nobody says; how much of one in parts has come is known."""
    stream = upload_stream.UploadStream(
        sqlite_service.imports, sqlite_service.uploads, name="a.csv", source="s", actor="x", now=sqlite_service.now()
    )
    stream.write(b"x" * 1000)
    one = sqlite_service.imports.page(before=None, limit=1)[0]
    assert "have arrived" not in client.get(f"/imports/{one.id}").text
    data = rows(50)
    announced = client.post("/api/v1/imports", json={"name": "b.csv", "size": len(data), "source": "s"}).json()["id"]
    assert "0% have arrived" in client.get(f"/imports/{announced}").text


def test_rows_set_aside_lead_to_all_that_are_kept_of_them(sqlite_service: Service, client: TestClient) -> None:
    """Whether or not somebody has decided about them since; and what became of records is told whatever it is."""
    brought = bring(client, b"id,opened\n1,2026-01-05T09:00:00Z\n,never\n", source="pbx")
    drain(sqlite_service)
    place = str(brought.url.path)
    client.post(f"{place}/start", data=choices(client.get(place).text))
    drain(sqlite_service)
    one = sqlite_service.imports.find(place.rpartition("/")[2])
    assert one is not None
    sqlite_service.imports.change(
        one.id, frozenset({"done"}), counts={"outcomes": {"novel": 2}, "set_aside": {"FC2001": 1}}
    )
    page = client.get(place).text
    assert "novel" in page
    assert f"/quality/aside?state=&amp;import_id={one.id}&amp;code=FC2001" in page
    assert "records came of the file" not in page


def test_records_add_up_to_contacts_and_what_stands_beside_them(sqlite_service: Service, client: TestClient) -> None:
    """A log of cases gives a contact each and its steps beside it; one sentence lets the numbers add up."""
    brought = bring(client, b"id,opened\n1,2026-01-05T09:00:00Z\n,never\n", source="pbx")
    drain(sqlite_service)
    place = str(brought.url.path)
    client.post(f"{place}/start", data=choices(client.get(place).text))
    drain(sqlite_service)
    counts = {
        "outcomes": {"stored": 120_000, "repeated": 25_010, "quarantined": 5},
        "beside": {"case_events": {"stored": 95_087, "repeated": 25_000}, "surveys": {"stored": 10}},
        "set_aside": {"FC2001": 5},
    }
    sqlite_service.imports.change(place.rpartition("/")[2], frozenset({"done"}), counts=counts)
    assert (
        "145,015 records came of the file: 24,913 contacts, 120,097 that stand beside them (steps of cases, surveys "
        "and the like), and 5 that were set aside."
    ) in client.get(place).text


WORDY = "\n".join(
    ["id,opened,who,channel,status,handle time,rating,mood"]
    + [
        f"{n},2026-01-{1 + n % 28:02}T09:00:00Z,c{n % 50},{('Tel', 'Schalter', '<b>Post')[n % 3]},"
        f"{('Closed', 'Parkiert')[n % 2]},{2 + n % 9},{1 + n % 5},m"
        for n in range(60)
    ]
).encode()


def test_what_the_words_of_a_column_mean_is_corrected(sqlite_service: Service, client: TestClient) -> None:
    """Words of a short list stand there, escaped, with what they are taken to mean; what is chosen for one, a unit and
    a scale are in the mapping that is looked into next, and nothing else is."""
    place = str(bring(client, WORDY).url.path)
    drain(sqlite_service)
    text = client.get(place).text
    assert "<b>Post" not in text
    assert "&lt;b&gt;Post" in text
    one = sqlite_service.imports.find(place.rpartition("/")[2])
    assert one is not None
    assert one.preview is not None
    before = one.preview["mapping"]
    words = {one["ours"]: [each["word"] for each in one["words"]] for one in one.preview["words"]}
    assert sorted(words["settled"]) == ["Closed", "Parkiert"]
    asked = choices(text)
    assert asked[f"values.settled.{words['settled'].index('Parkiert')}"] == ""
    asked |= {
        f"values.settled.{words['settled'].index('Parkiert')}": "false",
        f"values.channel.{words['channel'].index('Schalter')}": "walk-in",
        "units.handle_seconds": "minutes",
        "columns.agent_id": "",
    }
    headers = {"X-CSRF-Token": asked["csrf"]}
    client.post(f"{place}/preview", data=asked, headers=headers)
    drain(sqlite_service)
    one = sqlite_service.imports.find(place.rpartition("/")[2])
    assert one is not None
    assert one.preview is not None
    after = one.preview["mapping"]
    assert after["values"] == {"settled": {"Parkiert": "false"}, "channel": {"Schalter": "walk-in"}}
    assert after["units"] == {"handle_seconds": "minutes"}
    assert {name: after[name] for name in ("columns", "dates")} == {name: before[name] for name in ("columns", "dates")}
    again = choices(client.get(place).text)
    assert again[f"values.channel.{words['channel'].index('Schalter')}"] == "walk-in"
    client.post(f"{place}/start", data=again, headers=headers)  # nothing else changed: it is taken in
    drain(sqlite_service)
    assert "Your file is taken in" in client.get(place).text


def test_words_that_may_be_somebody_s_are_not_shown(sqlite_service: Service, client: TestClient) -> None:
    """A column taken for a channel that holds addresses or numbers shows none of them: neither on the page nor to a
    program."""
    data = WORDY.replace(b"Schalter", b"dana@example.org")
    place = str(bring(client, data).url.path)
    drain(sqlite_service)
    assert "dana@" not in client.get(place).text
    assert "dana@" not in client.get(f"/api/v1{place}", headers={"Accept": "application/json"}).text
