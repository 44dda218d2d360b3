"""Figures as one flat table."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa

from firstcontact.kernel.result import TOO_FEW, Estimate, Refusal
from firstcontact.measurement.measures.result_table import RESULT_COLUMNS, result_table
from firstcontact.measurement.measures.row import ResultRow

STAMP = {
    "policy": "mine",
    "policy_hash": "abc",
    "cutoff": datetime(2024, 6, 1, tzinfo=UTC).replace(tzinfo=None),
    "version": "1",
    "windows": "learned",
}
FIGURE = Estimate(0.7, 0.6, 0.8, 0.95, 120, "what is estimated", maturity=0.9, status="provisional")
REFUSED = Refusal(TOO_FEW, "7 contacts.", "More.", 7, "what is estimated", 1.0)


def test_a_figure_and_a_refusal_are_rows_of_one_table() -> None:
    """Each column holds what it says; a refused figure has no value, and a reason instead."""
    rows = [
        ResultRow("fcr_issue", "reason_2,month", {"reason_2": "a > b"}, "month", date(2024, 1, 1), FIGURE, **STAMP),
        ResultRow("fcr_issue", "x_site", {"x_site": "north"}, "all", None, REFUSED, **STAMP),
    ]
    table = result_table(rows)
    assert table.column_names == [name for name, _, _ in RESULT_COLUMNS] + ["x_site"]
    figure, refused = table.to_pylist()
    assert (figure["reason"], figure["reason_level"], figure["period_start"]) == ("a > b", 2, date(2024, 1, 1))
    assert (figure["value"], figure["low"], figure["high"], figure["n"]) == (0.7, 0.6, 0.8, 120)
    assert (figure["status"], figure["unit"], figure["maturity"], figure["x_site"]) == (
        "provisional",
        "share",
        0.9,
        None,
    )
    assert (refused["value"], refused["low"], refused["level"], refused["unit"]) == (None, None, None, None)
    assert (refused["status"], refused["refusal_code"], refused["would_help"]) == ("refused", "too-few", "More.")
    assert (refused["x_site"], refused["n"], refused["period_grain"]) == ("north", 7, "all")
    assert (figure["windows"], refused["windows"]) == ("learned", "learned")


def test_no_figure_is_still_a_table() -> None:
    """An empty run has every documented column, with its type."""
    table = result_table([])
    assert table.num_rows == 0
    assert table.schema.field("period_start").type == pa.date32()
    assert table.schema.field("reason_level").type == pa.int32()
    assert len(table.column_names) == len(RESULT_COLUMNS) == len({name for name, _, _ in RESULT_COLUMNS})


def test_every_column_has_a_type_and_a_meaning() -> None:
    """What the reference prints is not empty."""
    assert all(kind and meaning.endswith(".") for _, kind, meaning in RESULT_COLUMNS)
