"""Plain counts: the ledger and the shares of a policy, one contact after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from firstcontact.contacts.ledger import MeasureLedger
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.reference.judge import judge
from firstcontact.measurement.reference.link import Linked


@dataclass(frozen=True, slots=True)
class Count:
    """How many contacts a policy judges, and how.

    Attributes:
        yes, no, unsettled: Judged contacts by verdict.
        ledger: Where each contact of the data stands.
    """

    yes: int
    no: int
    unsettled: int
    ledger: MeasureLedger

    @property
    def readings(self) -> tuple[float, float] | None:
        """The share resolved when open cases fail and when they count; None where nothing was judged."""
        judged = self.yes + self.no + self.unsettled
        return (self.yes / judged, (self.yes + self.unsettled) / judged) if judged else None


def count(rows: Sequence[Linked], policy: Policy) -> Count:
    """Count the verdicts of a policy over linked contacts; each contact stands in one bucket of the ledger."""
    verdicts: Counter[str] = Counter()
    excluded: Counter[str] = Counter()
    buckets: Counter[str] = Counter()
    for row in rows:
        verdict, code = judge(row, policy)
        if row.excluded_code is not None:
            excluded[row.excluded_code] += 1
        elif not row.index_eligible:
            buckets["left_censored" if row.left_censored else "not_opener"] += 1
        elif not row.mature:
            buckets["immature"] += 1
        elif verdict == "left_out" and code is not None:
            excluded[code] += 1
        elif verdict is not None:
            verdicts[verdict] += 1
    ledger = MeasureLedger(
        "fcr",
        contacts=len(rows),
        counted=verdicts.total(),
        excluded=dict(sorted(excluded.items())),
        not_opener=buckets["not_opener"],
        left_censored=buckets["left_censored"],
        immature=buckets["immature"],
    )
    return Count(verdicts["yes"], verdicts["no"], verdicts["unsettled"], ledger)
