"""A saved fit is read, or everything wrong with it is said; and it is used again on other data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from firstcontact.kernel.engine import Engine
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.measurement.fit.declared import FIT_FORMAT, Fit, ReasonWindow, complete, declare, effective_hash
from firstcontact.measurement.fit.read import fit_from, read_fit
from firstcontact.measurement.policy.model import Link, Policy, Window
from firstcontact.services.measure import Measured
from tests.drawn import SHOW_ALL, contact, run_of

POLICY = Policy(publish=SHOW_ALL)
SAVED = Fit(
    (ReasonWindow("bill", 5, 7, "learned"), ReasonWindow("gone", 40, 60, "learned")), "learned", ("of last month",)
)
CALLS = [
    contact("a1", "Dana", 10),
    contact("a2", "Dana", 20),  # a return within 30 days, not within 5
    contact("b1", "Ana", 10, reason="access"),
    contact("b2", "Ana", 20, reason="access"),
    contact("end", "Ben", 90, reason=None),
]


def faults_of(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(FirstcontactError) as raised:
        fit_from(data, "fit.json")
    return [(fault.kind.code, fault.where.removeprefix("fit.json").strip(", ")) for fault in raised.value.faults]


def _returned(engine: Engine, measured: Measured) -> set[str]:
    linked = measured.linked
    return set(engine.execute(linked.filter(linked.returned).select("contact_id"))["contact_id"].to_pylist())


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """A fit comes back as it was saved, also from a version that wrote no form."""
    path = tmp_path / "fit.json"
    for saved in (SAVED, declare(Policy(), ["a", ""])):
        path.write_text(json.dumps(saved.as_dict()), encoding="utf-8")
        assert read_fit(path) == saved
    old = SAVED.as_dict()
    assert old.pop("format") == FIT_FORMAT
    assert fit_from(old, "fit.json") == SAVED


@pytest.mark.parametrize("text", [None, "{", b"\xff\xfe", "[" * 100_000, "[]", "3", "{}", '{"windows": {}}'])
def test_what_is_no_fit_is_said(tmp_path: Path, text: str | bytes | None) -> None:
    """FC4010 for no file, no text, no JSON, and JSON of something else."""
    path = tmp_path / "fit.json"
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(FirstcontactError) as raised:
        read_fit(path)
    assert [fault.kind.code for fault in raised.value.faults] == ["FC4010"]


@pytest.mark.parametrize("form", [FIT_FORMAT + 1, 0, -1, "1", None, [1], float("nan"), 10**400])
def test_an_unknown_form_is_not_guessed_at(form: Any) -> None:
    """FC4011 alone: nothing else in the file can be understood."""
    assert faults_of(SAVED.as_dict() | {"format": form, "kind": "odd"}) == [("FC4011", "")]


def test_every_wrong_window_is_named_at_once() -> None:
    """FC4012 for lengths that are none, FC4010 for what is no window, by their place and without the reason."""
    rows: list[Any] = [
        {"reason": "ok", "days": 30, "look_back_days": 0, "source": "declared"},
        {"reason": "secret", "days": -1, "look_back_days": -2},
        {"reason": "b", "days": 0, "look_back_days": float("nan")},
        {"reason": "c", "days": "30", "look_back_days": True},
        {"reason": "d", "days": 10**400, "look_back_days": float("inf")},
        {"reason": "e", "days": 3},
        {"reason": "ok", "days": 3, "look_back_days": 4},
        {"reason": None, "days": 3, "look_back_days": 4},
        {"reason": "half \ud800", "days": 3, "look_back_days": 4},
        {"reason": "f", "days": 3, "look_back_days": 4, "source": "dreamt"},
        7,
    ]
    wrong = {"kind": "dreamt", "notes": "none", "windows": rows}
    lengths = [(number, name) for number in (2, 3, 4, 5) for name in ("days", "look_back_days")]
    assert faults_of(wrong) == [
        ("FC4010", "kind"),
        ("FC4010", "notes"),
        *(("FC4012", f"window {number}, {name}") for number, name in [*lengths, (6, "look_back_days")]),
        ("FC4010", "window 7"),
        ("FC4010", "window 8"),
        ("FC4010", "window 9"),
        ("FC4010", "window 10, source"),
        ("FC4010", "window 11"),
    ]
    with pytest.raises(FirstcontactError) as raised:
        fit_from(wrong, "fit.json")
    assert "secret" not in str(raised.value)


def test_the_hash_covers_what_differs_from_the_policy_and_nothing_else() -> None:
    """The hash moves with every window that moves a figure, and with no reason that merely occurs."""
    plain = effective_hash(Policy(), declare(Policy(), ["a", "b"]))
    assert effective_hash(Policy(), complete(Policy(), declare(Policy(), ["c"]), ["a"])) == plain
    other = declare(Policy(window=Window(7)), ["a"])
    assert effective_hash(Policy(), other) != plain
    assert effective_hash(Policy(), complete(Policy(), other, ["b", "c"])) == effective_hash(Policy(), other)
    longer = Fit((ReasonWindow("a", 30, 90),))
    assert len({plain, effective_hash(Policy(), other), effective_hash(Policy(), longer)}) == 3


def test_a_saved_fit_goes_before_the_policy(engine) -> None:
    """Its windows judge; every figure that rests on them says so; the hash is another one; the fit is kept whole."""
    plain = run_of(engine, CALLS, POLICY)
    assert _returned(engine, plain) == {"a1", "b1"}
    fitted = run_of(engine, CALLS, POLICY, fit=SAVED)
    assert _returned(engine, fitted) == {"b1"}
    assert {row.windows for row in fitted.run.rows if row.cell.get("reason_1") == "bill"} == {"learned"}
    assert len({row.policy_hash for row in (*plain.run.rows, *fitted.run.rows)}) == 2
    assert [(one.reason, one.days, one.source) for one in fitted.run.fit.windows] == [
        ("bill", 5, "learned"),
        ("gone", 40, "learned"),
        ("(none)", 30, "declared"),
        ("access", 30, "declared"),
    ]


def test_reasons_that_a_saved_fit_lacks_are_counted(engine) -> None:
    """Three of five contacts have a reason that it does not name; where it names all, nothing is said."""
    said = [one for one in run_of(engine, CALLS, POLICY, fit=SAVED).run.findings if one.topic == "fit"]
    assert [one.level for one in said] == ["warning"]
    assert "does not name: 2 of 3 ((none), access)." in said[0].text
    assert "3 of 5 contacts" in said[0].text
    whole = Policy(publish=SHOW_ALL, link=Link(reason_level=0))
    run = run_of(engine, CALLS, whole, fit=Fit((ReasonWindow("", 5, 7),))).run
    assert [one for one in run.findings if one.topic == "fit"] == []
