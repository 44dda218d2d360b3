"""How moments are written is found from the whole column, and said."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime as zoned
from pathlib import Path

import pytest

from firstcontact.adapters.connectors.tabular.load import TabularConnector
from firstcontact.adapters.connectors.tabular.shape import candidates
from firstcontact.adapters.engines.duckdb import DuckDBEngine


def moment(*parts: int) -> zoned:
    """A moment as tables hold it: UTC, without zone."""
    return zoned(*parts, tzinfo=UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def engine():
    """One engine for many small files."""
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()


def starts(engine: DuckDBEngine, folder: Path, values: list[str], **options):
    path = folder / "calls.csv"
    path.write_text(
        "\n".join(["call id;start time", *(f"c{i};{value}" for i, value in enumerate(values))]), encoding="utf-8"
    )
    loaded = TabularConnector().load(engine, [path], **options)
    assert loaded.ledger.adds_up
    rows = (
        engine.sql().execute("SELECT started_at FROM contacts ORDER BY CAST(substr(contact_id, 2) AS INT)").fetchall()
    )
    return loaded, [row[0] for row in rows]


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("2024-03-14 15:09:26", "iso"),
        ("2024-03-14T15:09:26Z", "iso"),
        ("2024-03-14T17:09:26+02:00", "iso"),
        ("2024/03/14 15:09:26", "iso"),
        ("14/03/2024 15:09:26", "%d/%m/%Y %H:%M:%S"),
        ("14.3.2024 15:09:26", "%d.%m.%Y %H:%M:%S"),
        ("14-03-24 15:09:26", "%d-%m-%y %H:%M:%S"),
        ("3/14/2024 3:09:26 PM", "%m/%d/%Y %I:%M:%S %p"),
        ("14-Mar-2024 15:09:26", "%d-%b-%Y %H:%M:%S"),
        ("14 March 2024, 15:09:26", "%d %B %Y, %H:%M:%S"),
        ("Mar 14, 2024 3:09:26 PM", None),
        ("Thu, 14 Mar 2024 15:09:26 +0000", "%a, %d %b %Y %H:%M:%S %z"),
        ("20240314150926", "%Y%m%d%H%M%S"),
        ("1710428966", "epoch-seconds"),
        ("1710428966000", "epoch-milliseconds"),
        ("45365.631550925923", "excel-serial"),
        ("2024年03月14日 15:09:26", "%Y年%m月%d日 %H:%M:%S"),
    ],
)
def test_common_ways_to_write_a_moment(engine, tmp_path, written, form):
    """The same moment, however it is written."""
    loaded, found = starts(engine, tmp_path, [written])
    assert found == [moment(2024, 3, 14, 15, 9, 26)]
    if form is not None:
        assert loaded.mapping["dates"]["started_at"] == [form]


def test_one_value_can_decide_the_order_of_a_column(engine, tmp_path):
    """A thousand ambiguous days and one 25th of May: day first, proven by one."""
    loaded, found = starts(engine, tmp_path, ["03/04/2024 10:00"] * 1000 + ["25/05/2024 10:00"])
    assert found[0] == moment(2024, 4, 3, 10)
    assert any("1 only with day first, 1,000 either way" in finding.rests_on for finding in loaded.findings)


def test_an_undecided_order_is_chosen_by_zone_and_warned_of(engine, tmp_path):
    """Nobody can tell 3/4 from 4/3: Sofia reads April, New York March, both are warned."""
    loaded, found = starts(engine, tmp_path, ["03/04/2024 10:00"] * 5, zone="Europe/Sofia")
    assert found[0] == moment(2024, 4, 3, 7)
    assert any(
        finding.level == "warning" and "no value tells day from month" in finding.text for finding in loaded.findings
    )
    _, found = starts(engine, tmp_path, ["03/04/2024 10:00"] * 5, zone="America/New_York")
    assert found[0] == moment(2024, 3, 4, 15)


def test_a_neighbouring_column_can_prove_the_order(engine, tmp_path):
    """The ends prove month first, so the starts are read so too."""
    path = tmp_path / "calls.csv"
    path.write_text(
        "call id,start time,end time\n" + "\n".join(f"c{i},03/04/2024 10:00,03/{14 + i}/2024 10:00" for i in range(9))
    )
    TabularConnector().load(engine, [path])
    assert engine.sql().execute("SELECT DISTINCT started_at FROM contacts").fetchall() == [(moment(2024, 3, 4, 10),)]


def test_local_times_follow_the_zone_through_summer_and_winter(engine, tmp_path):
    """Two hours from UTC in January, three in July."""
    _, found = starts(engine, tmp_path, ["2024-01-15 12:00:00", "2024-07-15 12:00:00"], zone="Europe/Sofia")
    assert found == [moment(2024, 1, 15, 10), moment(2024, 7, 15, 9)]


def test_dates_in_two_shapes_are_both_read(engine, tmp_path):
    """A column that changed its format half way, and one with and without seconds."""
    _, found = starts(engine, tmp_path, ["14/03/2024 10:00"] * 3 + ["14/03/2024 10:00:30"] * 2 + ["2024-03-14 10:00"])
    assert found == [moment(2024, 3, 14, 10)] * 3 + [moment(2024, 3, 14, 10, 0, 30)] * 2 + [moment(2024, 3, 14, 10)]


def test_what_is_no_moment_has_no_format():
    """Words, telephone numbers, versions."""
    assert candidates(["hello", "+359 888 123", "1.2.3.4", "12", "2024-13-45x"]) == []


@pytest.mark.parametrize(
    "written",
    [
        "3/14/2024, 3:09:26\u202fPM",
        "3/14/2024, 3:09:26 p.m.",
        "3/14/2024 3:09:26 p. m.",
        "14.03.2024 г. 15:09:26 ч.",
        "14.3.2024 г., 15:09:26",
        "2024-03-14 17:09:26 GMT+0200",
        "2024-03-14 17:09:26 GMT+02:00",
        "14/03/2024 17:09:26 UTC+2",
        "Thu Mar 14 2024 17:09:26 GMT+0200 (Eastern European Standard Time)",
        "Thu Mar 14 07:09:26 PST 2024",
        "2024-03-14 08:09:26 PDT",
        "3/14/2024 11:09:26 AM EDT",
        "14/03/2024 15:09:26 Z",
        "\u200f14/03/2024\u200f 15:09:26",
        "\u202b14.03.2024\u202c, 15:09:26",
    ],
)
def test_words_and_marks_beside_a_moment_are_taken_out(engine, tmp_path, written):
    """Narrow blanks, a.m. and p.m. with points, GMT with an offset, zones in letters, Bulgarian and Hebrew exports."""
    path = tmp_path / "calls.tsv"
    path.write_text(f"call id\tstart time\nc1\t{written}\n", encoding="utf-8")
    loaded = TabularConnector().load(engine, [path])
    found = engine.sql().execute("SELECT started_at FROM contacts").fetchall()
    assert found == [(moment(2024, 3, 14, 15, 9, 26),)]
    assert any("words and marks" in finding.rests_on for finding in loaded.findings)
    file = tmp_path / "mapping.toml"
    file.write_text(TabularConnector().inspect(engine, [path]).mapping_file, encoding="utf-8")
    TabularConnector().load(engine, [path], file)
    assert engine.sql().execute("SELECT started_at FROM contacts").fetchall() == found


def test_letters_of_a_zone_follow_the_zone_or_the_mapping(engine, tmp_path):
    """CST is Chicago, Shanghai where the run's zone is in Asia, and what a mapping says; the guess is warned of."""
    written = ["2024-03-14 15:09:26 CST"] * 3
    loaded, found = starts(engine, tmp_path, written)
    assert found[0] == moment(2024, 3, 14, 21, 9, 26)
    assert any("CST = UTC-06:00" in f.text and f.level == "warning" for f in loaded.findings)
    _, found = starts(engine, tmp_path, written, zone="Asia/Shanghai")
    assert found[0] == moment(2024, 3, 14, 7, 9, 26)
    plain = {"columns": {"contact_id": "call id", "started_at": "start time"}, "zones": {"CST": "-05:00"}}
    _, found = starts(engine, tmp_path, written, mapping=plain)
    assert found[0] == moment(2024, 3, 14, 20, 9, 26)


def test_a_column_with_some_marks_is_read_whole(engine, tmp_path):
    """A thousand plain moments and one with a mark of direction outside any sample: both are read."""
    written = [f"14/03/2024 15:{i % 60:02d}:26" for i in range(5000)]
    written[4321] = "\u200e15/03/2024 15:09:26"
    loaded, found = starts(engine, tmp_path, written)
    assert loaded.ledger.quarantined == {}
    assert found[4321] == moment(2024, 3, 15, 15, 9, 26)
