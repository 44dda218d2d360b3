"""A PDF is set apart from everything: in so much time and memory, from the page alone, with nothing fetched."""

from __future__ import annotations

import io
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from xml.etree.ElementTree import fromstring, tostring

import pytest

from firstcontact.doors import pdf as maker
from firstcontact.doors.pdf import paper, pdf, pdf_made
from firstcontact.doors.pdf_press import LACKING, lay_out, visible
from firstcontact.kernel.errors import FirstcontactError

made = pytest.mark.skipif(not pdf_made(), reason="WeasyPrint or Pango is not on this machine (tools/install-pango)")
PAGE = "<!doctype html><html lang=en><head><title>t</title></head><body><p>{}</p></body></html>"
SVG = "http://www.w3.org/2000/svg"


def _code(html: str = PAGE) -> str:
    with pytest.raises(FirstcontactError) as raised:
        pdf(html, "")
    return raised.value.faults[0].kind.code


@made
def test_nothing_is_fetched(tmp_path: Path) -> None:
    """Neither from another server nor from this one's disk, however the page or its style sheet asks for it."""
    import pypdf

    asked: list[str] = []

    class Tempting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    secret = tmp_path / "secret.svg"
    secret.write_text(f"<svg xmlns='{SVG}' width='90' height='20'><text y='15'>SECRET</text></svg>")
    server = HTTPServer(("127.0.0.1", 0), Tempting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    there = f"http://127.0.0.1:{server.server_port}"
    try:
        body = "".join(
            f"<img src='{at}'><object data='{at}'></object><link rel=stylesheet href='{at}'>"
            f"<link rel=attachment href='{at}'><embed src='{at}'><svg><image href='{at}' width=9 height=9 /></svg>"
            f"<style>@import '{at}';p{{background:url({at})}}@font-face{{font-family:x;src:url({at})}}</style>"
            for at in (f"{there}/x.svg", secret.as_uri())
        )
        css = f"@import '{there}/c';p{{font-family:x;list-style:url({secret.as_uri()})}}"
        file = pypdf.PdfReader(io.BytesIO(pdf(PAGE.format(body + "kept"), css, base=there)))
    finally:
        server.shutdown()
        server.server_close()
    text = "".join(sheet.extract_text() for sheet in file.pages)
    assert "kept" in text
    assert "SECRET" not in text
    assert not file.attachments
    assert asked == []


@made
def test_chinese_is_set_in_chinese_letters() -> None:
    """Not in boxes, and in the shapes of the country that the page's language names."""
    import pypdf

    found = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False).stdout
    if "Noto Sans CJK SC" not in found:
        pytest.skip("there are no Chinese letters on this machine (fonts-noto-cjk)")
    css = 'p{font-family:"Noto Sans CJK SC"}'
    file = pypdf.PdfReader(io.BytesIO(pdf(PAGE.replace("=en", "=zh-Hans").format("首次联系解决率"), css)))
    fonts = file.pages[0]["/Resources"]["/Font"].values()
    assert [one for one in fonts if "CJK-SC" in one["/BaseFont"]]
    assert "首次联系解决率" in file.pages[0].extract_text()


def test_a_pdf_may_take_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is too long, takes too long or ends the program is refused (FC9802); while others are made, one waits
    a while and is told to come again (FC9803); where the library does not load, what is lacking is named (FC9801)."""
    monkeypatch.setattr(maker, "pdf_made", lambda: True)
    monkeypatch.setattr(maker, "MOST_TEXT", 100)
    assert _code("x" * 101) == "FC9802"

    def late(*_: object, **more: object) -> None:
        raise subprocess.TimeoutExpired("x", 1.0)

    monkeypatch.setattr(maker.subprocess, "run", late)
    assert _code() == "FC9802"
    for ends, code in ((-9, "FC9802"), (0, "FC9802"), (LACKING, "FC9801")):
        ended = SimpleNamespace(returncode=ends, stdout=b"")
        monkeypatch.setattr(maker.subprocess, "run", lambda *_, ended=ended, **__: ended)
        assert _code() == code
    monkeypatch.setattr(maker, "WAIT_SECONDS", 0.01)
    with maker._one:
        assert _code() == "FC9803"
    monkeypatch.setattr(maker, "_places", threading.Semaphore(0))
    assert _code() == "FC9803"


def test_what_sets_a_pdf_knows_nothing_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets of the surroundings do not reach the program that sets it."""
    monkeypatch.setattr(maker, "pdf_made", lambda: True)
    monkeypatch.setenv("FIRSTCONTACT_SECRET", "s")
    surroundings: dict[str, str] = {}

    def run(*_: object, env: dict[str, str], **__: object) -> SimpleNamespace:
        surroundings.update(env)
        return SimpleNamespace(returncode=0, stdout=b"%PDF-1.7")

    monkeypatch.setattr(maker.subprocess, "run", run)
    assert pdf(PAGE, "") == b"%PDF-1.7"
    assert "PATH" in surroundings
    assert not [name for name in surroundings if name.startswith("FIRSTCONTACT")]


