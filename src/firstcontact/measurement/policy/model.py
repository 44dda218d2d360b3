"""The policy: every decision that turns records into a figure, as plain immutable data.

Nothing here computes. `linking` reads the link settings, `signals` say what was seen on a contact, and the judge
compares those signals with the conditions.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from firstcontact.contacts.table import NO_REASON, REASON_SEPARATOR

Role = Literal["count", "return_only", "ignore"]
"""What a special kind of contact may be: `count` like any other; `return_only` shows that the customer or the centre
had to come back but is never judged itself; `ignore` is as if it had not happened."""

MissingSignal = Literal["fails", "holds", "left_out", "unsettled"]

SignalValue = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of one signal.

    Exactly one of `equals`, `at_most`, `below`, `at_least`, `any_of` is given.

    Attributes:
        signal: Name of a signal (see `signals`).
        equals: The signal has this value.
        at_most: The signal is this or less.
        below: The signal is less than this.
        at_least: The signal is this or more.
        any_of: The signal has one of these values.
        channels: Only contacts on these channels are asked; for the others the condition holds when it is required
            and does not apply when it leaves out or unsettles. Empty means all channels.
        missing: What it means when the signal was not recorded for the contact. Used only where required.
        because: The reason, in words for the reader of a report.
        code: A short name for the ledger when the condition leaves contacts out.
    """

    signal: str
    equals: SignalValue | None = None
    at_most: float | None = None
    at_least: float | None = None
    any_of: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    missing: MissingSignal = "left_out"
    because: str = ""
    code: str = ""
    below: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """How long after a contact a return of the same customer for the same reason counts as a repeat.

    Attributes:
        default_days: For reasons not named below.
        by_reason: (reason path, days); a path also stands for everything below it, the longest path wins.
        source: `declared` by a person, or to be `learned` from the data by the fit.
    """

    default_days: float = 30.0
    by_reason: tuple[tuple[str, float], ...] = ()
    source: Literal["declared", "learned"] = "declared"

    def days(self, reason: str) -> float:
        """The window of a reason.

        >>> Window(30, (("billing", 45), ("billing > refund", 20))).days("billing > refund > card")
        20
        """
        found = [(len(path), days) for path, days in self.by_reason if within(reason, path)]
        return max(found)[1] if found else self.default_days


@dataclass(frozen=True, slots=True)
class Related:
    """Two reasons that can be the same issue: a contact for `later` within `days` of one for `earlier` is a repeat.

    Paths stand for everything below them. With `both_ways` the order does not matter.
    """

    earlier: str
    later: str
    days: float
    both_ways: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """How contacts become issues.

    Attributes:
        index: Which contacts are judged: `openers` of issues, or `all` contacts.
        gap_from: Whether a gap runs from a contact's `start` or its `end` to the next one's start. `auto` takes the
            start for tickets and the end for contacts.
        reason_level: How much of the reason must agree: 0 nothing, 1 the first level, ... ; None the whole path.
        channels: Only contacts on these channels exist for the policy; empty means all.
        look_back_days: An opener has no earlier contact of its issue for at least this long ...
        look_back_factor: ... and at least this many times the reason's window.
        same_contact_seconds: A contact that begins no later than this after the same customer's previous one ended,
            on the same channel, is a transferred leg of the same contact. 0 turns it off. Tickets have no legs.
        same_contact_any_channel: Legs may change the channel.
        redial_minutes: An abandoned contact is followed by a redial when the customer comes back within this time.
        outbound, abandoned, self_service: What such contacts may be.
        missing_customer: `exclude` leaves them out of everything that needs to know who it was; `single` takes each
            for a customer of its own who never came back.
        missing_reason: `own_reason` lets contacts without a reason form the reason "(none)"; `exclude` leaves them
            out.
        events_days: Case events later than this after the contact's start are as if they had not happened; None
            counts them all.
    """

    index: Literal["openers", "all"] = "openers"
    gap_from: Literal["auto", "start", "end"] = "auto"
    reason_level: int | None = None
    channels: tuple[str, ...] = ()
    look_back_days: float = 45.0
    look_back_factor: float = 1.35
    same_contact_seconds: float = 60.0
    same_contact_any_channel: bool = False
    redial_minutes: float = 30.0
    outbound: Role = "ignore"
    abandoned: Role = "ignore"
    self_service: Role = "count"
    missing_customer: Literal["exclude", "single"] = "exclude"
    missing_reason: Literal["own_reason", "exclude"] = "own_reason"
    events_days: float | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Contacts that are not to exist for the policy (spam, tests): a column of the contacts has one of these values.

    Values are compared as text (`true` and `false` for booleans); the value "" stands for a missing one. A column
    that is missing on every row excludes nobody.
    """

    code: str
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The business zone, in which days, weeks and months begin, and the business hours."""

    zone: str = "auto"
    week_start: Literal["monday", "sunday", "saturday"] = "monday"
    opens: str = "00:00"
    closes: str = "24:00"
    workdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True)
