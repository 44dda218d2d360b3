"""Definitions side by side as files: their figures, what separates them, and the contacts on which they disagree."""

from __future__ import annotations

import codecs
import shutil
from functools import reduce
from operator import add
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from firstcontact.kernel.result import Estimate
from firstcontact.measurement.measures.row import DefinitionRow
from firstcontact.services.define import EVIDENCE, Defined
from firstcontact.services.definition import suppressed
from firstcontact.services.publish import harmless_text, write_csv
from firstcontact.services.separate import SEPARATION_COLUMNS, flat

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.services.publish import Destination

DEFINITIONS_FILE = "definitions.parquet"
"""The file by which a directory is known to hold definitions side by side."""

DEFINITION_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("definition", "string", "Name of the preset; `own` for a policy of one's own."),
    ("title", "string", "What it counts."),
    ("source", "string", "Where it was published."),
    ("value", "float64", "Its figure, 0 to 1, over the contacts it settles; missing when refused."),
    ("low", "float64", "Lower end of the interval."),
    ("high", "float64", "Upper end of the interval."),
    ("level", "float64", "Confidence level of the interval."),
    ("status", "string", "`final`, `provisional`, `unsettled` or `refused`."),
    ("reading_low", "float64", "The figure with every unsettled contact counted against it; missing without any."),
    ("reading_high", "float64", "The figure with every unsettled contact counted for it."),
    ("judged", "int64", "Contacts it judges; this count and the next ones are missing where too few to show."),
    ("resolved", "int64", "Contacts it counts as resolved at first contact."),
    ("unsettled", "int64", "Contacts on which it does not say."),
    ("left_out", "int64", "Contacts it does not judge."),
    ("left_out_by_cause", "string", "The same by cause: `abandoned 12; immature 5`."),
    ("yes_here_only", "int64", "Contacts it counts as resolved and the chosen policy does not."),
    ("no_here_only", "int64", "The reverse."),
    ("refusal_code", "string", "Why there is no figure; missing when there is one."),
    ("refusal_reason", "string", "The same in a sentence."),
    ("chosen", "string", "Name of the chosen policy."),
    (
        "policy_hash",
        "string",
        "Hash of the chosen policy and its windows: definitions rest on nothing that is learned of returns.",
    ),
    ("cutoff", "timestamp", "End of complete data, UTC."),
)
"""Columns of `definitions.parquet` and `.csv`."""

DISAGREEMENT_COLUMNS: tuple[tuple[str, str], ...] = (
    ("contact_id", "The contact."),
    ("reason", "Path in the reason tree."),
    ("channel", "Channel."),
    ("started_at", "Start, UTC."),
    ("yes", "How many definitions count it as resolved at first contact."),
    ("no", "How many do not."),
    ("own_verdict", "What the chosen policy says: as in the columns of the definitions."),
    ("previous_gap_days", "Days since the customer's previous contact that the chosen policy looks at."),
    ("next_gap_days", "Days until the next one."),
    *((name, "As recorded; missing where the data do not hold it.") for name in EVIDENCE),
)
"""Columns of `disagreements.parquet` and `.csv`. One column for each definition stands before the gaps: `yes`, `no`,
`unsettled`, `left_out`, `immature`, or empty where the definition does not judge the contact."""

_TYPES = {"string": pa.string(), "float64": pa.float64(), "int64": pa.int64(), "timestamp": pa.timestamp("us")}
_TEXTS = ("contact_id", "reason", "channel")


def publish_definitions(engine: Engine, defined: Defined, destination: Destination) -> None:
    """Write definitions side by side.

    Args:
        engine: Where their tables are.
        defined: The definitions.
        destination: Where they go.

    Raises:
        FirstcontactError: The place cannot be written, is full, or holds something else.
    """
    disputed = disagreements(defined)
    # A spreadsheet must not run what an export holds.
    tame = disputed.mutate(**{name: harmless_text(disputed[name]) for name in _TEXTS})
    with destination.writing() as folder:
        for name, table in (
            ("definitions", definition_table(defined)),
            ("separations", _table(SEPARATION_COLUMNS, flat(defined.pairs))),
        ):
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
            write_csv(table, folder / f"{name}.csv")
        engine.write_parquet(disputed, folder / "disagreements.parquet")
        _write_large_csv(engine, tame, folder / "disagreements.csv")


