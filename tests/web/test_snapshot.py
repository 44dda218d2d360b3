"""Which run a page shows, to whom, and what was drawn of it before."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firstcontact.doors.report.writer import Writer
from firstcontact.doors.web import snapshot
from firstcontact.doors.web.snapshot import Snapshot, snapshot_of
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services import read_run
from firstcontact.services.access import Role
from firstcontact.services.measure_history import KeptRun
from firstcontact.services.run import Run
from firstcontact.services.service import Service
from tests import told_runs
from tests.service_fixture import caller_of
from tests.web.shown import OneRun, Showing

HTML = {"Accept": "text/html"}


class Former(OneRun):
    """A store that holds an earlier run and a trial beside the one in force, all of the same figures."""

    def find(self, run_id: str) -> KeptRun | None:
        """Any of the three."""
        if run_id in ("earlier", "trial"):
            return replace(self.current(), id=run_id, state=run_id)  # type: ignore[arg-type]
        return super().find(run_id)


@pytest.fixture
def served(sqlite_service: Service, showing: Showing) -> Service:
    """A service with three runs."""
    shown = showing(sqlite_service, told_runs.told())
    current = shown.runs.current()
    assert current is not None
    return replace(shown, runs=Former(shown.runs.place(current)))


@pytest.fixture
def shown(served: Service) -> Snapshot:
    """What a page shows of the run in force."""
    kept = served.runs.current()
    assert kept is not None
    found = snapshot_of(served, kept, "en")
    assert found is not None
    return found


def test_a_wallboard_shows_the_run_in_force_alone(served: Service) -> None:
    """Runs by name are for who may see figures, trials for who tries policies."""
    make = caller_of(served)
    current = served.runs.current()
    assert current is not None
    for run, status in ((current.id, 200), ("earlier", 403), ("trial", 403), ("none", 404)):
        assert make(Role.WALLBOARD).get("/wall", params={"run": run}, headers=HTML).status_code == status, run
    for role in (Role.AGENT, Role.TEAM_LEAD):
        one = make(role, "North")
        assert [one.get(f"/?run={run}", headers=HTML).status_code for run in ("earlier", "trial")] == [200, 403]


def test_a_trial_and_an_earlier_run_are_called_what_they_are(served: Service) -> None:
    """A trial was never in force; and neither is told of as new figures."""
    boss = caller_of(served)(Role.MANAGER)
    pages = {run: boss.get(f"/?run={run}", headers=HTML).text for run in ("", "earlier", "trial")}
    assert ["earlier measurement" in page for page in pages.values()] == [False, True, False]
    assert ["a trial: what a policy" in page for page in pages.values()] == [False, False, True]
    assert ["data-run=" in page for page in pages.values()] == [True, False, False]


def test_what_is_not_in_force_says_so_before_its_figures(served: Service) -> None:
    """At the head of the page: what it is, when it was measured by which policy, and the way to the one in force."""
    boss = caller_of(served)(Role.MANAGER)
    for path in ("/", "/reasons", "/quality", "/contacts"):
        for run in ("earlier", "trial"):
            page = boss.get(f"{path}?run={run}", headers=HTML).text
            head = page.partition('<main id="main"')[2].partition("<h1")[0]
            notice = re.findall('<p class="said not-in-force".*</p>', head)
            assert len(notice) == page.count("not-in-force") == 1, (path, run)
            assert all(word in notice[0] for word in ("Measured: ", "Policy: ", f'<a href="{path}">')), (path, run)
        assert "not-in-force" not in boss.get(path, headers=HTML).text, path


def test_who_sees_no_contacts_is_told_who_does(served: Service) -> None:
    """At the foot of figures whose counts lead nowhere for that role; who gives roles is led to where that is done."""
    told = "Your role sees figures and no lists of contacts"
    make = caller_of(served)
    pages = {role: make(role, "North").get("/", headers=HTML).text for role in (Role.AGENT, Role.TEAM_LEAD)}
    pages |= {role: make(role).get("/", headers=HTML).text for role in (Role.ADMINISTRATOR, Role.MANAGER, Role.QUALITY)}
    assert {role for role, page in pages.items() if told in page} == {Role.ADMINISTRATOR, Role.AGENT}
    foot = {role: page.partition('<footer class="stamp">')[2] for role, page in pages.items()}
    assert {role for role, page in foot.items() if 'href="/accounts"' in page} == {Role.ADMINISTRATOR}


def test_counts_lead_nowhere_once_contacts_are_gone(served: Service) -> None:
    """And the page says so; while they are kept, counts lead to them."""
    boss = caller_of(served)(Role.MANAGER)
    kept = served.runs.find("earlier")
    assert kept is not None
    assert 'href="/contacts?' in boss.get("/?run=earlier", headers=HTML).text
    (served.runs.place(kept) / "contacts.parquet").unlink()
    for path in ("/", "/reasons", "/teams"):
        gone = boss.get(f"{path}?run=earlier", headers=HTML).text
        assert ('href="/contacts?' in gone, "Its contacts are not kept" in gone) == (False, True), path


def test_a_piece_is_of_the_run_itself(shown: Snapshot) -> None:
    """Another run that goes by the same name has pieces of its own, and each is drawn once."""
    other = replace(shown, run=replace(shown.run))
    drawn: list[Run] = []

    def draw(run: Run, _writer: Writer) -> int:
        drawn.append(run)
        return len(drawn)

    assert [one.piece(draw, "x") for one in (shown, other, shown, other)] == [1, 2, 1, 2]
    assert drawn[1] is other.run


def test_nobody_waits_for_a_piece_of_others(shown: Snapshot) -> None:
    """While one piece is drawn, another that is ready is had at once."""
    going = threading.Event()
    shown.piece(lambda *_: "ready", "ready")
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(shown.piece, lambda *_: going.wait(20), "slow")
        assert pool.submit(shown.piece, lambda *_: "made again", "ready").result(10) == "ready"
        going.set()
        assert slow.result(20)


def test_many_who_ask_read_a_run_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When new figures are announced, all ask for the same run at the same time."""
    read: list[Path] = []
    together = threading.Barrier(6)

    def whole(folder: Path) -> Any:
        read.append(folder)
        threading.Event().wait(0.3)
        return told_runs.told()

    def ask() -> Run:
        together.wait(20)
        return read_run.read_run(tmp_path)

    monkeypatch.setattr(read_run, "_whole", whole)
    with ThreadPoolExecutor(6) as pool:
        found = [one.result(20) for one in [pool.submit(ask) for _ in range(6)]]
    assert (len(read), len({id(one) for one in found})) == (1, 1)


def test_a_run_that_cannot_be_read_does_not_say_where_it_lies(tmp_path: Path) -> None:
    """Who may see no more than the board gets no path of the server; the file is named."""
    with pytest.raises(FirstcontactError) as raised:
        snapshot.read(tmp_path)
    assert {fault.where for fault in raised.value.faults} == {tmp_path.name}
    assert str(tmp_path.parent) not in str(raised.value)


def test_pieces_of_few_runs_are_held(shown: Snapshot) -> None:
    """A run that is shown no more is let go with all that was drawn of it."""
    for _ in range(10):
        replace(shown, run=replace(shown.run)).piece(lambda *_: 1, "x")
    assert len(snapshot._shelves) <= snapshot._KEPT_RUNS
