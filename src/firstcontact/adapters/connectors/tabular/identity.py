"""What one row is, and which column tells rows apart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from firstcontact.adapters.connectors.tabular import sql
from firstcontact.adapters.connectors.tabular import vocabulary as words
from firstcontact.adapters.connectors.tabular.evidence import ACCEPT, Evidence, name_fit
from firstcontact.adapters.connectors.tabular.mapping import Mapping, Source
from firstcontact.adapters.connectors.tabular.source import Relation
from firstcontact.contacts.loaded import SourceKind

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def identify(seen: Evidence, columns: dict[str, Source]) -> tuple[SourceKind, dict[str, Source], dict[str, Source]]:
    """Decide whether a row is a contact, a ticket or an update of a ticket.

    A number with repeats beside a version or an update time names tickets with several updates; a number that differs
    on every row names contacts or tickets; a number that comes back without more is shared by contacts.

    Args:
        seen: What is known; columns that are used are taken from it.
        columns: What was found before; the ends tell tickets from contacts where names do not.

    Returns:
        The kind, the columns `contact_id` or `case_id`, and what tells updates apart.
    """
    tickets = seen.candidates(words.TICKET_IDS, loose=False)
    contacts = seen.candidates(words.CONTACT_IDS, loose=False)
    shares = {column: seen.distinct(column) for _, column in (*tickets[:3], *contacts[:4])}
    update = find_update(seen)
    if contacts and not update and not any(share >= 0.98 for share in shares.values()):
        # Copies of whole rows (a file given twice, overlapping exports) do not make an id less of one.
        different = seen.different_rows()
        shares = {column: min(1.0, share / different) for column, share in shares.items()}
    for score, column in tickets[:3]:
        repeated = shares[column] < 0.9
        if repeated and ("version" in update or ("updated_at" in update and "state" in update)):
            seen.taken |= {column} | {c for key in ("version", "updated_at", "reopen_count") if key in update
                                      for c in update[key].columns}  # fmt: skip
            for key, source in update.items():
                seen.note(f"updates.{key}", source, "by its name, beside a repeated ticket number", 0.9)
            seen.note("contact_id", Source((column,)), f"{name_fit(score)}; {shares[column]:.1%} of the rows differ in "
                       "it, and a version or update time stands beside it: one row an update", score)  # fmt: skip
            return "ticket-update", {"contact_id": Source((column,))}, update
    reopen = {k: v for k, v in update.items() if k in ("reopen_count", "reopened_at")}
    unique = [(s, c, True) for s, c in tickets if shares.get(c, 0) >= 0.98]
    unique += [(s, c, False) for s, c in contacts if shares.get(c, 0) >= 0.98]
    if unique:
        contact_like = any(
            not t for _, c, t in unique if seen.plain[c] not in ("id", "uuid", "guid", "external id", "unique id")
        )
        score, column, is_ticket = max(unique, key=lambda item: item[0] - (0.5 if item[2] and contact_like else 0))
        ends = columns.get("ended_at")
        life = ends is not None and any(
            re.search(r"resol|clos|solv|реш|затв|נסגר|סגירה|解|关|關", seen.plain[c]) for c in ends.columns
        )
        kind: SourceKind = "ticket" if is_ticket or (life and not contact_like) else "contact"
        seen.taken.add(column)
        seen.note(
            "contact_id",
            Source((column,)),
            f"{name_fit(score)}; {shares[column]:.1%} of the rows differ in it",
            score,
        )
        if kind == "ticket":
            for key, source in reopen.items():
                seen.taken |= set(source.columns)
                seen.note(f"updates.{key}", source, "by its name", 0.9)
        identity = {"contact_id": Source((column,))}
        case = [(s, c) for s, c in tickets if c != column and seen.plain[c] != "number"]
        if kind == "contact" and case:
            seen.taken.add(case[0][1])
            identity["case_id"] = Source((case[0][1],))
            seen.note("case_id", identity["case_id"], f"{name_fit(case[0][0])}; several rows may share it", case[0][0])
        return kind, identity, (reopen if kind == "ticket" else {}) | latest(seen, update)
    # A number that comes back without saying which row is later is shared by contacts, it does not name one.
    shared = [(s, c) for s, c in (*tickets, *contacts) if shares.get(c, 0) > 0]
    if shared:
        score, column = shared[0]
        if shares[column] >= 0.9:
            seen.taken.add(column)
            seen.note(
                "contact_id",
                Source((column,)),
                f"{name_fit(score)}; {shares[column]:.1%} of the rows differ in it",
                score * 0.8,
            )
            return (
                ("ticket" if column in [c for _, c in tickets] else "contact"),
                {"contact_id": Source((column,))},
                latest(seen, update),
            )
        seen.taken.add(column)
        seen.note("case_id", Source((column,)), f"{name_fit(score)}; only {shares[column]:.1%} of the rows differ "
                       "in it, "
                   "and nothing says which row is later", score * 0.8)  # fmt: skip
        return "contact", {"case_id": Source((column,))}, {}
    return "contact", {}, {}


def latest(seen: Evidence, update: dict[str, Source]) -> dict[str, Source]:
    """The column that tells which of two rows of one contact is the later: exports that overlap bring both."""
    if "updated_at" not in update:
        return {}
    source = update["updated_at"]
    seen.taken |= set(source.columns)
    seen.note(
        "updates.updated_at",
        source,
        "by its name; of two rows with one id the later one counts",
        0.9,
    )
    return {"updated_at": source}


def without_idle_update(connection: DuckDBPyConnection, relation: Relation, mapping: Mapping) -> Mapping:
    """The mapping without the moment of update where no id comes back: it would be read for nothing."""
    key = mapping.columns.get("contact_id")
    if relation.typed or mapping.kind == "ticket-update" or "updated_at" not in mapping.update or key is None:
        return mapping
    column = sql.name(key.columns[0])
    row = connection.execute(f"SELECT count(*), count(DISTINCT hash({column})) FROM {relation.table}").fetchone()
    if row is None or row[0] != row[1]:
        return mapping
    return replace(mapping, update={k: v for k, v in mapping.update.items() if k != "updated_at"})


def find_update(seen: Evidence) -> dict[str, Source]:
    """Columns that may tell the updates of a ticket apart, by name and content."""
    found: dict[str, Source] = {}
    for key, names in words.UPDATE_NAMES.items():
        for _, column in seen.candidates(names, loose=key != "version"):
            counts = seen.values[column]
            total = sum(counts.values())
            if not total:
                continue
            if key in ("version", "reopen_count"):
                fits = sum(n for v, n in counts.items() if v.isdigit()) / total >= ACCEPT
            elif key == "state":
                fits = seen.is_state(column)
            else:
                fits = seen.moment_share(column) >= ACCEPT
            if fits:
                found[key] = Source((column,))
                break
    return found
