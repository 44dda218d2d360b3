"""Two definitions side by side: of how many contacts each says what, where the other says what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from firstcontact.services.contact_question import Question
from firstcontact.services.find_contacts import CONTACTS_FILE, KeptContacts, Show, find_contacts
from firstcontact.services.publish import BY

SAID: tuple[str, ...] = ("met", "not_met", "open", "out")
"""What a definition says of a contact; together all contacts."""


def definitions_of(kept: KeptContacts, place: Path) -> tuple[str, ...]:
    """Definitions of which a run noted what they say of each contact; none where it noted nothing.

    Args:
        kept: Where contacts are read.
        place: The run's directory.
    """
    path = place / CONTACTS_FILE
    held = kept.columns(path) if path.is_file() else {}
    return tuple(sorted(name.removeprefix(BY) for name in held if name.startswith(BY)))


def asking(first: str, said: str, second: str, says: str) -> Question:
    """The question for contacts of which the first definition says one thing and the second another."""
    return Question(says={first: said, second: says})


def cross_definitions(kept: KeptContacts, place: Path, first: str, second: str) -> Mapping[tuple[str, str], int]:
    """How many contacts there are by what both definitions say.

    Args:
        kept: Where contacts are read.
        place: The run's directory.
        first: A definition.
        second: Another one.

    Returns:
        Number of contacts by (what the first says, what the second says), each of `SAID`.

    Raises:
        FirstcontactError: The run did not note one of them (FC9504), or has no contacts (FC9506).
    """
    show = Show(columns=("contact_id",), limit=0)
    return {
        (said, says): find_contacts(kept, place, asking(first, said, second, says), show, None).total
        for said in SAID
        for says in SAID
    }
