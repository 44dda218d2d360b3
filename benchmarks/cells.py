"""Every figure of many small cells: 300 reasons by 52 weeks by 5 channels, from the product's own functions.

Usage: cells.py FILE. Prints, as JSON, wall and processor seconds from the table of facts to the estimates, how many
figures that gave, the seconds that the table itself took, and by how many megabytes the process grew meanwhile.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from question import FRAME, canonical, reasons_of

from firstcontact import bootstrap
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.holding import holdings
from firstcontact.measurement.linking.identity import identify
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.linking.period import local_day
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.cut import asked
from firstcontact.measurement.measures.reduce import gather
from firstcontact.measurement.measures.tabulate import columns_of, tabulate
from firstcontact.measurement.policy.model import Policy

STAMP = {"policy": "", "policy_hash": "", "cutoff": FRAME.cutoff, "version": "", "windows": "declared"}


def main(path: str) -> None:
    """Link, gather the facts, and estimate every cell."""
    policy, cuts = Policy(), asked(["reason_2,channel,week"], {}, "monday")
    with bootstrap.engine("2GB") as engine:
        began = time.perf_counter()
        contacts = canonical(engine, Path(path))
        contacts = contacts.mutate(customer_id=contacts.customer_id.cast("string"))
        contacts = identify(engine, contacts, None).contacts
        tables = {"contacts": contacts}
        has = holdings(engine, tables)
        fit = declare(policy, [reason or "" for reason in reasons_of(engine, contacts)])
        supported = [one for one in MEASURES.values() if not one.lacks(policy, has)]
        signals = {signal for one in supported for signal in one.signals}
        keep = {"customer", "bucket", "channel", *columns_of(cuts), *(c for one in supported for c in one.columns)}
        linked = link(engine, tables, policy, fit, FRAME, signals=signals, keep=keep, detail=False)
        linked = linked.mutate(local_day=local_day(linked.start_us, "UTC", FRAME.data_start, FRAME.cutoff))
        facts = gather(engine, linked, supported, policy, columns_of(cuts))
        before = _megabytes()
        table, began, cpu = time.perf_counter() - began, time.perf_counter(), time.process_time()
        rows = tabulate(facts, list(MEASURES.values()), has, policy, cuts, STAMP)
        taken = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        cells = len({(row.period_start, *row.cell.values()) for row in rows})
        print(json.dumps({**taken, "rows": len(rows), "cells": cells, "table": table, "grew": _megabytes() - before}))


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


if __name__ == "__main__":
    main(sys.argv[1])
