"""What a reason's openers stand for: openers leave out issues that begin soon after an earlier one of the same reason.

An issue that begins in the look-back of an earlier one has no opener, and that happens more often the commoner a reason
is. So the reasons of all openers together are not those of all first contacts. How many first contacts a reason has is
known in sum, though of no single contact: every contact counts for the probability that no earlier one caused it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

from firstcontact.measurement.linking.portable import grained

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

COLUMN = "mix_weight"
"""What `annotate_mix` adds."""
DIGITS = 4
"""Digits of a weight after the point, so that it does not depend on the order of rows."""


@dataclass(frozen=True, slots=True)
class Mix:
    """What the openers of each reason stand for.

    Attributes:
        contacts: The contacts with `mix_weight`, constant within a reason, so that figures of one reason stay as they
            are: how many first contacts an opener stands for, relative to the mean opener. Of a learned reason it is a
            weight of its exposure; 1 where nothing was learned.
        first: First contacts by linking key.
    """

    contacts: ir.Table
    first: dict[int, float]


def annotate_mix(engine: Engine, linked: ir.Table) -> Mix:
    """Add how many first contacts each opener stands for, relative to the mean opener.

    Of a reason that was not learned it is not known which contacts were caused. It is taken to have as large a share of
    first contacts as the learned reasons together, and no fewer than openers, each of which is one.

    Args:
        engine: Where it runs.
        linked: Linked contacts as `annotate.returns` leaves them.

    Returns:
        The contacts, and how many first contacts each reason has.
    """
    index = linked.filter(linked.takes_part & ~linked.left_censored & linked.excluded_code.isnull())
    counted = index.group_by("key").aggregate(
        first=grained(1 - index.p_caused.fill_null(0.0)).sum(),
        opened=ibis.ifelse(index.opener, index.exposure, ibis.null("float64")).sum(),
        openers=index.opener.sum(),
        contacts=index.count(),
    )
    rows = engine.execute(counted.order_by("key"))
    caused, opened, openers, contacts = (
        np.nan_to_num(np.asarray(rows[name].to_numpy(zero_copy_only=False), dtype=np.float64))
        for name in ("first", "opened", "openers", "contacts")
    )
    keys, learned = rows["key"].to_pylist(), opened > 0
    if not learned.any():
        return Mix(linked.mutate(**{COLUMN: ibis.literal(1.0)}), dict(zip(keys, openers.tolist(), strict=True)))
    usual = caused[learned].sum() / contacts[learned].sum()
    first = np.where(learned, caused, np.maximum(usual * contacts, openers))
    scale = opened[learned].sum() / first[learned].sum()
    weighed = np.where(learned, opened, openers)
    weights = np.round(np.where(weighed > 0, scale * first / np.where(weighed > 0, weighed, 1.0), 1.0), DIGITS)
    of_key = ibis.cases(
        *((linked.key == key, weight) for key, weight in zip(keys, weights.tolist(), strict=True)), else_=1.0
    )
    told = linked.mutate(**{COLUMN: of_key.cast("float64")})
    return Mix(told, dict(zip(keys, first.tolist(), strict=True)))


def weigh(contacts: ir.Table, *columns: str) -> ir.Table:
    """The contacts with some columns as they are for the first contacts that each opener stands for.

    Args:
        contacts: With `mix_weight`, or without it: then nothing changes.
        columns: Sums of openers: their exposure, their failures.
    """
    if COLUMN not in contacts.columns:
        return contacts
    return contacts.mutate(**{name: contacts[name] * contacts[COLUMN] for name in columns})
