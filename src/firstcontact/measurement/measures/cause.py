"""Causes that several measures share, spelled once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

EXCLUSIONS: tuple[str, ...] = (
    "channel",
    "outbound",
    "abandoned",
    "self_service",
    "no_customer",
    "no_reason",
    "part_of_contact",
    "before_since",
    "after_cutoff",
)
"""Exclusion codes of linking, beside those that the policy's `exclude` names."""


WITHOUT_LINKING: tuple[str, ...] = ("no_customer", "no_reason")
"""Exclusions that matter only to measures that ask who came back for what."""


def excluded(linked: ir.Table, *, but: tuple[str, ...] = ()) -> tuple[tuple[str, ir.BooleanValue], ...]:
    """Excluded by linking, each under its own code; `but` names codes that this measure counts all the same."""
    code = linked.excluded_code
    if not but:
        return (("excluded_code", code.notnull()),)
    # A contact spared by its first cause may still lie outside the period.
    return (("excluded_code", code.notnull() & ~code.isin(but)), ("outside", linked.outside.notnull()))


def not_recorded(value: ir.Value) -> tuple[str, ir.BooleanValue]:
    """The contact does not hold what the measure reads."""
    return ("not_recorded", value.isnull())


def yes(condition: ir.BooleanValue) -> ir.NumericValue:
    """1 where it holds, 0 where it does not or is not known."""
    return ibis.ifelse(condition.fill_null(False), 1.0, 0.0)
