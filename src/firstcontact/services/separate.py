"""What separates two definitions of FCR: the kinds of contacts that one counts and the other does not, in plain words.

Works on signatures: contacts of which every definition says the same, and for the same cause, are one row with a count.
So it costs the same for a thousand contacts and for a hundred million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firstcontact.measurement.policy.model import Condition, Policy
from firstcontact.measurement.policy.signal import SIGNALS

JUDGED = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Side:
    """One definition, as it takes part in a comparison.

    Attributes:
        name: What it is called: a preset's name, or `own`.
        policy: The policy.
    """

    name: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Signatures:
    """Contacts counted by what every definition says of them.

    Attributes:
        states: For each side, the state of each signature: `yes`, `unsettled`, `no:<number of the condition that is
            not met>`, `left_out:<code>`, `immature`, `out:<cause>`.
        contacts: How many contacts each signature has.
        days: For each side that asks for returns, the least, the sum and the greatest of the days until the return
            that it counts, by signature; NaN where there is none.
    """

    states: tuple[NDArray[np.str_], ...]
    contacts: NDArray[np.int64]
    days: dict[int, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Kind:
    """Contacts on which two definitions disagree for one reason.

    Attributes:
        yes: Name of the definition that counts them as resolved at first contact.
        no: Name of the one that does not.
        signal: The signal by which the latter decides.
        contacts: How many.
        days: Least, mean and greatest number of days until the customer came back; None where that does not decide.
        because: Why the one says no.
        although: Why the other says yes all the same.
    """

    yes: str
    no: str
    signal: str
    contacts: int
    days: tuple[float, float, float] | None
    because: str
    although: str

    def __str__(self) -> str:
        one = "contact" if self.contacts == 1 else "contacts"
        return f"{self.contacts:,} {one}: N in {self.no}, {self.because}; Y in {self.yes}, which {self.although}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two definitions on the same contacts.

    Attributes:
        one: Name of the first.
        other: Name of the second.
        both: Contacts that both judge with yes or no.
        agree: Those of which they say the same.
        one_only: Contacts that only the first judges.
        other_only: Contacts that only the second judges.
        kinds: Those of which they say the opposite, by kind, the largest first.
    """

    one: str
    other: str
    both: int
    agree: int
    one_only: int
    other_only: int
    kinds: tuple[Kind, ...]

    @property
    def disagree(self) -> int:
        """Contacts with opposite verdicts."""
        return self.both - self.agree


def separate(sides: Sequence[Side], found: Signatures) -> tuple[Pair, ...]:
    """Compare every two definitions.

    Args:
        sides: The definitions.
        found: What they say.

    Returns:
        One pair for each two sides, in their order: all with the first side first.
    """
    verdicts = [np.array([state.partition(":")[0] for state in states], dtype=str) for states in found.states]
    return tuple(
        _pair(sides, found, verdicts, one, other) for one in range(len(sides)) for other in range(one + 1, len(sides))
    )


def _pair(sides: Sequence[Side], found: Signatures, verdicts: list[NDArray[np.str_]], one: int, other: int) -> Pair:
    here, there = np.isin(verdicts[one], JUDGED), np.isin(verdicts[other], JUDGED)
    same = here & there & (verdicts[one] == verdicts[other])
    kinds = [
        *_kinds(sides, found, verdicts, yes=one, no=other),
        *_kinds(sides, found, verdicts, yes=other, no=one),
    ]
    count = found.contacts
    return Pair(
        sides[one].name,
        sides[other].name,
        int(count[here & there].sum()),
        int(count[same].sum()),
        int(count[here & ~there].sum()),
        int(count[there & ~here].sum()),
        tuple(sorted(kinds, key=lambda kind: -kind.contacts)),
    )


def _kinds(
    sides: Sequence[Side], found: Signatures, verdicts: list[NDArray[np.str_]], *, yes: int, no: int
) -> list[Kind]:
    opposite = (verdicts[yes] == "yes") & (verdicts[no] == "no")
    kinds = []
    for state in np.unique(found.states[no][opposite]):
        which = opposite & (found.states[no] == state)
        condition = sides[no].policy.counts_when[int(str(state).partition(":")[2])]
        contacts = int(found.contacts[which].sum())
        days = _days(found, no, which, contacts) if condition.signal == "returned" else None
        kinds.append(
            Kind(
                sides[yes].name,
                sides[no].name,
                condition.signal,
                contacts,
                days,
                because(sides[no].policy, condition, days),
                although(sides[yes].policy, condition),
            )
        )
    return kinds


