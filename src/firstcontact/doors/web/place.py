"""The places of the service: what stands in the menu, for whom, in what order.

A new page is a file in `pages` with a `router` and a `PLACE`; `catalog` imports it and lists both.
"""

from __future__ import annotations

from dataclasses import dataclass

from firstcontact.services.access import Permission, Principal, Scope


def N_(text: str) -> str:  # noqa: N802 - the name that gettext's users know
    """Mark a sentence for the translator; it is translated where it is shown."""
    return text


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802
    """Mark a sentence that depends on a count, for one and for any other number; `Writer.say_many` takes both."""
    return one, many


ANSWERS = N_("Answers")
CLOSER = N_("Look closer")
CARE = N_("Keep it right")
RUNNING = N_("Run it")
GROUPS = (ANSWERS, CLOSER, CARE, RUNNING)
"""Headings of the menu, in order."""


@dataclass(frozen=True, slots=True)
class Place:
    """A page that stands in the menu.

    Attributes:
        path: Its address; pages below it belong to it.
        title: What the menu calls it, in English.
        group: The heading it stands under; "" where it stands in no menu.
        permission: What its visitor must hold.
        of_all: Whether the permission must reach everybody's data.
    """

    path: str
    title: str
    group: str
    permission: Permission
    of_all: bool = False

    def open_to(self, who: Principal) -> bool:
        """Whether somebody may go there."""
        scope = who.scope(self.permission)
        return scope is Scope.ALL if self.of_all else scope is not None

    def holds(self, path: str) -> bool:
        """Whether a page is this one or below it."""
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))
