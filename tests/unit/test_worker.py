"""A worker does jobs under a lease, tells how they go, and stops where nobody wants them."""

from __future__ import annotations

import errno
import os
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from firstcontact import bootstrap
from firstcontact.kernel.errors import EXIT_INPUT, EXIT_OUTPUT, ErrorKind, FirstcontactError
from firstcontact.services.queue import MAX_ATTEMPTS, Job
from firstcontact.services.service import Service
from firstcontact.services.work import BUSY, LANES, SPARED, Handler, Task, Worker, work_together

T0 = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001 - as moments are inside


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.moment = T0

    def __call__(self) -> datetime:
        return self.moment


def worker(service: Service, handler: Handler, clock: Clock | None = None, **more: Any) -> Worker:
    return Worker(service.queue, {"work": handler}, clock or Clock(), **more)


def ask(service: Service) -> Job:
    return service.queue.ask("work", {"n": 1}, asked_by="a", now=T0)


def found(service: Service, job: Job) -> Job:
    again = service.queue.find(job.id)
    assert again is not None
    return again


def fault(exit_code: int) -> FirstcontactError:
    code = "FC6002" if exit_code == EXIT_OUTPUT else "FC2100"
    kind: ErrorKind = ErrorKind.registry[code]
    return FirstcontactError([kind.fault(where="a", saw="b", allowed="c", cure="d")])


def test_a_job_is_done_and_its_result_kept(sqlite_service: Service) -> None:
    """What the handler gives stands in the job."""
    job = ask(sqlite_service)
    assert worker(sqlite_service, lambda task: {"seen": task.job.arguments["n"]}).drain() == 1
    assert (found(sqlite_service, job).state, found(sqlite_service, job).result) == ("done", {"seen": 1})


@pytest.mark.parametrize(("exit_code", "state"), [(EXIT_INPUT, "failed"), (EXIT_OUTPUT, "waiting")])
def test_what_will_not_get_better_is_not_tried_again(sqlite_service: Service, exit_code: int, state: str) -> None:
    """Wrong input fails at once; a disk or database may come back."""
    import firstcontact.adapters.stores.folder
    import firstcontact.services.prepare  # noqa: F401 - both declare the codes

    def fail(task: Task) -> None:
        raise fault(exit_code)

    job = ask(sqlite_service)
    worker(sqlite_service, fail).once()
    assert found(sqlite_service, job).state == state
    assert len(found(sqlite_service, job).faults or []) == 1


def test_a_busy_database_uses_up_no_try(sqlite_service: Service) -> None:
    """Ten times it has others to serve first, and the job is done all the same; after a day it is not spared."""
    import firstcontact.adapters.stores.sql.database  # noqa: F401 - declares the code

    clock, calls = Clock(), []

    def busy(task: Task) -> None:
        calls.append(task.job.attempts)
        if len(calls) <= 10:
            raise FirstcontactError([ErrorKind.registry[BUSY].fault(where="a", saw="b", allowed="c", cure="d")])

    job = ask(sqlite_service)
    for _ in range(11):
        worker(sqlite_service, busy, clock).once()
        clock.moment += timedelta(minutes=1)
    assert (found(sqlite_service, job).state, calls) == ("done", [1] * 11)
    calls.clear()
    late = ask(sqlite_service)
    clock.moment += SPARED
    for _ in range(MAX_ATTEMPTS + 1):
        worker(sqlite_service, busy, clock).once()
        clock.moment += timedelta(minutes=1)
    assert (found(sqlite_service, late).state, calls) == ("failed", [1, 2, 3, 4, 5])


def test_a_job_is_not_done_again_because_nobody_could_say_that_it_was_done(sqlite_service: Service) -> None:
    """The database has others to serve first when a job ends: the worker says it again, and keeps its lease."""
    import firstcontact.adapters.stores.sql.database  # noqa: F401 - declares the code

    refused, done = [], []

    class Busy:
        def __getattr__(self, name: str) -> Any:
            if name == "end" and len(refused) < 3:
                refused.append(name)
                fault = ErrorKind.registry[BUSY].fault(where="a", saw="b", allowed="c", cure="d")
                raise FirstcontactError([fault])
            return getattr(sqlite_service.queue, name)

    job, queue = ask(sqlite_service), Busy()
    doing = Worker(queue, {"work": lambda _task: done.append(1)}, Clock())  # type: ignore[arg-type, func-returns-value]
    assert doing.once()
    assert (found(sqlite_service, job).state, len(refused), done) == ("done", 3, [1])


def test_a_defect_is_tried_five_times_and_told_without_its_text(sqlite_service: Service) -> None:
    """The text of an unforeseen error may hold a customer's value: only its kind and the step are kept."""
    clock = Clock()

    def fail(task: Task) -> None:
        task.tell("reading")
        raise ValueError("Miriam, 054-1234567")

    job = ask(sqlite_service)
    doing = worker(sqlite_service, fail, clock)
    for _ in range(MAX_ATTEMPTS):
        assert doing.once()
        clock.moment += timedelta(minutes=10)
    assert not doing.once()
    ended = found(sqlite_service, job)
    assert (ended.state, ended.attempts) == ("failed", MAX_ATTEMPTS)
    assert [one["code"] for one in ended.faults or []] == ["FC9001"]
    assert "Miriam" not in str(ended.faults)
    assert "reading" in str(ended.faults)


