"""One question about one Parquet file, answered by the product's own functions, in a process of its own.

Usage: question.py NAME FILE. Prints wall and processor seconds of the answer (imports and opening the engine left out)
and how many rows came out, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
from ibis import _

from firstcontact import bootstrap
from firstcontact.contacts.table import CONTACTS
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking import chain, related
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.identity import identify
from firstcontact.measurement.linking.link import connect, judge, link
from firstcontact.measurement.linking.portable import DAY_US
from firstcontact.measurement.policy.model import Link, Policy, Related

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

FRAME = Frame(*(datetime(year, 1, 1) for year in (2024, 2024, 2025)))  # noqa: DTZ001  naive UTC, as everywhere inside
PLAIN = Policy(link=Link(same_contact_seconds=0))
KEPT = ("customer", "bucket", "reason", "channel", "team")
DOWNSTREAM = Policy(
    related=tuple(Related(f"area {number}", f"area {(number + 1) % 12}", 14) for number in range(12)),
    link=Link(same_contact_seconds=0),
)


def bare_sort(engine: Engine, path: Path) -> int:
    """The yardstick: the columns of Q1 sorted by customer, reason and time, and kept."""
    contacts = engine.read_parquet([path], "source")
    columns = contacts.select("customer_id", "reason", "started_at", "ended_at", "contact_id")
    return _rows(engine, engine.materialise(columns.order_by("customer_id", "reason", "started_at"), "sorted"))


def repeats(engine: Engine, path: Path) -> int:
    """Q1: repeats and FCR by issue, by reason, channel, team and week; exact reason, customers already numbers."""
    contacts = _numbered(engine, path)
    fit = declare(PLAIN, [reason or "" for reason in reasons_of(engine, contacts)])
    found = connect(
        engine, {"contacts": contacts}, PLAIN, fit, FRAME, signals={"repeat"}, keep=KEPT, detail=False, stored=False
    )
    return _rows(engine, _cells(engine, judge(found, PLAIN)))


def lags(engine: Engine, path: Path) -> int:
    """Q3: days until the next contact, by reason and customer bucket."""
    return _rows(engine, _lags(engine, _chained(engine, _numbered(engine, path))))


def downstream(engine: Engine, path: Path) -> int:
    """Q5: each contact's next and previous one for a downstream reason within 14 days, twelve pairs of areas."""
    contacts = _numbered(engine, path)
    reasons = engine.execute(contacts.select("reason").distinct())["reason"].to_pylist()
    found = related.pairs(engine, _placed(engine, contacts, DOWNSTREAM), DOWNSTREAM, reasons, "downstream")
    return _rows(engine, found[0]) if found else 0


def linked(engine: Engine, path: Path) -> int:
    """Parquet to linked contacts under the default policy (customers from their ids, legs folded), then Q1 and Q3."""
    contacts = canonical(engine, path)
    contacts = contacts.mutate(customer_id=contacts.customer_id.cast("string"))
    contacts = identify(engine, contacts, None).contacts
    kept = _linked(engine, contacts, Policy())
    return _rows(engine, _cells(engine, kept)) + _rows(engine, _lags(engine, kept))


QUESTIONS: dict[str, Callable[[Engine, Path], int]] = {
    "sort": bare_sort,
    "Q1": repeats,
    "Q3": lags,
    "Q5": downstream,
    "link": linked,
}


def canonical(engine: Engine, path: Path) -> ir.Table:
    """Every canonical column, as a connector hands contacts over."""
    found = engine.read_parquet([path], "source")
    found = found.mutate(contact_id=found.contact_id.cast("string"))
    types = {"list<string>": "array<string>"}
    absent = {
        column.name: ibis.null(types.get(column.type, column.type))
        for column in CONTACTS.columns
        if column.name not in found.columns
    }
    return found.mutate(**absent)


def _numbered(engine: Engine, path: Path) -> ir.Table:
    """Contacts of customers who are numbers in the file already, as in the product's own warehouse."""
    contacts = engine.dictionary(canonical(engine, path), ["reason", "channel", "team", "direction"], "numbered")
    customer = contacts.customer_id
    return contacts.mutate(customer=customer, bucket=(customer % 40).cast("int16"))


def reasons_of(engine: Engine, contacts: ir.Table) -> list[str | None]:
    found: list[str | None] = engine.execute(contacts.select("reason").distinct())["reason"].to_pylist()
    return found


def _linked(engine: Engine, contacts: ir.Table, policy: Policy) -> ir.Table:
    fit = declare(policy, [reason or "" for reason in reasons_of(engine, contacts)])
    return link(engine, {"contacts": contacts}, policy, fit, FRAME, signals={"repeat"}, keep=KEPT, detail=False)


def _placed(engine: Engine, contacts: ir.Table, policy: Policy) -> ir.Table:
    known = chain.reason_table(reasons_of(engine, contacts), policy, declare(policy, []))
    timed = chain.time(chain.sort_out(contacts, policy), policy, FRAME)
    return chain.number_reasons(engine, timed, known, policy)


def _chained(engine: Engine, contacts: ir.Table) -> ir.Table:
    return chain.gaps(_placed(engine, contacts, PLAIN), PLAIN, FRAME, detail=False)


def _cells(engine: Engine, kept: ir.Table) -> ir.Table:
    week = (kept.start_us / (7 * DAY_US)).floor().cast("int32")
    by = kept.group_by("reason", "channel", "team", week=week)
    judged = kept.verdict.isin(("yes", "no"))
    return engine.materialise(
        by.aggregate(
            contacts=_.count(), repeats=_.repeat.sum(), judged=judged.sum(), yes=(kept.verdict == "yes").sum()
        ),
        "cells",
    )


def _lags(engine: Engine, chained: ir.Table) -> ir.Table:
    lag = (chained.next_gap_us / DAY_US).floor().cast("int32")
    return engine.materialise(chained.group_by("reason", "bucket", lag=lag).aggregate(contacts=_.count()), "lags")


def _rows(engine: Engine, table: ir.Table) -> int:
    return int(engine.execute(table.aggregate(n=_.count()))["n"][0].as_py())


def main(name: str, path: str) -> None:
    """Answer one question."""
    with bootstrap.engine() as engine:
        began, cpu = time.perf_counter(), time.process_time()
        rows = QUESTIONS[name](engine, Path(path))
        print(json.dumps({"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "rows": rows}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
