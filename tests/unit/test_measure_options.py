"""What a user may say about a run, and what cannot be meant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from firstcontact.contacts.ledger import RowLedger
from firstcontact.contacts.loaded import Loaded
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.fit.declared import Fit, ReasonWindow
from firstcontact.measurement.policy.model import Condition, Link, Policy
from firstcontact.services.prepare import Options, prepare
from tests.drawn import SHOW_ALL, Drawing, contact, on, run_of

CALLS = [contact(f"c{k}", f"K{k}", k) for k in range(60)]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"cutoff": on(10), "since": on(20)}, "FC4001"),  # ends before it begins
        ({"since": on(61)}, "FC4001"),  # begins after the last contact
        ({"cutoff": on(0)}, "FC4001"),  # ends where the data begin
        ({"cutoff": on(0).replace(year=1066)}, "FC4001"),
        ({"since": on(0).replace(year=9999)}, "FC4001"),
        ({"region": "il"}, "FC4002"),
        ({"region": "Israel"}, "FC4002"),
    ],
)
def test_what_cannot_be_meant_is_refused(engine, said: dict, code: str) -> None:
    """FC4001 for a period without a contact or out of reach, FC4002 for a country that has no telephone numbers."""
    with pytest.raises(FirstcontactError) as raised:
        run_of(engine, CALLS, **said)
    assert [fault.kind.code for fault in raised.value.faults] == [code]


def test_all_impossible_options_are_said_at_once(engine) -> None:
    """A wrong year and a wrong region are two faults of one error."""
    with pytest.raises(FirstcontactError) as raised:
        run_of(engine, CALLS, cutoff=on(0).replace(year=1066), region="??")
    assert [fault.kind.code for fault in raised.value.faults] == ["FC4001", "FC4002"]


def test_times_that_are_said_are_those_of_the_business_zone(engine) -> None:
    """A cut-off without a zone is read in the zone of the run."""
    run = run_of(engine, CALLS, cutoff=on(50), zone="Europe/Sofia", detail=False).run
    assert run.frame.cutoff == on(50) - timedelta(hours=2)
    assert run.zone == "Europe/Sofia"


@pytest.mark.parametrize(
    ("policy", "windows"),
    [
        (Policy(), "declared"),
        (Policy(counts_when=(Condition("transfers", at_most=0),)), ""),
        (Policy(link=Link(index="all"), counts_when=(Condition("transfers", at_most=0),)), ""),
    ],
)
def test_every_figure_says_where_its_windows_come_from(engine, policy: Policy, windows: str) -> None:
    """Declared here; nothing where the figure neither asks who came back nor for openers."""
    told = {row.measure: row.windows for row in run_of(engine, CALLS, policy, detail=False).run.rows}
    assert (told["fcr_contact"], told["fcr_issue"], told["repeat_rate"]) == (windows, "declared", "declared")
    assert (told["call_resolution"], told["csat"], told["handle_time"]) == ("", "", "")


def test_every_cell_says_where_its_own_windows_come_from(engine) -> None:
    """Of one learned and one declared window: each reason has its own, the whole is mixed, a channel has what its
    contacts have, and a cell without contacts to count what its immature ones have."""
    calls = [
        contact("a", "K1", 50, reason="bill", channel="phone"),
        contact("b", "K2", 50, reason="late", channel="phone"),
        contact("c", "K3", 50, reason="late", channel="email"),
        contact("d", "K4", 99, reason="bill", channel="chat"),
    ]
    fit = Fit((ReasonWindow("bill", 5, 7, "learned"),), "learned")
    rows = run_of(engine, calls, Policy(publish=SHOW_ALL), fit=fit, cutoff=on(100), detail=False).run.rows
    told = {(row.by, *row.cell.values()): row.windows for row in rows if row.measure == "fcr_contact"}
    assert told[("",)] == "mixed"
    assert (told["reason_1", "bill"], told["reason_1", "late"]) == ("learned", "declared")
    asked = {name: told["channel", name] for name in ("phone", "email", "chat")}
    assert asked == {"phone": "mixed", "email": "declared", "chat": "learned"}
    assert {row.windows for row in rows if row.measure == "handle_time"} == {""}


class _Nothing:
    """A connector that set every row aside."""

    def load(self, *_: object, **__: object) -> Loaded:
        """No contact, three rows quarantined."""
        ledger = RowLedger(3, 0, quarantined={"FC2001": 3})
        return Loaded({}, "aside", ledger, (), {}, "contact", frozenset())


def test_nothing_to_measure_is_an_error(engine) -> None:
    """FC2100: a source whose every row was set aside holds no contact, and the error says how many rows there were."""
    with pytest.raises(FirstcontactError) as raised:
        prepare(engine, _Nothing(), [Path("calls.csv")], Options(policy=Policy()))
    (fault,) = raised.value.faults
    assert (fault.kind.code, fault.where, fault.saw) == ("FC2100", "calls.csv", "3 rows, 3 quarantined")


def test_the_drawing_is_a_connector(engine) -> None:
    """What these tests load contacts with promises what a connector does: tables, ledger and extra columns."""
    loaded = Drawing([contact("a", "K", 1, x_site="north")], {"x_site": "site"}).load(engine, [], None)
    assert loaded.ledger.adds_up
    assert engine.execute(engine.table(loaded.tables["contacts"]))["x_site"].to_pylist() == ["north"]
