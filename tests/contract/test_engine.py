"""What every engine promises: `kernel.engine.Engine`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.kernel.engine import Engine
from firstcontact.measurement.linking.portable import bucket_of, microseconds

MOMENTS = [datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), None, None, datetime(2100, 1, 1, tzinfo=UTC)]
ROWS = pa.table(
    {
        "number": pa.array([3, 1, None, 2], pa.int64()),
        "text": ["b", 'a, "quoted"', None, "лв ₪ 元"],
        "at": pa.array(MOMENTS, pa.timestamp("us")),
    }
)


@pytest.fixture(params=[DuckDBEngine], ids=["duckdb"])
def any_engine(request, tmp_path) -> Iterator[Engine]:
    """Each engine in turn; its scratch files lie where the test can see them."""
    opened = request.param(threads=1, temporary=tmp_path)
    yield opened
    opened.close()


def _sorted(table: pa.Table) -> list[dict]:
    return sorted(table.to_pylist(), key=str)


def test_rows_come_back_as_they_went_in(any_engine) -> None:
    """Values, types, missing ones and texts of any script survive; moments to the microsecond."""
    table = any_engine.register(ROWS, "rows")
    answer = any_engine.execute(table)
    assert _sorted(answer) == _sorted(ROWS)
    assert answer.schema.types == ROWS.schema.types
    assert _sorted(any_engine.execute(any_engine.table("rows"))) == _sorted(ROWS)


def test_a_name_is_kept_until_it_is_replaced(any_engine) -> None:
    """`materialise`, `view` and `register` replace what had the name, also from that very table."""
    first = any_engine.register(ROWS, "rows")
    kept = any_engine.materialise(first.filter(first.number > 1), "kept")
    assert any_engine.execute(kept).num_rows == 2
    kept = any_engine.materialise(kept.filter(kept.number > 2), "kept")
    assert any_engine.execute(any_engine.table("kept"))["number"].to_pylist() == [3]
    any_engine.register(ROWS.slice(0, 1), "rows")
    assert any_engine.execute(any_engine.table("rows")).num_rows == 1


def test_a_materialised_table_is_a_photograph_and_a_view_a_window(any_engine) -> None:
    """What is materialised stays when its source goes on; a view only names the expression."""
    rows = any_engine.register(ROWS, "rows")
    kept = any_engine.materialise(rows.select("number"), "kept")
    seen = any_engine.view(rows.select("number"), "seen")
    any_engine.register(ROWS.slice(0, 1), "rows")
    assert any_engine.execute(kept).num_rows == 4
    assert any_engine.execute(seen).num_rows == 1


def test_files_hold_the_rows_that_were_written(any_engine, tmp_path) -> None:
    """Parquet and CSV say how many rows they got; a quote in the path is only a character; Parquet reads back whole."""
    table = any_engine.register(ROWS, "rows")
    path = tmp_path / "it's here.parquet"
    assert any_engine.write_parquet(table.order_by("number"), path) == 4
    assert _sorted(pq.read_table(path)) == _sorted(ROWS)
    assert _sorted(any_engine.execute(any_engine.read_parquet([path, path], "twice"))) == sorted(
        2 * ROWS.to_pylist(), key=str
    )
    assert any_engine.write_csv(table, tmp_path / "rows.csv") == 4
    assert Path(tmp_path / "rows.csv").read_text(encoding="utf-8").startswith("number,text,at\n")


def test_order_is_kept_where_it_is_asked_for(any_engine) -> None:
    """An ordered expression executes in that order."""
    table = any_engine.register(pa.table({"n": list(range(5_000))}), "many")
    assert any_engine.execute(table.order_by(table.n.desc()))["n"].to_pylist() == list(range(4_999, -1, -1))


def test_components_of_nothing_are_nothing(any_engine) -> None:
    """No edge, no node; a loop is a component of one; the smallest node names it, negative ones included."""
    schema = pa.schema([("left", pa.int64()), ("right", pa.int64())])
    empty = any_engine.register(schema.empty_table(), "edges")
    assert any_engine.execute(any_engine.components(empty, "parts")).num_rows == 0
    some = any_engine.register(pa.table({"left": [5, 7, -2], "right": [5, 5, 9]}, schema), "edges")
    found = {
        row["node"]: row["component"] for row in any_engine.execute(any_engine.components(some, "parts")).to_pylist()
    }
    assert found == {5: 5, 7: 5, -2: -2, 9: -2}


def test_buckets_and_moments_are_the_portable_ones(any_engine) -> None:
    """Functions that engines spell differently give what the contract says: microseconds since 1970, MD5 buckets."""
    table = any_engine.register(ROWS, "rows")
    at = any_engine.execute(table.select(n=table.number, us=microseconds(table["at"])).order_by("n"))
    assert at.filter(pa.compute.is_valid(at["us"]))["us"].to_pylist() == [4_102_444_800_000_000, -1]
    texts = any_engine.register(pa.table({"text": ["caller 1", "", "лв"]}), "texts")
    found = any_engine.execute(texts.select("text", bucket=bucket_of(texts["text"])))
    assert {row["text"]: row["bucket"] for row in found.to_pylist()} == {"caller 1": 24, "": 21, "лв": 5}


def test_dropped_rows_are_gone(any_engine) -> None:
    """What was kept under a name can be given up, and giving it up again changes nothing."""
    any_engine.materialise(any_engine.register(ROWS, "rows"), "kept")
    any_engine.drop("kept")
    any_engine.drop("kept")
    with pytest.raises(Exception, match="kept"):
        any_engine.execute(any_engine.table("kept"))


def test_nothing_is_left_behind(tmp_path) -> None:
    """Closing gives back the temporary directory, also after work that spilled into it."""
    opened = DuckDBEngine(threads=1, memory_limit="100MB", temporary=tmp_path)
    numbers = opened.register(pa.table({"n": pa.array(range(300_000), pa.int64())}), "numbers")
    assert opened.execute(numbers.aggregate(total=numbers.n.sum()))["total"][0].as_py() == 299_999 * 150_000
    assert list(tmp_path.iterdir())
    opened.close()
    assert list(tmp_path.iterdir()) == []


def test_texts_of_few_values_are_still_text(any_engine) -> None:
    """A dictionary of a column is text to every expression: it compares, joins and comes back as it was."""
    table = any_engine.register(pa.table({"word": ["a", "b", None, "a"] * 50, "n": list(range(200))}), "words")
    small = any_engine.dictionary(table, ["word"], "small")
    counted = any_engine.execute(small.group_by("word").aggregate(n=ibis._.count()))
    assert {row["word"]: row["n"] for row in counted.to_pylist()} == {"a": 100, "b": 50, None: 50}
    assert any_engine.execute(small.filter(small.word == "b")).num_rows == 50
    joined = small.join(any_engine.register(pa.table({"word": ["b"]}), "one"), "word")
    assert any_engine.execute(joined).num_rows == 50


def test_an_engine_takes_no_more_than_the_work_is_worth() -> None:
    """Where nobody said otherwise it holds itself to 3 GB, and few rows are worth one thread."""

    def settings(engine: DuckDBEngine) -> tuple[float, int]:
        query = "SELECT current_setting('memory_limit'), current_setting('threads')"
        memory, threads = engine.sql().execute(query).fetchone()
        number, unit = memory.split()
        return float(number) * {"MiB": 1.05, "GiB": 1074.0}[unit], int(threads)

    free = DuckDBEngine()
    assert settings(free)[0] <= 3010
    _, several = settings(free)
    free.expect(10_000_000)
    assert settings(free)[1] == several
    free.expect(1_000)
    assert settings(free)[1] == 1
    free.close()
    told = DuckDBEngine(memory_limit="500MB", threads=3)
    told.expect(1_000)
    memory, threads = settings(told)
    assert memory == pytest.approx(500, rel=0.01)
    assert threads == 3
    told.close()


def test_questions_are_left_nested_for_the_engine_alone(any_engine) -> None:
    """What compiling is told to do differently is told to nobody else."""
    before = ibis.options.sql.fuse_selects
    any_engine.execute(any_engine.register(ROWS, "rows").mutate(twice=ibis._.number * 2).filter(ibis._.twice > 2))
    assert ibis.options.sql.fuse_selects is before


def test_a_question_asked_again_is_asked_of_the_rows_there_are_now(any_engine, tmp_path) -> None:
    """What was written down for one run serves the next, which has other rows under the same names; and no more."""
    largest = lambda table: any_engine.execute(table.aggregate(largest=table["number"].max()))["largest"].to_pylist()
    assert largest(any_engine.register(ROWS, "rows")) == [3]
    assert largest(any_engine.register(ROWS.slice(1), "rows")) == [2]
    assert largest(any_engine.register(ROWS.slice(1, 1), "others")) == [1]
    assert largest(any_engine.register(pa.table({"number": ["10", "9"]}), "rows")) == ["9"]
    another = type(any_engine)(threads=1, temporary=tmp_path)
    rows = another.register(ROWS.slice(3), "rows")
    assert another.execute(rows.aggregate(largest=rows["number"].max()))["largest"].to_pylist() == [2]
    another.close()


def test_what_is_alike_in_python_is_not_the_same_question(any_engine) -> None:
    """One, one with a fraction, true, and the text of it are four questions; so are two orders of columns."""
    table = any_engine.register(ROWS.slice(0, 1), "rows")
    for value in (1, 1.0, True, "1"):
        (found,) = any_engine.execute(table.select(value=ibis.literal(value)))["value"].to_pylist()
        assert (type(found), found) == (type(value), value)
    for names in (["number", "text"], ["text", "number"]):
        assert any_engine.execute(table.select(names)).column_names == names


def test_another_thread_stops_what_runs_and_may_come_late(any_engine) -> None:
    """Who cancels a measurement does so from another thread: what runs breaks off, what is closed does not mind."""
    stopping = threading.Event()

    def stop() -> None:
        while not stopping.wait(0.05):  # again and again: the statement may not have begun
            any_engine.interrupt()

    thread = threading.Thread(target=stop)
    many = any_engine.register(pa.table({"number": range(30_000)}), "many")
    pairs = many.cross_join(many.view())
    thread.start()
    try:
        with pytest.raises(Exception, match=r"(?i)interrupt"):
            any_engine.execute(pairs.aggregate(largest=(pairs.number * pairs.number_right % 7919).max()))
    finally:
        stopping.set()
        thread.join()
    assert any_engine.execute(many.aggregate(n=many.count()))["n"].to_pylist() == [30_000]
    any_engine.close()
    any_engine.interrupt()
