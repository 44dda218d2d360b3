"""Forms that were sent are kept alike on every database."""

from __future__ import annotations

from datetime import timedelta

from firstcontact.services.sent_form import digest_of
from firstcontact.services.service import Service
from firstcontact.services.session import LONGEST


def test_a_form_is_begun_once_and_leads_where_it_led(service: Service) -> None:
    """The first sending is done, any other one hears where it led; one that did nothing may be sent again."""
    kept, now = service.sent_forms, service.now()
    one, other = digest_of("/jobs", b"once=1"), digest_of("/jobs", b"once=2")
    assert [kept.begin(one, now), kept.begin(one, now), kept.begin(other, now)] == [True, False, True]
    assert kept.place(one) is None
    kept.end(one, "/jobs/1")
    assert (kept.place(one), kept.place(other)) == ("/jobs/1", None)
    kept.forget(other)
    assert kept.begin(other, now)
    kept.sweep(now + LONGEST + timedelta(seconds=1))  # type: ignore[attr-defined]
    assert kept.begin(one, now)
