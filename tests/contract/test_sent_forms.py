"""Forms that were sent are known on both kinds of database, each to whoever was first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from firstcontact.services.service import Service
from firstcontact.services.session import LONGEST
from firstcontact.services.tidy import AGE, TIDY
from firstcontact.services.work import Worker


def test_of_many_at_once_one_is_the_first(service: Service) -> None:
    """Whoever begins first does it; where it led is known to all once it has ended; what came to nothing may begin
    again."""
    forms, now = service.sent_forms, service.now()
    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(lambda _: forms.begin("a" * 64, now), range(6))) == [False] * 5 + [True]
    assert forms.place("a" * 64) is None
    forms.end("a" * 64, "/me")
    assert forms.place("a" * 64) == "/me"
    assert forms.begin("b" * 64, now)
    forms.forget("b" * 64)
    assert forms.begin("b" * 64, now)


def test_they_are_forgotten_when_no_session_can_send_them_again(service: Service) -> None:
    """The job that clears away leaves those of sessions that may still live."""
    forms, now = service.sent_forms, service.now()
    forms.begin("a" * 64, now - LONGEST - AGE - timedelta(minutes=1))
    forms.begin("b" * 64, now - LONGEST)
    service.queue.ask(TIDY, {}, asked_by="x", now=now)
    handlers: dict[str, Any] = {TIDY: service.handlers[TIDY]}
    Worker(service.queue, handlers, service.now).drain()
    assert forms.begin("a" * 64, now)
    assert not forms.begin("b" * 64, now)
