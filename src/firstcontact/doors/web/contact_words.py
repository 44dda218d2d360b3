"""Contacts of a run in words: what their columns are called, what stands in them, what came of each and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from firstcontact.contacts.table import EXTRA_PREFIX, REASON_SEPARATOR
from firstcontact.doors.report import words
from firstcontact.doors.report.notation import Notation, shown
from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web.place import N_
from firstcontact.measurement.explain.channel_path import THEN
from firstcontact.measurement.explain.root_cause.member import FAILURE
from firstcontact.measurement.explain.root_cause.pattern import SHOWS
from firstcontact.measurement.explain.sequence import FOLLOWED
from firstcontact.measurement.measures.catalog import TITLES
from firstcontact.measurement.measures.member import OUT, PREFIX
from firstcontact.services.explained import CAUSES, GAINS, PAIRS, PATHS
from firstcontact.services.publish import BY, COMPARED

COLUMNS: dict[str, str] = {
    "contact_id": N_("Contact"),
    "source": N_("Source"),
    "customer": N_("Customer"),
    "channel": N_("Channel"),
    "team": N_("Team"),
    "queue": N_("Queue"),
    "reason": N_("Reason"),
    "started_at": N_("Began"),
    "ended_at": N_("Ended"),
    "local_day": N_("Day"),
    "issue_id": N_("Its issue began with"),
    "issue_start": N_("Began its issue"),
    "opener": N_("Quiet before it"),
    "index_eligible": N_("Judged once closed"),
    "repeat_of": N_("Repeats"),
    "leg_of": N_("Transferred leg of"),
    "redialled": N_("Redialled"),
    "previous_gap_days": N_("Days since the one before"),
    "next_gap_days": N_("Days until the next"),
    "window_days": N_("Window, days"),
    "returned": N_("Customer came back"),
    "p_caused": N_("Probably caused by the one before"),
    "repeat": N_("Is a repeat"),
    "left_censored": N_("Too close to the beginning"),
    "mature": N_("Window closed"),
    "excluded_code": N_("Left out because"),
    "verdict": N_("What came of it"),
    "verdict_code": N_("Why not judged"),
    "p_resolved": N_("Probably resolved"),
    "risk": N_("Risk of a return"),
    "handle_seconds": N_("Handle time"),
    "abandoned": N_("Abandoned"),
    "settled": N_("Settled by its source"),
    "escalated": N_("Escalated"),
    "transfers": N_("Transfers"),
    "reopens": N_("Reopened"),
    "survey_resolved": N_("Customer says resolved"),
    "survey_csat": N_("Satisfaction"),
    "survey_nps": N_("Likelihood to recommend"),
    "survey_ces": N_("Ease"),
}
"""What columns of contacts are called."""

VERDICTS: dict[str, str] = {
    "yes": N_("Settled"),
    "no": N_("Not settled"),
    "unsettled": N_("The policy does not say"),
    "left_out": N_("Left out"),
    "none": N_("Not judged"),
}
"""What the policy says of a contact."""

STATES: dict[str, str] = {
    "met": N_("yes"),
    "not_met": N_("no"),
    "open": N_("not said"),
    "counted": N_("counted"),
    "answered": N_("answered"),
    "new": N_("counted, no time has passed yet"),
}
"""How a contact enters a measure or a definition."""

SHARES = frozenset({"p_caused", "p_resolved", "risk"})
VERDICT_NEEDS: tuple[str, ...] = (
    *("verdict", "verdict_code", "excluded_code", "mature", "left_censored", "opener", "index_eligible"),
    *("returned", "next_gap_days", "window_days"),
)
"""Columns that `came_of` reads."""


def heading(column: str, writer: Writer) -> str:
    """What a column is called."""
    if column in COLUMNS:
        return writer.say(COLUMNS[column])
    if column == COMPARED:
        return writer.say("Enters comparisons of teams")
    if column in EXPLAINED_COLUMNS:
        return writer.say(EXPLAINED_COLUMNS[column])
    if column.startswith(SHOWS):
        return writer.say(PATTERN_COLUMNS.get(column, column))
    if column.startswith(PREFIX) and column.removeprefix(PREFIX) in TITLES:
        return writer.say("Enters: %(measure)s", measure=measure_name(column.removeprefix(PREFIX), writer))
    if column.startswith(BY):
        return writer.say("By %(definition)s", definition=writer.notation.apart(shown(column.removeprefix(BY))))
    return shown(column.removeprefix(EXTRA_PREFIX))


EXPLAINED_COLUMNS: dict[str, str] = {
    FAILURE: N_("Enters causes and what could be saved"),
    FOLLOWED: N_("Enters what comes next"),
    THEN: N_("Came back by"),
}
"""What columns are called in which it is noted what explanations rest on."""
PATTERN_COLUMNS: dict[str, str] = {
    f"{SHOWS}hour": N_("Shows: hour"),
    f"{SHOWS}weekday": N_("Shows: weekday"),
    f"{SHOWS}event": N_("Shows: what happened shortly before"),
    f"{SHOWS}wrong_place_first": N_("Shows: wrong place first"),
    f"{SHOWS}to_and_fro": N_("Shows: handed to and fro"),
    f"{SHOWS}wrong_queue_first": N_("Shows: wrong queue first"),
    f"{SHOWS}wrong_queue_first_pair": N_("Shows: from which queue to which"),
    f"{SHOWS}wrong_reason_first": N_("Shows: wrong reason first"),
    f"{SHOWS}wrong_reason_first_pair": N_("Shows: from which reason to which"),
    f"{SHOWS}escalation": N_("Shows: escalation"),
    f"{SHOWS}channel": N_("Shows: channel"),
    f"{SHOWS}waiting": N_("Shows: put on hold"),
    f"{SHOWS}call_back": N_("Shows: call-back by the centre"),
    f"{SHOWS}asset": N_("Shows: the same asset again"),
}
"""The same of root causes."""

_SECTIONS: dict[str, str] = {
    **dict.fromkeys(CAUSES, "What failures have in common"),
    **dict.fromkeys(GAINS, "What could be saved"),
    **dict.fromkeys(PAIRS, "What comes next"),
    **dict.fromkeys(PATHS, "Where issues go on"),
    **dict.fromkeys(("root_cause_pair", "root_cause_looked_at"), "What failures have in common"),
    **dict.fromkeys(("downstream_share", "downstream_pairs"), "What comes next"),
    **dict.fromkeys(("repeat_window_days", "returns_expected"), "When customers come back"),
    **dict.fromkeys(
        ("count_all", "control_chart", "latency_drift", "failure_shift"), "R-FCR week by week, young weeks included"
    ),
    **dict.fromkeys(
        ("team_effect", "team_share", "agent_share", "agent_support", "comparison"), "Teams, agents and the system"
    ),
    **dict.fromkeys(
        ("csat_relation", "nps_relation", "ces_relation"), "First contact resolution and what customers say"
    ),
    "driver": "What moved the figure last",
    "split_cases": "What was really resolved",
}
"""What figures of explanations are called: as the parts of pages that show them."""


def measure_name(measure: str, writer: Writer) -> str:
    """What a measure is called."""
    if measure in _SECTIONS:
        return writer.say(_SECTIONS[measure])
    if measure in words.MEASURES:
        return writer.say(words.MEASURES[measure][0])
    if measure in words.TRUTHS:
        return writer.say(words.TRUTHS[measure][0])
    return writer.say(TITLES[measure]) if measure in TITLES else shown(measure)


def cause(code: str, writer: Writer) -> str:
    """Why a contact is left out."""
    return writer.say(words.CAUSES[code]) if code in words.CAUSES else shown(code)


def value(column: str, found: Any, writer: Writer, clock: Notation) -> str:
    """What stands in a column of one contact; empty where nothing does.

    Args:
        column: The column.
        found: What the run has.
        writer: Speaks the visitor's language.
        clock: Writes moments in the visitor's zone.
    """
    number = writer.notation
    if found is None or found == "":
        return ""
    if isinstance(found, bool):
        return writer.say("yes") if found else writer.say("no")
    if isinstance(found, datetime):
        return clock.moment(found)
    if isinstance(found, date):
        return number.day(found)
    if column in SHARES:
        return number.percent(found)
    if column == "handle_seconds":
        return number.duration(found)
    if isinstance(found, int | float):
        return number.decimal(found, 0 if found == int(found) else 1)
    return _word(column, str(found), writer)


def _word(column: str, found: str, writer: Writer) -> str:
    if column in ("excluded_code", "verdict_code"):
        return cause(found, writer)
    if column.startswith((PREFIX, BY)):
        if found.startswith(OUT):
            return writer.say("left out: %(cause)s", cause=cause(found.removeprefix(OUT), writer))
        return writer.say(STATES[found]) if found in STATES else shown(found)
    if column == "reason":
        return " › ".join(writer.name(part) for part in found.split(REASON_SEPARATOR))
    return writer.name(found, translate=column in ("channel", THEN))


def came_of(row: Mapping[str, Any], writer: Writer) -> tuple[str, str]:
    """What the policy says of a contact, and why; the latter empty where there is nothing to add."""
    verdict = row.get("verdict")
    return writer.say(VERDICTS[verdict or "none"]), _why(row, writer)


def _why(row: Mapping[str, Any], writer: Writer) -> str:
    code = row.get("excluded_code") or row.get("verdict_code")
    if code:
        return cause(code, writer)
    if row.get("verdict") is None:
        if row.get("left_censored"):
            return writer.say(words.CAUSES["left_censored"])
        if row.get("opener") is False and not row.get("index_eligible"):
            return writer.say(words.CAUSES["not_opener"])
        if row.get("mature") is False:
            return writer.say(words.CAUSES["immature"])
    gap, window = row.get("next_gap_days"), row.get("window_days")
    if row.get("returned") and gap is not None:
        return writer.say("came back after %(days)s days", days=writer.notation.decimal(gap, 1))
    if row.get("returned") is False and row.get("mature") and window:
        return writer.say("no return within %(days)s days", days=writer.notation.decimal(window))
    return ""
