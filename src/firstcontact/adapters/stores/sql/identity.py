"""Decisions about who is who, as identifiers of their own on the contacts that they are about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, delete, exists, func, insert, select, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.arrival import in_parts, of_contact
from firstcontact.adapters.stores.sql.audit import write_event
from firstcontact.adapters.stores.sql.contact_arrival import DECISION, decisions_of, identifier_rows, pairs_of
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.inbox import ask_to_link
from firstcontact.adapters.stores.sql.release import forget_uncarried
from firstcontact.services.audit import Event
from firstcontact.services.decide_identity import (
    Affected,
    Decision,
    Proposal,
    ProposalState,
    contact_absent,
    decided_already,
    nothing_left,
)
from firstcontact.services.link_person import Key

_decision, _override, _proposal = schema.identity_decision, schema.identity_override, schema.identity_proposal


class SqlIdentities:
    """Implements `services.decide_identity.Identities`.

    Args:
        database: The operational store.
        region: Gives the country in which national telephone numbers are read.
    """

    def __init__(self, database: Database, region: Callable[[], str | None] = lambda: None) -> None:
        self._database = database
        self._region = region

    def decide(self, decision: Decision, *, proposal_id: str | None = None) -> None:
        region = self._region()
        with self._database.writing() as connection:
            seq = self._database.next_seq(connection, len(decision.contacts))
            if proposal_id is not None:
                settled = _settle(connection, proposal_id, "accepted", decision.actor, decision.decided_at)
                if not settled:
                    raise decided_already(f"the proposal {proposal_id}")
            there = _there(connection, decision.contacts)
            absent = [place for place, key in enumerate(decision.contacts) if key not in there]
            if absent:
                raise contact_absent(absent)
            if decision.verb == "split" and _takes_all(connection, there):
                raise nothing_left()
            values = {name: getattr(decision, name) for name in Decision.__dataclass_fields__}
            values["contacts"] = [list(key) for key in decision.contacts]
            connection.execute(insert(_decision).values(values))
            connection.execute(
                insert(_override),
                [
                    {
                        "source": key[0],
                        "contact_id": key[1],
                        "decision_id": decision.id,
                        "verb": decision.verb,
                        "person_id": there[key],
                    }
                    for key in decision.contacts
                ],
            )
            self._apply(connection, decision.contacts, seq, decision.decided_at, region)
            about = Event(decision.actor, f"people.{decision.verb}", decision.decided_at, decision.id)
            write_event(connection, about)

    def undo(self, decision_id: str, *, actor: str, now: datetime) -> Decision | None:
        region = self._region()
        with self._database.writing() as connection:
            seq = self._database.next_seq(connection, 0)
            row = connection.execute(select(_decision).where(_decision.c.id == decision_id)).first()
            if row is None:
                return None
            if row.undone_at is not None:
                raise decided_already(f"the decision {decision_id}")
            changed = update(_decision).where(_decision.c.id == decision_id).values(undone_at=now, undone_by=actor)
            undone = _read(connection.execute(changed.returning(_decision)).one())
            known = _there(connection, undone.contacts)
            there = [key for key in undone.contacts if key in known]
            if there:
                seq = self._database.next_seq(connection, len(there))
                self._apply(connection, there, seq, now, region)
            forget_uncarried(connection, {(DECISION, decision_id)})
            write_event(connection, Event(actor, "people.undo", now, decision_id))
        return undone

    def _apply(self, connection: Connection, keys: Sequence[Key], seq: int, now: datetime, region: str | None) -> None:
        """Put the identifiers of contacts into force as the decisions that count say, and have the contacts linked."""
        pairs = pairs_of(connection, keys)
        rows = identifier_rows({key: set(pairs.get(key, ())) for key in keys}, decisions_of(connection, keys), region)
        for part in in_parts(keys):
            connection.execute(delete(schema.identifier).where(of_contact(schema.identifier, part)))
        if rows:
            connection.execute(insert(schema.identifier), rows)
        contact = schema.contact
        for place, key in enumerate(keys):
            named = (contact.c.source == key[0]) & (contact.c.contact_id == key[1])
            connection.execute(update(contact).where(named).values(seq=seq + place))
        ask_to_link(self._database, connection, now)

    def decision(self, decision_id: str) -> Decision | None:
        with self._database.reading() as connection:
            row = connection.execute(select(_decision).where(_decision.c.id == decision_id)).first()
        return None if row is None else _read(row)

    def decisions(self, *, before: str | None, limit: int, person: int | None = None) -> list[Decision]:
        asked = select(_decision).order_by(_decision.c.id.desc()).limit(limit)
        if person is not None:
            contact = schema.contact
            same = (contact.c.source == _override.c.source) & (contact.c.contact_id == _override.c.contact_id)
            about = select(_override.c.decision_id).join(contact, same).where(contact.c.person_id == person)
            asked = asked.where(_decision.c.id.in_(about))
        if before is not None:
            asked = asked.where(_decision.c.id < before)
        with self._database.reading() as connection:
            return [_read(row) for row in connection.execute(asked)]

    def now_called(self, number: int) -> int | None:
        contact, other = schema.contact, schema.contact.alias()
        same = (contact.c.source == _override.c.source) & (contact.c.contact_id == _override.c.contact_id)
        asked = (
            select(contact.c.person_id)
            .select_from(_override.join(contact, same))
            .where(_override.c.person_id == number, ~exists().where(other.c.person_id == number))
            .order_by(_override.c.decision_id.desc(), contact.c.source, contact.c.contact_id)
        )
        with self._database.reading() as connection:
            return connection.execute(asked.limit(1)).scalar()

    def affected(self, decision_ids: Collection[str]) -> dict[str, Affected]:
        contact, link = schema.contact, schema.link
        same = (contact.c.source == _override.c.source) & (contact.c.contact_id == _override.c.contact_id)
        linked = (link.c.source == contact.c.source) & (link.c.contact_id == contact.c.contact_id)
        waits = func.max(case((link.c.seq.is_distinct_from(contact.c.seq), 1), else_=0)).label("waits")
        asked = (
            select(_override.c.decision_id, contact.c.person_id, waits)
            .select_from(_override.join(contact, same).outerjoin(link, linked))
            .group_by(_override.c.decision_id, contact.c.person_id)
            .order_by(contact.c.person_id)
        )
        found = dict.fromkeys(decision_ids, Affected())
        with self._database.reading() as connection:
            for row in connection.execute(asked.where(_override.c.decision_id.in_(list(decision_ids)))):
                before = found[row.decision_id]
                people = before.people if row.person_id is None else (*before.people, row.person_id)
                found[row.decision_id] = Affected(people, before.waits or bool(row.waits))
        return found

    def proposal(self, proposal_id: str) -> Proposal | None:
        with self._database.reading() as connection:
            row = connection.execute(select(_proposal).where(_proposal.c.id == proposal_id)).first()
        return None if row is None else _read_proposal(row)

    def proposals(self, *, state: ProposalState | None, before: str | None, limit: int) -> list[Proposal]:
        asked = select(_proposal).order_by(_proposal.c.id.desc()).limit(limit)
        if state is not None:
            asked = asked.where(_proposal.c.state == state)
        if before is not None:
            asked = asked.where(_proposal.c.id < before)
        with self._database.reading() as connection:
            return [_read_proposal(row) for row in connection.execute(asked)]

    def settle(self, proposal_id: str, state: ProposalState, *, actor: str, now: datetime) -> bool:
        with self._database.writing() as connection:
            return _settle(connection, proposal_id, state, actor, now)


def _settle(connection: Connection, proposal_id: str, state: ProposalState, actor: str, now: datetime) -> bool:
    open_one = (_proposal.c.id == proposal_id) & (_proposal.c.state == "open")
    changed = update(_proposal).where(open_one).values(state=state, decided_at=now, decided_by=actor)
    settled = connection.execute(changed).rowcount > 0
    if settled:
        write_event(connection, Event(actor, f"proposal.{state}", now, proposal_id))
    return settled


def _there(connection: Connection, keys: Sequence[Key]) -> dict[Key, int | None]:
    """Those of some contacts that are there, and whose they are."""
    table = schema.contact
    found: dict[Key, int | None] = {}
    for part in in_parts(keys):
        asked = select(table.c.source, table.c.contact_id, table.c.person_id).where(of_contact(table, part))
        found |= {(row.source, row.contact_id): row.person_id for row in connection.execute(asked)}
    return found


def _takes_all(connection: Connection, there: Mapping[Key, int | None]) -> bool:
    """Whether some contacts are all that a customer has."""
    table = schema.contact
    taken = Counter(person for person in there.values() if person is not None)
    mine = select(table.c.person_id, func.count()).where(table.c.person_id.in_(list(taken))).group_by(table.c.person_id)
    return any(taken[person] == count for person, count in connection.execute(mine))


def _key(pair: Sequence[str]) -> Key:
    return pair[0], pair[1]


def _read(row: Row[Any]) -> Decision:
    values = {name: getattr(row, name) for name in Decision.__dataclass_fields__}
    return Decision(**values | {"contacts": tuple(_key(pair) for pair in row.contacts)})


def _read_proposal(row: Row[Any]) -> Proposal:
    return Proposal(
        id=row.id,
        people=(row.left_person, row.right_person),
        contacts=(_key(row.left_contact), _key(row.right_contact)),
        grounds=row.grounds,
        confidence=row.confidence,
        state=row.state,
        proposed_at=row.proposed_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
    )
