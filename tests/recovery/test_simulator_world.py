"""The simulated world is the one the methods are judged on: its laws are those its knobs say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from firstcontact.measurement.simulator.generate import Simulation, simulate
from firstcontact.measurement.simulator.world import Arrival, Coding, Identity, World

CLEAR = replace(
    World(), coding=Coding(wrong=0, missing=0), identity=Identity(split=0, merged=0, missing=0), arrival=Arrival()
)


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return simulate(CLEAR, contacts=250_000, seed=1)


@pytest.fixture(scope="module")
def contacts(simulation: Simulation) -> pd.DataFrame:
    truth = simulation.truth.tables["contact_truth"].to_pandas()
    return simulation.tables["contacts"].to_pandas().merge(truth, on="contact_id")


def test_customary_measures_disagree_with_the_truth_as_in_real_centres() -> None:
    """True FCR 80 %, surveys 75 %, wrap-up codes 89 %, no repeat in 30 days 75 %, each within a point."""
    summaries = [simulate(contacts=100_000, seed=seed).truth.summary for seed in (1, 2, 3)]

    def mean(part: str, name: str) -> float:
        return float(np.mean([summary[part][name] for summary in summaries]))

    assert mean("truth", "t_fcr") == pytest.approx(0.80, abs=0.01)
    assert mean("customary", "survey") == pytest.approx(0.75, abs=0.01)
    assert mean("customary", "agent_says") == pytest.approx(0.89, abs=0.01)
    assert mean("customary", "repeat_30d") == pytest.approx(0.75, abs=0.01)
    assert mean("customary", "repeat_7d") > mean("truth", "t_fcr") + 0.03


def test_what_happens_is_as_probable_as_it_says(contacts: pd.DataFrame) -> None:
    """Failures follow P(unresolved), in each tenth of it; returns follow rho, for each reason."""
    answered = contacts[contacts["resolved"].notna()]
    failed = 1 - answered["resolved"].astype(float)
    tenth = pd.qcut(answered["p_unresolved"], 10, labels=False)
    expected, found = answered["p_unresolved"].groupby(tenth).mean(), failed.groupby(tenth).mean()
    noise = np.sqrt(expected * (1 - expected) / failed.groupby(tenth).size())
    assert (abs(found - expected) / noise).max() < 3.5
    for reason in CLEAR.reasons:
        own = answered[(answered["true_reason"] == reason.path) & (failed == 1)]
        assert own["causes_repeat"].mean() == pytest.approx(reason.rho, abs=4 * np.sqrt(0.25 / len(own)))
        assert not answered[failed == 0]["causes_repeat"].any()


def test_delays_follow_the_law_of_the_reason(simulation: Simulation) -> None:
    """Medians and 95 % quantiles, which quiet weekdays may stretch by a day; the bill's returns wait for the next."""
    reasons = simulation.truth.tables["reason_truth"].to_pandas().set_index("reason")
    for reason in CLEAR.reasons:
        found = reasons.loc[reason.path]
        if reason.late_share == 0:
            late = reason.delay_median_days * np.exp(1.645 * reason.delay_sigma)
            assert found["delay_median_days"] == pytest.approx(reason.delay_median_days, abs=1, rel=0.1)
            assert found["delay_q95_days"] == pytest.approx(late, abs=1, rel=0.06)
        else:
            assert 24 < found["delay_median_days"] < 29
            assert 33 < found["delay_q95_days"] < 36


def test_the_expected_truth_is_the_mean_of_the_found(simulation: Simulation) -> None:
    """Over all reasons, T-FCR and R-FCR lie within their luck of what was expected, and R is above T."""
    reasons = simulation.truth.tables["reason_truth"].to_pandas()
    for name in ("t_fcr", "r_fcr"):
        noise = np.sqrt(reasons[name] * (1 - reasons[name]) / reasons["openers"])
        assert (abs(reasons[name] - reasons[f"{name}_expected"]) / noise).max() < 3.5
    assert (reasons["r_fcr"] > reasons["t_fcr"]).all()
    implied = 1 - (1 - reasons["r_fcr"]) / reasons["rho"]
    assert abs(implied - reasons["t_fcr"]).max() < 0.02


def test_agents_differ_by_the_skill_they_were_given(simulation: Simulation, contacts: pd.DataFrame) -> None:
    """Mean P(unresolved) of an agent rises with the agent's skill, and wrap-ups flatter at the agent's own rate."""
    agents = simulation.truth.tables["agent_truth"].to_pandas().set_index("agent_id")
    assert agents["skill"].std() == pytest.approx(0.25, abs=0.05)
    assert agents["skill"].mean() == pytest.approx(0, abs=1e-9)
    own = contacts[contacts["agent_id"].notna() & contacts["resolved"].notna()]
    logit = np.log(own["p_unresolved"] / (1 - own["p_unresolved"]))
    effect = (logit - logit.groupby([own["true_reason"], own["channel"]]).transform("mean")).groupby(own["agent_id"])
    assert np.corrcoef(effect.mean(), agents["skill"])[0, 1] > 0.98
    failed = own[(own["resolved"].astype(float) == 0) & own["agent_says_resolved"].notna()]
    flattered = failed["agent_says_resolved"].astype(float).groupby(failed["agent_id"])
    noise = np.sqrt(0.25 / flattered.size())
    gap = (flattered.mean() - agents["false_positive"].reindex(noise.index)) / noise
    assert abs(gap.mean()) < 0.3
    assert gap.std() < 1.3


