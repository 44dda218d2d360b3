"""The contacts of one customer, linked by the slow twin: what is kept of it does not depend on the period of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from firstcontact.contacts.loaded import SourceKind
from firstcontact.contacts.name import led_by_source
from firstcontact.contacts.rule import EARLIEST, LATEST
from firstcontact.measurement.fit.declared import Fit, linking_hash
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.reference.contact import EPOCH, Contact
from firstcontact.measurement.reference.link import DAY, Linked, connect

Key = tuple[str, str]
"""Source and id of a contact."""

KNOWN = "known"
"""What the one customer is called while their contacts are linked."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Under what contacts are linked.

    Attributes:
        policy: The policy in force.
        fit: Its windows.
        source_kind: What one record of the sources is.
    """

    policy: Policy
    fit: Fit
    source_kind: SourceKind = "contact"

    @property
    def digest(self) -> str:
        """What stands beside each link."""
        return linking_hash(self.policy, self.fit)


@dataclass(frozen=True, slots=True)
class Link:
    """What linking found about one contact.

    Attributes:
        issue, repeat_of, leg_of: Contacts, where there are any.
        issue_start, opener, returned, redialled: As the text of `measurement.linking` has them.
        previous_gap_days, next_gap_days: The related one's where that is shorter.
        window_days, look_back_days: Of its reason.
        matures_at: From when it is known whether the customer came back.
        excluded_code: Why it is never judged, whatever the period.
    """

    issue: Key | None
    issue_start: bool
    opener: bool
    repeat_of: Key | None
    leg_of: Key | None
    returned: bool
    redialled: bool
    previous_gap_days: float | None
    next_gap_days: float | None
    window_days: float
    look_back_days: float
    matures_at: datetime
    excluded_code: str | None


def link_group(
    contacts: Mapping[Key, Contact], rules: Rules, recorded: Collection[str], *, known: bool = True
) -> dict[Key, Link]:
    """Link the contacts of one customer.

    Args:
        contacts: All of them.
        rules: Under what.
        recorded: Columns that exclusions ask and that hold anything anywhere.
        known: Whether it is known who it was.

    Returns:
        What was found about each, without what depends on the period of a run.
    """
    ids = Counter(contact_id for _, contact_id in contacts)
    names = {key: key[1] if ids[key[1]] == 1 else led_by_source(*key) for key in contacts}
    keys = {name: key for key, name in names.items()}
    customer = KNOWN if known else None
    told = [
        contact
        if contact.customer == customer and contact.contact_id == names[key]
        else replace(contact, contact_id=names[key], customer=customer)
        for key, contact in contacts.items()
    ]
    exclude = tuple(one for one in rules.policy.exclude if one.column in recorded)
    policy = replace(rules.policy, exclude=exclude)
    rows = connect(told, policy, rules.fit, Frame(EARLIEST, EARLIEST, LATEST, rules.source_kind))
    judged_late = "returned" in policy.signals
    return {keys[row.contact_id]: _link(row, keys, judged_late) for row in rows}


def _link(row: Linked, keys: Mapping[str, Key], judged_late: bool) -> Link:
    def key(name: str | None) -> Key | None:
        return None if name is None else keys[name]

    return Link(
        issue=key(row.issue_id),
        issue_start=row.issue_start,
        opener=row.opener,
        repeat_of=key(row.repeat_of),
        leg_of=key(row.leg_of),
        returned=row.returned,
        redialled=row.redialled,
        previous_gap_days=_days(row.previous_gap, row.related_previous_gap),
        next_gap_days=_days(row.next_gap, row.related_next_gap),
        window_days=row.window / DAY,
        look_back_days=row.look_back / DAY,
        matures_at=_moment(row.anchor + row.horizon if judged_late else row.start),
        excluded_code=row.excluded_code,
    )


def _days(own: int | None, related: int | None) -> float | None:
    given = [gap for gap in (own, related) if gap is not None]
    return min(given) / DAY if given else None


def _moment(us: int) -> datetime:
    return min(EPOCH + timedelta(microseconds=us), LATEST) if us < 2**53 else LATEST
