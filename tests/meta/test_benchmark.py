"""The benchmarks ask what they say, also after what they ask of has changed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from firstcontact import bootstrap

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("benchmark") / "contacts.parquet"
    _load("contacts").write_contacts(path, 3_000)
    return path


@pytest.mark.parametrize("name", ["sort", "Q1", "Q3", "Q5", "link"])
def test_every_question_has_an_answer(name: str, made: Path) -> None:
    """`make bench` once wrote "did not finish" beside two questions, and no check had noticed."""
    with bootstrap.engine() as engine:
        assert _load("question").QUESTIONS[name](engine, made) > 0
