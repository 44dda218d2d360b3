"""S-FCR: contacts whose customers would say that it is resolved if everybody answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from firstcontact.kernel.result import Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.annotate.survey import SURVEYED
from firstcontact.measurement.measures.cause import excluded
from firstcontact.measurement.measures.measure import Measure, Reduction
from firstcontact.statistics.bucket import ratio
from firstcontact.statistics.prediction_powered import powered_interval
from firstcontact.statistics.survey_correction import indicative

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.measures.reduce import Sums
    from firstcontact.measurement.policy.model import Policy

TOO_FEW_ANSWERS = RefusalKind(
    "too-few-answers",
    "Too few answer",
    "So few customers answer, or so unevenly, that the figure would rest on what is thought of those who do not.",
)
LEAST_ANSWERS = 30


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    weight = linked.survey_weight
    causes = (
        *excluded(linked),
        ("not_opener", ~linked.opener),
        ("left_censored", linked.left_censored),
        ("immature", ~linked.mature),
    )
    terms = {
        "influence": linked.survey_influence.fill_null(0.0),
        "answers": weight.notnull().cast("float64"),
        "weight": weight.fill_null(0.0),
        "square": (weight * weight).fill_null(0.0),
    }
    return Reduction(causes, None, terms=terms)


def correct(measure: Measure, sums: Sums, policy: Policy) -> list[Estimate | Refusal]:
    """From sums to figures."""
    level, counts = policy.publish.level, sums.count.sum(axis=1)
    answers, weight, square = (sums.terms[name].sum(axis=1) for name in ("answers", "weight", "square"))
    effect = answers * square / np.maximum(weight, 1e-12) ** 2
    cells = ratio(sums.count, sums.terms["influence"])
    value = np.clip(np.nan_to_num(cells.value), 0.0, 1.0)
    effective = answers / np.maximum(effect, 1.0)
    low, high = powered_interval(value, cells.variance, effective, cells.freedom, level)
    judged = counts + sums.immature.sum(axis=1)
    results: list[Estimate | Refusal] = []
    for cell, n in enumerate(answers.astype(int).tolist()):
        maturity = float(counts[cell] / max(judged[cell], 1.0))
        rate = n / max(float(counts[cell]), 1.0)
        ends = float(value[cell]), float(low[cell]), float(high[cell])
        if n < LEAST_ANSWERS or not np.isfinite(ends[2] - ends[1]):
            results.append(_too_few(measure, n, maturity))
        elif indicative(rate, float(effect[cell])):
            # Only the whole may say where it points; a part of it would say less still.
            shown = ends if len(answers) == 1 else None
            results.append(_indicative(measure, n, maturity, rate, float(effect[cell]), shown))
        else:
            status: Literal["provisional", "final"] = "provisional" if maturity < 1 else "final"
            results.append(Estimate(*ends, level, n, measure.estimand, maturity=maturity, status=status))
    return results


_CURE = Sentence("too-few-answers.cure", "Ask more customers, and remind those who do not answer.")


def _too_few(measure: Measure, n: int, maturity: float) -> Refusal:
    said = Sentence(
        "too-few-answers",
        "{n} answers; {least} are the least.",
        "{n} answer; {least} are the least.",
        "n",
        n=n,
        least=LEAST_ANSWERS,
    )
    return Refusal(TOO_FEW_ANSWERS, said, _CURE, n, measure.estimand, maturity)


def _indicative(
    measure: Measure, n: int, maturity: float, rate: float, effect: float, shown: tuple[float, float, float] | None
) -> Refusal:
    if shown is None:
        said = Sentence(
            "too-few-answers.uneven",
            "{rate:.1%} answered, and unevenly: {n} answers are worth {worth:.0f}.",
            rate=rate,
            n=n,
            worth=n / max(effect, 1.0),
        )
    else:
        said = Sentence(
            "too-few-answers.indication",
            "{rate:.1%} answered, and unevenly: {n} answers are worth {worth:.0f}. They point to {value:.1%} "
            "({low:.1%} to {high:.1%}), which is an indication and no figure.",
            rate=rate,
            n=n,
            worth=n / max(effect, 1.0),
            value=shown[0],
            low=shown[1],
            high=shown[2],
        )
    return Refusal(TOO_FEW_ANSWERS, said, _CURE, n, measure.estimand, maturity)


MEASURE = Measure(
    id="s_fcr",
    title="S-FCR: would say it is resolved",
    estimand="S-FCR: share of openers whose customers would say that it is resolved if everybody answered",
    unit="share",
    reduce=reduce,
    kind="corrected",
    rests_on=frozenset({SURVEYED}),
    needs="survey answers about resolution",
    correct=correct,
)
