"""Verify a change: sum a measurement by week where it was made and where it was not, and judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from firstcontact.contacts.table import NO_REASON, REASON_SEPARATOR
from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Faults
from firstcontact.kernel.result import Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.change_effect import (
    ESTIMAND,
    Verdict,
    judge_change,
)
from firstcontact.measurement.explain.change_plan import Plan, plan
from firstcontact.measurement.explain.outcome import Outcome, outcome
from firstcontact.measurement.measures.cut import asked
from firstcontact.measurement.policy.model import cut_reason, within
from firstcontact.services.change import Change, units_of, weeks_of
from firstcontact.statistics.bucket import ratio

if TYPE_CHECKING:
    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.policy.model import Policy
    from firstcontact.services.measure import Measured
    from firstcontact.services.run import Run

UNKNOWN_REASON = ErrorKind(
    "FC5040",
    "No contact has this reason",
    EXIT_USAGE,
    "`--reason` and `--control` take reasons of the data, as paths: `billing > refund`. A path stands for everything "
    "below it.",
)
NOBODY_THERE = ErrorKind(
    "FC5041",
    "No contact lies where the change was made",
    EXIT_USAGE,
    "`--where` takes a column of the contacts and one of its values: `team=north`. The other values are the controls.",
)
CHANGE_OUTSIDE = ErrorKind(
    "FC5042",
    "The change lies outside the data",
    EXIT_USAGE,
    "A change is judged by the weeks before and after it, so that its date must lie between the first and the last "
    "complete day of the data, and the end of its roll-out not before its beginning.",
)

CONTROL_WITHIN = ErrorKind(
    "FC5045",
    "A control is part of what was changed",
    EXIT_USAGE,
    "Controls are what the change did not reach. A control that is the reason itself, lies below it or contains it "
    "moves with the change, and would hide what it did.",
)

NO_VERDICT = RefusalKind(
    "no-verdict",
    "The change cannot be judged",
    "A verdict needs twelve weeks before the change, the weeks after it that show the smallest effect worth knowing, "
    "and the time in which customers come back.",
)


@dataclass(frozen=True, slots=True)
class Verified:
    """A change and what can be said of it.

    Attributes:
        change: As described.
        verdict: What can be said.
        family: The same of all contacts of the reason's family together; None for a reason without family, or where
            a control belongs to it.
        result: The verdict as a figure or a refusal.
        words: What is compared.
        run: The measurement it rests on.
    """

    change: Change
    verdict: Verdict
    family: Verdict | None
    result: Estimate | Refusal
    words: str
    run: Run

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data, a row a week for a picture."""
        data = _verdict_data(self.verdict)
        result = self.result
        if isinstance(result, Estimate):
            data["effect"] = {name: getattr(result, name) for name in ("value", "low", "high", "level", "n")}
        return {
            "reason": self.change.reason,
            "began": self.change.began.isoformat(),
            "rolled_out": (self.change.rolled_out or self.change.began).isoformat(),
            "compared": self.words,
            "estimand": ESTIMAND,
            "policy": self.run.policy.name,
            "policy_hash": self.run.policy_hash,
            "cutoff": self.run.frame.cutoff.isoformat(),
            **data,
            "family": _verdict_data(self.family) if self.family else None,
        }


def _verdict_data(one: Verdict) -> dict[str, Any]:
    step, second, planned = one.step, one.placebo, one.plan
    return {
        "verdict": one.word,
        "said": str(one.said),
        "read_out": planned.read_out.isoformat() if planned.read_out else None,
        "contacts_needed": planned.contacts,
        "weeks_needed": planned.weeks,
        "window_days": planned.window_days,
        "step": {"value": step.size, "low": step.low, "high": step.high, "p": step.p, "carried": step.carried}
        if step
        else None,
        "placebo": {"value": second.size, "low": second.low, "high": second.high, "p": second.p} if second else None,
        "warnings": [str(warning) for warning in one.warnings],
        "controls": list(one.series.names[1:]),
        "weeks": week_rows(one),
    }


