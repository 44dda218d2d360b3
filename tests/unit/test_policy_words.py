"""Policies say in plain words what they do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from firstcontact.measurement.policy.explain import explain, say
from firstcontact.measurement.policy.model import Condition, Exclusion, Link, Policy, Related, Window
from firstcontact.measurement.policy.preset import load_preset, preset_names


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_explained(name: str) -> None:
    """Each condition and each open case stands in the words."""
    preset = load_preset(name)
    words = explain(preset)
    for condition in preset.counts_when + preset.left_out_when + preset.unsettled_when:
        assert say(condition) in words.paragraph
    for condition in preset.unsettled_when:
        assert f"Because: {condition.because}." in words.points


def test_every_setting_that_moves_a_figure_changes_the_words() -> None:
    """Two policies that differ are not explained alike."""
    plain = Policy()
    changes = [
        replace(plain, link=replace(Link(), **{key: value}))
        for key, value in {
            "index": "all",
            "gap_from": "start",
            "reason_level": 1,
            "channels": ("phone", "chat"),
            "look_back_days": 60.0,
            "look_back_factor": 2.0,
            "same_contact_seconds": 0.0,
            "same_contact_any_channel": True,
            "outbound": "count",
            "abandoned": "return_only",
            "self_service": "ignore",
            "missing_customer": "single",
            "missing_reason": "exclude",
            "events_days": 90.0,
        }.items()
    ]
    changes += [
        replace(plain, window=Window(7)),
        replace(plain, window=Window(30, (("a", 3.0),))),
        replace(plain, window=Window(30, (), "learned")),
        replace(plain, related=(Related("a", "b", 3),)),
        replace(plain, related=(Related("a", "b", 3, both_ways=True),)),
        replace(plain, exclude=(Exclusion("test", "queue", ("test", "")),)),
        replace(plain, left_out_when=(Condition("settled", equals=False),)),
        replace(plain, unsettled_when=(Condition("settled", equals=False),)),
    ]
    said = {explain(policy) for policy in [plain, *changes]}
    assert len(said) == len(changes) + 1


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition("settled", equals=True), "its record is solved or closed"),
        (Condition("settled", equals=False), "its record is still open"),
        (Condition("reopens", at_most=0), "no reopenings"),
        (Condition("reopens", at_least=2), "reopenings: at least 2"),
        (Condition("minutes_to_settle", below=15), "minutes until it was first settled: less than 15"),
        (Condition("settled_times", equals=1), "times it was solved or closed: exactly 1"),
        (Condition("channel", any_of=("phone", "chat")), "the channel is phone or chat"),
        (Condition("channel", equals="chat"), "the channel is chat"),
    ],
)
def test_each_comparison_has_its_words(condition: Condition, words: str) -> None:
    """A reader can tell at most from less than."""
    assert say(condition) == words
