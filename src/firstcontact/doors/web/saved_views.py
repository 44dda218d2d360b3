"""Saved views on the page of contacts: those to choose from, and the form that keeps what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request

from firstcontact.doors.api.routes import views as api
from firstcontact.doors.report.notation import shown
from firstcontact.doors.web.form import Wrong
from firstcontact.services.access import Principal

MOST = 500
"""Views that are listed."""


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A view that could not be saved.

    Attributes:
        name: The name that was typed.
        shared: Whether it was to be shared.
        wrong: Why.
    """

    name: str
    shared: bool
    wrong: tuple[Wrong, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A view to choose.

    Attributes:
        name: What it is called.
        href: Where its contacts are listed.
        owner: Whose it is; empty where the visitor's own.
        shared: Whether others see it.
        here: Whether one came from it.
    """

    name: str
    href: str
    owner: str
    shared: bool
    here: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """What the page shows of saved views.

    Attributes:
        lines: All that the visitor may use.
        own: The visitor's own view that one came from; None where from none.
        asked: What is shown, as an address writes it.
        name: What stands in the field of the name.
        shared: Whether the box to share is ticked.
        wrong: Why a view could not be saved.
    """

    lines: tuple[Line, ...]
    own: api.ViewSeen | None
    asked: str
    name: str
    shared: bool
    wrong: tuple[Wrong, ...]


def saved_views(request: Request, who: Principal, here: str, asked: str, unsaved: Unsaved | None) -> Saved:
    """Saved views, for a page that shows contacts.

    Args:
        request: Whose answer the page is.
        who: Its visitor.
        here: Id of the view that one came from; empty where from none.
        asked: What is shown, as an address writes it.
        unsaved: A view that could not be saved.
    """
    found = api.views(request, who, limit=MOST).items
    own = next((one for one in found if one.id == here and one.mine), None)
    name, share = (unsaved.name, unsaved.shared) if unsaved else (own.name, own.shared) if own else ("", False)
    return Saved(
        tuple(
            Line(shown(one.name), address(one), "" if one.mine else shown(one.owner), one.shared, one.id == here)
            for one in found
        ),
        own,
        asked,
        name,
        share,
        unsaved.wrong if unsaved else (),
    )


def address(view: api.ViewSeen) -> str:
    """Where the contacts of a view are listed."""
    some = [(one.name, one.value) for one in view.filters]
    some += [("column", name) for name in view.columns] + [("order", name) for name in view.order]
    return "/contacts?" + urlencode([*some, ("view", view.id)])
