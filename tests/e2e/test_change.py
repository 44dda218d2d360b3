"""Changes verified and teams compared, on a log in which one reason was mended; and the commands that do it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pytest
from typer.testing import CliRunner

from firstcontact import bootstrap
from firstcontact.doors.cli.app import app
from firstcontact.kernel.clock import now
from firstcontact.kernel.engine import Engine
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.measurement.explain import agent_support, comparison, control_chart, team_effect
from firstcontact.measurement.explain.change_effect import judge_change
from firstcontact.measurement.explain.explanation import Context, Stamp
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.change import Change
from firstcontact.services.compare_cells import TwoCells, check_column, compare_cells
from firstcontact.services.measure import Measured, measure
from firstcontact.services.prepare import Options
from firstcontact.services.simulate import simulate
from firstcontact.services.verify_change import NO_VERDICT, Verified, verify_change

FAULT, DAY = "product > fault", date(2024, 8, 5)
OTHERS = ("orders > delivery", "billing > bill", "access > password")


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "160"})
    return result.exit_code, " ".join(result.stdout.split()), result.stderr


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of two teams, in which faults were mended on 5 August 2024."""
    home = tmp_path_factory.mktemp("change")
    settings = ["change.date=2024-08-05", "change.reason=fault", "change.logit=-1.5", "agents.teams=2"]
    simulate(bootstrap.simulation_folder(home / "log"), contacts=40_000, seed=5, settings=settings)
    return home / "log"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with bootstrap.engine(threads=2) as opened:
        yield opened


@pytest.fixture(scope="module")
def measured(log: Path, engine: Engine) -> Measured:
    """One measurement of it, for all questions."""
    options = Options(Policy(), definitions=False, detail=False)
    return measure(engine, bootstrap.connector(), [log], options, now=now, version="test")


def test_a_mended_reason_has_an_effect(engine: Engine, measured: Measured) -> None:
    """The verdict names an effect above 0 and its controls, and there is a row a week for a picture."""
    found = verify_change(engine, measured, Change(FAULT, DAY, controls=OTHERS, smallest=0.12))
    assert found.verdict.word == "effect"
    assert str(found.verdict.said).startswith("Effect of +")
    assert isinstance(found.result, Estimate)
    assert 0.03 < found.result.low < found.result.high < 0.4
    assert set(found.verdict.series.names) == {FAULT, *OTHERS}
    data = json.loads(json.dumps(found.as_dict()))
    after = [row for row in data["weeks"] if row["after"]]
    assert len(after) >= 6
    assert len(data["weeks"]) - len(after) >= 12
    assert {"share", "difference", "low_limit", "high_limit", "effect_low"} <= set(after[0])
    assert data["family"]["verdict"] in ("effect", "none", "cannot", "early")


def test_another_reason_has_none(engine: Engine, measured: Measured) -> None:
    """Of a reason that was not touched, the program says how large an effect it excludes."""
    found = verify_change(engine, measured, Change(OTHERS[0], DAY, controls=OTHERS[1:], smallest=0.07))
    assert found.verdict.word == "none"
    assert str(found.verdict.said).startswith("No effect larger than ")


def test_an_interval_that_holds_the_effect_asked_about_answers_nothing(engine: Engine, measured: Measured) -> None:
    """Where the interval excludes only effects larger than the one worth knowing, that is said and not "no effect"; the
    interval is given all the same."""
    found = verify_change(engine, measured, Change(OTHERS[0], DAY, controls=OTHERS[1:], smallest=0.07)).verdict
    assert found.step is not None
    largest = max(-found.step.low, found.step.high)
    cutoff = measured.run.frame.cutoff.date()
    wide, none = (
        judge_change(found.series, DAY, DAY, cutoff, replace(found.plan, smallest=part * largest))
        for part in (0.9, 1.1)
    )
    assert (wide.word, none.word) == ("wide", "none")
    assert str(wide.said).startswith("Too wide to say: ")
    assert wide.step == none.step


@pytest.mark.parametrize("control", [FAULT, "product", f"{FAULT} > screen"])
def test_a_control_is_no_part_of_what_was_changed(engine: Engine, measured: Measured, control: str) -> None:
    """FC5045: the reason itself, the family it belongs to, and what lies below it all move with the change."""
    with pytest.raises(FirstcontactError) as error:
        verify_change(engine, measured, Change(FAULT, DAY, controls=(OTHERS[0], control)))
    assert "FC5045" in [fault.kind.code for fault in error.value.faults]


