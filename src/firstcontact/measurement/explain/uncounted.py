"""Why nothing could be counted, where the whole run tells: too short a period, one customer, no customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from math import ceil

from firstcontact.kernel.result import SIGNAL_ABSENT, Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.measures.estimate import NO_FIRST_CONTACT, NO_HISTORY
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.policy.model import Policy

_RETURNS = "r_fcr"
_LATER = (NO_FIRST_CONTACT, NO_HISTORY)


def name_uncounted(rows: Sequence[ResultRow], frame: Frame, policy: Policy, largest_share: float) -> list[ResultRow]:
    """All rows; where no contact is a first one, with the cause that the whole run tells.

    A first contact needs quiet time before it, and its outcome the window after it: a period shorter than both holds
    none that could be judged. In a longer one, a customer who is never quiet has none either. R-FCR, which looks at
    first contacts too, has the cause that the policy's own FCR has.

    Args:
        rows: Rows of a run.
        frame: Its period.
        policy: Its policy.
        largest_share: Share of the contacts that its largest customer holds.

    Returns:
        The same rows in order.
    """
    days = (frame.cutoff - frame.data_start) / timedelta(days=1)
    quiet, window = policy.link.look_back_days, policy.window.default_days
    told = [replace(row, result=_told(row, days, quiet + window, quiet, largest_share, policy)) for row in rows]
    whole = {row.measure: row.result for row in told if not row.by and row.period_grain == "all"}
    first = next((one for name, one in whole.items() if name in ("fcr_issue", "t_fcr")), None)
    returns = whole.get(_RETURNS)
    if not isinstance(first, Refusal) or not isinstance(returns, Refusal) or returns.kind is not SIGNAL_ABSENT:
        return told
    if first.kind is not SIGNAL_ABSENT and not _code(first).startswith("nothing-to-count."):
        return told
    same = replace(first, estimand=returns.estimand)
    return [replace(row, result=same) if row.measure == _RETURNS and row.result is returns else row for row in told]


def _told(
    row: ResultRow, days: float, needed: float, quiet: float, largest: float, policy: Policy
) -> Estimate | Refusal:
    found = row.result
    if not isinstance(found, Refusal) or _code(found) not in _LATER or row.measure == "repeat_rate":
        return found
    if days < needed:
        said = Sentence(
            "nothing-to-count.short",
            "The data hold {days:,} of at least {needed:,} days: a first contact has {quiet:g} quiet days before it, "
            "and the window after it.",
            days=ceil(days),
            needed=ceil(needed),
            quiet=quiet,
        )
        lacking = ceil(needed) - ceil(days)
        helps = Sentence(
            "nothing-to-count.short.cure",
            "A longer period: at least {lacking:,} days more.",
            "A longer period: at least one day more.",
            "lacking",
            lacking=max(lacking, 1),
        )
        return replace(found, reason=said, would_help=helps)
    if not row.by and largest > policy.publish.dominance:
        said = Sentence(
            "nothing-to-count.one-customer",
            "One customer holds {share:.0%} of the contacts and is never quiet for {quiet:g} days, so that there is no "
            "first contact.",
            share=largest,
            quiet=quiet,
        )
        cure = Sentence(
            "nothing-to-count.one-customer.cure",
            "If that customer is a placeholder (a test line, an unknown caller), name it as a missing value or exclude "
            "it by policy.",
        )
        return replace(found, reason=said, would_help=cure)
    return found


def _code(found: Refusal) -> str:
    return found.reason.code if isinstance(found.reason, Sentence) else ""
