"""A person's own figure, for that person alone: what the run in force judged of the contacts they handled.

There is no way to ask for somebody else's, and nothing here compares people: much of what an agent's contacts show is
the system's doing, and the figure is refused by the same rules as every other.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from firstcontact.contacts.name import names_of
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.measures.catalog import MEASURES

if TYPE_CHECKING:
    import pyarrow as pa

    from firstcontact.measurement.measures.reduce import Sums

CONTACTS_FILE, POLICY_FILE = "contacts.parquet", "policy.toml"


class Handled(Protocol):
    """Who handled what."""

    def by(self, agent_id: str) -> Collection[tuple[str, str]]:
        """Source and id of each contact that somebody handled, as contacts name them."""


@dataclass(frozen=True, slots=True)
class OwnFigure:
    """What a run says of one's own contacts.

    Attributes:
        measure: The run's headline measure.
        contacts: Contacts of the run that one handled.
        result: The figure, or why there is none.
    """

    measure: str
    contacts: int
    result: Estimate | Refusal


def own_figure(folder: Path, headline: str, handled: Collection[tuple[str, str]]) -> OwnFigure | None:
    """The run's headline measure of some contacts.

    Args:
        folder: The run's directory.
        headline: Id of its headline measure.
        handled: Source and id of the contacts that one handled.

    Returns:
        The figure, or why there is none; None where the run's headline is none that judges contacts one by one.

    Raises:
        OSError: The directory is not there.
        FirstcontactError: The run's policy cannot be read.
    """
    from firstcontact.measurement.measures.estimate import estimate
    from firstcontact.measurement.policy.read import read_policy

    measure = MEASURES.get(headline)
    if measure is None or not measure.judges or measure.correct is not None:
        return None
    policy = read_policy(folder / POLICY_FILE)
    table = _own(folder / CONTACTS_FILE, handled)
    sums, largest = _sums(table)
    return OwnFigure(headline, table.num_rows, estimate(measure, sums, policy, {0: largest})[0])


def _own(path: Path, handled: Collection[tuple[str, str]]) -> pa.Table:
    """The rows of the contacts that were handled."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    columns = ["source", "contact_id", "customer", "verdict", "index_eligible", "mature"]
    known = {(source, name) for source, contact_id in handled for name in names_of(source, contact_id)}
    ids = pa.array(sorted({name for _, name in known}), pa.string())
    found = pq.read_table(path, columns=columns, filters=pc.field("contact_id").isin(ids))
    pairs = zip(found["source"].to_pylist(), found["contact_id"].to_pylist(), strict=True)
    return found.filter(pa.array([pair in known for pair in pairs], pa.bool_()))


def _sums(table: pa.Table) -> tuple[Sums, int]:
    """What the estimator needs, customers spread over buckets as in a run, and the contacts of the largest customer."""
    import numpy as np

    from firstcontact.measurement.linking.portable import BUCKETS
    from firstcontact.measurement.measures.reduce import Sums

    count, total, unsettled, immature = (np.zeros((1, BUCKETS)) for _ in range(4))
    sizes: Counter[str] = Counter()
    for row in table.to_pylist():
        customer = row["customer"] or row["contact_id"]
        bucket = zlib.crc32(customer.encode()) % BUCKETS
        if row["verdict"] in {"yes", "no", "unsettled"}:
            count[0, bucket] += 1
            total[0, bucket] += row["verdict"] == "yes"
            unsettled[0, bucket] += row["verdict"] == "unsettled"
            sizes[customer] += 1
        elif row["index_eligible"] and not row["mature"]:
            immature[0, bucket] += 1
    return Sums(count, total, unsettled, immature), max(sizes.values(), default=0)
