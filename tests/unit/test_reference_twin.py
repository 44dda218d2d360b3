"""The twin by hand: what the stories do not show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from firstcontact.measurement.fit.declared import Fit, ReasonWindow
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.model import Condition, Link, Policy
from firstcontact.measurement.reference.contact import CaseEvent, Contact
from firstcontact.measurement.reference.judge import judge
from firstcontact.measurement.reference.link import Linked, link
from firstcontact.measurement.reference.reduce import count
from firstcontact.measurement.reference.signal import evidence, observe, supported

NINE = datetime(2024, 5, 1, 9)  # noqa: DTZ001
FRAME = Frame(NINE - timedelta(days=90), NINE - timedelta(days=90), NINE + timedelta(days=90), "contact")
UNFITTED = Fit(())
ALL = Policy(link=Link(index="all"))


def call(name: str, day: float, customer: str | None = "ann", **more: object) -> Contact:
    start = NINE + timedelta(days=day)
    given: dict[str, object] = {"reason": "bill", "channel": "phone", "ended_at": start + timedelta(minutes=5)}
    return Contact(name, customer, start, **(given | more))  # type: ignore[arg-type]


def linked(contacts: list[Contact], policy: Policy = ALL, fit: Fit = UNFITTED) -> dict[str, Linked]:
    return {row.contact_id: row for row in link(contacts, policy, fit, FRAME)}


def test_a_fit_overrules_the_declared_window() -> None:
    """The window that was learned decides, and a reason it does not know keeps the declared one."""
    calls = [call("a", 0), call("b", 10), call("c", 0, reason="late"), call("d", 10, reason="late")]
    rows = linked(calls, ALL, Fit((ReasonWindow("bill", 5, 7, "learned"),)))
    assert (rows["a"].returned, rows["c"].returned) == (False, True)


def test_an_overlapping_contact_has_no_gap() -> None:
    """Gaps are never negative."""
    rows = linked([call("a", 0, ended_at=NINE + timedelta(hours=5)), call("b", 0.1)])
    assert (rows["a"].next_gap, rows["b"].previous_gap) == (0, 0)


def test_the_longest_contact_before_decides_the_gap() -> None:
    """A short contact inside a long one does not bring the end forward."""
    rows = linked([call("a", 0, ended_at=NINE + timedelta(days=3)), call("b", 1), call("c", 4)])
    assert rows["c"].previous_gap == timedelta(days=1) // timedelta(microseconds=1)
    assert rows["c"].repeat_of == "b"


def test_legs_chain_to_one_head() -> None:
    """Three rows of one call are one contact with two transfers."""
    minute = timedelta(minutes=1)
    calls = [
        call("a", 0, ended_at=NINE + 5 * minute),
        replace(call("b", 0), started_at=NINE + 5 * minute, ended_at=NINE + 9 * minute),
        replace(call("c", 0), started_at=NINE + 9 * minute, ended_at=NINE + 20 * minute, reason="late"),
    ]
    rows = linked(calls)
    assert [rows[name].leg_of for name in "abc"] == [None, "a", "a"]
    assert rows["a"].signals["transfers"] == 2
    assert rows["a"].key == "bill"
    assert rows["a"].end == rows["c"].end


@pytest.mark.parametrize(
    ("contact", "signal", "value"),
    [
        (call("a", 0, transfers=2), "transfers", 2),
        (call("a", 0, events=(CaseEvent(NINE, "reassignment"),)), "transfers", 1),
        (call("a", 0), "transfers", None),
        (call("a", 0, escalated_to="two"), "escalated", True),
        (call("a", 0), "escalated", None),
        (call("a", 0), "minutes_to_settle", 5.0),
        (call("a", 0, settled=False), "minutes_to_settle", None),
        (call("a", 0, ended_at=None), "minutes_to_settle", None),
        (call("a", 0, answered_at=NINE + timedelta(seconds=30)), "minutes_to_reply", 0.5),
        (
            call("a", 0, answered_at=NINE, queued_at=NINE - timedelta(minutes=2)),
            "minutes_to_reply",
            2.0,
        ),
        (call("a", 0, events=(CaseEvent(NINE, "settled"), CaseEvent(NINE, "reopen"))), "settled", False),
        (call("a", 0, direction=None), "direction", "inbound"),
    ],
)
def test_signals_one_by_one(contact: Contact, signal: str, value: object) -> None:
    """What is seen on a contact, and None where nothing was recorded."""
    assert observe(contact, 0, evidence([contact]))[signal] == value


def test_a_signal_is_supported_by_what_the_data_hold() -> None:
    """Without replies nothing can be said about replies."""
    assert "public_replies" not in supported(evidence([call("a", 0)]))
    replied = call("a", 0, events=(CaseEvent(NINE, "public_reply"),))
    assert {"public_replies", "agents", "customer_messages", "updates"} <= supported(evidence([replied]))


def test_what_fails_outweighs_what_is_missing() -> None:
    """A contact that fails one condition is a no, even if another was not recorded."""
    policy = replace(
        ALL, counts_when=(Condition("returned", equals=False), Condition("agent_says_resolved", equals=True))
    )
    rows = linked([call("a", 0), call("b", 1)], policy)
    assert judge(rows["a"], policy) == ("no", None)
    assert judge(rows["b"], policy) == ("left_out", "not_recorded")


def test_being_left_out_comes_first_and_has_a_code() -> None:
    """The code, or else the signal's name, goes to the ledger."""
    out = Condition("channel", equals="phone")
    for code, said in (("", "channel"), ("calls", "calls")):
        policy = replace(ALL, left_out_when=(replace(out, code=code),))
        assert judge(linked([call("a", 0), call("b", 1)], policy)["a"], policy) == ("left_out", said)


def test_each_contact_stands_in_one_bucket() -> None:
    """The plain counts add up, and give both readings of open cases."""
    policy = Policy(unsettled_when=(Condition("channel", any_of=("chat",)),))
    calls = [
        call("a", 0),  # returned
        call("b", 1),  # a repeat
        call("c", 0, "bob"),  # yes
        call("d", 0, "cid", channel="chat"),  # open
        call("e", 80, "dot"),  # immature
        call("f", -80, "eve"),  # left-censored
        call("g", 0, None),  # unknown
        call("h", 0, "fox", direction="outbound"),
    ]
    counted = count(link(calls, policy, Fit(()), FRAME), policy)
    assert (counted.yes, counted.no, counted.unsettled) == (1, 1, 1)
    assert counted.readings == (1 / 3, 2 / 3)
    assert counted.ledger.adds_up
    assert counted.ledger.excluded == {"no_customer": 1, "outbound": 1}
    assert (counted.ledger.not_opener, counted.ledger.left_censored, counted.ledger.immature) == (1, 1, 1)


def test_nothing_judged_has_no_share() -> None:
    """An empty population has no figure."""
    assert count([], ALL).readings is None


def test_left_out_contacts_stand_under_their_code() -> None:
    """What a condition leaves out is excluded by its code in the ledger."""
    policy = replace(ALL, left_out_when=(Condition("channel", equals="phone", code="calls"),))
    assert count(link([call("a", 0)], policy, Fit(()), FRAME), policy).ledger.excluded == {"calls": 1}
