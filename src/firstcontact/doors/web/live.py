"""What the service tells while somebody looks: one look at the store for all who listen, however many they are."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from types import FrameType

from starlette.concurrency import run_in_threadpool

from firstcontact.doors.web.job_words import STATES, step_words
from firstcontact.services.access import Permission, Principal
from firstcontact.services.queue import Job
from firstcontact.services.service import Service
from firstcontact.services.session import still

EVERY = 1.0
"""Seconds between two looks at the store, as long as anybody listens."""

BEAT = 15.0
"""Seconds after which something is sent in any case, so that nothing on the way takes the line for dead."""

MOST_EACH = 4
"""Lines that one account may hold. A browser has six to a server and needs some for its pages."""

MOST = 1_000
"""Lines that one process holds."""

_NEWEST = 50

_log = logging.getLogger("firstcontact.live")

Credential = tuple[str | None, str | None]
"""By what somebody is known: a program's token, or the secret of a browser's cookie."""


@dataclass(eq=False, slots=True)
class Listener:
    """Somebody who listens.

    Attributes:
        account: Whose page it is.
        credential: By which they are known; asked anew before anything is said.
        say: Puts a sentence into their language.
        language: Its tag.
        sent: What they were told of each job.
        run: The run that they were told of.
        woken: Set when there may be something to say.
    """

    account: str
    credential: Credential
    say: Callable[[str], str]
    language: str = "en"
    sent: dict[str, tuple[float, str, bool]] = field(default_factory=dict)
    run: str = ""
    woken: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look found."""

    run: str
    jobs: dict[str, tuple[float, str, bool]]
    known: dict[Credential, Principal | None]


class Live:
    """Looks at the store for all who listen. Everything here happens in one event loop, which no look holds up.

    Args:
        service: Whose store.
        every: Seconds between two looks.
        beat: Seconds between two signs of life.
        draw: Draws, in a language, what most will look at first once there are new figures; they are told of only then.
    """

    def __init__(
        self,
        service: Service,
        *,
        every: float = EVERY,
        beat: float = BEAT,
        draw: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._service = service
        self._every = every
        self._beat = beat
        self._draw = draw
        self._listeners: set[Listener] = set()
        self._seen = _Seen("", {}, {})
        self._answered = False
        self._ready = ""
        self._drawing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._stopped = False
        self._hearing = False

    def takes(self, account: str) -> bool:
        """Whether one more may listen for an account."""
        own = sum(1 for one in self._listeners if one.account == account)
        return not self._stopped and own < MOST_EACH and len(self._listeners) < MOST

    def stop(self) -> None:
        """End every line: the server is about to stop, and waits for nobody who only listens."""
        self._stopped = True
        for one in self._listeners:
            one.woken.set()

    async def lines(self, listener: Listener) -> AsyncIterator[str]:
        """What somebody is told, as server-sent events, until they may not hear it any more."""
        # Asked again, in the step that takes the place: many may have asked at once, and all were told yes.
        if not self.takes(listener.account):
            return
        self._listeners.add(listener)
        try:
            self._hear()
            if self._watching is None or self._watching.done():
                self._watching = asyncio.create_task(self._watch())
            yield "retry: 5000\n\n"
            told = time.monotonic()
            while not self._stopped:
                await listener.woken.wait()
                listener.woken.clear()
                text = ""
                if self._answered and listener.credential in self._seen.known:
                    who = self._seen.known[listener.credential]
                    if who is None:
                        return
                    text = _news(self._seen, listener, who)
                if not text and time.monotonic() - told >= self._beat:
                    text = ":\n\n"
                if text:
                    told = time.monotonic()
                    yield text
        finally:
            self._listeners.discard(listener)

    def _hear(self) -> None:
        """Hear of it when this process is asked to stop, beside whoever hears of it already."""
        if self._hearing or threading.current_thread() is not threading.main_thread():
            return
        self._hearing = True
        loop = asyncio.get_running_loop()

        def hear(before: Callable[..., object], number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.stop)
            before(number, frame)

        for wish in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(wish)
            # The loop's own handler is told through a pipe, whatever function stands here.
            if callable(before):
                signal.signal(wish, partial(hear, before))

    async def _watch(self) -> None:
        while self._listeners and not self._stopped:
            asked = {one.credential for one in self._listeners}
            try:
                seen = await run_in_threadpool(self._look, asked, self._seen)
            except Exception as error:
                if self._answered:
                    _log.warning("nothing new can be told for now: %s", type(error).__name__)
                self._answered = False
            else:
                self._answered = True
                self._make_ready(seen.run)
                self._seen = replace(seen, run=self._ready)
            for one in self._listeners:
                one.woken.set()
            await asyncio.sleep(self._every)

    def _make_ready(self, run: str) -> None:
        """Draw what a new run will be asked for first, before all who listen ask for it at once."""
        if run == self._ready or (self._drawing is not None and not self._drawing.done()):
            return
        if not self._ready:
            self._ready = run  # of what was there before anybody listened nothing is new
            return
        languages = sorted({one.language for one in self._listeners})
        self._drawing = asyncio.create_task(self._drawn(run, languages))

    async def _drawn(self, run: str, languages: list[str]) -> None:
        for language in languages:
            try:
                await run_in_threadpool(self._draw, language)
            except Exception as error:
                _log.warning("a page could not be drawn ahead: %s", type(error).__name__)
        self._ready = run

    def _look(self, asked: set[Credential], before: _Seen) -> _Seen:
        service = self._service
        kept = service.runs.current()
        found: dict[str, Job] = {}
        for state in ("running", "waiting", None):
            found |= {job.id: job for job in service.queue.page(state=state, before=None, limit=_NEWEST)}
        for job_id, (_, _, ended) in before.jobs.items():
            if not ended and job_id not in found and (job := service.queue.find(job_id)) is not None:
                found[job_id] = job
        now = service.now()
        known = {
            (token, cookie): still(service.sessions, token=token, cookie=cookie, now=now) for token, cookie in asked
        }
        return _Seen(kept.id if kept else "", {job_id: _told(job) for job_id, job in found.items()}, known)


def _told(job: Job) -> tuple[float, str, bool]:
    return job.share or 0.0, job.step or STATES[job.state], job.state not in {"waiting", "running"}


def _news(seen: _Seen, listener: Listener, who: Principal) -> str:
    """What is new for somebody, as far as they may see it."""
    parts = []
    if seen.run and seen.run != listener.run and who.may(Permission.READ_BOARD):
        listener.run = seen.run
        parts.append(f"event: run\ndata: {seen.run}\n\n")
    if who.may(Permission.READ_JOBS):
        for job_id, now in seen.jobs.items():
            if listener.sent.get(job_id) != now:
                share, step, ended = now
                said = {"id": job_id, "progress": share, "step": step_words(step, listener.say), "ended": ended}
                parts.append(f"event: job\ndata: {json.dumps(said)}\n\n")
        listener.sent = dict(seen.jobs)
    return "".join(parts)
