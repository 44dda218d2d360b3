"""What a measurement should find: the truth about every contact, issue, reason and agent of a simulated log.

Truth is not cut where the log is cut: a contact that will bring its customer back after the last day counts as one
that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from firstcontact.contacts.table import Column, TableSpec
from firstcontact.measurement.simulator import column
from firstcontact.measurement.simulator.calendar import DAY
from firstcontact.measurement.simulator.life import Life
from firstcontact.measurement.simulator.record import Record
from firstcontact.measurement.simulator.stream import Array, Bools, Floats, Ints

CONTACT_TRUTH = TableSpec(
    "contact_truth",
    "one contact of the log, in the same order",
    ("contact_id",),
    (
        Column("contact_id", "string", "The contact."),
        Column("person", "string", "Who really made it."),
        Column("true_reason", "string", "Path of the true reason."),
        Column("issue_id", "string", "The issue it truly belongs to."),
        Column("is_issue_opener", "boolean", "Whether it is the issue's first answered contact."),
        Column("resolved", "boolean", "Whether it truly resolved the issue.", "nobody answered, or outbound"),
        Column("p_unresolved", "float64", "Probability with which it was unresolved.", "nobody answered, or outbound"),
        Column("causes_repeat", "boolean", "Whether it brings the customer back, also after the cut."),
        Column("repeat_delay_days", "float64", "Days from its end to that return, also after the cut.", "no return"),
        Column("caused_repeat_of", "string", "The unresolved contact that caused this one.", "none, or before the log"),
        Column("cause_unseen", "boolean", "Whether it was caused by a contact before the log began."),
        Column("redial_of", "string", "The abandoned attempt just before it.", "none"),
        Column("follow_up_of", "string", "The contact that this outbound contact follows up.", "none"),
        Column("downstream_of", "string", "The issue that brought its issue.", "none, or not in the log"),
        Column(
            "would_say_resolved", "boolean", "What the customer would say if asked.", "nobody answered, or outbound"
        ),
    ),
)

ISSUE_TRUTH = TableSpec(
    "issue_truth",
    "one issue with a contact in the log",
    ("issue_id",),
    (
        Column("issue_id", "string", "The issue."),
        Column("person", "string", "Whose it is."),
        Column("reason", "string", "Path of its true reason."),
        Column("opener_contact_id", "string", "Its first answered contact.", "before the log, or never answered"),
        Column("resolved_at_first", "boolean", "Whether that contact truly resolved it.", "no opener in the log"),
        Column("contacts", "int64", "Answered contacts of the customer in the log."),
        Column("abandoned", "int64", "Abandoned attempts in the log."),
        Column("outbound", "int64", "Contacts in the log that the centre began."),
        Column("downstream_of", "string", "The issue that brought it.", "none, or not in the log"),
    ),
)

_SHARE = "no opener in the log"
REASON_TRUTH = TableSpec(
    "reason_truth",
    "one reason, over the issue openers in the log",
    ("reason",),
    (
        Column("reason", "string", "Path of the reason."),
        Column("openers", "int64", "Issues whose first answered contact is in the log."),
        Column("t_fcr", "float64", "Share truly resolved at first contact.", _SHARE),
        Column("t_fcr_expected", "float64", "The same, expected: without the luck of the draw.", _SHARE),
        Column("r_fcr", "float64", "Share whose opener brings nobody back.", _SHARE),
        Column("r_fcr_expected", "float64", "The same, expected.", _SHARE),
        Column("s_fcr", "float64", "Share whose customer would say resolved.", _SHARE),
        Column("rho", "float64", "Probability of coming back when unresolved."),
        Column("delay_median_days", "float64", "Median delay of the returns, cut or not.", "no return"),
        Column("delay_q95_days", "float64", "95 % quantile of that delay.", "no return"),
    ),
)

AGENT_TRUTH = TableSpec(
    "agent_truth",
    "one agent",
    ("agent_id",),
    (
        Column("agent_id", "string", "The agent."),
        Column("team", "string", "The agent's team."),
        Column("skill", "float64", "Added to the logit of P(unresolved); below 0 is better than average."),
        Column("false_positive", "float64", "P(says resolved | unresolved)."),
        Column("contacts", "int64", "Answered contacts in the log."),
    ),
)


@dataclass(frozen=True)
class Truth:
    """The truth about one simulated log: tables by name, and the figures over all of it."""

    tables: dict[str, pa.Table]
    summary: dict[str, Any]


def tell(life: Life, record: Record, says: Bools, surveys: pa.Table) -> Truth:
    """The truth about a log, beside what customary measures say of the same log.

    Args:
        life: What happened.
        record: What was recorded of it.
        says: What each customer would say if asked.
        surveys: The answered surveys.
    """
    issue_ids = column.numbered("I", column.unique_numbers(life.issues["key"]), 18)
    tables = {
        CONTACT_TRUTH.name: _contact_truth(life, record, says, issue_ids),
        ISSUE_TRUTH.name: _issue_truth(life, record, issue_ids),
        REASON_TRUTH.name: _reason_truth(life, says),
        AGENT_TRUTH.name: _agent_truth(life),
    }
    return Truth(tables, _summary(life, record, says, surveys))


def _paths(life: Life) -> list[str]:
    return [reason.path for reason in life.world.reasons]


def _contact_truth(life: Life, record: Record, says: Bools, issue_ids: pa.Array) -> pa.Table:
    contacts, answered = life.contacts, life.answered
    issue = contacts["issue"]
    columns = {
        "contact_id": record.contact_id,
        "person": column.numbered("P", contacts["person"], 8),
        "true_reason": column.labels(_paths(life), contacts["reason"]),
        "issue_id": column.named(issue_ids, issue),
        "is_issue_opener": column.values(life.opener),
        "resolved": column.values(~contacts["unresolved"], answered),
        "p_unresolved": column.values(contacts["p_unresolved"], answered),
        "causes_repeat": column.values(contacts["returns"]),
        "repeat_delay_days": column.values(contacts["return_days"], contacts["returns"]),
        "caused_repeat_of": column.named(record.contact_id, contacts["cause"]),
        "cause_unseen": column.values(contacts["caused"] & (contacts["cause"] < 0)),
        "redial_of": column.named(record.contact_id, contacts["redial_of"]),
        "follow_up_of": column.named(record.contact_id, contacts["follow_up_of"]),
        "downstream_of": column.named(issue_ids, life.issues["downstream_of"][issue]),
        "would_say_resolved": column.values(says, answered),
    }
    return column.table(CONTACT_TRUTH, columns, life.count)


def _issue_truth(life: Life, record: Record, issue_ids: pa.Array) -> pa.Table:
    contacts, issues = life.contacts, life.issues
    count = len(issues["key"])
    opener = np.full(count, -1, dtype=np.int64)
    rows = np.flatnonzero(life.opener)
    opener[contacts["issue"][rows]] = rows
    columns = {
        "issue_id": issue_ids,
        "person": column.numbered("P", issues["person"], 8),
        "reason": column.labels(_paths(life), issues["reason"]),
        "opener_contact_id": column.named(record.contact_id, opener),
        "resolved_at_first": column.values(~np.append(contacts["unresolved"], False)[opener], opener >= 0),
        **{
            name: column.values(np.bincount(contacts["issue"][which], minlength=count))
            for name, which in (
                ("contacts", life.answered),
                ("abandoned", contacts["abandoned"]),
                ("outbound", contacts["outbound"]),
            )
        },
        "downstream_of": column.named(issue_ids, issues["downstream_of"]),
    }
    return column.table(ISSUE_TRUTH, columns, count)


def _shares(life: Life, says: Bools, which: Bools) -> dict[str, float | int | None]:
    """The three estimands over some openers, as found and as expected."""
    contacts = life.contacts
    unresolved, expected = contacts["unresolved"][which], contacts["p_unresolved"][which].astype(np.float64)
    rho = np.array([reason.rho for reason in life.world.reasons])[contacts["reason"][which]]
    return {
        "openers": len(unresolved),
        "t_fcr": _mean(~unresolved),
        "t_fcr_expected": _mean(1 - expected),
        "r_fcr": _mean(~contacts["returns"][which]),
        "r_fcr_expected": _mean(1 - expected * rho),
        "s_fcr": _mean(says[which]),
    }


def _mean(numbers: Array) -> float | None:
    return float(numbers.mean()) if len(numbers) else None


def _reason_truth(life: Life, says: Bools) -> pa.Table:
    contacts, opener = life.contacts, life.opener
    rows: list[dict[str, Any]] = []
    for number, reason in enumerate(life.world.reasons):
        own = contacts["reason"] == number
        delays = contacts["return_days"][own & contacts["returns"]].astype(np.float64)
        median, late = np.quantile(delays, [0.5, 0.95]).tolist() if len(delays) else (None, None)
        rows.append(
            {
                "reason": reason.path,
                **_shares(life, says, opener & own),
                "rho": reason.rho,
                "delay_median_days": median,
                "delay_q95_days": late,
            }
        )
    return pa.Table.from_pylist(rows, schema=column.schema(REASON_TRUTH))


def _agent_truth(life: Life) -> pa.Table:
    staff, count = life.staff, len(life.staff.skill)
    agent = life.contacts["agent"][life.answered]
    columns = {
        "agent_id": column.numbered("agent-", np.arange(count), 4),
        "team": column.numbered("team-", staff.team, 2),
        "skill": column.values(staff.skill),
        "false_positive": column.values(staff.false_positive),
        "contacts": column.values(np.bincount(agent[agent >= 0], minlength=count)),
    }
    return column.table(AGENT_TRUTH, columns, count)


def _summary(life: Life, record: Record, says: Bools, surveys: pa.Table) -> dict[str, Any]:
    contacts, issues, world = life.contacts, life.issues, life.world
    before: dict[str, Any] = {}
    if world.change.date is not None:
        day = (world.change.date - world.start).days * DAY
        before = {
            "before_change": _shares(life, says, life.opener & (contacts["started"] < day)),
            "after_change": _shares(life, says, life.opener & (contacts["started"] >= day)),
        }
    brought = issues["downstream_of"] >= 0
    cause = issues["reason"][issues["downstream_of"][brought]]
    effect = issues["reason"][brought]
    names = [reason.name for reason in world.reasons]
    return {
        "contacts": life.count,
        "people": len(np.unique(contacts["person"])),
        "issues": len(issues["key"]),
        "abandoned": int(contacts["abandoned"].sum()),
        "redials": int((contacts["redial_of"] >= 0).sum()),
        "outbound": int(contacts["outbound"].sum()),
        "caused_repeats": int((contacts["caused"] & (contacts["redial_of"] < 0)).sum()),
        "truth": _shares(life, says, life.opener),
        **before,
        "customary": _customary(life, record, surveys),
        "downstream": {
            edge.name: int(((cause == names.index(edge.cause)) & (effect == names.index(edge.effect))).sum())
            for edge in world.edges
        },
    }


def _customary(life: Life, record: Record, surveys: pa.Table) -> dict[str, float | None]:
    """What measures in common use say of the same log, computed from what was recorded."""
    says = record.says & record.ended
    answers = surveys["resolved"].drop_null().to_numpy()
    gap = _recorded_gap(life, record)
    indexed = life.answered & (record.customer >= 0) & (record.reason >= 0)
    return {
        "survey": _mean(answers),
        "agent_says": _mean(record.says_resolved[says]),
        **{
            f"repeat_{days}d": _mean(gap[indexed & (life.contacts["ended"] + days * DAY <= life.calendar.end)] > days)
            for days in (7, 30)
        },
    }


def _recorded_gap(life: Life, record: Record) -> Floats:
    """Days from a contact's end to the next answered contact of the same recorded customer and reason."""
    rows: Ints = np.flatnonzero(life.answered & (record.customer >= 0) & (record.reason >= 0))
    group = record.customer[rows] * (len(life.world.reasons) + 1) + record.reason[rows]
    rows = rows[np.argsort(group, kind="stable")]  # the log is sorted by start
    group = np.sort(group)
    gap = np.full(life.count, np.inf)
    same = group[1:] == group[:-1]
    started, ended = life.contacts["started"][rows], life.contacts["ended"][rows]
    gap[rows[:-1][same]] = (started[1:][same] - ended[:-1][same]) / DAY
    return gap