def _write_large_csv(engine: Engine, table: ir.Table, path: Path) -> None:
    """Write a CSV file that a spreadsheet knows for UTF-8, without bringing its rows into memory."""
    plain = path.with_suffix(".part")
    engine.write_csv(table, plain)
    with path.open("wb") as file, plain.open("rb") as rows:
        file.write(codecs.BOM_UTF8)
        shutil.copyfileobj(rows, file)
    plain.unlink()


def definition_table(defined: Defined) -> pa.Table:
    """One row a definition, in the columns of `DEFINITION_COLUMNS`."""
    return _table(DEFINITION_COLUMNS, [_flat(row, defined) for row in defined.rows])


def _flat(row: DefinitionRow, defined: Defined) -> dict[str, Any]:
    result = row.result
    said: dict[str, Any] = {"status": "refused"}
    if isinstance(result, Estimate):
        said = {name: getattr(result, name) for name in ("value", "low", "high", "level", "status")}
    else:
        said |= {"refusal_code": result.code, "refusal_reason": result.reason}
    told = said | {
        "definition": row.preset,
        "title": row.title,
        "source": row.source,
        "reading_low": row.reading_low,
        "reading_high": row.reading_high,
    }
    counts = {
        "judged": row.counted,
        "resolved": row.resolved,
        "unsettled": row.unsettled,
        "left_out": defined.contacts - row.counted,
        "left_out_by_cause": "; ".join(f"{cause} {count}" for cause, count in row.left_out.items()),
        "yes_here_only": row.differs[0] if row.differs else None,
        "no_here_only": row.differs[1] if row.differs else None,
    }
    return (
        told
        | (dict.fromkeys(counts) if suppressed(row) else counts)
        | {
            "chosen": defined.own,
            "policy_hash": defined.policy_hash,
            "cutoff": defined.frame.cutoff,
        }
    )


def disagreements(defined: Defined) -> ir.Table:
    """One row a contact of which one definition says yes and another no; the most contested first."""
    wide = defined.verdicts
    names = {f"state_{number}": side.name for number, side in enumerate(defined.sides)}
    if not names:
        return _shown(wide.filter(ibis.literal(False)), {}, defined, no=ibis.literal(0), yes=ibis.literal(0))
    verdicts = {name: _verdict(wide[column]) for column, name in names.items()}
    yes = reduce(add, [(wide[column] == "yes").ifelse(1, 0) for column in names])
    no = reduce(add, [wide[column].startswith("no:").ifelse(1, 0) for column in names])
    shown = _shown(wide, verdicts, defined, yes=yes, no=no)
    return shown.filter((shown.yes > 0) & (shown.no > 0)).order_by(
        [ibis.least(shown.yes, shown.no).desc(), shown.contact_id]
    )


def _shown(
    wide: ir.Table, verdicts: dict[str, Any], defined: Defined, *, yes: ir.IntegerValue, no: ir.IntegerValue
) -> ir.Table:
    own = verdicts.get(defined.own, ibis.literal(""))
    presets = {name: verdict for name, verdict in verdicts.items() if name != "own"}
    return wide.select(
        *(name for name, _ in DISAGREEMENT_COLUMNS[:4]),
        yes=yes,
        no=no,
        own_verdict=own,
        **presets,
        previous_gap_days=wide.previous_gap_days,
        next_gap_days=wide.next_gap_days,
        **{name: wide[name] for name in EVIDENCE},
    )


def _verdict(state: ir.StringValue) -> ir.StringValue:
    """From a state to what a person reads."""
    return ibis.cases(
        (state.startswith("no:"), "no"),
        (state.startswith("left_out:"), "left_out"),
        (state.startswith("out:"), ""),
        else_=state,
    )


def _table(columns: tuple[tuple[str, str, str], ...], rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, _TYPES[kind]) for name, kind, _ in columns]))
