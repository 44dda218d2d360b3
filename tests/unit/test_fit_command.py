"""`firstcontact fit` says what was learned, why not, and what moved; and keeps it for later."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.sentence import Sentence, code_of, restored
from firstcontact.measurement.fit.compare import compare
from firstcontact.measurement.fit.declared import Fit, ReasonWindow, effective_hash, linking_hash, with_models
from firstcontact.measurement.fit.model import LAG_BINS, LAG_EDGES, ReturnModel
from firstcontact.measurement.fit.read import fit_from, read_fit
from firstcontact.measurement.policy.model import Policy, Window
from firstcontact.services.fit import check_target, write_fit
from tests.command import run
from tests.drawn import contact, run_of


def model(reason: str, days: float, low: float, high: float) -> ReturnModel:
    """A learned model whose curves are plain lines."""
    curve = tuple(round(edge / LAG_EDGES[-1], 6) for edge in LAG_EDGES)
    return ReturnModel(
        reason,
        "learned",
        1_000,
        400,
        tau_days=30.0,
        window_days=days,
        window_low=low,
        window_high=high,
        background=curve,
        latency=curve,
        latency_se=curve,
        caused=(0.5,) * LAG_BINS,
        r_fcr=0.8,
        r_low=0.75,
        r_high=0.85,
        replicates=(0.8, 1.01) * 20,
    )


LEARNED = Policy(window=Window(30, (), "learned"))
BEFORE = Fit(
    (ReasonWindow("a", 20, 45), ReasonWindow("b", 30, 45), ReasonWindow("gone", 9, 45)),
    models=(model("a", 20, 18, 22), model("still", 9, 8, 10)),
)
AFTER = Fit(
    (ReasonWindow("a", 26, 45), ReasonWindow("b", 30, 45), ReasonWindow("new", 9, 45)),
    models=(model("a", 26, 24, 28), model("b", 12, 9, 15), model("still", 9.01, 8, 10)),
)


def test_what_moved_is_said_in_words() -> None:
    """Moves beyond chance, reasons that came and went, and those that can be learned now."""
    assert [one.words for one in compare(BEFORE, AFTER)] == [
        "a: 20 days before, 26 days now (+6), more than chance can do.",
        "b: learned now, 12 days; 30 days declared before (-18).",
        "gone: no longer in the data, 9 days before.",
        "new: new, 9 days.",
        "still: 9.01 days, as before.",
    ]
    assert {one.kind for one in compare(AFTER, AFTER)} == {"same"}
    assert [one.kind for one in compare(AFTER, BEFORE)][1] == "no_longer_learned"


def test_the_policy_says_whether_learned_windows_are_used() -> None:
    """Under declared windows models move no window; under learned ones the known ones do, with look-back."""
    models = (model("a", 40, 36, 44),)
    assert with_models(Policy(), BEFORE, models).windows == BEFORE.windows
    fitted = with_models(LEARNED, BEFORE, models)
    assert fitted.kind == "learned"
    assert [(one.days, one.source) for one in fitted.windows] == [(40, "learned"), (30, "declared"), (9, "declared")]
    assert fitted.windows[0].look_back_days == 54


def _changed(**values: object) -> Fit:
    first, *others = AFTER.models
    return replace(AFTER, models=(replace(first, **values), *others))


def test_models_are_saved_and_read(tmp_path: Path) -> None:
    """A fit with models comes back the same, and so does its hash, which models move and their prose does not."""
    path = tmp_path / "fit.json"
    write_fit(AFTER, path)
    again = read_fit(path)
    assert again == AFTER
    digest = effective_hash(Policy(), AFTER)
    assert effective_hash(Policy(), again) == digest
    assert (
        effective_hash(Policy(), Fit(AFTER.windows)) != digest == effective_hash(Policy(), _changed(why="other words"))
    )
    assert effective_hash(Policy(), _changed(background_se=0.125)) != digest
    assert linking_hash(Policy(), again) == linking_hash(Policy(), Fit(AFTER.windows))
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "change",
    [
        {"state": "dreamt"},
        {"openers": -1},
        {"latency": [0.5]},
        {"caused": [2.0] * LAG_BINS},
        {"background": "steep"},
        {"r_fcr": float("nan")},
        {"reason": 7},
        {"tau_days": 10**400},
        {"tau_days": 0.0},
        {"tau_days": 500.0},
        {"onset_days": 181.0},
        {"background": [0.0] * 50 + [1.0] + [0.5] * (LAG_BINS - 50)},
        {"background": [0.1] * (LAG_BINS + 1)},
        {"background": [0.0] + [1e6] * LAG_BINS},
        {"latency": [0.0, 1.0] + [0.5] * (LAG_BINS - 1)},
        {"r_low": 0.9},
        {"r_high": None},
        {"replicates": [0.8]},
        {"surprise": 1},
    ],
)
def test_a_model_that_is_none_is_said(change: dict) -> None:
    """FC4010 at the model's place, whatever is wrong with it."""
    data = AFTER.as_dict()
    data["models"][1] |= change
    with pytest.raises(FirstcontactError) as raised:
        fit_from(data, "fit.json")
    assert [(fault.kind.code, fault.where) for fault in raised.value.faults] == [("FC4010", "fit.json, model 2")]


