"""Every measure on simulated contacts, counted again with plain pandas (written against 2.3.3, November 2026): equal
counts, sums and causes, to the last contact. Nothing here is shared with the package but the policy's numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from firstcontact.adapters.engines.duckdb import DuckDBEngine
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.linking.frame import Frame
from firstcontact.measurement.linking.holding import holdings
from firstcontact.measurement.linking.identity import identify
from firstcontact.measurement.linking.link import link
from firstcontact.measurement.measures.catalog import MEASURES as ALL_MEASURES
from firstcontact.measurement.measures.reduce import ledger, reduce
from firstcontact.measurement.policy.model import Link, Policy, Publish, ServiceLevel, Window, cut_reason
from firstcontact.measurement.simulator.generate import simulate
from tests.drawn import run_of

# Measures that correct what they count are held against oracles of their own.
MEASURES = {name: measure for name, measure in ALL_MEASURES.items() if measure.kind != "corrected"}
POLICIES = {
    "one level, from the end": Policy(
        window=Window(14), link=Link(reason_level=1, same_contact_seconds=0), service_level=ServiceLevel(30)
    ),
    "whole path, from the start": Policy(
        window=Window(30),
        link=Link(index="all", gap_from="start", same_contact_seconds=0, missing_reason="exclude", abandoned="count"),
    ),
}
# From since to cut-off inside a simulated year.
FRAME = Frame(*(datetime(2024, *day, tzinfo=UTC).replace(tzinfo=None) for day in ((1, 20), (3, 1), (11, 15))))


@pytest.fixture(scope="module")
def engine():
    """One engine for all measures."""
    engine = DuckDBEngine(threads=2)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def simulated(engine):
    """8,000 simulated contacts, as engine tables and as data frames."""
    tables = simulate(contacts=8_000, seed=41).tables
    kept = {name: engine.register(tables[name], f"simulated_{name}") for name in ("contacts", "case_events", "surveys")}
    frames = {name: tables[name].to_pandas() for name in kept}
    kept["contacts"] = identify(engine, kept["contacts"], None).contacts
    return kept, frames


@pytest.fixture(scope="module", params=POLICIES)
def both(request, engine, simulated):
    """What the engine linked, and what pandas linked, under each policy."""
    policy = POLICIES[request.param]
    kept, frames = simulated
    reasons = frames["contacts"]["reason"].drop_duplicates()
    level = policy.link.reason_level
    fit = declare(policy, sorted({cut_reason(reason, level) for reason in reasons}))
    has = holdings(engine, kept)
    assert not any(measure.lacks(policy, has) for measure in MEASURES.values())
    signals = {signal for measure in MEASURES.values() for signal in measure.signals} | {"repeat"}
    columns = {column for measure in MEASURES.values() for column in measure.columns}
    keep = {"customer", "bucket", "team", "channel", *columns}
    linked = link(engine, kept, policy, fit, FRAME, has=has, signals=signals, keep=keep, detail=False)
    return policy, linked, _by_pandas(frames, policy)


def _by_pandas(frames: dict[str, pd.DataFrame], policy: Policy) -> pd.DataFrame:
    """Each contact with everything that decides where it stands."""
    table = frames["contacts"].sort_values(["started_at", "contact_id"]).reset_index(drop=True)
    rules = policy.link
    outbound, left = table["direction"].eq("outbound"), table["abandoned"].eq(True)
    unknown, unreasoned = table["customer_id"].isna(), table["reason"].isna()
    outside = np.select(
        [table["started_at"] < FRAME.since, table["started_at"] >= FRAME.cutoff], ["before_since", "after_cutoff"], ""
    )
    causes = [(outbound, "outbound")]
    if rules.abandoned == "ignore":
        causes.append((left, "abandoned"))
    causes.append((unknown, "no_customer"))
    if rules.missing_reason == "exclude":
        causes.append((unreasoned, "no_reason"))
    takes_part = ~np.logical_or.reduce([condition for condition, _ in causes])
    code = np.select([condition for condition, _ in causes], [name for _, name in causes], "")
    table["outside"] = outside
    table["excluded"] = np.where(code == "", outside, code)

    levels = table["reason"].fillna("(none)").str.split(" > ")
    table["key"] = levels.str[: rules.reason_level].str.join(" > ") if rules.reason_level else levels.str.join(" > ")
    end = table["ended_at"].fillna(table["started_at"])
    table["anchor"] = table["started_at"] if rules.gap_from == "start" else end
    part = table[takes_part]
    chains = part.groupby(["customer_id", "key"], sort=False)
    window = timedelta(days=policy.window.default_days)
    look_back = max(timedelta(days=45), 1.35 * window)
    before = chains["anchor"].cummax().groupby([part["customer_id"], part["key"]]).shift(1)
    previous = (part["started_at"] - before).clip(lower=timedelta(0)).reindex(table.index)
    following = (chains["started_at"].shift(-1) - part["anchor"]).clip(lower=timedelta(0)).reindex(table.index)
    table["takes_part"] = takes_part
    table["returned"] = following <= window
    table["repeat"] = previous <= window
    table["opener"] = takes_part & ~table["repeat"] & ~(previous <= look_back)
    age = table["started_at"] - FRAME.data_start
    table["left_censored"] = table["opener"] & (age < look_back)
    table["short_history"] = takes_part & (age < window)
    table["mature"] = table["anchor"] + window <= FRAME.cutoff

    kinds = frames["case_events"].groupby(["contact_id", "kind"]).size().unstack(fill_value=0)
    events = kinds.reindex(table["contact_id"], fill_value=0).reset_index(drop=True)
    for kind in ("settled", "reopen", "escalation", "reassignment"):
        table[f"events_{kind}"] = events.get(kind, 0)
    last = frames["case_events"].groupby(["contact_id", "kind"])["at"].max().unstack().reindex(table["contact_id"])
    last = last.reset_index(drop=True)
    # Where case events tell of settlements, they speak for records whose state is not recorded; then the agent does.
    by_events = last["settled"].notna() & (last["reopen"].isna() | (last["settled"] > last["reopen"]))
    by_events = by_events.astype(object).where(last.notna().any(axis=1), None)
    resolved = table["settled"].where(table["settled"].notna(), by_events)
    table["resolved"] = resolved.where(resolved.notna(), table["agent_says_resolved"])
    answers = frames["surveys"].set_index("contact_id").add_prefix("survey_").reindex(table["contact_id"])
    return table.join(answers.reset_index(drop=True))


def _expected(table: pd.DataFrame, policy: Policy, measure: str) -> tuple[pd.Series, pd.Series]:
    """Why each contact is not counted ("" where it is), and its score."""
    t = table
    known = t["excluded"]
    anybody = known.where(~known.isin(["no_customer", "no_reason"]), t["outside"])
    anybody_left = known.where(~known.isin(["no_customer", "no_reason", "abandoned"]), t["outside"])
    left = t["abandoned"].eq(True)

    def causes(first: pd.Series, *rest: tuple[pd.Series, str]) -> pd.Series:
        found = first.copy()
        for condition, name in rest:
            found = found.mask(found.eq("") & condition.astype(bool), name)
        return found

    def answered(column: str) -> pd.Series:
        return causes(anybody, (t[column].isna(), "not_recorded"))

    immature = (~t["mature"], "immature")
    resolved = t["resolved"]
    waited = (t["ended_at"].where(left, t["answered_at"]) - t["queued_at"]).dt.total_seconds()
    limit = policy.service_level.seconds
    never = (t["events_settled"] == 0) & (t["events_reopen"] == 0)
    moved = t["transfers"].where(t["transfers"].notna(), t["events_reassignment"])
    nps = t["survey_nps"]
    told = {
        "fcr_issue": (
            causes(known, (~t["opener"], "not_opener"), (t["left_censored"], "left_censored"), immature),
            ~t["returned"],
        ),
        "fcr_contact": (causes(known, immature), ~t["returned"]),
        "repeat_rate": (causes(known, (t["short_history"], "left_censored")), t["repeat"]),
        "call_resolution": (
            causes(anybody_left, (resolved.isna() & ~left, "not_recorded")),
            resolved.eq(True) & ~left,
        ),
        "reopen_rate": (causes(anybody, (never, "never_settled")), t["events_reopen"] > 0),
        "transfer_rate": (causes(anybody, (moved.isna(), "not_recorded")), moved > 0),
        "escalation_rate": (anybody, t["escalated_to"].notna() | (t["events_escalation"] > 0)),
        "abandonment_rate": (anybody_left, left),
        "handle_time": (
            causes(
                known.where(~known.isin(["no_customer", "no_reason"]), t["outside"]),
                (t["handle_seconds"].isna(), "not_recorded"),
            ),
            t["handle_seconds"],
        ),
        "service_level": (
            causes(anybody_left, (waited.isna(), "not_recorded"), (left & (waited <= limit), "left_before_limit")),
            ~left & (waited <= limit),
        ),
        "survey_fcr": (
            answered("survey_resolved"),
            t["survey_resolved"].eq(True) & ~(t["survey_contacts_needed"] > 1),
        ),
        "csat": (answered("survey_csat"), t["survey_csat"]),
        "nps": (answered("survey_nps"), (nps >= 9).astype(float) - (nps <= 6).astype(float)),
        "ces": (answered("survey_ces"), t["survey_ces"]),
    }
    cause, score = told[measure]
    return cause, score.astype(float)


@pytest.mark.parametrize("measure", MEASURES)
def test_counts_and_sums_are_those_of_pandas(engine, both, measure: str) -> None:
    """Of every measure: how many contacts count, what they add up to, and why the others do not."""
    policy, linked, table = both
    cause, score = _expected(table, policy, measure)
    counted = cause.eq("")
    book = ledger(engine, linked, MEASURES[measure], policy)
    assert book.adds_up
    own = cause[~counted].value_counts().to_dict()
    theirs = {
        **book.excluded,
        "not_opener": book.not_opener,
        "left_censored": book.left_censored,
        "immature": book.immature,
    }
    assert {name: n for name, n in theirs.items() if n} == own
    assert book.counted == counted.sum() > 0
    sums = reduce(engine, linked, [MEASURES[measure]], policy, ["team"])
    found = dict(zip((cell[0] for cell in sums.cells), zip(*_totals(sums.sums[measure]), strict=True), strict=True))
    teams = table["team"].astype(object).where(table["team"].notna(), None)
    for team, (n, total) in found.items():
        here = counted & (teams.isna() if team is None else teams.eq(team))
        assert n == here.sum()
        assert total == pytest.approx(score[here].sum(), rel=1e-12, abs=1e-9)
    assert sum(n for n, _ in found.values()) == counted.sum()


def _totals(sums) -> tuple[list[float], list[float]]:
    return sums.count.sum(axis=1).tolist(), sums.total.sum(axis=1).tolist()


def test_the_measures_differ_enough_to_be_told_apart(both) -> None:
    """The comparison has teeth: every cause occurs, and no share is 0 or 1."""
    policy, _, table = both
    occurring = set()
    for measure in MEASURES:
        cause, score = _expected(table, policy, measure)
        occurring |= set(cause)
        assert score[cause.eq("")].nunique() > 1, measure
    expected = {"outbound", "no_customer", "before_since", "after_cutoff", "immature", "not_opener", "not_recorded"}
    assert expected <= occurring


def test_the_largest_customer_is_that_of_pandas(engine) -> None:
    """Where a policy allows no customer any part of a cell, each refusal names the share of the largest one: by team
    and month, for a share and for a mean."""
    tables = simulate(contacts=900, seed=42).tables
    policy = replace(
        POLICIES["one level, from the end"], publish=Publish(minimum_sample=1, suppress_below=1, dominance=1e-9)
    )
    rows = tables["contacts"].to_pylist()
    run = run_of(engine, rows, policy, cutoff=FRAME.cutoff, since=FRAME.since, by=("team,month",), detail=False).run
    frames = {name: tables[name].to_pandas() for name in ("contacts", "case_events", "surveys")}
    table = _by_pandas(frames, policy)
    table["month"] = table["started_at"].dt.to_period("M").dt.start_time.dt.date
    compared = 0
    for measure in ("fcr_contact", "handle_time"):
        cause, _ = _expected(table, policy, measure)
        counted = table[cause.eq("")]
        for row in run.slices(measure, "team,month"):
            here = counted[
                counted["month"].eq(row.period_start) & counted["team"].fillna("(unknown)").eq(row.cell["team"])
            ]
            if row.result.code != "one-customer-dominates":
                assert here["customer_id"].notna().sum() == 0
                continue
            most = here["customer_id"].value_counts().iloc[0]
            held = f"{most / len(here):.0%} of {len(here):,} contacts" if len(here) > 1 else "the only contact"
            assert f"holds {held}" in row.result.reason
            compared += 1
    assert compared > 60
