"""What pages are told while somebody looks: what they may see, by one look for all, until they may not hear it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from firstcontact.doors.api.app import create_app
from firstcontact.doors.web import sections
from firstcontact.doors.web.live import MOST_EACH, Listener, Live
from firstcontact.doors.web.pages import overview
from firstcontact.services.access import Role
from firstcontact.services.account import change_account
from firstcontact.services.audit import Event
from firstcontact.services.service import Service
from firstcontact.services.session import open_session
from tests import told_runs
from tests.service_fixture import caller_of
from tests.web.shown import Showing
from tests.web.test_accounts_api import account


class Counting:
    """A queue that counts how often it is looked at, and knows the step of its one job."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self.looks = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    def page(self, **asked: Any) -> Any:
        self.looks += asked["state"] == "running"
        return self._queue.page(**asked)


def listener(service: Service, role: Role = Role.MANAGER, say: Callable[[str], str] = str) -> Listener:
    """Somebody who is logged in and listens."""
    made = account(service, role)
    cookie = open_session(service.sessions, made, device=None, now=service.now(), how="password")
    return Listener(made.id, (None, cookie), say)


async def until(lines: AsyncIterator[str], wanted: str) -> str:
    """What is told, up to what is waited for."""
    async with asyncio.timeout(20):
        async for text in lines:
            if wanted in text:
                return text
    return ""


def jobs_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: {")]


def test_one_look_serves_all_in_their_own_words(sqlite_service: Service) -> None:
    """Ten who listen cost what one costs; each hears of a job that begins, goes on and ends, in their own language."""
    counting = Counting(sqlite_service.queue)
    service = replace(sqlite_service, queue=counting)  # type: ignore[arg-type]
    now = service.now()
    job = service.queue.ask("measure", {}, asked_by="x", now=now)

    async def run() -> None:
        hub = Live(service, every=0.05)
        lines = [hub.lines(listener(service, say=str.upper)) for _ in range(10)]
        told = [jobs_of(await until(one, job.id)) for one in lines]
        assert all(one == [{"id": job.id, "progress": 0.0, "step": "WAITING", "ended": False}] for one in told)
        service.queue.take("w", ["measure"], now)
        service.queue.renew(job.id, "w", now, "counting", 0.5)
        assert jobs_of(await until(lines[0], "COUNTING"))[0]["progress"] == 0.5
        service.queue.end(job.id, "w", "done", now)
        assert jobs_of(await until(lines[0], '"ended": true'))[0]["id"] == job.id
        before, began = counting.looks, asyncio.get_running_loop().time()
        await asyncio.sleep(0.5)
        assert counting.looks - before <= (asyncio.get_running_loop().time() - began) / 0.05 + 1
        hub.stop()
        # What had been said before is heard still; then the line ends, and not by the clock of the test.
        ended = asyncio.get_running_loop().time()
        assert await until(lines[1], "never") == ""
        assert asyncio.get_running_loop().time() - ended < 3

    asyncio.run(run())


@pytest.mark.parametrize("how", ["logout", "disabled", "expired"])
def test_it_ends_with_the_right_to_hear_it(sqlite_service: Service, how: str) -> None:
    """After log-out, when the account is disabled, and when the session is over, nothing more is said; listening itself
    keeps no session alive."""
    clock = [sqlite_service.now()]
    service = replace(sqlite_service, now=lambda: clock[0])

    async def run() -> None:
        hub = Live(service, every=0.02, beat=0.01)
        one = listener(service)
        lines = hub.lines(one)
        assert await until(lines, ":") != ""
        event = Event("x", "test", clock[0])
        found = service.accounts.find(one.account)
        assert found is not None
        if how == "expired":
            clock[0] += timedelta(hours=3)
        elif how == "logout":
            service.sessions.close(one.account, event)
        else:
            change_account(service.accounts, found, {"disabled": True}, actor="x", now=clock[0], edition=found.edition)
        assert await until(lines, "never") == ""
        assert hub.takes(one.account)

    asyncio.run(run())


def test_nobody_hears_what_they_may_not_see(sqlite_service: Service) -> None:
    """An agent hears of no job; a wallboard's line lives and says nothing of them."""
    sqlite_service.queue.ask("measure", {}, asked_by="x", now=sqlite_service.now())

    async def run(role: Role) -> str:
        hub = Live(sqlite_service, every=0.02, beat=0.05)
        found = ""
        async with asyncio.timeout(20):
            async for text in hub.lines(listener(sqlite_service, role)):
                found += text
                if text == ":\n\n":
                    break
        return found

    for role in (Role.AGENT, Role.WALLBOARD):
        assert "event: job" not in asyncio.run(run(role))


def test_an_account_holds_few_lines(sqlite_service: Service) -> None:
    """Beyond them a browser is told to ask no more, and its pages work; a line that is let go makes room."""

    async def run() -> None:
        hub = Live(sqlite_service, every=0.05)
        one = listener(sqlite_service)
        lines = [hub.lines(Listener(one.account, one.credential, str)) for _ in range(MOST_EACH)]
        for each in lines:
            await anext(each)
        assert not hub.takes(one.account)
        late = hub.lines(Listener(one.account, one.credential, str))
        assert [text async for text in late] == []  # it was let in when all of them asked at once
        assert hub.takes("another")
        await lines[0].aclose()
        assert hub.takes(one.account)
        hub.stop()
        assert not hub.takes("another")

    asyncio.run(run())


def test_a_server_that_stops_waits_for_no_line(sqlite_service: Service) -> None:
    """The signal that ends the process ends every line, and whoever heard of it before still does."""
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    interrupt = signal.getsignal(signal.SIGINT)

    async def run() -> None:
        lines = Live(sqlite_service, every=0.05).lines(listener(sqlite_service))
        await anext(lines)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await until(lines, "never") == ""

    try:
        asyncio.run(run())
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, interrupt)
    assert heard == [signal.SIGTERM]


