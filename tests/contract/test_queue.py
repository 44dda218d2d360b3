"""The queue keeps its promises on every database."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import insert

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.database import Database, sqlite_url
from firstcontact.services.queue import LEASE_SECONDS, MAX_ATTEMPTS, Job
from firstcontact.services.service import Service

T0 = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001 - as moments are inside
LATER = timedelta(seconds=LEASE_SECONDS + 1)


def ask(service: Service, kind: str = "link", key: str | None = None, **more: object) -> Job:
    return service.queue.ask(kind, {}, asked_by="a", now=T0, key=key, **more)  # type: ignore[arg-type]


def test_a_job_is_asked_for_once_by_its_key(service: Service) -> None:
    """Asking for a job that waits already is no second job; once it runs, it is."""
    first, second = ask(service, key="all"), ask(service, key="all")
    assert first.id == second.id
    assert ask(service, "measure", key="all").id != first.id
    taken = service.queue.take("w", ["link"], T0)
    assert taken is not None
    assert taken.id == first.id
    assert ask(service, key="all").id != first.id


def test_the_most_urgent_job_that_is_due_goes_first(service: Service) -> None:
    """Priority before age; what is not due yet waits."""
    late = ask(service, due_at=T0 + timedelta(hours=1))
    old, urgent = ask(service), ask(service, priority=5)
    taken = [service.queue.take("w", ["link"], T0) for _ in range(3)]
    assert [one and one.id for one in taken] == [urgent.id, old.id, None]
    again = service.queue.take("w", ["link"], T0 + timedelta(hours=1, seconds=1))
    assert again is not None
    assert again.id in {late.id, old.id, urgent.id}


def test_two_workers_never_hold_one_job(service: Service) -> None:
    """However many look at once, each job is leased to one."""
    asked = {ask(service).id for _ in range(12)}

    def work(name: str) -> list[str]:
        found = []
        while (job := service.queue.take(name, ["link"], T0)) is not None:
            found.append(job.id)
        return found

    with ThreadPoolExecutor(4) as pool:
        taken = [job for found in pool.map(work, "abcd") for job in found]
    assert sorted(taken) == sorted(asked)


def test_a_silent_worker_loses_its_job(service: Service) -> None:
    """After the lease another takes the job over, and what the first says then counts for nothing."""
    ask(service)
    first = service.queue.take("first", ["link"], T0)
    assert first is not None
    assert service.queue.take("second", ["link"], T0) is None
    second = service.queue.take("second", ["link"], T0 + LATER)
    assert second is not None
    assert (second.id, second.attempts) == (first.id, 2)
    assert not service.queue.renew(first.id, "first", T0 + LATER, "reading", 0.5)
    assert not service.queue.end(first.id, "first", "done", T0 + LATER)
    assert service.queue.end(first.id, "second", "done", T0 + LATER, result={"rows": 1})
    found = service.queue.find(first.id)
    assert found is not None
    assert (found.state, found.result, found.share) == ("done", {"rows": 1}, 1.0)


def test_a_job_whose_workers_all_die_ends_as_failed(service: Service) -> None:
    """Five workers fall silent: nobody is given it again, and FC9501 says why."""
    job, moment = ask(service), T0
    for _ in range(MAX_ATTEMPTS):
        assert service.queue.take("w", ["link"], moment) is not None
        moment += LATER
    assert service.queue.take("w", ["link"], moment) is None
    found = service.queue.find(job.id)
    assert found is not None
    assert found.state == "failed"
    assert [fault["code"] for fault in found.faults or []] == ["FC9501"]


def test_a_job_that_ends_badly_is_tried_again_after_a_while(service: Service) -> None:
    """It waits longer each time; where the same was asked for meanwhile, that one does the work."""
    job = ask(service, key="all")
    assert service.queue.take("w", ["link"], T0) is not None
    assert service.queue.end(job.id, "w", "waiting", T0)
    assert service.queue.take("w", ["link"], T0) is None
    again = service.queue.take("w", ["link"], T0 + timedelta(seconds=3))
    assert again is not None
    assert again.id == job.id
    other = ask(service, key="all")
    assert service.queue.end(job.id, "w", "waiting", T0)
    states = [one.state for one in (service.queue.find(job.id), service.queue.find(other.id)) if one]
    assert states == ["cancelled", "waiting"]


def test_a_job_given_back_while_the_same_is_being_asked_for_ends(service: Service) -> None:
    """Whoever asks has not finished its transaction: the job that comes back cannot see it, and ends all the same."""
    job = ask(service, key="all")
    assert service.queue.take("w", ["link"], T0) is not None
    settings = service.settings
    other = Database(settings.database or sqlite_url(settings.data / "store.sqlite3"))
    kept: list[bool] = []
    back = threading.Thread(target=lambda: kept.append(service.queue.end(job.id, "w", "waiting", T0)))
    with other.writing() as connection:
        row = {
            "id": "f" * 32, "kind": "link", "arguments": {}, "key": "all", "state": "waiting", "priority": 0,
            "due_at": T0, "attempts": 0, "cancel_asked": False, "asked_by": "a", "created_at": T0,
        }  # fmt: skip
        connection.execute(insert(schema.job).values(row))
        back.start()
        time.sleep(0.2)
    back.join(10)
    other.close()
    states = [one.state for one in map(service.queue.find, (job.id, "f" * 32)) if one]
    assert (kept, states) == ([True], ["cancelled", "waiting"])


def test_asking_for_a_waiting_job_sooner_makes_it_due_sooner(service: Service) -> None:
    """The earliest wish counts; a later one changes nothing."""
    hour = timedelta(hours=1)
    job = ask(service, key="all", due_at=T0 + 24 * hour)
    assert ask(service, key="all", due_at=T0 + hour).id == job.id
    assert ask(service, key="all", due_at=T0 + 5 * hour).id == job.id
    assert service.queue.take("w", ["link"], T0) is None
    assert service.queue.take("w", ["link"], T0 + hour) is not None


def test_a_job_can_be_cancelled(service: Service) -> None:
    """One that waits ends at once; one that runs hears of it when it renews its lease."""
    waiting = ask(service)
    ended = service.queue.cancel(waiting.id, T0)
    assert ended is not None
    assert ended.state == "cancelled"
    running = ask(service)
    assert service.queue.take("w", ["link"], T0) is not None
    assert service.queue.renew(running.id, "w", T0, "reading", None)
    service.queue.cancel(running.id, T0)
    assert not service.queue.renew(running.id, "w", T0, "reading", None)
    assert service.queue.take("other", ["link"], T0 + LATER) is None
    assert service.queue.cancel("0" * 32, T0) is None


def test_jobs_are_listed_newest_first(service: Service) -> None:
    """A page goes on where the one before ended."""
    asked = [service.queue.ask("link", {}, asked_by="a", now=T0 + timedelta(seconds=n)).id for n in range(5)]
    first = service.queue.page(state=None, before=None, limit=3)
    rest = service.queue.page(state="waiting", before=first[-1].id, limit=3)
    assert [one.id for one in (*first, *rest)] == asked[::-1]
    assert service.queue.page(state="failed", before=None, limit=3) == []
