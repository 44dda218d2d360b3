"""One customer across channels: whoever shares an identifier is one customer, and nobody is joined by not being known.

Two identifiers seen on one contact belong to one person; a customer is a connected component of that graph. An
identifier that stands beside many different customer ids, telephone numbers, addresses or accounts (a switchboard, an
office's address) joins nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
from ibis import _

from firstcontact.contacts.table import EXTRA_PREFIX
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.linking.holding import filled
from firstcontact.measurement.linking.identifier import (
    NAMES_SOMEBODY,
    OWN_ID,
    SHARED_BY,
    national_to_international,
    normalise,
)
from firstcontact.measurement.linking.portable import bucket_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.kernel.engine import Engine

_REPEATING = frozenset(
    {
        "source",
        "channel",
        "direction",
        "reason",
        "reason_source",
        "agent_id",
        "team",
        "queue",
        "escalated_to",
        "wrap_up",
        "language",
    }
)
"""Text columns that hold the same few values again and again."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is behind each contact.

    Attributes:
        contacts: The contacts with `customer` (int64, NULL when unknown) and `bucket` (int16, 0 to 39) added.
        labels: One row a customer: `customer` and `label`, the identifier that stands for it in exports.
        customers: How many different customers there are.
        known: Contacts whose customer is known.
        kinds: Contacts that carry a usable identifier of each kind.
        joined: Customers that were joined from two or more identifiers of one kind or of the source's own id.
        shared: Identifiers taken for shared ones and not used.
        findings: What a reader should know.
    """

    contacts: ir.Table
    labels: ir.Table
    customers: int
    known: int
    kinds: dict[str, int]
    joined: int
    shared: int
    findings: tuple[Finding, ...]


def identify(engine: Engine, contacts: ir.Table, identifiers: ir.Table | None, region: str | None = None) -> Identity:
    """Find the customer of each contact.

    Args:
        engine: Where it runs.
        contacts: Canonical contacts.
        identifiers: Canonical identifiers, or None where the source has only its own customer id.
        region: Two-letter country in which national telephone numbers are to be read; None leaves them as they are.

    Returns:
        The contacts with their customer, and what was found on the way.
    """
    if identifiers is None:
        return _by_own_id(engine, contacts)
    return _by_graph(engine, contacts, identifiers, region)


def _by_own_id(engine: Engine, contacts: ir.Table) -> Identity:
    # Kept first, or the engine would look at the spelling of every row before it finds the different ones.
    ids = contacts.filter(contacts.customer_id.notnull()).select("customer_id").distinct()
    ids = engine.materialise(ids, "fc_own_id_raw")
    spelled = ids.mutate(label=normalise(ids.customer_id, ibis.literal(OWN_ID)))
    spelled = spelled.filter(spelled.label.notnull())
    spelled = engine.materialise(spelled, "fc_own_id")
    names = spelled.select("label").distinct()
    names = names.mutate(customer=ibis.row_number().over(ibis.window()).cast("int64"), bucket=bucket_of(names.label))
    names = engine.materialise(names, "fc_customer")
    numbered = spelled.join(names, "label").select("customer_id", "customer", "bucket")
    kept = _keep(engine, contacts, numbered, "customer_id")
    known_count = _number(engine, kept.aggregate(n=_.customer.count()))
    customers = _number(engine, names.aggregate(n=_.count()))
    return Identity(kept, names.select("customer", "label"), customers, known_count, {OWN_ID: known_count}, 0, 0, ())


def _by_graph(engine: Engine, contacts: ir.Table, identifiers: ir.Table, region: str | None) -> Identity:
    own = contacts.filter(contacts.customer_id.notnull()).select(
        contacts.contact_id,
        kind=ibis.literal(OWN_ID),
        value=contacts.customer_id,
    )
    seen = ibis.union(own, identifiers.select("contact_id", "kind", "value"))
    # Normalise each different identifier once, not each sighting.
    different = engine.materialise(seen.select("kind", "value").distinct(), "fc_identifier_raw")
    spelled = different.mutate(spelled=normalise(different.value, different.kind))
    spelled = engine.materialise(spelled.filter(spelled.spelled.notnull()), "fc_identifier_spelled")
    findings = []
    if region is not None:
        spelled = _read_national(engine, spelled, region)
    else:
        findings += _about_national(engine, spelled)
    nodes = spelled.select("kind", "spelled").distinct()
    nodes = engine.materialise(
        nodes.mutate(node=ibis.row_number().over(ibis.window()).cast("int64")), "fc_identifier_node"
    )
    named = spelled.join(nodes, ["kind", "spelled"]).select("kind", "value", "node")
    sightings = engine.materialise(
        seen.join(named, ["kind", "value"]).select("contact_id", "kind", "node").distinct(), "fc_sighting"
    )

    shared = _shared(engine, sightings)
    usable = sightings.anti_join(shared, "node")
    first = usable.group_by("contact_id").aggregate(first=usable.node.min())
    first = engine.materialise(first, "fc_first_node")
    edges = usable.join(first, "contact_id").select(left="first", right="node")
    edges = edges.filter(edges.left != edges.right).distinct()
    components = engine.components(edges, "fc_component")
    customers = first.left_join(components, first.first == components.node).select(
        "contact_id", customer=ibis.coalesce(components.component, first.first)
    )
    customers = engine.materialise(customers, "fc_contact_customer")
    # A name and a bucket must not depend on numbering: they come from the customer's smallest own id, or else from the
    # smallest other identifier with its kind, for a telephone number and an account may have the same digits.
    labels = usable.join(customers, "contact_id").join(nodes.select("node", "spelled"), "node")
    own_id = labels.spelled.min(where=labels.kind == OWN_ID)
    other = labels.kind.concat(":").concat(labels.spelled).min()
    label = labels.group_by("customer").aggregate(label=ibis.coalesce(own_id, other))
    label = engine.materialise(label.mutate(bucket=bucket_of(label.label)), "fc_customer")
    known = customers.join(label.drop("label"), "customer").select("contact_id", "customer", "bucket")
    kept = _keep(engine, contacts, known, "contact_id")

    kinds = engine.execute(sightings.group_by("kind").aggregate(n=sightings.contact_id.nunique()).order_by("kind"))
    per_kind = labels.group_by(["customer", "kind"]).aggregate(n=labels.node.nunique())
    joined_customers = _number(engine, per_kind.filter(per_kind.n > 1).aggregate(n=_.customer.nunique()))
    shared_count = _number(engine, shared.aggregate(n=_.count()))
    if shared_count:
        findings.append(
            Finding(
                "identity",
                Sentence(
                    "identity.shared",
                    "{count:,} identifiers stand beside more than {limit} different ones of another kind each (a "
                    "switchboard, an office address). They were not used to say who it was.",
                    "{count:,} identifier stands beside more than {limit} different ones of another "
                    "kind (a switchboard, an office address). It was not used to say who it was.",
                    "count",
                    count=shared_count,
                    limit=SHARED_BY,
                ),
            )
        )
    by_kind = dict(zip(kinds["kind"].to_pylist(), kinds["n"].to_pylist(), strict=True))
    return Identity(
        contacts=kept,
        labels=label.select("customer", "label"),
        customers=_number(engine, label.aggregate(n=_.count())),
        known=_number(engine, kept.aggregate(n=_.customer.count())),
        kinds=by_kind,
        joined=joined_customers,
        shared=shared_count,
        findings=tuple(findings),
    )


def _keep(engine: Engine, contacts: ir.Table, known: ir.Table, key: str) -> ir.Table:
    """Keep the contacts with their customer. Columns without any value take no room: they are only named."""
    held = filled(engine, contacts, contacts.columns)
    stored = contacts.select(list(dict.fromkeys((*held, key))))
    texts = [name for name in held if name in _REPEATING or name.startswith(EXTRA_PREFIX)]
    short = engine.dictionary(stored, [name for name in texts if stored[name].type().is_string()], "fc_contact_short")
    joined = short.left_join(known, key).drop(f"{key}_right")
    # A condition, for the digest is slow and a default value would be computed for every row.
    bucket = ibis.ifelse(joined.bucket.isnull(), bucket_of(joined.contact_id), joined.bucket)
    kept = engine.materialise(joined.mutate(bucket=bucket), "fc_contact_kept")
    absent = {name: ibis.null(kind) for name, kind in contacts.schema().items() if name not in stored.columns}
    return engine.view(kept.mutate(**absent), "fc_contact")


def _shared(engine: Engine, sightings: ir.Table) -> ir.Table:
    """Identifiers, other than the source's own customer id, that stand beside too many that each name somebody else."""
    left = sightings.filter(sightings.kind != OWN_ID)
    right = sightings.filter(sightings.kind.isin(NAMES_SOMEBODY))
    right = right.select("contact_id", other_kind="kind", other="node")
    beside = left.join(right, "contact_id")
    beside = beside.filter(beside.kind != beside.other_kind)
    counted = beside.group_by(["node", "other_kind"]).aggregate(others=beside.other.nunique())
    crowded = counted.filter(counted.others > SHARED_BY).select("node").distinct()
    return engine.materialise(crowded, "fc_shared_identifier")


