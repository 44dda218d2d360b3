"""A policy in plain words: one paragraph, and what follows from it point by point."""

from __future__ import annotations

from dataclasses import dataclass

from firstcontact.measurement.policy.model import Condition, Policy
from firstcontact.measurement.policy.signal import SIGNALS


@dataclass(frozen=True, slots=True)
class Explanation:
    """A policy in words.

    Attributes:
        paragraph: What the figure means.
        points: The decisions behind it, a sentence each.
    """

    paragraph: str
    points: tuple[str, ...]


def explain(policy: Policy) -> Explanation:
    """Put a policy into words.

    >>> explain(Policy()).paragraph.splitlines()[0][:60]
    'Of the contacts that open an issue, those count as resolved '
    """
    return Explanation(_paragraph(policy), tuple(_points(policy)))


def _paragraph(policy: Policy) -> str:
    whom = "Of the contacts that open an issue" if policy.link.index == "openers" else "Of all contacts"
    if policy.link.channels:
        whom += f" on {_listed(policy.link.channels, 'or')}"
    sentences = [
        f"{whom}, those count as resolved at first contact of which this holds: "
        + "; and ".join(say(condition) for condition in policy.counts_when)
        + "."
    ]
    if policy.left_out_when:
        sentences.append(
            "Left out are those of which this holds: " + "; or ".join(say(c) for c in policy.left_out_when) + "."
        )
    if policy.unsettled_when:
        sentences.append(
            "The definition does not say what to do when this holds, and the figure is given under both readings: "
            + "; or ".join(say(c) for c in policy.unsettled_when)
            + "."
        )
    if policy.note:
        sentences.append(" ".join(policy.note.split()))
    return " ".join(sentences)


def say(condition: Condition) -> str:
    """One condition as a clause.

    >>> say(Condition("public_replies", at_most=1, channels=("email",)))
    'on email, public replies by agents: at most 1'
    """
    spec = SIGNALS[condition.signal]
    if spec.type == "flag":
        clause = spec.noun if condition.equals else spec.negated
    elif condition.at_most is not None:
        clause = f"{spec.noun}: at most {condition.at_most:g}" if condition.at_most else f"no {spec.noun}"
    elif condition.below is not None:
        clause = f"{spec.noun}: less than {condition.below:g}"
    elif condition.at_least is not None:
        clause = f"{spec.noun}: at least {condition.at_least:g}"
    elif spec.type == "number":
        clause = f"{spec.noun}: exactly {condition.equals}"
    else:
        values = condition.any_of or (str(condition.equals),)
        clause = f"{spec.noun} is {_listed(values, 'or')}"
    return f"on {_listed(condition.channels, 'or')}, {clause}" if condition.channels else clause


def _points(policy: Policy) -> list[str]:
    link = policy.link
    points = []
    if policy.needs_customer:
        points += _about_returns(policy)
    points += _about_contacts(policy)
    for rule in policy.exclude:
        values = _listed(tuple("missing" if not value else f'"{value}"' for value in rule.values), "or")
        points.append(f"Contacts whose {rule.column} is {values} do not exist for it ({rule.code} in the ledger).")
    if link.events_days is not None:
        points.append(f"What happens to a ticket later than {link.events_days:g} days after its start does not count.")
    points += [
        f"If {_named(condition)} was not recorded for a contact, {_MISSING[condition.missing]}."
        for condition in policy.counts_when
        if condition.signal not in ("returned", "repeat")
    ]
    points += [f"Because: {condition.because}." for condition in policy.unsettled_when if condition.because]
    points.append(
        f"Figures have {policy.publish.level:.0%} intervals, are refused below {policy.publish.minimum_sample} "
        f"contacts, and are not shown at all below {policy.publish.suppress_below}."
    )
    if policy.cost.cost_per_contact is not None:
        amount = f"{policy.cost.cost_per_contact:g} {policy.cost.currency}".strip()
        points.append(f"A contact whose own cost is not recorded is taken to cost {amount}.")
    return points


_MISSING = {
    "fails": "it does not count as resolved",
    "holds": "that condition is taken to hold",
    "left_out": "the contact is left out",
    "unsettled": "the contact is counted under both readings",
}


def _about_returns(policy: Policy) -> list[str]:
    link = policy.link
    same = {0: "whatever the reason", None: "for the same reason"}.get(
        link.reason_level, f"for a reason that agrees on the first {link.reason_level} levels"
    )
    source = (
        "learned from the data where possible, otherwise declared"
        if policy.window.source == "learned"
        else "declared, not learned"
    )
    ends = {
        "auto": "the end of a contact (of a ticket: its start)",
        "start": "the start of a contact",
        "end": "the end of a contact",
    }[link.gap_from]
    within = f"within {policy.window.default_days:g} days ({source})"
    points = [
        f"A return is a contact of the same customer, {same}, {within}, counted from {ends} to the start of the next."
    ]
    points += [f'For "{path}" the window is {days:g} days.' for path, days in policy.window.by_reason]
    for rule in policy.related:
        order = "in either order" if rule.both_ways else "in this order"
        points.append(f'"{rule.earlier}" and "{rule.later}" ({order}) within {rule.days:g} days are one issue, too.')
    if link.index == "openers":
        points.append(
            f"A contact opens an issue when the same customer had none for the reason for at least "
            f"{link.look_back_days:g} days, and {link.look_back_factor:g} times the window."
        )
    points.append("A contact is judged only once its window has closed.")
    if link.missing_customer == "exclude":
        points.append("Contacts of unknown customers are left out, and counted in the ledger.")
    else:
        points.append("A contact of an unknown customer is taken for that of a customer who never came back.")
    if link.reason_level != 0 and link.missing_reason == "own_reason":
        points.append("Contacts without a reason have a reason of their own, which is joined with no other.")
    elif link.reason_level != 0:
        points.append("Contacts without a reason are left out.")
    return points


def _about_contacts(policy: Policy) -> list[str]:
    link = policy.link
    points = []
    if link.same_contact_seconds:
        where = "on any channel" if link.same_contact_any_channel else "on the same channel"
        points.append(
            f"A contact of the same customer {where} within {link.same_contact_seconds:g} seconds is a transferred leg "
            "of the one before. Tickets have no legs."
        )
    for name, role in (
        ("made by the centre", link.outbound),
        ("abandoned in the queue", link.abandoned),
        ("with self-service", link.self_service),
    ):
        points.append(f"Contacts {name} {_ROLES[role]}.")
    return points


_ROLES = {
    "count": "count like any other",
    "return_only": "show that somebody came back, and are not judged themselves",
    "ignore": "are as if they had not happened",
}


def _named(condition: Condition) -> str:
    return f"“{condition.signal}”"


def _listed(names: tuple[str, ...], last: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
