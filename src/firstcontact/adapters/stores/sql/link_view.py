"""One state of contacts, identifiers and links, asked the questions that linking has."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select, tuple_

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.among import Pairs, numbers_beside
from firstcontact.adapters.stores.sql.arrival import in_parts, of_contact
from firstcontact.contacts.table import EXTRA_PREFIX
from firstcontact.measurement.linking.identifier import NAMES_SOMEBODY, OWN_ID, SHARED_BY
from firstcontact.measurement.reference.contact import Contact
from firstcontact.measurement.reference.identifier import spell
from firstcontact.measurement.reference.identity import Node
from firstcontact.services.link_person import KNOWN, Key
from firstcontact.services.relink import Again, Changes, Known

LINKED = "linked"
"""The row of `sequence` with the number of the last change that is linked."""

SPELLING = "spelling"
"""The row of `setting` with the country in which national telephone numbers were read last."""

STANDING = "linking"
"""The row of `setting` with how far everything has been linked again."""

_CROWD = 200
"""Carriers of an identifier above which they are not all looked at at once."""

_LATELY = 2_000
"""Among how many of the newest changes those are sought that are not linked yet."""

_READ = (
    "contact_id",
    "started_at",
    "ended_at",
    "reason",
    "channel",
    "direction",
    "queued_at",
    "answered_at",
    "agent_id",
    "queue",
    "transfers",
    "escalated_to",
    "settled",
    "agent_says_resolved",
    "abandoned",
)

_contact, _identifier, _link = schema.contact, schema.identifier, schema.link

_LATEST = (
    select(*(_contact.c[name] for name in ("source", *_READ)))
    .where(_contact.c.person_id == bindparam("person"))
    .order_by(_contact.c.started_at.desc())
    .limit(bindparam("limit"))
)


class LinkView:
    """Implements `services.relink.View`.

    Args:
        connection: A reading transaction.
        region: Country in which national telephone numbers are read.
    """

    def __init__(self, connection: Connection, region: str | None) -> None:
        self._connection = connection
        self._region = region

    def changes(self, limit: int, newest: int) -> Changes:
        after = number(self._connection, LINKED)
        last = number(self._connection, "change")
        if after >= last:
            return Changes(after, after, (), ())
        gone = schema.contact_gone
        upto = last
        # Many may have come or gone with one change; those of one change are taken together.
        waiting = select(_contact.c.seq).select_from(_beside_link(_contact, _contact)).where(_waits(_contact))
        for seqs, seq in ((waiting, _contact.c.seq), (select(gone.c.seq), gone.c.seq)):
            enough = seqs.where(seq > after).order_by(seq).offset(limit - 1).limit(1)
            upto = min(upto, self._connection.execute(enough).scalar_one_or_none() or upto)
        asked = select(_contact.c.source, _contact.c.contact_id).select_from(_beside_link(_contact, _contact))
        asked = asked.where(_contact.c.seq > after, _contact.c.seq <= upto, _waits(_contact)).order_by(_contact.c.seq)
        keys = [(row.source, row.contact_id) for row in self._connection.execute(asked)]
        went = select(gone.c.source, gone.c.contact_id).where(gone.c.seq > after, gone.c.seq <= upto)
        left = [(row.source, row.contact_id) for row in self._connection.execute(went.order_by(gone.c.seq))]
        return Changes(after, upto, [*keys, *self._newest(upto, newest)], left)

    def _newest(self, upto: int, count: int) -> list[Key]:
        """Of the contacts that changed last, some that are not linked yet."""
        names = (_contact.c.source, _contact.c.contact_id, _contact.c.seq)
        last = select(*names).where(_contact.c.seq > upto).order_by(_contact.c.seq.desc()).limit(_LATELY).subquery()
        asked = select(last.c.source, last.c.contact_id).select_from(_beside_link(last, last)).where(_waits(last))
        rows = self._connection.execute(asked.order_by(last.c.seq.desc()).limit(count))
        return [(row.source, row.contact_id) for row in rows]

    def known(self, keys: Collection[Key]) -> dict[Key, Known]:
        linked = number(self._connection, LINKED)
        found: dict[Key, Known] = {}
        if not keys:
            return found
        chosen = Pairs(self._connection, keys)
        asked = select(_contact.c.source, _contact.c.contact_id, _contact.c.seq, _link.c.seq.label("linked"))
        asked = asked.select_from(_beside_link(chosen.of_contact(_contact), _contact))
        for source, contact_id, seq, known in self._connection.execute(asked):
            found[source, contact_id] = Known(set(), seq, seq > linked and seq != known)
        names = (_identifier.c.source, _identifier.c.contact_id, _identifier.c.kind, _identifier.c.spelled)
        named = select(*names).select_from(chosen.of_contact(_identifier)).where(_identifier.c.spelled.is_not(None))
        for source, contact_id, kind, spelled in self._connection.execute(named):
            if (source, contact_id) in found:
                found[source, contact_id].nodes.add((kind, spelled))
        return found

    def former_nodes(self, keys: Collection[Key]) -> set[Node]:
        if not keys:
            return set()
        before = schema.contact_before
        chosen = Pairs(self._connection, keys)
        asked = select(_identifier.c.kind, _identifier.c.value).select_from(chosen.of_contact(_identifier)).distinct()
        pairs = {(kind, value) for kind, value in self._connection.execute(asked)}
        for (body,) in self._connection.execute(select(before.c.body).select_from(chosen.of_contact(before))):
            pairs |= {(kind, value) for kind, value in body["identifiers"]}
            if own := body["columns"].get("customer_id"):
                pairs.add((OWN_ID, own))
        spelled = {(kind, spell(kind, value, self._region)) for kind, value in pairs}
        return {(kind, said) for kind, said in spelled if said is not None}

    def people_of(self, keys: Collection[Key]) -> set[int]:
        if not keys:
            return set()
        asked = select(_link.c.person_id).select_from(Pairs(self._connection, keys).of_contact(_link))
        return set(self._connection.execute(asked.where(_link.c.person_id.is_not(None)).distinct()).scalars())

    def people_named(self, nodes: Collection[Node]) -> dict[Node, int]:
        if not nodes:
            return {}
        table = schema.person_key
        rows = Pairs(self._connection, nodes).beside(table, table.c.kind, table.c.spelled)
        asked = select(table.c.kind, table.c.spelled, table.c.person_id).select_from(rows)
        return {(kind, spelled): person for kind, spelled, person in self._connection.execute(asked)}

    def contacts_of(self, persons: Collection[int]) -> dict[Key, int]:
        if not persons:
            return {}
        asked = select(_link.c.source, _link.c.contact_id, _link.c.person_id)
        asked = asked.select_from(numbers_beside(self._connection, persons, _link, _link.c.person_id))
        return {(source, contact_id): person for source, contact_id, person in self._connection.execute(asked)}

    def carriers(self, nodes: Collection[Node]) -> set[Key]:
        if not nodes:
            return set()
        rows = Pairs(self._connection, nodes).beside(_identifier, _identifier.c.kind, _identifier.c.spelled)
        asked = select(_identifier.c.source, _identifier.c.contact_id).select_from(rows)
        return {(source, contact_id) for source, contact_id in self._connection.execute(asked)}

    def crowded(self, nodes: Collection[Node]) -> set[Node]:
        asked = [node for node in nodes if node[0] != OWN_ID]
        if not asked:
            return set()
        many, few = self._by_carriers(asked)
        return self._crowded_few(few) | {node for node in many if self._is_crowded(node)}

    def _by_carriers(self, nodes: Collection[Node]) -> tuple[list[Node], list[Node]]:
        kind, spelled = _identifier.c.kind, _identifier.c.spelled
        counted = select(kind, spelled, func.count().label("carriers"))
        counted = counted.select_from(Pairs(self._connection, nodes).beside(_identifier, kind, spelled))
        rows = self._connection.execute(counted.group_by(kind, spelled).having(func.count() > SHARED_BY)).all()
        many = [(row.kind, row.spelled) for row in rows if row.carriers > _CROWD]
        return many, [(row.kind, row.spelled) for row in rows if row.carriers <= _CROWD]

    def _crowded_few(self, nodes: list[Node]) -> set[Node]:
        if not nodes:
            return set()
        own, other = _identifier.alias("own"), _identifier.alias("other")
        beside = (
            select(own.c.kind, own.c.spelled)
            .select_from(
                Pairs(self._connection, nodes)
                .beside(own, own.c.kind, own.c.spelled)
                .join(other, _same_contact(own, other))
            )
            .where(other.c.kind.in_(NAMES_SOMEBODY), other.c.kind != own.c.kind, other.c.spelled.is_not(None))
            .group_by(own.c.kind, own.c.spelled, other.c.kind)
            .having(func.count(other.c.spelled.distinct()) > SHARED_BY)
        )
        return {(row.kind, row.spelled) for row in self._connection.execute(beside)}

    def _is_crowded(self, node: Node) -> bool:
        own, other = _identifier.alias("own"), _identifier.alias("other")
        for kind in NAMES_SOMEBODY:
            if kind == node[0]:
                continue
            asked = (
                select(other.c.spelled)
                .select_from(own.join(other, _same_contact(own, other)))
                .where(
                    own.c.kind == node[0],
                    own.c.spelled == node[1],
                    other.c.kind == kind,
                    other.c.spelled.is_not(None),
                )
                .distinct()
                .limit(SHARED_BY + 1)
            )
            if len(self._connection.execute(asked).all()) > SHARED_BY:
                return True
        return False

    def contacts(self, keys: Collection[Key], columns: Collection[str]) -> dict[Key, Contact]:
        if not keys:
            return {}
        beside = sorted(name for name in columns if not name.startswith(EXTRA_PREFIX) and name not in _READ)
        further = [name for name in columns if name.startswith(EXTRA_PREFIX)]
        wanted = [_contact.c[name] for name in ("source", *_READ, *beside)]
        if further:
            wanted.append(_contact.c.attributes)
        asked = select(*wanted).select_from(Pairs(self._connection, keys).of_contact(_contact))
        found: dict[Key, Contact] = {}
        for source, *row in self._connection.execute(asked):
            given: dict[str, Any] = dict(zip(_READ, row, strict=False))
            rest = row[len(_READ) :]
            extra: dict[str, Any] = dict(zip(beside, rest, strict=False))
            extra |= {name: rest[-1].get(name.removeprefix(EXTRA_PREFIX)) for name in further}
            found[source, row[0]] = Contact(customer=KNOWN, extra=extra, **given)
        return found

    def latest(self, person: int, limit: int) -> dict[Key, Contact]:
        """A customer's latest contacts, newest first, without what only exclusions ask of them."""
        rows = self._connection.execute(_LATEST, {"person": person, "limit": limit})
        return {(row[0], row[1]): Contact(customer=KNOWN, **dict(zip(_READ, row[1:], strict=True))) for row in rows}

    def recorded(self, columns: Collection[str], among: Collection[Key] | None = None) -> frozenset[str]:
        return frozenset(name for name in columns if self._holds(name, among))

    def _holds(self, name: str, among: Collection[Key] | None) -> bool:
        if name.startswith(EXTRA_PREFIX):
            there = _contact.c.attributes[name.removeprefix(EXTRA_PREFIX)].as_string().is_not(None)
        elif name in _contact.c:
            there = _contact.c[name].is_not(None)
        else:
            return False
        asked = select(_contact.c.contact_id).where(there).limit(1)
        if among is None:
            return self._connection.execute(asked).first() is not None
        parts = (asked.where(of_contact(_contact, part)) for part in in_parts(list(among)))
        return any(self._connection.execute(part).first() is not None for part in parts)

    def again(self) -> Again | None:
        table = schema.setting
        said = self._connection.execute(select(table.c.value).where(table.c.name == STANDING)).scalar_one_or_none()
        if said is None:
            return None
        contact = said["contact"]
        return Again(
            said["digest"], frozenset(said["recorded"]), said["person"], (contact[0], contact[1]) if contact else None
        )

    def next_people(self, after: int, limit: int) -> list[int]:
        asked = select(_link.c.person_id).where(_link.c.person_id > after).distinct()
        return list(self._connection.execute(asked.order_by(_link.c.person_id).limit(limit)).scalars())

    def next_alone(self, after: Key | None, limit: int) -> list[Key]:
        asked = select(_link.c.source, _link.c.contact_id).where(_link.c.person_id.is_(None))
        if after is not None:
            asked = asked.where(tuple_(_link.c.source, _link.c.contact_id) > after)
        rows = self._connection.execute(asked.order_by(_link.c.source, _link.c.contact_id).limit(limit))
        return [(row.source, row.contact_id) for row in rows]


def number(connection: Connection, name: str) -> int:
    """A row of `sequence`; 0 where it was never written."""
    table = schema.sequence
    return int(connection.execute(select(table.c.value).where(table.c.name == name)).scalar_one_or_none() or 0)


def _beside_link(rows: Any, contact: Any) -> Any:
    """Rows with contacts, each with its link where there is one."""
    return rows.outerjoin(_link, _same_contact(contact, _link))


def _waits(contact: Any) -> Any:
    """The condition that the last change of a contact stands in no link."""
    return _link.c.seq.is_distinct_from(contact.c.seq)


def _same_contact(own: Any, other: Any) -> Any:
    return and_(own.c.source == other.c.source, own.c.contact_id == other.c.contact_id)
