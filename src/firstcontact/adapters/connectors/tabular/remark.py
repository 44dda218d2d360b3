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
from firstcontact.kernel.sentence import Sentence, either

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def mapping_findings(connection: DuckDBPyConnection, relation: Relation, mapping: Mapping) -> list[Finding]:
    """Values read as missing, and what the source does not have."""
    findings = [
        Finding(
            "missing",
            Sentence(
                "missing.token",
                '"{token}" is read as missing: {count:,} values.',
                '"{token}" is read as missing: {count:,} value.',
                "count",
                token=found.token,
                count=found.count,
            )
            if found.token
            else Sentence(
                "missing.empty",
                "An empty value is read as missing: {count:,} values.",
                "An empty value is read as missing: {count:,} value.",
                "count",
                count=found.count,
            ),
            Sentence("missing.rests", "in {columns}", columns=", ".join(found.columns)),
            override=Sentence("in-mapping", "{setting} in the mapping", setting="[missing]"),
        )
        for found in count_missing(connection, relation, mapping)
    ]
    if "contact_id" not in mapping.columns:
        findings.append(
            Finding(
                "columns",
                Sentence("columns.no-id", "No column identifies a contact, so rows are numbered: row-1, row-2 …"),
                Sentence("columns.no-id.rests", "no column differs on every row"),
                override=Sentence("in-mapping", "{setting} in the mapping", setting="columns.contact_id"),
            )
        )
    if "customer_id" not in mapping.columns and not mapping.identifiers:
        findings.append(
            Finding(
                "columns",
                Sentence(
                    "columns.no-customer", "No column says who the customer is, so nothing can be called a repeat."
                ),
                Sentence("columns.no-customer.rests", "neither a name nor the content of a column fits"),
                "warning",
                Sentence(
                    "in-mapping", "{setting} in the mapping", setting=either(("columns.customer_id", "[identifiers]"))
                ),
            )
        )
    return findings


def word_findings(reader: Reader) -> list[Finding]:
    """Words of the source that no table knows."""
    found = []
    for ours, unknown in reader.unknown_words.items():
        if ours == "channel":
            text = Sentence(
                "values.channel",
                "channel: {count} words are not among the known channels and are kept as they are.",
                "channel: {count} word is not among the known channels and is kept as it is.",
                "count",
                count=len(unknown),
            )
        else:
            text = Sentence(
                "values.flag",
                "{column}: {count} words are not known as yes or no.",
                "{column}: {count} word is not known as yes or no.",
                "count",
                column=ours,
                count=len(unknown),
            )
        found.append(
            Finding(
                "values", text, Sentence("rows", "{count:,} rows",
"{count:,} row",
"count", count=sum(unknown.values())),
                "info" if ours == "channel" else "warning",
                Sentence("values.cure", "say what they mean under {table} in the mapping", table=f"[values.{ours}]"),
            )
        )  # fmt: skip
    return found


def set_aside_findings(quarantined: Counter[str], read: int) -> list[Finding]:
    """One sentence a cause for the rows that were set aside."""
    order = [rule.code for rule in RULES]
    return [
        Finding(
            "quarantine",
            Sentence(
                "quarantine", "{count:,} rows {clause} were set aside ({code}).",
"{count:,} row {clause} was set aside ({code}).",
"count",
                count=n, clause=Sentence(code, by_code(code).clause), code=code,
            ),
            Sentence("quarantine.rests", "{share:.2%} of the rows read", share=n / max(read, 1)),
            "warning", Sentence(code, by_code(code).cure),
        )
        for code, n in sorted(quarantined.items(), key=lambda item: order.index(item[0]))
    ]  # fmt: skip
