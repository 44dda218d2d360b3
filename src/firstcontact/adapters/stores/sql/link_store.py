"""Links as rows: what a step found is kept in one short commit, or not at all where somebody else was first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, select, tuple_, update

from firstcontact.adapters.stores.sql import schema
from firstcontact.adapters.stores.sql.among import Pairs
from firstcontact.adapters.stores.sql.arrival import in_parts, of_contact, of_pairs
from firstcontact.adapters.stores.sql.database import Database
from firstcontact.adapters.stores.sql.link_view import LINKED, SPELLING, STANDING, LinkView, number
from firstcontact.adapters.stores.sql.release import forget_uncarried
from firstcontact.kernel.time_id import time_id
from firstcontact.measurement.reference.identifier import spell
from firstcontact.measurement.reference.identity import Node
from firstcontact.services.link_person import Key, Link
from firstcontact.services.propose import Likeness, blur, likeness
from firstcontact.services.relink import Again, Outcome

PERSON = "person"
"""The row of `sequence` with the number of the last customer."""

RESPELLED = 2_000
"""Telephone numbers that are spelled anew in one commit, where they are read in another country than before."""

_contact, _identifier, _link = schema.contact, schema.identifier, schema.link


class SqlLinks:
    """Where links are kept. Implements `services.relink.Links`.

    Args:
        database: The operational store.
        region: Gives the country in which national telephone numbers are read.
    """

    def __init__(self, database: Database, region: Callable[[], str | None] = lambda: None) -> None:
        self._database = database
        self._region = region

    @contextmanager
    def view(self) -> Iterator[LinkView]:
        with self._database.reading() as connection:
            yield LinkView(connection, self._region())

    def spell(self, now: datetime) -> int:
        region = self._region()
        table = schema.setting
        with self._database.reading() as connection:
            kept = connection.execute(select(table.c.value).where(table.c.name == SPELLING)).scalar_one_or_none()
        if (kept or {}).get("region") == region:
            return 0
        count, after = 0, ("", "")
        while True:
            with self._database.writing() as connection:
                self._database.next_seq(connection, 0)  # whoever stores waits meanwhile
                phones = _identifier.c.kind == "phone"
                place = tuple_(_identifier.c.source, _identifier.c.contact_id)
                asked = (
                    select(_identifier)
                    .where(phones, place > after)
                    .order_by(_identifier.c.source, _identifier.c.contact_id)
                )
                rows = list(connection.execute(asked.limit(RESPELLED)))
                if not rows:
                    kept = self._database.upsert(table).values(
                        name=SPELLING, value={"region": region}, edition=1, changed_by="link", changed_at=now
                    )
                    connection.execute(
                        kept.on_conflict_do_update(index_elements=["name"], set_={"value": {"region": region}})
                    )
                    return count
                # The last contact may have more numbers than fit.
                after = (rows[-1].source, rows[-1].contact_id)
                rows += connection.execute(select(_identifier).where(phones, place == after)).all()
                changed = _respelled(connection, rows, region)
                seq = self._database.next_seq(connection, len(changed))
                for number, key in enumerate(sorted(changed)):
                    named = (_contact.c.source == key[0]) & (_contact.c.contact_id == key[1])
                    connection.execute(update(_contact).where(named).values(seq=seq + number))
                count += len(changed)

    def keep(self, found: Outcome, again: Again, now: datetime) -> bool:
        with self._database.writing() as connection:
            # Whoever stores or erases waits here, so that nothing is kept of what has just gone.
            self._database.next_seq(connection, 0)
            if number(connection, LINKED) != found.after:
                return False
            numbers = self._number(connection, found)
            rows: dict[Key, tuple[int | None, Link]] = {key: (None, link) for key, link in found.alone.items()}
            named: dict[Node, int] = {}
            for group, person in zip(found.groups, numbers, strict=True):
                rows |= {key: (person, link) for key, link in group.links.items()}
                named |= dict.fromkeys(group.nodes, person)
            self._keep_links(connection, rows, found, now)
            self._keep_names(connection, named, found)
            self._propose(connection, named, now)
            for part in in_parts(list(found.gone)):
                connection.execute(delete(_link).where(of_contact(_link, part)))
            if found.upto != found.after:
                self._set_number(connection, LINKED, found.upto)
            self._keep_standing(connection, again, now)
        return True

    def _number(self, connection: Connection, found: Outcome) -> list[int]:
        fresh = sum(group.person is None for group in found.groups)
        last = number(connection, PERSON)
        if fresh:
            self._set_number(connection, PERSON, last + fresh)
        given = iter(range(last + 1, last + fresh + 1))
        return [next(given) if group.person is None else group.person for group in found.groups]

    def _set_number(self, connection: Connection, name: str, value: int) -> None:
        kept = self._database.upsert(schema.sequence).values(name=name, value=value)
        connection.execute(kept.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

    def _keep_links(
        self, connection: Connection, rows: Mapping[Key, tuple[int | None, Link]], found: Outcome, now: datetime
    ) -> None:
        chosen = Pairs(connection, rows)
        known: dict[Key, dict[str, Any]] = {}
        for row in connection.execute(select(_link).select_from(chosen.of_contact(_link))).mappings():
            known[row["source"], row["contact_id"]] = dict(row)
        asked = select(_contact.c.source, _contact.c.contact_id, _contact.c.person_id)
        persons = {
            (source, contact_id): person
            for source, contact_id, person in connection.execute(asked.select_from(chosen.of_contact(_contact)))
        }
        changed, moved = [], []
        for key, before in persons.items():
            person, link = rows[key]
            there = known.get(key, {})
            values = _row(key, person, link, found.digest)
            seq = {"seq": found.seqs.get(key, there.get("seq"))}
            if any(there.get(name, ...) != value for name, value in values.items()):
                changed.append({**values, **seq, "linked_at": now})
            elif seq["seq"] != there["seq"]:
                # Nothing about it is new, but that it was looked at.
                changed.append({**values, **seq, "linked_at": there["linked_at"]})
            if before != person:
                moved.append({"b_source": key[0], "b_contact_id": key[1], "person_id": person})
        if changed:
            kept = self._database.upsert(_link)
            names = [column.name for column in _link.c if not column.primary_key]
            kept = kept.on_conflict_do_update(
                index_elements=["source", "contact_id"], set_={name: kept.excluded[name] for name in names}
            )
            connection.execute(kept, changed)
        if moved:
            mine = (_contact.c.source == bindparam("b_source")) & (_contact.c.contact_id == bindparam("b_contact_id"))
            connection.execute(update(_contact).where(mine), moved)

    def _keep_names(self, connection: Connection, named: Mapping[Node, int], found: Outcome) -> None:
        table = schema.person_key
        proposal = schema.identity_proposal
        for part in in_parts(sorted(found.vanished)):
            connection.execute(delete(table).where(table.c.person_id.in_(part)))
            about = proposal.c.left_person.in_(part) | proposal.c.right_person.in_(part)
            connection.execute(update(proposal).where(about, proposal.c.state == "open").values(state="stale"))
        for nodes in in_parts(sorted(found.dropped - named.keys())):
            connection.execute(delete(table).where(of_pairs(table.c.kind, table.c.spelled, nodes)))
        if named:
            kept = self._database.upsert(table)
            kept = kept.on_conflict_do_update(
                index_elements=["kind", "spelled"], set_={"person_id": kept.excluded.person_id}
            )
            rows = [
                {"kind": node[0], "spelled": node[1], "person_id": person, "blurred": blur(node)}
                for node, person in named.items()
            ]
            connection.execute(kept, rows)

    def _propose(self, connection: Connection, named: Mapping[Node, int], now: datetime) -> None:
        """Ask a person about customers whose identifiers are nearly those of another."""
        table = schema.person_key
        blurred: dict[tuple[str, str], list[Node]] = {}
        for node in named:
            common = blur(node)
            if common is not None:
                blurred.setdefault((node[0], common), []).append(node)
        asked = select(table).select_from(Pairs(connection, blurred).beside(table, table.c.kind, table.c.blurred))
        for row in connection.execute(asked).all():
            for node in blurred[row.kind, row.blurred]:
                like = likeness(node, (row.kind, row.spelled))
                if like is not None and named[node] != row.person_id:
                    sides = sorted((named[node], int(row.person_id)))
                    self._keep_proposal(connection, sides[0], sides[1], node[0], like, now)

    def _keep_proposal(
        self, connection: Connection, left: int, right: int, kind: str, like: Likeness, now: datetime
    ) -> None:
        contacts = []
        for person in (left, right):
            asked = select(_contact.c.source, _contact.c.contact_id).where(_contact.c.person_id == person).limit(1)
            row = connection.execute(asked).first()
            if row is None:
                return
            contacts.append([row.source, row.contact_id])
        kept = self._database.upsert(schema.identity_proposal).values(
            id=time_id(now), left_person=left, right_person=right, left_contact=contacts[0], right_contact=contacts[1],
            grounds={"kind": kind, "why": like.why}, confidence=like.confidence, state="open", proposed_at=now,
        )  # fmt: skip
        connection.execute(kept.on_conflict_do_nothing(index_elements=["left_person", "right_person"]))

    def _keep_standing(self, connection: Connection, again: Again, now: datetime) -> None:
        table = schema.setting
        value = {
            "digest": again.digest,
            "recorded": sorted(again.recorded),
            "person": again.person,
            "contact": list(again.contact) if again.contact else None,
        }
        there = connection.execute(select(table.c.value).where(table.c.name == STANDING)).scalar_one_or_none()
        if there is None:
            connection.execute(
                insert(table).values(name=STANDING, value=value, edition=1, changed_by="link", changed_at=now)
            )
        elif there != value:
            connection.execute(update(table).where(table.c.name == STANDING).values(value=value, changed_at=now))


def _respelled(connection: Connection, rows: Sequence[Row[Any]], region: str | None) -> set[Key]:
    """Spell telephone numbers anew; gives the contacts of those that are spelled otherwise now."""
    changed: set[Key] = set()
    former: set[Node] = set()
    for row in rows:
        # A number that names nobody names nobody in any country, nor does one that a person's decision keeps apart.
        said = None if row.spelled is None else spell(row.kind, row.value, region)
        if said == row.spelled:
            continue
        changed.add((row.source, row.contact_id))
        names = ("source", "contact_id", "kind", "value")
        mine = and_(*(_identifier.c[name] == getattr(row, name) for name in names))
        connection.execute(update(_identifier).where(mine).values(spelled=said))
        former.add((row.kind, row.spelled))
    forget_uncarried(connection, former)
    # Whoever is still spelled so may have lost those who joined them.
    return changed | LinkView(connection, region).carriers(former)


def _row(key: Key, person: int | None, link: Link, digest: str) -> dict[str, Any]:
    issue, repeat_of, leg_of = link.issue or (None, None), link.repeat_of or (None, None), link.leg_of or (None, None)
    return {
        "source": key[0],
        "contact_id": key[1],
        "person_id": person,
        "issue_source": issue[0],
        "issue_id": issue[1],
        "issue_start": link.issue_start,
        "opener": link.opener,
        "repeat_of_source": repeat_of[0],
        "repeat_of": repeat_of[1],
        "leg_of_source": leg_of[0],
        "leg_of": leg_of[1],
        "returned": link.returned,
        "redialled": link.redialled,
        "previous_gap_days": link.previous_gap_days,
        "next_gap_days": link.next_gap_days,
        "window_days": link.window_days,
        "look_back_days": link.look_back_days,
        "matures_at": link.matures_at,
        "excluded_code": link.excluded_code,
        "policy_hash": digest,
    }
