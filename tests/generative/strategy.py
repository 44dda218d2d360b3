"""Invented histories and policies, full of what real ones have too seldom to be tested by: ties, overlaps, contacts
without length or end, unknown customers, missing reasons, legs, redials, outbound and abandoned contacts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from firstcontact.contacts.table import CASE_EVENT_KINDS
from firstcontact.measurement.fit.declared import Fit, ReasonWindow
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.model import (
    Condition,
    Exclusion,
    Link,
    Policy,
    Related,
    Window,
    cut_reason,
)
from firstcontact.measurement.policy.signal import SIGNALS
from firstcontact.measurement.reference.contact import CaseEvent, Contact, Survey

BASE = datetime(2024, 3, 1, 9)  # noqa: DTZ001 - naive UTC, as everywhere inside
REASONS = ("bill", "bill > late", "bill > wrong", "bill > late > card", "repair", "repair > visit", "billing")
PATHS = ("bill", "repair", *REASONS, "late", "repair > visit > window")
CHANNELS = ("phone", "email", "self-service")
LENGTHS = (0, 0, 1, 60, 600, 3600, 43_200, 86_400)
DAYS = (0.00001, 1 / 24, 0.5, 1.0, 3.0, 30.0)

MAYBE = (None, None, True, False)
SPARSE = ("queued_at", "answered_at", "transfers", "escalated_to", "settled", "agent_says_resolved", "abandoned")
"""Columns that many systems do not have."""


@dataclass(frozen=True)
class Invented:
    """A data set, a policy, its fit and its frame."""

    contacts: tuple[Contact, ...]
    policy: Policy
    fit: Fit
    frame: Frame


Choose = Callable[[Sequence[Any]], Any]
"""Picks one of some things: Hypothesis, which can shrink what it picked, or plain seeded chance, which is quick."""


def seconds(choose: Choose) -> int:
    """A length on a coarse grid, so that windows are met exactly, and just missed."""
    a, b, kind = choose(LENGTHS), choose(LENGTHS), choose(("one", "sum", "less"))
    return int(a if kind == "one" else a + b if kind == "sum" else max(0, a - 1))


@dataclass(frozen=True)
class Recorded:
    """What a system records at all: kinds of case events, columns, and whether it asks customers."""

    kinds: tuple[str, ...]
    columns: frozenset[str]
    asked: bool


def recorded(choose: Choose) -> Recorded:
    """A system that records some things and not others, for all of its contacts."""
    kinds = tuple(kind for kind in CASE_EVENT_KINDS if choose((True, False, False)))
    columns = frozenset(name for name in SPARSE if choose((True, True, True, False)))
    return Recorded(kinds, columns, choose((True, False)))


def history(choose: Choose, system: Recorded, name: str) -> list[Contact]:
    """Contacts of a few customers; `name` begins their ids and those of the customers."""
    # A few customers with many contacts: that is where the rules meet.
    people = ("ann", "ann", "ann", "bob", "bob", "cid", "dot", None)
    moment = BASE
    made = []
    for number in range(choose((1, 2, 5, 12, 20, 28, 36))):
        customer = choose(people)
        moment = moment + timedelta(seconds=seconds(choose)) if number else moment
        made.append(contact(choose, system, f"{name}c{number:02d}", customer and name + customer, moment))
    return made


def contact(choose: Choose, system: Recorded, name: str, customer: str | None, start: datetime) -> Contact:
    """One contact; its id may sort before that of an earlier one."""
    lasts = choose((None, 0, seconds(choose)))
    special = choose(("", "", "", "", "", "", "outbound", "abandoned"))
    happened = choose((0, 0, 1, 2, 3, 5)) if system.kinds else 0
    events = [
        CaseEvent(
            start + timedelta(seconds=choose((-60, 0, 60, 600, 86_400, 259_200))),
            choose(system.kinds),
            choose((None, "A", "B")),
        )
        for _ in range(happened)
    ]
    survey = Survey(choose(MAYBE), choose((None, 1, 2))) if system.asked and choose((True, False)) else None
    given: dict[str, Any] = {
        "reason": choose(("bill", "bill", "repair", "repair", None, *REASONS)),
        "channel": choose(("phone", "phone", "phone", None, *CHANNELS)),
        "direction": "outbound" if special == "outbound" else choose((None, "inbound")),
        "queued_at": choose((None, start, start - timedelta(seconds=30))),
        "answered_at": choose((None, start, start + timedelta(seconds=5))),
        "agent_id": choose((None, "A", "B")),
        "queue": choose((None, "sales", "test")),
        "transfers": choose((None, None, 0, 2)),
        "escalated_to": choose((None, None, "level 2")),
        "settled": choose(MAYBE),
        "agent_says_resolved": choose(MAYBE),
        "abandoned": True if special == "abandoned" else choose((None, False)),
    }
    return Contact(
        contact_id=choose(("", "a", "z")) + name,
        customer=customer,
        started_at=start,
        ended_at=None if lasts is None else start + timedelta(seconds=lasts),
        extra={"x_spam": choose((None, "yes", "no"))},
        events=tuple(events),
        survey=survey,
        **{key: value for key, value in given.items() if key not in SPARSE or key in system.columns},
    )


@st.composite
def condition(draw: st.DrawFn, *, required: bool) -> Condition:
    """A comparison that fits its signal."""
    spec = draw(st.sampled_from(list(SIGNALS.values())))
    missing = draw(st.sampled_from(["fails", "holds", "left_out", "unsettled"])) if required else "left_out"
    given: dict[str, object] = {
        "channels": draw(st.sampled_from([(), (), ("phone",), ("email", "phone")])),
        "missing": missing,
        "code": draw(st.sampled_from(["", "own_code"])),
    }
    if spec.type == "flag":
        given["equals"] = draw(st.booleans())
    elif spec.type == "text":
        given["any_of"] = draw(st.sampled_from([("phone", "inbound"), ("outbound",), ("email",)]))
    else:
        given[draw(st.sampled_from(["equals", "at_most", "below", "at_least"]))] = draw(
            st.sampled_from([0.0, 1.0, 2.5])
        )
    return Condition(spec.name, **given)  # type: ignore[arg-type]


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that a file could hold."""
    roles = st.sampled_from(["count", "count", "return_only", "ignore"])
    level = draw(st.sampled_from([None, None, 0, 1, 2]))
    path = st.sampled_from(["bill", "bill", "repair", "repair", *PATHS])
    related = st.builds(Related, path, path, st.sampled_from(DAYS), both_ways=st.booleans())
    exclusions = st.sampled_from(
        [
            Exclusion("test", "queue", ("test",)),
            Exclusion("unassigned", "agent_id", ("",)),
            Exclusion("spam", "x_spam", ("yes", "")),
            Exclusion("moved", "transfers", ("2",)),
            Exclusion("open", "settled", ("false",)),
            Exclusion("absent", "x_absent", ("yes", "")),
        ]
    )
    return Policy(
        window=Window(
            draw(st.sampled_from(DAYS)),
            tuple(sorted(draw(st.dictionaries(st.sampled_from(PATHS), st.sampled_from(DAYS), max_size=3)).items())),
        ),
        link=Link(
            index=draw(st.sampled_from(["openers", "all"])),
            gap_from=draw(st.sampled_from(["auto", "start", "end"])),
            reason_level=level,
            channels=draw(st.sampled_from([(), (), (), (), (), ("phone",), ("phone", "email")])),
            look_back_days=draw(st.sampled_from([0.0, 0.5, 1.0, 3.0, 10.0])),
            look_back_factor=draw(st.sampled_from([0.0, 1.0, 1.35])),
            same_contact_seconds=draw(st.sampled_from([0.0, 1.0, 60.0, 599.999999])),
            same_contact_any_channel=draw(st.booleans()),
            redial_minutes=draw(st.sampled_from([0.0, 1.0, 30.0])),
            outbound=draw(roles),
            abandoned=draw(roles),
            self_service=draw(roles),
            missing_customer=draw(st.sampled_from(["exclude", "single"])),
            missing_reason=draw(st.sampled_from(["own_reason", "exclude"])),
            events_days=draw(st.sampled_from([None, None, 1.0, 2.5])),
        ),
        related=tuple(draw(st.lists(related, max_size=3))),
        counts_when=tuple(
            [Condition("returned", equals=False)] * draw(st.integers(0, 1))
            + draw(st.lists(condition(required=True), min_size=1, max_size=2))
        ),
        left_out_when=tuple(draw(st.lists(condition(required=False), max_size=1))),
        unsettled_when=tuple(draw(st.lists(condition(required=False), max_size=1))),
        exclude=tuple(draw(st.one_of(st.just([]), st.lists(exclusions, max_size=2, unique_by=lambda rule: rule.code)))),
    )


