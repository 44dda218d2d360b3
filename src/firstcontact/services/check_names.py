"""Names in a policy that match nothing in the data: said, for a misspelt name would silently change the meaning."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from firstcontact.contacts.table import CONTACTS
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.policy.model import Policy, within

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine


_PERSONAL = frozenset(column.name for column in CONTACTS.columns if column.personal)


def check_names(engine: Engine, policy: Policy, contacts: ir.Table, reasons: list[str | None]) -> tuple[Finding, ...]:
    """Find what a policy names and the data do not hold.

    Args:
        engine: Where the contacts are.
        policy: The policy.
        contacts: All contacts.
        reasons: Every different reason in the data; None for contacts without one.

    Returns:
        A warning for each reason of a window, a cycle or a rule that no contact has, for each exclusion that excludes
        nobody, and where no contact has a reason at all though the policy asks for the same one.
    """
    known = sorted(reason for reason in reasons if reason is not None)
    found = []
    if not known and policy.link.reason_level != 0 and "returned" in policy.signals:
        text = Sentence(
            "reasons.none",
            "No contact has a reason, so every return of a customer counts as one for the same reason. The figure "
            "answers another question than the policy asks: whether the customer came back for whatever reason.",
        )
        rests_on = Sentence("reasons.none.rests", "no column is read as the reason")
        cure = Sentence("reasons.none.cure", "reason in a mapping file")
        found.append(Finding("reasons", text, rests_on, "warning", cure))
    named = [("window.by_reason", path) for path, _ in policy.window.by_reason]
    named += [("returns.cycle_by_reason", path) for path, _ in policy.returns.cycle_by_reason]
    named += [("related", path) for rule in policy.related for path in (rule.earlier, rule.later)]
    for setting, path in dict.fromkeys(named) if known else ():
        if not any(within(reason, path) for reason in known):
            found.append(_nothing(setting, path, known))
    for rule in policy.exclude:
        if rule.column not in contacts.columns:
            found.append(_nothing("exclude", rule.column, list(contacts.columns)))
            continue
        held = engine.execute(contacts.select(value=contacts[rule.column].cast("string")).distinct())
        values = [value for value in held["value"].to_pylist() if value is not None]
        absent = [value for value in rule.values if value and value not in values]
        # What customers are called is not held up to compare with.
        shown = [] if rule.column in _PERSONAL else values
        found += [_nothing(f"exclude, {rule.column}", value, shown) for value in absent if values]
    return tuple(found)


def _nothing(setting: str, name: str, known: list[str]) -> Finding:
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    meant = Sentence("policy.nothing.cure", "{name} in the policy", name=folded[near[0]]) if near else ""
    text = Sentence(
        "policy.nothing",
        "The policy names \u201c{name}\u201d ({setting}), and no contact has it.",
        name=name,
        setting=setting,
    )
    return Finding("policy", text, "", "warning", meant)
