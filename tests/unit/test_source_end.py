"""A source that ends far from the cut-off of all is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from firstcontact.measurement.linking.source_end import FAR, apart_sources

CUTOFF = datetime(2024, 6, 1, tzinfo=UTC).replace(tzinfo=None)


def contacts(engine, **last: timedelta):
    """Forty contacts a source; the newest lies so far before the cut-off."""
    rows = [
        {"source": name, "started_at": CUTOFF - gap - timedelta(days=n)}
        for name, gap in last.items()
        for n in range(40)
    ]
    rows.append({"source": "few", "started_at": CUTOFF - timedelta(days=900)})
    return engine.register(pa.Table.from_pylist(rows), "ends")


def test_a_source_that_ends_long_before_or_after_the_others_is_named(engine) -> None:
    """Each is named with its own end and the common one; one that ends within a month, or has few contacts, is not."""
    table = contacts(engine, live=timedelta(days=2), old=FAR + timedelta(days=1), new=-timedelta(days=60))
    said = apart_sources(engine, table, CUTOFF)
    assert [(one.code, one.level) for one in said] == [
        ("cut-off.source.after", "warning"),
        ("cut-off.source.before", "warning"),
    ]
    assert "new go on until 2024-07-31" in said[0].text
    assert "old end on 2024-05-01" in said[1].text
    assert "until 2024-06-01" in said[1].text


def test_one_source_or_sources_that_end_together_say_nothing(engine) -> None:
    """Nothing is said where the common cut-off is everybody's."""
    assert apart_sources(engine, contacts(engine, old=timedelta(days=90)), CUTOFF) == ()
    assert apart_sources(engine, contacts(engine, one=timedelta(0), two=timedelta(days=29)), CUTOFF) == ()
