"""S-FCR: contacts whose customers would say that it is resolved if everybody answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from firstcontact.kernel.result import Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence, code_of
from firstcontact.measurement.annotate.survey import SURVEYED
from firstcontact.measurement.measures.cause import excluded
from firstcontact.measurement.measures.measure import Measure, Reduction
from firstcontact.statistics.bucket import ratio
from firstcontact.statistics.prediction_powered import powered_interval
from firstcontact.statistics.survey_correction import UNHEARD, indicative

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from firstcontact.measurement.measures.reduce import Sums
    from firstcontact.measurement.measures.row import ResultRow
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
        "unheard": linked.survey_unheard.fill_null(0.0),
        "guess": (linked.survey_unheard * linked.survey_influence).fill_null(0.0),
    }
    return Reduction(causes, None, terms=terms)


def correct(measure: Measure, sums: Sums, policy: Policy) -> list[Estimate | Refusal]:
    """From sums to figures.

    Of contacts of which nobody answers (`survey_correction.unheard`) any share may be content: up to `UNHEARD` of them
    the interval reaches from none to all of these, beyond there is no figure.
    """
    level, counts = policy.publish.level, sums.count.sum(axis=1)
    answers, weight, square = (sums.terms[name].sum(axis=1) for name in ("answers", "weight", "square"))
    effect = answers * square / np.maximum(weight, 1e-12) ** 2
    never, guess = sums.terms["unheard"], sums.terms["guess"]
    cells = ratio(sums.count - never, sums.terms["influence"] - guess)
    heard = np.clip(np.nan_to_num(cells.value), 0.0, 1.0)
    effective = answers / np.maximum(effect, 1.0)
    heard_low, heard_high = powered_interval(heard, cells.variance, effective, cells.freedom, level)
    missed, unheard = never.sum(axis=1), never.sum(axis=1) / np.maximum(counts, 1.0)
    guessed = np.clip(guess.sum(axis=1) / np.maximum(missed, 1.0), 0.0, 1.0)
    value, low = (1 - unheard) * heard + unheard * guessed, (1 - unheard) * heard_low
    high = np.minimum((1 - unheard) * heard_high + unheard, 1.0)
    judged = counts + sums.immature.sum(axis=1)
    results: list[Estimate | Refusal] = []
    for cell, n in enumerate(answers.astype(int).tolist()):
        maturity = float(counts[cell] / max(judged[cell], 1.0))
        rate = n / max(float(counts[cell]), 1.0)
        ends = float(value[cell]), float(low[cell]), float(high[cell])
        # Only the whole may say where it points; a part of it would say less still.
        whole, unsure = len(answers) == 1, indicative(rate, float(effect[cell]))
        if n < LEAST_ANSWERS or not np.isfinite(ends[2] - ends[1]):
            results.append(_too_few(measure, n, maturity))
        elif unheard[cell] > UNHEARD:
            others = float(heard[cell]), float(heard_low[cell]), float(heard_high[cell])
            shown = others if whole and not unsure else None
            results.append(_unheard(measure, n, maturity, float(unheard[cell]), shown))
        elif unsure:
            results.append(_indicative(measure, n, maturity, rate, float(effect[cell]), ends if whole else None))
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


def _unheard(
    measure: Measure, n: int, maturity: float, share: float, shown: tuple[float, float, float] | None
) -> Refusal:
    if shown is None:
        said = Sentence(
            "too-few-answers.unheard",
            "{share:.1%} of the contacts have a reason or a channel of which nobody answers; {most:.0%} is the most.",
            share=share,
            most=UNHEARD,
        )
    else:
        said = Sentence(
            "too-few-answers.unheard-part",
            "{share:.1%} of the contacts have a reason or a channel of which nobody answers; {most:.0%} is the most. "
            "The others' S-FCR is {value:.1%} ({low:.1%} to {high:.1%}), which says nothing of these.",
            share=share,
            most=UNHEARD,
            value=shown[0],
            low=shown[1],
            high=shown[2],
        )
    cure = Sentence("too-few-answers.unheard.cure", "Ask customers of every reason and on every channel.")
    return Refusal(TOO_FEW_ANSWERS, said, cure, n, measure.estimand, maturity)


def name_unheard(rows: list[ResultRow], silent: Sequence[str]) -> list[ResultRow]:
    """Say of the refused whole which reasons and channels are unheard.

    Args:
        rows: All figures.
        silent: Names of what is unheard, from `annotate.survey`.

    Returns:
        The figures.
    """
    return [_with_names(row, silent) if row.measure == MEASURE.id and silent else row for row in rows]


def _with_names(row: ResultRow, silent: Sequence[str]) -> ResultRow:
    refused = row.result
    if not isinstance(refused, Refusal) or code_of(refused.reason) != "too-few-answers.unheard-part":
        return row
    named = Sentence(
        "too-few-answers.unheard.named",
        "Nobody of {names} answers. {said}",
        said=refused.reason,
        names=", ".join(silent),
    )
    return replace(row, result=replace(refused, reason=named))


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
    answers="answers",
)
