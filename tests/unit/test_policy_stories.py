"""Stories files are read whole, or refused with everything that is wrong; and stories are drawn."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.policy.draw import draw
from firstcontact.measurement.policy.read_story import read_stories, stories_from
from firstcontact.measurement.policy.story import DAY_ZERO, Story
from firstcontact.measurement.policy.toml_text import parse

GOOD = """
[[story]]
name = "one"
title = "One"
tells = "Dana calls twice."
judged = "a"
recorded = ["settled", "survey"]

[[story.contact]]
id = "a"
at = "day 0 09:00"
lasts = "1h 30m"
customer = "Dana"
queued_before = "30s"
answered_after = "5s"
x_tag = "vip"
events = ["5m public_reply Ana Lee", "1h 2m settled"]
survey = { resolved = true }

[[story.contact]]
id = "b"
at = "day -3"
abandoned = true

[story.facts]
a = { repeat_of = "", previous_gap = "2d" }

[story.expected]
firstcontact = "Y"
"""


def one(text: str) -> Story:
    (story,) = stories_from(parse(text, "s.toml"))
    return story


def faults_of(text: str) -> list[str]:
    with pytest.raises(FirstcontactError) as caught:
        stories_from(parse(text, "s.toml"))
    return [str(fault) for fault in caught.value.faults]


def test_a_story_is_read_as_told() -> None:
    """Moments, lengths, events, further columns and surveys arrive as contacts."""
    story = one(GOOD)
    first, second = story.contacts
    assert first.started_at - DAY_ZERO == timedelta(hours=9)
    assert first.ended_at is not None
    assert first.ended_at - first.started_at == timedelta(minutes=90)
    assert first.queued_at == first.started_at - timedelta(seconds=30)
    assert first.answered_at == first.started_at + timedelta(seconds=5)
    assert [(e.at - first.started_at, e.kind, e.agent_id) for e in first.events] == [
        (timedelta(minutes=5), "public_reply", "Ana Lee"),
        (timedelta(minutes=62), "settled", None),
    ]
    assert first.column("x_tag") == "vip"
    assert first.survey is not None
    assert (first.survey.resolved, first.survey.contacts_needed) == (True, None)
    assert second.started_at == DAY_ZERO - timedelta(days=3)
    assert (second.customer, second.ended_at, second.abandoned) == (None, None, True)


def test_what_is_recorded_happens_to_a_bystander() -> None:
    """A signal that never occurs in a story is supported all the same."""
    *told, bystander = one(GOOD).world
    assert tuple(told) == one(GOOD).contacts
    assert bystander.customer is None
    assert [event.kind for event in bystander.events] == ["settled"]
    assert bystander.survey is not None


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ('at = "day 0 09:00"', 'at = "monday"', "FC3004", "day 3 09:30"),
        ('lasts = "1h 30m"', 'lasts = "soon"', "FC3004", "1d 2h 30m 15s"),
        ('lasts = "1h 30m"', 'lasts = "-5m"', "FC3004", "1d 2h 30m 15s"),
        ("public_reply Ana Lee", "public_replies Ana", "FC3004", "5m public_reply Ana"),
        ('firstcontact = "Y"', 'firstcontact = "yes"', "FC3004", '"N" (does not)'),
        ('firstcontact = "Y"', 'first-contact = "Y"', "FC3004", 'type "firstcontact"'),
        ('judged = "a"', 'judged = "z"', "FC3004", "allowed: a, b"),
        ('"settled", "survey"', '"settle"', "FC3004", 'type "settled"'),
        ('repeat_of = ""', 'repeat = "a"', "FC3003", "true or false"),
        ('previous_gap = "2d"', 'previous_gap = "two"', "FC3004", "1d 2h 30m 15s"),
        ('previous_gap = "2d"', 'gap = "2d"', "FC3002", "previous_gap"),
        ('a = { repeat_of = "", previous_gap = "2d" }', "z = {}", "FC3004", "allowed: a, b"),
        ('customer = "Dana"', 'costumer = "Dana"', "FC3002", "type `customer`"),
        ('id = "b"', "", "FC3006", "no `id`"),
        ('title = "One"', "titel = 'One'", "FC3002", "type `title`"),
        ("[story.expected]\nfirstcontact = ", "expected = ", "FC3003", "a section"),
        ("{ resolved = true }", '{ resolved = "yes" }', "FC3003", "true or false"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, code: str, said: str) -> None:
    """Each fault names its code and what to type."""
    assert old in GOOD
    faults = faults_of(GOOD.replace(old, new))
    assert any(fault.startswith(code) and said in fault for fault in faults), faults


def test_stories_need_a_story_and_a_contact() -> None:
    """FC3006 for an empty file, and for a story without contacts."""
    assert faults_of("")[0].startswith("FC3006")
    assert any("no contact" in fault for fault in faults_of('[[story]]\nname="a"\ntitle="b"\ntells="c"\n'))
    assert any(
        "a single value" in f
        for f in faults_of(GOOD.partition("[story.facts]")[0].replace('judged = "a"', "facts = 3"))
    )


def test_names_of_stories_are_unique() -> None:
    """Two stories of one name could not be told apart in a report."""
    assert any("a second time" in fault for fault in faults_of(GOOD + GOOD))


def test_faults_of_a_storys_own_policy_are_said() -> None:
    """A story's policy is checked like a file's."""
    faults = faults_of(GOOD + '\n[story.policy]\nname = "own"\n[story.policy.link]\nindx = "all"\n')
    assert "`indx`" in faults[0]
    assert "line 34" in faults[0]


def test_stories_are_read_from_a_file(tmp_path: Path) -> None:
    """A file is as good as a text, and a missing one is FC3008."""
    (tmp_path / "s.toml").write_text(GOOD, encoding="utf-8")
    assert [story.name for story in read_stories(tmp_path / "s.toml")] == ["one"]
    with pytest.raises(FirstcontactError, match="FC3008"):
        read_stories(tmp_path / "t.toml")


def test_a_story_is_drawn_to_scale() -> None:
    """Contacts stand on one line, earliest first, with a letter for each event."""
    axis, first, second, events = draw(one(GOOD)).splitlines()
    assert axis.split() == ["day", "-3", "00:00", "day", "0", "10:30"]
    assert first.startswith(" b (unknown), (no channel), (no reason), abandoned")
    assert first.endswith("  ╌")
    assert second.startswith("*a Dana")
    assert second.rstrip().endswith("━")
    assert events.split() == ["RS"]
