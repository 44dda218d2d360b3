"""Linking, plain and obvious: each customer's contacts in their order, rule by rule.

It follows the text of `measurement.linking`. What that text leaves to the reader is read like this: rows that take no
part have no gaps and no issue; two contacts of one customer without a reason share the key "(none)"; a row stands
before another by (`started_at`, `contact_id`) wherever an order is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from firstcontact.measurement.fit.declared import Fit
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.model import Policy, Related, cut_reason, within
from firstcontact.measurement.reference.contact import Contact, microseconds
from firstcontact.measurement.reference.signal import Signals, evidence, observe, whole

DAY = 86_400_000_000
MINUTE = 60_000_000
SECOND = 1_000_000

CHANNEL = "channel"
OUTBOUND = "outbound"
ABANDONED = "abandoned"
SELF_SERVICE = "self_service"
NO_CUSTOMER = "no_customer"
NO_REASON_CODE = "no_reason"
LEG = "part_of_contact"
BEFORE_SINCE = "before_since"
AFTER_CUTOFF = "after_cutoff"


@dataclass(slots=True)
class Linked:
    """One contact with what linking found. Times and gaps are whole microseconds; None where there is none.

    Attributes:
        contact: The contact as given.
        excluded_code: The first cause for which it is never judged, or None.
        takes_part: Whether it stands in a chain.
        leg_of: Of a transferred leg, the contact it is part of.
        key: The reason as far as it matters.
        reason: The whole reason, of a head with that of its legs.
        start, end, anchor: Its moments; of a head, with its legs.
        legs: How many transferred legs it has.
        previous_gap, next_gap: To its neighbours in the chain.
        related_previous_gap, related_next_gap: To the nearest related repeat.
        window, look_back, horizon: Lengths that the fit and the related reasons give it.
        returned, repeat, repeat_of, issue_id, issue_start, opener: As the text of `measurement.linking` has them.
        left_censored, mature, index_eligible, redialled: Likewise.
        signals: What was seen, by signal name; None where not recorded. Of a head, with what its legs show.
    """

    contact: Contact
    key: str
    reason: str | None
    start: int
    end: int
    excluded_code: str | None = None
    takes_part: bool = False
    leg_of: str | None = None
    anchor: int = 0
    legs: int = 0
    previous_gap: int | None = None
    next_gap: int | None = None
    related_previous_gap: int | None = None
    related_next_gap: int | None = None
    window: int = 0
    look_back: int = 0
    horizon: int = 0
    returned: bool = False
    repeat: bool = False
    repeat_of: str | None = None
    issue_id: str | None = None
    issue_start: bool = False
    opener: bool = False
    left_censored: bool = False
    mature: bool = False
    index_eligible: bool = False
    redialled: bool = False
    signals: Signals = field(default_factory=dict)

    @property
    def contact_id(self) -> str:
        return self.contact.contact_id

    @property
    def order(self) -> tuple[int, str]:
        """Where it stands among the contacts of its customer."""
        return (microseconds(self.contact.started_at), self.contact.contact_id)


def link(contacts: Sequence[Contact], policy: Policy, fit: Fit, frame: Frame) -> list[Linked]:
    """Link contacts, and see what was seen on each.

    Args:
        contacts: In any order; ids are unique.
        policy: How to link.
        fit: Windows by reason.
        frame: Where the data begin and knowledge ends.

    Returns:
        One row a contact, in the order given.
    """
    policy = replace(policy, exclude=tuple(x for x in policy.exclude if _recorded(x.column, contacts)))
    rows = connect(contacts, policy, fit, frame)
    held = evidence(contacts)
    parts: dict[str, list[Signals]] = {}
    for row in sorted(rows, key=lambda row: row.order):
        row.signals = observe(row.contact, row.legs, held, policy.link.events_days)
        parts.setdefault(row.leg_of or row.contact_id, []).append(row.signals)
    for row in rows:
        if row.legs:
            row.signals = whole(parts[row.contact_id])
        row.signals["returned"] = row.returned
        row.signals["repeat"] = row.repeat
    return rows


def connect(contacts: Sequence[Contact], policy: Policy, fit: Fit, frame: Frame) -> list[Linked]:
    """Link contacts without looking at what was seen on them.

    Args:
        contacts: All contacts of one customer, or of several, in any order.
        policy: How to link; its exclusions ask only columns that are recorded somewhere in the data.
        fit: Windows by reason.
        frame: Where the data begin and knowledge ends.

    Returns:
        One row a contact, in the order given, without signals.
    """
    rows = [_row(contact, policy, frame) for contact in contacts]
    if policy.link.same_contact_seconds > 0 and frame.source_kind == "contact":
        _find_legs(rows, policy)
    from_start = policy.link.gap_from == "start" or (policy.link.gap_from == "auto" and frame.source_kind != "contact")
    for row in rows:
        row.anchor = row.start if from_start else row.end
        _give_window(row, policy, fit)
    for mine in _by_customer([row for row in rows if row.takes_part]).values():
        _chain(mine)
        _relate(mine, policy)
        _flag(mine)
    for row in rows:
        _finish(row, policy, frame)
    for mine in _by_customer(rows).values():
        _find_redials(mine, policy)
    return rows


def _row(contact: Contact, policy: Policy, frame: Frame) -> Linked:
    start = microseconds(contact.started_at)
    row = Linked(
        contact=contact,
        key=cut_reason(contact.reason, policy.link.reason_level),
        reason=contact.reason,
        start=start,
        end=start if contact.ended_at is None else microseconds(contact.ended_at),
    )
    barred = _barred(contact, policy)
    roles = _roles(contact, policy)
    row.takes_part = barred is None and "ignore" not in roles.values() and contact.customer is not None
    row.excluded_code = _cause(contact, policy, frame)
    return row


def _roles(contact: Contact, policy: Policy) -> dict[str, str]:
    """The role of each special kind that the contact is of."""
    link = policy.link
    roles: dict[str, str] = {}
    if contact.direction == "outbound":
        roles[OUTBOUND] = link.outbound
    if contact.abandoned:
        roles[ABANDONED] = link.abandoned
    if contact.channel == "self-service":
        roles[SELF_SERVICE] = link.self_service
    return roles


def _barred(contact: Contact, policy: Policy) -> str | None:
    """The first of causes 1, 2, 4 and 5 that holds."""
    for exclusion in policy.exclude:
        if _excluded(contact, exclusion.column, exclusion.values):
            return exclusion.code
    if policy.link.channels and contact.channel not in policy.link.channels:
        return CHANNEL
    if contact.customer is None and policy.link.missing_customer == "exclude":
        return NO_CUSTOMER
    if _no_reason(contact, policy):
        return NO_REASON_CODE
    return None


def _cause(contact: Contact, policy: Policy, frame: Frame) -> str | None:
    """The first cause of exclusion that can be told without the customer's other contacts."""
    barred = _barred(contact, policy)
    if barred is not None and barred not in (NO_CUSTOMER, NO_REASON_CODE):
        return barred
    for kind in (OUTBOUND, ABANDONED, SELF_SERVICE):
        if _roles(contact, policy).get(kind, "count") != "count":
            return kind
    if barred is not None:
        return barred
    if contact.started_at < frame.since:
        return BEFORE_SINCE
    if contact.started_at >= frame.cutoff:
        return AFTER_CUTOFF
    return None


