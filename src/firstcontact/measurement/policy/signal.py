"""The signals that a policy can ask for: name, type, and what each says, in words that fit into a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SignalType = Literal["flag", "number", "text"]


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """One signal.

    Attributes:
        name: What conditions call it.
        type: What it can be compared with: a flag with `equals`, a number also with limits, a text with `any_of`.
        noun: For a sentence about a number: "public replies by agents". Of a flag: what is said when it is true.
        negated: Of a flag: what is said when it is false.
        needs: What the data must hold for it.
    """

    name: str
    type: SignalType
    noun: str
    needs: str
    negated: str = ""


_SPECS = (
    SignalSpec(
        "returned",
        "flag",
        "the customer came back inside the window",
        "known customers",
        "the customer did not come back inside the window",
    ),
    SignalSpec(
        "repeat",
        "flag",
        "it is itself a return to an earlier contact",
        "known customers",
        "it is not a return to an earlier contact",
    ),
    SignalSpec(
        "transfers", "number", "transfers to another agent or queue", "a transfers column, reassignments, or legs"
    ),
    SignalSpec(
        "escalated",
        "flag",
        "it went to a higher level",
        "an escalated_to column or escalation events",
        "it did not go to a higher level",
    ),
    SignalSpec("reopens", "number", "reopenings", "case events with settled or reopen"),
    SignalSpec(
        "settled",
        "flag",
        "its record is solved or closed",
        "a settled column or settled events",
        "its record is still open",
    ),
    SignalSpec("settled_times", "number", "times it was solved or closed", "settled events"),
    SignalSpec("public_replies", "number", "public replies by agents", "agent replies (case events public_reply)"),
    SignalSpec(
        "customer_messages",
        "number",
        "further messages of the customer",
        "customer messages or agent replies among the case events",
    ),
    SignalSpec(
        "inbound_activities", "number", "inbound activities", "customer messages or agent replies among the case events"
    ),
    SignalSpec("agents", "number", "agents who replied", "agent replies (case events public_reply)"),
    SignalSpec("updates", "number", "updates by the centre before it was settled", "case events"),
    SignalSpec("awaited", "number", "times it waited for information or a third party", "case events"),
    SignalSpec("minutes_to_settle", "number", "minutes until it was first settled", "settled events or an end time"),
    SignalSpec("minutes_to_reply", "number", "minutes until the first reply", "agent replies, or answer times"),
    SignalSpec(
        "agent_says_resolved",
        "flag",
        "the agent marked it resolved",
        "an agent_says_resolved column (wrap-up)",
        "the agent marked it unresolved",
    ),
    SignalSpec(
        "survey_resolved",
        "flag",
        "the customer says it is resolved",
        "survey answers about resolution",
        "the customer says it is not resolved",
    ),
    SignalSpec(
        "survey_contacts_needed",
        "number",
        "contacts that the customer says it took",
        "survey answers about the number of contacts",
    ),
    SignalSpec("channel", "text", "the channel", "a channel column"),
    SignalSpec("direction", "text", "the direction", "nothing"),
)

SIGNALS: dict[str, SignalSpec] = {spec.name: spec for spec in _SPECS}
"""By name; how each is seen stands in `measurement.signals`."""