class Publish:
    """What may be printed.

    Attributes:
        level: Confidence level of intervals.
        minimum_sample: Fewer than this and the figure is refused.
        suppress_below: Cells smaller than this are not shown at all.
        dominance: A customer with a larger share of a cell than this makes the figure refused.
    """

    level: float = 0.95
    minimum_sample: int = 30
    suppress_below: int = 5
    dominance: float = 0.10


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """A contact is served in time when it is answered within `seconds`; `goal` is the share aimed at."""

    seconds: float = 20.0
    goal: float = 0.80


@dataclass(frozen=True, slots=True)
class Cost:
    """What a contact costs, so that recoverable contacts can be said in money.

    Attributes:
        cost_per_contact: Of a contact whose own cost is not recorded; None where it is not known.
        currency: As it is to be printed: `EUR`.
    """

    cost_per_contact: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Returns:
    """What a person knows of returns that contacts cannot tell, or tell late.

    Attributes:
        return_least: At least this share of the customers with an unresolved issue come back. Where nothing was
            reviewed it bounds T-FCR from below.
        cycle_days: Length of the cycle in which coincidental returns bunch, such as that of the bills; looked for in
            the data where None.
        cycle_by_reason: (reason path, days), as for windows.
    """

    return_least: float = 0.5
    cycle_days: float | None = None
    cycle_by_reason: tuple[tuple[str, float], ...] = ()

    def cycle(self, reason: str) -> float | None:
        """The declared cycle of a reason; None where it is looked for in the data.

        >>> Returns(cycle_by_reason=(("billing", 30),)).cycle("billing > refund")
        30
        """
        found = [(len(path), days) for path, days in self.cycle_by_reason if within(reason, path)]
        return max(found)[1] if found else self.cycle_days


@dataclass(frozen=True, slots=True)
class Target:
    """What a measure of the whole centre is to reach. It moves no figure.

    Exactly one of `at_least` and `at_most` is given.

    Attributes:
        measure: Id of a measure that is a share (`policy.target.MEASURES`).
        at_least: The share aimed at, 0 to 1, of a measure of which more is better.
        at_most: The same of one of which less is better.
        tolerance: So far beside it still counts as reached.
        since: It holds from this day on; None for the whole period.
    """

    measure: str
    at_least: float | None = None
    at_most: float | None = None
    tolerance: float = 0.0
    since: date | None = None

    @property
    def share(self) -> float:
        """The share aimed at."""
        return (self.at_most if self.at_least is None else self.at_least) or 0.0

    @property
    def edge(self) -> float:
        """The share from which on it counts as reached.

        >>> Target("fcr_issue", at_least=0.8, tolerance=0.02).edge, Target("repeat_rate", at_most=0.2).edge
        (0.78, 0.2)
        """
        return round(self.share + (self.tolerance if self.at_least is None else -self.tolerance), 12)