@st.composite
def invented(draw: st.DrawFn, histories: tuple[int, ...] = (1,)) -> Invented:
    """A whole question: contacts, policy, fit (which may know other windows, or lack a reason) and frame.

    Args:
        draw: Hypothesis.
        histories: How many histories one question may hold, each with customers of its own: linking many costs an
            engine little more than linking one. Hypothesis invents the first, seeded chance the others.
    """

    def choose(things: Sequence[Any]) -> Any:
        return draw(st.sampled_from(things))

    system = recorded(choose)
    made = history(choose, system, "h0-")
    chance = random.Random(draw(st.integers(0, 2**32)))
    for number in range(1, choose(histories)):
        made += history(chance.choice, system, f"h{number}-")
    chance.shuffle(made)
    told = tuple(made)
    policy = draw(policies())
    keys = sorted({cut_reason(c.reason, policy.link.reason_level) for c in told})
    known = draw(st.sets(st.sampled_from(keys)))
    windows = tuple(
        ReasonWindow(key, draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))) for key in sorted(known)
    )
    # The frame often ends, or begins, at the very moment that decides about some contact.
    some = draw(st.sampled_from(told))
    days = timedelta(days=draw(st.sampled_from(DAYS)))
    ends = st.sampled_from([BASE + timedelta(days=10), BASE + timedelta(days=60), (some.ended_at or BASE) + days])
    start = draw(st.sampled_from([BASE, BASE - timedelta(days=1), BASE - timedelta(days=40), some.started_at - days]))
    frame = Frame(
        data_start=start,
        since=start + timedelta(days=draw(st.sampled_from([0, 0, 0, 1]))),
        cutoff=draw(ends),
        source_kind=draw(st.sampled_from(["contact", "contact", "ticket"])),
    )
    return Invented(told, policy, Fit(windows), frame)
