"""Use case: take a filled audit into a run, where R-FCR then stands as measured and freed of missed returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from firstcontact.kernel.finding import Finding
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.measures.catalog import AUDITED, FURTHER
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.services.read_audit import MEASURE_ID, Audit, check_data, correct

FEWEST_CONFIRMED = 0.9
"""Below this share of confirmed links, records of different people are likely to be joined."""


def check_audit(audit: Audit | None, inputs: Iterable[dict[str, Any]]) -> None:
    """Refuse an audit of other data, before any work is done.

    Args:
        audit: The audit; nothing is checked where None.
        inputs: The files of the run, as `Run.inputs`.

    Raises:
        FirstcontactError: The audit was drawn from other files (FC4025).
    """
    if audit is not None:
        check_data(audit, frozenset(str(one.get("sha256")) for one in inputs), "the files to measure")


def take_audit(rows: Sequence[ResultRow], audit: Audit | None) -> list[ResultRow]:
    """All rows, R-FCR of the whole followed by the same freed of missed returns.

    Single cells are not corrected: which share of returns is missed is known of the whole only.

    Args:
        rows: Rows of a run.
        audit: The audit; the rows stay as they are where None.
    """
    if audit is None:
        return list(rows)
    taken: list[ResultRow] = []
    for row in rows:
        taken.append(row)
        if row.measure == MEASURE_ID and not row.by:
            taken.append(replace(row, measure=AUDITED, result=_corrected(row.result, audit)))
    return taken


def _corrected(found: Estimate | Refusal, audit: Audit) -> Estimate | Refusal:
    estimand = FURTHER[AUDITED][1]
    if isinstance(found, Refusal):
        return replace(found, estimand=estimand)
    if audit.linkage is None or isinstance(audit.linked, Refusal):
        return replace(audit.linked, estimand=estimand)
    freed = correct(found.value, found.low, found.high, found.level, audit.linkage, found.level)
    return replace(found, value=freed[0], low=freed[1], high=freed[2], estimand=estimand)


def audit_findings(audit: Audit | None, linked_under: str) -> tuple[Finding, ...]:
    """What to know before the corrected figure is believed.

    Args:
        audit: The audit; nothing is said where None.
        linked_under: Hash of the policy and windows that the run was linked under.
    """
    if audit is None or audit.linkage is None:
        return ()
    said: list[Finding] = []
    if audit.policy_hash != linked_under:
        text = Sentence(
            "audit.other-policy",
            "The audit was drawn under another policy or other windows than this run has, so the share of returns that "
            "it found linked may not be that of this run.",
        )
        cure = Sentence("audit.other-policy.cure", "draw the audit with the policy and the fit of this run")
        said.append(Finding("audit", text, level="warning", override=cure))
    if audit.linkage.confirmed < FEWEST_CONFIRMED:
        text = Sentence(
            "audit.not-confirmed",
            "Of the returns that the records link, people confirmed {confirmed:.0%}. The others may be new issues, or "
            "records of different people joined; the audit corrects R-FCR for missed returns, not for those.",
            confirmed=audit.linkage.confirmed,
        )
        said.append(Finding("audit", text))
    return tuple(said)


def audit_record(audit: Audit | None) -> dict[str, Any] | None:
    """What `run.json` keeps of an audit: which it was, and what it found; None where there is none."""
    if audit is None:
        return None
    share = audit.linked
    found = {"value": share.value, "low": share.low, "high": share.high} if isinstance(share, Estimate) else None
    return {
        "sha256": audit.digest,
        "linked_under": audit.policy_hash,
        "inputs": sorted(audit.inputs),
        "linked": found,
        "confirmed": audit.linkage.confirmed if audit.linkage else None,
        "strata": [asdict(one) for one in audit.strata],
    }
