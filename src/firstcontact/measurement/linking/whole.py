"""What was seen on the parts of a contact that was handed on, brought to the contact as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis

from firstcontact.measurement.signals.catalog import SIGNALS

if TYPE_CHECKING:
    import ibis.expr.types as ir

WRAP_UP = "wrap_up"


def carry(linked: ir.Table, parts: ir.Table, answers: Sequence[str]) -> ir.Table:
    """Give heads what their legs show; legs and all others keep their own.

    Args:
        linked: Contacts with their own signals and survey answers.
        parts: The parts of contacts that have legs, the head among them: `head_id`, `position`, and the same signals
            and answers.
        answers: Survey answers (`survey_<column>`) that are carried along.

    Returns:
        The contacts, where of a head an escalation is that of any part, and its state, the agent's word, the wrap-up
        and each survey answer are the last that any part records.
    """
    last = [*answers, *(name for name, signal in SIGNALS.items() if signal.whole == "last"), WRAP_UP]
    any_of = [name for name, signal in SIGNALS.items() if signal.whole == "any"]
    held = set(linked.columns) & set(parts.columns)
    found: dict[str, ir.Value] = {}
    for name in dict.fromkeys(name for name in last if name in held):
        found[f"whole_{name}"] = parts[name].argmax(parts.position, where=parts[name].notnull())
    for name in any_of:
        if name in held:
            found[f"whole_{name}"] = parts[name].fill_null(False).any()
    if not found:
        return linked
    wholes = parts.group_by(whole_id=parts.head_id).aggregate(**found)
    joined = linked.left_join(wholes, linked.contact_id == wholes.whole_id)
    is_head = joined.whole_id.notnull()
    own = {name.removeprefix("whole_"): name for name in found}
    carried = {name: ibis.ifelse(is_head, joined[column], joined[name]) for name, column in own.items()}
    return joined.mutate(**carried).drop("whole_id", *found)
