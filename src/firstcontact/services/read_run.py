"""Use case: a run read back whole from its directory, to be shown again, in any language, as when it was measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from firstcontact.contacts.ledger import MeasureLedger, RowLedger
from firstcontact.kernel.errors import Faults
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.once import Once
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.fit.read import read_fit
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.measures.row import DefinitionRow
from firstcontact.measurement.measures.table_row import NEEDED, TableRows
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.policy.read import read_policy
from firstcontact.services.publish import RUN_FILE
from firstcontact.services.read_results import RESULTS_FILE
from firstcontact.services.run import IdentityCoverage, Run
from firstcontact.services.run_folder import json_object, part, read_head
from firstcontact.services.told import TOLD_FILE, Told

_HELD = 4
"""So many runs are held in memory once they were read."""


def read_run(folder: Path) -> Run:
    """The run in a directory.

    It is the run that was written there: a report made of it is letter for letter the one made then, in every
    language. Of a run that a version before `told.json` wrote, texts of the program are English in all languages.
    Its `rows` are made where they are asked for (`Run.select`, `Run.slices`, `Run.figure`), so that one slice of half
    a million figures costs what that slice costs. A run that was read is held, since nobody changes it; treat it as
    constant.

    Args:
        folder: The run's directory.

    Raises:
        FirstcontactError: Everything wrong with it at once: no run (FC6150), a newer form (FC6151), a file that is
            missing or damaged (FC6152).
    """
    # A directory is written as a whole: as long as these files are the same ones, so is the run.
    stamps = tuple(_stamp(folder / name) for name in (RUN_FILE, RESULTS_FILE, TOLD_FILE))
    return _runs.get((folder, *stamps), lambda: _whole(folder))


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        seen = path.stat()
    except OSError:
        return 0, 0, 0
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


_runs = Once[Run](_HELD)


def _whole(folder: Path) -> Run:
    faults = Faults()
    head = read_head(folder, faults)
    if head is None:
        faults.raise_if_any()
    told = part(folder, TOLD_FILE, _told, faults)
    table = part(folder, RESULTS_FILE, _table, faults)
    policy = part(folder, "policy.toml", read_policy, faults)
    fit = part(folder, "fit.json", read_fit, faults)
    ledger = part(folder, "ledger.json", _ledger, faults)
    run = None
    if (
        head
        and told is not None
        and table is not None
        and policy is not None
        and fit is not None
        and ledger is not None
    ):
        run = part(folder, RUN_FILE, lambda _: _run(head, told, table, policy, fit, ledger), faults)
    faults.raise_if_any()
    assert run is not None  # noqa: S101 - a fault was raised otherwise
    return run


def _told(path: Path) -> Told:
    return Told(json_object(path) if path.exists() else None)


def _table(path: Path) -> pa.Table:
    schema = pq.read_schema(path)
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    missing = set(NEEDED) - set(texts)
    if missing:
        raise KeyError(*sorted(missing))
    # Few texts stand in many rows: as a dictionary they take a tenth of the room.
    return pq.read_table(path, read_dictionary=texts)


def _ledger(path: Path) -> tuple[RowLedger, tuple[MeasureLedger, ...]]:
    data = json_object(path)
    rows = RowLedger(**_without_sum(data["rows"]))
    return rows, tuple(MeasureLedger(**_without_sum(one)) for one in data["measures"])


def _without_sum(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "adds_up"}


def _run(
    head: dict[str, Any],
    told: Told,
    table: pa.Table,
    policy: Policy,
    fit: Fit,
    ledger: tuple[RowLedger, tuple[MeasureLedger, ...]],
) -> Run:
    ends = {name: datetime.fromisoformat(head["frame"][name]) for name in ("data_start", "since", "cutoff")}
    frame = Frame(**ends, source_kind=head["frame"]["source_kind"])
    identity = {name: value for name, value in head["identity"].items() if name != "coverage"}
    return Run(
        run_id=head["run_id"],
        created_at=datetime.fromisoformat(head["created_at"]),
        version=head["version"],
        inputs=tuple(head["inputs"]),
        mapping=head["mapping"],
        policy=policy,
        fit=replace(fit, notes=tuple(map(told, fit.notes))),
        policy_hash=head["effective_policy_hash"],
        frame=frame,
        zone=head.get("zone", "UTC"),
        rows=TableRows(table, told.kind, told, frame.cutoff),
        row_ledger=ledger[0],
        measure_ledgers=ledger[1],
        findings=tuple(_finding(one, told) for one in head.get("findings", ())),
        identity=IdentityCoverage(**identity),
        definitions=tuple(_definition(one, told) for one in head.get("definitions", ())),
        seconds=head.get("seconds", {}),
        options=head.get("options", {}),
        audit=head.get("audit"),
    )


def _finding(data: dict[str, Any], told: Told) -> Finding:
    said = {name: told(data[name]) for name in ("text", "rests_on", "override")}
    return Finding(topic=data["topic"], level=data["level"], **said)


def _definition(data: dict[str, Any], told: Told) -> DefinitionRow:
    said = {name: told(data[name]) for name in ("title", "source")}
    differs = None if data["differs"] is None else tuple(data["differs"])
    return DefinitionRow(**data | said | {"differs": differs, "result": _result(data["result"], told)})


def _result(data: dict[str, Any], told: Told) -> Estimate | Refusal:
    estimand = told(data.get("estimand", ""))
    if data["status"] != "refused":
        return Estimate(**data | {"estimand": estimand})
    reason, helps = told(data["reason"]), told(data["would_help"])
    return Refusal(told.kind(data["code"]), reason, helps, data.get("n", 0), estimand, data.get("maturity", 0.0))
