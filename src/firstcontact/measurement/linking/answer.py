"""A contact has one survey: of several answers the one given last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir


def last_answer(surveys: ir.Table) -> ir.Table:
    """Surveys, one a contact, so that nothing that is joined to them can be counted twice.

    Two systems that ask about one contact, or one that asks again, make two rows of one contact.

    Args:
        surveys: The table `surveys`.

    >>> one = {"contact_id": ["1", "1"], "answered_at": [None, None], "csat": [0.5, 0.75]}
    >>> last_answer(ibis.memtable(one)).execute()["csat"].tolist()
    [0.5]
    """
    # Of several without a moment, or with the same, any would do, but always the same one.
    others = [surveys[name] for name in surveys.columns if name not in ("contact_id", "answered_at")]
    latest = [surveys.answered_at.desc(nulls_first=False)] if "answered_at" in surveys.columns else []
    place = ibis.row_number().over(group_by=surveys.contact_id, order_by=[*latest, *others])
    numbered = surveys.mutate(fc_place=place)
    return numbered.filter(numbered.fc_place == 0).drop("fc_place")
