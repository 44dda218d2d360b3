"""A page as PDF: what its visitor sees there, by the page's own rules, and nothing from anywhere else."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from firstcontact.doors import pdf as maker
from firstcontact.doors.web import page, paper
from firstcontact.services.access import Role
from firstcontact.services.run import Run
from firstcontact.services.service import Service
from tests import run_factory, told_runs
from tests.run_factory import row, share
from tests.web.shown import Showing
from tests.web.test_page_accounts import Visitor

EVIL = "<script>alert(1)</script><img src='http://127.0.0.1:9/x'>'\"&"
PAGES = ("/", "/reasons", "/reason", "/causes", "/downstream", "/channels", "/teams", "/definitions", "/quality")
made = pytest.mark.skipif(
    not maker.pdf_made(), reason="WeasyPrint or Pango is not on this machine (tools/install-pango)"
)


@pytest.fixture
def visit(served: Service, showing: Showing) -> Callable[..., Visitor]:
    """Gives visitors of a service whose run in force is an invented one."""

    def make(run: Run, role: Role = Role.MANAGER, *teams: str) -> Visitor:
        return Visitor(showing(served, run), role, *teams)

    return make


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what would be set on paper is the question, and not how: the page itself stands in the file."""
    monkeypatch.setattr(paper, "pdf", lambda html, css, **_: f"%PDF- {html}".encode())
    monkeypatch.setattr(page, "pdf_made", lambda: True)


def _parts(at: Any) -> Iterator[Any]:
    """What a file says that it consists of, and what that consists of."""
    under = at.get("/K", [])
    for one in under if isinstance(under, list) else [under]:
        part = one.get_object()
        if isinstance(part, dict):
            yield part
            yield from _parts(part)


@made
def test_a_page_is_taken_along_as_a_pdf(visit: Callable[..., Visitor]) -> None:
    """It holds the page's figures with intervals and n, the tables behind its drawings, what they rest on on every
    sheet, and links into the service; it is tagged, with title and language; a name that would be markup is text."""
    import pypdf

    rows = [row("fcr_issue", share(0.7, 4_321), "reason_1", {"reason_1": EVIL})]
    run = told_runs.told()
    one = visit(replace(run, rows=(*run.rows, *rows)))
    shown = one.get(f"/reason?name={quote(EVIL)}").text
    said = one.get(html.unescape(re.findall(r'href="(/take\.pdf[^"]+)"', shown)[0]))
    assert (said.status_code, said.headers["content-type"]) == (200, "application/pdf")
    assert re.fullmatch(r'attachment; filename="firstcontact-reason-[\w-]+\.pdf"', said.headers["content-disposition"])
    file = pypdf.PdfReader(io.BytesIO(said.content))
    text = "\n".join(sheet.extract_text() for sheet in file.pages)
    for words in ("4,321", "70%", "Data up to", f"1 / {len(file.pages)}", "Link that keeps these figures"):
        assert words in text, words
    assert EVIL in text.replace("\n", "")
    assert "Take along" not in text
    root = file.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert EVIL in file.metadata.title
    parts = list(_parts(root["/StructTreeRoot"]))
    assert {"/H1", "/H2"} <= {part.get("/S") for part in parts}
    assert [part for part in parts if part.get("/S") == "/Figure" and not part.get("/Alt")] == []
    links = {note["/A"]["/URI"] for sheet in file.pages for note in sheet.get("/Annots", []) if "/A" in note}
    assert links
    base = one.client.base_url
    assert {link for link in links if not link.startswith(str(base))} == set()


@made
def test_a_hebrew_page_runs_from_right_to_left(visit: Callable[..., Visitor]) -> None:
    """Its language stands in the file, and the first column of its tables is the one on the right."""
    import pypdf

    said = visit(told_runs.told()).client.get("/take.pdf?of=/teams", headers={"Accept-Language": "he"})
    file = pypdf.PdfReader(io.BytesIO(said.content))
    assert file.trailer["/Root"]["/Lang"] == "he"
    places: dict[str, float] = {}

    def look(text: str, _current: object, at: list[float], *_more: object) -> None:
        places.setdefault(text.strip(), at[4])

    file.pages[0].extract_text(visitor_text=look)
    middle = float(file.pages[0].mediabox.width) / 0.75 / 2  # places are said in 96ths of an inch
    # Of some letters f and i are drawn as one, and stand apart from the rest.
    assert next(at for text, at in places.items() if "firstcontact".endswith(text) and len(text) > 8) > middle
    assert {name: places[name] for name in told_runs.TEAMS if places[name] < middle} == {}


@pytest.mark.usefixtures("unset")
def test_who_may_not_see_a_page_has_no_pdf_of_it(visit: Callable[..., Visitor]) -> None:
    """Its PDF answers as the page itself does: with the same refusal, or the way to the same other page."""
    run, name = told_runs.told(), quote(told_runs.REASONS[0])
    refused = set()
    for role in Role:
        one = visit(run, role, "Alpha").client
        for path in PAGES:
            seen = one.get(f"{path}?name={name}", follow_redirects=False)
            said = one.get(f"/take.pdf?of={path}&name={name}", follow_redirects=False)
            answers = [(each.status_code, each.headers.get("location")) for each in (seen, said)]
            assert answers[0] == answers[1], (role, path)
            assert (said.headers.get("content-type") == "application/pdf") == (seen.status_code == 200), (role, path)
            refused |= {role} if said.status_code == 403 else set()
    assert refused >= {Role.TEAM_LEAD, Role.AGENT, Role.WALLBOARD}


@pytest.mark.usefixtures("unset")
def test_a_team_lead_takes_their_own_teams_along(visit: Callable[..., Visitor]) -> None:
    """What the page shows of one's own teams, and no other team."""
    rows = [row("fcr_issue", share(0.7, 400), "team", {"team": name}) for name in ("North", "South")]
    run = told_runs.told()
    text = visit(replace(run, rows=(*run.rows, *rows)), Role.TEAM_LEAD, "North").get("/take.pdf?of=/teams").text
    assert "North" in text
    assert not [name for name in ("South", *told_runs.TEAMS) if name in text]


@pytest.mark.usefixtures("unset")
def test_a_pdf_shows_what_the_address_asks(visit: Callable[..., Visitor]) -> None:
    """What is searched on the page is searched on paper; a run or a reason that is not there is not found."""
    one = visit(told_runs.told())
    seen = one.get("/reasons?q=delivery").text
    link = html.unescape(re.findall(r'href="(/take\.pdf[^"]+)"', seen)[0])
    assert 'value="delivery"' in one.get(link).text
    assert one.get("/take.pdf?of=/reasons&run=nothing").status_code == 404
    assert one.get("/take.pdf?of=/reason&name=nothing").status_code == 404
    assert one.get("/take.pdf?of=/audit").status_code == 422


def test_where_no_pdf_is_made_the_page_says_so(visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without WeasyPrint or Pango there is no link to a PDF, only the browser's own; its address names what is lacking
    (FC9801)."""
    for where in (page, maker):
        monkeypatch.setattr(where, "pdf_made", lambda: False)
    one = visit(run_factory.centre())
    seen = one.get("/").text
    assert "/take.xlsx" in seen
    assert "/take.pdf" not in seen
    assert "data-print" in seen
    said = one.client.get("/take.pdf", headers={"Accept": "application/json"})
    assert said.status_code == 501
    assert said.json()["code"] == "FC9801"
    assert "extra `pdf`" in said.json()["detail"]