def test_the_address_answers_nobody_unknown(sqlite_service: Service) -> None:
    """Who is not known is refused; a session that has ended meanwhile is told nothing, and the line ends."""
    make = caller_of(sqlite_service)
    assert make(None).get("/live").status_code == 401
    ended = make(Role.MANAGER).get("/live")
    assert (ended.headers["content-type"].partition(";")[0], ended.text) == ("text/event-stream", "retry: 5000\n\n")


def test_a_page_that_only_listens_keeps_no_session_alive(sqlite_service: Service) -> None:
    """Over HTTP too, where a line that is cut is asked for anew again and again; a look at a page does."""
    clock = [sqlite_service.now()]
    service = replace(sqlite_service, now=lambda: clock[0])
    app = create_app(service)

    def after(path: str) -> int:
        cookie = open_session(
            service.sessions, account(service, Role.MANAGER), device=None, now=clock[0], how="password"
        )
        client = TestClient(app, base_url=service.settings.url)
        client.cookies.set("firstcontact", cookie)
        app.state.live = Live(service)
        app.state.live.stop()
        for _ in range(3):
            clock[0] += timedelta(minutes=50)
            client.get(path)
        return client.get("/api/v1/me").status_code

    assert (after("/live"), after("/me")) == (401, 200)


def test_no_error_ends_the_watch(sqlite_service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong in a look, signs of life go on, the log names it once, and news come when it works again."""
    broken = [True]

    class Runs:
        def current(self) -> None:
            if broken[0]:
                raise ZeroDivisionError("a customer's name")

    service = replace(sqlite_service, runs=Runs())  # type: ignore[arg-type]
    job = service.queue.ask("measure", {}, asked_by="x", now=service.now())

    async def run() -> None:
        hub = Live(service, every=0.02, beat=0.05)
        hub._answered = True
        lines = hub.lines(listener(service))
        for _ in range(3):
            assert await until(lines, ":\n\n") == ":\n\n"
        broken[0] = False
        assert jobs_of(await until(lines, job.id))
        hub.stop()

    asyncio.run(run())
    assert [one.getMessage() for one in caplog.records if one.name == "firstcontact.live"] == [
        "nothing new can be told for now: ZeroDivisionError"
    ]


def test_new_figures_are_told_of_once_they_are_drawn(sqlite_service: Service) -> None:
    """In the languages of those who listen, once each; what was there before is told at once; a page that cannot be
    drawn ahead holds nobody up."""
    now, drawn = ["one"], []

    class Runs:
        def current(self) -> Any:
            return SimpleNamespace(id=now[0])

    def draw(language: str) -> None:
        drawn.append((now[0], language))
        if language == "he":
            raise ZeroDivisionError

    service = replace(sqlite_service, runs=Runs())  # type: ignore[arg-type]

    async def run() -> None:
        hub = Live(service, every=0.02, draw=draw)
        first = listener(service)
        lines = [hub.lines(replace(first, language=tag, woken=asyncio.Event(), sent={})) for tag in ("he", "en", "en")]
        for each in lines:
            assert "data: one" in await until(each, "event: run")
        assert drawn == []
        now[0] = "two"
        for each in lines:
            assert "data: two" in await until(each, "event: run")
            assert drawn == [("two", "en"), ("two", "he")]
        hub.stop()

    asyncio.run(run())


def test_the_overview_is_ready_before_anybody_asks(
    sqlite_service: Service, showing: Showing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is drawn ahead is what the page shows: nothing of it is drawn again."""
    service = showing(sqlite_service, told_runs.told())
    overview.draw(service, "en")

    def again(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sections, "_sections", again)
    monkeypatch.setattr(sections, "_opening", again)
    page = caller_of(service)(Role.MANAGER).get("/", headers={"Accept": "text/html", "Accept-Language": "en"})
    assert (page.status_code, 'href="/contacts?' in page.text) == (200, True)
