"""What several policies can share of the work on the same contacts: found once, when the first one asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from firstcontact.measurement.linking.holding import filled, holdings
from firstcontact.measurement.linking.portable import SECOND_US, microseconds
from firstcontact.measurement.signals.event import count_events

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

LEG_REACH_SECONDS = 900.0
"""Legs are looked for among customers with two contacts this near each other, or nearer than a policy asks."""


class Shared:
    """The contacts of a run, and what does not depend on the policy, or only on a setting or two of it.

    Args:
        engine: Where it runs.
        tables: `contacts`, and `case_events`, `surveys` where there are any.
        has: What the data hold (`holdings`); found here where not given.
    """

    def __init__(self, engine: Engine, tables: dict[str, ir.Table], has: frozenset[str] | None = None) -> None:
        self.engine = engine
        self.tables = tables
        self.has = holdings(engine, tables) if has is None else has
        self._reasons: list[str | None] | None = None
        self._filled: frozenset[str] | None = None
        self._events: dict[float | None, ir.Table] = {}
        self._near: tuple[float, ir.Table | None] | None = None

    @property
    def reasons(self) -> list[str | None]:
        """Every different reason; None stands for contacts without one."""
        if self._reasons is None:
            different = self.tables["contacts"].select("reason").distinct()
            self._reasons = self.engine.execute(different)["reason"].to_pylist()
        return self._reasons

    @property
    def filled(self) -> frozenset[str]:
        """Columns of the contacts that hold any value."""
        if self._filled is None:
            contacts = self.tables["contacts"]
            self._filled = frozenset(filled(self.engine, contacts, contacts.columns))
        return self._filled

    def events(self, days: float | None) -> ir.Table:
        """`count_events` of contacts that have any, up to some days after their start."""
        if days not in self._events:
            contacts = self.tables["contacts"]
            started = contacts.select("contact_id", recorded_start_us=microseconds(contacts.started_at))
            counted = count_events(self.tables["case_events"], started, days)
            self._events[days] = self.engine.materialise(counted, f"fc_event_count_{len(self._events)}")
        return self._events[days]

    def near(self, seconds: float) -> ir.Table | None:
        """Customers in whose history a transferred leg is possible: `customer`; None where there are none.

        A leg begins no earlier than some seconds before another contact of its customer ends. Few customers have such
        contacts, whatever a policy leaves out, so that each policy looks closely at those alone.
        """
        if self._near is None or seconds > self._near[0]:
            reach = max(seconds, LEG_REACH_SECONDS)
            near = self.engine.materialise(_near(self.tables["contacts"], reach), "fc_near_customer")
            found = self.engine.execute(near.aggregate(n=_.count()))["n"][0].as_py()
            self._near = reach, near if found else None
        return self._near[1]


def _near(contacts: ir.Table, reach: float) -> ir.Table:
    timed = contacts.select(
        "customer",
        start_us=microseconds(contacts.started_at),
        end_us=microseconds(contacts.ended_at.coalesce(contacts.started_at)),
    ).filter(_.customer.notnull())
    # Contacts that begin together are near each other in either order, so numbers alone are sorted here.
    before = ibis.window(group_by=timed.customer, order_by=timed.start_us, rows=(None, -1))
    marked = timed.select("customer", late=timed.start_us - timed.end_us.max().over(before))
    return marked.filter(marked.late <= round(reach * SECOND_US)).select("customer").distinct()
