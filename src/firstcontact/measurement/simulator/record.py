"""What the centre's systems record of what happened: contacts and identifiers, with their errors and gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firstcontact.contacts.table import CONTACTS, IDENTIFIERS
from firstcontact.measurement.simulator import column
from firstcontact.measurement.simulator.life import Life
from firstcontact.measurement.simulator.stream import Bools, Floats, Ints

_SEVERAL_PHONES = 0.35  # how often somebody with two phone numbers uses the second


@dataclass(frozen=True)
class Record:
    """What is recorded of each contact, as arrays; the tables are made of it.

    Attributes:
        contact_id: The contacts' names. They belong to what happened, so a contact keeps its name in another world.
        customer: Number of the customer record, -1 where unknown.
        person_shown: Number of the person whose phone number is shown: another's, in a merged household.
        alternate: Whether other identifiers of the person are shown.
        reason: Number of the recorded reason, -1 where missing.
        escalated: Whether it went to a higher level.
        says_resolved: What the agent says.
        says: Whether the agent says anything.
        ended: Whether it is over before the cut.
        reopened: When a case is opened again, in seconds; not a number where it never is.
        settled_again: When that is settled.
    """

    contact_id: pa.Array
    customer: Ints
    person_shown: Ints
    alternate: Bools
    reason: Ints
    escalated: Bools
    says_resolved: Bools
    says: Bools
    ended: Bools
    reopened: Floats
    settled_again: Floats


def observe(life: Life) -> Record:
    """Decide what the systems record of each contact."""
    world, streams, contacts, key = life.world, life.streams, life.contacts, life.key
    unresolved, staffed = contacts["unresolved"], contacts["agent"] >= 0
    people = life.of_person(contacts["person"])

    merged = streams.chance("merged", people, world.identity.merged) & (contacts["person"] > 0)
    person_shown = contacts["person"].astype(np.int64) - merged
    split = streams.chance("split", key, world.identity.split)
    lost = np.where(contacts["abandoned"], world.identity.missing_abandoned, world.identity.missing)
    known = ~streams.chance("customer missing", key, lost)

    handling, cases = world.handling, world.cases
    likely = np.where(unresolved, handling.escalation_unresolved, handling.escalation_resolved)
    says_yes = np.where(unresolved, life.staff.false_positive[contacts["agent"]], world.agents.true_positive)
    reopens = np.where(
        ~unresolved, cases.reopen_resolved, np.where(contacts["returns"], cases.reopen_returning, cases.reopen_given_up)
    )
    is_case = life.of_channel("case") & life.answered
    reopens_here = streams.chance("reopen", key, reopens) & is_case
    place = streams.uniform("reopen time", key)
    later = streams.lognormal("reopen later", key, 2.0, 0.8)
    days = np.where(contacts["returns"], contacts["return_days"] * (0.6 + 0.4 * place), later)
    reopened = np.where(reopens_here, contacts["ended"] + 7200 + days * 86_400, np.nan)
    again = 3600 * streams.lognormal("settling again", key, cases.settle_hours, cases.settle_sigma)
    return Record(
        contact_id=column.numbered("C", column.unique_numbers(key), 18),
        customer=np.where(known, 2 * person_shown + split, -1),
        person_shown=person_shown,
        alternate=split & streams.chance("new identifier", key, world.identity.split_new_identifier),
        reason=_reason(life),
        escalated=streams.chance("escalation", key, likely) & staffed & life.answered,
        says_resolved=streams.chance("agent says", key, says_yes),
        says=~streams.chance("silent agent", key, world.agents.silent) & staffed & life.answered,
        ended=contacts["ended"] < life.calendar.end,
        reopened=reopened,
        settled_again=reopened + 120 + again,
    )


def _reason(life: Life) -> Ints:
    """The recorded reason: the true one, a wrong one, or none."""
    coding, reasons = life.world.coding, life.world.reasons
    streams, key = life.streams, life.key
    true = life.contacts["reason"].astype(np.int64)
    recorded = true.copy()
    families = [reason.family for reason in reasons]
    siblings = np.array([families.count(family) - 1 for family in families])
    wrong = streams.chance("wrong reason", key, coding.wrong) & (len(reasons) > 1)
    near = wrong & streams.chance("near reason", key, coding.wrong_within_family) & (siblings[true] > 0)
    luck = streams.uniform("which reason", key)
    for number, family in enumerate(families):
        own = [other for other in range(len(reasons)) if other != number and families[other] == family]
        every = [other for other in range(len(reasons)) if other != number]
        for candidates, chosen in ((own, near), (every, wrong & ~near)):
            mistaken = np.flatnonzero(chosen & (true == number))
            if len(mistaken):
                pick = np.minimum((luck[mistaken] * len(candidates)).astype(np.int64), len(candidates) - 1)
                recorded[mistaken] = np.array(candidates)[pick]
    missing = np.where(life.contacts["abandoned"], coding.missing_abandoned, coding.missing)
    return np.where(streams.chance("reason missing", key, missing), -1, recorded)


def contacts_table(life: Life, record: Record) -> pa.Table:
    """The contacts as recorded, one row each, sorted by start."""
    world, contacts, streams, key = life.world, life.contacts, life.streams, life.key
    answered, abandoned, outbound = life.answered, contacts["abandoned"], contacts["outbound"]
    staffed, is_case = contacts["agent"] >= 0, life.of_channel("case")
    people = life.of_person(contacts["person"])
    names = [channel.name for channel in world.channels]
    families = sorted({reason.family for reason in world.reasons})
    queues = [f"{family} {name}" for family in families for name in names]
    family = np.array([families.index(reason.family) for reason in world.reasons])[contacts["reason"]]
    # Who was handed on came into the queue of another family first.
    others = max(len(families) - 1, 1)
    astray = 1 + np.minimum((streams.uniform("first queue", key) * others).astype(np.int64), others - 1)
    first_family = (family + np.where(contacts["transfers"] > 0, astray, 0)) % len(families)
    phone = life.of_channel("name") == "phone"
    held = streams.chance("hold", key, world.handling.hold) & phone & answered
    hold = np.where(held, streams.lognormal("hold time", key, world.handling.hold_seconds, 0.8), 0.0)
    hours = np.nan_to_num(contacts["handle_seconds"].astype(np.float64)) / 3600
    wrap_up = np.where(record.says_resolved, 0, np.where(record.escalated | (contacts["transfers"] > 0), 1, 2))
    waits = life.of_channel("staffed") & ~outbound
    says = record.says & record.ended
    reopen_open = (record.reopened < life.calendar.end) & ~(record.settled_again < life.calendar.end)
    columns = {
        "contact_id": record.contact_id,
        "source": column.labels(["simulated"], np.zeros(life.count, dtype=np.int32)),
        "customer_id": column.numbered("K", record.customer, 8, record.customer >= 0),
        "channel": column.labels(names, contacts["channel"]),
        "direction": column.labels(["inbound", "outbound"], outbound),
        "queued_at": column.moments(world.start, contacts["queued"], waits),
        "answered_at": column.moments(world.start, contacts["answered"], contacts["answered"] < life.calendar.end),
        "started_at": column.moments(world.start, contacts["started"]),
        "ended_at": column.moments(world.start, contacts["ended"], record.ended),
        "reason": column.labels([reason.path for reason in world.reasons], record.reason),
        "reason_source": column.labels(
            ["agent", "customer", "rule"],
            np.where(abandoned, 2, np.where(staffed & (life.of_channel("name") != "web"), 0, 1)),
            record.reason >= 0,
        ),
        "agent_id": column.numbered("agent-", contacts["agent"], 4, staffed),
        "team": column.numbered("team-", life.staff.team[contacts["agent"]], 2, staffed),
        "queue": column.labels(queues, family * len(names) + contacts["channel"], waits),
        "first_queue": column.labels(queues, first_family * len(names) + contacts["channel"], waits),
        "transfers": column.values(contacts["transfers"], staffed & answered),
        "escalated_to": column.labels(["level 2"], np.zeros(life.count, dtype=np.int32), record.escalated),
        "wrap_up": column.labels(["solved", "passed on", "follow-up needed"], wrap_up, says),
        "agent_says_resolved": column.values(record.says_resolved, says),
        "settled": column.values(
            np.where(is_case, record.ended & ~reopen_open, record.says_resolved), answered & (is_case | says)
        ),
        "abandoned": column.values(abandoned),
        "handle_seconds": column.values(
            np.round(contacts["handle_seconds"].astype(np.float64)), staffed & record.ended
        ),
        "hold_seconds": column.values(np.round(hold), phone & answered & record.ended),
        "case_id": column.numbered("T", *_case(life)),
        "language": column.labels(
            list(world.customers.languages),
            streams.choose("language", people, np.array(world.customers.language_weights)),
        ),
        "cost": column.values(
            np.round(hours * world.agents.hourly_cost + life.of_channel("cost"), 2), ~abandoned & record.ended
        ),
    }
    return column.table(CONTACTS, columns, life.count)


def _case(life: Life) -> tuple[Ints, int, Bools]:
    """Number, width and presence of each contact's case: its own, or that of the contact it returns for."""
    contacts = life.contacts
    own = life.of_channel("case") & life.answered
    number = np.where(own, column.unique_numbers(life.key), -1)
    # A return goes under the case of the contact before, which may itself go under an earlier one: causes come first
    # in time, so following them step by step ends after the longest chain.
    joined = (contacts["cause"] >= 0) & life.streams.chance("same case", life.key, life.world.cases.same_case)
    pending = np.flatnonzero(joined & life.answered)
    for attempt in np.unique(contacts["attempt"][pending]):
        step = pending[contacts["attempt"][pending] == attempt]
        before = number[contacts["cause"][step]]
        number[step] = np.where(before >= 0, before, number[step])
    return number, 18, number >= 0


