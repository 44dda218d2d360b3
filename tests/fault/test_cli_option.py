"""What is typed wrongly is said before anything is read, with what may be typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstcontact.kernel.errors import EXIT_INPUT, EXIT_OUTPUT, EXIT_POLICY, EXIT_REFUSED, EXIT_USAGE
from tests.command import MARK, measure, run


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest export with an agent, a customer and a further column."""
    path = tmp_path_factory.mktemp("option") / "calls.csv"
    rows = [
        f"c{i},2024-{1 + i % 6:02d}-{1 + i % 28:02d} 10:{i % 60:02d}:00,k{i % 40},billing,agent{i % 5},north,{MARK}"
        for i in range(200)
    ]
    path.write_text(
        "\n".join(["call id,start time,customer id,reason,Agent Name,region,note", *rows]), encoding="utf-8"
    )
    return path


WRONG: dict[str, tuple[int, str, tuple[str, ...]]] = {
    "no date": (EXIT_USAGE, "", ("--cutoff", "yesterday")),
    "a cut-off before time": (EXIT_USAGE, "FC4001", ("--cutoff", "0001-01-01")),
    "a cut-off after time": (EXIT_USAGE, "FC4001", ("--cutoff", "9999-12-31T23:59:59", "--zone", "America/New_York")),
    "a cut-off before the data": (EXIT_USAGE, "FC4001", ("--cutoff", "2020-01-01")),
    "a beginning after the data": (EXIT_USAGE, "FC4001", ("--since", "2030-01-01")),
    "a beginning after the end": (EXIT_USAGE, "FC4001", ("--since", "2024-05-01", "--cutoff", "2024-03-01")),
    "no country": (EXIT_USAGE, "FC4002", ("--region", "nonsense")),
    "a country in small letters": (EXIT_USAGE, "FC4002", ("--region", "il")),
    "the agent": (EXIT_USAGE, "FC5001", ("--by", "agent_id")),
    "the agent by the source's name": (EXIT_USAGE, "FC5001", ("--by", "AGENT NAME")),
    "the agent among others": (EXIT_USAGE, "FC5001", ("--by", "week,agent name")),
    "the customer": (EXIT_USAGE, "FC5003", ("--by", "customer_id")),
    "the customer by the source's name": (EXIT_USAGE, "FC5003", ("--by", "Customer ID")),
    "single contacts": (EXIT_USAGE, "FC5003", ("--by", "call id")),
    "a slice of nothing": (EXIT_USAGE, "FC5002", ("--by", ",")),
    "a column of ours that is no slice": (EXIT_USAGE, "FC5002", ("--by", "started_at")),
    "a column that is not there": (EXIT_INPUT, "FC1024", ("--by", "nonesuch")),
    "no level of reasons": (EXIT_INPUT, "FC1024", ("--by", "reason_99999999999999")),
    "no zone": (EXIT_INPUT, "FC1025", ("--zone", "nonsense")),
    "a path for a zone": (EXIT_INPUT, "FC1025", ("--zone", "../../etc/passwd")),
    "no memory": (EXIT_USAGE, "FC9002", ("--memory", "nonsense")),
    "negative memory": (EXIT_USAGE, "FC9002", ("--memory=-1GB",)),
    "too little memory": (EXIT_USAGE, "FC9002", ("--memory", "10MB")),
    "SQL for memory": (EXIT_USAGE, "FC9002", ("--memory", "1GB'; DROP TABLE contacts; --")),
    "no threads": (EXIT_USAGE, "", ("--threads", "0")),
    "more threads than any machine has": (EXIT_USAGE, "", ("--threads", "100000")),
    "no language": (EXIT_USAGE, "FC6100", ("--language", "../en")),
    "no mapping": (EXIT_INPUT, "FC1001", ("--mapping", "nope.toml")),
    "no preset": (EXIT_POLICY, "FC3007", ("--policy", "nonesuch")),
    "no option": (EXIT_USAGE, "", ("--bogus",)),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_option_is_said_with_what_is_right(case: str, calls: Path, tmp_path: Path) -> None:
    """Its own code and exit status; nothing is written."""
    code, fault, arguments = WRONG[case]
    said = measure(calls, tmp_path / "run", *arguments)
    assert (said.code, set(said.codes)) == (code, {fault} - {""})
    assert fault or "Error: " in said.err


def test_all_faults_are_said_at_once(calls: Path, tmp_path: Path) -> None:
    """Whoever mends one learns of the others in the same run."""
    said = measure(calls, tmp_path / "run", "--cutoff", "0001-01-01", "--since", "9999-01-01", "--region", "XX")
    assert (said.code, said.codes) == (EXIT_USAGE, ["FC4001", "FC4001", "FC4002"])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "FC3006"),
        ('name = "x"\nversion = "1"\nbananas = 3\n[link]\nindexx = "all"\n', "FC3002"),
        ("name = [", "FC3001"),
        (b"\xff\xfe\x00\x81", "FC3008"),
    ],
    ids=["empty", "unknown keys", "no TOML", "binary"],
)
def test_a_wrong_policy_is_said_with_its_lines(content: str | bytes, code: str, calls: Path, tmp_path: Path) -> None:
    """A policy with unknown keys is never half obeyed."""
    policy = tmp_path / "p.toml"
    policy.write_bytes(content.encode() if isinstance(content, str) else content)
    said = measure(calls, tmp_path / "run", "--policy", policy)
    assert (said.code, set(said.codes)) == (EXIT_POLICY, {code})