def test_nothing_is_said_before_the_read_out(engine: Engine, measured: Measured) -> None:
    """A roll-out that ends late is too early to judge: a date and an interval to look at, and no verdict."""
    late = verify_change(engine, measured, Change(FAULT, DAY, rolled_out=date(2025, 1, 5), smallest=0.12))
    assert late.verdict.word == "early"
    assert isinstance(late.result, Refusal)
    assert late.result.kind is NO_VERDICT
    planned = late.verdict.plan
    assert planned.read_out is not None
    assert f"until {planned.read_out}" in late.verdict.said
    assert late.verdict.step is None
    assert len(late.verdict.sequence[0]) == late.verdict.after.sum() > 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Change(FAULT, date(2024, 3, 25)), "change.history-unknown"),
        (Change(FAULT, DAY, smallest=0.002), "change.never"),
    ],
)
def test_what_no_wait_can_mend_is_no_verdict(engine: Engine, measured: Measured, change: Change, code: str) -> None:
    """Too few weeks before, and an effect that so few contacts will never show."""
    found = verify_change(engine, measured, change)
    assert found.verdict.word == "cannot"
    assert found.verdict.said.code == code


def test_a_change_in_one_team_is_beside_the_other(engine: Engine, measured: Measured) -> None:
    """With a place the other values are the controls, of the same reason; both were mended, so there is no effect."""
    found = verify_change(engine, measured, Change("product", DAY, where=("team", "team-00"), smallest=0.15))
    assert found.verdict.series.names == ("product", "team-01")
    assert found.verdict.word == "none"
    assert found.family is None


def test_what_a_change_names_in_vain_is_said_at_once(engine: Engine, measured: Measured) -> None:
    """A reason, a control, a value and a date that the data lack: FC5040 twice, FC5041, FC5042."""
    wrong = Change("nothing", date(2030, 1, 1), controls=("never",), where=("team", "nobody"))
    with pytest.raises(FirstcontactError) as error:
        verify_change(engine, measured, wrong)
    assert [fault.kind.code for fault in error.value.faults] == ["FC5040", "FC5040", "FC5041", "FC5042"]


def _compare(engine: Engine, measured: Measured, *, alike: bool = False, same: bool = True) -> TwoCells:
    return compare_cells(engine, measured, "team", ("team-00", "team-01"), alike=alike, same_organisation=same)


def test_teams_are_compared_by_reviews(engine: Engine, measured: Measured) -> None:
    """With enough reviews on both sides what was truly resolved is compared, and nobody has to vouch."""
    found = _compare(engine, measured)
    assert found.compared.truly
    assert isinstance(found.result, Estimate)
    assert found.result.low < 0 < found.result.high
    assert found.as_dict()["overlap"] > 0.8


def test_without_reviews_somebody_has_to_vouch(engine: Engine, measured: Measured) -> None:
    """Then the caused returns are compared, and the estimand says on what it rests; otherwise it is refused."""
    tables = {name: table for name, table in measured.loaded.tables.items() if name != "reviews"}
    bare = replace(measured, loaded=replace(measured.loaded, tables=tables))
    assert [reason.code for reason in _compare(engine, bare).compared.against] == ["compare.giving-up"]
    vouched = _compare(engine, bare, alike=True)
    assert isinstance(vouched.result, Estimate)
    assert "come back equally often" in vouched.result.estimand
    assert (vouched.result.high - vouched.result.low) < 0.05


def test_another_organisation_is_never_compared(engine: Engine, measured: Measured) -> None:
    """Whatever else is alike, and whoever vouches."""
    found = _compare(engine, measured, alike=True, same=False)
    assert [reason.code for reason in found.compared.against] == ["compare.other"]
    assert isinstance(found.result, Refusal)
    assert found.result.kind is comparison.NOT_COMPARABLE


def test_cells_that_cannot_be_compared_are_refused(engine: Engine, measured: Measured) -> None:
    """The same cell twice, one that is not there, and columns that are no groups: FC5043, FC5044."""
    for cells in (("team-00", "team-00"), ("team-00", "north")):
        with pytest.raises(FirstcontactError, match="FC5043"):
            compare_cells(engine, measured, "team", cells, alike=True, same_organisation=True)
    for by in ("week", "reason_1", "team,queue"):
        with pytest.raises(FirstcontactError, match="FC5044"):
            check_column(by)


def _rows(measured: Measured, name: str) -> list[ResultRow]:
    return [row for row in measured.run.rows if row.measure == name]


def test_a_run_tells_teams_and_never_individuals(measured: Measured) -> None:
    """A row a team, in the order of names, each with its interval; one verdict on all agents with its reasons; and
    nowhere the name of one."""
    teams = _rows(measured, "team_effect")
    assert [row.cell for row in teams] == [{"team": "team-00"}, {"team": "team-01"}]
    assert all(isinstance(row.result, Estimate) and row.q_value is not None for row in teams)
    assert len(_rows(measured, "team_share")) == 1
    (support,) = _rows(measured, "agent_support")
    assert isinstance(support.result, Refusal)
    assert support.result.kind is agent_support.UNSUPPORTED
    assert "Comparing" in support.result.reason
    (share,) = _rows(measured, "agent_share")
    assert isinstance(share.result, Estimate)
    assert 0 <= share.result.low <= share.result.value <= share.result.high <= 1
    assert not any("agent-" in str((row.cell, row.result)) for row in measured.run.rows)


