"""Do the jobs that wait: one at a time, under a lease that is renewed while it runs, stopped where nobody wants it."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from firstcontact.kernel.errors import EXIT_OUTPUT, INTERNAL, ErrorKind, FirstcontactError, of_system
from firstcontact.kernel.sentence import clause
from firstcontact.services.queue import LEASE_SECONDS, MAX_ATTEMPTS, CancelledError, Job, Queue, State

LOOK_SECONDS = 0.25
"""How often a worker without a job looks for one."""

BUSY = "FC9102"
"""The code of a database that does not answer, or has others to serve first."""

SPARED = timedelta(days=1)
"""How long a job may be broken off by such a database before that counts as a try."""

END_SECONDS = 600.0
"""How long a worker tries to say how a job ended, whose work would else be done again."""

HEAR_SECONDS = 1.0
"""How soon a job hears that it was cancelled."""

Lane = Literal["long", "brief", "link"]

LANES: tuple[Lane, ...] = ("long", "brief", "link")
"""A process works in each of them at once, so that nothing waits behind what takes longer than itself."""

_LANE: dict[str, Lane] = {"link": "link", "deliver": "brief", "import.whole": "brief", "import.preview": "brief"}

NO_ROOM = ErrorKind(
    "FC9502",
    "The job could not write where the service keeps its data",
    EXIT_OUTPUT,
    "The disk is full or may not be written. What the job did so far was left unpublished; it is tried again, and can "
    "be asked for again once there is room.",
)

_log = logging.getLogger("firstcontact.work")


class Task:
    """A job while it is done: what its handler says of progress, and hears of whether to go on.

    Args:
        job: The job.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.step: str | None = None
        self.share: float | None = None
        self._stopped = threading.Event()
        self._interrupts: list[Callable[[], None]] = []

    def tell(self, step: str, share: float | None = None) -> None:
        """Say what is done now.

        Args:
            step: In a few words.
            share: How much is done, 0 to 1.

        Raises:
            CancelledError: The job shall stop.
        """
        if self._stopped.is_set():
            raise CancelledError
        self.step, self.share = step, share

    def wait(self, seconds: float) -> None:
        """Do nothing for a while, or until the job shall stop."""
        self._stopped.wait(seconds)

    def on_stop(self, interrupt: Callable[[], None]) -> None:
        """Have something called, from another thread, when the job shall stop: it ends a long statement."""
        self._interrupts.append(interrupt)

    @property
    def stopped(self) -> bool:
        """Whether the job shall stop."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Ask the handler to stop."""
        self._stopped.set()
        for interrupt in self._interrupts:
            interrupt()

    def over(self) -> None:
        """Nothing is left to interrupt: the handler has ended."""
        self._interrupts.clear()


def may_pass(job: Job, error: FirstcontactError, now: datetime) -> bool:
    """Whether a job that met an error shall be tried again: it may have passed by then.

    Args:
        job: The job.
        error: What it met.
        now: The moment, UTC.
    """
    busy = error.faults[0].kind.code == BUSY and _is_young(job, now)
    return error.exit_code == EXIT_OUTPUT and (busy or job.attempts < MAX_ATTEMPTS)


def _is_young(job: Job, now: datetime) -> bool:
    return now - job.created_at < SPARED


def lane_of(kind: str) -> Lane:
    """In which lane a kind of job is done.

    >>> [lane_of(kind) for kind in ("link", "deliver", "measure")]
    ['link', 'brief', 'long']
    """
    return _LANE.get(kind, "long")


Handler = Callable[[Task], dict[str, Any] | None]
"""Does a job of one kind and gives what came of it as plain data. It may be done twice without harm."""