def test_further_columns_cut_figures_with_little_memory(calls: Path, tmp_path: Path) -> None:
    """A column of the source by its own name, several together, with the least memory that is allowed."""
    said = measure(
        calls, tmp_path / "run", "--by", "Region", "--by", "region,month", "--memory", "64MB", "--threads", "1"
    )
    assert said.code in (0, EXIT_REFUSED), said.err
    results = (tmp_path / "run" / "results.csv").read_text(encoding="utf-8-sig")
    assert "north" in results
    assert "agent1" not in results


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export that holds the agent three times: by name, copied with one slip of the pen, and as an address."""
    path = tmp_path_factory.mktemp("copies") / "calls.csv"
    rows = [
        f"c{i},2024-{1 + i % 6:02d}-{1 + i % 28:02d} 10:{i % 60:02d}:00,k{i % 40},billing,agent{i % 5},"
        f"{'agent4' if i == 7 else f'agent{i % 5}'},agent{i % 5}@example.org,{'north' if i % 5 < 3 else 'south'}"
        for i in range(200)
    ]
    header = "call id,start time,customer id,reason,Agent Name,bearbeiter,served by,region"
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ("measure", "--by", "Bearbeiter"),
        ("measure", "--by", "month,served by"),
        ("compare", "--by", "bearbeiter", "--cells", "agent1,agent2"),
        ("change", "--reason", "billing", "--date", "2024-04-01", "--where", "served by=agent1@example.org"),
    ],
    ids=["a copy", "an address among others", "compared", "a change"],
)
def test_a_copy_of_the_agent_is_the_agent(arguments: tuple[str, ...], copies: Path, tmp_path: Path) -> None:
    """FC5001 also where the agent stands under another name, or every agent has one value of their own."""
    command, *others = arguments
    out = ("--out", tmp_path / "run") if command == "measure" else ()
    said = run(command, copies, *others, *out)
    assert (said.code, said.codes) == (EXIT_USAGE, ["FC5001"]), said.err
    assert "agent1" not in said.out + said.err
    assert not (tmp_path / "run").exists()


def test_groups_of_agents_are_no_agents(copies: Path, tmp_path: Path) -> None:
    """A region in which every agent always works is a group, and figures may be cut by it."""
    assert measure(copies, tmp_path / "run", "--by", "region").code in (0, EXIT_REFUSED)


def test_other_commands_say_faults_the_same_way(calls: Path, tmp_path: Path) -> None:
    """`inspect` and `simulate`: faults with four clauses, exit status of their kind, nothing left behind."""
    assert run("inspect", tmp_path / "no.csv").codes == ["FC1001"]
    taken = tmp_path / "taken.toml"
    taken.touch()
    said = run("inspect", calls, "--write-mapping", taken)
    assert (said.code, said.codes) == (EXIT_OUTPUT, ["FC1030"])
    said = run("inspect", calls, "--write-mapping", tmp_path / "no" / "such" / "m.toml")
    assert (said.code, said.codes) == (EXIT_OUTPUT, ["FC1030"])
    assert run("simulate").code == EXIT_USAGE
    said = run("simulate", "--out", tmp_path / "s", "--contacts", "-5", "--set", "bananas=3")
    assert (said.code, said.codes) == (EXIT_USAGE, ["FC7001", "FC7006"])
    said = run("simulate", "--out", tmp_path / "s", "--set", "people")
    assert (said.code, said.codes) == (EXIT_USAGE, ["FC7008"])
    said = run("simulate", "--out", tmp_path / "s", "--world", tmp_path / "no.toml")
    assert (said.code, said.codes) == (EXIT_INPUT, ["FC7007"])
    assert not (tmp_path / "s").exists()
    assert run("inspect", calls, "--show-values=1").code == EXIT_USAGE
