"""`firstcontact report` writes the report of an earlier run again, in another language or as PDF."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstcontact.doors import pdf as maker
from firstcontact.doors.cli.report import report
from firstcontact.doors.report.build import render
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.services import read_run
from tests import run_factory


@pytest.fixture(autouse=True)
def one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """That what is written is read back whole is shown elsewhere (tests/contract/test_read_run.py)."""
    monkeypatch.setattr(read_run, "read_run", lambda _: run_factory.centre())


def _code(out: Path, *, force: bool = False) -> str:
    with pytest.raises(FirstcontactError) as raised:
        report(out, out, force=force)
    return raised.value.faults[0].kind.code


def test_a_report_is_written_again_in_another_language(tmp_path: Path) -> None:
    """As the measurement would have written it."""
    out = tmp_path / "report.html"
    report(tmp_path, out, "he")
    assert out.read_text(encoding="utf-8") == render(run_factory.centre(), "he")
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_a_report_is_written_as_pdf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole report, on sheets that begin on the right, with the cut-off and the policy at the foot of each."""
    asked: list[tuple[str, str, str]] = []

    def made(html: str, css: str, *, letters: str, foot: str) -> bytes:
        asked.append((html, css, foot))
        return b"%PDF-1.7"

    monkeypatch.setattr(maker, "pdf", made)
    report(tmp_path, tmp_path / "report.PDF", "he")
    assert (tmp_path / "report.PDF").read_bytes() == b"%PDF-1.7"
    (html, css, foot) = asked[0]
    run = run_factory.centre()
    assert html == render(run, "he")
    assert "@top-right{content:" in css
    assert f"{run.policy.name} {run.policy.version}" in foot


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    """Nor a directory at all; another ending, or a directory that is not there, is said before any work (FC6101)."""
    there = tmp_path / "report.html"
    there.write_text("mine")
    folder = tmp_path / "folder.pdf"
    folder.mkdir()
    assert {_code(there), _code(folder, force=True), _code(tmp_path / "report.docx")} == {"FC6101"}
    assert _code(tmp_path / "no" / "report.html") == "FC6101"
    assert _code(tmp_path / ("n" * 300 + ".html")) == "FC6101"
    assert there.read_text() == "mine"
    report(tmp_path, there, force=True)
    assert there.read_text(encoding="utf-8").startswith("<!doctype html>")
