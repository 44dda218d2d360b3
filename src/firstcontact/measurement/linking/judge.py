"""The verdict: the signals of a contact against the conditions of a policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.policy.model import Condition, Policy

NOT_RECORDED = "not_recorded"


def holds(contacts: ir.Table, condition: Condition) -> ir.BooleanValue:
    """Whether the signal meets the comparison; NULL where the signal is missing. Channels are not looked at."""
    signal = contacts[condition.signal]
    if condition.equals is not None:
        return signal == condition.equals
    if condition.at_most is not None:
        return signal <= condition.at_most
    if condition.below is not None:
        return signal < condition.below
    if condition.at_least is not None:
        return signal >= condition.at_least
    return ibis.ifelse(signal.isnull(), ibis.null("boolean"), signal.isin(condition.any_of))


def _asked(contacts: ir.Table, condition: Condition) -> ir.BooleanValue:
    if not condition.channels:
        return ibis.literal(True)
    return contacts.channel.isin(condition.channels).fill_null(False)


def _any(
    contacts: ir.Table,
    conditions: tuple[Condition, ...],
    test: Callable[[ir.Table, Condition], ir.BooleanValue],
) -> ir.BooleanValue:
    found: ir.BooleanValue = ibis.literal(False)
    for condition in conditions:
        found = found | (_asked(contacts, condition) & test(contacts, condition))
    return found


def outcome(contacts: ir.Table, policy: Policy) -> tuple[ir.StringValue, ir.StringValue]:
    """What the policy says of each contact, eligible or not.

    Args:
        contacts: With a column for each signal that the policy asks for, and `channel`.
        policy: The policy.

    Returns:
        The verdict (`yes`, `no`, `left_out`, `unsettled`) and, for `left_out`, the code that goes to the ledger.
    """

    def met(table: ir.Table, condition: Condition) -> ir.BooleanValue:
        return holds(table, condition).fill_null(False)

    def missing(table: ir.Table, condition: Condition) -> ir.BooleanValue:
        return table[condition.signal].isnull()

    def unmet(table: ir.Table, condition: Condition) -> ir.BooleanValue:
        return ~holds(table, condition).fill_null(condition.missing != "fails")

    by_missing = {
        kind: tuple(condition for condition in policy.counts_when if condition.missing == kind)
        for kind in ("left_out", "unsettled")
    }
    left_out = [
        (_asked(contacts, condition) & met(contacts, condition), condition.code or condition.signal)
        for condition in policy.left_out_when
    ]
    failed = _any(contacts, policy.counts_when, unmet)
    unrecorded = _any(contacts, by_missing["left_out"], missing)
    open_case = _any(contacts, policy.unsettled_when, met) | _any(contacts, by_missing["unsettled"], missing)
    verdict = ibis.cases(
        *((condition, "left_out") for condition, _ in left_out),
        (failed, "no"),
        (unrecorded, "left_out"),
        (open_case, "unsettled"),
        else_="yes",
    )
    code = ibis.cases(
        *left_out,
        (failed, ibis.null("string")),
        (unrecorded, ibis.literal(NOT_RECORDED)),
        else_=ibis.null("string"),
    )
    return verdict, code