def test_a_full_disk_is_said_and_the_job_tried_again(sqlite_service: Service) -> None:
    """FC9502, not a defect: somebody makes room, and the job goes on."""

    def fail(task: Task) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/secret/place")

    job = ask(sqlite_service)
    worker(sqlite_service, fail).once()
    ended = found(sqlite_service, job)
    assert (ended.state, [one["code"] for one in ended.faults or []]) == ("waiting", ["FC9502"])
    assert "secret" not in str(ended.faults)


@pytest.mark.parametrize("renew_seconds", [0.02, 600])
def test_a_job_that_is_cancelled_stops_and_stays_so(
    sqlite_service: Service, monkeypatch: pytest.MonkeyPatch, renew_seconds: float
) -> None:
    """The handler hears of it soon, however seldom its lease is renewed; a long statement is interrupted."""
    monkeypatch.setattr("firstcontact.services.work.HEAR_SECONDS", 0.02)
    interrupted = threading.Event()
    begun = threading.Event()

    def handler(task: Task) -> None:
        task.on_stop(interrupted.set)
        begun.set()
        while True:
            task.tell("reading", 0.5)
            time.sleep(0.01)

    job = ask(sqlite_service)
    doing = worker(sqlite_service, handler, renew_seconds=renew_seconds)
    thread = threading.Thread(target=doing.once, daemon=True)
    thread.start()
    assert begun.wait(10)
    sqlite_service.queue.cancel(job.id, T0)
    thread.join(10)
    assert interrupted.is_set()
    assert found(sqlite_service, job).state == "cancelled"
    assert found(sqlite_service, job).step == ("reading" if renew_seconds < 1 else None)


class Odd:
    """A queue that breaks in a way nobody foresaw, once."""

    def __init__(self, queue: Any, name: str) -> None:
        self._queue, self._name = queue, name
        self.broke = False

    def __getattr__(self, name: str) -> Any:
        if name == self._name and not self.broke:
            self.broke = True
            raise ValueError("Miriam, 054-1234567")
        return getattr(self._queue, name)


@pytest.mark.parametrize("broken", ["take", "end"])
def test_no_error_ends_a_worker(sqlite_service: Service, broken: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the queue does, the worker says so without its text, and does the next job."""
    first, second = ask(sqlite_service), ask(sqlite_service)
    queue: Any = Odd(sqlite_service.queue, broken)
    doing = Worker(queue, {"work": lambda task: None}, Clock())
    thread = threading.Thread(target=doing.run, daemon=True)
    thread.start()
    end = time.monotonic() + 10
    expected = ["done", "running" if broken == "end" else "done"]
    states: list[str] = []
    while states != expected and time.monotonic() < end:
        time.sleep(0.01)
        states = sorted(found(sqlite_service, one).state for one in (first, second))
    assert thread.is_alive()
    doing.stop()
    thread.join(10)
    assert (queue.broke, states) == (True, expected)
    assert "Miriam" not in caplog.text
    assert [one.levelname for one in caplog.records if "unforeseen" in one.message] == ["ERROR"]


def test_a_worker_asked_to_end_while_it_takes_a_job_does_not_do_it(sqlite_service: Service) -> None:
    """The wish comes between the look and the work: the job is given back at once."""
    job = ask(sqlite_service)
    doing: Worker

    class Late:
        def __getattr__(self, name: str) -> Any:
            if name == "take":
                doing.stop()
            return getattr(sqlite_service.queue, name)

    def handler(task: Task) -> None:
        for _ in range(500):
            task.tell("reading")
            time.sleep(0.01)

    late: Any = Late()
    doing = Worker(late, {"work": handler}, Clock())
    began = time.monotonic()
    doing.once()
    assert time.monotonic() - began < 2
    assert found(sqlite_service, job).state == "waiting"


def test_linking_waits_behind_nothing(sqlite_service: Service) -> None:
    """What links has a thread of its own: neither a measurement nor a subscriber that does not answer is before it."""
    kinds = {lane: set(bootstrap.open_worker(sqlite_service, lane=lane).kinds) for lane in LANES}
    assert kinds["link"] == {"link"}
    assert {"deliver", "import.preview", "import.whole"} == kinds["brief"]
    assert {"measure", "import.run", "tidy"} <= kinds["long"]
    assert sum(map(len, kinds.values())) == len(sqlite_service.handlers)


def test_a_worker_ends_the_others_when_its_thread_dies(sqlite_service: Service) -> None:
    """A process that only half works is worse than none: it ends, and whoever keeps it begins it anew."""
    ended: list[str] = []

    class One:
        def __init__(self, name: str, *, dies: bool) -> None:
            self._name, self._dies, self._over = name, dies, threading.Event()

        def run(self) -> None:
            if self._dies:
                raise SystemExit
            assert self._over.wait(10)
            ended.append(self._name)

        def stop(self) -> None:
            self._over.set()

    workers: Any = [One("a", dies=False), One("b", dies=True), One("c", dies=False)]
    assert work_together(workers) is False
    assert sorted(ended) == ["a", "c"]


def test_a_worker_that_ends_gives_its_job_back(sqlite_service: Service) -> None:
    """A graceful stop loses nothing: the job waits for the next worker."""
    begun = threading.Event()

    def handler(task: Task) -> None:
        begun.set()
        while True:
            task.tell("reading")
            time.sleep(0.01)

    job = ask(sqlite_service)
    doing = worker(sqlite_service, handler)
    thread = threading.Thread(target=doing.run)
    thread.start()
    assert begun.wait(10)
    doing.stop()
    thread.join(10)
    assert not thread.is_alive()
    # Ending workers one after another uses up no try.
    assert (found(sqlite_service, job).state, found(sqlite_service, job).attempts) == ("waiting", 0)
