"""What is worth telling about values and rows, as findings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular.expression import Reader
from firstcontact.adapters.connectors.tabular.inspect import count_missing
from firstcontact.adapters.connectors.tabular.mapping import Mapping
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.contacts.rule import RULES, by_code
from firstcontact.kernel.finding import Finding

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def mapping_findings(connection: DuckDBPyConnection, relation: Relation, mapping: Mapping) -> list[Finding]:
    """Values read as missing, and what the source does not have."""
    findings = [
        Finding(
            "missing",
            ("An empty value" if not found.token else f'"{found.token}"')
            + f" is read as missing: {found.count:,} values.",
            f"in {', '.join(found.columns)}",
            override="[missing] in the mapping",
        )
        for found in count_missing(connection, relation, mapping)
    ]
    if "contact_id" not in mapping.columns:
        findings.append(
            Finding(
                "columns",
                "No column identifies a contact, so rows are numbered: row-1, row-2 …",
                "no column differs on every row",
                override="columns.contact_id in the mapping",
            )
        )
    if "customer_id" not in mapping.columns and not mapping.identifiers:
        findings.append(
            Finding(
                "columns",
                "No column says who the customer is, so nothing can be called a repeat.",
                "neither a name nor the content of a column fits",
                "warning",
                "columns.customer_id or [identifiers] in the mapping",
            )
        )
    return findings


def word_findings(reader: Reader) -> list[Finding]:
    """Words of the source that no table knows."""
    found = []
    for ours, unknown in reader.unknown_words.items():
        if ours == "channel":
            text = f"channel: {len(unknown)} words are not among the known channels and are kept as they are."
        else:
            text = f"{ours}: {len(unknown)} words are not known as yes or no."
        found.append(
            Finding(
                "values", text, f"{sum(unknown.values()):,} rows", "info" if ours == "channel" else "warning",
                f"say what they mean under [values.{ours}] in the mapping",
            )
        )  # fmt: skip
    return found


def set_aside_findings(quarantined: Counter[str], read: int) -> list[Finding]:
    """One sentence a cause for the rows that were set aside."""
    order = [rule.code for rule in RULES]
    return [
        Finding(
            "quarantine", f"{n:,} rows {by_code(code).clause} were set aside ({code}).",
            f"{n / max(read, 1):.2%} of the rows read",
            "warning", by_code(code).cure,
        )
        for code, n in sorted(quarantined.items(), key=lambda item: order.index(item[0]))
    ]  # fmt: skip
