"""What a measurement hands out: figures as data, with everything needed to understand and to repeat them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from firstcontact.contacts.ledger import MeasureLedger, RowLedger
from firstcontact.contacts.table import NO_REASON
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.measures.row import DefinitionRow, ResultRow, Rows, slice_of
from firstcontact.measurement.policy.model import Policy


@dataclass(frozen=True, slots=True)
class IdentityCoverage:
    """How well the data know who the customer was.

    Attributes:
        contacts: All contacts.
        known: Contacts with a customer.
        customers: Different customers.
        joined: Customers that were joined from several identifiers.
        kinds: Contacts that carry an identifier of each kind (`customer` is the source's own id).
        shared: Identifiers that too many customers share, so that they were not used for joining.
        largest_share: Share of all known contacts that the largest customer holds, 0 to 1.
    """

    contacts: int
    known: int
    customers: int
    joined: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    shared: int = 0
    largest_share: float = 0.0

    @property
    def coverage(self) -> float:
        """Share of contacts whose customer is known, 0 to 1; 0 when there are no contacts."""
        return self.known / self.contacts if self.contacts else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement.

    Attributes:
        run_id: Names the run; made of its moment and the effective policy.
        created_at: When it was made, UTC.
        version: Version of firstcontact.
        inputs: Name, size and SHA-256 of each file.
        mapping: The mapping in force, as plain data.
        policy: The policy.
        fit: Windows per reason.
        policy_hash: Hash of policy and fit together.
        frame: The period.
        zone: The business zone.
        rows: Every figure. Of a run that was read back they are many and made only when asked for: `select` them.
        row_ledger: Level one of the ledger.
        measure_ledgers: Level two, one a measure.
        findings: What was inferred and noticed.
        identity: How well customers are known.
        definitions: Each known definition on the same contacts.
        seconds: How long each step took.
        options: What the user decided that moves figures and stands nowhere else: `region` and `zone` as typed, `by`,
            and whether `cutoff`, `since` and `fit` were given; the SHA-256 of an `audit`.
        audit: What an audit found, as plain data; None where none was taken in.
    """

    run_id: str
    created_at: datetime
    version: str
    inputs: tuple[dict[str, Any], ...]
    mapping: dict[str, Any]
    policy: Policy
    fit: Fit
    policy_hash: str
    frame: Frame
    zone: str
    rows: Sequence[ResultRow]
    row_ledger: RowLedger
    measure_ledgers: tuple[MeasureLedger, ...]
    findings: tuple[Finding, ...]
    identity: IdentityCoverage
    definitions: tuple[DefinitionRow, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    audit: dict[str, Any] | None = None

    @property
    def headline_measure(self) -> str:
        """The measure that the policy publishes: of issues for openers, of contacts otherwise."""
        return "fcr_issue" if self.policy.link.index == "openers" else "fcr_contact"

    @property
    def headline(self) -> Estimate | Refusal:
        """The one figure of the run."""
        return self.figure(self.headline_measure)

    def figure(self, measure: str) -> Estimate | Refusal:
        """The figure of a measure for all contacts together.

        Raises:
            KeyError: There is no such measure.
        """
        if isinstance(self.rows, Rows):
            found = iter(self.rows.select((measure,), ""))
        else:
            found = (row for row in self.rows if row.measure == measure and not row.by)
        for row in found:
            return row.result
        raise KeyError(measure)

    @property
    def names_reasons(self) -> bool:
        """Whether any contact behind the headline has a reason; where none has, any return is "for the same reason"."""
        rows = self.slices(self.headline_measure, "reason_1")
        return any(value != NO_REASON for row in rows for value in row.cell.values())

    @property
    def cuts(self) -> frozenset[str]:
        """All that figures are cut by, as `ResultRow.by` has it; "" stands for the whole."""
        return self.rows.cuts if isinstance(self.rows, Rows) else frozenset(row.by for row in self.rows)

    def select(self, *measures: str, by: str | None = None) -> list[ResultRow]:
        """Some rows, in the order of the run.

        Args:
            measures: Of these measures; of all where none is named.
            by: Cut by this: "" for the whole; by anything where None.
        """
        if isinstance(self.rows, Rows):
            return self.rows.select(measures, by)
        wanted = frozenset(measures)
        return [row for row in self.rows if (not wanted or row.measure in wanted) and (by is None or row.by == by)]

    def slices(self, measure: str, by: str) -> list[ResultRow]:
        """The rows of a measure cut by something, in the order of the cells."""
        return self.select(measure, by=by)

    def about(self, name: str, value: str) -> list[ResultRow]:
        """The rows of one cell and of all cells inside it, in the order of the run.

        Args:
            name: Of `measurement.measures.row.FIXED_SLICES`; `reason` at whatever level the paths were cut.
            value: What stands there.
        """
        if isinstance(self.rows, Rows):
            return self.rows.about(name, value)
        return [
            row for row in self.rows if any(held == value and slice_of(key) == name for key, held in row.cell.items())
        ]
