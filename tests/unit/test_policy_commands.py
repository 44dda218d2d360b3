"""`firstcontact policy`: list, show, check, explain, test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firstcontact.doors.cli.policy import policy
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.policy.preset import preset_names, preset_text

DOCUMENT = Path(__file__).parents[2] / "docs" / "policy.md"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(policy, list(arguments))
    if result.exception is not None:
        raise result.exception
    return result.stdout


def documented() -> tuple[str, str]:
    """The policy, with its targets, and the story that the documentation shows."""
    own, targets, story = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL)
    return own + targets, story


def test_list_names_every_preset() -> None:
    """Each preset has a line with its title."""
    assert [line.split()[0] for line in run("list").splitlines()] == list(preset_names())


def test_show_prints_a_file_that_can_be_checked(tmp_path: Path) -> None:
    """What show prints is a policy file, as it stands or with every setting."""
    assert run("show", "egain") == preset_text("egain")
    (tmp_path / "mine.toml").write_text(run("show", "egain", "--full"), encoding="utf-8")
    assert "nothing is wrong" in run("check", str(tmp_path / "mine.toml"))


def test_check_fails_with_every_fault(tmp_path: Path) -> None:
    """A wrong file ends with its faults, which the program turns into an exit code."""
    (tmp_path / "mine.toml").write_text('name = 3\n[links]\nindex = "all"\n', encoding="utf-8")
    with pytest.raises(FirstcontactError) as caught:
        run("check", str(tmp_path / "mine.toml"))
    assert [fault.kind.code for fault in caught.value.faults] == ["FC3002", "FC3003"]


def test_explain_says_it_in_words() -> None:
    """The title, the source, the paragraph and the points."""
    words = run("explain", "queuemetrics")
    assert "Source: QueueMetrics blog" in words
    assert "\n- A return is a contact of the same customer, whatever the reason, within 7 days" in words


def test_the_documented_policy_and_story_hold(tmp_path: Path) -> None:
    """What the documentation shows can be typed."""
    own, story = documented()
    (tmp_path / "mine.toml").write_text(own, encoding="utf-8")
    (tmp_path / "stories.toml").write_text(story, encoding="utf-8")
    assert "nothing is wrong" in run("check", str(tmp_path / "mine.toml"))
    tried = run("test", str(tmp_path / "stories.toml"), "--draw")
    assert "as told" in tried
    assert "━" in tried
    alone = run("test", str(tmp_path / "stories.toml"), "--policy", str(tmp_path / "mine.toml"))
    assert re.search(r"transferred +mine +N does not\n", alone)


def test_a_failing_story_fails(tmp_path: Path) -> None:
    """FC3020, after all verdicts have been shown."""
    (tmp_path / "stories.toml").write_text(documented()[1].replace('"Y"', '"N"'), encoding="utf-8")
    with pytest.raises(FirstcontactError, match="FC3020"):
        run("test", str(tmp_path / "stories.toml"))


def test_the_built_in_stories_hold() -> None:
    """Without a file the project's own stories are told."""
    assert run("test", "--policy", "capturi").splitlines()[-1] == "94 stories, 94 verdicts."