def test_a_model_of_a_reason_named_before_is_said_beside_all_else() -> None:
    """FC4010 for the second model of a reason and for one without an onset, at once."""
    data = AFTER.as_dict()
    data["models"] += [data["models"][0], data["models"][1] | {"reason": "new", "tau_days": -1}]
    with pytest.raises(FirstcontactError) as raised:
        fit_from(data, "fit.json")
    found = sorted((fault.kind.code, fault.where) for fault in raised.value.faults)
    assert found == [("FC4010", "fit.json, model 4"), ("FC4010", "fit.json, model 5")]


def test_an_existing_file_is_not_replaced(tmp_path: Path) -> None:
    """FC4013 for a file, a directory, and a directory that is not there; --force replaces a file alone."""
    path = tmp_path / "fit.json"
    path.write_text("{}")
    check_target(path, force=True)
    for place, force in ((path, False), (tmp_path, True), (tmp_path / "no" / "fit.json", False)):
        with pytest.raises(FirstcontactError) as raised:
            check_target(place, force=force)
        assert [fault.kind.code for fault in raised.value.faults] == ["FC4013"]
    with pytest.raises(FirstcontactError) as raised:
        write_fit(AFTER, tmp_path / "no" / "fit.json")
    assert [fault.kind.code for fault in raised.value.faults] == ["FC4013"]


def test_categories_of_a_short_log_are_unlearned(servicenow: Path, tmp_path: Path) -> None:
    """The real incident log holds 92 whole days: no category is learned, and 28 more days would change it."""
    done = run("fit", str(servicenow), "--out", str(tmp_path / "fit.json"))
    assert done.code == 6
    assert "92 days of complete data; 120 are needed" in " ".join(done.out.split())
    assert "28 more days of complete data" in " ".join(done.out.split())
    models = json.loads((tmp_path / "fit.json").read_text())["models"]
    assert len(models) > 100
    assert {model["state"] for model in models} == {"unlearned"}


def test_a_policy_that_asks_for_learned_windows_keeps_its_own_where_none_can_be(engine) -> None:
    """A hundred days teach nothing: windows stay as declared, and the fit says of each reason why."""
    calls = [contact(f"a{day}", f"Dana {day % 60}", day) for day in range(100)]
    fitted = run_of(engine, calls, LEARNED).run.fit
    assert (fitted.kind, [(one.days, one.source) for one in fitted.windows]) == ("declared", [(30, "declared")])
    assert [(one.reason, one.state, one.cause) for one in fitted.models] == [("bill", "unlearned", "history")]
    # A saved fit is used as it is, models and all.
    assert run_of(engine, calls, fit=fitted).run.fit.models == fitted.models


def test_reasons_read_from_a_saved_fit_are_said_in_every_language(tmp_path: Path) -> None:
    """Why a reason is unlearned comes back as the sentence it was, so that a report in another language says it there;
    a fit that does not tell how its sentences were made keeps them as they are; the hash is the same."""
    why = Sentence("unlearned.history", "{days} days of complete data; {least} are needed to see coincidence.",
                   "{days} day of complete data; {least} are needed to see coincidence.", "days",
                   days=93, least=120)  # fmt: skip
    fit = Fit((), models=(ReturnModel("a", "unlearned", 5, 1, "history", why, "more"),))
    write_fit(fit, tmp_path / "fit.json")
    (model,) = read_fit(tmp_path / "fit.json").models
    assert model == fit.models[0]
    assert code_of(model.why) == "unlearned.history"
    assert code_of(model.would_help) == ""
    assert Writer.of("he", "UTC").tell(model.why) not in (why, "")
    data = json.loads(json.dumps(fit.as_dict()))
    del data["models"][0]["said"]
    old = fit_from(data, "fit.json")
    assert code_of(old.models[0].why) == ""
    assert effective_hash(Policy(), old) == effective_hash(Policy(), fit)


@pytest.mark.parametrize(
    "how",
    [
        {"code": "c", "pattern": "{days.__class__}", "parts": {"days": 3}},
        {"code": "c", "pattern": "{days:>999999999}", "parts": {"days": 3}},
        {"code": "c", "pattern": "{days!r}", "parts": {"days": "3"}},
        {"code": "c", "pattern": "{other}", "parts": {"days": 3}},
        {"code": "c", "pattern": "{days:%}", "parts": {"days": "3"}},
        {"code": "c", "pattern": "{days", "parts": {"days": 3}},
        {"code": "c", "pattern": "4 days", "parts": {}},
        {"code": "c", "pattern": "3 days", "parts": {"days": [3]}},
        "3 days",
    ],
)
def test_a_file_cannot_make_the_program_say_anything_else(how: object) -> None:
    """A pattern that reaches into its parts, lays them out at will, or makes another text is not followed."""
    assert code_of(restored("3 days", how)) == ""
    assert restored("3 days", how) == "3 days"
