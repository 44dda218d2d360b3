"""Who is who, contact by contact: the rules of `linking.identity` on plain data, for a few people at a time."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

from firstcontact.measurement.linking.identifier import NAMES_SOMEBODY, OWN_ID, SHARED_BY

Node = tuple[str, str]
"""An identifier: its kind and its spelling."""

Named = TypeVar("Named", bound=Hashable)


def is_shared(node: Node, beside: Iterable[Node]) -> bool:
    """Whether an identifier stands beside too many others that each name somebody else.

    Args:
        node: The identifier.
        beside: Identifiers of the contacts that carry it.

    >>> is_shared(("phone", "1"), [("email", str(n)) for n in range(6)])
    True
    """
    if node[0] == OWN_ID:
        return False
    others: dict[str, set[str]] = {}
    for kind, spelled in beside:
        if kind in NAMES_SOMEBODY and kind != node[0]:
            others.setdefault(kind, set()).add(spelled)
    return any(len(spellings) > SHARED_BY for spellings in others.values())


def shared_nodes(contacts: Mapping[Named, Collection[Node]]) -> set[Node]:
    """Identifiers that join nobody, of all contacts there are."""
    beside: dict[Node, set[Node]] = {}
    for nodes in contacts.values():
        for node in nodes:
            beside.setdefault(node, set()).update(nodes)
    return {node for node, others in beside.items() if is_shared(node, others)}


def people(contacts: Mapping[Named, Collection[Node]], shared: Collection[Node]) -> list[set[Named]]:
    """Contacts in groups of one person each; a contact without a usable identifier stands in none.

    Args:
        contacts: The identifiers of each contact.
        shared: Identifiers that join nobody.

    >>> seen = {1: {("phone", "1")}, 2: {("phone", "1"), ("email", "a")}, 3: {("email", "a")}, 4: set()}
    >>> people(seen, ())
    [{1, 2, 3}]
    """
    carriers: dict[Node, list[Named]] = {}
    usable: dict[Named, list[Node]] = {}
    for name, nodes in contacts.items():
        usable[name] = [node for node in nodes if node not in shared]
        for node in usable[name]:
            carriers.setdefault(node, []).append(name)
    groups: list[set[Named]] = []
    done: set[Named] = set()
    for name in contacts:
        if name in done or not usable[name]:
            continue
        group, waiting = {name}, [name]
        while waiting:
            for node in usable[waiting.pop()]:
                # Each identifier is followed once: its carriers are then all known.
                for other in carriers.pop(node, ()):
                    if other not in group:
                        group.add(other)
                        waiting.append(other)
        done |= group
        groups.append(group)
    return groups
