"""Targets of a policy: what a file may say, in what words they come back, and that no figure and no hash moves."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from firstcontact.doors.report import words
from firstcontact.doors.report.writer import Writer
from firstcontact.kernel.errors import FirstcontactError
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.fit.declared import Fit, effective_hash, linking_hash
from firstcontact.measurement.measures.catalog import MEASURES as MEASURED
from firstcontact.measurement.policy.explain import explain
from firstcontact.measurement.policy.model import Policy, Target
from firstcontact.measurement.policy.read import policy_from
from firstcontact.measurement.policy.target import MEASURES, say_target
from firstcontact.measurement.policy.toml_text import parse
from firstcontact.measurement.policy.write import write_policy
from firstcontact.services.attribute import attribute
from firstcontact.services.record import RunRecord
from tests.drawn import contact, run_of

WHOLE = """name = "aimed"
[targets.repeat_rate]
at_most = 0.25
[targets.fcr_issue]
at_least = 0.80
tolerance = 0.02
since = 2026-01-31
"""
AIMED = (
    Target("fcr_issue", at_least=0.8, tolerance=0.02, since=date(2026, 1, 31)),
    Target("repeat_rate", at_most=0.25),
)


def faults_of(text: str) -> list[str]:
    with pytest.raises(FirstcontactError) as caught:
        policy_from(parse(f'name = "p"\n{text}', "p.toml"))
    return [str(fault) for fault in caught.value.faults]


def test_targets_survive_their_file() -> None:
    """What is typed is what is meant, in the order of measures, and a policy written out is the same one again."""
    policy = policy_from(parse(WHOLE, "p.toml"))
    assert policy.targets == AIMED
    assert policy.target("fcr_issue") == AIMED[0]
    assert policy.target("reopen_rate") is None
    assert policy_from(parse(write_policy(policy), "p.toml")) == policy
    assert policy_from(parse(write_policy(Policy()), "p.toml")).targets == ()


def test_everything_wrong_with_targets_is_said_at_once() -> None:
    """Each fault has its line and what to type; none hides another."""
    text = """[targets.csat]
at_least = 0.8
[targets.service_level]
at_least = 0.8
[targets.fcr_isue]
at_least = 0.8
[targets.fcr_issue]
at_least = 80
[targets.r_fcr]
at_most = 0.1
[targets.t_fcr]
[targets.s_fcr]
at_least = 0.1
at_most = 0.1
[targets.reopen_rate]
at_most = 0.1
since = "2026-01-01"
[targets.transfer_rate]
at_most = 0.9
tolerance = 0.2
[targets.abandonment_rate]
at_least = 0.1
[targets.repeat_rate]
at_most = 1.5
toleranc = 0.1
[targets.call_resolution]
at_least = -1
"""
    cures = [
        ("FC3002", 2, "name one of these: only shares have targets"),
        ("FC3002", 4, "type `goal = 0.80` below `[service_level]`"),
        ("FC3002", 6, "type `[targets.fcr_issue]`"),
        ("FC3004", 9, "type `at_least = 0.8`"),
        ("FC3005", 10, "type `at_least`"),
        ("FC3005", 12, "add `at_least = 0.80`"),
        ("FC3005", 13, "keep `at_least`"),
        ("FC3003", 18, "a day without quotes, like 2026-01-31"),
        ("FC3005", 21, "lower `tolerance`"),
        ("FC3005", 22, "type `at_most`"),
        ("FC3004", 25, "type `at_most = 0.015`"),
        ("FC3002", 26, "type `tolerance`"),
        ("FC3004", 28, "give `at_least` a value more than 0 and at most 1"),
    ]
    found = faults_of(text)
    assert [(fault[:6], int(fault.partition("line ")[2].split()[0])) for fault in found] == [one[:2] for one in cures]
    for fault, (_, _, cure) in zip(found, cures, strict=True):
        assert fault.endswith(cure), fault


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("targets = 0.8", "type `[targets.fcr_issue]` and `at_least = 0.80` below it"),
        ("[targets]\nat_least = 0.8", "type `[targets.fcr_issue]` above it"),
        ("[targets]\nfcr_issue = 0.8", "type `[targets.fcr_issue]` and `at_least = 0.80` below it"),
        ("[target.fcr_issue]\nat_least = 0.8", "type `targets`"),
    ],
)
def test_a_target_in_the_wrong_place_is_told_the_right_one(text: str, cure: str) -> None:
    """Nothing is taken for a target that is none, and nothing is ignored."""
    assert faults_of(text)[0].endswith(cure)


def test_what_can_have_a_target_is_a_share_and_goes_by_the_name_it_has_elsewhere() -> None:
    """Every measure of shares but the service level, whose goal stands with its seconds; in the words of the pages."""
    shares = {name for name, one in MEASURED.items() if one.unit == "share"} - {"service_level"}
    assert set(MEASURES) == shares
    names = {name: text for name, (text, *_) in {**words.MEASURES, **words.TRUTHS}.items()}
    assert {name: str(said) for name, (_, said) in MEASURES.items()} == {name: names[name] for name in MEASURES}


def test_a_target_is_explained() -> None:
    """Whoever reads what a policy means reads what it aims at, from when, and that no figure moves."""
    points = [str(point) for point in explain(Policy(targets=AIMED)).points]
    assert points[-2] == (
        "Target of “First contact resolution, of issues” from 2026-01-31 on: at least 80% (78% is tolerated). It moves "
        "no figure."
    )
    assert points[-1] == "Target of “Repeat rate”: at most 25%. It moves no figure."
    assert len(explain(Policy()).points) == len(points) - 2
    assert str(say_target(Target("reopen_rate", at_most=0.05, tolerance=0.005))) == "at most 5% (5.5% is tolerated)"
    english = Writer.of("en", "UTC")
    assert all(isinstance(point, Sentence) and english.tell(point) for point in explain(Policy(targets=AIMED)).points)


def test_no_hash_knows_of_a_target() -> None:
    """Links, fits and audits made under a policy stay those of the policy that has a target, too."""
    plain, aimed = Policy(), Policy(targets=AIMED)
    assert aimed.digest == plain.digest
    assert effective_hash(aimed, Fit(())) == effective_hash(plain, Fit(()))
    assert linking_hash(aimed, Fit(())) == linking_hash(plain, Fit(()))


def test_no_figure_moves(engine) -> None:
    """A run with a target has the figures, hash and ledger of the run without one, row by row."""
    contacts = [contact(f"c{k}", f"K{k % 40}", k % 90, channel="phone") for k in range(200)]
    plain, aimed = (run_of(engine, contacts, policy).run for policy in (Policy(), Policy(targets=AIMED)))
    assert [dataclasses.astuple(row) for row in aimed.rows] == [dataclasses.astuple(row) for row in plain.rows]
    assert aimed.policy_hash == plain.policy_hash
    assert aimed.measure_ledgers == plain.measure_ledgers
    assert aimed.policy.targets


def test_a_target_explains_no_movement() -> None:
    """Of two runs that differ by a target alone nothing that makes a figure differs, and nothing is said to."""

    def record(policy: Policy) -> RunRecord:
        return RunRecord("run", {}, (), parse(write_policy(policy), "policy.toml").data, {}, {})

    found = attribute(record(Policy()), record(Policy(targets=AIMED)), figures_moved=False)
    assert found.moved == ()
    assert found.said == "Nothing that makes a figure differs between the two runs."
