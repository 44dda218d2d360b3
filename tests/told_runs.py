"""Invented runs of which the estimators had much to say, or nothing: for tests of the report's story."""

from __future__ import annotations

import dataclasses
import math
from datetime import date, timedelta

from firstcontact.kernel.result import NOTHING_TO_COUNT, SIGNAL_ABSENT, SUPPRESSED, TOO_FEW, Estimate, Refusal, Unit
from firstcontact.kernel.sentence import Sentence, listed
from firstcontact.measurement.explain.agent_support import UNSUPPORTED
from firstcontact.measurement.explain.comparison import NOT_COMPARABLE
from firstcontact.measurement.explain.return_window import SHORT_HISTORY
from firstcontact.measurement.explain.tally import NOTHING_CLEAR
from firstcontact.measurement.fit.declared import declare
from firstcontact.measurement.fit.model import LAG_BINS, LAG_EDGES, ReturnModel
from firstcontact.measurement.measures.r_fcr import TOO_YOUNG
from firstcontact.measurement.measures.row import ResultRow
from firstcontact.measurement.measures.t_fcr import TOO_FEW_LABELS
from firstcontact.measurement.policy.model import Cost
from firstcontact.services.run import Run
from tests import run_factory
from tests.run_factory import POLICY, row, share

WEEKS = 30
FIRST_WEEK = date(2016, 1, 4)
REASONS = ("billing > bill", "orders > delivery", "access > password")
TEAMS = ("delta", "Alpha", "charlie", "bravo")


def figure(value: float, half: float, n: int = 900, unit: Unit = "share") -> Estimate:
    """A figure with a symmetric interval, which may leave 0 to 1."""
    return Estimate(value, value - half, value + half, 0.95, n, "something", unit)


def model(
    reason: str, slow: float, caused: float, *, state: str = "learned", cycle: float | None = None
) -> ReturnModel:
    """A reason whose caused returns come with a pace of `slow` days."""
    latency = tuple(1.0 if lag >= 12 * slow else 1 - math.exp(-lag / slow) for lag in LAG_EDGES)
    chances = tuple(max(0.0, 0.9 - lag / (12 * slow)) for lag in LAG_EDGES[:LAG_BINS])
    return ReturnModel(
        reason,
        "pooled" if state == "pooled" else "learned",
        openers=9_000,
        returns=3_100,
        family="orders" if state == "pooled" else "",
        onset_days=6 * slow,
        tau_days=min(12 * slow, 170),
        window_days=3 * slow,
        window_low=2.5 * slow,
        window_high=3.8 * slow,
        cycle_days=cycle,
        latency=latency,
        latency_se=tuple(0.02 if 0 < lag < 12 * slow else 0.0 for lag in LAG_EDGES),
        caused=chances,
        caused_returns=caused,
        returns_until_tau=2_000,
        r_fcr=0.84,
        r_low=0.82,
        r_high=0.86,
    )


def week_rows() -> list[ResultRow]:
    """Weeks of R-FCR: stable ones, two provisional, one withheld; what counting shows; and one week that stands out."""
    rows = []
    for number in range(WEEKS):
        start = FIRST_WEEK + timedelta(weeks=number)
        left = WEEKS - number
        maturity = {1: 0.1, 2: 0.45, 3: 0.7}.get(left, 1.0)
        result: Estimate | Refusal = share(0.86 + 0.01 * math.sin(number), 900, maturity, status="final")
        if left == 1:
            young = Sentence(
                "nowcast.too-young",
                "{maturity:.0%} of the returns that these {n:,} openers cause can have come by now; {least:.0%} is the "
                "least. If they fail like the other reasons of their week, R-FCR is {value:.1%}.",
                maturity=0.1, n=900, least=0.2, value=0.87,
            )  # fmt: skip
            wait = Sentence("nowcast.wait", "Wait; or look at faster reasons of the same week.")
            result = Refusal(TOO_YOUNG, young, wait, 900, "", 0.1)
        elif left <= 3:
            result = share(0.87, 900, maturity, status="provisional")
        rows.append(row("r_fcr", result, "week", start=start))
        rows.append(row("count_all", share(0.86 if left > 3 else 0.94, 900, maturity), "week", start=start))
        chart = Estimate(0.80 if number == 7 else 0.86, 0.83, 0.89, 0.997, 900, "")
        rows.append(row("control_chart", chart, "week", start=start, q_value=0.001 if number == 7 else 0.7))
    return rows


