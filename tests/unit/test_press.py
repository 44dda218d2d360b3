"""Charts are drawn the same beside the program as in it, and a report never lacks one."""

from __future__ import annotations

import sys

import pytest

from firstcontact.doors.ahead import load_ahead
from firstcontact.doors.report.charts.press import PRESS, Press

CHART = {
    "data": {"values": [{"x": 1, "y": 2}, {"x": 3, "y": 5}]},
    "mark": "point",
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
}


def test_a_process_draws_what_this_one_would() -> None:
    """Where a chart is drawn cannot be seen in it, and the process ends when it is told to."""
    press = Press()
    here = press.draw(CHART)
    press.start()
    process = press._process
    assert process is not None
    assert press.draw(CHART) == here
    assert process.poll() is None
    press.stop()
    assert process.poll() is not None
    assert press.draw(CHART) == here


def test_a_process_that_dies_costs_no_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lack of memory may end it, or a program may not be allowed to start others."""
    press = Press()
    press.start()
    process = press._process
    assert process is not None
    process.kill()
    process.wait()
    assert press.draw(CHART).startswith("<svg")
    monkeypatch.setattr(sys, "executable", "/there/is/no/such/program")
    press.start()
    assert press.draw(CHART).startswith("<svg")


def test_what_is_loaded_ahead_is_there() -> None:
    """The report can begin at once; an unknown language is told where it is used, not here."""
    try:
        load_ahead("en")
        assert "firstcontact.doors.report.sections.catalog" in sys.modules
        load_ahead("no-such-language")
    finally:
        PRESS.stop()
