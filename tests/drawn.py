"""Contacts drawn in a test, and what a measure makes of them on an engine: link, reduce, ledger, estimate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from firstcontact.contacts.ledger import MeasureLedger, RowLedger
from firstcontact.contacts.loaded import Loaded
from firstcontact.contacts.table import CASE_EVENTS, CONTACTS, IDENTIFIERS, SURVEYS
from firstcontact.kernel.engine import Engine
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.holding import holdings
from firstcontact.measurement.linking.identity import identify
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.estimate import absent, estimate
from firstcontact.measurement.measures.reduce import ledger, reduce
from firstcontact.measurement.policy.model import Policy, Publish, cut_reason
from firstcontact.services.measure import Measured
from firstcontact.services.measure import measure as measure_files
from firstcontact.services.prepare import Options
from tests.engine_teller import rows

DAY_0 = datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None)
FRAME = Frame(DAY_0, DAY_0, DAY_0 + timedelta(days=100), "contact")
"""A hundred days of complete data."""

SHOW_ALL = Publish(minimum_sample=1, suppress_below=1, dominance=1.0)
"""Stories are small: nothing is withheld."""

BESIDE = ("events", "survey")


def on(day: float) -> datetime:
    """A moment, in days since the drawn data begin."""
    return DAY_0 + timedelta(days=day)


def contact(name: str, customer: str | None, day: float, *, minutes: float = 10, **columns: Any) -> dict[str, Any]:
    """A contact of ten minutes for the reason `bill`; `events` are (kind, day), `survey` holds survey columns."""
    begin = on(day)
    drawn = {
        "contact_id": name,
        "customer_id": customer,
        "source": "drawn",
        "started_at": begin,
        "ended_at": begin + timedelta(minutes=minutes),
        "reason": "bill",
    }
    return drawn | columns


@dataclass(frozen=True, slots=True)
class Counted:
    """What one measure counted.

    Attributes:
        n: Contacts counted.
        total: Sum of their scores.
        result: The figure, or its refusal.
        ledger: Where each contact stands; None where the measure is refused for want of data.
    """

    n: int
    total: float
    result: Estimate | Refusal
    ledger: MeasureLedger | None = field(default=None)


def count(
    engine: Engine,
    measure: str,
    contacts: Iterable[dict[str, Any]],
    policy: Policy | None = None,
    frame: Frame = FRAME,
) -> Counted:
    """What a measure makes of drawn contacts."""
    return count_all(engine, contacts, policy, frame, (measure,))[measure]


def count_all(
    engine: Engine,
    contacts: Iterable[dict[str, Any]],
    policy: Policy | None = None,
    frame: Frame = FRAME,
    asked: Iterable[str] = tuple(MEASURES),
) -> dict[str, Counted]:
    """What each measure asked for makes of drawn contacts, by its id."""
    policy = policy or Policy(publish=SHOW_ALL)
    tables = draw(engine, list(contacts))
    has = holdings(engine, tables)
    measures = [MEASURES[name] for name in asked]
    supported = [measure for measure in measures if not measure.lacks(policy, has)]
    reasons = engine.execute(tables["contacts"].select("reason").distinct())["reason"].to_pylist()
    fit = declare(policy, sorted({cut_reason(reason, policy.link.reason_level) for reason in reasons}))
    signals = {signal for measure in supported for signal in measure.signals} | {"repeat"}
    keep = {*tables["contacts"].columns, *(column for measure in supported for column in measure.columns)}
    linked = link(engine, tables, policy, fit, frame, has=has, signals=signals, keep=keep)
    sums = reduce(engine, linked, supported, policy, []).sums
    counted = {}
    for one in measures:
        if one not in supported:
            counted[one.id] = Counted(0, 0.0, absent(one, one.lacks(policy, has)))
            continue
        book = ledger(engine, linked, one, policy)
        assert book.adds_up
        assert book.counted == sums[one.id].count.sum()
        figure = estimate(one, sums[one.id], policy)[0]
        counted[one.id] = Counted(book.counted, float(sums[one.id].total.sum()), figure, book)
    return counted


def draw(engine: Engine, contacts: list[dict[str, Any]]) -> dict[str, Any]:
    """Drawn contacts as engine tables with customers and buckets, and their events and surveys."""
    plain = [{k: v for k, v in one.items() if k not in BESIDE} for one in contacts]
    names = dict.fromkeys(name for one in plain for name in one)
    columns = {name: [one.get(name) for one in plain] for name in names}
    table = rows(CONTACTS, columns, len(plain))
    for name in sorted(set(columns) - set(CONTACTS.names)):
        table = table.append_column(name, pa.array(columns[name], pa.string()))
    identity = identify(engine, engine.register(table, "drawn_contacts"), None)
    tables = {"contacts": identity.contacts}
    events = [(one["contact_id"], kind, on(day)) for one in contacts for kind, day in one.get("events", ())]
    if events:
        listed = {key: [event[place] for event in events] for place, key in enumerate(("contact_id", "kind", "at"))}
        tables["case_events"] = engine.register(rows(CASE_EVENTS, listed, len(events)), "drawn_events")
    answers = [{"contact_id": one["contact_id"], **one["survey"]} for one in contacts if "survey" in one]
    if answers:
        asked = dict.fromkeys(name for answer in answers for name in answer)
        listed = {name: [answer.get(name) for answer in answers] for name in asked}
        tables["surveys"] = engine.register(rows(SURVEYS, listed, len(answers)), "drawn_surveys")
    return tables


class Drawing:
    """A connector that loads drawn contacts instead of files.

    Args:
        contacts: As `contact` draws them; `identifiers` of a contact are (kind, value).
        extra: Own name of each further column, by its `x_` name.
    """

    def __init__(self, contacts: Iterable[dict[str, Any]], extra: dict[str, str] | None = None) -> None:
        self._contacts = list(contacts)
        self._extra = extra or {}

    def load(self, engine: Engine, paths: Any, mapping: Any, **_: Any) -> Loaded:
        """The drawn contacts as a connector hands them over."""
        beside = [one.get("identifiers", ()) for one in self._contacts]
        plain = [{k: v for k, v in one.items() if k != "identifiers"} for one in self._contacts]
        tables = draw(engine, plain)
        tables["contacts"] = tables["contacts"].drop("customer", "bucket")
        seen = [(one["contact_id"], *pair) for one, pairs in zip(plain, beside, strict=True) for pair in pairs]
        if seen:
            listed = {name: [row[place] for row in seen] for place, name in enumerate(IDENTIFIERS.names)}
            tables["identifiers"] = engine.register(rows(IDENTIFIERS, listed, len(seen)), "drawn_identifiers")
        kept = {name: f"loaded_{name}" for name in tables}
        for name, table in tables.items():
            engine.materialise(table, kept[name])
        aside = {"row_number": pa.int64(), "file": pa.string(), "codes": pa.list_(pa.string()), "raw": pa.string()}
        engine.register(pa.table({name: pa.array([], kind) for name, kind in aside.items()}), "loaded_aside")
        ledger = RowLedger(len(plain), len(plain))
        present = frozenset(name for one in plain for name in one)
        return Loaded(kept, "loaded_aside", ledger, (), {}, "contact", present, extra=self._extra)


def run_of(
    engine: Engine, contacts: Iterable[dict[str, Any]], policy: Policy | None = None, **options: Any
) -> Measured:
    """The whole of `measure` on drawn contacts."""
    own = {name: name.removeprefix("x_") for one in contacts for name in one if name.startswith("x_")}
    chosen = Options(policy=policy or Policy(), definitions=False, **options)
    return measure_files(engine, Drawing(contacts, own), [], chosen, now=lambda: DAY_0, version="test")