@dataclass(frozen=True, slots=True)
class Policy:
    """A definition of first contact resolution.

    A contact that is judged counts as resolved at first contact when all `counts_when` hold. It is left out when any
    of `left_out_when` holds. It is `unsettled` when any of `unsettled_when` holds: the definition does not say, and
    the figure is given under both readings.

    Attributes:
        name: Short name, also of the preset's file.
        version: Raised whenever the meaning changes.
        title: One line for a table.
        source: Where the definition was published; empty for one's own.
        note: What a reader should know.
        targets: What measures are to reach, one each. They move no figure, so no hash knows of them.
    """

    name: str = "firstcontact"
    version: str = "1"
    title: str = "No return of the same customer for the same reason inside that reason's window"
    source: str = ""
    note: str = ""
    window: Window = field(default_factory=Window)
    link: Link = field(default_factory=Link)
    related: tuple[Related, ...] = ()
    counts_when: tuple[Condition, ...] = (Condition("returned", equals=False),)
    left_out_when: tuple[Condition, ...] = ()
    unsettled_when: tuple[Condition, ...] = ()
    exclude: tuple[Exclusion, ...] = ()
    calendar: Calendar = field(default_factory=Calendar)
    service_level: ServiceLevel = field(default_factory=ServiceLevel)
    publish: Publish = field(default_factory=Publish)
    cost: Cost = field(default_factory=Cost)
    returns: Returns = field(default_factory=Returns)
    targets: tuple[Target, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The policy as plain data, every setting spelled out."""
        return dataclasses.asdict(self)

    @property
    def digest(self) -> str:
        """A hash of every setting that can move a figure (names, prose and targets apart): 16 hexadecimal characters.

        >>> Policy(window=Window(7)).digest == Policy(name="week", window=Window(7.0)).digest
        True
        >>> Policy(targets=(Target("fcr_issue", at_least=0.8),)).digest == Policy().digest
        True
        """
        settings = self.as_dict()
        del settings["targets"]
        if self.cost.cost_per_contact is None:
            del settings["cost"]
        if self.returns == Returns():
            del settings["returns"]
        return digest(_meaning(settings))

    def target(self, measure: str) -> Target | None:
        """The target of a measure; None where it has none."""
        return next((target for target in self.targets if target.measure == measure), None)

    @property
    def signals(self) -> frozenset[str]:
        """Names of the signals that the conditions ask for."""
        conditions = self.counts_when + self.left_out_when + self.unsettled_when
        return frozenset(condition.signal for condition in conditions)

    @property
    def may_be_unsettled(self) -> bool:
        """Whether the definition leaves cases open."""
        return bool(self.unsettled_when) or any(c.missing == "unsettled" for c in self.counts_when)

    @property
    def needs_customer(self) -> bool:
        """Whether it matters who the customer is."""
        return "returned" in self.signals or self.link.index == "openers"

    def look_back_days(self, window_days: float) -> float:
        """How long before a contact its issue must be quiet for it to be an opener."""
        return max(self.link.look_back_days, self.link.look_back_factor * window_days)


_PROSE = frozenset({"name", "version", "title", "source", "note", "because", "currency"})


def _meaning(value: Any) -> Any:
    """A setting without what only people read; 7 and 7.0 are the same length."""
    if isinstance(value, dict):
        # `window.source` is no prose: it says whether windows are declared or learned.
        prose = _PROSE - {"source"} if "default_days" in value else _PROSE
        return {key: _meaning(item) for key, item in value.items() if key not in prose}
    if isinstance(value, list | tuple):
        return [_meaning(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def digest(data: Any) -> str:
    """16 hexadecimal characters that change whenever the data change."""
    text = json.dumps(data, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def within(reason: str, path: str) -> bool:
    """Whether a reason is a path of the tree or stands below it.

    >>> within("billing > refund", "billing"), within("billing office", "billing")
    (True, False)
    """
    return reason == path or reason.startswith(path + REASON_SEPARATOR)


def cut_reason(reason: str | None, level: int | None) -> str:
    """A reason down to a level of the tree; "(none)" for a missing one; "" where the reason does not matter.

    >>> cut_reason("billing > refund > card", 2), cut_reason(None, 1), cut_reason("billing", 0)
    ('billing > refund', '(none)', '')
    """
    if level == 0:
        return ""
    if reason is None:
        return NO_REASON
    return reason if level is None else REASON_SEPARATOR.join(reason.split(REASON_SEPARATOR)[:level])