def cause_rows() -> list[ResultRow]:
    """Three clear causes, one of them inside a reason, two that are not, and two that could not be looked at."""
    clear = (("escalation: level 2", "", 0.16, 2_400, 0.001), ("wrong place first: once", "", 0.08, 4_100, 0.002),
             ("weekday: Monday", "billing > bill", 0.12, 300, 0.01), ("hour: 09-12", "", 0.001, 9_000, 0.8),
             ("channel: chat", "", -0.02, 6_000, 0.03))  # fmt: skip
    rows = []
    for cause, reason, excess, n, q in clear:
        cell = {"reason": reason, "cause": cause} if reason else {"cause": cause}
        rows.append(row("root_cause", figure(excess, 0.02, n), ",".join(cell), cell, q_value=q))
        rows.append(row("root_cause_contacts", figure(excess * n, 0.02 * n, n, "count"), ",".join(cell), cell))
    needs = Sentence("cause.waiting.needs", "states of waiting in the history of a record")
    said = Sentence("pattern-absent", "The data do not hold {needs}.", needs=needs)
    helps = Sentence("pattern-needs", "A source that holds it, or a mapping that names where it stands.")
    rows.append(row("root_cause", Refusal(SIGNAL_ABSENT, said, helps), "cause", {"cause": "waiting"}))
    rows.append(row("root_cause_looked_at", figure(96, 0, 9_000, "count")))
    return rows


def downstream_rows() -> list[ResultRow]:
    """Three reasons that bring another, and one pair of which each brings the other."""
    rows = [
        row("downstream_share", figure(0.11, 0.02, 13_000)),
        row("downstream_pairs", figure(72, 0, 50_000, "count")),
    ]
    for cause, effect, often in ((1, 0, 0.11), (2, 1, 0.07), (1, 2, 0.05)):
        cell = {"reason": REASONS[cause], "next_reason": REASONS[effect]}
        by = "reason,next_reason"
        rows += [
            row("downstream", figure(often, 0.02, 4_000), by, cell, q_value=0.001),
            row("downstream_excess", figure(4_000 * often, 80, 4_000, "count"), by, cell),
            row("downstream_delay", figure(9.7, 1.6, 4_000, "days"), by, cell),
            row("downstream_cost", figure(16_000 * often, 320, 4_000, "money"), by, cell),
            row("downstream_count", figure(700, 0, 4_000, "count"), by, cell),
            row("downstream_count", figure(300, 0, 4_000, "count"), by,
                {"reason": cell["next_reason"], "next_reason": cell["reason"]}),
        ]  # fmt: skip
    mutual = {"reason": REASONS[0], "next_reason": REASONS[2], "cause": "each brings the other"}
    rows.append(row("downstream", figure(0.03, 0.01, 4_000), ",".join(mutual), mutual))
    return rows


def other_rows(sure: bool) -> list[ResultRow]:
    """Opportunities, drivers, teams, agents, and what customers say."""
    rows = []
    for place, reason in enumerate(REASONS):
        cell = {"reason": reason, "cause": "its own best teams" if place else "its own best four weeks"}
        gain = 90.0 - 20 * place
        rows.append(row("opportunity", figure(gain, 10 if sure else gain, 900, "count"), "reason,cause", cell))
        rows.append(row("opportunity_cost", figure(4 * gain, 40, 900, "money"), "reason,cause", cell))
        rows.append(row("opportunity_gap", figure(0.05, 0.01), "reason,cause", cell))
    start = date(2016, 5, 1)
    for cause, value in (("", 0.031), ("rate", 0.022), ("mix: reason", 0.009)):
        cell = {"cause": cause} if cause else {}
        plain = row("driver", figure(value, 0.01), ",".join((*cell, "month")), cell)
        rows.append(dataclasses.replace(plain, period_grain="month", period_start=start))
    for cause in ("rate", "mix: reason"):
        cell = {"reason": REASONS[0], "cause": cause}
        plain = row("driver", figure(0.01, 0.02), "reason,cause,month", cell)
        rows.append(dataclasses.replace(plain, period_grain="month", period_start=start))
    for place, team in enumerate(TEAMS):
        value, q = (0.04, 0.001) if team == "bravo" else (0.002 * place, 0.7)
        rows.append(row("team_effect", figure(value, 0.012, 4_000), "team", {"team": team}, q_value=q))
    alone = listed([Sentence("compare.a", "customers come back after different times on the two sides")])
    said = Sentence("compare.refused", "Not comparable: {reasons}.", reasons=alone)
    helps = Sentence("compare.cure", "Compare what both do alike: a coarser reason, a longer period, or reviewed "
                     "contacts of both.")  # fmt: skip
    rows.append(row("comparison", Refusal(NOT_COMPARABLE, said, helps, 4_000), "team", {"team": "delta"}))
    rows += [row("team_share", figure(0.02, 0.01, 50_000)), row("agent_share", figure(0.10, 0.03, 50_000))]
    why = Sentence("agents.none", "how much agents truly differ may be nothing at all")
    said = Sentence("agents.unsupported", "Comparing {agents:,} agents is not supported: {reasons}.", agents=150,
                    reasons=listed([why]))  # fmt: skip
    helps = Sentence("agents.unsupported.cure", "Look at teams, reasons and the system. More contacts an agent make "
                     "chance smaller; they do not make agents comparable who get different contacts.")  # fmt: skip
    rows.append(row("agent_support", Refusal(UNSUPPORTED, said, helps, 50_000)))
    for cause, value in (("resolved by the policy", 0.19), ("resolved by the customer's word", 0.48),
                         ("from week to week", 0.01)):  # fmt: skip
        rows.append(row("csat_relation", figure(value, 0.02, 6_000, "score"), "cause", {"cause": cause}))
        rows.append(row("nps_relation", figure(10 * value, 0.2, 6_000, "score"), "cause", {"cause": cause}))
    return rows


