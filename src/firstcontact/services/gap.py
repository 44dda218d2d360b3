"""How long a customer stayed away, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import ibis

from firstcontact.measurement.linking.portable import DAY_US

if TYPE_CHECKING:
    import ibis.expr.types as ir


def gap_days(linked: ir.Table, which: Literal["previous", "next"]) -> ir.FloatingValue:
    """Days since the previous contact of a contact's chain, or until the next; the related one's where it is nearer.

    Args:
        linked: Linked contacts.
        which: Back or ahead.

    Returns:
        Days; NULL where there is no such contact.
    """
    chained, related = linked[f"{which}_gap_us"], linked[f"related_{which}_gap_us"]
    return ibis.least(chained.fill_null(related), related.fill_null(chained)) / DAY_US