def test_what_is_for_a_screen_becomes_fit_for_paper() -> None:
    """Forms, scripts and menus go with what asks for them; tables by role become tables; a row's drawing holds its own
    marks and no other row's; colours by name become colours; what every figure rests on stands at the foot."""
    marks = (
        '<text transform="translate(1,10)">axis</text><line transform="translate(5,28)" y2="200"/>'
        '<path transform="translate(9,51)" d="M-5,0L5,5" fill="var(--ink)"/>'
        '<path transform="translate(9,151)" d="M1,1"/>'
    )
    row = f'''<span role="cell" class="name">one</span><span role="cell">
        <svg xmlns="{SVG}" viewBox="0 34 300 34" aria-label="long"><title>short</title>
        <use href="#dots"/></svg></span>'''
    page = fromstring(
        f"""<html><head><title>Reasons · firstcontact</title><script/></head><body>
        <svg xmlns="{SVG}" class="store"><g id="dots">{marks}</g></svg>
        <nav class="side"/><main><h2>All</h2><form/><p>kept</p><bdi>{"x" * 9_000}</bdi>
        <div role="table"><div role="rowgroup"><div role="row" class="unseen"/></div>
        <div role="rowgroup"><div role="row">{row}</div></div></div>
        <dl><dt>a</dt><dd>b</dd></dl><h3>Ask</h3><p>gone</p><form/>
        <footer class="stamp"><dl><div><dt>Data up to</dt><dd>now</dd></div>
        <div><dt>View</dt><dd><a href="/x">y</a></dd></div></dl></footer></main></body></html>"""
    )
    asked = {"base": "https://here.example/reasons", "letters": "Noto Sans", "paints": {"ink": "#123456"}, "foot": ""}
    lay_out(page, asked)
    text = tostring(page, encoding="unicode")
    assert "kept" in text
    assert [one.text for one in page.iter("bdi")] == ["x" * 299 + "\u2026"]
    assert not [word for word in ("gone", "Ask", "script", "<form", "nav", "store", "axis") if word in text]
    body = page.find("body")
    assert body is not None
    assert (body.get("data-title"), body.get("data-foot")) == ("Reasons", "Data up to \u2068now\u2069")
    link = page.find(".//a")
    assert link is not None
    assert link.get("data-href") == "https://here.example/x"
    name = page.find(".//table/tbody/tr/th")
    assert name is not None
    assert (name.text, name.get("scope")) == ("one", "row")
    drawing = page.find(f".//table/tbody/tr/td/{{{SVG}}}svg")
    assert drawing is not None
    assert [one.get("fill") for one in drawing.iter(f"{{{SVG}}}path")] == ["#123456"]
    assert len(list(drawing.iter(f"{{{SVG}}}line"))) == 1
    assert drawing.findtext(f"{{{SVG}}}title") == "long"
    assert page.find(".//main/dl/div/dt") is not None


def test_words_from_right_to_left_stand_in_drawings_as_they_are_read() -> None:
    """Drawings are lettered from left to right, letter by letter: Hebrew stands there in the order in which it is seen,
    and its numbers as they are."""
    assert visible("Dec 29") == "Dec 29"
    if visible("\u05d0\u05d1") == "\u05d0\u05d1":
        pytest.skip("FriBidi is not on this machine (tools/install-pango)")
    assert visible("29 \u05d3\u05e6\u05de\u05f3") == "29 \u05f3\u05de\u05e6\u05d3"
    assert visible("\u05d9\u05e2\u05d3 80%") == "80% \u05d3\u05e2\u05d9"


def test_sheets_begin_where_the_language_does() -> None:
    """Head and foot change sides with the direction of the page."""
    assert '@top-left{content:"firstcontact"' in paper("ltr")
    assert '@top-right{content:"firstcontact"' in paper("rtl")
    assert "-start{content" not in paper("ltr")