def test_a_run_compares_each_team_with_the_others_and_charts_the_weeks(measured: Measured) -> None:
    """Two teams are each other's mirror image; weeks of faults stand out where they were mended."""
    one, other = (row.result for row in _rows(measured, "comparison"))
    assert isinstance(one, Estimate)
    assert isinstance(other, Estimate)
    assert (one.value, one.low) == pytest.approx((-other.value, -other.high), abs=1e-9)
    weeks = [row for row in _rows(measured, "control_chart") if not row.cell]
    assert len(weeks) >= 40
    for row in weeks:
        assert isinstance(row.result, Estimate)
        assert 0 <= row.result.low < row.result.high <= 1
        assert (row.period_grain, row.by) == ("week", "week")


def _context(engine: Engine, measured: Measured, **changes: Any) -> Context:
    run = measured.run
    stamp = Stamp(run.policy.name, run.policy_hash, run.frame.cutoff, run.version)
    has = frozenset({"customer", "team", "reason", "channel", "queue"})
    whole = Context(engine, measured.linked, {}, run.policy, run.fit, run.frame, run.zone, has, stamp)
    return replace(whole, **changes)


def test_what_is_not_there_is_refused(engine: Engine, measured: Measured) -> None:
    """No teams, one team, one agent, no agents, nothing failing, too short a time: refusals, nothing undefined."""
    linked = measured.linked
    none = _context(engine, measured, has=frozenset({"customer"}))
    single = _context(engine, measured, linked=linked.filter(linked.team == "team-00"))
    alone = _context(engine, measured, linked=linked.filter(linked.agent_id == "agent-0001"))
    unnamed = _context(engine, measured, linked=linked.drop("agent_id"))
    still = _context(
        engine, measured, linked=linked.drop("net_return", "exposure", "latency").mutate(outcome=ibis.literal("yes"))
    )
    short = _context(engine, measured, linked=linked.filter(linked.local_day < linked.local_day.min() + 90))
    expected = [
        (team_effect, none, "signal-absent"),
        (team_effect, single, "nothing-to-count"),
        (team_effect, still, "nothing-to-count"),
        (agent_support, alone, "nothing-to-count"),
        (agent_support, unnamed, "signal-absent"),
        (agent_support, still, "nothing-to-count"),
        (comparison, none, "signal-absent"),
        (control_chart, short, "nothing-to-count"),
        (control_chart, still, "nothing-varies"),
    ]
    for module, context, code in expected:
        rows = module.explain(context)
        assert {row.result.code for row in rows if isinstance(row.result, Refusal)} == {code}, module.__name__
        assert not any(isinstance(row.result, Estimate) for row in rows)
    assert comparison.explain(single) == []


def test_the_commands_say_it_in_words(log: Path) -> None:
    """`change` and `compare` end with 0 for a verdict and 6 for a refusal, and say which; individuals are refused."""
    change = ("change", log / "contacts.parquet", "--reason", FAULT, "--date", "2024-08-05")
    code, printed, said = run(*change, "--smallest", "12", "--control", OTHERS[0], "--control", OTHERS[1])
    assert code == 0, said
    assert printed.startswith("Effect of +")
    assert "Weeks before: " in printed
    compare = ("compare", log / "contacts.parquet", "--by", "team", "--cells", "team-00,team-01")
    code, printed, said = run(*compare)
    assert code == 6, said
    assert printed.startswith("team-00 and team-01 are not compared:")
    code, _, said = run("compare", log, "--by", "agent_id", "--cells", "a,b")
    assert (code, "FC5001" in said) == (2, True)
    for wrong in (("--cells", "one"), ("--by", "team", "--cells", "a,b,c")):
        assert run("compare", log, "--by", "team", *wrong)[0] == 2
    assert run(*change, "--where", "team")[0] == 2


def test_a_verdict_is_all_that_is_known_of_it(engine: Engine, measured: Measured) -> None:
    """What is written as JSON names the policy, the cut-off and what is compared."""
    found: Verified = verify_change(engine, measured, Change(FAULT, DAY, controls=OTHERS, smallest=0.12))
    data = found.as_dict()
    assert data["policy_hash"] == measured.run.policy_hash
    assert data["compared"] == found.words
    assert data["effect"]["value"] == data["step"]["value"]
