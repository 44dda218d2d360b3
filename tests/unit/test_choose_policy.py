"""The choices that most centres make, written into the text of a policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from firstcontact.measurement.policy.preset import preset_text
from firstcontact.services import choose_policy
from firstcontact.services.choose_policy import Choices, choices_of, choose
from firstcontact.services.policy_version import first_text, read_version

ASKED = Choices(14, "fail", "count", 0.8, 0.02, date(2026, 1, 31))
TEXTS = {
    "tables": first_text(),
    "another's": preset_text("metricnet-gross"),
    "bare": 'name = "bare"\n',
    "in one line": 'name = "x"\ncounts_when = [{signal = "returned", equals = false}]\nlink.abandoned = "ignore"\n'
    "window = {default_days = 30}\n",
    "from Windows": 'name = "x"\r\n[targets.repeat_rate]\r\nat_most = 0.2\r\n\r\n[window]\r\ndefault_days = 30\r\n',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_chosen_is_what_the_text_says_and_nothing_else_moves(text: str) -> None:
    """However the text is laid out; and taken back, the policy is the one before."""
    policy = read_version(text)
    before = choices_of(policy)
    made = choose(text, before, ASKED)
    assert made is not None
    after = read_version(made)
    assert choices_of(after) == ASKED
    rest = {"window": policy.window, "link": policy.link, "counts_when": policy.counts_when, "targets": policy.targets}
    assert replace(after, **rest) == policy  # type: ignore[arg-type]
    assert after.target("repeat_rate") == policy.target("repeat_rate")
    back = choose(made, ASKED, before)
    assert back is not None
    assert read_version(back).digest == policy.digest


def test_comments_order_and_what_one_did_not_choose_stay() -> None:
    """What somebody typed into the text after the form was shown is not taken back by the form."""
    text = (
        '# ours\nname = "x" # short\n\n[link]\nabandoned = "count"\n\n[window]\ndefault_days = 9 # a week and a bit\n'
    )
    shown = choices_of(read_version('name = "x"\n'))
    made = choose(text, shown, replace(shown, aim=0.75))
    assert made == text + "\n[targets.fcr_issue]\nat_least = 0.75\n"


def test_a_rule_of_ones_own_for_transfers_stays() -> None:
    """What the choice cannot say is left to the text."""
    text = (
        'name = "x"\n[[counts_when]]\nsignal = "returned"\nequals = false\n[[counts_when]]\nsignal = "transfers"\n'
        "at_most = 2\n"
    )
    own = choices_of(read_version(text))
    assert own.transfers == "own"
    assert choose(text, own, replace(own, transfers="fail")) == text


def test_what_cannot_be_written_is_none_and_never_a_text_that_says_something_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was written is read back and compared with what was asked for."""
    text = first_text()
    was = choices_of(read_version(text))
    monkeypatch.setattr(choose_policy, "_section", lambda *_, **__: {})
    assert choose(text, was, replace(was, days=14)) is None


def test_a_text_that_only_a_person_can_change_is_said_to_be_one() -> None:
    """No section can be put below a table that stands in one line."""
    text = 'name = "x"\ntargets = {repeat_rate = {at_most = 0.2}}\n'
    was = choices_of(read_version(text))
    assert choose(text, was, replace(was, aim=0.8)) is None
