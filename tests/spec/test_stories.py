"""What the policies mean: stories, run on the reference twin and on the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.policy.model import Policy
from firstcontact.measurement.policy.preset import load_preset, preset_names
from firstcontact.measurement.policy.read_story import read_stories, stories_files
from firstcontact.measurement.policy.story import Story
from firstcontact.measurement.reference.tell import Seen, Teller, fit_for, tell
from firstcontact.services.print_manual import print_manual
from firstcontact.services.try_policy import Trial, refuse_failures, try_policy
from tests.engine_teller import engine_teller

STORIES = [story for file in stories_files() for story in read_stories(file)]
BY_NAME = {story.name: story for story in STORIES}

COLUMNS = (
    "zendesk-one-touch",
    "dbt-zendesk-one-touch",
    "freshservice",
    "servicenow-csm",
    "rightnow",
    "intercom",
    "egain",
    "zammad-first-solution",
    "queuemetrics",
    "genesys-nca",
    "sqm-survey",
    "metricnet-gross",
    "firstcontact",
)

# The design's table of definitions, cell by cell: a row a story of the table, a column a definition. A cell that
# depends on something ("Y if <15 min", "customer says") names the stories that show each of its cases.
OTHERWISE: dict[str, list[str | dict[str, str]]] = {
    "no-reply": [
        "Y", "N", "Y", "Y", "x", "?", "Y",
        {"no-reply": "Y", "no-reply-late": "N"},  # closed within 15 minutes, or not
        "-",
        {"no-reply": "Y", "no-reply-returns": "N"},  # no return in 7 days, or a return
        {"no-reply": "Y", "no-reply-late": "N", "no-reply-returns": "x"},  # what the customer says, or nothing
        {"no-reply": "Y", "no-reply-late": "N"},  # the tick box
        {"no-reply": "Y", "no-reply-returns": "N"},  # no return, or a return
    ],
    "thanks": [
        "Y", "Y", "N", "N", "Y", "N", "N",
        {"thanks": "Y", "thanks-slow": "N"},  # first closed within 15 minutes, or not
        "-", "?", "Y", "Y", "Y",
    ],
    "three-replies": [
        "N", "N", "Y", "N", "N", "Y", "Y",
        {"three-replies": "Y", "three-replies-40-minutes": "N"},
        "-", "Y", "Y",
        {"three-replies": "Y", "three-replies-40-minutes": "Y", "three-replies-3-hours": "N"},  # within an hour, or not
        "Y",
    ],
    "next-day": ["Y", "Y", "Y", "Y", "Y", "Y", "Y", "Y", "N", "N", "N", "Y", "N"],
    "other-issue": ["Y", "Y", "Y", "Y", "Y", "Y", "Y", "Y", "N", "N", "Y", "Y", "Y"],
    "not-linked": [
        "Y", "Y", "Y", "Y", "Y", "Y", "Y", "Y", "Y", "Y", "N", "Y",
        {"not-linked": "Y", "linked": "N"},  # before and after an identifier links the two
    ],
    "warm-transfer": [
        "?", "?", "Y", "?", "?", "N", "Y",
        {"warm-transfer": "Y", "warm-transfer-slow": "N"},
        "Y", "Y", "Y", "N",
        {"warm-transfer": "Y"},
    ],
    "next-bill": [
        "Y", "Y", "Y", "Y", "Y", "Y",
        {"next-bill": "Y", "reopened-day-21": "N", "reopened-day-100": "Y"},  # restated if reopened within 90 days
        "Y", "Y", "Y", "Y", "Y", "N",
    ],
}  # fmt: skip

CELLS = [
    (name, column, letter)
    for row, cells in OTHERWISE.items()
    for column, cell in zip(COLUMNS, cells, strict=True)
    for name, letter in (cell.items() if isinstance(cell, dict) else [(row, cell)])
]


@pytest.mark.parametrize(("name", "preset", "letter"), CELLS)
def test_the_table_of_definitions_holds_cell_by_cell(name: str, preset: str, letter: str) -> None:
    """The stories say what the design's table says, and the twin finds it."""
    story = BY_NAME[name]
    assert story.expected[preset] == letter
    (found,) = [trial.found for trial in try_policy([story]) if trial.policy == preset]
    assert found == letter


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_stories_hold_on_the_twin(story: Story) -> None:
    """Every verdict and every fact of a story is found by the reference twin."""
    trials = try_policy([story], teller=tell)
    refuse_failures(trials)
    assert trials


@pytest.fixture(scope="module")
def one_engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()


ASKED = sorted({name for story in STORIES for name in (story.expected or ["firstcontact"])})


