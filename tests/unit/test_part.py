"""Cells that are too many for memory are counted some after the others, and nobody can tell from the figures."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from functools import partial

import pytest

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.holding import holdings
from firstcontact.measurement.linking.identity import identify
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.linking.period import local_day
from firstcontact.measurement.measures import tabulate
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.cut import asked
from firstcontact.measurement.measures.part import Parts
from firstcontact.measurement.measures.reduce import Counted, gather
from firstcontact.measurement.policy.model import Link, Policy, Publish, Window, cut_reason
from firstcontact.measurement.simulator.generate import simulate

FRAME = Frame(*(datetime(2024, *day, tzinfo=UTC).replace(tzinfo=None) for day in ((1, 20), (3, 1), (11, 15))))
POLICY = Policy(
    window=Window(14), link=Link(reason_level=1), publish=Publish(minimum_sample=4, suppress_below=2, dominance=0.2)
)
MEASURED = [MEASURES[name] for name in ("fcr_issue", "fcr_contact", "transfer_rate", "handle_time")]
# Along weeks and along reasons, by days under months, and one whose cells are looked at.
CUTS = asked(["reason_1,channel,week", "week,team", "team,month", "channel,team"], {}, "monday")
STAMP = {"policy": "", "policy_hash": "", "cutoff": FRAME.cutoff, "version": "", "windows": "declared"}


@pytest.fixture(scope="module")
def facts():
    """1,500 simulated contacts, one in seven without a team, and what the data hold."""
    engine = DuckDBEngine(threads=1)
    rows = simulate(contacts=1_500, seed=3).tables["contacts"]
    contacts = identify(engine, engine.register(rows, "simulated"), None).contacts
    contacts = contacts.mutate(team=(contacts.bucket % 7 == 0).ifelse(None, contacts.team))
    tables = {"contacts": contacts}
    reasons = rows["reason"].to_pylist()
    fit = declare(POLICY, sorted({cut_reason(reason, 1) for reason in reasons}))
    signals = {signal for one in MEASURED for signal in one.signals}
    columns = tabulate.columns_of(CUTS)
    keep = {"customer", "bucket", "channel", "start_us", *columns, *(c for one in MEASURED for c in one.columns)}
    linked = link(engine, tables, POLICY, fit, FRAME, signals=signals, keep=keep - {"local_day"}, detail=False)
    linked = linked.mutate(local_day=local_day(linked.start_us, "UTC", FRAME.data_start, FRAME.cutoff))
    yield gather(engine, linked, MEASURED, POLICY, columns), holdings(engine, tables)
    engine.close()


def _rows(facts):
    return tabulate.tabulate(facts[0], MEASURED, facts[1], POLICY, CUTS, STAMP)


def test_parts_have_the_figures_of_the_whole(facts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted 150 cells at a time, every figure, refusal and q-value is the same and stands in the same place,
    and of the cut with most cells far less comes into memory at once."""
    held: list[int] = []
    place = Counted.place

    def placed(self: Counted, columns: list[str]):
        if "reason" in columns:
            held.append(len(self.rows))
        return place(self, columns)

    monkeypatch.setattr(Counted, "place", placed)
    whole, most = _rows(facts), held.pop()
    monkeypatch.setattr(tabulate, "Parts", partial(Parts, cells=150))
    assert _rows(facts) == whole
    assert sum(held) == most
    assert max(held) < most / 2
    assert {"one-customer-dominates", "too-few", "suppressed"} <= {getattr(row.result, "code", "") for row in whole}
    assert any(row.q_value is not None for row in whole if row.by == "channel,team")


def test_the_collector_is_left_as_it_was(facts) -> None:
    """Who had turned the collector off finds it off, and who had not finds it on."""
    _rows(facts)
    assert gc.isenabled()
    gc.disable()
    try:
        _rows(facts)
        assert not gc.isenabled()
    finally:
        gc.enable()
