"""A target on the pages: the words of the report on the overview, beside the figure on the wall, and how to set one."""

from __future__ import annotations

import dataclasses
import re

import pyarrow.parquet as pq

from firstcontact.doors.report.target import against
from firstcontact.doors.report.writer import Writer
from firstcontact.measurement.measures.result_table import result_table
from firstcontact.measurement.policy.model import Target
from firstcontact.services.access import Role
from firstcontact.services.measure_history import KeptRun
from firstcontact.services.reach import targets_data
from firstcontact.services.run import Run
from firstcontact.services.service import Service
from tests import run_factory
from tests.web.shown import OneRun, Showing
from tests.web.test_page_accounts import Visitor

AIM = Target("fcr_issue", at_least=0.8, tolerance=0.002)


def centre(*targets: Target) -> Run:
    run = run_factory.centre()
    return dataclasses.replace(run, policy=dataclasses.replace(run.policy, targets=targets))


def test_the_overview_says_what_the_report_says(served: Service, showing: Showing) -> None:
    """One sentence under the answer, the line in the trend, the word in the table: letter for letter the file's."""
    run = centre(AIM, Target("reopen_rate", at_most=0.05))
    boss = Visitor(showing(served, run), Role.MANAGER)
    text = boss.get("/").text
    english = Writer.of("en", run.zone)
    assert f'<p class="target">{against(run, "fcr_issue", english)}</p>' in text
    assert "9,3,2,3" in text
    assert '<th scope="col">Target: at least 80% (79.8% is tolerated)</th>' in text
    assert against(run, "reopen_rate", english) in text


def test_a_wall_shows_the_target_beside_the_figure(served: Service, showing: Showing) -> None:
    """In the same ink as the rest, with the words for how it stands; nothing where no target is set."""
    screen = Visitor(showing(served, centre(AIM)), Role.WALLBOARD)
    first, weeks = screen.get("/wall").text, screen.get("/wall?panel=1").text
    assert re.search(r'<p class="aim">Target: at least 80% \(79.8% is tolerated\) <span>missed</span></p>', first)
    assert '<p class="aim">Target: at least 80% (79.8% is tolerated)</p>' in weeks
    assert "9,3,2,3" in weeks
    bare = Visitor(showing(served, centre()), Role.WALLBOARD)
    assert 'class="aim"' not in bare.get("/wall").text


def test_without_a_target_the_overview_is_silent_and_the_policy_says_how_to_set_one(
    served: Service, showing: Showing
) -> None:
    """What to type stands with the policy, for its own headline; it is a target, and with one it is not said again."""
    boss = Visitor(showing(served, centre()), Role.MANAGER)
    assert "target" not in boss.get("/").text
    text = boss.get("/policy").text
    assert "No target is set" in text
    typed = re.findall(r'<pre dir="ltr">(\[targets.*?)</pre>', text, re.DOTALL)[0]
    assert "fcr_issue" in typed
    toml = served.policies.published().toml + "\n" + typed
    looked = boss.post("/policy/new", toml=toml, based_on=1, look="yes").text
    assert "No target is set" not in looked
    assert "at least 80% (78% is tolerated). It moves no figure." in looked
    contacts = toml.replace("[window]", '[link]\nindex = "all"\n[window]').replace(typed, "")
    assert "[targets.fcr_contact]" in boss.post("/policy/new", toml=contacts, based_on=1, look="yes").text


def test_a_wrong_target_is_refused_with_what_to_type(served: Service) -> None:
    """A percentage is not taken for a share, and what was typed stays."""
    boss = Visitor(served, Role.MANAGER)
    toml = served.policies.published().toml + "\n[targets.fcr_issue]\nat_least = 80\n"
    wrong = boss.post("/policy/new", toml=toml, based_on=1)
    assert wrong.status_code == 422
    assert re.search(r'type <code dir="ltr">at_least = 0\.8</code>', wrong.text)
    assert "at_least = 80" in wrong.text


class _Measured(OneRun):
    """A store that holds one run with its results and what is kept of it."""

    def __init__(self, run: Run, folder: object) -> None:
        super().__init__(folder)  # type: ignore[arg-type]
        result = run.headline
        told = {"measure": run.headline_measure, "n": result.n, "maturity": result.maturity, "status": "final"}
        self.summary = {
            "headline": told, "contacts": 1, "quarantined": 0, "erased": 0, "zone": "UTC", "targets": targets_data(run),
        }  # fmt: skip

    def current(self) -> KeptRun:
        return dataclasses.replace(super().current(), code_version="1", summary=self.summary)


def test_the_interface_carries_the_target_with_the_figure(served: Service, showing: Showing) -> None:
    """The run, the board and the results say what is aimed at and how it stands; a run of before has none."""
    run = centre(AIM)
    service = showing(served, run)
    folder = service.runs.place(service.runs.current())  # type: ignore[arg-type]
    pq.write_table(result_table(run.rows), folder / "results.parquet")
    boss = Visitor(dataclasses.replace(service, runs=_Measured(run, folder)), Role.MANAGER)  # type: ignore[arg-type]
    aimed = {"at_least": 0.8, "at_most": None, "tolerance": 0.002, "since": None, "state": "missed"}
    board = boss.get("/api/v1/board").json()
    assert board["headline"]["target"] == boss.get("/api/v1/runs/current").json()["headline"]["target"] == aimed
    assert {one["measure"]: one["target"] for one in board["figures"]}["fcr_issue"] == aimed
    assert [one["measure"] for one in board["figures"] if one["target"]] == ["fcr_issue"]
    states = [one["target"]["state"] for one in board["weeks"]]
    assert set(states) >= {"missed", "open", "young", "none"}
    found = boss.get("/api/v1/runs/current/results?measure=fcr_issue&limit=500").json()["items"]
    assert {one["by"] for one in found if one["target"]} == {"", "week"}
    old = _Measured(run, folder)
    del old.summary["targets"]
    before = Visitor(dataclasses.replace(service, runs=old), Role.MANAGER)  # type: ignore[arg-type]
    assert before.get("/api/v1/board").json()["headline"]["target"] is None
