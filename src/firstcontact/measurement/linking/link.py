"""Contacts in, linked and judged contacts out: the rules of this package's front page, step by step."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import ibis

from firstcontact.measurement.linking import chain, issue, leg, related, whole
from firstcontact.measurement.linking.answer import last_answer
from firstcontact.measurement.linking.judge import outcome
from firstcontact.measurement.linking.portable import microseconds
from firstcontact.measurement.linking.shared import Shared
from firstcontact.measurement.policy.model import digest
from firstcontact.measurement.signals.catalog import SIGNALS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.fit.declared import Fit
    from firstcontact.measurement.linking.frame import Frame
    from firstcontact.measurement.policy.model import Policy

_READ = ("contact_id", "customer", "channel", "reason", "direction", "abandoned", "started_at", "ended_at")


def link(
    engine: Engine,
    tables: dict[str, ir.Table],
    policy: Policy,
    fit: Fit,
    frame: Frame,
    *,
    has: frozenset[str] | None = None,
    signals: Iterable[str] = (),
    keep: Iterable[str] | None = None,
    detail: bool = True,
    name: str = "fc_linked",
    shared: Shared | None = None,
) -> ir.Table:
    """Link and judge.

    Args:
        engine: Where it runs.
        tables: `contacts` (canonical columns, `customer` int64, NULL when unknown), and `case_events`, `surveys` where
            there are any.
        policy: The policy.
        fit: Its windows.
        frame: The period and the kind of source.
        has: What the data hold (`holdings`); found here where not given.
        signals: Further signals to bring along, beside those that the policy asks for. Those that the data cannot
            show are NULL.
        keep: Columns of the contacts (and `survey_` answers) to carry along; all where not given.
        detail: Whether to name the earlier contact, the issue and redials: what exports need and figures do not.
        name: Under which the engine keeps the answer.
        shared: What other policies found on the same tables.

    Returns:
        What `connect` gives, with the verdicts that `judge` adds.
    """
    connected = connect(
        engine, tables, policy, fit, frame, has=has, signals=signals, keep=keep, detail=detail, name=name, shared=shared
    )
    return judge(connected, policy)


def connect(
    engine: Engine,
    tables: dict[str, ir.Table],
    policy: Policy,
    fit: Fit,
    frame: Frame,
    *,
    has: frozenset[str] | None = None,
    signals: Iterable[str] = (),
    keep: Iterable[str] | None = None,
    detail: bool = True,
    name: str = "fc_linked",
    shared: Shared | None = None,
    stored: bool = True,
) -> ir.Table:
    """Link without judging: everything that conditions compare. Takes what `link` takes.

    Args:
        engine: Where it runs.
        tables: As for `link`.
        policy: The policy.
        fit: Its windows.
        frame: The period and the kind of source.
        has: As for `link`.
        signals: As for `link`.
        keep: As for `link`.
        detail: As for `link`.
        name: Under which the engine keeps the answer.
        shared: What other policies found on the same tables.
        stored: Whether the rows are kept, or only what would make them: good for one question, and only until the next
            policy is linked.

    Returns:
        One row a contact: `start_us`, `excluded_code`, `outside` (`before_since`, `after_cutoff`), `takes_part`,
        `previous_gap_us`, `next_gap_us`, `related_previous_gap_us`, `related_next_gap_us`, `window_us`,
        `learned_window`, `returned`, `repeat`, `opener`, `issue_start`, `left_censored`, `history_short` (too early to
        know whether it is a repeat), `mature`, `index_eligible`, the signals, and with detail `leg_of`, `repeat_of`,
        `issue_id`, `redialled`.
    """
    shared = shared or Shared(engine, tables, has)
    wanted = sorted(policy.signals | set(signals))
    answers = [column for column in keep or () if column.startswith("survey_")]
    source = tables["contacts"]
    carried = [column for column in source.columns if keep is None or column in {*keep, "contact_id"}]
    read = {*_READ, *(rule.column for rule in policy.exclude)}
    read |= {column for signal in wanted for column in SIGNALS[signal].columns}
    contacts = source.select([column for column in source.columns if column in read or column in carried])

    known = chain.reason_table(shared.reasons, policy, fit)
    located, parts = _place(shared, contacts, policy, frame, known)
    placed = engine.view(located, f"{name}_placed")
    asks_for_customers = policy.needs_customer or detail or bool({"returned", "repeat"} & set(wanted))
    linked = chain.gaps(placed, policy, frame, detail=detail) if asks_for_customers else chain.no_gaps(placed)
    linked, absent = _observe(shared, linked, policy, wanted, answers)
    if parts is not None:
        members = _timed(contacts.join(parts, contacts.contact_id == parts.member_id))
        asked = [name for name in wanted if SIGNALS[name].whole != "own"]
        of_parts, _ = _observe(shared, members, policy, asked, answers)
        linked = whole.carry(linked, of_parts, answers)
    seen = [signal for signal in (*wanted, *answers) if signal in linked.columns]
    result = ("contact_id", *carried, *_CHAINED, *seen, *(_NAMED if detail else ()))
    # Kept before anything is decided: what follows from gaps and windows is quicker to find again than to keep.
    keep_rows = engine.materialise if stored else engine.view
    # A column without any value is only named, for it would take as much room as a full one.
    empty = {column: ibis.null(source[column].type()) for column in carried if column not in {*seen, *shared.filled}}
    linked = keep_rows(linked.select([one for one in dict.fromkeys(result) if one not in empty]), f"{name}_chained")
    linked = _decide(shared, linked.mutate(**empty) if empty else linked, policy, fit, frame, name).mutate(**absent)
    if detail:
        linked = linked.mutate(repeat_of=issue.predecessor(linked)).drop(*_PREDECESSORS)
    linked = engine.view(linked, name)
    if not detail:
        return linked
    return issue.name_issues(engine, linked, source, policy, name, redials="abandoned" in shared.filled)


def chain_settings(policy: Policy) -> str:
    """What makes two policies chain contacts alike, whatever their windows and conditions, as a short text."""
    others = {"index", "look_back_days", "look_back_factor", "redial_minutes"}
    link = {name: value for name, value in dataclasses.asdict(policy.link).items() if name not in others}
    return digest([link, policy.exclude, policy.needs_customer, bool(policy.related)])


def reconnect(shared: Shared, linked: ir.Table, policy: Policy, fit: Fit, frame: Frame, name: str) -> ir.Table:
    """Link under a policy with other windows, related reasons or openers, from what one that chains alike gave.

    Args:
        shared: What the policies share.
        linked: What `connect` gave, kept in the engine, with the signals that this policy asks for; `customer` and
            `reason` too where it has related reasons.
        policy: The policy, alike in its `chain_settings`.
        fit: Its windows.
        frame: The period and the kind of source.
        name: Of the view that is the answer.

    Returns:
        What `connect` would give, beside the further columns that there were.
    """
    base = linked.drop(*(column for column in _DECIDED if column in linked.columns))
    return shared.engine.view(_decide(shared, base, policy, fit, frame, name), name)


def _place(
    shared: Shared, contacts: ir.Table, policy: Policy, frame: Frame, known: pa.Table
) -> tuple[ir.Table, ir.Table | None]:
    """Each contact with what chaining asks: whether it takes part, when, under which key; and the parts of wholes."""
    timed = _timed(chain.time(chain.sort_out(contacts, policy), policy, frame))
    folded, parts = leg.fold(shared, timed, policy, frame)
    return chain.number_reasons(shared.engine, folded, known, policy), parts


def _timed(contacts: ir.Table) -> ir.Table:
    """Contacts with the times that their own row records, which legs do not move."""
    return contacts.mutate(
        recorded_start_us=microseconds(contacts.started_at), recorded_end_us=microseconds(contacts.ended_at)
    )


def judge(connected: ir.Table, policy: Policy) -> ir.Table:
    """Add `outcome` and `outcome_code` (of every contact), `verdict` and `verdict_code` (of eligible, mature ones)."""
    said, code = outcome(connected, policy)
    judged = connected.mutate(outcome=said, outcome_code=code)
    final = judged.index_eligible & judged.mature
    nothing = ibis.null("string")
    return judged.mutate(
        verdict=ibis.ifelse(final, judged.outcome, nothing),
        verdict_code=ibis.ifelse(final, judged.outcome_code, nothing),
    )


_CHAINED = (
    "start_us",
    "anchor_us",
    "excluded_code",
    "takes_part",
    "alone",
    "key",
    "reason_number",
    "previous_gap_us",
    "next_gap_us",
)
_NAMED = ("leg_of", "previous_id", "previous_start_us")
_PREDECESSORS = ("previous_id", "previous_start_us", "related_previous_id", "related_previous_start_us")
_DECIDED = (
    "outside",
    "window_us",
    "look_back_us",
    "horizon_us",
    "learned_window",
    "returned",
    "repeat",
    "opener",
    "issue_start",
    "left_censored",
    "history_short",
    "mature",
    "index_eligible",
    "related_previous_gap_us",
    "related_next_gap_us",
    "related_previous_id",
    "related_previous_start_us",
)


def _decide(shared: Shared, chained: ir.Table, policy: Policy, fit: Fit, frame: Frame, name: str) -> ir.Table:
    """Everything that follows from the gaps, the windows and related reasons: adds the columns of `_DECIDED`."""
    linked = related.relate(shared.engine, chained, policy, shared.reasons, name)
    linked = chain.windows(shared.engine, linked, chain.reason_table(shared.reasons, policy, fit), name)
    since, cutoff, data_start = (_us(moment) for moment in (frame.since, frame.cutoff, frame.data_start))
    start = linked.start_us
    outside = ibis.cases((start < since, "before_since"), (start >= cutoff, "after_cutoff"), else_=ibis.null("string"))
    took, alone = linked.takes_part, linked.alone
    decided = linked.mutate(
        outside=outside,
        excluded_code=linked.excluded_code.fill_null(outside),
        returned=took
        & ((linked.next_gap_us <= linked.window_us).fill_null(False) | linked.related_next_gap_us.notnull()),
        repeat=took
        & ((linked.previous_gap_us <= linked.window_us).fill_null(False) | linked.related_previous_gap_us.notnull()),
    )
    quiet = (decided.previous_gap_us > decided.look_back_us).fill_null(True)
    decided = decided.mutate(
        issue_start=(took & ~decided.repeat) | alone, opener=(took & ~decided.repeat & quiet) | alone
    )
    matured = decided.anchor_us + decided.horizon_us <= cutoff
    decided = decided.mutate(
        left_censored=decided.opener & (start - data_start < decided.look_back_us),
        history_short=took & (start - data_start < decided.window_us),
        mature=matured if "returned" in policy.signals else ibis.literal(True),
    )
    eligible = decided.excluded_code.isnull()
    if policy.link.index == "openers":
        eligible = eligible & decided.opener & ~decided.left_censored
    return decided.mutate(index_eligible=eligible)


def _observe(
    shared: Shared, linked: ir.Table, policy: Policy, wanted: list[str], answers: list[str]
) -> tuple[ir.Table, dict[str, ir.Value]]:
    """Bring the signals that are wanted, and the survey answers, to the contacts.

    Returns:
        The contacts with the signals that the data can show (`returned` and `repeat` are decided later), and a missing
        value for each of the others.
    """
    tables, has = shared.tables, shared.has
    if "case_events" in tables and any(_asks(name, "event") for name in wanted):
        counted = shared.events(policy.link.events_days)
        linked = linked.left_join(counted, linked.contact_id == counted.event_id)
    asked = sorted({*answers, *(name for name in wanted if _asks(name, "survey."))})
    absent: dict[str, ir.Value] = {}
    if asked and "surveys" in tables:
        surveys = last_answer(tables["surveys"])
        answered = surveys.select(
            survey_id="contact_id", **{name: surveys[name.removeprefix("survey_")] for name in asked}
        )
        linked = linked.left_join(answered, linked.contact_id == answered.survey_id)
    else:
        absent = {name: ibis.null("boolean" if name == "survey_resolved" else "float64") for name in asked}
    seen = {}
    for name in wanted:
        if name in {"returned", "repeat", *asked}:
            continue
        signal = SIGNALS[name]
        if signal.supported(has | {"legs"}):
            seen[name] = signal.see(linked, has)
        else:
            absent[name] = ibis.null(signal.type)
    return (linked.mutate(**seen) if seen else linked), absent


def _asks(signal: str, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in SIGNALS[signal].rests_on)


def _us(moment: datetime) -> int:
    since = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)