def identifiers_table(life: Life, record: Record) -> pa.Table:
    """The identifiers seen on each contact: only those natural to its channel."""
    world, streams, key = life.world, life.streams, life.key
    people = life.of_person(life.contacts["person"])
    second = streams.chance("second phone", people, world.customers.second_phone)
    uses = streams.chance("which phone", key, _SEVERAL_PHONES)
    person = life.contacts["person"].astype(np.int64)
    untidy = streams.chance("untidy", key, world.identity.untidy)
    parts: list[tuple[Ints, str, pa.Array]] = []
    for kind in ("phone", "email", "account"):
        rows = np.flatnonzero(streams.chance(f"shows {kind}", key, life.of_channel(kind)))
        alternate = record.alternate[rows]
        if kind == "phone":
            # Three numbers a person: the usual one, the second, and one that only a split record knows.
            own = np.where(alternate, 2, (second & uses)[rows])
            values = _phones(3 * record.person_shown[rows] + own, untidy[rows])
        elif kind == "email":
            values = _addresses(2 * person[rows] + alternate, untidy[rows])
        else:
            values = column.numbered("AC", 2 * person[rows] + alternate, 8)
        parts.append((rows, kind, values))
    order = np.argsort(np.concatenate([rows for rows, _, _ in parts]), kind="stable")
    rows = column.rows(np.concatenate([rows for rows, _, _ in parts])[order])
    kinds = np.repeat(np.arange(3), [len(part[0]) for part in parts])[order]
    values = pa.concat_arrays([part[2] for part in parts]).take(column.rows(order))
    columns = {
        "contact_id": record.contact_id.take(rows),
        "kind": column.labels([part[1] for part in parts], kinds),
        "value": values,
    }
    return column.table(IDENTIFIERS, columns, len(order))


def _phones(numbers: Ints, untidy: Bools) -> pa.Array:
    """Telephone numbers on exchanges 550 to 559, which belong to nobody in particular; some written with spaces."""
    area, line = 200 + numbers // 100_000 % 800, numbers % 100_000
    digits = pc.cast(column.values(area * 10_000_000 + 5_500_000 + line), pa.string())
    spaced = pc.binary_join_element_wise(
        "+1", pc.utf8_slice_codeunits(digits, 0, 3), pc.utf8_slice_codeunits(digits, 3, 6),
        pc.utf8_slice_codeunits(digits, 6, 10), " ",
    )  # fmt: skip
    return pc.if_else(column.values(untidy), spaced, pc.binary_join_element_wise("+1", digits, ""))


def _addresses(numbers: Ints, untidy: Bools) -> pa.Array:
    """E-mail addresses in a domain that can never exist; some written in capitals."""
    tidy = pc.binary_join_element_wise(column.numbered("person.", numbers), "@example.com", "")
    return pc.if_else(column.values(untidy), pc.utf8_upper(tidy), tidy)
