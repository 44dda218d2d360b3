"""What a data set can show at all, so that a definition it cannot support is refused instead of guessed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.signals.catalog import SIGNALS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.policy.model import Policy

_COLUMNS = (
    "customer",
    "reason",
    "channel",
    "team",
    "queue",
    "transfers",
    "escalated_to",
    "settled",
    "agent_says_resolved",
    "ended_at",
    "queued_at",
    "answered_at",
    "abandoned",
    "handle_seconds",
)
_ANSWERS = ("resolved", "contacts_needed", "csat", "nps", "ces")


def holdings(engine: Engine, tables: dict[str, ir.Table]) -> frozenset[str]:
    """What the data hold, by content: columns with any value, kinds of events that occur, answered survey questions.

    Returns:
        Column names, `event.<kind>`, `events`, `history`, `survey.<column>`.
    """
    contacts = tables["contacts"]
    found = set(filled(engine, contacts, [name for name in _COLUMNS if name in contacts.columns]))
    if "case_events" in tables:
        kinds = engine.execute(tables["case_events"].select("kind").distinct())["kind"].to_pylist()
        found |= {f"event.{kind}" for kind in kinds} | ({"events"} if kinds else set())
        # A settlement alone is the end of a record, not its history: it cannot show that a record was reopened.
        found |= {"history"} if "settled" in kinds and len(kinds) > 1 else set()
    if "surveys" in tables:
        found |= {f"survey.{name}" for name in filled(engine, tables["surveys"], _ANSWERS)}
    return frozenset(found)


def filled(engine: Engine, table: ir.Table, names: Sequence[str]) -> list[str]:
    """Those of some columns that hold any value, in one pass."""
    counts = engine.execute(table.aggregate([table[name].count().name(name) for name in names]))
    return [name for name in names if counts[name][0].as_py()]


def unsupported(policy: Policy, has: frozenset[str]) -> list[Sentence]:
    """The signals that a policy cannot do without and the data cannot show, each with what it needs.

    A signal that only leaves a case open is no such signal: where it is never seen, no case is left open.

    >>> from firstcontact.measurement.policy.model import Condition, Policy
    >>> unsupported(Policy(counts_when=(Condition("public_replies", at_most=1),)), frozenset({"customer"}))
    ['public_replies: agent replies (case events public_reply)']
    """
    asked = {condition.signal for condition in policy.counts_when + policy.left_out_when}
    signals = [SIGNALS[name] for name in sorted(asked)]
    missing = [_lacks(signal.name) for signal in signals if not signal.supported(has)]
    if policy.needs_customer and "customer" not in has:
        missing.append(_lacks("returned"))
    return missing


def _lacks(signal: str) -> Sentence:
    needs = Sentence(f"needs.{signal}", SIGNALS[signal].needs)
    return Sentence("needs", "{signal}: {needs}", signal=signal, needs=needs)
