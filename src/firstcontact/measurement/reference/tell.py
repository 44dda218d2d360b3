"""Telling a story to a policy: linking and judging its contacts on the twin, and the letter that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firstcontact.measurement.fit.declared import Fit, declare
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.model import Policy, cut_reason
from firstcontact.measurement.policy.story import Story, length
from firstcontact.measurement.reference.contact import Contact
from firstcontact.measurement.reference.judge import judge
from firstcontact.measurement.reference.link import CHANNEL, link
from firstcontact.measurement.reference.signal import Signals, evidence, supported


@dataclass(frozen=True, slots=True)
class Seen:
    """What linking and judging found about one contact, whoever did it. Gaps are microseconds."""

    contact_id: str
    excluded_code: str | None
    takes_part: bool
    leg_of: str | None
    previous_gap: int | None
    next_gap: int | None
    related_previous_gap: int | None
    related_next_gap: int | None
    returned: bool
    repeat: bool
    repeat_of: str | None
    issue_id: str | None
    issue_start: bool
    opener: bool
    left_censored: bool
    mature: bool
    index_eligible: bool
    redialled: bool
    verdict: str | None
    verdict_code: str | None
    signals: Signals


Teller = Callable[[Sequence[Contact], Policy, Fit, Frame], list[Seen]]
"""Links and judges contacts: the twin, or an engine."""


def tell(contacts: Sequence[Contact], policy: Policy, fit: Fit, frame: Frame) -> list[Seen]:
    """Link and judge contacts on the twin; one row a contact, in the order given."""
    seen = []
    for row in link(contacts, policy, fit, frame):
        verdict, code = judge(row, policy)
        same = {name: getattr(row, name) for name in Seen.__slots__ if hasattr(row, name)}
        seen.append(Seen(**same, verdict=verdict, verdict_code=code))
    return seen


def fit_for(contacts: Sequence[Contact], policy: Policy) -> Fit:
    """The declared windows of every reason that the contacts have."""
    return declare(policy, sorted({cut_reason(contact.reason, policy.link.reason_level) for contact in contacts}))


def hear(story: Story, policy: Policy, teller: Teller = tell) -> dict[str, Seen]:
    """What a policy finds in a story, by contact id; the bystander is left out."""
    world = story.world
    rows = teller(world, policy, fit_for(world, policy), story.frame)
    told = {contact.contact_id for contact in story.contacts}
    return {row.contact_id: row for row in rows if row.contact_id in told}


def letter(story: Story, policy: Policy, seen: dict[str, Seen]) -> str:
    """How a policy judges a story: a letter of `policy.story.LETTERS`."""
    row = seen[story.judged]
    channel = next(contact.channel for contact in story.contacts if contact.contact_id == story.judged)
    if row.excluded_code == CHANNEL or lacking(story.world, policy, channel):
        return "-"
    if row.excluded_code is not None:
        return "x"
    if not row.index_eligible:
        return "o"
    if not row.mature:
        return "w"
    return {"yes": "Y", "no": "N", "left_out": "x", "unsettled": "?"}[str(row.verdict)]


def lacking(contacts: Sequence[Contact], policy: Policy, channel: str | None) -> frozenset[str]:
    """Signals that a policy cannot do without on a channel, and that the data do not give."""
    needed = {
        condition.signal
        for condition in policy.counts_when
        if condition.missing == "left_out" and (not condition.channels or channel in condition.channels)
    }
    return frozenset(needed) - supported(evidence(contacts))


def contradictions(story: Story, seen: dict[str, Seen]) -> list[str]:
    """The facts of a story that do not hold, in words."""
    wrong = []
    for name, facts in story.facts.items():
        for key, told in facts.items():
            found = _fact(seen[name], key)
            if found != _expected(key, told):
                wrong.append(f"contact {name}: {key} is {found!r}, the story says {told!r}")
    return wrong


def _fact(row: Seen, key: str) -> object:
    if key == "transfers":
        return row.signals["transfers"]
    return getattr(row, {"excluded": "excluded_code", "issue": "issue_id"}.get(key, key))


def _expected(key: str, told: object) -> object:
    if told == "":
        return None
    if key.endswith("_gap"):
        return round(length(str(told)).total_seconds() * 1_000_000)
    return told
