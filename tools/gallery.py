"""Pictures of every page: English and Hebrew, light and dark, on a desk and on a phone, and a page that shows them.

Run by `make gallery`, or `python -m tools.gallery [--servicenow FILE] [--out FOLDER] [--contacts N]`. A demonstration
is filled and measured in a temporary directory, and served as a user would serve it; with a file of ServiceNow's
incident log (the zipped one of the tests will do), a second service shows that. Nothing of it is committed.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

from firstcontact import bootstrap
from firstcontact.doors import demo
from firstcontact.kernel.service_settings import ServiceSettings
from firstcontact.services.access import GRANTS, Principal, Role
from firstcontact.services.account import add_account
from firstcontact.services.service import Service
from firstcontact.services.session import make_token
from tools.crawl import crawl, shape

ROOT = Path(__file__).parents[1]
LANGUAGES, THEMES = ("en", "he"), ("light", "dark")
SCREENS = {"desk": (1280, 900), "phone": (390, 844)}
CONTACTS = 12_000
TALLEST = 6_000
"""Pixels of a picture; what is below is cut."""
SERVICENOW = ROOT.parent / "shared" / "data" / "servicenow-incidents" / "incident_event_log.zip"
OUTSIDE = ("/login", "/password")
"""Pages that are seen before one is known."""
VISITORS = {"manager@demo.example": Role.MANAGER, "admin@demo.example": Role.ADMINISTRATOR}
"""Who looks; each page is seen by the first who may open it."""
OWN: dict[str, tuple[Role, tuple[str, ...]]] = {
    "lead@demo.example": (Role.TEAM_LEAD, ("/", "/teams", "/me")),
    "agent@demo.example": (Role.AGENT, ("/", "/me", "/contacts")),
    "board@demo.example": (Role.WALLBOARD, ("/wall",)),
}
"""Who sees pages otherwise than those: which pages."""
TEAMS = ("Group 70",)
"""Theirs, in the incident log."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a page.

    Attributes:
        data: Which service: `demo` or `servicenow`.
        page: What stands in its file's name.
        address: The page's.
        language: `en`, `he`.
        theme: `light`, `dark`.
        screen: `desk`, `phone`.
        file: Its name.
    """

    data: str
    page: str
    address: str
    language: str
    theme: str
    screen: str
    file: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, serve, go through, take pictures, and write the page that shows them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servicenow", type=Path, default=SERVICENOW, help="the incident log; left out where absent")
    parser.add_argument("--out", type=Path, default=ROOT / "gallery")
    parser.add_argument("--contacts", type=int, default=CONTACTS, help="of the demonstration")
    asked = parser.parse_args(arguments)
    shutil.rmtree(asked.out, ignore_errors=True)
    asked.out.mkdir(parents=True)
    taken = []
    with tempfile.TemporaryDirectory(prefix="gallery") as folder:
        place = Path(folder)
        password = fill_demo(place / "demo", asked.contacts)
        with serving(place / "demo") as address:
            taken += pictures("demo", address, password, asked.out)
        if asked.servicenow.is_file():
            password = fill_servicenow(place / "servicenow", asked.servicenow)
            with serving(place / "servicenow") as address:
                taken += pictures("servicenow", address, password, asked.out)
    (asked.out / "index.html").write_text(index(taken), encoding="utf-8")
    print(f"{len(taken)} pictures: {asked.out / 'index.html'}")


def fill_demo(folder: Path, contacts: int) -> str:
    """A demonstration, measured; gives the password of its accounts.

    Args:
        folder: Its directory, not there yet.
        contacts: How many.
    """
    service = bootstrap.open_service(ServiceSettings(data=folder))
    try:
        password = demo.fill(service, say=print, contacts=contacts)
        print("Measuring ...", flush=True)
        _work(service)
        return password
    finally:
        service.close()


def fill_servicenow(folder: Path, file: Path) -> str:
    """A service with the incident log, as it is understood by itself, measured; gives its visitors' password.

    Args:
        folder: Its directory, not there yet.
        file: The log.
    """
    from firstcontact.client import Client

    service = bootstrap.open_service(ServiceSettings(data=folder))
    password = secrets.token_urlsafe(12)
    now = service.now()
    try:
        kept = service.passwords.keep(password)
        everybody = {email: role for email, (role, _) in OWN.items()} | VISITORS
        for email, role in everybody.items():
            teams = TEAMS if role in (Role.TEAM_LEAD, Role.AGENT) else ()
            made = add_account(
                service.accounts, email=email, name=role.value.capitalize(), role=role.value, teams=teams,
                agent_id=None, password_hash=kept, actor="gallery", now=now, new_id=secrets.token_hex(16),
            )  # fmt: skip
        who = Principal(made.id, made.email, Role.ADMINISTRATOR)
        held = sorted(permission for permission in GRANTS[Role.ADMINISTRATOR] if who.may(permission))
        ends = now + timedelta(hours=6)
        token = make_token(service.sessions, who, name="gallery", permissions=held, expires_at=ends, now=now)[1]
    finally:
        service.close()
    with serving(folder) as address, Client(address, token) as client:
        print("Bringing the incident log ...", flush=True)
        client.start(client.preview(client.upload(file, source="ServiceNow").id).id)
        client.measure()
    return password


def _work(service: Service) -> None:
    bootstrap.open_worker(service).drain()


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A service that runs over a directory as a user runs it; gives its address.

    Args:
        folder: What it keeps everything in.
    """
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    surroundings = os.environ | {"FIRSTCONTACT_DATA": str(folder), "FIRSTCONTACT_PORT": str(port)}
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-m", "firstcontact.doors.cli", "serve"]
        process = subprocess.Popen(command, env=surroundings, stdout=log, stderr=log)  # noqa: S603 - our own program
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/ready", timeout=5):  # noqa: S310 - as above
                break
            time.sleep(0.2)
        else:
            raise SystemExit("the service did not begin")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def chromium() -> str:
    """Where the browser is.

    Raises:
        SystemExit: It is nowhere.
    """
    asked = os.environ.get("FIRSTCONTACT_CHROMIUM")
    found = asked or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise SystemExit("no Chromium on this machine (set FIRSTCONTACT_CHROMIUM to one)")
    return found


