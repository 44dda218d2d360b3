"""Use case: say beside R-FCR what wrong codes and split records would make of it, and warn where the data show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.result import Estimate
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.explain.crossing import CROSSING
from firstcontact.measurement.explain.split_case import SPLIT
from firstcontact.measurement.measures.catalog import AUDITED, FURTHER, MISCODED, SPLIT_RECORDS
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.read_audit import MEASURE_ID, correct
from firstcontact.statistics.linkage_audit import Linkage, sensitivity
from firstcontact.statistics.miscoding import if_miscoded

TRIED = (0.02, 0.05, 0.1)
"""Shares of wrong codes and of split records that are tried."""


def bound_by_records(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """All rows, R-FCR of the whole followed by what it would be if what looks wrong in the records were wrong.

    Args:
        rows: Rows of a run; nothing follows where R-FCR, or what looks wrong, is not known.
    """
    told: list[ResultRow] = []
    for row in rows:
        told.append(row)
        if row.measure == MEASURE_ID and not row.by and isinstance(row.result, Estimate):
            for measure, ends in _bounds(row.result, _whole(rows, CROSSING), _whole(rows, SPLIT)):
                bound = replace(row.result, value=ends[0], low=ends[1], high=ends[2], estimand=FURTHER[measure][1])
                told.append(replace(row, measure=measure, result=bound))
    return told


def _bounds(
    own: Estimate, other: Estimate | None, split: Estimate | None
) -> list[tuple[str, tuple[float, float, float]]]:
    found = []
    if other is not None:
        ends = if_miscoded(own.value, own.low, own.high, other.value, other.low, other.high)
        found.append((MISCODED, ends))
    if split is not None and split.value < 1:
        linked, spread = 1 - split.value, split.value * (1 - split.value) / split.n
        known = Linkage(linked, spread, 1 - split.high, 1 - split.low, split.n, split.n, 1.0)
        found.append((SPLIT_RECORDS, correct(own.value, own.low, own.high, own.level, known, own.level)))
    return found


def record_findings(rows: Sequence[ResultRow]) -> tuple[Finding, ...]:
    """Warnings where wrong codes or split records, as far as the data show them, put R-FCR below its interval.

    Args:
        rows: Rows of a run, after `bound_by_records`.
    """
    return code_findings(rows) + split_findings(rows)


def code_findings(rows: Sequence[ResultRow]) -> tuple[Finding, ...]:
    """A warning where wrong codes, as far as the data show them, would put R-FCR below its interval.

    None where an audit has said how many returns are missed.

    Args:
        rows: Rows of a run, after `bound_by_records`.
    """
    own, bound, other = (_whole(rows, name) for name in (MEASURE_ID, MISCODED, CROSSING))
    if own is None or bound is None or other is None or _whole(rows, AUDITED) is not None:
        return ()
    if bound.value >= own.low or other.low <= 0:
        return ()
    return (
        Finding(
            "codes",
            Sentence(
                "codes.suspect",
                "Codes: customers come back for another reason more often than chance explains, for {excess:.1%} of "
                "the first contacts. If these are wrong codes, R-FCR is down to {bound:.1%}, below its interval "
                "({low:.1%} to {high:.1%}), which knows nothing of codes. An audit of some 1,200 contacts would tell.",
                excess=other.value,
                bound=bound.value,
                low=own.low,
                high=own.high,
            ),
            Sentence(
                "codes.suspect.rests",
                "returns for another reason soon after, less what comes anyway and what one reason brings for "
                "another: {low:.1%} to {high:.1%} of {n:,} first contacts",
                low=other.low,
                high=other.high,
                n=other.n,
            ),
            "warning",
            _cure(),
        ),
    )


def split_findings(rows: Sequence[ResultRow]) -> tuple[Finding, ...]:
    """A warning where cases that go on under another customer, were these split records, put R-FCR below its interval.

    None where an audit has said how many returns are missed.

    Args:
        rows: Rows of a run, after `bound_by_records`.
    """
    own, bound, split = (_whole(rows, name) for name in (MEASURE_ID, SPLIT_RECORDS, SPLIT))
    if own is None or bound is None or split is None or _whole(rows, AUDITED) is not None or bound.value >= own.low:
        return ()
    return (
        Finding(
            "identity",
            Sentence(
                "records.suspect",
                "Customers: {share:.1%} of the cases with several contacts go on under another customer. If that is "
                "one customer under two records, R-FCR is down to {bound:.1%}, below its interval ({low:.1%} to "
                "{high:.1%}), which knows nothing of it. An audit of some 1,200 contacts would tell.",
                share=split.value,
                bound=bound.value,
                low=own.low,
                high=own.high,
            ),
            Sentence("records.suspect.rests", "cases with several contacts: {n:,}", n=split.n),
            "warning",
            _cure(),
        ),
    )


def if_wrong(rows: Sequence[ResultRow]) -> tuple[tuple[float, float, float], ...]:
    """R-FCR as it would be if so many codes were wrong, or so many customers stood under a second record.

    Args:
        rows: Rows of a run.

    Returns:
        Share, R-FCR for so many wrong codes, R-FCR for so many split records; none where R-FCR is not known, or an
        audit has said how many returns are missed.
    """
    own = _whole(rows, MEASURE_ID)
    if own is None or _whole(rows, AUDITED) is not None:
        return ()
    found = {(codes, split): value for codes, split, value in sensitivity(own.value, (0.0, *TRIED))}
    return tuple((share, found[share, 0.0], found[0.0, share]) for share in TRIED)


def _whole(rows: Sequence[ResultRow], measure: str) -> Estimate | None:
    found = (row.result for row in rows if row.measure == measure and not row.by)
    return next((one for one in found if isinstance(one, Estimate)), None)


def _cure() -> Sentence:
    return Sentence(
        "codes.suspect.cure",
        "{draw}, fill the form in, and measure again with {audit}",
        draw="firstcontact audit draw FILE... --out AUDIT",
        audit="--audit AUDIT",
    )