@pytest.mark.parametrize("name", ASKED)
def test_stories_hold_on_duckdb(one_engine: DuckDBEngine, name: str) -> None:
    """Every verdict and every fact that the stories tell about a policy is found by the engine, too."""
    trials = []
    for group in told_together(name):
        policy = group[0].policy if group[0].policy and group[0].policy.name == name else load_preset(name)
        seen = hear_together(group, policy, engine_teller(one_engine, all_signals=any(s.facts for s in group)))
        for story in group:
            teller: Teller = lambda *_, rows=seen[story.name]: rows
            trials += try_policy([story], policy, teller)
    assert trials
    refuse_failures(trials)


def told_together(name: str) -> list[list[Story]]:
    """The stories that a policy can be told as one data set: the same frame, and the same things recorded."""
    groups: dict[object, list[Story]] = {}
    for story in STORIES:
        if name in story.expected:
            own = story.policy if story.policy and story.policy.name == name else None
            with_agents = any(contact.agent_id for contact in story.contacts)
            key = (story.frame, story.recorded, own and own.digest, name == "freshdesk" and with_agents)
            groups.setdefault(key, []).append(story)
    return list(groups.values())


def hear_together(group: list[Story], policy: Policy, teller: Teller) -> dict[str, list[Seen]]:
    """What an engine finds in several stories at once: linking one costs as much as linking all."""
    world = [
        replace(
            contact,
            contact_id=f"{story.name}/{contact.contact_id}",
            customer=None if contact.customer is None else f"{story.name}/{contact.customer}",
        )
        for story in group
        for contact in story.world
    ]
    found: dict[str, list[Seen]] = {story.name: [] for story in group}
    for row in teller(world, policy, fit_for(world, policy), group[0].frame):
        name = row.contact_id.partition("/")[0]
        plain = {key: _without(name, getattr(row, key)) for key in ("contact_id", "leg_of", "repeat_of", "issue_id")}
        found[name].append(replace(row, **plain))
    return found


def _without(name: str, value: str | None) -> str | None:
    return None if value is None else value.removeprefix(f"{name}/")


def test_every_preset_is_told_every_story_of_definitions() -> None:
    """No preset stands without a verdict on the stories that tell definitions apart."""
    for file in stories_files():
        if file.stem != "linking":
            for story in read_stories(file):
                assert set(story.expected) == set(preset_names()), story.name


def test_no_two_presets_are_judged_alike() -> None:
    """Some story separates any two presets, save two names of one rule."""
    told = [story for file in stories_files() if file.stem != "linking" for story in read_stories(file)]
    columns = {name: "".join(story.expected[name] for story in told) for name in preset_names()}
    alike = {frozenset((a, b)) for a in columns for b in columns if a != b and columns[a] == columns[b]}
    assert alike == {frozenset(("dbt-zendesk-one-touch", "zendesk-one-touch-exactly-one"))}


def test_every_letter_is_shown() -> None:
    """The stories show each way in which a contact can be judged."""
    assert {letter for story in STORIES for letter in story.expected.values()} == set("YNx?-wo")


def test_open_cases_carry_their_reason() -> None:
    """A preset that leaves a case open says why."""
    for name in {name for story in STORIES for name, letter in story.expected.items() if letter == "?"}:
        if name in preset_names():
            assert all(condition.because for condition in load_preset(name).unsettled_when), name


def test_the_manual_is_current() -> None:
    """docs/reference/stories.md shows these stories, each drawn."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "stories.md").read_text(encoding="utf-8")
    assert page.partition("\n\n")[2] == "\n\n".join(print_manual()) + "\n"
    assert len(re.findall(r"^### ", page, flags=re.MULTILINE)) == len(STORIES)


def test_a_story_that_does_not_hold_is_refused() -> None:
    """FC3020 names the story, the policy, and what was found against what was told."""
    story = BY_NAME["leg"]
    wrong = replace(story, expected={"firstcontact": "N"}, facts={"b": {"leg_of": "", "next_gap": "1s"}})
    trials = try_policy([wrong])
    assert not trials[0].holds
    with pytest.raises(FirstcontactError, match="FC3020") as caught:
        refuse_failures(trials)
    assert len(caught.value.faults) == 3
    assert "story `leg`, policy `firstcontact`" in str(caught.value.faults[0])


def test_one_policy_is_asked_alone() -> None:
    """With a policy given, each story is told to it, whether or not the story expects something."""
    trials = try_policy([BY_NAME["overlap"], BY_NAME["leg"]], load_preset("queuemetrics"))
    assert [(trial.found, trial.expected, trial.holds) for trial in trials] == [("-", None, True), ("N", "N", True)]
    assert all(isinstance(trial, Trial) for trial in trials)