def _days(found: Signatures, side: int, which: NDArray[np.bool_], contacts: int) -> tuple[float, float, float] | None:
    if side not in found.days:
        return None
    least, total, most = found.days[side][:, which]
    return float(np.nanmin(least)), float(np.nansum(total) / contacts), float(np.nanmax(most))


def because(policy: Policy, condition: Condition, days: tuple[float, float, float] | None) -> str:
    """Why a definition says no, in words that follow "because".

    >>> because(Policy(), Policy().counts_when[0], (0.5, 12.0, 29.0))
    'because the customer came back for the same reason after 12 days on average (12 hours to 29 days)'
    """
    if condition.signal == "returned" and days is not None:
        least, mean, most = days
        span = f"{length(mean)} on average ({length(least)} to {length(most)})" if most > least else length(mean)
        return f"because the customer came back {_about(policy)} after {span}"
    if condition.because:
        return f"because {condition.because}"
    return f"because of {SIGNALS[condition.signal].noun}"


def although(policy: Policy, condition: Condition) -> str:
    """Why a definition says yes to what another denies for a condition, in words that follow "which".

    >>> although(Policy(), Condition("transfers", at_most=0))
    'does not look at transfers to another agent or queue'
    >>> although(Policy(), Policy().counts_when[0])
    'counts a return for the same reason within 30 days only'
    """
    spec = SIGNALS[condition.signal]
    own = [one for one in policy.counts_when if one.signal == condition.signal]
    if condition.signal == "returned":
        if not own:
            return "does not ask whether the customer came back"
        return f"counts a return {_about(policy)} {_within(policy)} only"
    if not own:
        return f"does not look at {_subject(condition.signal)}"
    limits = [
        f"{word} {limit:g} {spec.noun}"
        for one in own
        for word, limit in (
            ("allows up to", one.at_most),
            ("asks for less than", one.below),
            ("asks for", one.at_least),
        )
        if limit is not None
    ]
    return limits[0] if limits else "asks it of other contacts, or of fewer"


def _subject(signal: str) -> str:
    """What a definition would have to look at."""
    spec = SIGNALS[signal]
    return f"whether {spec.noun}" if spec.type == "flag" else spec.noun


def _about(policy: Policy) -> str:
    level = policy.link.reason_level
    if level == 0:
        return "for whatever reason"
    return "for the same reason" if level is None else f"for the same reason (first {level} levels)"


def _within(policy: Policy) -> str:
    lengths = {policy.window.default_days, *(days for _, days in policy.window.by_reason)}
    if len(lengths) == 1:
        return f"within {length(lengths.pop())}"
    return f"within the window of its reason ({length(min(lengths))} to {length(max(lengths))})"


def length(days: float) -> str:
    """A length of time as people say it.

    >>> length(0.0), length(0.02), length(0.5), length(1.0), length(11.96)
    ('0 minutes', '29 minutes', '12 hours', '24 hours', '12 days')
    """
    minutes = days * 1440
    if minutes < 90:
        whole = round(minutes)
        return f"{whole} minute" if whole == 1 else f"{whole} minutes"
    if minutes < 2880:
        return f"{minutes / 60:.0f} hours"
    return f"{days:.0f} days"


def flat(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """One row a kind, for a file: the columns of `SEPARATION_COLUMNS`."""
    rows = []
    for pair in pairs:
        for kind in pair.kinds:
            least, mean, most = kind.days or (None, None, None)
            rows.append(
                {
                    "one": pair.one,
                    "other": pair.other,
                    "judged_by_both": pair.both,
                    "yes_by": kind.yes,
                    "no_by": kind.no,
                    "contacts": kind.contacts,
                    "signal": kind.signal,
                    "because": kind.because,
                    "although": kind.although,
                    "days_least": least,
                    "days_mean": mean,
                    "days_most": most,
                }
            )
    return rows


SEPARATION_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("one", "string", "Name of one definition."),
    ("other", "string", "Name of the other."),
    ("judged_by_both", "int64", "Contacts that both judge with yes or no."),
    ("yes_by", "string", "Which of the two counts these contacts as resolved at first contact."),
    ("no_by", "string", "Which of the two does not."),
    ("contacts", "int64", "How many."),
    ("signal", "string", "The signal by which the latter decides."),
    ("because", "string", "Why it says no, in words."),
    ("although", "string", "Why the other says yes, in words that follow `which`."),
    ("days_least", "float64", "Least days until the customer came back; missing where that does not decide."),
    ("days_mean", "float64", "Their mean."),
    ("days_most", "float64", "Their greatest."),
)
"""Columns of `separations.parquet` and `.csv`."""
