"""Knobs: every one is public and described, and everything wrong with a world is said at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from firstcontact.kernel.errors import Faults, FirstcontactError
from firstcontact.measurement.simulator.generate import simulate
from firstcontact.measurement.simulator.knob import knobs
from firstcontact.measurement.simulator.world import Agents, Change, Coding, Edge, Reason, World
from firstcontact.measurement.simulator.world_file import read_world, world_toml

DOCUMENT = Path(__file__).parents[2] / "docs" / "simulator.md"


def codes(error: pytest.ExceptionInfo[FirstcontactError]) -> list[str]:
    return [fault.kind.code for fault in error.value.faults]


def read(file: Path | None = None, *settings: str) -> World:
    faults = Faults()
    world = read_world(file, settings, faults)
    faults.raise_if_any()
    return world


def test_the_default_world_is_sound() -> None:
    """Nothing is wrong with the world one gets without asking."""
    World().check()


def test_every_knob_has_a_meaning_and_a_path_of_its_own() -> None:
    """No knob is undescribed, and no two share a path."""
    listed = list(knobs(World()))
    assert [knob.path for knob in listed if not knob.about] == []
    assert len({knob.path for knob in listed}) == len(listed) > 200


def test_every_group_of_knobs_stands_in_the_document() -> None:
    """A group that the document does not mention fails here."""
    text = DOCUMENT.read_text(encoding="utf-8")
    groups = {knob.path.split(".")[0] for knob in knobs(World())}
    assert {group for group in groups if f"`{group}`" not in text} == set()


@pytest.mark.parametrize("world", [World(), replace(World(), change=Change(date(2024, 5, 1), "bill", -0.3))])
def test_a_world_survives_its_file(world: World, tmp_path: Path) -> None:
    """What is written as TOML is read back as the same world."""
    file = tmp_path / "world.toml"
    file.write_text(world_toml(world), encoding="utf-8")
    assert read(file) == world


def test_a_file_adjusts_and_settings_win(tmp_path: Path) -> None:
    """Tables adjust the default; `--set` comes after the file."""
    file = tmp_path / "w.toml"
    file.write_text("days = 90\n[agents]\nskill_sd = 0.1\ncount = 20\n[reasons.password]\nrho = 1\n", encoding="utf-8")
    world = read(file, "agents.count=30", "reasons.password.rate=.5", "change.date=2024-02-01", "change.reason=bill")
    assert (world.days, world.agents.skill_sd, world.agents.count) == (90, 0.1, 30)
    assert (world.reasons[0].rho, world.reasons[0].rate, world.reasons[0].unresolved) == (1.0, 0.5, 0.115)
    assert world.change == Change(date(2024, 2, 1), "bill", 0.0)
    assert read(None, "edges.setup-fault.probability=0").edges[0].probability == 0
    assert read(None, "arrival.weekday=[1,1,1,1,1,0,0]").arrival.weekday == (1, 1, 1, 1, 1, 0, 0)
    assert read(None, "reasons.bill.billing=false").reasons[2].billing is False


def test_an_array_of_tables_replaces_the_family(tmp_path: Path) -> None:
    """`[[reasons]]` gives the whole list; what a reason leaves out has its default."""
    file = tmp_path / "w.toml"
    file.write_text('edges = []\n[[reasons]]\nname = "one"\npath = "a > one"\nunresolved = 0.5\n', encoding="utf-8")
    world = read(file)
    assert world.reasons == (Reason("one", "a > one", unresolved=0.5),)
    assert world.edges == ()


def test_everything_wrong_with_a_file_is_said_at_once(tmp_path: Path) -> None:
    """Unknown knobs, wrong types and bad settings, in one error."""
    file = tmp_path / "w.toml"
    file.write_text(
        'dayz = 3\ndays = "many"\nchannels = 4\n[agents]\ncount = 1.5\nskil = 1\n[reasons.pasword]\nrate = 1\n'
        "[arrival]\nweekday = [1, 'x']\n",
        encoding="utf-8",
    )
    faults = Faults()
    read_world(file, ["nonsense", "=3", "agents..count=1", "coding=3", "reasons.bill=2"], faults)
    with pytest.raises(FirstcontactError) as error:
        faults.raise_if_any()
    assert codes(error) == [
        *("FC7001", "FC7002", "FC7002", "FC7002", "FC7001", "FC7001", "FC7002"),
        *("FC7008", "FC7008", "FC7008", "FC7002", "FC7001"),
    ]


@pytest.mark.parametrize(
    "content", [b"days = = 3", b"\xff\xfe\x00bad", None], ids=["not TOML", "not text", "not there"]
)
def test_an_unreadable_world_file_is_said(content: bytes | None, tmp_path: Path) -> None:
    """A file that cannot be read or is not TOML gives FC7007."""
    file = tmp_path / "w.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(FirstcontactError) as error:
        read(file)
    assert codes(error) == ["FC7007"]


def test_values_out_of_range_are_said_at_once() -> None:
    """Probabilities outside 0 to 1, negative rates, infinite numbers, too many agents."""
    world = replace(
        World(),
        days=0,
        coding=Coding(wrong=1.5, missing=-0.1),
        agents=Agents(skill_sd=float("nan"), hourly_cost=float("inf"), count=0),
    )
    with pytest.raises(FirstcontactError) as error:
        world.check()
    wrong = [fault.where.removeprefix("knob ") for fault in error.value.faults if fault.kind.code == "FC7003"]
    assert wrong == ["days", "agents.count", "agents.skill_sd", "agents.hourly_cost", "coding.wrong", "coding.missing"]


@pytest.mark.parametrize("day", [date(2023, 12, 31), date(2025, 2, 24)])
def test_a_change_outside_the_period_is_refused(day: date) -> None:
    """The day before the first and the day after the last are outside."""
    with pytest.raises(FirstcontactError) as error:
        replace(World(), change=Change(day)).check()
    assert codes(error) == ["FC7004"]
    replace(World(), change=Change(date(2025, 2, 23))).check()


def test_contradictions_are_said_at_once() -> None:
    """Names used twice, edges to nowhere, unknown channels and lists of the wrong length."""
    world = World()
    world = replace(
        world,
        reasons=(*world.reasons, world.reasons[0]),
        edges=(Edge("setup", "nowhere"),),
        channels=(replace(world.channels[0], name="telegraph"),),
        arrival=replace(world.arrival, weekday=(1.0,), hour=(0.0,) * 24),
        change=Change(None, "nowhere"),
    )
    with pytest.raises(FirstcontactError) as error:
        world.check()
    assert set(codes(error)) == {"FC7005"}
    assert [fault.where.removeprefix("knob ") for fault in error.value.faults] == [
        *("reasons", "reasons.NAME.path", "edges.setup-nowhere", "channels", "change.reason"),
        *("arrival.weekday", "arrival.hour"),
    ]


def test_issues_that_breed_without_end_are_refused() -> None:
    """Two reasons that always bring each other are a contradiction; nearly always is not."""
    circle = (Edge("setup", "fault", 1.0), Edge("fault", "setup", 1.0))
    with pytest.raises(FirstcontactError) as error:
        replace(World(), edges=circle).check()
    assert codes(error) == ["FC7005"]
    replace(World(), edges=(circle[0], Edge("fault", "setup", 0.5))).check()


def test_a_world_without_issues_is_refused() -> None:
    """Rates of zero would never fill a log."""
    with pytest.raises(FirstcontactError) as error:
        replace(World(), customers=replace(World().customers, rate_factor=0.0)).check()
    assert codes(error) == ["FC7005"]


def test_size_and_seed_are_checked_together_with_the_knobs() -> None:
    """No contacts, a negative seed and a bad probability: three faults, one error."""
    with pytest.raises(FirstcontactError) as error:
        simulate(replace(World(), coding=Coding(wrong=2)), contacts=0, seed=-1)
    assert codes(error) == ["FC7006", "FC7006", "FC7003"]
