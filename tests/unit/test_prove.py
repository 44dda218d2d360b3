"""The proof framework: bands, worlds by name, what is kept, and the page made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from firstcontact import bootstrap
from firstcontact.doors.cli.proof_page import page, proof_lines
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.prove.catalog import PROOFS, find_proofs
from firstcontact.measurement.prove.context import Context
from firstcontact.measurement.prove.proof import Proof
from firstcontact.measurement.prove.row import ProofRow
from firstcontact.measurement.prove.world import TRIALS, find_trials
from firstcontact.services.prove import Proven, prove, proven_from, tried_from, try_world
from firstcontact.statistics.recovery import recover
from tests.command import run


def test_unknown_worlds_and_proofs_are_refused_all_at_once() -> None:
    """A name that is not known is a fault of its own (FC7020, FC7021), and all are told together."""
    with pytest.raises(FirstcontactError) as worlds:
        find_trials(["base", "nowhere", "never"])
    assert [fault.kind.code for fault in worlds.value.faults] == ["FC7020", "FC7020"]
    with pytest.raises(FirstcontactError) as proofs:
        find_proofs(["A99"])
    assert [fault.kind.code for fault in proofs.value.faults] == ["FC7021"]


def test_every_world_can_exist_and_differs_from_the_others() -> None:
    """All named worlds pass the simulator's own checks, and no two are the same."""
    worlds = [trial.world() for trial in TRIALS.values()]
    assert all(one != other for number, one in enumerate(worlds) for other in worlds[:number])


def test_recovery_is_what_is_written_on_paper() -> None:
    """Bias, error and coverage of three draws, by hand: errors 1, -1 and 3 around a truth of 10."""
    found = recover([11, 9, 13], 10, [10, 8, 11], [12, 9.5, 15])
    assert found is not None
    assert (found.bias, found.coverage, found.n) == (1.0, pytest.approx(1 / 3), 3)
    assert found.rmse == pytest.approx((11 / 3) ** 0.5)
    assert recover([], 1) is None


def test_a_reduced_run_does_not_judge() -> None:
    """A band missed at a fifth of the stated size is told as such, and neither kept nor broken for good."""
    proof = Proof("A0", "A trial", "Nothing.", 50, lambda context: [ProofRow("bias", 2.0, high=1.0)])
    proven = prove(Context(bootstrap.engine, asked=2, scale=0.2), proof)
    assert not proven.whole
    assert any("not kept?" in line for line in proof_lines(proof, proven))
    assert proven_from(json.loads(json.dumps(proven.as_dict()))) == proven
    assert Proven("A0", proven.rows, 50, 50, 1.0, 1.0).whole


def test_a_world_holds_every_preset_against_three_truths() -> None:
    """In the world without failures the truths are 100 %, and no preset of repeats sees them; the page says so."""
    tried = try_world(Context(bootstrap.engine, asked=1, scale=0.04), TRIALS["null"])
    assert tried.truth["t_fcr"] == tried.truth["r_fcr"] == 1.0
    told = {one.name: one for one in tried.told}
    assert told["repeat-30d"].against["t_fcr"].bias < -0.05
    assert set(told["repeat-30d"].against) == {"t_fcr", "r_fcr", "s_fcr"}
    assert tried_from(json.loads(json.dumps(tried.as_dict()))) == tried
    text = page({}, {"null": tried})
    assert "`repeat-30d`" in text
    assert all(f"| {one} |" in text for one in PROOFS)


def test_the_command_lists_what_it_knows() -> None:
    """`prove --list` names every world and every acceptance line."""
    said = run("prove", "--list")
    assert said.code == 0
    assert all(name in said.out for name in [*TRIALS, *PROOFS])


def test_the_command_keeps_what_it_found_and_writes_the_page(tmp_path: Path) -> None:
    """A world tried by the command stands in the directory and on the page; lines that were not run are named so."""
    keep, page = tmp_path / "proof", tmp_path / "proof.md"
    said = run("prove", "--world", "null", "--seeds", 1, "--scale", 0.04, "--keep", keep, "--page", page)
    assert said.code == 0, said.err
    assert (keep / "world-null.json").exists()
    text = page.read_text(encoding="utf-8")
    assert "### null" in text
    assert "not run" in text
    assert run("prove", "--page", page).code == 2
