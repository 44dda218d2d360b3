"""Errors hold every fault at once, and codes are never given twice."""

from __future__ import annotations

import pytest

from firstcontact.kernel.errors import (
    EXIT_CODES,
    EXIT_INPUT,
    EXIT_INTERNAL,
    EXIT_USAGE,
    INTERNAL,
    ErrorKind,
    Faults,
    FirstcontactError,
)


@pytest.fixture
def kinds(monkeypatch):
    """Two kinds of error that exist for one test only."""
    monkeypatch.setattr(ErrorKind, "registry", dict(ErrorKind.registry))
    about = "For this test."
    return ErrorKind("FC9901", "First", EXIT_USAGE, about), ErrorKind("FC9902", "Second", EXIT_INPUT, about)


def test_all_faults_are_raised_together(kinds) -> None:
    """Whoever mends the first fault is not told of the second only then; the exit code is that of the first."""
    faults = Faults()
    faults.raise_if_any()
    assert not faults
    for kind in kinds:
        faults.add(kind, where="here", saw="text of 3 characters", allowed="a date", cure="write a date")
    assert len(faults) == 2
    with pytest.raises(FirstcontactError) as raised:
        faults.raise_if_any()
    assert [fault.kind for fault in raised.value.faults] == list(kinds)
    assert raised.value.exit_code == EXIT_USAGE
    assert str(raised.value).count("\n") == 1


def test_a_fault_says_all_four_clauses(kinds) -> None:
    """What failed, where, seen against allowed, what to do: in the text and as data."""
    fault = kinds[0].fault(where="row 3", saw="Aaa 99", allowed="a date", cure="write a date")
    assert str(fault) == "FC9901 First · row 3 · saw Aaa 99; allowed: a date · write a date"
    assert fault.as_dict() == {
        "code": "FC9901",
        "title": "First",
        "where": "row 3",
        "saw": "Aaa 99",
        "allowed": "a date",
        "cure": "write a date",
    }


def test_a_code_is_given_once(kinds) -> None:
    """Declaring a code a second time is a defect that shows at once, and an error needs a fault."""
    with pytest.raises(ValueError, match="FC9901"):
        ErrorKind("FC9901", "Again", EXIT_USAGE, "Never.")
    with pytest.raises(ValueError, match="at least one"):
        FirstcontactError([])


def test_a_defect_has_its_own_exit_code() -> None:
    """FC9001 ends with the status that says the program is at fault, and every status is documented."""
    assert INTERNAL.exit_code == EXIT_INTERNAL
    assert all(kind.exit_code in EXIT_CODES for kind in ErrorKind.registry.values())
