"""Errors are documented, raised by a test, and built from four clauses."""

from __future__ import annotations

import re
from pathlib import Path

from firstcontact.kernel.errors import EXIT_CODES, ErrorKind
from firstcontact.kernel.result import RefusalKind
from tools.reference import modules, refusals

ROOT = Path(__file__).parents[2]


def _kinds() -> dict[str, str]:
    """The constant's name of every declared error kind, by code."""
    names = {
        kind.code: name
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(kind := getattr(value, "kind", value), ErrorKind)
    }
    return {code: names.get(code, code) for code in sorted(ErrorKind.registry)}


def _texts(folder: str) -> str:
    files = (path for path in sorted((ROOT / "tests").glob(folder)) if path.parent.name != "meta")
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_codes_have_the_prefix_and_four_digits() -> None:
    """A code can be searched for: `FC` and four digits."""
    assert [code for code in _kinds() if not re.fullmatch(r"FC[1-79]\d{3}", code)] == []


def test_every_kind_says_when_it_happens_and_how_it_is_mended() -> None:
    """The reference page of errors has no empty entry."""
    kinds = _kinds() and ErrorKind.registry.values()
    assert [kind.code for kind in kinds if len(kind.about.split()) < 5 or not kind.title] == []
    assert [kind.code for kind in kinds if kind.exit_code not in EXIT_CODES] == []


def test_every_code_stands_in_the_reference() -> None:
    """A user who meets a code finds it in the documentation."""
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    assert [code for code in _kinds() if code not in page] == []
    assert [kind.code for kind in refusals() if kind.code not in page] == []


def test_every_code_is_raised_by_a_test() -> None:
    """A fault that no test provokes may never have worked."""
    tests = _texts("*/test_*.py")
    assert [f"{code} {name}" for code, name in _kinds().items() if code not in tests and name not in tests] == []


def test_every_refusal_is_given_by_a_test() -> None:
    """A figure is refused somewhere for each reason that is documented."""
    tests = _texts("*/test_*.py")
    names = {
        value.code: name
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, RefusalKind)
    }
    assert [
        code for code, name in names.items() if f'"{code}"' not in tests and not re.search(rf"\b{name}\b", tests)
    ] == []
