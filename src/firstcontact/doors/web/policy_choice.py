"""The most common choices of a policy as fields of a form, and what was typed there written into its text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from math import isfinite
from typing import Annotated, cast, get_args

from fastapi import Form

from firstcontact.doors.web.place import N_
from firstcontact.measurement.policy.model import Policy, Role
from firstcontact.measurement.policy.setting import DAYS
from firstcontact.services.choose_policy import Choices, Transfers, choices_of, choose

_BETWEEN = "|"

Typed = Annotated[str, Form(max_length=40)]
Shown = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class Fields:
    """The form.

    Attributes:
        shown: What it showed, so that only what was changed is written; empty where there was no form.
        days, transfers, abandoned, aim, tolerance, since: What was typed; shares are in percent.
        own: Days of how many reasons the text names.
        faults: What is wrong, by field, in English; that of the whole form stands under "".
    """

    shown: str = ""
    days: str = ""
    transfers: str = ""
    abandoned: str = ""
    aim: str = ""
    tolerance: str = ""
    since: str = ""
    own: int = 0
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def typed(self) -> tuple[str, ...]:
        """What was typed, in order."""
        return (self.days, self.transfers, self.abandoned, self.aim, self.tolerance, self.since)


def sent(
    shown: Shown = "",
    days: Typed = "",
    transfers: Typed = "",
    abandoned: Typed = "",
    aim: Typed = "",
    tolerance: Typed = "",
    since: Typed = "",
) -> Fields:
    """What a form sent."""
    return Fields(shown, days, transfers, abandoned, aim, tolerance, since)


def fields_of(policy: Policy) -> Fields:
    """The form as a policy fills it.

    >>> fields_of(Policy()).typed
    ('30', 'ignored', 'ignore', '', '', '')
    """
    found = choices_of(policy)
    made = Fields(
        "",
        f"{found.days:g}",
        found.transfers,
        found.abandoned,
        "" if found.aim is None else f"{100 * found.aim:g}",
        f"{100 * found.tolerance:g}" if found.tolerance else "",
        found.since.isoformat() if found.since else "",
        len(policy.window.by_reason),
    )
    return replace(made, shown=_BETWEEN.join(made.typed))


def written(toml: str, form: Fields) -> tuple[str, Fields | None]:
    """What was chosen, written into the text.

    Args:
        toml: The text that came with it, which can be read.
        form: What was sent.

    Returns:
        The text, and the form with what is wrong with it, where something is.

    Raises:
        FirstcontactError: The text with what was chosen cannot be meant.
    """
    before = tuple(form.shown.split(_BETWEEN))
    if len(before) != len(form.typed) or before == form.typed:
        return toml, None
    days, transfers, abandoned, aim, tolerance, since = before
    was, _ = _read(Fields("", days, transfers, abandoned, aim, tolerance, since))
    wanted, faults = _read(form)
    if faults or was is None or wanted is None:
        return toml, replace(form, faults=faults)
    text = choose(toml, was, wanted)
    if text is None:
        told = N_("The text is laid out so that it must be changed by hand: see the setting there.")
        return toml, replace(form, faults={"": told})
    return text, None


def _read(form: Fields) -> tuple[Choices | None, dict[str, str]]:
    faults: dict[str, str] = {}
    days = _number(form.days, DAYS)
    aim, tolerance = _number(form.aim, 100), _number(form.tolerance, 50)
    if not days:
        faults["days"] = N_("A number of days above 0, such as 14.")
    if form.aim and aim is None:
        faults["aim"] = N_("A share from 0 to 100 percent, such as 80; empty for no target.")
    if form.tolerance and tolerance is None:
        faults["tolerance"] = N_("Percentage points from 0 to 50, such as 2; empty for none.")
    elif aim is not None and tolerance and aim <= tolerance:
        faults["tolerance"] = N_("Fewer points than the target has, or every figure reaches it.")
    try:
        since = date.fromisoformat(form.since) if form.since else None
    except ValueError:
        faults["since"] = N_("A day, such as 2026-01-31; empty for the whole period.")
    if form.transfers not in get_args(Transfers) or form.abandoned not in get_args(Role):
        faults[""] = N_("Choose one of what is offered.")
    if faults:
        return None, faults
    if aim is None:
        tolerance = since = None
    made = Choices(
        days or 0.0,
        cast("Transfers", form.transfers),
        cast("Role", form.abandoned),
        None if aim is None else round(aim / 100, 6),
        round((tolerance or 0.0) / 100, 6),
        since,
    )
    return made, {}


def _number(text: str, most: float) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if isfinite(value) and 0 <= value <= most else None
