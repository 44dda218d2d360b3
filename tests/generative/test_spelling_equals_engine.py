"""One value at a time or whole tables at once: an identifier has one spelling."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.measurement.linking.identifier import NOBODY, OWN_ID, national_to_international, normalise
from firstcontact.measurement.reference.identifier import spell

_WORDS = "+ 00 0 1 23 4567 111 (0) tel: TEL: ext. x # ;ext= - . e+ @ dana Dana no-reply example.com İ Σ ß К ק 王 １"
PIECES = st.sampled_from([*_WORDS.split(), *" \t\v\n\u00a0\u200f"])
VALUES = st.one_of(
    st.lists(PIECES, max_size=9).map("".join),
    st.text(max_size=12).filter(lambda text: "\x00" not in text),
    st.sampled_from(NOBODY).map(str.upper),
)
KINDS = st.sampled_from(["phone", "email", OWN_ID, "account"])


@pytest.fixture(scope="module")
def one_engine() -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine(threads=1)
    yield opened
    opened.close()


@given(said=st.lists(st.tuples(KINDS, VALUES), min_size=20, max_size=60))
def test_both_spell_alike(one_engine: DuckDBEngine, said: list[tuple[str, str]]) -> None:
    """What arrives live and what a batch reads is compared under the same spelling."""
    table = pa.table({"kind": [kind for kind, _ in said], "value": [value for _, value in said], "n": range(len(said))})
    sent = one_engine.register(table, "fc_said")
    spelled = one_engine.execute(
        sent.mutate(spelled=normalise(sent["value"], sent["kind"])).select("n", "spelled").order_by("n")
    )
    assert spelled["spelled"].to_pylist() == [spell(kind, value) for kind, value in said]


def test_a_region_is_read_alike() -> None:
    """National numbers become the same international ones."""
    numbers = pa.table({"value": ["0541234567", "035551234", "5551234567"]})
    read = national_to_international(numbers, "IL")["spelled"].to_pylist()
    assert read == [spell("phone", value, "IL") for value in numbers["value"].to_pylist()]
