"""Contacts in, linked and judged contacts out: the rules of this package's front page, step by step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis

from firstcontact.contacts.table import NO_REASON
from firstcontact.measurement.linking import chain, issue, leg, related
from firstcontact.measurement.linking.holding import holdings
from firstcontact.measurement.linking.judge import outcome
from firstcontact.measurement.linking.portable import microseconds
from firstcontact.measurement.signals.catalog import SIGNALS
from firstcontact.measurement.signals.event import count_events

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.fit.declared import Fit
    from firstcontact.measurement.linking.frame import Frame
    from firstcontact.measurement.policy.model import Policy
    from firstcontact.measurement.signals.signal import Signal

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

    Returns:
        What `connect` gives, with the verdicts that `judge` adds.
    """
    connected = connect(
        engine, tables, policy, fit, frame, has=has, signals=signals, keep=keep, detail=detail, name=name
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
) -> ir.Table:
    """Link without judging: everything that conditions compare. Takes what `link` takes.

    Returns:
        One row a contact, kept in the engine: `start_us`, `excluded_code`, `outside` (`before_since`, `after_cutoff`),
        `takes_part`, `previous_gap_us`, `next_gap_us`, `related_previous_gap_us`, `related_next_gap_us`, `window_us`,
        `returned`, `repeat`, `opener`, `issue_start`, `left_censored`, `history_short` (too early to know whether it is
        a repeat), `mature`, `index_eligible`, the signals, and with detail `leg_of`, `repeat_of`, `issue_id`,
        `redialled`.
    """
    has = holdings(engine, tables) if has is None else has
    wanted = sorted(policy.signals | set(signals))
    source = tables["contacts"]
    carried = [column for column in source.columns if keep is None or column in {*keep, "contact_id"}]
    read = {*_READ, *(rule.column for rule in policy.exclude)}
    read |= {column for signal in wanted for column in SIGNALS[signal].columns}
    contacts = source.select([column for column in source.columns if column in read or column in carried])

    contacts = chain.time(chain.sort_out(contacts, policy), policy, frame)
    contacts = contacts.mutate(recorded_start_us=contacts.start_us, recorded_end_us=microseconds(contacts.ended_at))
    contacts = leg.fold(engine, contacts, policy, frame)
    reasons = engine.execute(contacts.select("reason").distinct())["reason"].to_pylist()
    known = engine.register(chain.reason_table(reasons, policy, fit), "fc_reason")
    contacts = contacts.mutate(reason_text=contacts.reason.fill_null(NO_REASON)).join(known, "reason_text")

    asks_for_customers = policy.needs_customer or detail or bool({"returned", "repeat"} & set(wanted))
    linked = chain.gaps(contacts, policy, frame, detail=detail) if asks_for_customers else chain.no_gaps(contacts)
    linked = related.relate(engine, linked, policy, [reason for reason in reasons if reason is not None])
    linked = _decide(linked, policy, frame)
    answers = [column for column in keep or () if column.startswith("survey_")]
    linked = _observe(tables, linked, policy, has, wanted, answers)
    if detail:
        linked = linked.mutate(repeat_of=issue.predecessor(linked))
    result = ("contact_id", *(column for column in carried if column != "contact_id"), *_MADE, *wanted, *answers)
    result = (*result, *(("leg_of", "repeat_of") if detail else ()))
    kept = engine.materialise(linked.select(list(dict.fromkeys(result))), name)
    return issue.name_issues(engine, kept, source, policy, name) if detail else kept


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


_MADE = (
    "start_us",
    "excluded_code",
    "outside",
    "takes_part",
    "previous_gap_us",
    "next_gap_us",
    "related_previous_gap_us",
    "related_next_gap_us",
    "window_us",
    "returned",
    "repeat",
    "opener",
    "issue_start",
    "left_censored",
    "history_short",
    "mature",
    "index_eligible",
)


def _decide(linked: ir.Table, policy: Policy, frame: Frame) -> ir.Table:
    """Everything that follows from the gaps and the windows."""
    since, cutoff, data_start = (_us(moment) for moment in (frame.since, frame.cutoff, frame.data_start))
    start = linked.recorded_start_us
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
        history_short=took & ~decided.repeat & (start - data_start < decided.window_us),
        mature=matured if "returned" in policy.signals else ibis.literal(True),
    )
    eligible = decided.excluded_code.isnull()
    if policy.link.index == "openers":
        eligible = eligible & decided.opener & ~decided.left_censored
    return decided.mutate(index_eligible=eligible)


def _observe(
    tables: dict[str, ir.Table],
    linked: ir.Table,
    policy: Policy,
    has: frozenset[str],
    wanted: list[str],
    answers: list[str],
) -> ir.Table:
    """Bring the signals that are wanted, and the survey answers, to the contacts."""
    if "case_events" in tables and any(_asks(name, "event") for name in wanted):
        counted = count_events(tables["case_events"], linked, policy.link.events_days)
        linked = linked.left_join(counted, linked.contact_id == counted.event_id)
    asked = sorted({*answers, *(name for name in wanted if _asks(name, "survey."))})
    if "surveys" in tables and asked:
        surveys = tables["surveys"]
        answered = surveys.select(
            survey_id="contact_id", **{name: surveys[name.removeprefix("survey_")] for name in asked}
        )
        linked = linked.left_join(answered, linked.contact_id == answered.survey_id)
    own = {"returned", "repeat", *asked}
    seen = {name: _see(SIGNALS[name], linked, has) for name in wanted if name not in own}
    if "surveys" not in tables:
        seen |= {name: ibis.null("boolean" if name == "survey_resolved" else "float64") for name in asked}
    return linked.mutate(**seen) if seen else linked


def _see(signal: Signal, linked: ir.Table, has: frozenset[str]) -> Any:
    return signal.see(linked, has) if signal.supported(has | {"legs"}) else ibis.null(signal.type)


def _asks(signal: str, prefix: str) -> bool:
    return any(name.startswith(prefix) for name in SIGNALS[signal].rests_on)


def _us(moment: datetime) -> int:
    since = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)