def pictures(data: str, address: str, password: str, out: Path) -> list[Picture]:
    """Take pictures of a page of every kind.

    Args:
        data: Which service, for the names of files.
        address: The service's.
        password: Its visitors'.
        out: Where pictures are put.
    """
    from playwright.sync_api import sync_playwright

    taken = []
    with sync_playwright() as play:
        browser: Any = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        seen: list[tuple[Any, list[str], str]] = [(None, list(OUTSIDE), "")]
        for email in VISITORS:
            context = browser.new_context(locale="en")
            _log_in(context.new_page(), address, email, password)
            known = {shape(place) for _, places, _ in seen for place in places}
            places = [place for place in one_of_each(context, address) if shape(place) not in known]
            seen.append((context.storage_state(), places, ""))
            context.close()
        for email, (role, own) in OWN.items():
            context = browser.new_context(locale="en")
            _log_in(context.new_page(), address, email, password)
            seen.append((context.storage_state(), list(own), role.value))
            context.close()
        for language, theme, (screen, (width, height)) in product(LANGUAGES, THEMES, SCREENS.items()):
            look = {"locale": language, "color_scheme": theme, "viewport": {"width": width, "height": height}}
            for state, places, whose in seen:
                context = browser.new_context(storage_state=state, reduced_motion="reduce", **look)
                page = context.new_page()
                for place in places:
                    one = _picture(data, place, language, theme, screen, whose)
                    page.goto(address + place)
                    tall = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
                    clip = {"x": 0, "y": 0, "width": width, "height": max(tall, height)}
                    page.screenshot(path=out / one.file, full_page=True, clip=clip)
                    taken.append(one)
                context.close()
            print(f"{data}: {language}, {theme}, {screen}", flush=True)
        browser.close()
    return taken


def _log_in(page: Any, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/login")
    page.fill("input[name=email]", email)
    page.fill("input[name=password]", password)
    page.click("main button")
    page.wait_for_url(lambda place: "/login" not in place)


def one_of_each(context: Any, address: str) -> list[str]:
    """Addresses of the pages that a visitor of a browser comes to, one of each kind.

    Args:
        context: The browser's, logged in.
        address: The service's.
    """

    def get(place: str) -> tuple[int, str]:
        answer = context.request.get(address + place, headers={"Accept": "text/html"})
        return answer.status, answer.text()

    found: dict[str, str] = {}
    for page in crawl(get, each=1):
        found.setdefault(shape(page.address), page.address)
    return list(found.values())


def _picture(data: str, place: str, language: str, theme: str, screen: str, whose: str) -> Picture:
    name = re.sub(r"[^a-z]+", "-", shape(place).replace("*", "one")).strip("-") or "overview"
    name = f"{whose}-{name}" if whose else name
    return Picture(data, name, place, language, theme, screen, f"{data}-{name}-{language}-{theme}-{screen}.png")


def index(taken: list[Picture]) -> str:
    """The page that shows the pictures, page by page.

    Args:
        taken: All of them.
    """
    parts = []
    for data, name in dict.fromkeys((one.data, one.page) for one in taken):
        shown = [one for one in taken if (one.data, one.page) == (data, name)]
        figures = "".join(
            f'<figure><a href="{one.file}"><img src="{one.file}" loading="lazy" alt=""></a>'
            f"<figcaption>{one.language}, {one.theme}, {one.screen}</figcaption></figure>"
            for one in shown
        )
        parts.append(f"<h2>{data}: {html.escape(name)}</h2><p>{html.escape(shown[0].address)}</p><div>{figures}</div>")
    style = (
        "body{font:15px sans-serif;margin:24px}div{display:flex;gap:12px;overflow-x:auto}figure{margin:0;flex:none}"
        "img{height:420px;border:1px solid #ccc;object-fit:cover;object-position:top;max-width:600px}"
    )
    return f"<!doctype html><meta charset=utf-8><title>Gallery</title><style>{style}</style>{''.join(parts)}\n"


if __name__ == "__main__":
    main()
