"""What moved between two runs, and why."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from firstcontact.adapters.stores.run_reader import RunDirectory
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.finding import Finding
from firstcontact.kernel.result import COUNTED, TOO_FEW, Estimate
from firstcontact.measurement.fit.declared import Fit, ReasonWindow
from firstcontact.measurement.fit.model import ReturnModel
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.policy.model import Condition, Exclusion, Policy, Window
from firstcontact.services.diff import Difference, diff
from firstcontact.services.record import RUN_FORMAT, RunRecord
from firstcontact.services.run import Run
from tests import run_factory as factory
from tests.run_writer import write_run

OTHER_FILE = ({"name": "export.csv", "bytes": 7, "sha256": "f" * 64},)
TYPED = {"region": None, "zone": None, "by": [], "cutoff": False, "since": False, "fit": False}
"""Options of which none was given."""
FOUND = (Finding("cut-off", "The data end there."),)


def records(folder: Path, *runs: Run) -> list[RunRecord]:
    return RunDirectory().read([write_run(run, folder / f"run-{number}") for number, run in enumerate(runs)])


def compared(folder: Path, before: Run, after: Run, **options: Any) -> Difference:
    return diff(*records(folder, before, after), **options)


def small(value: float = 0.7, **changes: Any) -> Run:
    rows = [
        factory.row("fcr_issue", factory.share(value, 9_000)),
        factory.row("fcr_contact", factory.share(0.6, 20_000)),
        factory.row("fcr_issue", factory.share(value, 4_000), "channel", {"channel": "phone"}),
        factory.row("fcr_issue", factory.share(0.5, 300), "channel", {"channel": "chat"}),
    ]
    return factory.run(rows, **changes)


def windowed(days: float) -> Policy:
    return Policy(window=Window(days))


def test_a_run_compared_with_itself_moved_nothing(tmp_path: Path) -> None:
    """No cause, no movement, and it says so."""
    found = compared(tmp_path, factory.servicenow_like(), factory.servicenow_like())
    assert found.exact
    assert found.measures.clear == found.slices.clear == 0
    assert found.slices.compared > 0
    assert found.attribution.moved == ()
    assert found.attribution.said == "Nothing that makes a figure differs between the two runs."


def test_a_single_cause_gets_the_whole_movement_and_the_change_is_exact(tmp_path: Path) -> None:
    """Same files, same period, another window: setting, old and new value, and no interval."""
    found = compared(tmp_path, small(), small(0.75, policy=windowed(7)))
    assert found.exact
    assert found.headline.change == pytest.approx(0.05)
    assert (found.headline.low, found.headline.p, found.headline.clear) == (None, None, True)
    (cause,) = found.attribution.moved
    assert [(c.what, c.before, c.after) for c in cause.changes] == [("window.default_days", "30", "7")]
    assert found.attribution.said == "Only the policy changed, so every movement comes from there."
    assert found.attribution.commands == ()


def test_a_declared_fit_follows_from_the_policy(tmp_path: Path) -> None:
    """Windows that the policy declares are no cause of their own, but they are shown."""
    found = compared(tmp_path, small(), small(policy=windowed(7)))
    fit = next(cause for cause in found.attribution.causes if cause.kind == "fit")
    assert fit.changes
    assert not fit.moved


def test_a_fit_that_was_learned_anew_is_a_cause(tmp_path: Path) -> None:
    """A refitted window moves figures by itself, and is named with its reason."""
    learned = [Fit((ReasonWindow("billing", days, 45, "learned"),), "learned") for days in (20, 33)]
    found = compared(tmp_path, small(fit=learned[0]), small(0.71, fit=learned[1]))
    (cause,) = found.attribution.moved
    assert (cause.kind, cause.changes[0].what) == ("fit", "window of billing")
    assert found.exact


def test_models_of_returns_that_differ_are_named(tmp_path: Path) -> None:
    """Same windows, other models: a cause where nothing else is one, and a consequence where the files are."""
    fits = [Fit((ReasonWindow("bill", 30, 45),), models=(ReturnModel("bill", "learned", n, 9),)) for n in (40, 50)]
    found = compared(tmp_path, small(fit=fits[0], options=TYPED), small(0.71, fit=fits[1], options=TYPED))
    (cause,) = found.attribution.moved
    (change,) = cause.changes
    assert (cause.kind, change.what) == ("fit", "models of returns")
    assert change.before.endswith(", of 1")
    assert change.before != change.after
    after = small(0.71, fit=fits[1], options=TYPED, inputs=OTHER_FILE)
    (tmp_path / "files").mkdir()
    found = compared(tmp_path / "files", small(fit=fits[0], options=TYPED), after)
    assert [cause.kind for cause in found.attribution.moved] == ["files"]
    assert "learned its models anew" in found.attribution.causes[-1].follows


def test_conditions_are_compared_one_by_one_and_their_prose_is_not(tmp_path: Path) -> None:
    """A condition that came or went is named; words about a condition move no figure."""
    one = Policy(counts_when=(Condition("returned", equals=False, because="old words"),))
    more = Policy(
        name="ours",
        counts_when=(Condition("returned", equals=False, because="new words"), Condition("transfers", at_most=0)),
        exclude=(Exclusion("spam", "channel", ("social",)),),
    )
    found = compared(tmp_path, small(policy=one), small(policy=more))
    changes = next(cause.changes for cause in found.attribution.causes if cause.kind == "policy")
    assert [(c.what, c.before) for c in changes] == [("counts_when", ""), ("exclude", "")]
    assert "transfers" in changes[0].after


def test_figures_that_move_without_a_cause_are_called_a_defect(tmp_path: Path) -> None:
    """Same everything and another figure: the comparison does not invent a reason."""
    found = compared(tmp_path, small(0.7, options=TYPED), small(0.8, options=TYPED))
    assert "defect" in found.attribution.said


def test_options_that_an_earlier_version_did_not_note_are_no_defect(tmp_path: Path) -> None:
    """Where one run does not say what was typed, that may be what differs, and nobody is sent to report it."""
    found = compared(tmp_path, small(0.7), small(0.8, options=TYPED | {"region": "IL"}))
    assert found.attribution.moved == ()
    assert "defect" not in found.attribution.said
    assert "--region" in found.attribution.said


@pytest.mark.parametrize(
    ("changed", "change"),
    [
        ({"region": "IL"}, ("--region", "", "IL")),
        ({"by": ["week", "team"]}, ("--by", "", "team, week")),
        ({"audit": "0123456789abcdef"}, ("--audit", "", "0123456789ab")),
    ],
)
def test_an_option_that_stands_nowhere_else_is_a_cause(
    tmp_path: Path, changed: dict[str, Any], change: tuple[str, str, str]
) -> None:
    """Telephone numbers of another country give other customers: that is no defect, and it is named."""
    found = compared(tmp_path, small(0.7, options=TYPED), small(0.8, options=TYPED | changed))
    (cause,) = found.attribution.moved
    assert (cause.kind, [(c.what, c.before, c.after) for c in cause.changes]) == ("options", [change])
    assert found.attribution.said == "Only the options changed, so every movement comes from there."
    same = [small(0.7, options=TYPED | {"by": by}) for by in (["week", "team"], ["team", "week"])]
    for number, run in enumerate(same):
        write_run(run, tmp_path / f"same-{number}")
    pair = RunDirectory().read([tmp_path / "same-0", tmp_path / "same-1"])
    assert diff(*pair).attribution.moved == ()


def test_commands_repeat_what_was_typed(tmp_path: Path) -> None:
    """A run in between keeps the region, zone, cuts, audit and saved fit that neither run changed."""
    typed = TYPED | {"region": "IL", "zone": "UTC", "by": ["team", "x_site"], "fit": True, "audit": "0123"}
    found = compared(tmp_path, small(options=typed), small(0.75, options=typed, policy=windowed(7), inputs=OTHER_FILE))
    measure = found.attribution.commands[0]
    assert "--zone UTC --region IL --by team --by x_site --audit audit-of-run-0 --fit " in measure
    assert "run-0/fit.json" in measure


@pytest.mark.parametrize("given", [True, False])
def test_whether_a_period_was_given_is_what_the_run_says(tmp_path: Path, given: bool) -> None:
    """A given cut-off is a cause, with a warning beside it or without; one that was found follows from the files."""
    later = Frame(factory.SINCE, factory.SINCE, datetime.fromisoformat("2016-07-01"), "ticket")
    options = TYPED | {"cutoff": given}
    before = small(options=TYPED, findings=FOUND)
    findings = FOUND if given else ()
    found = compared(tmp_path, before, small(0.72, options=options, findings=findings, frame=later, inputs=OTHER_FILE))
    assert [cause.kind for cause in found.attribution.moved] == (["files", "period"] if given else ["files"])


def test_a_saved_fit_is_a_cause_though_its_windows_were_declared(tmp_path: Path) -> None:
    """Windows that another policy declared do not follow from this one."""
    other = Fit((ReasonWindow("Category 1", 9, 45),))
    after = small(0.75, options=TYPED | {"fit": True}, policy=windowed(7), fit=other)
    found = compared(tmp_path, small(options=TYPED), after)
    assert [cause.kind for cause in found.attribution.moved] == ["policy", "fit"]
    assert "--fit" not in found.attribution.commands[0]


def test_several_causes_are_not_divided_but_the_way_to_divide_them_is_told(tmp_path: Path) -> None:
    """Files and policy changed: one run in between, and two comparisons."""
    found = compared(tmp_path, small(), small(0.75, policy=windowed(7), inputs=OTHER_FILE))
    assert [cause.kind for cause in found.attribution.moved] == ["files", "policy"]
    assert "cannot say which" in found.attribution.said
    measure, first, second = found.attribution.commands
    assert measure.startswith("firstcontact measure export.csv --policy ")
    assert "run-0/policy.toml" in measure
    assert "run-0 between-1  # what the files moved" in first
    assert "between-1 " in second
    assert second.endswith("# what the policy moved")


def test_different_files_have_an_interval_and_exact_changes_do_not_mix_in(tmp_path: Path) -> None:
    """Another file: the change carries sampling error, and a small one is left unmarked."""
    found = compared(tmp_path, small(0.7), small(0.76, inputs=OTHER_FILE))
    assert not found.exact
    assert "independent" in found.basis
    assert found.headline.low is not None
    assert found.headline.high is not None
    assert found.headline.low < 0.06 < found.headline.high
    assert found.headline.clear
    contact = next(move for move in found.measures.shown if move.measure == "fcr_contact")
    assert (contact.change, contact.clear) == (0, False)
    assert [move.cell for move in found.slices.shown] == [("phone",), ("chat",)]


def test_another_period_of_the_same_files_is_not_exact(tmp_path: Path) -> None:
    """Two periods hold different contacts, so their difference has sampling error."""
    later = Frame(factory.SINCE, factory.SINCE, datetime.fromisoformat("2016-05-01"), "ticket")
    found = compared(tmp_path, small(), small(0.72, frame=later))
    assert not found.exact
    assert found.basis.startswith("Both runs read the same files, over different periods.")
    assert [cause.kind for cause in found.attribution.moved] == ["period"]


def test_a_period_that_was_found_follows_from_the_files(tmp_path: Path) -> None:
    """Only a period that somebody named is a cause of its own."""
    later = Frame(factory.SINCE, factory.SINCE, datetime.fromisoformat("2016-07-01"), "ticket")
    before, after = small(findings=FOUND), small(0.72, findings=FOUND, frame=later, inputs=OTHER_FILE)
    found = compared(tmp_path, before, after)
    assert [cause.kind for cause in found.attribution.moved] == ["files"]
    period = next(cause for cause in found.attribution.causes if cause.kind == "period")
    assert (period.changes[0].after, period.follows[:9]) == ("2016-07-01", "the files")


def test_version_mapping_and_period_are_told_apart_too(tmp_path: Path) -> None:
    """Every kind of cause has its step, and a named cut-off is typed in the business zone."""
    frame = Frame(factory.SINCE, factory.SINCE, datetime.fromisoformat("2016-05-31T21:00"), "ticket")
    after = small(version="0.2.0", mapping={"zone": "Europe/Sofia"}, zone="Europe/Sofia", frame=frame)
    found = compared(tmp_path, small(0.69), after)
    assert [cause.kind for cause in found.attribution.moved] == ["version", "mapping", "period"]
    measures = [command for command in found.attribution.commands if " measure " in command]
    assert len(measures) == 2
    assert measures[1].startswith("(firstcontact 0.2.0) firstcontact measure")
    assert "--zone Europe/Sofia" in measures[1]
    assert "--cutoff 2016-06-01" in measures[0]


def test_a_renamed_file_is_the_same_file(tmp_path: Path) -> None:
    """What counts is the content."""
    base = small()
    renamed = tuple({**one, "name": "other.csv"} for one in base.inputs)
    assert compared(tmp_path, base, small(inputs=renamed)).exact


def test_refused_and_missing_figures_are_shown_and_not_compared(tmp_path: Path) -> None:
    """A figure that only one run has is counted apart, and has no change."""
    before = factory.run(
        [
            factory.row("fcr_issue", factory.refusal(TOO_FEW, 12)),
            factory.row("gone", factory.share(0.5, 100)),
            factory.row("fcr_issue", factory.share(0.5, 100), "team", {"team": "Amber"}),
        ]
    )
    after = factory.run([factory.row("fcr_issue", factory.share(0.7, 900))], inputs=OTHER_FILE)
    found = compared(tmp_path, before, after)
    assert found.headline.change is None
    assert found.measures.compared == 0
    assert found.measures.one_only == 2
    assert found.slices.one_only == 1


def test_another_unit_is_not_compared(tmp_path: Path) -> None:
    """Seconds are not subtracted from scores."""
    head = factory.row("fcr_issue", factory.share(0.7, 900))
    before = factory.run([head, factory.row("odd", factory.amount(3, 1, 50, "seconds"))])
    after = factory.run([head, factory.row("odd", factory.amount(3, 1, 50, "score"))], inputs=OTHER_FILE)
    moves = compared(tmp_path, before, after).measures.shown
    assert [(move.measure, move.change) for move in moves] == [("fcr_issue", 0), ("odd", None)]


def test_intervals_of_different_levels_are_brought_to_one(tmp_path: Path) -> None:
    """A 90 % interval is widened before it meets a 95 % one."""

    def run(level: float, half: float, **changes: Any) -> Run:
        result = dataclasses.replace(factory.amount(10, half, 50, "seconds"), level=level)
        return factory.run([factory.row("fcr_issue", result)], **changes)

    same = compared(tmp_path, run(0.95, 1.95996), run(0.90, 1.64485, inputs=OTHER_FILE)).headline
    assert same.high == pytest.approx((1.95996**2 * 2) ** 0.5, abs=1e-3)
    (tmp_path / "counted").mkdir()
    counted = compared(tmp_path / "counted", run(COUNTED, 0.0), run(0.95, 1.95996, inputs=OTHER_FILE)).headline
    assert counted.high == pytest.approx(1.95996, abs=1e-3)
    (tmp_path / "both").mkdir()
    both = compared(tmp_path / "both", run(COUNTED, 0.0), run(COUNTED, 0.0, inputs=OTHER_FILE)).headline
    assert (both.low, both.high) == (0, 0)


def test_many_slices_do_not_make_chance_a_finding(tmp_path: Path) -> None:
    """Of 200 slices without any real change, none is marked, though some intervals exclude 0."""
    before, after = factory.wide("team", 200), factory.wide("team", 200)
    shaken = [
        dataclasses.replace(row, result=_shaken(row.result, number)) if isinstance(row.result, Estimate) else row
        for number, row in enumerate(after.rows)
    ]
    found = compared(tmp_path, before, dataclasses.replace(after, rows=tuple(shaken), inputs=OTHER_FILE), top=300)
    excluding = [m for m in found.slices.shown if m.low is not None and m.high is not None and m.low * m.high > 0]
    assert found.slices.compared > 150
    assert excluding
    assert found.slices.clear == 0


def _shaken(result: Estimate, number: int) -> Estimate:
    """Moved by chance: by 2.1 standard errors of a difference in one slice of fifty, and less elsewhere."""
    by = (result.high - result.low) / 2 * 2**0.5 * (1.07 if number % 50 == 1 else 0.3)
    return dataclasses.replace(result, value=result.value + by, low=result.low + by, high=result.high + by)


def test_slices_are_bounded_and_the_number_looked_at_is_kept(tmp_path: Path) -> None:
    """`top` bounds what is shown, not what is counted; the largest come first."""
    wide = factory.wide("team", 60)
    moved = [
        dataclasses.replace(row, result=dataclasses.replace(row.result, value=row.result.value + 0.001 * number))
        if row.by and isinstance(row.result, Estimate)
        else row
        for number, row in enumerate(wide.rows)
    ]
    found = compared(tmp_path, wide, dataclasses.replace(wide, rows=tuple(moved)), top=3)
    assert len(found.slices.shown) == 3
    assert found.slices.compared > 40
    sizes = [abs(move.change or 0) for move in found.slices.shown]
    assert sizes == sorted(sizes, reverse=True)


def test_the_slices_of_any_measure_can_be_asked_for(tmp_path: Path) -> None:
    """A measure without slices gives none, and does not fail."""
    found = compared(tmp_path, small(), small(), measure="fcr_contact")
    assert found.slices.shown == ()


def test_everything_can_be_printed_as_json(tmp_path: Path) -> None:
    """The whole comparison is plain data."""
    found = compared(tmp_path, factory.servicenow_like(), factory.centre())
    assert json.loads(json.dumps(found.as_dict()))["attribution"]["said"]


def test_places_of_the_ledger_are_set_side_by_side(tmp_path: Path) -> None:
    """Where contacts went is part of what moved."""
    found = compared(tmp_path, factory.servicenow_like(), factory.all_immature())
    assert ("immature", 1205, 512) in found.places
    assert ("no_customer", 3, 0) in found.places


@pytest.mark.parametrize("make", ["file", "nothing", "empty"])
def test_what_is_no_run_is_said(tmp_path: Path, make: str) -> None:
    """FC6150 for a file, for nothing, and for another directory; both sides at once."""
    place = tmp_path / "it"
    if make == "file":
        place.write_text("x")
    elif make == "empty":
        place.mkdir()
    with pytest.raises(FirstcontactError) as error:
        RunDirectory().read([place, tmp_path / "other"])
    assert [fault.kind.code for fault in error.value.faults] == ["FC6150", "FC6150"]


@pytest.mark.parametrize("form", [RUN_FORMAT + 1, "2"])
def test_a_newer_form_is_not_guessed_at(tmp_path: Path, form: Any) -> None:
    """FC6151 for a directory of a later version."""
    folder = write_run(small(), tmp_path / "run")
    data = json.loads((folder / "run.json").read_text()) | {"format": form}
    (folder / "run.json").write_text(json.dumps(data))
    with pytest.raises(FirstcontactError) as error:
        RunDirectory().read([folder])
    assert [fault.kind.code for fault in error.value.faults] == ["FC6151"]


def test_every_damaged_file_is_named(tmp_path: Path) -> None:
    """FC6152 for each file that is missing or is not what was written, all at once, without quoting it."""
    folder = write_run(small(), tmp_path / "run")
    (folder / "results.parquet").write_bytes(b"not parquet, dana@example.org")
    (folder / "policy.toml").write_text("= nonsense")
    (folder / "fit.json").unlink()
    (folder / "ledger.json").write_text("[]")
    with pytest.raises(FirstcontactError) as error:
        RunDirectory().read([folder])
    assert [fault.kind.code for fault in error.value.faults] == ["FC6152"] * 4
    assert "dana" not in str(error.value)


def test_a_run_json_that_is_no_json_is_damage(tmp_path: Path) -> None:
    """FC6152, since the directory is known to be a run's."""
    folder = write_run(small(), tmp_path / "run")
    (folder / "run.json").write_text("{")
    with pytest.raises(FirstcontactError) as error:
        RunDirectory().read([folder])
    assert [fault.kind.code for fault in error.value.faults] == ["FC6152"]


def test_a_run_of_an_earlier_form_is_read(tmp_path: Path) -> None:
    """Without a format number, without headline, and with columns missing, a comparison still comes out."""
    import pyarrow.parquet as pq

    folder = write_run(small(), tmp_path / "old")
    data = json.loads((folder / "run.json").read_text())
    for key in ("format", "headline", "findings", "zone"):
        del data[key]
    (folder / "run.json").write_text(json.dumps(data))
    table = pq.read_table(folder / "results.parquet")
    pq.write_table(
        table.drop_columns(["level", "status", "queue", "refusal_code", "windows"]), folder / "results.parquet"
    )
    new = write_run(small(), tmp_path / "new")
    found = diff(*RunDirectory().read([folder, new]))
    assert found.headline.change == 0