def _recorded(column: str, contacts: Sequence[Contact]) -> bool:
    return any(contact.column(column) is not None for contact in contacts)


def _excluded(contact: Contact, column: str, values: tuple[str, ...]) -> bool:
    value = contact.column(column)
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text in values


def _no_reason(contact: Contact, policy: Policy) -> bool:
    return contact.reason is None and policy.link.missing_reason == "exclude" and policy.link.reason_level != 0


def _by_customer(rows: list[Linked]) -> dict[str, list[Linked]]:
    """Rows of known customers, each customer's in order."""
    groups: dict[str, list[Linked]] = {}
    for row in sorted(rows, key=lambda row: row.order):
        if row.contact.customer is not None:
            groups.setdefault(row.contact.customer, []).append(row)
    return groups


def _find_legs(rows: list[Linked], policy: Policy) -> None:
    reach = round(policy.link.same_contact_seconds * SECOND)
    for mine in _by_customer([row for row in rows if row.takes_part]).values():
        lines: dict[str | None, list[Linked]] = {}
        for row in mine:
            lines.setdefault(None if policy.link.same_contact_any_channel else row.contact.channel, []).append(row)
        for line in lines.values():
            _join_legs(line, reach, policy)


def _join_legs(line: list[Linked], reach: int, policy: Policy) -> None:
    head = line[0]
    latest = head.end
    for row in line[1:]:
        if abs(row.start - latest) <= reach:
            row.leg_of = head.contact_id
            row.takes_part = False
            if row.excluded_code in (None, BEFORE_SINCE, AFTER_CUTOFF):
                row.excluded_code = LEG
            head.legs += 1
            head.end = max(head.end, row.end)
            if head.reason is None:
                head.reason = row.reason
                head.key = cut_reason(head.reason, policy.link.reason_level)
        else:
            head = row
        latest = max(latest, row.end)


