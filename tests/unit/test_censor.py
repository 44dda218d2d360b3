"""Between which moments a run looks: found from the data, or said by the user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from firstcontact.measurement.linking.censor import find_frame


def _moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)


def _contacts(engine, days: dict[datetime, int]):
    """So many contacts on each day, spread over its working hours."""
    starts = [day + timedelta(hours=7, minutes=6 * k) for day, n in days.items() for k in range(n)]
    return engine.register(pa.table({"started_at": pa.array(starts, pa.timestamp("us"))}), "volume")


def _days(first: datetime, volumes: list[int]) -> dict[datetime, int]:
    return {first + timedelta(days=k): n for k, n in enumerate(volumes)}


def test_a_collapse_at_the_end_is_found_and_said(engine) -> None:
    """40 contacts a day until the end of April, one a day in May: complete until 1 May, local midnight, and said."""
    contacts = _contacts(engine, _days(_moment(2024, 3, 1), [40] * 61 + [1] * 20))
    found = find_frame(engine, contacts, "Europe/Sofia", "contact")
    assert found.frame.cutoff == _moment(2024, 4, 30, 21)  # midnight in Sofia
    assert found.frame.since == found.frame.data_start == _moment(2024, 3, 1, 7)
    (said,) = found.findings
    assert said.level == "warning"
    for words in ("2024-04-30", "40 a day", "1.0 a day", "20 contacts"):
        assert words in said.text
    assert said.rests_on == "20 calendar days of thin volume after 61 of full volume"


def test_a_handful_of_contacts_has_no_volume_that_could_collapse(engine) -> None:
    """Five contacts, four in one week and one a year later: the data end with the last one, and nothing collapses."""
    contacts = _contacts(engine, _days(_moment(2024, 3, 1), [1, 0, 2, 1] + [0] * 360 + [1]))
    found = find_frame(engine, contacts, "UTC", "contact")
    assert [(said.topic, said.level) for said in found.findings] == [("cut-off", "info")]
    assert found.frame.since == found.frame.data_start == _moment(2024, 3, 1, 7)


def test_a_thin_beginning_is_history(engine) -> None:
    """A pilot of one contact a day before the opening serves as history, from which nothing is judged."""
    contacts = _contacts(engine, _days(_moment(2024, 1, 1), [1] * 30 + [50] * 60))
    found = find_frame(engine, contacts, "UTC", "contact")
    assert found.frame.since == found.frame.data_start == _moment(2024, 1, 31)
    assert found.frame.cutoff == _moment(2024, 3, 30, 7) + timedelta(minutes=6 * 49, microseconds=1)
    assert [(said.topic, said.level) for said in found.findings] == [("cut-off", "info"), ("since", "warning")]
    assert "30 earlier contacts" in found.findings[1].text


def test_what_the_user_says_is_taken(engine) -> None:
    """A cut-off within the data and a beginning stand as given, and nothing is said about what was found instead."""
    contacts = _contacts(engine, _days(_moment(2024, 3, 1), [40] * 61 + [1] * 20))
    cutoff, since = _moment(2024, 4, 1), _moment(2024, 3, 20)
    found = find_frame(engine, contacts, "UTC", "ticket", cutoff=cutoff, since=since)
    assert (found.frame.cutoff, found.frame.since) == (cutoff, since)
    assert found.frame.data_start == _moment(2024, 3, 1, 7)
    assert found.frame.source_kind == "ticket"
    assert found.findings == ()


def test_a_cutoff_after_a_collapse_is_taken_and_warned_of(engine) -> None:
    """The user's word stands, but windows that close where the volume had collapsed are no evidence, and that is said.

    The day from which the volume is thin is the last cut-off that needs no warning.
    """
    contacts = _contacts(engine, _days(_moment(2024, 3, 1), [40] * 61 + [1] * 20))
    found = find_frame(engine, contacts, "Europe/Sofia", "contact", cutoff=_moment(2024, 5, 10, 21))
    assert found.frame.cutoff == _moment(2024, 5, 10, 21)
    (said,) = found.findings
    assert (said.topic, said.level) == ("cut-off", "warning")
    for words in ("collapses after 2024-04-30", "given as 2024-05-11 00:00", "10.0 days", "no contact could be seen"):
        assert words in said.text
    assert said.override.startswith("--cutoff 2024-05-01")
    assert find_frame(engine, contacts, "Europe/Sofia", "contact", cutoff=_moment(2024, 4, 30, 21)).findings == ()


def test_a_cutoff_after_the_last_contact_is_taken_and_warned_of(engine) -> None:
    """Nobody came after the last contact because nothing was recorded; the midnight after it is the data's own end."""
    contacts = _contacts(engine, _days(_moment(2024, 3, 1), [40] * 61))
    found = find_frame(engine, contacts, "UTC", "contact", cutoff=_moment(2024, 7, 1))
    assert found.frame.cutoff == _moment(2024, 7, 1)
    (said,) = found.findings
    assert said.level == "warning"
    assert (
        "The data end at 2024-04-30 10:54 (UTC). The cut-off was given as 2024-07-01 00:00 (UTC), 61.5 days"
        in said.text
    )
    assert find_frame(engine, contacts, "UTC", "contact", cutoff=_moment(2024, 5, 1)).findings == ()


def test_weekends_holidays_and_growth_are_no_end(engine) -> None:
    """A growing centre, closed at weekends and for a week at Christmas, is complete to its last contact."""
    day = np.arange(420)
    volumes = np.where(day % 7 < 5, 10 * np.exp(day / 200), 0).astype(int)
    volumes[355:362] = 0
    contacts = _contacts(engine, _days(_moment(2024, 1, 1), volumes.tolist()))
    found = find_frame(engine, contacts, "UTC", "contact")
    assert found.frame.data_start == _moment(2024, 1, 1, 7)
    assert [said.level for said in found.findings] == ["info"]
    assert "The data end at 2025-02-21" in found.findings[0].text


def test_a_single_contact_has_a_frame(engine) -> None:
    """One contact begins and ends the data; its own moment lies before the cut-off."""
    found = find_frame(engine, _contacts(engine, _days(_moment(2024, 3, 1), [1])), "UTC", "contact")
    assert found.frame.data_start < found.frame.cutoff
