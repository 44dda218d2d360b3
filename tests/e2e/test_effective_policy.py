"""The hash beside every figure is that of policy and fit: what was learned moves it, using that again does not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from firstcontact import bootstrap
from firstcontact.kernel.clock import now
from firstcontact.measurement.fit.read import read_fit
from firstcontact.measurement.policy.model import Policy
from firstcontact.services.fit import write_fit
from firstcontact.services.measure import measure
from firstcontact.services.prepare import Options
from firstcontact.services.run import Run
from tests.command import run


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log from which most reasons can be learned."""
    folder = tmp_path_factory.mktemp("effective") / "log"
    assert run("simulate", "--out", folder, "--contacts", 8000, "--seed", 5).code == 0
    return folder


def _measured(log: Path, threads: int = 2, **options: object) -> Run:
    plain = Options(Policy(), definitions=False, explanations=False, detail=False, **options)  # type: ignore[arg-type]
    with bootstrap.engine(threads=threads) as engine:
        return measure(engine, bootstrap.connector(), [log], plain, now=now, version="0").run


def test_what_was_learned_is_part_of_the_policy(log: Path, tmp_path: Path) -> None:
    """A fit used again, in whatever order threads count, gives the hash and the figures of the run that learned it;
    one learned from a shorter history another."""
    first = _measured(log)
    assert any(model.learned for model in first.fit.models)
    assert {row.policy_hash for row in first.rows} == {first.policy_hash}
    write_fit(first.fit, tmp_path / "fit.json")
    again = _measured(log, threads=1, fit=read_fit(tmp_path / "fit.json"))
    assert again.policy_hash == first.policy_hash
    assert again.figure("r_fcr") == first.figure("r_fcr")
    shorter = _measured(log, threads=1, cutoff=first.frame.cutoff - timedelta(days=45))
    assert shorter.policy_hash != first.policy_hash
    reused = _measured(log, cutoff=first.frame.cutoff - timedelta(days=45), fit=first.fit)
    assert reused.policy_hash == first.policy_hash
