"""When agents, teams, sites and weeks cannot be compared: every rule by itself, and data with nothing in them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from firstcontact.kernel.result import Estimate, Refusal
from firstcontact.kernel.sentence import code_of
from firstcontact.measurement.explain.agent_support import ESTIMANDS, Support, judge
from firstcontact.measurement.explain.agent_support import explain as explain_agents
from firstcontact.measurement.explain.comparability import Compared, Evidence, Reviews, Work, compare
from firstcontact.measurement.explain.variance_share import variance_share
from firstcontact.statistics.bucket import Array
from firstcontact.statistics.contrast import DENSE_UP_TO, case_mix
from firstcontact.statistics.control_chart import laney, p_chart
from firstcontact.statistics.empirical_bayes import shrink
from firstcontact.statistics.funnel import funnel, overdispersion
from firstcontact.statistics.heterogeneity import Heterogeneity, heterogeneity
from firstcontact.statistics.lag_distance import lag_distance
from firstcontact.statistics.placebo import placebo
from firstcontact.statistics.prais_winsten import step
from firstcontact.statistics.standardisation import standardise


def _agents(
    work: Array, sd: float, seed: int = 1, *, base: float = 0.2, queues: Array | None = None, **said: object
) -> Support:
    chance = np.random.default_rng(seed)
    odds = np.log(base / (1 - base)) + np.linspace(-1, 1, work.shape[1])[None, :]
    failed = chance.binomial(work.astype(int), 1 / (1 + np.exp(-odds - sd * chance.standard_normal((len(work), 1)))))
    unit, stratum = (index.ravel() for index in np.indices(work.shape))
    mix = case_mix(unit, stratum, work.ravel(), failed.ravel().astype(float), units=len(work))
    return judge(mix, work, queues, **said)  # type: ignore[arg-type]


def _codes(found: Support | Compared) -> set[str]:
    return {reason.code for reason in found.against}


ALIKE = np.full((40, 4), 200.0)


def test_without_agents_both_figures_say_what_they_would_have_been() -> None:
    """A refusal names its own estimand, and not that of the figure beside it."""
    nothing = SimpleNamespace(columns=())
    context = SimpleNamespace(linked=nothing, row=lambda measure, result: (measure, result.estimand))
    assert dict(explain_agents(context)) == ESTIMANDS


def test_agents_who_differ_on_the_same_mix_can_be_compared() -> None:
    """Forty agents with 800 contacts of the same mix each and a spread of 0.5: no rule speaks against it."""
    found = _agents(ALIKE, 0.5)
    assert found.against == ()
    assert found.spread.low < 0.25 < found.spread.high
    assert 0.9 < found.reliability[0] <= 1


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("agents.chance", _agents(ALIKE, 0.0)),
        ("agents.none", _agents(ALIKE, 0.0)),
        ("agents.unreliable", _agents(np.full((40, 4), 10.0), 0.3)),
        ("agents.apart", _agents(np.eye(10) * 500.0 + 1.0, 0.5)),
        ("agents.little", _agents(ALIKE, 0.1)),
        ("agents.queues", _agents(ALIKE, 0.5, queues=np.kron(np.eye(4), np.full((10, 1), 800.0)))),
        ("agents.said", _agents(ALIKE, 0.5, said=("survey_resolved",))),
    ],
)  # fmt: skip
def test_each_rule_refuses_agents_by_itself(rule: str, found: Support) -> None:
    """Chance, doubt, unreliable figures, no others on the mix, little explained, one queue each, hearsay."""
    assert rule in _codes(found)


def test_one_queue_for_all_is_no_reason_to_refuse() -> None:
    """Agents who all work on the same queue can be compared."""
    queues = np.zeros((40, 3))
    queues[:, 1] = 800.0
    assert "agents.queues" not in _codes(_agents(ALIKE, 0.5, queues=queues))


@pytest.mark.parametrize("agents", [1, 2, 50])
@pytest.mark.parametrize("failing", [0.0, 1.0])
def test_all_alike_is_no_comparison_and_no_crash(agents: int, failing: float) -> None:
    """Nobody fails, or everybody does: no contrast, no spread, effects of 0, nothing undefined."""
    unit = np.arange(agents)
    mix = case_mix(unit, np.zeros_like(unit), np.full(agents, 100.0), np.full(agents, 100 * failing), units=agents)
    found = heterogeneity(mix.contrasts)
    effects = shrink(mix, found.variance)
    assert (found.freedom, found.variance, found.p, mix.spread) == (0, 0.0, 1.0, 0.0)
    assert (effects.effect == 0).all()
    assert np.isfinite(effects.low).all()
    assert (effects.reliability == 0).all()
    assert not funnel(mix.score, mix.information).outside.any()


def test_agents_with_one_contact_each_say_nothing() -> None:
    """Two thousand agents with one contact each, above the size at which contrasts are exact: no spread is found, and
    every interval holds 0."""
    chance = np.random.default_rng(3)
    count = DENSE_UP_TO + 800
    mix = case_mix(
        np.arange(count), chance.integers(0, 4, count), np.ones(count), (chance.random(count) < 0.3).astype(float)
    )
    found = heterogeneity(mix.contrasts)
    effects = shrink(mix, found.variance)
    assert found.low == 0
    assert ((effects.low < 0) & (effects.high > 0)).all()
    assert np.median(effects.reliability) < 0.3


def test_thousands_of_reasons_with_one_contact_each_are_no_comparison() -> None:
    """Where no reason is shared nothing is compared, and it is said how little that is."""
    count = 3_000
    mix = case_mix(np.arange(count) % 5, np.arange(count), np.ones(count), np.arange(count) % 2 * 1.0)
    assert mix.share.tolist() == [0.0] * 5
    assert heterogeneity(mix.contrasts).freedom == 0


def test_contrasts_of_many_units_are_nearly_those_of_all() -> None:
    """Above the limit units are taken one by one; the statistic differs by less than 2 % from the exact one."""
    chance = np.random.default_rng(5)
    count = np.full(DENSE_UP_TO, 40.0)
    failed = chance.binomial(40, 0.3, DENSE_UP_TO).astype(float)
    unit = np.arange(DENSE_UP_TO)
    exact = heterogeneity(case_mix(unit, np.zeros_like(unit), count, failed).contrasts)
    # One more unit, of one contact.
    many = heterogeneity(
        case_mix(
            np.arange(DENSE_UP_TO + 1), np.zeros(DENSE_UP_TO + 1, int), np.append(count, 1.0), np.append(failed, 0.0)
        ).contrasts
    )
    assert many.statistic == pytest.approx(exact.statistic, rel=0.02)


def test_one_odd_unit_does_not_make_the_usual_spread() -> None:
    """Winsorised, one unit ten standard deviations out leaves the overdispersion near 1; as it is, it does not."""
    z = np.append(np.random.default_rng(1).standard_normal(40), 10.0)
    assert overdispersion(z) < 1.3
    assert overdispersion(z, trim=0.0) > 2.5
    assert funnel(z, np.ones(41)).outside.tolist() == [False] * 40 + [True]


def _sites(mixes: list[list[float]], **more: object) -> Evidence:
    """Two sites of 4,000 contacts, one customer bucket after the other, with a fifth failing everywhere."""
    size = 4_000
    stratum = np.concatenate([np.repeat(np.arange(len(mix)), (np.array(mix) * size).astype(int)) for mix in mixes])
    unit = np.repeat([0, 1], len(stratum) // 2)
    count = len(stratum)
    work = Work(unit, stratum, np.arange(count) % 40, np.ones(count), (np.arange(count) % 5 == 0).astype(float))
    return replace(Evidence(work, True, np.full((2, 2), 4_000.0)), **more)  # type: ignore[arg-type]


ONE, OTHER = np.array([True, False]), np.array([False, True])
EVEN = [[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]]


def test_sites_that_are_alike_are_compared() -> None:
    """The same failures on mixes that overlap: a difference near 0 with an interval around it."""
    found = compare(_sites(EVEN), ONE, OTHER, alike=True)
    assert found.against == ()
    assert found.difference == pytest.approx(0, abs=0.01)
    assert found.low < 0 < found.high


_EARLY, _LATE = np.zeros((2, 1, 50)), np.zeros((2, 1, 50))
_EARLY[:, 0, 1] = 300
_EARLY[1, 0, 1], _EARLY[1, 0, 30] = 100, 200
_TWICE = np.array([[[200.0], [500.0]], [[4_000.0], [4_000.0]]])


@pytest.mark.parametrize(
    ("rule", "evidence", "more"),
    [
        ("compare.nothing-shared", _sites([[1.0, 0.0], [0.0, 1.0]]), {}),
        ("compare.support", _sites([[0.7, 0.3, 0.0], [0.7, 0.0, 0.3]]), {}),
        ("compare.overlap", _sites([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]), {}),
        ("compare.identity", _sites(EVEN, known=np.array([[4_000.0, 3_600.0], [4_000.0, 4_000.0]])), {}),
        ("compare.signal", _sites(EVEN, recorded={"agent_says_resolved": np.array([0.9, 0.5])}), {}),
        ("compare.latency", _sites(EVEN, returns=_EARLY), {}),
        ("compare.background", _sites(EVEN, late=_TWICE), {}),
        ("compare.giving-up", _sites(EVEN), {"alike": False}),
        ("compare.other", _sites(EVEN), {"same_organisation": False}),
    ],
)
def test_each_rule_refuses_sites_by_itself(rule: str, evidence: Evidence, more: dict[str, bool]) -> None:
    """Nothing shared, little shared, other mixes, customers, signals, returns, callers, giving up, organisations."""
    found = compare(evidence, ONE, OTHER, **{"alike": True, **more})
    assert _codes(found) >= {rule}
    assert found.difference is None


def test_background_and_lags_that_agree_refuse_nothing() -> None:
    """The same lags and as many coincidental returns on both sides speak against nothing."""
    same = np.zeros((2, 1, 50))
    same[:, 0, 1], same[:, 0, 20] = 300, 100
    late = np.array([[[200.0], [210.0]], [[4_000.0], [4_000.0]]])
    assert compare(_sites(EVEN, returns=same, late=late), ONE, OTHER, alike=True).against == ()


def test_reviews_of_both_sides_need_nobody_to_vouch() -> None:
    """With 200 reviewed contacts on each side the share truly resolved is compared; with 199 on one it is not."""
    evidence = _sites(EVEN)
    work = evidence.work
    every = np.arange(0, len(work.unit), 16)

    def reviewed(rows: np.ndarray) -> Evidence:
        reviews = Reviews(
            work.unit[rows], work.stratum[rows], work.bucket[rows], 1 - work.total[rows],
            np.full(len(rows), 1 / 16), 1 - work.total[rows],
        )  # fmt: skip
        return replace(evidence, scored=replace(work, total=1 - work.total), reviews=reviews)

    found = compare(reviewed(every), ONE, OTHER, alike=False)
    assert found.truly
    assert found.difference == pytest.approx(0, abs=0.01)
    assert found.high > found.low
    few = compare(
        reviewed(every[np.append(work.unit[every][:-1] == 0, False) | (np.arange(len(every)) % 2 == 0)]),
        ONE,
        OTHER,
        alike=False,
    )
    assert _codes(few) == {"compare.giving-up"}


def test_series_without_enough_weeks_have_no_step() -> None:
    """Four weeks, or a side with one week, give no step; a flat series gives a step of 0 without width."""
    assert step(np.arange(4.0), np.array([0, 0, 1, 1.0])) is None
    assert step(np.arange(9.0), np.append(np.zeros(8), 1)) is None
    flat = step(np.full(20, 0.5), np.arange(20) >= 12)
    assert flat is not None
    assert (flat.size, flat.low, flat.high) == pytest.approx((0, 0, 0), abs=1e-9)
    assert np.isfinite([flat.p, flat.long_run, flat.carried]).all()


def test_few_controls_give_no_placebo() -> None:
    """Five controls, or no week after, give no second opinion; controls that never change make any change certain."""
    after = np.arange(10) >= 6
    assert placebo(np.zeros(10), np.zeros((5, 10)), after) is None
    assert placebo(np.zeros(10), np.zeros((6, 10)), np.zeros(10, bool)) is None
    still = placebo(np.where(after, 1.0, 0.0), np.zeros((6, 10)), after)
    assert still is not None
    assert (still.size, still.p) == (1.0, 0.0)


def test_charts_of_nothing_and_of_extremes_are_charts() -> None:
    """One period, nobody failing, everybody failing, a period without contacts: limits within 0 and 1, none outside."""
    for count, total in (
        ([50.0], [5.0]),
        ([50.0, 60.0], [0.0, 0.0]),
        ([50.0, 60.0], [50.0, 60.0]),
        ([0.0, 9.0], [0.0, 3.0]),
    ):
        for chart in (p_chart(np.array(count), np.array(total)), laney(np.array(count), np.array(total))):
            assert not chart.outside.any()
            assert ((chart.low >= 0) & (chart.high <= 1) & (chart.sigma >= 1)).all()


def test_a_week_that_doubles_stands_out() -> None:
    """Among weeks of 20 % failures one of 40 % lies outside on both charts."""
    total = np.full(20, 200.0)
    total[12] = 400.0
    assert np.flatnonzero(laney(np.full(20, 1_000.0), total).outside).tolist() == [12]
    assert np.flatnonzero(p_chart(np.full(20, 1_000.0), total).outside).tolist() == [12]


def test_nothing_shared_has_no_difference_and_no_distance() -> None:
    """Strata that only one side has give no standardised difference; a side without returns no distance of lags."""
    assert standardise(np.array([[100.0, 0.0], [0.0, 100.0]]), np.zeros((2, 2))) is None
    assert lag_distance(np.zeros(5), np.ones(5)) is None
    alike = standardise(np.full((2, 3), 50.0), np.zeros((2, 3)))
    assert alike is not None
    assert alike.low < 0 < alike.high


@pytest.mark.parametrize(
    ("spread", "between", "code"),
    [
        (Heterogeneity(0.1, 0.05, 0.3, 0.95, 20.0, 9, 0.02), 0.0, "variance-share.work"),
        (Heterogeneity(0.0, 0.0, 0.0, 0.95, 0.5, 9, 1.0), 0.3, "variance-share.chance"),
    ],
)
def test_no_share_of_people_where_there_is_nothing_to_share(spread: Heterogeneity, between: float, code: str) -> None:
    """One reason makes people all of the differences by construction, and outcomes that hardly differ none of them:
    neither is printed as certain."""
    told = variance_share(spread, between, 900, "share")
    assert isinstance(told, Refusal)
    assert code_of(told.reason) == code


def test_people_alike_have_a_share_from_nothing_upwards() -> None:
    """Where units differ no more than by chance the share is 0 with an interval above it."""
    told = variance_share(Heterogeneity(0.0, 0.0, 0.1, 0.95, 8.0, 9, 0.5), 0.3, 900, "share")
    assert isinstance(told, Estimate)
    assert (told.value, told.low, told.high) == (0.0, 0.0, pytest.approx(0.25))
