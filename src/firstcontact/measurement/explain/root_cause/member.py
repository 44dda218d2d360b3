"""Which contacts a root cause's figure rests on, kept contact by contact, so that the figure can lead to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from firstcontact.measurement.measures.member import COUNTED, PREFIX

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.explain.explanation import Context
    from firstcontact.measurement.explain.root_cause.compare import Compared
    from firstcontact.measurement.explain.root_cause.pattern import Pattern

ROW = "row_number"
"""Column that numbers the judged contacts: numbers are joined sooner than ids."""
FAILURE = f"{PREFIX}failure"
"""Column of contacts: `counted` where causes and opportunities compare how it fared, else missing."""


def keep_members(
    context: Context, contacts: ir.Table, marked: Mapping[Pattern, ir.Table], compared: Mapping[Pattern, Compared]
) -> ir.Table:
    """What each judged contact shows of every pattern that has a figure, as far as it is in the figure's n.

    Args:
        context: The run.
        contacts: The judged contacts, numbered by `ROW`.
        marked: What each pattern's `mark` gave.
        compared: What came of each.

    Returns:
        `contact_id`, `in_failure`, and a text column a pattern (`Pattern.column`): the variant, or NULL.
    """
    wide = contacts.select(ROW, "contact_id", **{FAILURE: ibis.literal(COUNTED)})
    for number, (pattern, found) in enumerate(compared.items()):
        variants = sorted({one.variant for one in found.looked})
        if not variants:
            continue
        shown = marked[pattern]
        shown = shown.filter(shown.shows.isin(variants))
        if pattern.outflow:
            shown = shown.filter(shown.mature)
        alone = [one for one in found.alone if one[2] in variants]
        if alone:
            shown = _without(shown, context.engine.register(_strata(alone), f"fc_alone_{number}"))
        own = shown.select(**{f"{ROW}_own": shown[ROW], pattern.column: shown.shows})
        wide = wide.left_join(own, wide[ROW] == own[f"{ROW}_own"]).drop(f"{ROW}_own")
    return context.engine.materialise(wide.drop(ROW), "fc_shown")


def _strata(alone: list[tuple[int, str | None, str]]) -> pa.Table:
    keys, channels, variants = zip(*alone, strict=True)
    return pa.table(
        {
            "alone_key": pa.array(keys, pa.int64()),
            "alone_channel": pa.array(channels, pa.string()),
            "alone_shows": pa.array(variants, pa.string()),
        }
    )


def _without(shown: ir.Table, alone: ir.Table) -> ir.Table:
    """Those that are not in one of some strata with one of some variants; no channel is a channel of its own."""
    return shown.anti_join(
        alone,
        [
            shown.key == alone.alone_key,
            shown.shows == alone.alone_shows,
            shown.channel.identical_to(alone.alone_channel),
        ],
    )
