"""The simulated world: every knob, with its default and its meaning.

The defaults make a centre whose customary measures disagree with the truth and with one another, as real ones do:
about 80 % of issues are truly resolved at first contact, while surveys say 75 %, wrap-up codes 89 % and "no repeat in
30 days" 75 %.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from datetime import date, timedelta

from firstcontact.contacts.table import CHANNELS, REASON_SEPARATOR
from firstcontact.kernel.errors import Faults
from firstcontact.measurement.simulator.contradiction import check_together
from firstcontact.measurement.simulator.knob import amount, check_ranges, knob, meaning, share


@dataclass(frozen=True)
class Reason:
    """Why people come, how often it fails, and when a failure brings them back."""

    name: str = knob("reason", "Short name, unique.")
    path: str = knob("reason", "Path in the reason tree, as it is recorded.")
    rate: float = amount(1.0, "Issues of this reason per customer and year.", high=1000.0)
    unresolved: float = share(0.2, "Probability that a contact does not resolve it, for an average agent.")
    rho: float = share(0.7, "Probability that the customer comes back when it is unresolved (rho).")
    delay_median_days: float = amount(2.0, "Median days from an unresolved contact to the return.", high=3650.0)
    delay_sigma: float = amount(1.0, "Spread of that delay: standard deviation of its logarithm.", high=4.0)
    late_share: float = share(0.0, "Share of returns that wait for a later occasion, such as the next statement.")
    late_mean_days: float = amount(30.0, "Mean days until that occasion.", high=3650.0)
    late_sd_days: float = amount(3.0, "Its standard deviation in days.", high=365.0)
    billing: bool = knob(False, "Whether its issues bunch after the customer's bill day.")
    survey_factor: float = amount(1.0, "Multiplies the probability of answering a survey.", high=10.0)
    effort: float = amount(1.0, "Multiplies the handling time.", high=100.0)

    @property
    def family(self) -> str:
        """The first level of its path."""
        return self.path.split(REASON_SEPARATOR)[0]


@dataclass(frozen=True)
class Edge:
    """An issue that brings another issue later."""

    cause: str = knob("", "Name of the reason that comes first.")
    effect: str = knob("", "Name of the reason that it brings.")
    probability: float = share(0.1, "Probability that an issue of the first brings one of the second.")
    delay_median_days: float = amount(7.0, "Median days from opener to opener.", high=3650.0)
    delay_sigma: float = amount(0.6, "Spread of that delay: standard deviation of its logarithm.", high=4.0)

    @property
    def name(self) -> str:
        """`cause-effect`, by which a knob path addresses it."""
        return f"{self.cause}-{self.effect}"


@dataclass(frozen=True)
class Channel:
    """A way in: how often it is used, how long it takes, and which identifiers it shows."""

    name: str = knob("phone", f"One of {', '.join(CHANNELS)}.")
    weight: float = amount(1.0, "How often it is chosen, relative to the others.")
    staffed: bool = knob(True, "Whether an agent handles it.")
    case: bool = knob(False, "Whether a contact is kept as a case with events, from writing to settling.")
    logit: float = knob(0.0, "Added to the logit of P(unresolved).", low=-10, high=10)
    abandonment: float = share(0.0, "Probability that a customer leaves before being answered.")
    answer_seconds: float = amount(0.0, "Median wait until somebody answers.")
    answer_sigma: float = amount(1.0, "Spread of that wait: standard deviation of its logarithm.", high=4.0)
    handle_seconds: float = amount(300.0, "Median handling time.")
    cost: float = amount(0.0, "Cost of one contact besides the agent's time.")
    phone: float = share(0.0, "Probability that the record shows the customer's phone number.")
    email: float = share(0.0, "Probability that it shows the e-mail address.")
    account: float = share(0.0, "Probability that it shows the account number.")
    survey_factor: float = amount(1.0, "Multiplies the probability of answering a survey.", high=10.0)


@dataclass(frozen=True)
class Customers:
    """How customers differ."""

    frailty_shape: float = amount(1.5, "Shape of the gamma law by which some come more often; 0 means all alike.")
    rate_factor: float = amount(1.0, "Multiplies the rates of all reasons.", high=1000.0)
    heavy_share: float = share(0.0, "Share of people who call about everything, whoever they are.")
    heavy_factor: float = amount(1.0, "Multiplies their rates.", high=1000.0)
    channel_loyalty: float = share(0.6, "Share of contacts on the customer's favourite channel.")
    second_phone: float = share(0.15, "Share of people with a second phone number.")
    languages: tuple[str, ...] = knob(("en", "he", "bg", "zh"), "Language tags.")
    language_weights: tuple[float, ...] = knob((0.7, 0.1, 0.12, 0.08), "Their weights.", low=0.0)


@dataclass(frozen=True)
class Arrival:
    """When people come."""

    season: float = share(0.1, "Swing of the yearly season: 0.1 means 10 % more at its height.")
    season_peak_day: float = amount(15.0, "Day of the year of its height.", high=366.0)
    growth: float = knob(0.0, "Growth of the volume a year: 0.3 means 30 % more after a year.", low=-0.9, high=10.0)
    holidays: tuple[int, ...] = knob((), "Days of the year that are holidays, 1 for 1 January.", low=1, high=366)
    holiday_factor: float = amount(1.0, "Multiplies the issues of a holiday, except billing issues.", high=100.0)
    weekday: tuple[float, ...] = knob((1.2, 1.1, 1.05, 1.0, 1.0, 0.85, 0.75), "Weights, Monday first.", low=0.0)
    hour: tuple[float, ...] = knob(
        (0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.5, 1, 2, 3, 3, 2.8, 2.4, 2.4, 2.6, 2.5, 2.2, 1.8, 1.4, 1.2, 1, 0.7, 0.4, 0.2),
        "Weights of the hours of the day, in UTC.",
        low=0.0,
    )


@dataclass(frozen=True)
class Billing:
    """The bill that brings people at their own day of the cycle."""

    cycle_days: float = knob(30.0, "Days between two bills of a customer.", low=1.0, high=400.0)
    bunching: float = share(0.7, "Share of billing issues that follow the bill; the rest come at any time.")
    delay_days: float = knob(4.0, "Mean days from bill to issue.", low=0.1, high=400.0)


@dataclass(frozen=True)
class Agents:
    """Who answers."""

    count: int = knob(150, "How many agents.", low=1, high=30_000)
    teams: int = knob(12, "How many teams.", low=1, high=1000)
    skill_sd: float = amount(0.25, "Standard deviation of skill, in logit of P(unresolved).", high=5.0)
    mix_concentration: float = knob(8.0, "How alike the agents' reason mixes are; small means specialists.", low=0.01)
    false_positive_a: float = knob(4.0, "First parameter of the Beta law of P(says resolved | unresolved).", low=0.01)
    false_positive_b: float = knob(3.0, "Second parameter of that law.", low=0.01)
    true_positive: float = share(0.97, "P(says resolved | resolved).")
    silent: float = share(0.04, "Share of contacts without a wrap-up code.")
    hourly_cost: float = amount(30.0, "Cost of an agent's hour.")


@dataclass(frozen=True)
class Handling:
    """What happens within a contact."""

    repeat_logit: float = knob(0.0, "Added to the logit of P(unresolved) on a repeat.", low=-10, high=10)
    transfer_resolved: float = share(0.08, "Probability of a transfer when the contact resolves the issue.")
    transfer_unresolved: float = share(0.18, "Probability of a transfer when it does not.")
    second_transfer: float = share(0.2, "Probability that a transfer is followed by another.")
    escalation_resolved: float = share(0.03, "Probability of escalation when the contact resolves the issue.")
    escalation_unresolved: float = share(0.12, "Probability of escalation when it does not.")
    hold: float = share(0.35, "Share of calls with time on hold.")
    hold_seconds: float = amount(60.0, "Median time on hold.")
    handle_sigma: float = amount(0.6, "Spread of handling time: standard deviation of its logarithm.", high=4.0)


@dataclass(frozen=True)
class Waiting:
    """Leaving before being answered, and dialling again."""

    patience_seconds: float = amount(75.0, "Mean wait of those who leave.")
    redial: float = share(0.75, "Probability of trying again, in minutes. The others give the issue up.")
    redial_minutes: float = amount(4.0, "Median minutes until then.", high=240.0)
    redial_sigma: float = amount(0.8, "Its spread: standard deviation of its logarithm.", high=2.0)


@dataclass(frozen=True)
class FollowUps:
    """Contacts that the centre starts itself. They do not change the outcome."""

    resolved: float = share(0.01, "Probability of a follow-up call after a contact that resolved the issue.")
    unresolved: float = share(0.05, "Probability after one that did not.")
    delay_days: float = amount(1.5, "Median days until the call.", high=365.0)


@dataclass(frozen=True)
class Coding:
    """What the recorded reason is worth."""

    wrong: float = share(0.02, "Share of contacts recorded with a wrong reason.")
    wrong_within_family: float = share(0.5, "Of these, the share mistaken within the same family, where it has more.")
    missing: float = share(0.02, "Share of contacts without a recorded reason.")
    missing_abandoned: float = share(0.5, "The same for contacts that nobody answered.")


@dataclass(frozen=True)
class Identity:
    """What the recorded customer is worth."""

    split: float = share(0.02, "Share of contacts recorded under a second customer record of the same person.")
    split_new_identifier: float = share(0.5, "Of these, the share that also show other identifiers.")
    merged: float = share(0.005, "Share of people recorded under another person's customer record and phone number.")
    missing: float = share(0.03, "Share of contacts without a customer record.")
    missing_abandoned: float = share(0.3, "The same for contacts that nobody answered.")
    untidy: float = share(0.1, "Share of identifiers written in another form of the same value.")


@dataclass(frozen=True)
class Cases:
    """What happens to a contact that is kept as a case."""

    settle_hours: float = amount(5.0, "Median hours from first reply to settling.", high=10_000.0)
    settle_sigma: float = amount(1.0, "Its spread: standard deviation of its logarithm.", high=3.0)
    further_replies: float = knob(0.35, "Mean number of replies after the first.", low=0.0, high=50.0)
    customer_message: float = share(0.7, "Probability that the customer writes before a further reply.")
    thanks: float = share(0.08, "Probability that the customer writes once more just before it is settled.")
    reopen_returning: float = share(0.5, "Probability of a reopen when the customer comes back.")
    reopen_given_up: float = share(0.06, "Probability when the customer gives up.")
    reopen_resolved: float = share(0.01, "Probability when the issue is resolved.")
    same_case: float = share(0.35, "Share of caused repeats recorded under the case of the contact before.")


@dataclass(frozen=True)
class Surveys:
    """Who answers a survey, and what they say."""

    response_returning: float = share(0.22, "Probability of an answer when unresolved and the customer will come back.")
    response_given_up: float = share(0.06, "Probability when unresolved and the customer gives up.")
    response_resolved: float = share(0.12, "Probability when resolved.")
    yes_resolved: float = share(0.93, "P(says resolved | resolved).")
    yes_unresolved: float = share(0.22, "P(says resolved | unresolved).")
    yes_late: float = share(0.55, "P(says resolved | unresolved, and it shows only later).")
    late_days: float = amount(7.0, "From how many days on a failure counts as showing later.")
    delay_days: float = amount(0.6, "Median days until the answer.", high=365.0)
    miscounted: float = share(0.1, "Share that report one contact more than it took.")
    unanswered_item: float = share(0.05, "Share of single questions left out.")
    csat_yes: float = share(0.85, "Mean satisfaction of those who say resolved, 0 to 1.")
    csat_no: float = share(0.35, "Mean satisfaction of the others.")
    csat_sd: float = amount(0.2, "Standard deviation of satisfaction between customers.", high=1.0)


@dataclass(frozen=True)
class Reviews:
    """The quality reviews: a random sample of answered contacts, judged on the whole case."""

    expected: float = amount(1200.0, "How many contacts are drawn, on average.")
    risk_factor: float = knob(1.0, "How much likelier a transferred or escalated contact is drawn.", low=1.0, high=100)
    delay_days: float = amount(45.0, "Days from contact to review; younger contacts are not drawn.", high=3650.0)
    accuracy: float = share(1.0, "Probability that a reviewer is right.")
    second: float = share(0.1, "Share judged by a second reviewer too.")
    reviewers: int = knob(6, "How many reviewers.", low=1, high=1000)


@dataclass(frozen=True)
class Change:
    """Something that changes on a day."""

    date: dt.date | None = field(
        default=None, metadata=meaning("First day of the change; without one, nothing changes.")
    )
    reason: str = knob("all", "Name of the reason it touches, or `all`.")
    logit: float = knob(0.0, "Added to the logit of P(unresolved) from that day on.", low=-10, high=10)
    delay_factor: float = amount(1.0, "Multiplies the delay of returns to contacts that end from then on.", high=100.0)


REASONS: tuple[Reason, ...] = (
    Reason("password", "access > password", 1.5, 0.115, 0.75, 0.4, 1.1, survey_factor=0.8, effort=0.6),
    Reason("delivery", "orders > delivery", 1.2, 0.295, 0.80, 2.0, 0.95, survey_factor=1.1),
    Reason("bill", "billing > bill", 1.2, 0.24, 0.72, 2.0, 0.8, 0.6, billing=True, effort=1.1),
    Reason("fault", "product > fault", 0.6, 0.37, 0.80, 5.0, 0.9, survey_factor=1.2, effort=1.6),
    Reason("refund", "billing > refund", 0.5, 0.35, 0.79, 7.0, 0.82, survey_factor=1.1),
    Reason("cancel", "account > cancel", 0.3, 0.195, 0.62, 20.0, 0.4, survey_factor=0.7, effort=1.2),
    Reason("info", "account > information", 1.3, 0.08, 0.68, 1.0, 1.15, survey_factor=0.9, effort=0.5),
    Reason("setup", "product > setup", 0.4, 0.175, 0.60, 3.0, 0.97, effort=1.8),
)

EDGES: tuple[Edge, ...] = (
    Edge("setup", "fault", 0.12, 10.0, 0.6),
    Edge("refund", "bill", 0.10, 14.0, 0.5),
    Edge("fault", "delivery", 0.08, 4.0, 0.6),
    Edge("cancel", "bill", 0.15, 25.0, 0.4),
)

WAYS_IN: tuple[Channel, ...] = (
    Channel("phone", 50, True, False, -0.1, 0.05, 15, 1.3, 320, 0.6, phone=0.97, account=0.4),
    Channel("email", 18, True, True, 0.0, 0.0, 10_800, 1.0, 420, 0.1, email=1.0, account=0.1, survey_factor=0.9),
    Channel("chat", 12, True, False, -0.1, 0.03, 30, 1.0, 540, 0.2, email=0.35, account=0.75),
    Channel("web", 8, True, True, 0.05, 0.0, 14_400, 1.0, 360, 0.1, email=0.9, account=0.6, survey_factor=0.9),
    Channel("self-service", 8, False, False, 0.1, 0.0, 0, 1.0, 150, 0.05, account=1.0, survey_factor=0.6),
    Channel("walk-in", 4, True, False, -0.1, 0.01, 240, 0.9, 600, 2.0, account=0.85),
)


@dataclass(frozen=True)
class World:
    """A simulated centre: who its customers are, what goes wrong, and what its systems record.

    Example:
        >>> from dataclasses import replace
        >>> world = replace(World(), days=120, agents=Agents(skill_sd=0.0))
        >>> world.check()
    """

    start: date = field(default=date(2024, 1, 1), metadata=meaning("First day of the log."))
    days: int = knob(420, "Length of the log in days; what comes later is cut off.", low=1, high=36_500)
    lead_in_days: int = knob(60, "Days lived before the log begins, so that it opens in mid-life.", low=0, high=3650)
    reasons: tuple[Reason, ...] = REASONS
    edges: tuple[Edge, ...] = EDGES
    channels: tuple[Channel, ...] = WAYS_IN
    customers: Customers = field(default_factory=Customers)
    arrival: Arrival = field(default_factory=Arrival)
    billing: Billing = field(default_factory=Billing)
    agents: Agents = field(default_factory=Agents)
    handling: Handling = field(default_factory=Handling)
    waiting: Waiting = field(default_factory=Waiting)
    follow_ups: FollowUps = field(default_factory=FollowUps)
    coding: Coding = field(default_factory=Coding)
    identity: Identity = field(default_factory=Identity)
    cases: Cases = field(default_factory=Cases)
    surveys: Surveys = field(default_factory=Surveys)
    reviews: Reviews = field(default_factory=Reviews)
    change: Change = field(default_factory=Change)

    @property
    def end(self) -> date:
        """The first day that is no longer in the log."""
        return self.start + timedelta(days=self.days)

    def check(self, faults: Faults | None = None) -> None:
        """Raise everything that is wrong with the knobs at once, together with faults found before.

        Raises:
            FirstcontactError: Values out of range, contradictions, a change outside the period.
        """
        faults = faults if faults is not None else Faults()
        check_ranges(self, faults)
        check_together(self, faults)
        faults.raise_if_any()