class Worker:
    """Takes jobs and does them.

    Args:
        queue: Where jobs wait.
        handlers: What does each kind of job.
        now: The clock: UTC, without zone information.
        tick: Called before each look for a job: asks for what is done again and again.
        renew_seconds: How often a lease is renewed.
    """

    def __init__(
        self,
        queue: Queue,
        handlers: Mapping[str, Handler],
        now: Callable[[], datetime],
        *,
        tick: Callable[[], None] = lambda: None,
        renew_seconds: float = LEASE_SECONDS / 3,
    ) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._queue = queue
        self._handlers = handlers
        self._now = now
        self._tick = tick
        self._renew_seconds = renew_seconds
        self._ending = threading.Event()
        self._task: Task | None = None

    @property
    def kinds(self) -> list[str]:
        """Kinds of jobs that it does."""
        return sorted(self._handlers)

    def run(self) -> None:
        """Do jobs until `stop` is called; a database that does not answer, or breaks a promise, is asked again."""
        while not self._ending.is_set():
            try:
                self._tick()
                if self.once():
                    continue
            except FirstcontactError as error:
                _log.warning("no job could be taken", extra={"code": error.faults[0].kind.code})
            except Exception as error:  # a thread that dies is missed by nobody until everything waits
                _log.error("unforeseen error", extra={"error": type(error).__name__, "at": _at(error)})
            self._ending.wait(LOOK_SECONDS)

    def stop(self) -> None:
        """End after the job that runs, which is asked to stop and is given back."""
        self._ending.set()
        if self._task is not None:
            self._task.stop()

    def drain(self, most: int = 1_000) -> int:
        """Do the jobs that are due now, and those that they ask for; gives how many."""
        return next((done for done in range(most) if not self.once()), most)

    def once(self) -> bool:
        """Do one job; False where none is due.

        Raises:
            FirstcontactError: The database does not answer (FC9102).
        """
        job = self._queue.take(self.name, self.kinds, self._now())
        if job is None:
            return False
        task = self._task = Task(job)
        if self._ending.is_set():  # asked to end before there was a task to tell
            task.stop()
        over = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(task, over), daemon=True)
        keeper.start()
        began = self._now()
        try:
            state, result, faults = self._do(task)
            task.over()
            # The lease is renewed until it is said how the job ended.
            kept = self._end(task, state, result, faults)
        finally:
            over.set()
            keeper.join()
            self._task = None
        seconds = round((self._now() - began).total_seconds(), 3)
        said = {"job": job.id, "kind": job.kind, "state": state if kept else "lost", "seconds": seconds}
        _log.info("job ended", extra=said)
        return True

    def _end(
        self, task: Task, state: State, result: dict[str, Any] | None, faults: list[dict[str, str]] | None
    ) -> bool:
        """Say how a job ended, again and again where the database does not answer."""
        busy = any(fault["code"] == BUSY for fault in faults or ())
        spared = task.stopped or (busy and _is_young(task.job, self._now()))
        last = time.monotonic() + END_SECONDS
        while True:
            try:
                return self._queue.end(
                    task.job.id, self.name, state, self._now(), result=result, faults=faults, spared=spared
                )
            except FirstcontactError:
                # A worker that is asked to end waits no longer: whoever is next finds the lease run out.
                if time.monotonic() > last or self._ending.wait(LOOK_SECONDS):
                    raise

    def _do(self, task: Task) -> tuple[State, dict[str, Any] | None, list[dict[str, str]] | None]:
        last = task.job.attempts >= MAX_ATTEMPTS
        try:
            return "done", self._handlers[task.job.kind](task), None
        except Exception as error:  # whatever a job meets, the worker goes on
            if task.stopped:
                # Given back where the worker ends; the queue knows whether the job was cancelled.
                return "waiting", None, None
            if isinstance(error, FirstcontactError):
                passing = may_pass(task.job, error, self._now())
                return "waiting" if passing else "failed", None, [fault.as_dict() for fault in error.faults]
            if isinstance(error, OSError):
                fault = NO_ROOM.fault(
                    where=clause("the job {kind}", kind=task.job.kind),
                    saw=of_system(error),
                    allowed="room, and the right to write",
                    cure="make room; `firstcontact doctor` says how much there is",
                )
                return "failed" if last else "waiting", None, [fault.as_dict()]
            fault = INTERNAL.fault(
                where=clause("the job {kind}, {step}", kind=task.job.kind, step=task.step)
                if task.step
                else clause("the job {kind}", kind=task.job.kind),
                saw=type(error).__name__,
                allowed="no defect",
                cure="report it with the step and the kind of error",
            )
            # Where it arose, without its text, which may hold a value.
            _log.error(
                "unforeseen error", extra={"kind": task.job.kind, "error": type(error).__name__, "at": _at(error)}
            )
            return "failed" if last else "waiting", None, [fault.as_dict()]

    def _keep(self, task: Task, over: threading.Event) -> None:
        """Renew the lease until the job is over; where it is lost or the job is cancelled, the job stops."""
        renewed = time.monotonic()
        while not over.wait(min(HEAR_SECONDS, self._renew_seconds)):
            try:
                if time.monotonic() - renewed < self._renew_seconds:
                    # Only a look, which keeps no writer waiting.
                    found = self._queue.find(task.job.id)
                    kept = found is not None and not found.cancel_asked
                else:
                    kept = self._queue.renew(task.job.id, self.name, self._now(), task.step, task.share)
                    renewed = time.monotonic()
            except FirstcontactError:
                continue
            if not kept:
                task.stop()
                return


def work_together(workers: Sequence[Worker]) -> bool:
    """Have each worker run in a thread of its own, the first in this one; the end of one is the end of all.

    Args:
        workers: At least one.

    Returns:
        Whether all of them ended because they were asked to.
    """
    well = [False] * len(workers)

    def one(number: int) -> None:
        try:
            workers[number].run()
            well[number] = True
        except BaseException as error:  # said, and the process ends
            _log.critical("a worker's thread died", extra={"error": type(error).__name__, "at": _at(error)})
        finally:
            for each in workers:
                each.stop()

    beside = [threading.Thread(target=one, args=(number,)) for number in range(1, len(workers))]
    for thread in beside:
        thread.start()
    one(0)
    for thread in beside:
        thread.join()
    return all(well)


def _at(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if trace is not None else "?"
