"""How contacts are cut into cells, and by what they are never cut."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from firstcontact.kernel.errors import EXIT_USAGE, FirstcontactError
from firstcontact.measurement.measures.cut import (
    AGENT_SLICE,
    CUSTOMER_SLICE,
    UNKNOWN,
    UNKNOWN_SLICE,
    asked,
    further_columns,
    refuse_people,
    standard,
)

EXTRA = {"x_region": "Region"}


def test_the_standard_cuts_are_those_that_the_data_hold() -> None:
    """The whole, weeks, months, each level of the reasons, and channel, team and queue where they are recorded."""
    assert [cut.by for cut in standard(2, {"team", "customer"}, "monday")] == [
        "",
        "week",
        "month",
        "reason_1",
        "reason_2",
        "team",
    ]
    assert [cut.by for cut in standard(0, set(), "monday")] == ["", "week", "month"]


def test_cells_are_put_together_from_finer_ones() -> None:
    """Days become months, paths become their first levels, what is missing becomes `(unknown)` and `(none)`; each finer
    cell falls into exactly one cell."""
    (cut,) = asked(["reason_1,month,Region"], EXTRA, "monday")
    assert cut.by == "reason_1,month,x_region"
    columns = ["local_day", "x_region", "reason"]
    base = [(19_723, "n", "bill > late"), (19_724, "n", "bill"), (19_753, None, "bill > late"), (19_753, None, None)]
    cells, into = cut.cells(base, columns)
    assert cells == [
        ("(none)", date(2024, 1, 1), UNKNOWN),
        ("bill", date(2024, 1, 1), UNKNOWN),
        ("bill", date(2024, 1, 1), "n"),
    ]
    np.testing.assert_array_equal(into, [2, 2, 1, 0])


def test_the_whole_is_one_cell() -> None:
    """Cut by nothing, everything falls into the one cell of the whole."""
    (whole, *_) = standard(0, set(), "monday")
    cells, into = whole.cells([(1,), (2,), (3,)], ["local_day"])
    assert cells == [()]
    assert into.tolist() == [0, 0, 0]


@pytest.mark.parametrize("week_start", ["monday", "sunday", "saturday"])
def test_weeks_begin_when_the_policy_says(week_start: str) -> None:
    """Seven days in a row make two weeks or one, never a day left over."""
    (week,) = asked(["week"], {}, week_start)
    cells, into = week.cells([(day,) for day in range(19_724, 19_724 + 14)], ["local_day"])
    assert {cell[0].strftime("%A").lower() for cell in cells} == {week_start}
    assert np.bincount(into).max() == 7
    assert len(into) == 14


def test_unknown_slices_are_said_all_at_once() -> None:
    """FC5002 names each one that is not known, and what is."""
    with pytest.raises(FirstcontactError) as raised:
        asked(["planet", "team,reason_0", "week,moon"], EXTRA, "monday")
    assert [fault.kind for fault in raised.value.faults] == [UNKNOWN_SLICE] * 3
    assert [fault.saw for fault in raised.value.faults] == ["planet", "reason_0", "moon"]
    assert "Region" in raised.value.faults[0].allowed
    assert raised.value.exit_code == EXIT_USAGE


@pytest.mark.parametrize("by", ["agent", "agent_id", "team,agent", "Assigned_To", "x_assigned_to", "week, assigned_to"])
def test_figures_are_not_cut_by_agent(by: str) -> None:
    """FC5001 for the agent under our name and under the source's, in any case, alone or beside other slices."""
    with pytest.raises(FirstcontactError) as raised:
        refuse_people([by], agents=["assigned_to"])
    assert [fault.kind for fault in raised.value.faults] == [AGENT_SLICE]


@pytest.mark.parametrize("by", ["customer", "contact_id", "caller_id", "month,caller_id"])
def test_figures_are_not_cut_by_customer(by: str) -> None:
    """FC5003 for customers and single contacts, whose values would stand in the results."""
    with pytest.raises(FirstcontactError) as raised:
        refuse_people([by], customers=["caller_id"])
    assert [fault.kind for fault in raised.value.faults] == [CUSTOMER_SLICE]


def test_what_is_not_built_in_is_a_column_of_the_source() -> None:
    """Further columns are each asked for once, and built-in slices never."""
    assert further_columns(["region,week", "reason_12,team", "region", "site"]) == ["region", "site"]


def test_a_cut_holds_one_period_and_one_reason() -> None:
    """FC5004: two periods, two levels of the reason, or a slice twice leave a cell without a place in the results."""
    with pytest.raises(FirstcontactError) as raised:
        asked(["week,month", "reason_1,reason_2", "team,team", "team,week"], {}, "monday")
    assert [fault.kind.code for fault in raised.value.faults] == ["FC5004"] * 3
