"""T-FCR: contacts that truly resolved the issue, from reviewed contacts and a score of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import ibis
import numpy as np

from firstcontact.kernel.result import Estimate, Refusal, RefusalKind
from firstcontact.kernel.sentence import Sentence
from firstcontact.measurement.annotate.resolved import SCORED
from firstcontact.measurement.measures.cause import excluded
from firstcontact.measurement.measures.measure import Measure, Reduction
from firstcontact.statistics.prediction_powered import LABEL_SUMS, LabelSums, powered_interval, prediction_powered
from firstcontact.statistics.rogan_gladen import LEAST_ACCURACY, Reviewers, rogan_gladen

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from firstcontact.measurement.measures.reduce import Sums
    from firstcontact.measurement.policy.model import Policy

LEAST_LABELS = 200
"""With fewer reviewed contacts a cell has no figure (methods.md, section 3)."""

TOO_FEW_LABELS = RefusalKind(
    "too-few-labels",
    "Too few reviewed contacts",
    "Whether an issue was truly resolved cannot be seen from contacts alone: who gives up silently leaves no trace. It "
    "takes reviews of contacts that were drawn at random, with the recorded chance of each.",
)
REVIEWERS_DISAGREE = RefusalKind(
    "reviewers-disagree",
    "Reviewers do not agree",
    "Where two reviewers judged the same contact they differ so often that their judgement cannot be corrected.",
)

_PREFIX = "labels_"


def reduce(linked: ir.Table, _policy: Policy) -> Reduction:
    """How contacts become sums."""
    terms = {"score": linked.p_resolved.fill_null(0.0)}
    if "label" in linked.columns:
        terms |= _label_terms(linked)
    causes = (
        *excluded(linked),
        ("not_opener", ~linked.opener),
        ("left_censored", linked.left_censored),
        ("immature", ~linked.mature),
    )
    return Reduction(causes, None, terms=terms)


def _label_terms(linked: ir.Table) -> dict[str, ir.NumericValue]:
    """What reviews add; nothing where there are none, for a term takes room on every contact."""
    labelled = linked.label.notnull()
    weight, label = linked.label_weight, linked.label
    square = weight * weight
    score = linked.p_resolved
    parts = {
        "count": ibis.literal(1.0),
        "weight": weight,
        "label": weight * label,
        "score": weight * score,
        "square": square,
        "square_label": square * label,
        "square_score": square * score,
        "square_cross": square * label * score,
        "square_power": square * score * score,
    }
    terms = {f"{_PREFIX}{name}": ibis.ifelse(labelled, part, 0.0).fill_null(0.0) for name, part in parts.items()}
    return terms | {"accuracy": linked.reviewer_accuracy, "accuracy_variance": linked.reviewer_variance}


def correct(measure: Measure, sums: Sums, policy: Policy) -> list[Estimate | Refusal]:
    """From sums to figures."""
    level, terms, counts = policy.publish.level, sums.terms, sums.count.sum(axis=1)
    judged = counts + sums.immature.sum(axis=1)
    seen = counts / np.maximum(judged, 1.0)
    if f"{_PREFIX}count" not in terms:
        return [_too_few(measure, 0, float(one)) for one in seen]
    labels = LabelSums(**{name: terms[f"{_PREFIX}{name}"] for name in LABEL_SUMS})
    powered = prediction_powered(labels, sums.count, terms["score"])
    total = max(float(counts.sum()), 1.0)
    known = Reviewers(0, 0.0, terms["accuracy"].sum() / total, terms["accuracy_variance"].sum() / total)
    value, low, high = powered.value, powered.value, powered.value
    if known.usable:
        value, variance = rogan_gladen(powered.value, powered.variance, known)
        low, high = powered_interval(value, variance, powered.effective, powered.freedom, level)
    results: list[Estimate | Refusal] = []
    for cell, n in enumerate(powered.labels.astype(int).tolist()):
        maturity = float(seen[cell])
        if n < LEAST_LABELS or not np.isfinite(high[cell] - low[cell]):
            results.append(_too_few(measure, n, maturity))
        elif not known.usable:
            results.append(_disagree(measure, n, maturity, known))
        else:
            ends = float(value[cell]), float(low[cell]), float(high[cell])
            status: Literal["provisional", "final"] = "provisional" if maturity < 1 else "final"
            results.append(Estimate(*ends, level, n, measure.estimand, maturity=maturity, status=status))
    return results


def _too_few(measure: Measure, n: int, maturity: float) -> Refusal:
    reason = Sentence(
        "too-few-labels",
        "{n} reviewed contacts drawn at random; {least} are the least.",
        "{n} reviewed contact drawn at random; {least} are the least.",
        "n",
        n=n,
        least=LEAST_LABELS,
    )
    cure = Sentence(
        "too-few-labels.cure",
        "Review {more} more contacts of this cell, drawn at random, and record the chance of each in the column "
        "sampling_probability of the table reviews.",
        "Review {more} more contact of this cell, drawn at random, and record its chance "
        "in the column sampling_probability of the table reviews.",
        "more",
        more=max(LEAST_LABELS - n, 1),
    )
    return Refusal(TOO_FEW_LABELS, reason, cure, n, measure.estimand, maturity)


def _disagree(measure: Measure, n: int, maturity: float, known: Reviewers) -> Refusal:
    return Refusal(
        REVIEWERS_DISAGREE,
        Sentence(
            "reviewers-disagree",
            "Two reviewers of one contact differ so often that each is right in about {accuracy:.0%} of the contacts; "
            "{least:.0%} is the least.",
            accuracy=known.accuracy,
            least=LEAST_ACCURACY,
        ),
        Sentence("reviewers-disagree.cure", "Agree on what resolved means, and review the whole case again."),
        n,
        measure.estimand,
        maturity,
    )


MEASURE = Measure(
    id="t_fcr",
    title="T-FCR: truly resolved at first contact",
    estimand="T-FCR: share of openers that truly resolved the issue, as a reviewer of the whole case would find",
    unit="share",
    reduce=reduce,
    kind="corrected",
    rests_on=frozenset({SCORED}),
    needs="customer ids or identifiers",
    correct=correct,
    answers=f"{_PREFIX}count",
)