def told(sure: bool = True) -> Run:
    """A centre of which everything could be said but T-FCR, single agents and one cause."""
    few = Sentence("too-few-labels", "{n} reviewed contacts drawn at random; {least} are the least.", n=120, least=200)
    more = Sentence("too-few-labels.cure", "Review {more} more contacts of this cell, drawn at random, and record the "
                    "chance of each in the column sampling_probability of the table reviews.", more=80)  # fmt: skip
    rows = [
        row("r_fcr", share(0.864, 57_000)),
        row("t_fcr", Refusal(TOO_FEW_LABELS, few, more, 120)),
        row("s_fcr", share(0.805, 6_200)),
        *week_rows(),
        row("returns_expected", figure(509, 43, 27_000, "count")),
        row("latency_drift", figure(0.3, 0.1, 90, "score"), "reason_2", {"reason_2": REASONS[1]}, q_value=0.01),
        *cause_rows(),
        *downstream_rows(),
        *other_rows(sure),
    ]
    models = [model(REASONS[0], 11.6, 900.0, cycle=30), model(REASONS[1], 3.6, 1_985.4),
              model(REASONS[2], 0.9, 700.0, state="pooled")]  # fmt: skip
    for one in models:
        window = Estimate(
            one.window_days or 0, one.window_low or 0, one.window_high or 0, 0.95, one.openers, "", "days"
        )
        rows.append(row("repeat_window_days", window, "reason_2", {"reason_2": one.reason}))
    lonely = "{returns:,} returns, and not {least} in its family of reasons either."
    few = Sentence("unlearned.few", lonely, returns=148, least=300)
    cure = Sentence("unlearned.none.cure", "More data: a coarser level of reasons.")
    rows.append(row("repeat_window_days", Refusal(TOO_FEW, few, cure, 1_589), "reason_1", {"reason_1": "other"}))
    policy = dataclasses.replace(POLICY, cost=Cost(4.0, "EUR"))
    fit = dataclasses.replace(declare(policy, [one.reason for one in models]), models=tuple(models))
    base = run_factory.centre()
    kept = [one for one in base.rows if one.measure not in ("r_fcr", "t_fcr", "s_fcr")]
    return dataclasses.replace(base, rows=(*kept, *rows), policy=policy, fit=fit)


def untold() -> Run:
    """A short log of which nothing can be said beyond the policy's own figure."""
    said = "{days} days of complete data; {least} are needed to see coincidence."
    short = Sentence("unlearned.history", said, days=92, least=120)
    said = "{days:.0f} more days of complete data, before or after these."
    cure = Sentence("unlearned.history.cure", said, days=28.0)
    lacking = Sentence("needs.learned", "returns over long enough a time to tell caused from coincidental ones")
    why = Sentence("signal-absent", "The data do not hold {lacking}.", lacking=lacking)
    helps = Sentence("signal-absent.cure", "A source that holds it, or a mapping that names where it stands.")
    absent = Refusal(SIGNAL_ABSENT, why, helps)
    longer = Sentence("driver.longer", "A longer period.")
    none = Sentence("none-judged", "No contact can be said to have failed or not.")
    rows = [
        *(row("repeat_window_days", Refusal(SHORT_HISTORY, short, cure, 90 - k), "reason_1", {"reason_1": f"C {k}"})
          for k in range(70)),
        row("r_fcr", Refusal(SHORT_HISTORY, short, cure)),
        *(row(measure, absent) for measure in ("t_fcr", "s_fcr")),
        *(row(f"{answer}_relation", Refusal(SIGNAL_ABSENT, none, longer)) for answer in ("csat", "nps", "ces")),
        row("opportunity", Refusal(NOTHING_CLEAR, none, longer)),
        row("driver", Refusal(TOO_FEW, none, longer)),
        row("downstream_share", Refusal(NOTHING_TO_COUNT, none, longer)),
        row("team_effect", Refusal(SUPPRESSED, none, longer), "team", {"team": "secret"}),
        row("root_cause", figure(0.01, 0.05), "cause", {"cause": "hour: 09-12"}, q_value=0.9),
        row("root_cause_looked_at", figure(1, 0, 900, "count")),
    ]  # fmt: skip
    base = run_factory.servicenow_like()
    return dataclasses.replace(base, rows=(*base.rows, *rows))


def hostile() -> Run:
    """The same centre with names from the data that would like to be more than names."""
    names = [one for one in run_factory.HOSTILE if one.strip()]
    base = told()
    fake = {name: names[place % len(names)] for place, name in enumerate((*REASONS, *TEAMS))}
    rows = tuple(
        dataclasses.replace(one, cell={by: fake.get(value, value) for by, value in one.cell.items()})
        for one in base.rows
    )
    models = tuple(dataclasses.replace(one, reason=fake[one.reason]) for one in base.fit.models)
    return dataclasses.replace(base, rows=rows, fit=dataclasses.replace(base.fit, models=models))
