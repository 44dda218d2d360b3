"""One definition of FCR among several on the same contacts: what it lacks, how it is linked, what its row says.

`measure` sets the definitions beside its figure and `define` compares them contact by contact; both tell them this way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from firstcontact.kernel.result import SIGNAL_ABSENT, SUPPRESSED, Estimate, Refusal
from firstcontact.kernel.sentence import Sentence, listed
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.link import connect
from firstcontact.measurement.measures.catalog import MEASURES
from firstcontact.measurement.measures.estimate import crowded, estimate, readings
from firstcontact.measurement.measures.row import DefinitionRow
from firstcontact.measurement.policy.model import Policy, cut_reason, digest

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine
    from firstcontact.measurement.fit.declared import Fit
    from firstcontact.measurement.measures.measure import Measure
    from firstcontact.measurement.measures.reduce import Sums
    from firstcontact.services.prepare import Prepared


def judged_by(policy: Policy) -> Measure:
    """The measure that gives a definition's figure: of issues where openers are judged, of contacts otherwise.

    >>> judged_by(Policy()).id
    'fcr_issue'
    """
    return MEASURES["fcr_issue" if policy.link.index == "openers" else "fcr_contact"]


def decline(name: str, policy: Policy, missing: Sequence[Sentence]) -> DefinitionRow:
    """The row of a definition that the data cannot support.

    Args:
        name: What the definition is called.
        policy: The definition.
        missing: What the data lack for it, in words (`linking.holding.unsupported`).
    """
    refusal = Refusal(
        SIGNAL_ABSENT,
        Sentence(
            "signal-absent.definition",
            "The data do not hold what this definition reads: {missing}.",
            missing=listed(missing),
        ),
        Sentence("signal-absent.definition.cure", "A source or a mapping that holds it."),
        estimand=judged_by(policy).estimand,
    )
    return DefinitionRow(name, policy.title, policy.source, refusal)


def tell(
    name: str,
    policy: Policy,
    own: Policy,
    sums: Sums,
    *,
    left_out: dict[str, int],
    differs: tuple[int, int] | None,
    largest: int | None,
) -> DefinitionRow:
    """The row of a definition that the data support.

    Args:
        name: What the definition is called.
        policy: The definition.
        own: The run's own policy. It decides what may be printed, for it publishes the figures.
        sums: Of all contacts under the definition: one cell.
        left_out: Contacts that it does not judge, by cause.
        differs: Contacts with opposite verdicts, as in `DefinitionRow`.
        largest: Judged contacts of the largest customer; None where nobody can hold too much.

    Returns:
        The row. A refused figure has no readings either, and one that is too small to show no counts at all: what it
        leaves out would tell how few the others are.
    """
    sums = replace(sums, astray={0: frozenset(left_out) - {"immature"}})
    result = estimate(judged_by(policy), sums, own, None if largest is None else {0: largest})[0]
    if isinstance(result, Refusal) and result.kind is SUPPRESSED:
        return DefinitionRow(name, policy.title, policy.source, result)
    both = readings(sums) if isinstance(result, Estimate) else None
    return DefinitionRow(
        preset=name,
        title=policy.title,
        source=policy.source,
        result=result,
        reading_low=both[0] if both else None,
        reading_high=both[1] if both else None,
        counted=int(sums.count.sum()),
        resolved=int(sums.total.sum()),
        unsettled=int(sums.open.sum()),
        left_out=left_out,
        differs=differs,
    )


def suppressed(row: DefinitionRow) -> bool:
    """Whether a definition judges so few contacts that not even their number may be shown."""
    return isinstance(row.result, Refusal) and row.result.kind is SUPPRESSED


def largest_customers(
    engine: Engine,
    prepared: Prepared,
    own: Policy,
    sums: Mapping[str, Sums],
    contacts: ir.Table,
    judged: Callable[[str], ir.BooleanValue],
) -> dict[str, int]:
    """How many judged contacts the largest customer has, where a definition's buckets do not already show it is few.

    Args:
        engine: Where it runs.
        prepared: The contacts.
        own: The run's own policy, which says how much one customer may hold.
        sums: Of all contacts under each definition, by its name.
        contacts: One row a contact with `contact_id`.
        judged: Given a definition's name, whether it judges a contact, as an expression of `contacts`.

    Returns:
        By name of the definition, those alone in which one customer could hold too much.
    """
    full = [name for name, one in sums.items() if crowded(one, own).any()]
    if not full:
        return {}
    places = {name: f"judged_{place}" for place, name in enumerate(full)}
    marked = contacts.select("contact_id", **{column: judged(name) for name, column in places.items()})
    named = prepared.tables["contacts"].select("contact_id", "customer")
    known = named.filter(named.customer.notnull()).join(marked, "contact_id")
    each = known.group_by("customer").aggregate(**{column: known[column].sum() for column in places.values()})
    most = engine.execute(each.aggregate(**{column: each[column].max() for column in places.values()}))
    return {name: most[column][0].as_py() or 0 for name, column in places.items()}


def linking(policy: Policy) -> str:
    """What makes two policies link alike, as a short text."""
    asks = "returned" in policy.signals
    return digest([policy.link, policy.window, policy.related, policy.exclude, asks, policy.needs_customer])


def declared(prepared: Prepared, policy: Policy) -> Fit:
    """The windows that a policy declares, for the reasons that occur."""
    return declare(policy, sorted({cut_reason(reason, policy.link.reason_level) for reason in prepared.reasons}))


def connect_alike(
    engine: Engine, prepared: Prepared, policies: Sequence[Policy], name: str, *, stored: bool = True
) -> ir.Table:
    """Link contacts once, under the first of some policies that chain alike, with the signals that any of them reads.

    Args:
        engine: Where it runs.
        prepared: The contacts.
        policies: The policies.
        name: Under which the engine keeps the answer.
        stored: Whether the rows are kept; see `linking.link.connect`.
    """
    return connect(
        engine,
        prepared.tables,
        policies[0],
        declared(prepared, policies[0]),
        prepared.frame,
        has=prepared.has,
        signals={signal for one in policies for signal in one.signals},
        keep=("bucket", "channel", *(("customer", "reason") if any(one.related for one in policies) else ())),
        detail=False,
        name=name,
        shared=prepared.shared,
        stored=stored,
    )
