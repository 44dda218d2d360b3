"""The page that holds every definition against the truth of simulated centres."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firstcontact.measurement.policy.preset import preset_names
from tools.truth import CENTRES, CONTACTS, PAGE, PICTURE, SEED, Centre, Outcome, Told, by_distance, order, page, tell
from tools.truth_picture import draw

ROOT = Path(__file__).parents[2]
TRUTH = {"t_fcr": 0.8, "r_fcr": 0.85, "s_fcr": 0.75}


def outcome(*told: Told, name: str = "default") -> Outcome:
    return Outcome(Centre(name, "A centre."), TRUTH, told)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A centre so small that it is measured at once."""
    centre = Centre("tiny", "A small one.", ("days=150", "coding.missing=0"))
    return tell(centre, 1_500, 3, tmp_path_factory.mktemp("truth") / "log")


def test_a_simulated_centre_is_told_with_its_truth(tiny: Outcome) -> None:
    """Every preset has a figure or a reason, and the errors explain the distance where openers are not chosen."""
    assert {told.definition for told in tiny.told} == set(preset_names())
    assert all((told.figure is None) == bool(told.why) for told in tiny.told)
    assert all(0 <= told.false_yes <= 1 and 0 <= told.false_no <= 1 for told in tiny.told)
    assert 0.6 < tiny.truth["t_fcr"] < 0.95
    said = tiny.of("agent-says")
    assert said.figure is not None
    assert said.false_yes > said.false_no
    assert said.distance(tiny.truth["t_fcr"]) == pytest.approx(said.figure - tiny.truth["t_fcr"])


def test_wrong_verdicts_are_counted_against_the_truth(tiny: Outcome) -> None:
    """What agents tick wrongly yes is what the simulator made them tick: about 4 in 7 of the unresolved."""
    said = tiny.of("agent-says")
    assert said.false_yes == pytest.approx((1 - tiny.truth["t_fcr"]) * 4 / 7, abs=0.05)


def test_distances_are_in_points_from_each_truth() -> None:
    """A figure of 77 % is 3 points below a truth of 80 %, 8 below 85 % and 2 above 75 %."""
    text = page([outcome(Told("repeat-30d", 0.77, 0.01, 0.04))], 10, 1)
    assert "| `repeat-30d` | 77.0 % | -3.0 | -8.0 | +2.0 | 1.0 % | 4.0 % |" in text


def test_the_nearest_comes_first_and_the_refused_last() -> None:
    """By distance from T-FCR, whichever way."""
    told = (Told("refused", None, why="no surveys"), Told("far", 0.5), Told("above", 0.85), Told("near", 0.79))
    assert [one.definition for one in by_distance(outcome(*told))] == ["near", "above", "far", "refused"]


def test_closeness_by_cancelling_errors_is_called_an_accident() -> None:
    """Wrong about a quarter of contacts and yet close; a definition that is rarely wrong is close for a reason."""
    told = (Told("lucky", 0.79, 0.12, 0.13), Told("good", 0.81, 0.02, 0.01), Told("shifted", 0.8, 0.2, 0.05))
    elsewhere = outcome(Told("lucky", 0.6), Told("good", 0.8), Told("shifted", None), name="other")
    text = page([outcome(*told), elsewhere], 10, 1)
    assert "2 of them are wrong about more than 10 %" in text
    assert re.search(r"`lucky` \(-1.0 pp\).*nearly cancel\. Elsewhere: other -20.0 pp\.", text)
    assert re.search(r"`good` .*close for a reason", text)
    assert re.search(r"`shifted` .*judging other contacts.*other refused", text)
    assert "none comes within" in page([outcome(Told("far", 0.2))], 10, 1)


def test_the_picture_shows_every_definition(tmp_path: Path) -> None:
    """An SVG with the names as text."""
    told = outcome(Told("near", 0.79), Told("far", 0.5), Told("refused", None))
    draw([told], order(told), tmp_path / "pictures" / "truth.svg")
    text = (tmp_path / "pictures" / "truth.svg").read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert "near" in text
    assert "refused" not in text


def test_the_committed_page_says_how_it_was_made() -> None:
    """Command, sizes, seed, every centre's settings and every preset stand on it; tables are whole."""
    text = PAGE.read_text(encoding="utf-8")
    assert "`make truth`" in text
    assert "\ntruth:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    for centre in CENTRES:
        assert f"--contacts {CONTACTS} --seed {SEED} --out {centre.name}" in text
        assert all(f"--set {setting}" in text for setting in centre.settings)
    for name in preset_names():
        assert text.count(f"| `{name}` |") == 2, name
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    assert len(tables) == 3
    assert all(len({line.count("|") for line in table.splitlines()}) == 1 for table in tables)
    assert f"({PICTURE.relative_to(PAGE.parent)})" in text
    assert PICTURE.read_text(encoding="utf-8").startswith("<svg")
