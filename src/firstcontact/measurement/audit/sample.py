"""Which contacts are looked up: drawn at random within strata, thickest where a missed return is likeliest.

Pairs that are linked cannot reveal a missed one, and plain random openers hold few returns. So openers are sorted by
what the records say of them, each stratum is drawn from with its own probability, and the probability is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis

from firstcontact.measurement.annotate.seen import SIGNALS, judged

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

NEEDS: tuple[str, ...] = (*SIGNALS, "returned")
"""Signals that linking must bring along."""
COLUMNS: tuple[str, ...] = ("customer", "bucket", "reason", "channel", "started_at", "case_id")
"""Contact columns to carry along."""

STRATA: dict[str, tuple[str, float]] = {
    "linked": ("a return is linked", 0.16),
    "other_reason": ("the customer comes again, under another reason", 0.26),
    "other_record": ("the same case goes on under another customer record", 0.06),
    "sign": ("no return is seen, but the record says that it was not settled", 0.16),
    "quiet": ("nothing is seen", 0.36),
}
"""What each stratum holds, and its share of the contacts looked up. Roughly in proportion to its size times the spread
of missed returns within it, which makes the interval shortest."""

DEFAULT_SIZE = 1200
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Sampled:
    """One contact to be looked up.

    Attributes:
        number: From 1; names it in the form.
        contact_id: The contact.
        stratum: Which of `STRATA` it was drawn from.
        probability: With which probability.
        started_at: When it began, UTC.
        look_until: Until when a return counts, UTC.
        channel: Its channel; empty where not recorded.
        reason: Its reason; empty where there is none.
        nearby: Later contacts under the same customer record or case until then, whatever their reason.
        links: Those of them that the records link to it as returns.
    """

    number: int
    contact_id: str
    stratum: str
    probability: float
    started_at: datetime
    look_until: datetime
    channel: str
    reason: str
    nearby: tuple[str, ...]
    links: tuple[str, ...]


def draw_sample(engine: Engine, linked: ir.Table, size: int, seed: int, name: str = "fc_audit") -> list[Sampled]:
    """Draw the contacts to look up.

    Args:
        engine: Where it runs.
        linked: Linked contacts with the columns of `COLUMNS` and the signals of `NEEDS`.
        size: How many contacts, about: where a stratum holds fewer than its share, others get more.
        seed: The same seed draws the same contacts.
        name: Under which the engine keeps what is asked for.

    Returns:
        The contacts in random order; none where no opener is old enough.
    """
    sorted_out = engine.materialise(_stratify(linked), f"{name}_stratum")
    sizes = engine.execute(sorted_out.group_by("stratum").aggregate(n=sorted_out.count()).order_by("stratum"))
    held = dict(zip(sizes["stratum"].to_pylist(), sizes["n"].to_pylist(), strict=True))
    take = allocate(held, size)
    draw = ibis.literal(f"{seed}:").concat(sorted_out.contact_id).hexdigest("md5")
    ordered = sorted_out.mutate(draw=draw)
    parts = [
        ordered.filter(ordered.stratum == stratum).order_by(["draw", "contact_id"]).limit(count)
        for stratum, count in take.items()
        if count
    ]
    if not parts:
        return []
    drawn = engine.materialise(ibis.union(*parts) if len(parts) > 1 else parts[0], f"{name}_drawn")
    rows = engine.execute(drawn.order_by(["draw", "contact_id"])).to_pylist()
    near = _nearby(engine, linked, drawn)
    return [
        Sampled(
            number=number,
            contact_id=row["contact_id"],
            stratum=row["stratum"],
            probability=take[row["stratum"]] / held[row["stratum"]],
            started_at=row["started_at"],
            look_until=_moment(row["until_us"]),
            channel=row["channel"] or "",
            reason=row["reason"] or "",
            nearby=tuple(one for one, _ in near.get(row["contact_id"], [])),
            links=tuple(one for one, is_link in near.get(row["contact_id"], []) if is_link),
        )
        for number, row in enumerate(rows, start=1)
    ]


def allocate(held: Mapping[str, int], size: int) -> dict[str, int]:
    """How many contacts to draw from each stratum.

    >>> allocate({"linked": 1000, "quiet": 9000}, 520), allocate({"quiet": 3}, 100)
    ({'linked': 160, 'quiet': 360}, {'quiet': 3})
    """
    take: dict[str, int] = {}
    open_strata = {name: STRATA[name][1] for name in STRATA if held.get(name)}
    left = size
    while open_strata:
        total = sum(open_strata.values())
        full = [name for name, share in open_strata.items() if left * share / total >= held[name]]
        if not full:
            return take | {name: max(1, round(left * share / total)) for name, share in open_strata.items()}
        for name in full:
            take[name] = held[name]
            left -= held[name]
            del open_strata[name]
    return take


def _stratify(linked: ir.Table) -> ir.Table:
    """Openers whose window has closed, each in the first stratum that fits."""
    part = linked.filter(linked.takes_part)
    order = [part.start_us, part.contact_id]
    of_customer = ibis.window(group_by=[part.customer], order_by=order)
    of_case = ibis.window(group_by=[part.case_id], order_by=order)
    ahead = part.mutate(
        until_us=part.anchor_us + part.window_us,
        again_us=part.start_us.lead().over(of_customer),
        case_again_us=part.start_us.lead().over(of_case),
        case_customer=part.customer.lead().over(of_case),
    )
    own = ahead.filter(judged(ahead))
    says_no = (~own.agent_says_resolved).fill_null(False) | (~own.survey_resolved).fill_null(False)
    other = own.case_id.notnull() & (own.case_customer != own.customer) & (own.case_again_us <= own.until_us)
    stratum = ibis.cases(
        (own.returned.fill_null(False), "linked"),
        ((own.again_us <= own.until_us).fill_null(False), "other_reason"),
        (other.fill_null(False), "other_record"),
        ((own.reopens > 0).fill_null(False) | says_no, "sign"),
        else_="quiet",
    )
    columns = ("contact_id", "customer", "case_id", "key", "start_us", "until_us", "started_at", "channel", "reason")
    return own.select(*columns, stratum=stratum)


def _nearby(engine: Engine, linked: ir.Table, drawn: ir.Table) -> dict[str, list[tuple[str, bool]]]:
    """Later contacts of the same record or case in the window of each drawn contact, and whether they are linked."""
    part = linked.filter(linked.takes_part)
    later = part.select(
        later_id="contact_id", later_us="start_us", later_key="key", later_customer="customer", later_case="case_id"
    )
    asked = drawn.select("contact_id", "customer", "case_id", "key", "start_us", "until_us")

    def within(joined: ir.Table) -> ir.Table:
        inside = (joined.later_us > joined.start_us) & (joined.later_us <= joined.until_us)
        found = joined.filter(inside & (joined.later_id != joined.contact_id))
        same = (found.later_customer == found.customer) & (found.later_key == found.key)
        return found.select("contact_id", "later_id", "later_us", is_link=same.fill_null(False))

    by_customer = within(asked.join(later, asked.customer == later.later_customer))
    by_case = within(asked.join(later, asked.case_id == later.later_case))
    rows = engine.execute(ibis.union(by_customer, by_case, distinct=True)).to_pylist()
    near: dict[str, list[tuple[str, bool]]] = {}
    for row in sorted(rows, key=lambda row: (row["later_us"], row["later_id"])):
        known: list[Any] = near.setdefault(row["contact_id"], [])
        if len(known) < _LISTED:
            known.append((row["later_id"], bool(row["is_link"])))
    return near


def _moment(us: int) -> datetime:
    return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=us)).replace(tzinfo=None)