def test_surveys_are_answered_by_those_the_knobs_say(simulation: Simulation, contacts: pd.DataFrame) -> None:
    """Response by outcome, and yes by outcome, for a reason and channel without a factor of their own."""
    surveyed = contacts["contact_id"].isin(set(simulation.tables["surveys"]["contact_id"].to_pylist()))
    plain = (
        contacts["resolved"].notna() & (contacts["channel"] == "phone") & (contacts["true_reason"] == "billing > bill")
    )
    plain &= contacts["ended_at"] < pd.Timestamp(CLEAR.end) - pd.Timedelta(days=30)
    resolved = contacts["resolved"].astype(float) == 1
    knobs = CLEAR.surveys
    for which, response in (
        (resolved, knobs.response_resolved),
        (~resolved & contacts["causes_repeat"], knobs.response_returning),
        (~resolved & ~contacts["causes_repeat"], knobs.response_given_up),
    ):
        group = surveyed[plain & which]
        assert group.mean() == pytest.approx(response, abs=4 * np.sqrt(response * (1 - response) / len(group)))
    says = contacts["would_say_resolved"].astype(float)
    answered = contacts["resolved"].notna()
    late = contacts["repeat_delay_days"] >= knobs.late_days
    assert says[answered & resolved].mean() == pytest.approx(knobs.yes_resolved, abs=0.005)
    assert says[answered & ~resolved & late].mean() == pytest.approx(knobs.yes_late, abs=0.02)
    assert says[answered & ~resolved & ~late].mean() == pytest.approx(knobs.yes_unresolved, abs=0.01)


def test_coincidental_contacts_come_evenly_except_after_the_bill(contacts: pd.DataFrame) -> None:
    """Openers of most reasons are even over the months; a customer's billing issues bunch in the cycle."""
    openers = contacts[contacts["is_issue_opener"]]
    own = openers[openers["true_reason"] == "billing > bill"].copy()
    day = (own["started_at"] - pd.Timestamp(CLEAR.start)).dt.total_seconds() / 86_400
    own["angle"] = 2 * np.pi * (day % 30) / 30
    several = own[own.groupby("person")["angle"].transform("size") >= 5]
    length = np.hypot(
        np.cos(several["angle"]).groupby(several["person"]).mean(),
        np.sin(several["angle"]).groupby(several["person"]).mean(),
    )
    assert length.mean() > 0.55
    other = openers[openers["true_reason"] == "access > password"].copy()
    day = (other["started_at"] - pd.Timestamp(CLEAR.start)).dt.total_seconds() / 86_400
    other["angle"] = 2 * np.pi * (day % 30) / 30
    several = other[other.groupby("person")["angle"].transform("size") >= 5]
    length = np.hypot(
        np.cos(several["angle"]).groupby(several["person"]).mean(),
        np.sin(several["angle"]).groupby(several["person"]).mean(),
    )
    assert length.mean() < 0.45


def test_bills_bring_as_many_just_before_the_cut_as_ever(contacts: pd.DataFrame) -> None:
    """Billing issues are brought forward to their bill, also from after the cut: the last weeks lack none."""
    own = contacts[contacts["is_issue_opener"] & (contacts["true_reason"] == "billing > bill")]
    days_left = CLEAR.days - (own["started_at"] - pd.Timestamp(CLEAR.start)).dt.total_seconds() / 86_400
    newest, before = (days_left < 14).sum() / 14, ((days_left >= 28) & (days_left < 196)).sum() / 168
    assert newest / before == pytest.approx(1.0, abs=0.12)


def test_people_come_when_the_knobs_say(contacts: pd.DataFrame) -> None:
    """Monday to Sunday and the hours of the day by their weights; the year has its season."""
    openers = contacts[contacts["is_issue_opener"] & (contacts["true_reason"] != "billing > bill")]
    came = openers["queued_at"].fillna(openers["started_at"])
    weekday = came.dt.weekday.value_counts(normalize=True).sort_index().to_numpy()
    wanted = np.array(CLEAR.arrival.weekday) / sum(CLEAR.arrival.weekday)
    assert abs(weekday - wanted).max() < 0.006
    hours = came.dt.hour.value_counts(normalize=True).reindex(range(24), fill_value=0).to_numpy()
    assert abs(hours - np.array(CLEAR.arrival.hour) / sum(CLEAR.arrival.hour)).max() < 0.006
    first_year = came[came < "2025-01-01"]
    winter, summer = first_year.dt.month.isin([12, 1, 2]).sum() / 91, first_year.dt.month.isin([6, 7, 8]).sum() / 92
    assert winter / summer == pytest.approx(1.2, abs=0.05)


def test_returns_come_at_the_hours_people_are_awake(contacts: pd.DataFrame) -> None:
    """Who comes back after a day or more does so by day, and less often at the weekend."""
    causes = contacts.set_index("contact_id")["repeat_delay_days"]
    returns = contacts[contacts["caused_repeat_of"].notna() & contacts["redial_of"].isna()]
    slow = returns[causes[returns["caused_repeat_of"]].to_numpy() > 1.5]
    came = slow["queued_at"].fillna(slow["started_at"])
    night = sum(CLEAR.arrival.hour[:6]) / sum(CLEAR.arrival.hour)
    assert (came.dt.hour < 6).mean() == pytest.approx(night, abs=0.01)
    weekday = came.dt.weekday.value_counts(normalize=True)
    assert weekday[6] < 0.75 * weekday[0]
