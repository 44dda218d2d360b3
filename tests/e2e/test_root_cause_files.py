"""From files on disk to causes: what stands beside the contacts, and in further columns, is looked at unasked."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import firstcontact as fc
from firstcontact.kernel.result import Estimate

DAY_0 = datetime(2024, 1, 1)  # noqa: DTZ001 - a file holds local readings
CUSTOMERS = 900


@pytest.fixture(scope="module")
def causes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Estimate]:
    """A third of the customers call a day after a statement, a third were put into the wrong queue: both fail more."""
    folder, chance = tmp_path_factory.mktemp("files"), np.random.default_rng(5)
    calls = ["Call ID,Start time,End time,Customer ID,Reason,Channel,Queue,First queue"]
    events = ["Customer ID,Event date,Event type"]

    def call(name: str, who: int, at: datetime, first: str) -> None:
        end = at + timedelta(minutes=4)
        calls.append(f"{name},{at:%Y-%m-%d %H:%M:%S},{end:%Y-%m-%d %H:%M:%S},k{who},Bill,Phone,billing,{first}")

    for who in range(CUSTOMERS):
        at = DAY_0 + timedelta(days=15 + 150 * chance.random())
        statement, misplaced = who % 3 == 0, who % 3 == 1
        call(f"c{who}", who, at, "front desk" if misplaced else "billing")
        if statement:
            events.append(f"k{who},{at - timedelta(days=1):%Y-%m-%d},Statement")
        if chance.random() < (0.5 if statement or misplaced else 0.15):
            call(f"c{who}-2", who, at + timedelta(days=1 + 3 * chance.random()), "billing")
    call("late", 0, DAY_0 + timedelta(days=260), "front desk")
    for name, lines in (("calls.csv", calls), ("crm_events.csv", events)):
        Path(folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    with fc.measure(folder) as measurement:
        rows = measurement.run.rows
    return {
        row.cell["cause"]: row.result
        for row in rows
        if row.measure == "root_cause" and "cause" in row.cell and isinstance(row.result, Estimate)
    }


def test_the_days_after_a_statement_are_found_from_a_file(causes: dict[str, Estimate]) -> None:
    """Half of these contacts fail, of the others a third: the difference is in the interval, and beyond chance."""
    found = next(result for cause, result in causes.items() if cause.startswith("event: statement"))
    assert found.low < 0.5 - 0.325 < found.high
    assert found.low > 0


def test_a_wrong_queue_first_is_found_from_a_column(causes: dict[str, Estimate]) -> None:
    """The column of first queues is enough: the pattern, and the pair it consists of."""
    whole = causes["wrong queue first: another in the end"]
    assert whole.low < 0.5 - 0.325 < whole.high
    assert causes["wrong queue first: front desk -> billing"].value == pytest.approx(whole.value)
