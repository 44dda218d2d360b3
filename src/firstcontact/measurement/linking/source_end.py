"""Whether every source of the contacts goes on until the one cut-off that all of them are judged by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ibis import _

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

FAR = timedelta(days=30)
"""How far from the cut-off a source may end before it is said."""
LEAST_CONTACTS = 30
"""Of a source with fewer nobody knows whether it goes on."""


def apart_sources(engine: Engine, contacts: ir.Table, cutoff: datetime) -> tuple[Finding, ...]:
    """Sources whose newest contacts lie far before or after the cut-off of all.

    Args:
        engine: Where it runs.
        contacts: Canonical contacts.
        cutoff: End of complete data of all sources together, UTC.

    Returns:
        A warning for each such source, where there are several sources.
    """
    ends = contacts.group_by("source").aggregate(last=_.started_at.max(), n=_.count())
    rows = engine.execute(ends.filter(_.n >= LEAST_CONTACTS)).to_pylist()
    if len(rows) < 2:
        return ()
    rows.sort(key=lambda row: str(row["source"]))
    return tuple(_said(row["source"], row["last"], cutoff) for row in rows if abs(row["last"] - cutoff) > FAR)


def _said(source: object, last: datetime, cutoff: datetime) -> Finding:
    if last > cutoff:
        said = Sentence(
            "cut-off.source.after",
            "The contacts of {source} go on until {last}, but the data of all sources together are taken to be "
            "complete until {cutoff} only: its figures stop there.",
            source=source,
            last=last.date(),
            cutoff=cutoff.date(),
        )
    else:
        said = Sentence(
            "cut-off.source.before",
            "The contacts of {source} end on {last}, but the data of all sources together are taken to be complete "
            "until {cutoff}: between the two, its customers' returns that never arrived count as successes.",
            source=source,
            last=last.date(),
            cutoff=cutoff.date(),
        )
    return Finding(
        "cut-off",
        said,
        Sentence("cut-off.source.rests", "the newest contact of each source"),
        "warning",
        Sentence("cut-off.source.cure", "bring the missing contacts, or measure the sources apart"),
    )
