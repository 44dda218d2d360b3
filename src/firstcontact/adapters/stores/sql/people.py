"""Customers read back: by any identifier, with what happened and what linking found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, true, tuple_

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import in_parts, of_contact, of_pairs
from firstcontact.adapters.stores.sql.contact_arrival import DECISION
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.link_view import LinkView
from firstcontact.measurement.reference.contact import Contact
from firstcontact.measurement.reference.identifier import spell
from firstcontact.measurement.reference.identity import Node
from firstcontact.services.link_person import Key, Link
from firstcontact.services.look_up import BESIDE, Answer, Beside, Person, Seen

_contact, _identifier, _link = schema.contact, schema.identifier, schema.link

SHOWN = (
    "channel",
    "direction",
    "started_at",
    "ended_at",
    "reason",
    "team",
    "queue",
    "transfers",
    "escalated_to",
    "wrap_up",
    "agent_says_resolved",
    "settled",
    "abandoned",
    "case_id",
)
"""What a look-up shows of a contact."""

MOST_IDENTIFIERS = 50
MOST_BESIDE = 5_000
"""Events and surveys that are read at once."""


class SqlPeople:
    """Implements `services.look_up.People`.

    Args:
        database: The operational store.
        region: Gives the country in which national telephone numbers are read.
    """

    def __init__(self, database: Database, region: Callable[[], str | None] = lambda: None) -> None:
        self._database = database
        self._region = region

    def named(self, nodes: Sequence[Node]) -> dict[Node, int]:
        with self._database.asking() as connection:
            return LinkView(connection, None).people_named(nodes)

    def unnamed(self, nodes: Sequence[Node]) -> Answer:
        there = of_pairs(_identifier.c.kind, _identifier.c.spelled, nodes)
        with self._database.reading() as connection:
            if connection.execute(select(_identifier.c.contact_id).where(there).limit(1)).first() is None:
                return "unknown"
            return "shared" if LinkView(connection, None).crowded(nodes) else "waiting"

    def parted(self, nodes: Sequence[Node]) -> set[int]:
        about = schema.identity_override
        named = and_(_identifier.c.source == about.c.source, _identifier.c.contact_id == about.c.contact_id)
        own = and_(_contact.c.source == about.c.source, _contact.c.contact_id == about.c.contact_id)
        asked = (
            select(_identifier.c.kind, _identifier.c.value, _contact.c.person_id)
            .select_from(about.join(_identifier, named).join(_contact, own))
            .where(about.c.verb == "split", _identifier.c.spelled.is_(None), _contact.c.person_id.is_not(None))
            .where(_identifier.c.kind.in_({kind for kind, _ in nodes}))
            .distinct()
        )
        region, wanted = self._region(), set(nodes)
        with self._database.reading() as connection:
            rows = connection.execute(asked).all()
        return {row.person_id for row in rows if (row.kind, spell(row.kind, row.value, region)) in wanted}

    def of_contact(self, key: Key) -> tuple[bool, int | None]:
        asked = select(_contact.c.person_id).where(_contact.c.source == key[0], _contact.c.contact_id == key[1])
        with self._database.asking() as connection:
            row = connection.execute(asked).first()
        return (False, None) if row is None else (True, row.person_id)

    def began(self, key: Key) -> datetime | None:
        asked = select(_contact.c.started_at).where(_contact.c.source == key[0], _contact.c.contact_id == key[1])
        with self._database.asking() as connection:
            return connection.execute(asked).scalar()

    def person(
        self, number: int, teams: frozenset[str] | None, limit: int, before: tuple[datetime, Key] | None = None
    ) -> Person | None:
        asked = _questions(scoped=teams is not None, later=before is not None)
        said: dict[str, Any] = {"person": number, "limit": limit, "teams": sorted(teams or ())}
        if before is not None:
            said |= {"moment": before[0], "source": before[1][0], "contact_id": before[1][1]}
        with self._database.reading() as connection:
            seen = [_seen(dict(row)) for row in connection.execute(asked.seen, said).mappings()]
            total = len(seen)
            if before is not None or total == limit:
                total = int(connection.execute(asked.total, said).scalar_one())
            if not total:
                return None
            pairs = connection.execute(asked.identifiers, said).all()
            facts = connection.execute(asked.facts, said).scalars()
            return Person(number, [(row.kind, row.value) for row in pairs], list(facts), seen, total)

    def latest(self, number: int, limit: int) -> dict[Key, Contact]:
        with self._database.asking() as connection:
            return LinkView(connection, None).latest(number, limit)

    def visible(self, keys: Collection[Key], teams: frozenset[str] | None) -> set[Key]:
        found: set[Key] = set()
        with self._database.reading() as connection:
            for part in in_parts(list(keys)):
                asked = select(_contact.c.source, _contact.c.contact_id).where(
                    of_contact(_contact, part), _of_teams(teams)
                )
                found |= {(row.source, row.contact_id) for row in connection.execute(asked)}
        return found

    def beside(self, keys: Collection[Key]) -> list[Beside]:
        table = schema.companion
        found: list[Beside] = []
        with self._database.reading() as connection:
            for part in in_parts(list(keys)):
                asked = select(table.c.source, table.c.contact_id, table.c.kind, table.c.body).where(
                    of_contact(table, part), table.c.kind.in_(list(BESIDE))
                )
                for row in connection.execute(asked.limit(MOST_BESIDE)):
                    told = {name: row.body.get(name) for name in BESIDE[row.kind]}
                    found.append(Beside((row.source, row.contact_id), row.kind, told))
        return found

    def first_moment(self) -> datetime | None:
        with self._database.asking() as connection:
            first: datetime | None = connection.execute(select(func.min(_contact.c.started_at))).scalar_one()
        return first


@dataclass(frozen=True, slots=True)
class _Questions:
    """What is asked about one customer, made once: making a question costs as much as asking it."""

    seen: Select[Any]
    total: Select[Any]
    identifiers: Select[Any]
    facts: Select[Any]


@cache
def _questions(*, scoped: bool, later: bool) -> _Questions:
    mine = _contact.c.person_id == bindparam("person")
    if scoped:
        mine = and_(mine, _contact.c.team.in_(bindparam("teams", expanding=True)))
    shown = [_contact.c[name] for name in ("source", "contact_id", *SHOWN)]
    found = [column.label(f"link_{column.name}") for column in _link.c]
    same = and_(_link.c.source == _contact.c.source, _link.c.contact_id == _contact.c.contact_id)
    place = (_contact.c.started_at, _contact.c.source, _contact.c.contact_id)
    seen = select(*shown, *found).select_from(_contact.outerjoin(_link, same)).where(mine)
    if later:
        names = zip(("moment", "source", "contact_id"), place, strict=True)
        seen = seen.where(tuple_(*place) < tuple_(*(bindparam(name, type_=column.type) for name, column in names)))
    own = and_(_identifier.c.source == _contact.c.source, _identifier.c.contact_id == _contact.c.contact_id)
    named = select(_identifier.c.kind, _identifier.c.value).select_from(_contact.join(_identifier, own))
    named = named.where(mine, _identifier.c.kind != DECISION, _identifier.c.spelled.is_not(None)).distinct()
    beside = schema.companion
    ids = select(_contact.c.customer_id).where(mine, _contact.c.customer_id.is_not(None)).distinct()
    return _Questions(
        seen=seen.order_by(*(column.desc() for column in place)).limit(bindparam("limit")),
        total=select(func.count()).select_from(_contact).where(mine),
        identifiers=named.order_by(_identifier.c.kind, _identifier.c.value).limit(MOST_IDENTIFIERS),
        facts=select(beside.c.body).where(beside.c.kind == "customers", beside.c.customer_id.in_(ids)).limit(10),
    )


def _of_teams(teams: frozenset[str] | None) -> ColumnElement[bool]:
    return true() if teams is None else or_(_contact.c.team.in_(sorted(teams)))


def _seen(row: Mapping[str, Any]) -> Seen:
    columns = {name: row[name] for name in SHOWN}
    linked = {name.removeprefix("link_"): row[name] for name in row if name.startswith("link_")}
    return Seen((row["source"], row["contact_id"]), columns, None if linked["source"] is None else read_link(linked))


def read_link(row: Mapping[str, Any]) -> Link:
    """What linking found about a contact, from its row."""

    def key(source: str, contact_id: str) -> Key | None:
        return None if row[contact_id] is None else (row[source], row[contact_id])

    plain = {name: row[name] for name in Link.__slots__ if name not in {"issue", "repeat_of", "leg_of"}}
    return Link(
        issue=key("issue_source", "issue_id"),
        repeat_of=key("repeat_of_source", "repeat_of"),
        leg_of=key("leg_of_source", "leg_of"),
        **plain,
    )
