"""What R-FCR leaves out: first contacts of reasons whose returns cannot be told apart, and what that does to a figure.

A reason has as many first contacts as `annotate.mix` finds, which is what R-FCR weighs it by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from firstcontact.contacts.table import REASON_SEPARATOR
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.result import NOTHING_TO_COUNT, SIGNAL_ABSENT, Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.return_window import result
from firstcontact.measurement.fit.model import ReturnModel
from firstcontact.measurement.measures.row import ResultRow

MEASURE = "r_fcr"
PART_UNLEARNED = RefusalKind(
    "part-unlearned",
    "Too much of it is unlearned",
    "For too large a share of the first contacts nobody can tell caused from coincidental returns, so the figure would "
    "be that of the others.",
)
NOTED = 0.01
"""From this share of first contacts on, the interval allows for those that are left out, and a finding names them."""
MOST = 0.2
"""Above this share, there is no figure."""


def allow_for_unlearned(
    rows: Sequence[ResultRow], models: Sequence[ReturnModel], first: Mapping[str, float], level: float
) -> list[ResultRow]:
    """All rows; each R-FCR with what the first contacts that it leaves out may do to it.

    A cell of reasons leaves out those of its own unlearned reasons. Any other cell is taken to leave out the share that
    the whole does. With `d` that share, the interval becomes `(1 - d) low + d least` to `(1 - d) high + d most`: those
    left out may be anything between the lowest and the highest R-FCR of a learned reason.

    Args:
        rows: Rows of a run.
        models: Its models.
        first: First contacts of each reason.
        level: Of the intervals.

    Returns:
        The same rows in order. Where more than a fifth of the first contacts is left out, R-FCR is refused; where all
        are, it is refused for the cause that the largest reason has.
    """
    return [replace(row, result=_told(row, models, first, level)) if row.measure == MEASURE else row for row in rows]


def left_out(models: Sequence[ReturnModel], first: Mapping[str, float]) -> tuple[Finding, ...]:
    """A finding where the whole leaves out a share worth naming, and none where it leaves out everything.

    Args:
        models: The models of a run.
        first: First contacts of each reason.
    """
    share, unlearned = _share(models, first), [one for one in models if not one.learned]
    if not NOTED <= share < 1:
        return ()
    most = max(unlearned, key=lambda one: first.get(one.reason, 0.0))
    return (
        Finding(
            "reasons",
            Sentence(
                "r-fcr.left-out",
                "R-FCR leaves out {share:.1%} of the first contacts, of {count:,} reasons whose returns cannot be told "
                "apart; the largest is {reason}: {why}",
                "R-FCR leaves out {share:.1%} of the first contacts, of {reason}, whose returns "
                "cannot be told apart: {why}",
                "count",
                share=share,
                count=len(unlearned),
                reason=most.reason,
                why=most.why,
            ),
            # Below that, the figure's own interval says it; what heads a report is to be read by whoever reads no more.
            level="warning" if share > MOST else "info",
        ),
    )


def _told(
    row: ResultRow, models: Sequence[ReturnModel], first: Mapping[str, float], level: float
) -> Estimate | Refusal:
    found = row.result
    own = _within(row, models)
    unlearned, share = [one for one in own if not one.learned], _share(own, first)
    if not unlearned or share < NOTED:
        return found
    if share >= 1:
        if isinstance(found, Refusal) and found.kind not in (NOTHING_TO_COUNT, SIGNAL_ABSENT):
            return found
        why = result(max(unlearned, key=lambda one: first.get(one.reason, 0.0)), level)
        return replace(why, estimand=found.estimand, n=found.n) if isinstance(why, Refusal) else found
    if isinstance(found, Refusal):
        return found
    if share > MOST:
        most = max(unlearned, key=lambda one: first.get(one.reason, 0.0))
        return Refusal(
            PART_UNLEARNED,
            Sentence(
                "r-fcr.part",
                "The returns of {share:.1%} of the first contacts cannot be told apart; {most:.0%} may be left out.",
                share=share,
                most=MOST,
            ),
            most.would_help,
            found.n,
            found.estimand,
            found.maturity,
        )
    known = [one.r_fcr for one in models if one.r_fcr is not None] or [0.0, 1.0]
    low = (1 - share) * found.low + share * min(known)
    high = (1 - share) * found.high + share * max(known)
    return replace(found, low=min(low, found.value), high=max(high, found.value))


def _within(row: ResultRow, models: Sequence[ReturnModel]) -> list[ReturnModel]:
    path = max((value for name, value in row.cell.items() if name.startswith("reason_")), key=len, default="")
    return [one for one in models if not path or _under(one.reason, path)]


def _under(reason: str, path: str) -> bool:
    # A cell finer than the policy's reasons has the model of the reason that it belongs to.
    one, other = sorted((reason, path), key=len)
    return bool(one) and (other == one or other.startswith(one + REASON_SEPARATOR))


def _share(models: Sequence[ReturnModel], first: Mapping[str, float]) -> float:
    whole = sum(first.get(one.reason, 0.0) for one in models)
    return sum(first.get(one.reason, 0.0) for one in models if not one.learned) / whole if whole else 0.0
