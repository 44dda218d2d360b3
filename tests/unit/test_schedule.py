"""What recurs is asked for at even times, once, however many workers see to it."""

from __future__ import annotations

from datetime import datetime, timedelta

from firstcontact.services.schedule import LOOK, Recurring, Schedule
from firstcontact.services.service import Service

T0 = datetime(2026, 1, 5, 9, 20)  # noqa: DTZ001 - as moments are inside


def test_what_recurs_waits_once_for_its_time(sqlite_service: Service) -> None:
    """Two workers ask; one job waits, until the next even time; when it was taken, the next is asked for."""
    queue = sqlite_service.queue
    moment = T0
    hourly = [Recurring("measure", lambda: timedelta(hours=6), {})]
    schedules = [Schedule(queue, hourly, lambda: moment) for _ in range(2)]
    for one in schedules:
        one()
        one()
    waiting = queue.page(state="waiting", before=None, limit=10)
    assert len(waiting) == 1
    assert queue.take("w", ["measure"], T0) is None
    due = datetime(2026, 1, 5, 12, 0)  # noqa: DTZ001 - as moments are inside
    assert queue.take("w", ["measure"], due) is not None
    moment = due + LOOK
    for one in schedules:
        one()
    assert len(queue.page(state="waiting", before=None, limit=10)) == 1


def test_how_often_can_change_meanwhile(sqlite_service: Service) -> None:
    """The setting is asked each time, not once at the beginning."""
    queue = sqlite_service.queue
    every = timedelta(hours=24)
    moment = T0
    schedule = Schedule(queue, [Recurring("measure", lambda: every, {})], lambda: moment)
    schedule()
    assert queue.take("w", ["measure"], T0 + timedelta(hours=15)) is not None
    every, moment = timedelta(hours=1), T0 + timedelta(hours=15)
    schedule()
    assert queue.take("w", ["measure"], T0 + timedelta(hours=16)) is not None


def test_a_shorter_interval_counts_for_what_waits_already(sqlite_service: Service) -> None:
    """From a week to an hour: nobody waits a week for the change to be heard."""
    queue, every, moment = sqlite_service.queue, timedelta(days=7), T0
    schedule = Schedule(queue, [Recurring("measure", lambda: every, {})], lambda: moment)
    schedule()
    every, moment = timedelta(hours=1), T0 + LOOK
    schedule()
    assert queue.take("w", ["measure"], datetime(2026, 1, 5, 10, 0)) is not None  # noqa: DTZ001 - as inside
