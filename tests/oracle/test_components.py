"""Connected components against networkx (written against 3.6.1, November 2026); equal node by node."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstcontact.adapters.engines.duckdb import DuckDBEngine

ENGINE = DuckDBEngine(threads=1)
NODE = st.integers(-3, 30) | st.sampled_from([2**40, 2**62])


def _found(edges: list[tuple[int, int]]) -> dict[int, int]:
    columns = {"left": [a for a, _ in edges], "right": [b for _, b in edges]}
    table = ENGINE.register(pa.table({k: pa.array(v, pa.int64()) for k, v in columns.items()}), "edges")
    answer = ENGINE.execute(ENGINE.components(table, "answer"))
    assert answer.num_rows == len(set(answer["node"].to_pylist()))
    return dict(zip(answer["node"].to_pylist(), answer["component"].to_pylist(), strict=True))


def _expected(edges: list[tuple[int, int]]) -> dict[int, int]:
    parts = [(min(part), part) for part in nx.connected_components(nx.Graph(edges))]
    return {node: smallest for smallest, part in parts for node in part}


@given(st.lists(st.tuples(NODE, NODE), max_size=40))
def test_components_are_those_of_networkx(edges: list[tuple[int, int]]) -> None:
    """On any graph, loops and repeated edges included, each node gets the smallest node of its component."""
    assert _found(edges) == _expected(edges)


@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled", "zigzag"])
def test_a_long_path_is_one_component(order: str) -> None:
    """A chain of 5,000 identifiers is one customer, however its nodes are numbered."""
    n = 5_000
    numbers = {
        "ascending": np.arange(n),
        "descending": np.arange(n)[::-1],
        "shuffled": np.random.default_rng(1).permutation(n),
        "zigzag": np.argsort([i * 7_919 % n for i in range(n)]),
    }[order].tolist()
    edges = list(pairwise(numbers))
    found = _found(edges)
    assert len(found) == n
    assert set(found.values()) == {0}


def test_a_large_sparse_graph_falls_into_the_same_parts() -> None:
    """20,000 random edges over 30,000 nodes: components of every size, and trees, stars and rings beside them."""
    chance = np.random.default_rng(2)
    edges = [(int(a), int(b)) for a, b in chance.integers(0, 30_000, (20_000, 2))]
    edges += [(40_000, 40_000 + k) for k in range(1, 300)]  # a star
    edges += [(50_000 + k, 50_000 + (k + 1) % 200) for k in range(200)]  # a ring
    edges += [(60_000 + k, 60_000 + (k - 1) // 2) for k in range(1, 500)]  # a tree
    assert _found(edges) == _expected(edges)