def week_rows(one: Verdict) -> list[dict[str, Any]]:
    """One row a week: shares, difference, limits of the chart, and the interval that may be looked at every week."""
    rows = []
    share = one.series.share
    since = 0
    for place, week in enumerate(one.series.weeks):
        row = {
            "week": week.isoformat(),
            "after": bool(one.after[place]),
            "contacts": int(one.series.count[0, place]),
            "share": float(share[0, place]),
            "difference": float(one.difference[place]),
            "low_limit": float(1 - one.chart.high[place]),
            "high_limit": float(1 - one.chart.low[place]),
            "stands_out": bool(one.chart.outside[place]),
        }
        if one.after[place] and since < len(one.sequence[0]):
            value, low, high = (float(part[since]) for part in one.sequence)
            row |= {"effect_so_far": value, "effect_low": low, "effect_high": high}
            since += 1
        rows.append(row)
    return rows


def verify_change(engine: Engine, measured: Measured, change: Change) -> Verified:
    """Verify a change.

    Args:
        engine: Where the run's tables are.
        measured: A measurement, cut by the column of `change.where` if there is one.
        change: The change.

    Returns:
        What can be said of it.

    Raises:
        FirstcontactError: The change names what the data lack (FC5040 to FC5042), or a control that it reached
            (FC5045), all at once.
    """
    run = measured.run
    policy = run.policy
    if change.where:
        cut = asked([change.where[0]], measured.loaded.extra, policy.calendar.week_start)[0]
        change = replace(change, where=(cut.slices[0].column, change.where[1]))
    cutoff = run.frame.cutoff.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(run.zone)).date()
    chosen = outcome(measured.linked, policy, fit=run.fit, young=True)
    columns = [change.where[0]] if change.where else []
    grouped = chosen.contacts.group_by([*dict.fromkeys(["reason", *columns]), "local_day"]).aggregate(
        change_count=chosen.contacts.count(),
        change_exposure=chosen.contacts.exposure.sum(),
        change_failed=chosen.contacts.failed.sum(),
        change_grown=chosen.contacts.grown.sum(),
    )
    rows = engine.execute(grouped).to_pylist()
    first = run.frame.since.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(run.zone)).date()
    _check(change, rows, first, cutoff)
    units = units_of(change, rows)
    planned = _plan(engine, chosen, change, run, [path for path, unit in units.items() if unit == 0], policy)
    weekly = weeks_of(rows, units, change, policy, (first, cutoff))
    level = policy.publish.level
    verdict = judge_change(weekly, change.began, change.over, cutoff, planned, level)
    family = None
    above = change.reason.rpartition(REASON_SEPARATOR)[0]
    if above and not change.where and not any(within(control, above) for control in change.controls):
        whole = Change(above, change.began, change.rolled_out, change.controls, None, change.smallest)
        family = judge_change(
            weeks_of(rows, units_of(whole, rows), whole, policy, (first, cutoff)),
            change.began,
            change.over,
            cutoff,
            planned,
            level,
        )
    return Verified(change, verdict, family, _result(verdict, level), chosen.words, run)


