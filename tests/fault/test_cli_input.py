"""Whatever is in the file, `firstcontact measure` says what is wrong with it or accounts for every row of it."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import gzip
import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstcontact.kernel.errors import EXIT_INPUT, EXIT_REFUSED
from tests.command import MARK, Said, measure, rows, run

JANUARY = dt.datetime(2024, 1, 1)  # noqa: DTZ001 (files hold local times without a zone)
HEADER = "call id,start time,end time,customer id,reason,channel,note"


def moment(i: int) -> str:
    return f"2024-{1 + i % 6:02d}-{1 + i % 28:02d} {8 + i % 9:02d}:{i % 60:02d}:00"


def lines(count: int = 60) -> list[str]:
    """Rows of an honest export."""
    return [f"c{i},{moment(i)},{moment(i)},k{i % 7},billing,phone,{MARK}" for i in range(count)]


def text(*more: str, header: str = HEADER, count: int = 60) -> str:
    return "\n".join((header, *lines(count), *more)) + "\n"


def write(folder: Path, content: str | bytes, name: str = "calls.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


def measured(folder: Path, content: str | bytes, *arguments: object, name: str = "calls.csv", **more: str) -> Said:
    said = measure(write(folder, content, name, **more), folder / "run", *arguments)
    assert said.code in (0, EXIT_REFUSED), said.err
    return said


# ----------------------------------------------------------------------------- files that are no table


def _bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * (80 << 20))
    return packed.getvalue()


def _path_trick() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../evil.csv", text())
    return packed.getvalue()


def _mixed_order() -> str:
    days = [
        f"{1 + i % 12:02d}/{13 + i % 15:02d}" if i % 2 else f"{13 + i % 15:02d}/{1 + i % 12:02d}" for i in range(200)
    ]
    return "\n".join([HEADER, *(f"c{i},{day}/2024 10:00,,{MARK}{i % 9},billing,phone,n" for i, day in enumerate(days))])


REFUSED: dict[str, tuple[str, Callable[[], str | bytes], str]] = {
    "an empty file": ("calls.csv", lambda: "", "FC1003"),
    "a header only": ("calls.csv", lambda: HEADER + "\n", "FC1004"),
    "binary called csv": ("calls.csv", lambda: random.Random(1).randbytes(5000), "FC1005"),
    "a truncated gzip": ("calls.csv.gz", lambda: gzip.compress(text(count=3000).encode())[:2000], "FC1007"),
    "nothing in gzip": ("calls.csv.gz", lambda: gzip.compress(b""), "FC1003"),
    "a zip bomb": ("calls.zip", _bomb, "FC1009"),
    "a path trick": ("calls.zip", _path_trick, "FC1010"),
    "only sentinels of 1970": (
        "calls.csv",
        lambda: "\n".join([HEADER, *(f"c{i},1970-01-01 00:00:00,,{MARK},x,p,n" for i in range(30))]),
        "FC1014",
    ),
    "mixed orders of day and month": ("calls.csv", _mixed_order, "FC1013"),
    "a column of words": ("calls.csv", lambda: "\n".join(["foo", *[MARK] * 50]), "FC1012"),
    "words without a header": ("calls.csv", lambda: "\n".join([MARK] * 50), "FC1012"),
    "an object around the rows": ("calls.json", lambda: json.dumps({"data": [{"id": MARK}]}), "FC1012"),
    "broken JSON": ("calls.json", lambda: f'[{{"id": "{MARK}",', "FC1016"),
    "a workbook without content": ("calls.xlsx", lambda: _workbook(lambda sheet: None), "FC1004"),
    "a truncated workbook": ("calls.xlsx", lambda: _workbook(_rows_of_cells)[:3000], "FC1007"),
    "text called parquet": ("calls.parquet", text, "FC1016"),
    "a picture called csv": ("calls.csv", lambda: b"\x89PNG\r\n\x1a\n" + bytes(300), "FC1005"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_no_table_is_refused_with_its_code(case: str, tmp_path: Path) -> None:
    """The error names code, place, what was seen against what is allowed, and the cure; nothing is written."""
    name, content, code = REFUSED[case]
    said = measure(write(tmp_path, content(), name), tmp_path / "run")
    assert said.code == EXIT_INPUT
    assert set(said.codes) == {code}
    assert name in said.err


def test_what_is_not_there_is_said_with_everything_else(tmp_path: Path) -> None:
    """A missing file, an empty one and a device: all at once, each under its own code."""
    said = measure([tmp_path / "no.csv", write(tmp_path, "", "empty.csv"), "/dev/zero"], tmp_path / "run")
    assert (said.code, said.codes) == (EXIT_INPUT, ["FC1001", "FC1006", "FC1003"])


def test_files_with_different_columns_are_not_mixed(tmp_path: Path) -> None:
    """Two sources are two runs."""
    files = [write(tmp_path, text()), write(tmp_path, "foo,bar\n1,2\n", "other.csv")]
    said = measure(files, tmp_path / "run")
    assert (said.code, said.codes) == (EXIT_INPUT, ["FC1011"])


# -------------------------------------------------------------------------------------- rows set aside


def test_unfit_rows_are_set_aside_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    """Ragged, a taken id, an end before its start, 1970 and 2199, no date, no id; an identical copy is absorbed."""
    said = measured(
        tmp_path,
        text(
            "a,b",
            f"{MARK},1,2,3,4,5,6,7,8,9",
            f"c1,2024-03-05 10:00:00,2024-03-05 10:01:00,{MARK},x,phone,n",
            lines()[2],
            f"q1,2024-03-05 10:00:00,2024-03-05 09:01:00,{MARK},x,phone,n",
            f"q2,1970-01-01 00:00:00,2024-03-05 09:01:00,{MARK},x,phone,n",
            f"q3,2199-01-01 00:00:00,2199-03-05 09:01:00,{MARK},x,phone,n",
            f"q4,2024-02-30 10:00:00,,{MARK},x,phone,n",
            f"q5,{MARK},,k1,x,phone,n",
            "q6,,,k1,x,phone,n",
            ",2024-03-05 10:00:00,,k1,x,phone,n",
            "",
        ),
    )
    ledger = rows(tmp_path / "run")
    assert ledger["quarantined"] == {
        "FC2001": 1, "FC2002": 1, "FC2003": 2, "FC2005": 1, "FC2006": 2, "FC2007": 1, "FC2009": 2,
    }  # fmt: skip
    assert (ledger["contacts"], ledger["absorbed"]) == (60, {"duplicate": 1})
    assert all(code in said.out for code in ledger["quarantined"])
    aside = pq.read_table(tmp_path / "run" / "quarantine.parquet").to_pylist()
    assert sum(MARK in row["raw"] for row in aside) == 7  # kept there, to be corrected, and nowhere else


def test_a_quote_that_never_closes_does_not_swallow_the_file(tmp_path: Path) -> None:
    """Its own row is set aside; the rows after it are contacts."""
    broken = [*lines()[:30], f'q1,2024-03-01 10:00:00,,"k1,{MARK},p,n', *lines()[30:]]
    measured(tmp_path, "\n".join([HEADER, *broken]))
    assert rows(tmp_path / "run")["contacts"] == 60
    assert rows(tmp_path / "run")["quarantined"] == {"FC2009": 1}


def test_files_given_twice_are_not_counted_twice(tmp_path: Path) -> None:
    """The same file again, and an export that overlaps: each contact stands once."""
    first, longer = write(tmp_path, text()), write(tmp_path, text(count=90), "longer.csv")
    measure([first, first], tmp_path / "twice")
    assert rows(tmp_path / "twice")["absorbed"] == {"duplicate": 60}
    measure([first, longer], tmp_path / "overlap")
    assert (rows(tmp_path / "overlap")["contacts"], rows(tmp_path / "overlap")["absorbed"]) == (90, {"duplicate": 60})


# ------------------------------------------------------------------------ odd content that is no error


def _dated(*, header: str, row: Callable[[int], str], count: int = 120) -> str:
    return "\n".join([header, *(row(i) for i in range(count))])


ODD: dict[str, Callable[[], str | bytes]] = {
    "a field of 5 MB": lambda: text('q1,2024-03-05 10:00:00,,k1,x,phone,"' + f"{MARK}\n" * 450_000 + '"'),
    "an id of 5 MB": lambda: text(f"q1,2024-03-05 10:00:00,,{MARK * 500_000},x,phone,n"),
    "NUL bytes": lambda: text(f"q1,2024-03-05 10:00:00,,k\0{MARK},x\0y,phone,n\0"),
    "broken UTF-8": lambda: text().encode().replace(b"billing", b"bil\xff\xfeling"),
    "Windows line ends": lambda: text().replace("\n", "\r\n"),
    "carriage returns alone": lambda: text().replace("\n", "\r"),
    "a delimiter at the end of every row": lambda: "\n".join([HEADER, *(line + "," for line in lines())]),
    "a line that names the separator": lambda: "sep=;\n" + text().replace(",", ";"),
    "duplicate header names": lambda: text(header=HEADER.replace("note", "Reason")),
    "unknown columns only beside a date": lambda: _dated(header="foo,when,bar", row=lambda i: f"{MARK},{moment(i)},x"),
    "one row": lambda: text(count=1),
    "two identical rows": lambda: text(lines()[0], count=1),
    "dates and nothing else": lambda: _dated(header="start time", row=moment),
    "dates without times": lambda: _dated(
        header="call id,date,customer id", row=lambda i: f"c{i},{moment(i)[:10]},k{i % 9}"
    ),
    "a hundred contacts in one second": lambda: _dated(
        header=HEADER, row=lambda i: f"c{i},2024-03-01 10:00:00,2024-03-01 10:00:00,k{i % 3},billing,phone,n"
    ),
    "everybody abandoned": lambda: _dated(
        header="call id,start time,customer id,abandoned", row=lambda i: f"c{i},{moment(i)},k{i % 9},yes"
    ),
    "outbound only": lambda: _dated(
        header="call id,start time,customer id,direction", row=lambda i: f"c{i},{moment(i)},k{i % 9},outbound"
    ),
    "huge ids": lambda: "\n".join(
        [HEADER, *(f"{10**300 + i},{line.partition(',')[2]}" for i, line in enumerate(lines()))]
    ),
    "right-to-left text": lambda: _dated(
        header="מזהה שיחה,שעת התחלה,לקוח,סיבה", row=lambda i: f"c{i},{moment(i)},לקוח{i % 9},\u202eחיוב"
    ),
    "Chinese in GBK": lambda: _dated(
        header="通话编号,开始时间,客户编号,原因", row=lambda i: f"c{i},{moment(i)},客户{i % 9},账单"
    ).encode("gbk"),
    "two zones": lambda: _dated(
        header="call id,start time,customer id",
        row=lambda i: f"c{i},{moment(i).replace(' ', 'T')}{'+02:00' if i % 2 else 'Z'},k{i % 9}",
    ),
    "words for yes and no": lambda: _dated(
        header="call id,start time,customer id,resolved,abandoned",
        row=lambda i: (
            f"c{i},{moment(i)},k{i % 9},{('Yes', 'no', 'TRUE', '0', 'да', MARK)[i % 6]},{('ja', 'nein')[i % 2]}"
        ),
    ),
    "impossible durations": lambda: _dated(
        header="call id,start time,customer id,handle_seconds",
        row=lambda i: f"c{i},{moment(i)},k{i % 9},{('5', '-5', '1e400', 'NaN', 'inf', '9' * 25)[i % 6]}",
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_content_is_measured_and_every_row_is_accounted_for(case: str, tmp_path: Path) -> None:
    """What is strange but not wrong gives a figure, or a refusal of the figure with its reason."""
    said = measured(tmp_path, ODD[case]())
    assert said.out.strip()
    assert rows(tmp_path / "run")["contacts"] > 0
    assert rows(tmp_path / "run")["quarantined"] == {}


def test_exports_run_nothing_in_a_spreadsheet(tmp_path: Path) -> None:
    """A reason that looks like a formula stands in results.csv as text."""
    rules = ["=1+1", "+1", "-1", "@SUM(A1)", '"=HYPERLINK(""x"")"', "=cmd|'/C calc'!A0"]
    content = "\n".join([HEADER, *(f"=q{i},{moment(i)},,=k{i % 7},{rules[i % 6]},=web,-n" for i in range(60))])
    measured(tmp_path, content)
    with (tmp_path / "run" / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "'=1+1" in cells
    assert [
        cell for cell in cells if cell.startswith(("=", "+", "@")) or (cell.startswith("-1") and cell != "-1")
    ] == []


def test_missing_customers_are_counted_and_said(tmp_path: Path) -> None:
    """60 % of the rows without a customer: still measured, and the coverage is said."""
    content = "\n".join(
        [HEADER, *(f"c{i},{moment(i)},,{'' if i % 5 < 3 else f'k{i % 67}'},billing,phone,n" for i in range(400))]
    )
    said = measured(tmp_path, content)
    assert "The customer is known for 40.0 % of" in " ".join(said.out.split())


def test_nobody_known_is_a_refusal_that_says_what_would_help(tmp_path: Path) -> None:
    """Without a customer nothing can be called a repeat; the other measures are there."""
    said = measured(tmp_path, _dated(header="call id,start time,channel", row=lambda i: f"c{i},{moment(i)},phone"))
    assert said.code == EXIT_REFUSED
    assert "customer ids or identifiers" in said.out


def test_one_customer_with_half_of_all_rows_gives_no_headline(tmp_path: Path) -> None:
    """Such a customer is a test line or a placeholder; the figure would describe it alone, and says so."""
    content = "\n".join(
        [HEADER, *(f"c{i},{moment(i)},,{MARK if i % 2 else f'k{i}'},r{i % 90},phone,n" for i in range(600))]
    )
    said = measured(tmp_path, content, "--policy", "repeat-7d")
    assert said.code == EXIT_REFUSED
    assert "One customer holds" in said.out


def test_windows_that_have_not_closed_give_no_headline(tmp_path: Path) -> None:
    """All rows are from the last days: nobody can know yet who comes back."""
    content = "\n".join(
        [HEADER, *(f"c{i},2024-03-{1 + i % 5:02d} 10:{i % 60:02d}:00,,k{i},b,phone,n" for i in range(100))]
    )
    said = measured(tmp_path, content, "--policy", "repeat-7d")
    assert said.code == EXIT_REFUSED
    assert "old enough" in said.out


def test_whitespace_and_case_do_not_make_another_customer(tmp_path: Path) -> None:
    """` Bob` and `Bob ` are one customer; another spelling is another only where it may be one."""
    content = _dated(
        header="call id,start time,customer id",
        row=lambda i: f"c{i},{moment(i)},{('Bob ', ' Bob')[i % 2]}{i // 2 % 9 or ''}",
    )
    measured(tmp_path, content)
    identity = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["identity"]
    assert identity["known"] == 120


def test_durations_are_read_as_people_write_them(tmp_path: Path) -> None:
    """`3,5` minutes with a decimal comma, and `00:05:12`."""
    for name, header, value, seconds in (
        ("comma", "call id;start time;customer id;handle time (min)", "3,5", 210.0),
        ("clock", "call id;start time;customer id;talk time", "00:05:12", 312.0),
    ):
        path = write(
            tmp_path, _dated(header=header, row=lambda i, v=value: f"c{i};{moment(i)};k{i % 40};{v}"), f"{name}.csv"
        )
        said = measure(path, tmp_path / name)
        assert said.code in (0, EXIT_REFUSED)
        results = pq.read_table(tmp_path / name / "results.parquet").to_pylist()
        found = [row["value"] for row in results if row["measure"] == "handle_time" and not row["by"]]
        assert found == [seconds]


# ----------------------------------------------------------------------------------- names and columns


NAMES = (
    "a b.csv", "a'b.csv", 'a"b.csv', "😀.csv", "100%d %s.csv", "new\nline.csv", "x'); DROP TABLE contacts; --.csv",
    "[bold]x[red].csv", "{0}.csv", "*.csv", "-dash.csv", "שלום.csv", "back\\slash.csv", "s3:foo.csv", "noext",
    os.fsdecode(b"bad\xff.csv"),
)  # fmt: skip


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    """Spaces, quotes, emoji, percent signs, newlines, SQL, markup, wildcards, bytes that are no text."""
    files = []
    for place, name in enumerate(NAMES):
        files.append(tmp_path / name)
        files[-1].write_text(text(count=20).replace("\nc", f"\nf{place}-"), encoding="utf-8")
    said = measure(files, tmp_path / "run 'x' 😀")
    assert said.code in (0, EXIT_REFUSED), said.err
    assert rows(tmp_path / "run 'x' 😀")["contacts"] == 20 * len(NAMES)
    assert run("inspect", files[5]).code == 0
    assert run("inspect", files[-1]).code == 0


OWN_NAMES = (
    "contact_id", "started_at", "customer_id", "reason", "customer", "bucket", "start_us", "fc_x", "fc_row",
    "local_day", "x_y", 'a""b', "select", "order", "verdict", "issue_id", "outcome", "repeat", "window_us", "n",
    "count", "end_us", "mature", "returned", "cell", "period", "survey_csat",
)  # fmt: skip


def test_columns_named_like_our_own_are_columns_like_any_other(tmp_path: Path) -> None:
    """SQL keywords, our internal names, a quote inside a name, a name that begins like ours: each can cut figures."""
    header = ",".join(f'"{name}"' for name in OWN_NAMES)
    content = _dated(
        header=header,
        row=lambda i: ",".join([f"c{i}", moment(i), f"k{i % 40}", "r", *(f"v{i % 2}" for _ in OWN_NAMES[4:])]),
    )
    names = [name.replace('""', '"') for name in OWN_NAMES[5:] if name != "fc_row"]
    said = measured(tmp_path, content, *(part for name in names for part in ("--by", name)), "--by", 'x_y,a"b')
    assert said.code in (0, EXIT_REFUSED)
    shown = {row["by"] for row in pq.read_table(tmp_path / "run" / "results.parquet").to_pylist()}
    assert len({by for by in shown if by}) >= len(names) + 1


def test_two_thousand_columns_are_no_obstacle(tmp_path: Path) -> None:
    """A very wide file is read, and cut by its last column."""
    wide = [HEADER + "," + ",".join(f"col{i}" for i in range(2000)), *(line + ",v" * 2000 for line in lines())]
    assert measured(tmp_path, "\n".join(wide), "--by", "col1999").code in (0, EXIT_REFUSED)


# --------------------------------------------------------------------------------------- other formats


def _workbook(fill: Callable[..., object]) -> bytes:
    book, packed = openpyxl.Workbook(), io.BytesIO()
    fill(book.active)
    book.save(packed)
    return packed.getvalue()


def _rows_of_cells(sheet: object, above: int = 0) -> None:
    for _ in range(above):
        sheet.append([])
    sheet.append(HEADER.split(","))
    for i in range(80):
        sheet.append([i, 45300.5 + i / 3, None, f"k{i % 9}", "=1+1", "phone", MARK])


def _title_above(sheet: object) -> None:
    sheet.append(["Export of calls"])
    sheet.merge_cells("A1:G1")
    _rows_of_cells(sheet, above=1)


def _several_sheets(sheet: object) -> None:
    sheet.append(["some words"])
    other = sheet.parent.create_sheet("data")
    other.append(HEADER.split(","))
    for i in range(80):
        other.append([f"c{i}", JANUARY + dt.timedelta(hours=7 * i), None, f"k{i % 9}", "b", "phone", MARK])


@pytest.mark.parametrize("fill", [_rows_of_cells, _title_above, _several_sheets], ids=["numbers", "title", "sheets"])
def test_workbooks_are_read_as_people_make_them(fill: Callable[..., object], tmp_path: Path) -> None:
    """Dates as numbers, a merged title above the header, several sheets; nothing but our own words on the terminal."""
    said = measured(tmp_path, _workbook(fill), name="calls.xlsx")
    assert rows(tmp_path / "run") | {"absorbed": {}} == {
        "read": 80, "contacts": 80, "absorbed": {}, "quarantined": {}, "erased": 0, "adds_up": True,
    }  # fmt: skip
    assert said.err == ""


def test_json_lines_may_nest_and_have_any_key(tmp_path: Path) -> None:
    """Objects within objects, keys with quotes, dots, dollars or nothing; lines that are no object are set aside."""
    good = [
        {"id": f"c{i}", "start_time": moment(i), "customer": {"id": f"k{i % 9}", "tags": [MARK]}, 'a"b': 1, "a.b": 2,
         "": 3, "$": 4, "'": 5, "x/y~z": 6, "deep": {"a": {"b": {"c": MARK}}}}
        for i in range(80)
    ]  # fmt: skip
    bad = [MARK, "[1,2]", '{"id":', "null"]
    measured(tmp_path, "\n".join([*(json.dumps(row) for row in good), *bad]), name="calls.jsonl")
    assert (rows(tmp_path / "run")["contacts"], rows(tmp_path / "run")["quarantined"]) == (80, {"FC2011": 4})


def test_parquet_may_have_any_type(tmp_path: Path) -> None:
    """Zoned and naive moments, dictionaries, decimals, lists, structs, bytes, times and durations; also to cut by."""
    hours = [JANUARY + dt.timedelta(hours=7 * i) for i in range(200)]
    table = pa.table(
        {
            "contact_id": [f"c{i}" for i in range(200)],
            "started_at": pa.array(hours, pa.timestamp("us", "Asia/Tokyo")),
            "ended_at": pa.array(hours, pa.timestamp("ns", "Asia/Tokyo")),
            "customer_id": pa.array([f"k{i % 40}" for i in range(200)]).dictionary_encode(),
            "cost": pa.array([decimal.Decimal("1.25")] * 200, pa.decimal128(10, 2)),
            "handle_seconds": pa.array([decimal.Decimal("61.25")] * 200, pa.decimal128(38, 10)),
            "list": pa.array([["a"]] * 200),
            "struct": pa.array([{"x": 1}] * 200),
            "bytes": pa.array([b"\xff\0ZZ"] * 200),
            "time": pa.array([dt.time(1, 2)] * 200),
            "span": pa.array([dt.timedelta(1)] * 200),
            "nothing": pa.nulls(200),
        }
    )
    path = tmp_path / "calls.parquet"
    pq.write_table(table, path)
    cuts = [part for name in ("list", "struct", "bytes", "time", "span", "nothing") for part in ("--by", name)]
    assert measure(path, tmp_path / "run", *cuts).code in (0, EXIT_REFUSED)
    assert rows(tmp_path / "run")["contacts"] == 200


def test_parquet_without_what_is_needed_is_refused(tmp_path: Path) -> None:
    """No moments at all, moments that are all missing, and a file cut off at its end."""
    cases = {
        "FC1012": pa.table({"foo": [MARK], "bar": [1]}),
        "FC1014": pa.table(
            {"contact_id": ["a", "b"], "started_at": pa.nulls(2, pa.timestamp("us")), "customer_id": ["k", "k"]}
        ),
    }
    for code, table in cases.items():
        pq.write_table(table, tmp_path / "calls.parquet")
        said = measure(tmp_path / "calls.parquet", tmp_path / "run")
        assert (said.code, said.codes) == (EXIT_INPUT, [code])
    whole = (tmp_path / "calls.parquet").read_bytes()
    said = measure(write(tmp_path, whole[:-50], "cut.parquet"), tmp_path / "run")
    assert (said.code, said.codes) == (EXIT_INPUT, ["FC1016"])
