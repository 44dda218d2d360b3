"""A policy in plain words: one paragraph, and what follows from it point by point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firstcontact.kernel.sentence import Sentence, either
from firstcontact.measurement.policy.model import Condition, Policy
from firstcontact.measurement.policy.signal import SIGNALS
from firstcontact.measurement.policy.target import explain_target


@dataclass(frozen=True, slots=True)
class Explanation:
    """A policy in words: sentences that can be said in other languages, but for what the policy's author wrote.

    Attributes:
        sentences: What the figure means.
        points: The decisions behind it, a sentence each.
    """

    sentences: tuple[str, ...]
    points: tuple[Sentence, ...]

    @property
    def paragraph(self) -> str:
        """What the figure means, in one piece."""
        return " ".join(self.sentences)


def explain(policy: Policy) -> Explanation:
    """Put a policy into words.

    >>> explain(Policy()).paragraph.splitlines()[0][:60]
    'Of the contacts that open an issue, those count as resolved '
    """
    return Explanation(tuple(_meaning(policy)), tuple(_points(policy)))


def _meaning(policy: Policy) -> list[str]:
    whom = (
        Sentence("explain.openers", "Of the contacts that open an issue")
        if policy.link.index == "openers"
        else Sentence("explain.all", "Of all contacts")
    )
    if policy.link.channels:
        whom = Sentence(
            "explain.whom.channels", "{whom} on {channels}", whom=whom, channels=_any_of(policy.link.channels)
        )
    said: list[str] = [
        Sentence(
            "explain.counts",
            "{whom}, those count as resolved at first contact of which this holds: {conditions}.",
            whom=whom,
            conditions=_all([say(condition) for condition in policy.counts_when]),
        )
    ]
    if policy.left_out_when:
        conditions = _some([say(condition) for condition in policy.left_out_when])
        said.append(
            Sentence("explain.left-out", "Left out are those of which this holds: {conditions}.", conditions=conditions)
        )
    if policy.unsettled_when:
        said.append(
            Sentence(
                "explain.unsettled",
                "The definition does not say what to do when this holds, and the figure is given under both readings: "
                "{conditions}.",
                conditions=_some([say(condition) for condition in policy.unsettled_when]),
            )
        )
    if policy.note:
        said.append(" ".join(policy.note.split()))
    return said


def say(condition: Condition) -> Sentence:
    """One condition as a clause.

    >>> say(Condition("public_replies", at_most=1, channels=("email",)))
    'on email, public replies by agents: at most 1'
    """
    spec = SIGNALS[condition.signal]
    noun = Sentence(f"signal.{spec.name}", spec.noun)
    if spec.type == "flag":
        clause = noun if condition.equals else Sentence(f"signal.{spec.name}.not", spec.negated)
    elif condition.at_most is not None:
        clause = (
            Sentence("explain.at-most", "{noun}: at most {limit:g}", noun=noun, limit=condition.at_most)
            if condition.at_most
            else Sentence("explain.none", "no {noun}", noun=noun)
        )
    elif condition.below is not None:
        clause = Sentence("explain.below", "{noun}: less than {limit:g}", noun=noun, limit=condition.below)
    elif condition.at_least is not None:
        clause = Sentence("explain.at-least", "{noun}: at least {limit:g}", noun=noun, limit=condition.at_least)
    elif spec.type == "number":
        clause = Sentence("explain.exactly", "{noun}: exactly {value}", noun=noun, value=condition.equals)
    else:
        values = condition.any_of or (str(condition.equals),)
        clause = Sentence("explain.is", "{noun} is {values}", noun=noun, values=_any_of(values))
    if not condition.channels:
        return clause
    return Sentence("explain.on", "on {channels}, {clause}", channels=_any_of(condition.channels), clause=clause)


def _points(policy: Policy) -> list[Sentence]:
    link = policy.link
    points = []
    if policy.needs_customer:
        points += _about_returns(policy)
    points += _about_contacts(policy)
    for rule in policy.exclude:
        values = _any_of([f'"{value}"' if value else Sentence("explain.missing", "missing") for value in rule.values])
        points.append(
            Sentence(
                "explain.exclude",
                "Contacts whose {column} is {values} do not exist for it ({code} in the ledger).",
                column=rule.column,
                values=values,
                code=rule.code,
            )
        )
    if link.events_days is not None:
        points.append(
            Sentence(
                "explain.events",
                "What happens to a ticket later than {days:g} days after its start does not count.",
                days=link.events_days,
            )
        )
    points += [
        Sentence(
            "explain.not-recorded",
            "If {signal} was not recorded for a contact, {then}.",
            signal=f"“{condition.signal}”",
            then=_MISSING[condition.missing],
        )
        for condition in policy.counts_when
        if condition.signal not in ("returned", "repeat")
    ]
    points += [
        Sentence("explain.because", "Because: {because}.", because=condition.because)
        for condition in policy.unsettled_when
        if condition.because
    ]
    points.append(
        Sentence(
            "explain.publish",
            "Figures have {level:.0%} intervals, are refused below {least} contacts, and are not shown at all below "
            "{small}.",
            level=policy.publish.level,
            least=policy.publish.minimum_sample,
            small=policy.publish.suppress_below,
        )
    )
    if policy.needs_customer:
        points.append(
            Sentence(
                "explain.return-least",
                "At least {least:.0%} of the customers with an unresolved issue are taken to come back, which bounds "
                "T-FCR where nothing is reviewed.",
                least=policy.returns.return_least,
            )
        )
        points += _about_cycles(policy)
    if policy.cost.cost_per_contact is not None:
        points.append(
            Sentence(
                "explain.cost",
                "A contact whose own cost is not recorded is taken to cost {amount}.",
                amount=f"{policy.cost.cost_per_contact:g} {policy.cost.currency}".strip(),
            )
        )
    points += map(explain_target, policy.targets)
    return points


_MISSING = {
    "fails": Sentence("explain.not-recorded.fails", "it does not count as resolved"),
    "holds": Sentence("explain.not-recorded.holds", "that condition is taken to hold"),
    "left_out": Sentence("explain.not-recorded.left-out", "the contact is left out"),
    "unsettled": Sentence("explain.not-recorded.unsettled", "the contact is counted under both readings"),
}


def _about_returns(policy: Policy) -> list[Sentence]:
    link, window = policy.link, policy.window
    if link.reason_level == 0:
        same = Sentence("explain.any-reason", "whatever the reason")
    elif link.reason_level is None:
        same = Sentence("explain.same-reason", "for the same reason")
    else:
        same = Sentence(
            "explain.reason-level",
            "for a reason that agrees on the first {level} levels",
            "for a reason that agrees on the first level",
            "level",
            level=link.reason_level,
        )
    source = (
        Sentence("explain.learned", "learned from the data where possible, otherwise declared")
        if window.source == "learned"
        else Sentence("explain.declared", "declared, not learned")
    )
    points = [
        Sentence(
            "explain.return",
            "A return is a contact of the same customer, {same}, within {days:g} days ({source}), counted from {begin} "
            "to the start of the next.",
            same=same,
            days=window.default_days,
            source=source,
            begin=_BEGINS[link.gap_from],
        )
    ]
    points += [
        Sentence("explain.window", 'For "{reason}" the window is {days:g} days.', reason=path, days=days)
        for path, days in window.by_reason
    ]
    for rule in policy.related:
        order = (
            Sentence("explain.both-ways", "in either order")
            if rule.both_ways
            else Sentence("explain.one-way", "in this order")
        )
        points.append(
            Sentence(
                "explain.related",
                '"{earlier}" and "{later}" ({order}) within {days:g} days are one issue, too.',
                earlier=rule.earlier,
                later=rule.later,
                order=order,
                days=rule.days,
            )
        )
    if link.index == "openers":
        points.append(
            Sentence(
                "explain.look-back",
                "A contact opens an issue when the same customer had none for the reason for at least {days:g} days, "
                "and {factor:g} times the window.",
                days=link.look_back_days,
                factor=link.look_back_factor,
            )
        )
    points.append(Sentence("explain.mature", "A contact is judged only once its window has closed."))
    if link.missing_customer == "exclude":
        points.append(
            Sentence("explain.nobody", "Contacts of unknown customers are left out, and counted in the ledger.")
        )
    else:
        points.append(
            Sentence(
                "explain.nobody.single",
                "A contact of an unknown customer is taken for that of a customer who never came back.",
            )
        )
    if link.reason_level != 0 and link.missing_reason == "own_reason":
        points.append(
            Sentence(
                "explain.no-reason.own",
                "Contacts without a reason have a reason of their own, which is joined with no other.",
            )
        )
    elif link.reason_level != 0:
        points.append(Sentence("explain.no-reason", "Contacts without a reason are left out."))
    return points


_BEGINS = {
    "auto": Sentence("explain.gap.auto", "the end of a contact (of a ticket: its start)"),
    "start": Sentence("explain.gap.start", "the start of a contact"),
    "end": Sentence("explain.gap.end", "the end of a contact"),
}


def _about_cycles(policy: Policy) -> list[Sentence]:
    points = []
    if policy.returns.cycle_days is not None:
        points.append(
            Sentence(
                "explain.cycle",
                "Returns that would have come anyway are taken to bunch every {days:g} days; R-FCR and learned windows "
                "allow for that.",
                days=policy.returns.cycle_days,
            )
        )
    points += [
        Sentence(
            "explain.cycle.reason",
            'Those for "{reason}" are taken to bunch every {days:g} days.',
            reason=path,
            days=days,
        )
        for path, days in policy.returns.cycle_by_reason
    ]
    return points


def _about_contacts(policy: Policy) -> list[Sentence]:
    link = policy.link
    points = []
    if link.same_contact_seconds:
        where = (
            Sentence("explain.any-channel", "on any channel")
            if link.same_contact_any_channel
            else Sentence("explain.same-channel", "on the same channel")
        )
        points.append(
            Sentence(
                "explain.leg",
                "A contact of the same customer {where} within {seconds:g} seconds is a transferred leg of the one "
                "before. Tickets have no legs.",
                where=where,
                seconds=link.same_contact_seconds,
            )
        )
    for name, role in (
        (Sentence("explain.outbound", "made by the centre"), link.outbound),
        (Sentence("explain.abandoned", "abandoned in the queue"), link.abandoned),
        (Sentence("explain.self-service", "with self-service"), link.self_service),
    ):
        points.append(Sentence("explain.role", "Contacts {name} {role}.", name=name, role=_ROLES[role]))
    return points


_ROLES = {
    "count": Sentence("explain.role.count", "count like any other"),
    "return_only": Sentence("explain.role.return", "show that somebody came back, and are not judged themselves"),
    "ignore": Sentence("explain.role.ignore", "are as if they had not happened"),
}


def _all(clauses: Sequence[Sentence]) -> str:
    said = clauses[0]
    for last in clauses[1:]:
        said = Sentence("explain.and", "{first}; and {last}", first=said, last=last)
    return said


def _some(clauses: Sequence[Sentence]) -> str:
    said = clauses[0]
    for last in clauses[1:]:
        said = Sentence("explain.or", "{first}; or {last}", first=said, last=last)
    return said


def _any_of(names: Sequence[str]) -> str:
    said = names[0]
    for name in names[1:-1]:
        said = Sentence("explain.listed", "{first}, {next}", first=said, next=name)
    return either((said, names[-1])) if len(names) > 1 else said