def _read_national(engine: Engine, spelled: ir.Table, region: str) -> ir.Table:
    national = spelled.filter((spelled.kind == "phone") & ~spelled.spelled.startswith("+"))
    numbers = engine.execute(national.select(value=national.spelled).distinct())
    read = engine.register(national_to_international(numbers, region), "fc_national_number")
    read = read.select(national="value", international="spelled")
    both = spelled.left_join(read, (spelled.kind == "phone") & (spelled.spelled == read.national))
    chosen = both.select("kind", "value", spelled=ibis.coalesce(both.international, both.spelled))
    return engine.materialise(chosen, "fc_identifier_read")


def _about_national(engine: Engine, spelled: ir.Table) -> list[Finding]:
    """One telephone written both ways is two customers, unless somebody says of which country the national ones are."""
    phones = spelled.filter(spelled.kind == "phone")
    full = phones.spelled.startswith("+")
    counts = engine.execute(phones.aggregate(full=full.sum(), national=(~full).sum()))
    national, known = int(counts["national"][0].as_py() or 0), int(counts["full"][0].as_py() or 0)
    if not national or not known:
        return []
    text = Sentence(
        "identity.national",
        "{national:,} telephone numbers are written without a country, {full:,} with one. The same telephone written "
        "both ways counts as two customers, and returns between them are not seen.",
        "{national:,} telephone number is written without a country, {full:,} with one. "
        "The same telephone written both ways counts as two customers, and returns between "
        "them are not seen.",
        "national",
        national=national,
        full=known,
    )
    rests_on = Sentence("identity.national.rests", "the numbers' own form")
    cure = Sentence("identity.national.cure", "{option} (the country's two letters)", option="--region XX")
    return [Finding("identity", text, rests_on, "warning", cure)]


def _number(engine: Engine, one: ir.Table) -> int:
    return int(engine.execute(one).column(0)[0].as_py())
