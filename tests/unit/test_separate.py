"""What separates two definitions, in words and numbers."""

from __future__ import annotations

import numpy as np
import pytest

from firstcontact.measurement.policy.model import Condition, Link, Policy, Window
from firstcontact.measurement.policy.preset import load_preset
from firstcontact.services.separate import Pair, Side, Signatures, although, because, flat, length, separate

OWN = Side("own", Policy())
WEEK = Side("week", Policy(window=Window(7)))
TICKED = Side("ticked", Policy(counts_when=(Condition("agent_says_resolved", equals=True, because="not ticked"),)))

NAN = float("nan")


def pairs() -> tuple[Pair, ...]:
    """Six signatures: what own, week and ticked say of them."""
    states = (
        ["no:0", "no:0", "yes", "yes", "out:not_opener", "immature"],
        ["yes", "no:0", "yes", "yes", "yes", "left_out:spam"],
        ["yes", "no:0", "no:0", "yes", "yes", "unsettled"],
    )
    contacts = np.array([10, 20, 30, 40, 5, 1])
    own = np.array([[8.0, 1, NAN, NAN, NAN, NAN], [150.0, 60, NAN, NAN, NAN, NAN], [30.0, 7, NAN, NAN, NAN, NAN]])
    found = Signatures(tuple(np.array(one) for one in states), contacts, {0: own, 1: own})
    return separate([OWN, WEEK, TICKED], found)


def test_every_two_are_compared_and_every_contact_stands_once() -> None:
    """Judged by both, agreeing, or by one only."""
    own_week, own_ticked, week_ticked = pairs()
    assert (own_week.both, own_week.agree, own_week.disagree) == (100, 90, 10)
    assert (own_week.one_only, own_week.other_only) == (0, 5)
    assert (own_ticked.both, own_ticked.disagree) == (100, 40)
    assert (week_ticked.both, week_ticked.disagree) == (105, 30)


def test_a_window_that_is_too_short_is_told_by_the_days_until_the_return() -> None:
    """Least, mean and greatest number of days, over exactly the contacts in dispute."""
    (kind,) = pairs()[0].kinds
    assert kind.days == (8, 15, 30)
    assert str(kind) == (
        "10 contacts: N in own, because the customer came back for the same reason after 15 days on average "
        "(8 days to 30 days); Y in week, which counts a return for the same reason within 7 days only"
    )


def test_kinds_go_both_ways_largest_first() -> None:
    """Those that one denies, then those that the other does."""
    kinds = pairs()[1].kinds
    assert [(kind.no, kind.contacts) for kind in kinds] == [("ticked", 30), ("own", 10)]
    assert kinds[0].because == "because not ticked"
    assert kinds[0].although == "does not look at whether the agent marked it resolved"
    assert kinds[1].although == "does not ask whether the customer came back"


def test_one_row_a_kind_for_a_file() -> None:
    """The file holds the days as numbers, and leaves them out where they do not decide."""
    rows = flat(pairs())
    assert [row["contacts"] for row in rows] == [10, 30, 10, 30]
    assert rows[0]["days_mean"] == 15
    assert rows[1]["days_mean"] is None


@pytest.mark.parametrize(
    ("policy", "condition", "words"),
    [
        (Policy(counts_when=(Condition("transfers", at_most=2),)), Condition("transfers", at_most=0), "allows up to 2"),
        (Policy(counts_when=(Condition("transfers", below=2),)), Condition("transfers", at_most=0), "asks for less"),
        (Policy(counts_when=(Condition("transfers", at_least=1),)), Condition("transfers", at_most=0), "asks for 1"),
        (
            Policy(counts_when=(Condition("channel", any_of=("phone",)),)),
            Condition("channel", any_of=("email",)),
            "asks it of other contacts",
        ),
        (
            Policy(window=Window(7, (("billing", 40.0),)), link=Link(reason_level=2)),
            Policy().counts_when[0],
            "(first 2 levels) within the window of its reason (7 days to 40 days) only",
        ),
        (load_preset("genesys-nca"), Policy().counts_when[0], "for whatever reason within 7 days"),
    ],
)
def test_why_another_says_yes_all_the_same(policy: Policy, condition: Condition, words: str) -> None:
    """It does not look, or asks for less, or looks a shorter time ahead."""
    assert words in although(policy, condition)


def test_a_condition_without_words_is_told_by_its_signal() -> None:
    """A policy of one's own may leave the words out."""
    assert because(Policy(), Condition("reopens", at_most=0), None) == "because of reopenings"


def test_lengths_are_said_as_people_say_them() -> None:
    """Minutes, then hours, then days."""
    assert [length(days) for days in (1 / 1440, 0.05, 1.9, 2.5)] == ["1 minute", "72 minutes", "46 hours", "2 days"]
