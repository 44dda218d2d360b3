"""What holds for every test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests").rglob("test_*.py"))
KINDS = {
    "unit",
    "spec",
    "oracle",
    "recovery",
    "generative",
    "contract",
    "golden",
    "web",
    "fault",
    "e2e",
    "meta",
}


def _tests(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node


def _can_fail(node: ast.AST) -> bool:
    """Whether a test asserts, expects an exception, or calls something that does so by its name."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assert):
            return True
        if isinstance(part, ast.Call):
            name = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
            if name in {"raises", "warns", "fail"} or name.lstrip("_").startswith(("assert", "check", "expect")):
                return True
    return False


def test_every_test_can_fail() -> None:
    """A test without an assertion proves nothing."""
    idle = [f"{path.relative_to(ROOT)}::{node.name}" for path in FILES for node in _tests(path) if not _can_fail(node)]
    assert idle == []


def test_every_test_states_its_claim() -> None:
    """The docstrings of the tests, read one after another, say what the program promises."""
    silent = [
        f"{path.relative_to(ROOT)}::{node.name}"
        for path in FILES
        for node in _tests(path)
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_test_is_of_a_known_kind() -> None:
    """A test lies in the folder of the question it answers."""
    assert [
        str(path.relative_to(ROOT)) for path in FILES if path.relative_to(ROOT / "tests").parts[0] not in KINDS
    ] == []


def test_no_oracle_is_skipped() -> None:
    """A comparison with somebody else's number is made every time, or it is not made at all."""
    skipping = [
        str(path.relative_to(ROOT))
        for path in FILES
        if path.parent.name == "oracle"
        and any(word in path.read_text(encoding="utf-8") for word in ("importorskip", "mark.skip", "xfail"))
    ]
    assert skipping == []