def _give_window(row: Linked, policy: Policy, fit: Fit) -> None:
    known = {window.reason: window for window in fit.windows}
    if row.key in known:
        days, look_back = known[row.key].days, known[row.key].look_back_days
    else:
        days = policy.window.days(row.key)
        look_back = policy.look_back_days(days)
    row.window = round(days * DAY)
    row.look_back = round(look_back * DAY)
    row.horizon = row.window
    for rule in policy.related:
        if row.reason is not None and (
            within(row.reason, rule.earlier) or (rule.both_ways and within(row.reason, rule.later))
        ):
            row.horizon = max(row.horizon, round(rule.days * DAY))


def _chain(mine: list[Linked]) -> None:
    """Gaps to the neighbours with the same key. Keeps the preceding row as the first candidate for `repeat_of`."""
    last: dict[str, Linked] = {}
    furthest: dict[str, int] = {}
    for row in mine:
        before = last.get(row.key)
        if before is not None:
            row.previous_gap = max(0, row.start - furthest[row.key])
            if row.previous_gap <= row.window:
                row.repeat_of = before.contact_id
            before.next_gap = max(0, row.start - before.anchor)
        last[row.key] = row
        furthest[row.key] = max(row.anchor, furthest.get(row.key, row.anchor))


def _relate(mine: list[Linked], policy: Policy) -> None:
    """Related repeats: every ordered pair with different keys, under every rule."""
    if not policy.related:
        return
    place = {row.contact_id: number for number, row in enumerate(mine)}
    for number, later in enumerate(mine):
        for earlier in mine[:number]:
            days = [round(rule.days * DAY) for rule in policy.related if _holds(rule, earlier, later)]
            gap = max(0, later.start - earlier.anchor)
            if not days or gap > max(days):
                continue
            earlier.related_next_gap = min(gap, gap if earlier.related_next_gap is None else earlier.related_next_gap)
            later.related_previous_gap = min(
                gap, gap if later.related_previous_gap is None else later.related_previous_gap
            )
            if later.repeat_of is None or place[later.repeat_of] < place[earlier.contact_id]:
                later.repeat_of = earlier.contact_id


def _holds(rule: Related, earlier: Linked, later: Linked) -> bool:
    if earlier.reason is None or later.reason is None or earlier.key == later.key:
        return False
    forward = within(earlier.reason, rule.earlier) and within(later.reason, rule.later)
    backward = within(earlier.reason, rule.later) and within(later.reason, rule.earlier)
    return forward or (rule.both_ways and backward)


def _flag(mine: list[Linked]) -> None:
    by_id = {row.contact_id: row for row in mine}
    for row in mine:
        row.returned = (row.next_gap is not None and row.next_gap <= row.window) or row.related_next_gap is not None
        row.repeat = row.repeat_of is not None
        # What it repeats stands before it, so its issue is known already.
        row.issue_id = row.contact_id if row.repeat_of is None else by_id[row.repeat_of].issue_id
        row.issue_start = row.repeat_of is None
        row.opener = not row.repeat and (row.previous_gap is None or row.previous_gap > row.look_back)


def _finish(row: Linked, policy: Policy, frame: Frame) -> None:
    alone = row.contact.customer is None and _barred(row.contact, policy) is None
    if alone and "ignore" not in _roles(row.contact, policy).values():
        row.issue_id, row.issue_start, row.opener = row.contact_id, True, True
    row.left_censored = row.opener and row.start < microseconds(frame.data_start) + row.look_back
    row.mature = "returned" not in policy.signals or row.anchor + row.horizon <= microseconds(frame.cutoff)
    wanted = policy.link.index == "all" or (row.opener and not row.left_censored)
    row.index_eligible = row.excluded_code is None and wanted


def _find_redials(mine: list[Linked], policy: Policy) -> None:
    reach = round(policy.link.redial_minutes * MINUTE)
    for number, row in enumerate(mine):
        own = row.contact
        end = microseconds(own.started_at if own.ended_at is None else own.ended_at)
        row.redialled = False
        for later in mine[number + 1 :] if own.abandoned else ():
            if later.start > end + reach:
                break
            if later.contact.direction != "outbound":
                row.redialled = True
                break
