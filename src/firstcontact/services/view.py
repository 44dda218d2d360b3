"""Saved views: a question for contacts with a name, its columns and their order; one's own, or shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from firstcontact.kernel.errors import EXIT_USAGE, ErrorKind, Fault, FirstcontactError
from firstcontact.kernel.sentence import Sentence, clause
from firstcontact.services.ask_contacts import question_of
from firstcontact.services.audit import Event

VIEW_WRONG = ErrorKind(
    "FC9507",
    "The view cannot be like this",
    EXIT_USAGE,
    "Its name is empty or too long, it names too many columns, or what it asks for cannot be asked.",
)
VIEWS_FULL = ErrorKind(
    "FC9508",
    "There are as many views as one account may have",
    EXIT_USAGE,
    "Drop some that are no longer used, then save this one.",
)

MOST_VIEWS = 200
_MOST_SEEN = 10_000
"""Views of one account."""
LONGEST_NAME = 200
MOST_PAIRS, MOST_COLUMNS, MOST_ORDER = 60, 100, 5

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class View:
    """A saved view.

    Attributes:
        id: Its id.
        account_id: Whose it is.
        owner: What that account is called.
        name: What it is called.
        asked: Names and values of the question (`services.ask_contacts`), of whatever run is in force.
        columns: Columns in their order; the usual ones where empty.
        order: Columns to sort by, each after a minus sign where falling.
        shared: Whether everybody who may see contacts, and the teams it names, may use it.
        created_at: When it was made.
        changed_at: When it was changed last.
        edition: Grows with every change.
    """

    id: str
    account_id: str
    owner: str
    name: str
    asked: Pairs
    columns: tuple[str, ...]
    order: tuple[str, ...]
    shared: bool
    created_at: datetime
    changed_at: datetime
    edition: int = 1

    @property
    def teams(self) -> frozenset[str]:
        """Teams that it names."""
        cells = (value.partition("=") for name, value in self.asked if name == "cell")
        named = {value for name, value in self.asked if name == "team"}
        return frozenset(named | {value for name, _, value in cells if name == "team"})

    def open_to(self, account_id: str, teams: frozenset[str] | None) -> bool:
        """Whether somebody may use it.

        Args:
            account_id: Whose account asks.
            teams: Teams whose contacts they may see; all where None.
        """
        return self.account_id == account_id or (self.shared and (teams is None or self.teams <= teams))


class Views(Protocol):
    """Where views are kept. Every change is written together with its event of the audit."""

    def add(self, view: View, event: Event, *, most: int) -> View | None:
        """Keep a new view; None where its account has `most` already."""

    def find(self, view_id: str) -> View | None:
        """The view of an id."""

    def of(self, account_id: str, *, after: str | None, limit: int) -> list[View]:
        """An account's own views and those that are shared, by their id, from the one after `after` on."""

    def change(self, view: View, event: Event) -> View | None:
        """Keep a view in place of the one of its id and edition; None where it has another edition by now."""

    def drop(self, view_id: str, edition: int, event: Event) -> bool:
        """Forget a view; False where it has another edition by now, or is gone."""


def check_view(name: str, asked: Pairs, columns: Sequence[str], order: Sequence[str]) -> None:
    """See that a view can be like this.

    Raises:
        FirstcontactError: It cannot, with everything that is wrong (FC9507; FC9504 for what it asks for).
    """
    faults: list[Fault] = []

    def wrong(where: str, saw: Sentence, allowed: Sentence) -> None:
        faults.append(VIEW_WRONG.fault(where=where, saw=saw, allowed=allowed, cure="correct it"))

    if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
        wrong(
            "name",
            clause("{count} characters", count=len(name)),
            clause("1 to {longest} printable characters", longest=LONGEST_NAME),
        )
    if len(asked) > MOST_PAIRS:
        wrong(
            "filters",
            clause("{count} filters", count=len(asked)),
            clause("at most {most}", most=MOST_PAIRS),
        )
    for where, given, most in (("columns", columns, MOST_COLUMNS), ("order", order, MOST_ORDER)):
        if len(given) > most or not all(0 < len(one) <= LONGEST_NAME and one.isprintable() for one in given):
            wrong(
                where,
                clause("{count} names", count=len(given)),
                clause("at most {most} of 1 to {longest} printable characters", most=most, longest=LONGEST_NAME),
            )
    try:
        question_of(asked)
    except FirstcontactError as error:
        faults += error.faults
    if faults:
        raise FirstcontactError(faults)


def _check_only(views: Views, view: View) -> None:
    """See that no other view of the account is called the same: nobody could tell them apart."""
    seen = views.of(view.account_id, after=None, limit=_MOST_SEEN)
    own = [one for one in seen if one.account_id == view.account_id and one.id != view.id]
    if any(one.name == view.name.strip() for one in own):
        fault = VIEW_WRONG.fault(
            where="name",
            saw="the name of another of your views",
            allowed="a name of its own",
            cure="choose another name, or change that view",
        )
        raise FirstcontactError([fault])


def save_view(views: Views, view: View, *, actor: str) -> View:
    """Keep a new view.

    Args:
        views: Where.
        view: It.
        actor: Who saves it.

    Raises:
        FirstcontactError: It cannot be like this (FC9507, FC9504), or there are too many (FC9508).
    """
    check_view(view.name, view.asked, view.columns, view.order)
    _check_only(views, view)
    event = Event(actor, "view.save", view.created_at, object=view.id, detail={"shared": view.shared})
    kept = views.add(replace(view, name=view.name.strip()), event, most=MOST_VIEWS)
    if kept is None:
        fault = VIEWS_FULL.fault(
            where="the account",
            saw=clause("{count} views", count=MOST_VIEWS),
            allowed=clause("at most {most}", most=MOST_VIEWS),
            cure="drop some",
        )
        raise FirstcontactError([fault])
    return kept


def change_view(views: Views, view: View, *, actor: str, now: datetime) -> View | None:
    """Keep a view as it shall be, in place of the edition that was read.

    Returns:
        The view as it is now; None where it has another edition by now.

    Raises:
        FirstcontactError: It cannot be like this (FC9507, FC9504).
    """
    check_view(view.name, view.asked, view.columns, view.order)
    _check_only(views, view)
    event = Event(actor, "view.change", now, object=view.id, detail={"shared": view.shared})
    return views.change(replace(view, name=view.name.strip(), changed_at=now), event)