def _check(change: Change, rows: list[dict[str, Any]], first: date, cutoff: date) -> None:
    faults = Faults()
    paths = {row["reason"] or NO_REASON for row in rows}
    for name, path_asked in (("--reason", change.reason), *(("--control", one) for one in change.controls)):
        if not any(within(path, path_asked) for path in paths):
            faults.add(
                UNKNOWN_REASON,
                where=name,
                saw="a path that no contact judged has",
                allowed=f"one of the {len(paths):,} reasons of the contacts judged, or a path above them",
                cure="take the path from the column `reason` of results.csv",
            )
    for control in change.controls:
        if within(control, change.reason) or within(change.reason, control):
            faults.add(
                CONTROL_WITHIN,
                where="--control",
                saw="the reason of the change, or a path below or above it",
                allowed="reasons that the change did not reach",
                cure="name other reasons, or leave --control out",
            )
    if change.where:
        column, value = change.where
        own = [row for row in rows if within(row["reason"] or NO_REASON, change.reason)]
        if not any(str(row[column]) == value for row in own):
            faults.add(
                NOBODY_THERE,
                where=f"--where {column}",
                saw="a value that no contact of the reason has",
                allowed=f"one of {len({row[column] for row in own}):,} values",
                cure="take the value as it stands in the file",
            )
    if not first < change.began <= cutoff or change.over < change.began:
        faults.add(
            CHANGE_OUTSIDE,
            where="--date",
            saw=f"{change.began} to {change.rolled_out or change.began}",
            allowed=f"a day after {first} and up to {cutoff}, and an end that does not come before it",
            cure="correct the date, or bring the data that surround it",
        )
    faults.raise_if_any()


def _plan(
    engine: Engine,
    chosen: Outcome,
    change: Change,
    run: Run,
    treated: list[tuple[str, str]],
    policy: Policy,
) -> Plan:
    """When the change can be judged, from what is known before it."""
    contacts = chosen.contacts
    began = change.began.toordinal() - date(1970, 1, 1).toordinal()
    before = contacts.filter(contacts.local_day < began)
    if change.where:
        before = before.filter(before[change.where[0]].cast("string") == change.where[1])
    grouped = before.group_by(["reason", "bucket"]).aggregate(
        plan_exposure=before.exposure.sum(), plan_failed=before.failed.sum(), plan_count=before.count()
    )
    paths = {path for path, _ in treated}
    count, failed, contacts_before = np.zeros(40), np.zeros(40), 0.0
    for row in engine.execute(grouped).to_pylist():
        if (row["reason"] or NO_REASON) in paths:
            count[row["bucket"]] += row["plan_exposure"]
            failed[row["bucket"]] += row["plan_failed"]
            contacts_before += row["plan_count"]
    whole = ratio(count[None, :], failed[None, :])
    share = 1 - float(whole.value[0]) if count.sum() > 0 else 0.5
    chance = share * (1 - share) / max(count.sum(), 1.0)
    effect = float(whole.variance[0]) / chance if chance > 0 and np.isfinite(whole.variance[0]) else 1.0
    since = run.frame.since.date()
    weeks = max((change.began - since).days / 7, 1.0)
    keys = {cut_reason(path, policy.link.reason_level) for path in paths}
    days = _window_days(run, keys)
    return plan(
        change.over,
        days,
        share,
        contacts_before / weeks,
        smallest=change.smallest,
        design_effect=max(effect, 1.0),
        level=policy.publish.level,
    )


def _window_days(run: Run, keys: set[str]) -> float:
    """How long customers take to come back: the upper end of what was learned, else what is declared."""
    learned = {one.reason: one.window_high or one.window_days for one in run.fit.models if one.reason in keys}
    declared = {one.reason: one.days for one in run.fit.windows if one.reason in keys}
    days = [learned.get(key) or declared[key] for key in keys if learned.get(key) or key in declared]
    return max(days, default=run.policy.window.default_days)


def _result(verdict: Verdict, level: float) -> Estimate | Refusal:
    found = verdict.step
    n = int(verdict.series.count[0].sum())
    if found is None:
        read_out = verdict.plan.read_out
        if verdict.word == "early" and read_out is not None:
            cure = Sentence("change.early.cure", "Wait until {date}.", date=read_out)
        else:
            cure = Sentence("change.cure", "A longer history, a larger effect to look for, or a coarser reason.")
        return Refusal(NO_VERDICT, verdict.said, cure, n, ESTIMAND)
    return Estimate(found.size, found.low, found.high, level, n, ESTIMAND)
